//! The TACK signing key, its public half, and the fingerprint that people compare.

use std::fmt;
use std::hash::{Hash, Hasher};

use base32ct::{Base32Unpadded, Encoding};
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{self, VerifyingKey};
use p256::elliptic_curve::{Generate, rand_core::TryCryptoRng};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::Error;

/// The length of a private key, in bytes.
pub(crate) const PRIVATE_KEY_LENGTH: usize = 32;
/// The length of a signature, r then s, in bytes.
pub(crate) const SIGNATURE_LENGTH: usize = 64;
/// The byte that SEC 1 (section 2.3.3) puts before x and y, and TACK does not.
const UNCOMPRESSED: u8 = 0x04;
const FINGERPRINT_GROUP: usize = 5;
const FINGERPRINT_GROUPS: usize = 5;

/// A TACK signing key (TSK): a P-256 private key that signs tacks and break signatures, and nothing else.
///
/// Its memory is overwritten when it is dropped, and `Debug` shows the public half alone.
pub struct SigningKey {
    key: ecdsa::SigningKey,
    public_key: PublicKey,
}

impl SigningKey {
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
    /// [`Error::PrivateKeyRange`] for zero, and from the order of the curve on.
    pub fn from_bytes(bytes: &[u8; PRIVATE_KEY_LENGTH]) -> Result<Self, Error> {
        ecdsa::SigningKey::from_slice(bytes).map(Self::new).map_err(|_| Error::PrivateKeyRange)
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The scalar, of 32 bytes, big-endian.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; PRIVATE_KEY_LENGTH]> {
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
#[derive(Clone)]
pub struct PublicKey {
    key: VerifyingKey,
    bytes: [u8; Self::LENGTH],
}

impl PublicKey {
    /// The length in bytes: x then y, 32 bytes each, big-endian, without the 0x04 of SEC 1 (draft-02, section 2.2).
    pub const LENGTH: usize = 64;

    /// The key with these coordinates.
    ///
    /// # Errors
    /// [`Error::NotOnCurve`].
    pub fn from_bytes(bytes: &[u8; Self::LENGTH]) -> Result<Self, Error> {
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
        Fingerprint::of(self)
    }

    /// The coordinates.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        self.bytes
    }

    /// Whether this key made the signature of `what`.
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

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

/// What people compare keys by: the first 25 characters of the lowercase base32 (RFC 4648) of the SHA-256 of the public
/// key, as five groups of five: `t2vpc.dg3h4.qnvbf.nu335.zqdna`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of a public key.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        let base32 = Base32Unpadded::encode_string(&Sha256::digest(key.bytes));
        let groups = base32.as_bytes().chunks(FINGERPRINT_GROUP).take(FINGERPRINT_GROUPS);
        Self(groups.map(String::from_utf8_lossy).collect::<Vec<_>>().join("."))
    }

    /// The 29 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An ECDSA signature whose r and s are in range. Either value of s is taken, as peers do not normalise it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature(ecdsa::Signature);

impl Signature {
    pub(crate) fn from_bytes(what: &'static str, bytes: &[u8; SIGNATURE_LENGTH]) -> Result<Self, Error> {
        ecdsa::Signature::from_slice(bytes).map(Self).map_err(|_| Error::SignatureRange { what })
    }

    pub(crate) fn to_bytes(&self) -> [u8; SIGNATURE_LENGTH] {
        self.0.to_bytes().into()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A key that every run of a test has again.
    pub(crate) fn test_key(number: u8) -> SigningKey {
        SigningKey::from_bytes(&[number; PRIVATE_KEY_LENGTH]).unwrap()
    }

    #[test]
    fn fingerprint_of_a_key_of_tackpy() {
        // The public key of a key file that tackpy 0.9.7 wrote, and the TACK ID that it shows for it.
        let base64 = "RTKgXANCmNIkKLdJUgclXMGBajYWB25VA7/n/rnSRiUI2OTCqR/0bGsu+WbhNVi6boFeNzKEYFqFV24pIhcXNw==";
        let bytes = <base64ct::Base64 as base64ct::Encoding>::decode_vec(base64).unwrap();
        let key = PublicKey::from_bytes(&bytes.try_into().unwrap()).unwrap();
        assert_eq!(key.fingerprint().as_str(), "t2vpc.dg3h4.qnvbf.nu335.zqdna");
    }

    #[test]
    fn bytes_both_ways() {
        let key = test_key(7);
        assert_eq!(SigningKey::from_bytes(&key.to_bytes()).unwrap().public_key(), key.public_key());
        assert_eq!(PublicKey::from_bytes(&key.public_key().to_bytes()).as_ref(), Ok(key.public_key()));
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
