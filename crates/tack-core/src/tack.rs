//! The tack: a signed statement that a TACK key vouches for a TLS key until a certain minute.

use crate::error::Error;
use crate::generations::Generations;
use crate::key::{PublicKey, SIGNATURE_LENGTH, Signature, SigningKey};
use crate::pem;
use crate::target_hash::TargetHash;
use crate::time::Minute;
use crate::verified::Verified;

/// What a signature covers before the fields (draft-02, section 3.2.1).
const SIGNED_PREFIX: &[u8] = b"tack_sig";
const WHAT: &str = "the tack";

/// The length of the fields before the signature, in bytes.
const FIELDS_LENGTH: usize = Tack::LENGTH - SIGNATURE_LENGTH;

/// A tack. Parsing checks all but the signature, the time and the TLS key: [`validate`](Self::validate) checks these.
///
/// ```
/// use tack_core::{Generations, Minute, SigningKey, Tack, TargetHash};
/// # let key = SigningKey::from_bytes(&[7; 32])?;
///
/// let target_hash = TargetHash::of(b"a SubjectPublicKeyInfo in DER");
/// let tack = Tack::sign(&key, Generations::default(), Minute::new(30_000_000), target_hash);
/// let read = Tack::from_pem(tack.to_pem().as_bytes())?;
///
/// let now = Minute::new(29_000_000);
/// read.validate(now, target_hash)?;
/// # Ok::<(), tack_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tack {
    public_key: PublicKey,
    generations: Generations,
    expiration: Minute,
    target_hash: TargetHash,
    signature: Signature,
}

impl Tack {
    /// The length in bytes.
    pub const LENGTH: usize = 166;
    /// The label of its PEM block.
    pub const LABEL: &'static str = "TACK";

    /// Signs a tack for the TLS key with `target_hash`, valid before `expiration`.
    #[must_use]
    pub fn sign(key: &SigningKey, generations: Generations, expiration: Minute, target_hash: TargetHash) -> Self {
        let fields = fields(key.public_key(), generations, expiration, target_hash);
        let signature = key.sign(&[SIGNED_PREFIX, &fields].concat());
        Self { public_key: key.public_key().clone(), generations, expiration, target_hash, signature }
    }

    /// Reads the 166 bytes (draft-02, section 3.2.1).
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::NotOnCurve`], [`Error::Generation`], [`Error::SignatureRange`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let length = || Error::Length { what: WHAT, expected: Self::LENGTH, got: bytes.len() };
        let (public_key, rest) = bytes.split_first_chunk::<{ PublicKey::LENGTH }>().ok_or_else(length)?;
        let ([min_generation, generation], rest) = rest.split_first_chunk().ok_or_else(length)?;
        let (expiration, rest) = rest.split_first_chunk().ok_or_else(length)?;
        let (target_hash, rest) = rest.split_first_chunk().ok_or_else(length)?;
        let signature: &[u8; SIGNATURE_LENGTH] = rest.try_into().map_err(|_| length())?;
        Ok(Self {
            generations: Generations::new(*min_generation, *generation)?,
            public_key: PublicKey::from_bytes(public_key)?,
            expiration: Minute::new(u32::from_be_bytes(*expiration)),
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

    /// Checks the signature.
    ///
    /// # Errors
    /// [`Error::BadSignature`] if it does not hold.
    pub fn verify(&self) -> Result<(), Error> {
        self.public_key.verify(WHAT, &[SIGNED_PREFIX, &self.fields()].concat(), &self.signature)
    }

    /// Checks the signature, and says so in the type.
    ///
    /// # Errors
    /// [`Error::BadSignature`] if it does not hold.
    pub fn into_verified(self) -> Result<Verified<Self>, Error> {
        self.verify().map(|()| Verified::new(self))
    }

    /// Checks that it is valid now, for a server with this TLS key (draft-02, section 4.3.1). Whether it is revoked is for
    /// the client's store to say.
    ///
    /// # Errors
    /// [`Error::Expired`], [`Error::TargetHash`], [`Error::BadSignature`], in this order.
    pub fn validate(&self, now: Minute, target_hash: TargetHash) -> Result<(), Error> {
        let key = || self.public_key.fingerprint();
        if self.is_expired(now) {
            return Err(Error::Expired { key: key(), expiration: self.expiration });
        }
        if self.target_hash != target_hash {
            return Err(Error::TargetHash { key: key(), expected: target_hash, found: self.target_hash });
        }
        self.verify()
    }

    /// Whether it is expired at `now`. It expires when its minute begins (draft-02, section 4.3.1).
    #[must_use]
    pub fn is_expired(&self, now: Minute) -> bool {
        self.expiration <= now
    }

    /// The key that signs it.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Its generation, and the lowest that is not revoked.
    #[must_use]
    pub fn generations(&self) -> Generations {
        self.generations
    }

    /// The lowest generation that is not revoked.
    #[must_use]
    pub fn min_generation(&self) -> u8 {
        self.generations.min_generation()
    }

    /// Its own generation.
    #[must_use]
    pub fn generation(&self) -> u8 {
        self.generations.generation()
    }

    /// The minute from which on it is not valid any more.
    #[must_use]
    pub fn expiration(&self) -> Minute {
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
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let bytes = [&self.fields()[..], &self.signature.to_bytes()].concat();
        bytes.try_into().expect("the fields and the signature have 166 bytes")
    }

    /// The PEM block.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(Self::LABEL, &self.to_bytes())
    }

    fn fields(&self) -> [u8; FIELDS_LENGTH] {
        fields(&self.public_key, self.generations, self.expiration, self.target_hash)
    }
}

impl TryFrom<&[u8]> for Tack {
    type Error = Error;

    fn try_from(bytes: &[u8]) -> Result<Self, Error> {
        Self::from_bytes(bytes)
    }
}

impl From<Tack> for [u8; Tack::LENGTH] {
    fn from(tack: Tack) -> Self {
        tack.to_bytes()
    }
}

/// The 102 bytes before the signature.
fn fields(
    key: &PublicKey,
    generations: Generations,
    expiration: Minute,
    target_hash: TargetHash,
) -> [u8; FIELDS_LENGTH] {
    let generations = [generations.min_generation(), generations.generation()];
    let expiration = expiration.get().to_be_bytes();
    let fields = [key.as_ref(), &generations, &expiration, target_hash.as_bytes()].concat();
    fields.try_into().expect("the fields have 102 bytes")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::key::tests::test_key;

    /// A tack that every run of a test has again.
    pub(crate) fn test_tack(key: u8, expiration: u32) -> Tack {
        let generations = Generations::new(1, 2).unwrap();
        Tack::sign(&test_key(key), generations, Minute::new(expiration), TargetHash::new([key; 32]))
    }

    #[test]
    fn signed_tacks_read_back_and_hold() {
        let tack = test_tack(5, 77);
        assert_eq!(tack.verify(), Ok(()));
        assert_eq!(tack.to_bytes().len(), Tack::LENGTH);
        assert_eq!(Tack::from_bytes(&tack.to_bytes()).as_ref(), Ok(&tack));
        assert_eq!(Tack::from_pem(tack.to_pem().as_bytes()).as_ref(), Ok(&tack));
        assert!(tack.is_expired(Minute::new(77)) && !tack.is_expired(Minute::new(76)));
        let generations = Generations::new(3, 9).unwrap();
        let tack = Tack::sign(&test_key(5), generations, Minute::new(77), TargetHash::new([6; 32]));
        assert_eq!((tack.generations(), tack.min_generation(), tack.generation()), (generations, 3, 9));
        assert_eq!((tack.expiration(), tack.target_hash()), (Minute::new(77), TargetHash::new([6; 32])));
    }

    #[test]
    fn valid_before_its_minute_for_its_key() {
        let tack = test_tack(5, 77);
        let (now, hash) = (Minute::new(76), tack.target_hash());
        let key = tack.public_key().fingerprint();
        assert_eq!(tack.validate(now, hash), Ok(()));
        assert_eq!(tack.validate(Minute::new(77), hash), Err(Error::Expired { key, expiration: Minute::new(77) }));
        let other = TargetHash::new([6; 32]);
        assert_eq!(tack.validate(now, other), Err(Error::TargetHash { key, expected: other, found: hash }));
        let unsigned = Tack { expiration: Minute::new(78), ..tack };
        assert!(matches!(unsigned.validate(now, hash), Err(Error::BadSignature { .. })));
        assert!(matches!(unsigned.into_verified(), Err(Error::BadSignature { .. })));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let bytes = test_tack(5, 77).to_bytes();
        for at in 0..bytes.len() {
            let mut changed = bytes;
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
            let mut bytes = bytes;
            bytes[range].fill(value);
            Tack::from_bytes(&bytes)
        };
        assert_eq!(with(65..66, 0), Err(Error::Generation { generation: 0, min_generation: 1 }));
        assert_eq!(with(0..64, 1), Err(Error::NotOnCurve));
        for range in [102..134, 134..166] {
            assert_eq!(with(range.clone(), 0), Err(Error::SignatureRange { what: WHAT }));
            assert_eq!(with(range, 255), Err(Error::SignatureRange { what: WHAT }));
        }
    }

    fn negate_s(signature: [u8; 64]) -> [u8; 64] {
        let signature = p256::ecdsa::Signature::from_slice(&signature).unwrap();
        let (r, s) = signature.split_scalars();
        p256::ecdsa::Signature::from_scalars(r, -s).unwrap().to_bytes().into()
    }
}
