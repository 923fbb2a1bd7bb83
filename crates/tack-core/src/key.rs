//! The TACK signing key and its public half.

use std::fmt;
use std::hash::{Hash, Hasher};

use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{self, VerifyingKey};
use p256::elliptic_curve::{Generate, rand_core::TryCryptoRng};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::fingerprint::Fingerprint;
use crate::hex::hex;

/// The length of a signature, r then s, in bytes.
pub(crate) const SIGNATURE_LENGTH: usize = 64;
/// The byte that SEC 1 (section 2.3.3) puts before x and y, and TACK does not.
const UNCOMPRESSED: u8 = 0x04;
const WHAT: &str = "the public key";

/// A TACK signing key (TSK): a P-256 private key that signs tacks and break signatures, and nothing else.
///
/// Its memory is overwritten when it is dropped, and `Debug` shows the public half alone.
///
/// ```
/// use getrandom::SysRng;
/// use tack_core::SigningKey;
///
/// let key = SigningKey::generate(&mut SysRng)?;
/// println!("key fingerprint {}", key.public_key().fingerprint());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SigningKey {
    key: ecdsa::SigningKey,
    public_key: PublicKey,
}

impl SigningKey {
    /// The length in bytes.
    pub const LENGTH: usize = 32;

    /// A new key, from `rng`.
    ///
    /// # Errors
    /// What `rng` fails with.
    pub fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Self, R::Error> {
        ecdsa::SigningKey::try_generate_from_rng(rng).map(Self::new)
    }

    /// The key with this scalar, of 32 bytes, big-endian.
    ///
    /// # Errors
    /// [`Error::Length`], and [`Error::PrivateKeyRange`] for zero, and from the order of the curve on.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() != Self::LENGTH {
            return Err(Error::Length { what: "the private key", expected: Self::LENGTH, got: bytes.len() });
        }
        ecdsa::SigningKey::from_slice(bytes).map(Self::new).map_err(|_| Error::PrivateKeyRange)
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The scalar, of 32 bytes, big-endian.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; Self::LENGTH]> {
        Zeroizing::new(self.key.to_bytes().into())
    }

    /// ECDSA with SHA-256 and the deterministic nonce of RFC 6979: the same message has the same signature.
    pub(crate) fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.key.sign(message))
    }

    fn new(key: ecdsa::SigningKey) -> Self {
        let public_key = PublicKey::new(*key.verifying_key());
        Self { key, public_key }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public_key", &self.public_key).finish_non_exhaustive()
    }
}

/// The public half of a TACK signing key: a point on P-256.
///
/// ```
/// use tack_core::PublicKey;
/// # let bytes = tack_core::SigningKey::from_bytes(&[7; 32])?.public_key().to_bytes();
///
/// let key = PublicKey::from_bytes(&bytes)?;
/// assert_eq!(key.fingerprint().to_string().len(), 29);
/// # Ok::<(), tack_core::Error>(())
/// ```
#[derive(Clone)]
pub struct PublicKey {
    key: VerifyingKey,
    bytes: [u8; Self::LENGTH],
}

impl PublicKey {
    /// The length in bytes: x then y, 32 bytes each, big-endian, without the 0x04 of SEC 1 (draft-02, section 3.2.1).
    pub const LENGTH: usize = 64;

    /// The key with these coordinates.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::NotOnCurve`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let length = |_| Error::Length { what: WHAT, expected: Self::LENGTH, got: bytes.len() };
        let bytes: &[u8; Self::LENGTH] = bytes.try_into().map_err(length)?;
        let mut sec1 = [UNCOMPRESSED; 1 + Self::LENGTH];
        if let Some((_, coordinates)) = sec1.split_first_mut() {
            coordinates.copy_from_slice(bytes);
        }
        let key = VerifyingKey::from_sec1_bytes(&sec1).map_err(|_| Error::NotOnCurve)?;
        Ok(Self { key, bytes: *bytes })
    }

    /// The fingerprint, also called TACK ID.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.bytes)
    }

    /// The coordinates.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        self.bytes
    }

    /// Checks that this key made the signature of `what`.
    pub(crate) fn verify(&self, what: &'static str, message: &[u8], signature: &Signature) -> Result<(), Error> {
        let verified = self.key.verify(message, &signature.0);
        verified.map_err(|_| Error::BadSignature { what, key: self.fingerprint() })
    }

    fn new(key: VerifyingKey) -> Self {
        let mut bytes = [0; Self::LENGTH];
        if let Some((_, coordinates)) = key.to_sec1_point(false).as_bytes().split_first() {
            bytes.copy_from_slice(coordinates);
        }
        Self { key, bytes }
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for PublicKey {}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl TryFrom<&[u8]> for PublicKey {
    type Error = Error;

    fn try_from(bytes: &[u8]) -> Result<Self, Error> {
        Self::from_bytes(bytes)
    }
}

impl From<PublicKey> for [u8; PublicKey::LENGTH] {
    fn from(key: PublicKey) -> Self {
        key.bytes
    }
}

impl AsRef<[u8]> for PublicKey {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", hex(&self.bytes))
    }
}

/// An ECDSA signature whose r and s are in range. Either value of s is taken, as peers do not normalise it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signature(ecdsa::Signature);

impl Signature {
    pub(crate) fn from_bytes(what: &'static str, bytes: &[u8; SIGNATURE_LENGTH]) -> Result<Self, Error> {
        ecdsa::Signature::from_slice(bytes).map(Self).map_err(|_| Error::SignatureRange { what })
    }

    pub(crate) fn to_bytes(self) -> [u8; SIGNATURE_LENGTH] {
        self.0.to_bytes().into()
    }
}

impl Hash for Signature {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.to_bytes().hash(state);
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.to_bytes()))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A key that every run of a test has again.
    pub(crate) fn test_key(number: u8) -> SigningKey {
        SigningKey::from_bytes(&[number; SigningKey::LENGTH]).unwrap()
    }

    #[test]
    fn bytes_both_ways() {
        let key = test_key(7);
        assert_eq!(SigningKey::from_bytes(&*key.to_bytes()).unwrap().public_key(), key.public_key());
        assert_eq!(PublicKey::from_bytes(&key.public_key().to_bytes()).as_ref(), Ok(key.public_key()));
        assert!(matches!(SigningKey::from_bytes(&[1; 31]), Err(Error::Length { got: 31, .. })));
        assert!(matches!(PublicKey::from_bytes(&[1; 65]), Err(Error::Length { got: 65, .. })));
        assert!(matches!(SigningKey::from_bytes(&[0; 32]), Err(Error::PrivateKeyRange)));
        assert!(matches!(SigningKey::from_bytes(&[255; 32]), Err(Error::PrivateKeyRange)));
        assert_eq!(PublicKey::from_bytes(&[1; 64]), Err(Error::NotOnCurve));
        assert_eq!(PublicKey::from_bytes(&[0; 64]), Err(Error::NotOnCurve));
    }

    #[test]
    fn debug_keeps_the_secret() {
        let debug = format!("{:?}", test_key(7));
        assert_eq!(debug, format!("SigningKey {{ public_key: {:?}, .. }}", test_key(7).public_key()));
    }
}
