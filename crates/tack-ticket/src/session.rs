//! What a TLS 1.3 session gives: the pinning secret, and proofs.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::hash::Hash;
use crate::secret::PinningSecret;

/// How a server proves that it knows the secret of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum ProofKind {
    /// As in RFC 8672, section 4.4.
    #[default]
    Rfc8672,
    /// As in draft-sheffer-tls-pinning-ticket-04, section 4.4.
    /// It is bound to the shared secret and the server's key, and not to the messages of the handshake.
    Draft04,
}

/// The secrets of a TLS 1.3 session, as of its ServerHello (RFC 8446, section 7.1). Their memory is overwritten when they are
/// dropped, and they have no `Debug`.
///
/// ```
/// use tack_ticket::{ProofKind, Session};
/// # let (handshake_secret, transcript_hash, key_info) = ([7; 32], [8; 32], b"SubjectPublicKeyInfo");
///
/// let session = Session::new(&handshake_secret, &transcript_hash).expect("both have 32 bytes");
/// let original = session.pinning_secret();
/// let proof = session.proof(ProofKind::Rfc8672, &original, key_info);
/// assert!(session.is_proof(&proof, ProofKind::Rfc8672, &original, key_info));
/// assert!(!session.is_proof(&proof, ProofKind::Draft04, &original, key_info));
/// ```
pub struct Session {
    hash: Hash,
    handshake_secret: Zeroizing<Vec<u8>>,
    transcript_hash: Vec<u8>,
}

impl Session {
    /// The session with this Handshake Secret, and this hash of the messages from ClientHello to ServerHello
    /// (Transcript-Hash of RFC 8446, section 4.4.1). None unless both have the length of a hash of TLS 1.3, 32 or 48 bytes.
    #[must_use]
    pub fn new(handshake_secret: &[u8], transcript_hash: &[u8]) -> Option<Self> {
        let hash = Hash::of_length(transcript_hash.len()).filter(|hash| hash.length() == handshake_secret.len())?;
        let handshake_secret = Zeroizing::new(handshake_secret.to_vec());
        Some(Self { hash, handshake_secret, transcript_hash: transcript_hash.to_vec() })
    }

    /// Whether these bytes are its server_handshake_traffic_secret, which TLS libraries write to key logs: a check that this
    /// session is the library's. It takes the same time wherever they differ.
    #[must_use]
    pub fn is_server_handshake_traffic_secret(&self, bytes: &[u8]) -> bool {
        self.derive("s hs traffic").ct_eq(bytes).into()
    }

    /// The pinning secret (RFC 8672, section 4.1).
    #[must_use]
    pub fn pinning_secret(&self) -> PinningSecret {
        PinningSecret::from_bytes(&self.derive("pinning secret")).expect("a secret is as long as the hash")
    }

    /// The proof that the server knows the secret of an earlier session (RFC 8672, section 4.4): as long as the hash of this
    /// session. `key_info` is the SubjectPublicKeyInfo of the server's certificate in this session, in DER, as the certificate has it.
    #[must_use]
    pub fn proof(&self, kind: ProofKind, original: &PinningSecret, key_info: &[u8]) -> Vec<u8> {
        self.proof_by_hash(kind, original, &self.hash.digest(&[key_info])).to_vec()
    }

    /// Whether a proof is the one that [`proof`](Self::proof) gives. It takes the same time wherever they differ.
    #[must_use]
    pub fn is_proof(&self, proof: &[u8], kind: ProofKind, original: &PinningSecret, key_info: &[u8]) -> bool {
        self.proof_by_hash(kind, original, &self.hash.digest(&[key_info])).ct_eq(proof).into()
    }

    fn proof_by_hash(&self, kind: ProofKind, original: &PinningSecret, key_hash: &[u8]) -> Zeroizing<Vec<u8>> {
        let key = original.as_bytes();
        match kind {
            ProofKind::Rfc8672 => {
                let proof_secret = self.derive("pinning proof 1");
                self.hash.hmac(key, &[b"pinning proof 2", &proof_secret, key_hash])
            }
            ProofKind::Draft04 => self.hash.hmac(key, &[b"pinning proof", &self.handshake_secret, key_hash]),
        }
    }

    fn derive(&self, label: &str) -> Zeroizing<Vec<u8>> {
        self.hash.derive_secret(&self.handshake_secret, label, &self.transcript_hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8448, section 3: the messages.
    const CLIENT_HELLO: &str = "010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece700000613011303\
        1302010000910000000b0009000006736572766572ff01000100000a00140012001d00170018001901000101010201030104002300000033\
        00260024001d002099381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c002b0003020304000d0020001e040305\
        030603020308040805080604010501060102010402050206020202002d00020101001c00024001";
    const SERVER_HELLO: &str = "020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e2692800130100002e00\
        330024001d0020c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304";
    const SHARED_SECRET: &str = "8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d";
    /// The key of the server's certificate, without its modulus before and after.
    const KEY_INFO: [&str; 3] = [
        "30819f300d06092a864886f70d010101050003818d0030818902818100",
        "b4bb498f8279303d980836399b36c6988c0c68de55e1bdb826d3901a2461eafd2de49a91d015abbc9a95137ace6c1af19eaa6af98c7ced43\
        120998e187a80ee0ccb0524b1b018c3e0b63264d449a6d38e22a5fda430846748030530ef0461c8ca9d9efbfae8ea6d1d03e2bd193eff0ab\
        9a8002c47428a6d35a8d88d79f7f1e3f",
        "0203010001",
    ];

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<_> = hex.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
        digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap()).collect()
    }

    /// The Handshake Secret comes from the shared secret, and from messages their hash.
    fn rfc8448() -> Session {
        let hash = Hash::Sha256;
        let early_secret = hash.extract(&[0; 32], &[0; 32]);
        let derived = hash.derive_secret(&early_secret, "derived", &hash.digest(&[]));
        let handshake_secret = hash.extract(&derived, &bytes(SHARED_SECRET));
        let transcript_hash = hash.digest(&[&bytes(CLIENT_HELLO), &bytes(SERVER_HELLO)]);
        Session::new(&handshake_secret, &transcript_hash).unwrap()
    }

    fn original() -> PinningSecret {
        PinningSecret::from_bytes(&(0..32).collect::<Vec<u8>>()).unwrap()
    }

    #[test]
    fn the_key_schedule_is_that_of_rfc_8448() {
        let session = rfc8448();
        let expected = "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac";
        assert_eq!(*session.handshake_secret, bytes(expected));
        let expected = "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8";
        assert_eq!(session.transcript_hash, bytes(expected));
        let mut expected = bytes("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
        assert!(session.is_server_handshake_traffic_secret(&expected));
        assert!(!session.is_server_handshake_traffic_secret(&expected[..31]));
        expected[31] ^= 1;
        assert!(!session.is_server_handshake_traffic_secret(&expected));
    }

    #[test]
    fn the_pinning_secrets_are_those_of_the_vectors() {
        let session = rfc8448();
        let expected = "ecd32a766a8792132f0dfff2de7a58118b3abeb38c4634ff9d60dab31f55483f";
        assert_eq!(session.pinning_secret().as_bytes(), bytes(expected));
        let expected = "d173d3788ee34ebb9a7f8674c0b75e32937f70e8e96f1d1a47a186af34d71319";
        assert_eq!(*session.derive("pinning proof 1"), bytes(expected));
    }

    #[test]
    fn the_proofs_are_those_of_the_vectors_and_no_others() {
        let session = rfc8448();
        let key_info = bytes(&KEY_INFO.concat());
        assert_eq!(key_info.len(), 162);
        for (kind, expected) in [
            (ProofKind::Rfc8672, "2cfa22fcabb14cad23cbe36fbe773e973c4ed25418d2cf6a68cc29b69b871c8b"),
            (ProofKind::Draft04, "1edbd7b41ac4b6ad62a8c1ce4f282c0388e713ebf7766731a152378e9c663a1c"),
        ] {
            let proof = session.proof(kind, &original(), &key_info);
            assert_eq!(proof, bytes(expected));
            assert!(session.is_proof(&proof, kind, &original(), &key_info));
            for bit in 0..256 {
                let mut changed = proof.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert!(!session.is_proof(&changed, kind, &original(), &key_info), "bit {bit}");
            }
            for end in 0..32 {
                assert!(!session.is_proof(&proof[..end], kind, &original(), &key_info), "{end} bytes");
            }
            assert!(!session.is_proof(&[&proof[..], &[0]].concat(), kind, &original(), &key_info));
            assert!(!session.is_proof(&proof, kind, &original(), &key_info[1..]));
        }
    }

    #[test]
    fn a_secret_of_either_length_proves_in_a_session_of_either_hash() {
        for length in [32, 48] {
            let session = Session::new(&vec![5; length], &vec![6; length]).unwrap();
            assert_eq!(session.pinning_secret().as_bytes().len(), length);
            for original in [32, 48].map(|length| PinningSecret::from_bytes(&vec![1; length]).unwrap()) {
                for kind in [ProofKind::Rfc8672, ProofKind::Draft04] {
                    let proof = session.proof(kind, &original, b"key");
                    assert_eq!(proof.len(), length);
                    assert!(session.is_proof(&proof, kind, &original, b"key"));
                }
            }
        }
    }

    #[test]
    fn a_session_has_secret_and_hash_of_one_length() {
        for secret in 0..=65 {
            for hash in 0..=65 {
                let session = Session::new(&vec![0; secret], &vec![0; hash]);
                assert_eq!(session.is_some(), secret == hash && [32, 48].contains(&hash), "{secret} and {hash} bytes");
            }
        }
    }
}
