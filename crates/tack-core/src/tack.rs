//! The tack: a signed statement that a TACK key vouches for a TLS key until a certain minute.

use crate::certificate::TargetHash;
use crate::error::Error;
use crate::key::{PublicKey, SIGNATURE_LENGTH, Signature, SigningKey};
use crate::pem;
use crate::time::Minutes;

/// What a signature covers before the fields (draft-02, section 2.3).
const SIGNED_PREFIX: &[u8] = b"tack_sig";
const WHAT: &str = "the tack";

/// A tack, its signature not verified unless [`verify`](Self::verify) says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tack {
    public_key: PublicKey,
    min_generation: u8,
    generation: u8,
    expiration: Minutes,
    target_hash: TargetHash,
    signature: Signature,
}

impl Tack {
    /// The length in bytes.
    pub const LENGTH: usize = 166;
    /// The label of its PEM block.
    pub const LABEL: &'static str = "TACK";

    /// Signs a tack for the TLS key with `target_hash`, valid before `expiration`. Clients that see it refuse tacks of
    /// this key of generations below `min_generation`.
    ///
    /// # Errors
    /// [`Error::Generation`] if `generation` is below `min_generation`.
    pub fn sign(
        key: &SigningKey,
        min_generation: u8,
        generation: u8,
        expiration: Minutes,
        target_hash: TargetHash,
    ) -> Result<Self, Error> {
        check_generation(min_generation, generation)?;
        let fields = fields(key.public_key(), min_generation, generation, expiration, target_hash);
        let signature = key.sign(&[SIGNED_PREFIX, &fields].concat());
        Ok(Self {
            public_key: key.public_key().clone(),
            min_generation,
            generation,
            expiration,
            target_hash,
            signature,
        })
    }

    /// Reads the 166 bytes.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::NotOnCurve`], [`Error::Generation`], [`Error::SignatureRange`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let length = || Error::Length { what: WHAT, expected: Self::LENGTH, got: bytes.len() };
        let (public_key, rest) = bytes.split_first_chunk().ok_or_else(length)?;
        let ([min_generation, generation], rest) = rest.split_first_chunk().ok_or_else(length)?;
        let (expiration, rest) = rest.split_first_chunk().ok_or_else(length)?;
        let (target_hash, rest) = rest.split_first_chunk().ok_or_else(length)?;
        let signature: &[u8; SIGNATURE_LENGTH] = rest.try_into().map_err(|_| length())?;
        check_generation(*min_generation, *generation)?;
        Ok(Self {
            public_key: PublicKey::from_bytes(public_key)?,
            min_generation: *min_generation,
            generation: *generation,
            expiration: Minutes::new(u32::from_be_bytes(*expiration)),
            target_hash: TargetHash::new(*target_hash),
            signature: Signature::from_bytes(WHAT, signature)?,
        })
    }

    /// Reads the first tack of a PEM text.
    ///
    /// # Errors
    /// As [`pem::decode_first`] and [`from_bytes`](Self::from_bytes).
    pub fn from_pem(text: &[u8]) -> Result<Self, Error> {
        Self::from_bytes(&pem::decode_first(text, Self::LABEL)?)
    }

    /// Whether the signature holds.
    ///
    /// # Errors
    /// [`Error::BadSignature`] if it does not.
    pub fn verify(&self) -> Result<(), Error> {
        let fields = fields(&self.public_key, self.min_generation, self.generation, self.expiration, self.target_hash);
        self.public_key.verify(WHAT, &[SIGNED_PREFIX, &fields].concat(), &self.signature)
    }

    /// Whether it has expired at `now`. It expires at the begin of its minute (draft-02, section 4.2).
    #[must_use]
    pub fn is_expired(&self, now: Minutes) -> bool {
        self.expiration <= now
    }

    /// The key that signs it.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The lowest generation that is not revoked.
    #[must_use]
    pub fn min_generation(&self) -> u8 {
        self.min_generation
    }

    /// Its own generation.
    #[must_use]
    pub fn generation(&self) -> u8 {
        self.generation
    }

    /// The minute from which on it is not valid any more.
    #[must_use]
    pub fn expiration(&self) -> Minutes {
        self.expiration
    }

    /// The hash of the TLS key that it vouches for.
    #[must_use]
    pub fn target_hash(&self) -> TargetHash {
        self.target_hash
    }

    /// The signature, r then s.
    #[must_use]
    pub fn signature(&self) -> [u8; 64] {
        self.signature.to_bytes()
    }

    /// The 166 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let fields = fields(&self.public_key, self.min_generation, self.generation, self.expiration, self.target_hash);
        [&fields[..], &self.signature.to_bytes()].concat()
    }

    /// The PEM block.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(Self::LABEL, &self.to_bytes())
    }
}

fn check_generation(min_generation: u8, generation: u8) -> Result<(), Error> {
    if generation < min_generation { Err(Error::Generation { generation, min_generation }) } else { Ok(()) }
}

/// The 102 bytes before the signature.
fn fields(
    key: &PublicKey,
    min_generation: u8,
    generation: u8,
    expiration: Minutes,
    target_hash: TargetHash,
) -> Vec<u8> {
    let expiration = expiration.get().to_be_bytes();
    [&key.to_bytes()[..], &[min_generation, generation], &expiration, target_hash.as_bytes()].concat()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::key::tests::test_key;

    /// A tack that every run of a test has again.
    pub(crate) fn test_tack(key: u8, expiration: u32) -> Tack {
        Tack::sign(&test_key(key), 1, 2, Minutes::new(expiration), TargetHash::new([key; 32])).unwrap()
    }

    #[test]
    fn signed_tacks_read_back_and_hold() {
        let tack = test_tack(5, 77);
        assert_eq!(tack.verify(), Ok(()));
        assert_eq!(tack.to_bytes().len(), Tack::LENGTH);
        assert_eq!(Tack::from_bytes(&tack.to_bytes()).as_ref(), Ok(&tack));
        assert_eq!(Tack::from_pem(tack.to_pem().as_bytes()).as_ref(), Ok(&tack));
        assert!(tack.is_expired(Minutes::new(77)) && !tack.is_expired(Minutes::new(76)));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let bytes = test_tack(5, 77).to_bytes();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(Tack::from_bytes(&changed).and_then(|tack| tack.verify()).is_err(), "byte {at}");
        }
    }

    #[test]
    fn either_s_holds() {
        // n - s in the place of s makes the other of the two valid signatures.
        let tack = test_tack(5, 77);
        let other =
            Tack { signature: Signature::from_bytes(WHAT, &negate_s(tack.signature())).unwrap(), ..tack.clone() };
        assert_ne!(other, tack);
        assert_eq!(other.verify(), Ok(()));
    }

    #[test]
    fn refuses_what_it_should() {
        let bytes = test_tack(5, 77).to_bytes();
        assert!(matches!(Tack::from_bytes(&bytes[..165]), Err(Error::Length { got: 165, .. })));
        assert!(matches!(Tack::from_bytes(&[&bytes[..], &[0]].concat()), Err(Error::Length { got: 167, .. })));
        let with = |range: std::ops::Range<usize>, value: u8| {
            let mut bytes = bytes.clone();
            bytes[range].fill(value);
            Tack::from_bytes(&bytes)
        };
        assert_eq!(with(65..66, 0), Err(Error::Generation { generation: 0, min_generation: 1 }));
        assert_eq!(with(0..64, 1), Err(Error::NotOnCurve));
        for range in [102..134, 134..166] {
            assert_eq!(with(range.clone(), 0), Err(Error::SignatureRange { what: WHAT }));
            assert_eq!(with(range, 255), Err(Error::SignatureRange { what: WHAT }));
        }
        let error = Tack::sign(&test_key(5), 2, 1, Minutes::new(0), TargetHash::new([0; 32])).unwrap_err();
        assert_eq!(error, Error::Generation { generation: 1, min_generation: 2 });
    }

    fn negate_s(signature: [u8; 64]) -> [u8; 64] {
        let signature = p256::ecdsa::Signature::from_slice(&signature).unwrap();
        let (r, s) = signature.split_scalars();
        p256::ecdsa::Signature::from_scalars(r, -s).unwrap().to_bytes().into()
    }
}
