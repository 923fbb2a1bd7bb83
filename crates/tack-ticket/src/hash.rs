//! The hash of a cipher suite, with the functions of TLS 1.3 that are built on it.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha384};
use zeroize::Zeroizing;

/// The hash of a cipher suite of TLS 1.3 (RFC 8446, appendix B.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
}

impl Hash {
    /// The hash with this length in bytes.
    pub(crate) fn of_length(length: usize) -> Option<Self> {
        [Self::Sha256, Self::Sha384].into_iter().find(|hash| hash.length() == length)
    }

    /// Its length in bytes: 32 or 48.
    pub(crate) fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    /// The hash of parts, one after the other.
    pub(crate) fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        fn of<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
            parts.iter().fold(D::new(), |digest, part| digest.chain_update(part)).finalize().to_vec()
        }
        match self {
            Self::Sha256 => of::<Sha256>(parts),
            Self::Sha384 => of::<Sha384>(parts),
        }
    }

    /// HMAC (RFC 2104) of parts, one after the other.
    pub(crate) fn hmac(self, key: &[u8], parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        fn of<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
            let mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
            let mac = parts.iter().fold(mac, |mac, part| mac.chain_update(part));
            Zeroizing::new(mac.finalize().into_bytes().to_vec())
        }
        match self {
            Self::Sha256 => of::<Hmac<Sha256>>(key, parts),
            Self::Sha384 => of::<Hmac<Sha384>>(key, parts),
        }
    }

    /// HKDF-Extract (RFC 5869, section 2.2).
    pub(crate) fn extract(self, salt: &[u8], input: &[u8]) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Sha256 => Zeroizing::new(Hkdf::<Sha256>::extract(Some(salt), input).0.to_vec()),
            Self::Sha384 => Zeroizing::new(Hkdf::<Sha384>::extract(Some(salt), input).0.to_vec()),
        }
    }

    /// HKDF-Expand (RFC 5869, section 2.3) to `length` bytes, which are few. The key is an output of this hash.
    pub(crate) fn expand(self, key: &[u8], info: &[&[u8]], length: usize) -> Zeroizing<Vec<u8>> {
        let mut output = Zeroizing::new(vec![0; length]);
        let is_key = "the key is as long as the hash";
        let is_short = "so few bytes can be had";
        match self {
            Self::Sha256 => {
                Hkdf::<Sha256>::from_prk(key).expect(is_key).expand_multi_info(info, &mut output).expect(is_short);
            }
            Self::Sha384 => {
                Hkdf::<Sha384>::from_prk(key).expect(is_key).expand_multi_info(info, &mut output).expect(is_short);
            }
        }
        output
    }

    /// Derive-Secret (RFC 8446, section 7.1), by the hash of the messages: HKDF-Expand-Label to the length of the hash.
    pub(crate) fn derive_secret(self, secret: &[u8], label: &str, transcript_hash: &[u8]) -> Zeroizing<Vec<u8>> {
        let length = u16::try_from(self.length()).expect("a hash is short");
        let label_length = u8::try_from(PREFIX.len() + label.len()).expect("labels are short");
        let hash_length = u8::try_from(transcript_hash.len()).expect("a hash is short");
        let info: [&[u8]; 6] = [
            &length.to_be_bytes(),
            &[label_length],
            PREFIX.as_bytes(),
            label.as_bytes(),
            &[hash_length],
            transcript_hash,
        ];
        self.expand(secret, &info, self.length())
    }
}

/// What TLS 1.3 puts before each label.
const PREFIX: &str = "tls13 ";
