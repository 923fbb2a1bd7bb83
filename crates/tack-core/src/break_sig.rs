//! The break signature: a TACK key's own word that every pin to it must be dropped (draft-00 alone).

use crate::error::Error;
use crate::key::{PublicKey, SIGNATURE_LENGTH, Signature, SigningKey};
use crate::pem;
use crate::verified::Verified;

/// All that is signed (draft-00, section 4.2.2).
const SIGNED: &[u8] = b"tack_break_sig";
const WHAT: &str = "the break signature";

/// A break signature. Parsing does not check the signature: [`verify`](Self::verify) does.
///
/// ```
/// use tack_core::BreakSig;
/// # let key = tack_core::SigningKey::from_bytes(&[7; 32])?;
///
/// let read = BreakSig::from_bytes(&BreakSig::sign(&key).to_bytes())?;
/// read.verify()?;
/// # Ok::<(), tack_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BreakSig {
    public_key: PublicKey,
    signature: Signature,
}

impl BreakSig {
    /// The length in bytes.
    pub const LENGTH: usize = 128;
    /// The label of its PEM block.
    pub const LABEL: &'static str = "TACK BREAK SIG";

    /// Signs a break signature. Published, it cannot be undone.
    #[must_use]
    pub fn sign(key: &SigningKey) -> Self {
        Self { public_key: key.public_key().clone(), signature: key.sign(SIGNED) }
    }

    /// Reads the 128 bytes.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::NotOnCurve`], [`Error::SignatureRange`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let length = || Error::Length { what: WHAT, expected: Self::LENGTH, got: bytes.len() };
        let (public_key, signature) = bytes.split_first_chunk::<{ PublicKey::LENGTH }>().ok_or_else(length)?;
        let signature: &[u8; SIGNATURE_LENGTH] = signature.try_into().map_err(|_| length())?;
        Ok(Self { public_key: PublicKey::from_bytes(public_key)?, signature: Signature::from_bytes(WHAT, signature)? })
    }

    /// Reads every break signature of a PEM text.
    ///
    /// # Errors
    /// As [`pem::decode_all`] and [`from_bytes`](Self::from_bytes).
    pub fn all_from_pem(text: &[u8]) -> Result<Vec<Self>, Error> {
        pem::decode_all(text, Self::LABEL)?.iter().map(|body| Self::from_bytes(body)).collect()
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// [`Error::BadSignature`] if it does not hold.
    pub fn verify(&self) -> Result<(), Error> {
        self.public_key.verify(WHAT, SIGNED, &self.signature)
    }

    /// Checks the signature, and says so in the type.
    ///
    /// # Errors
    /// [`Error::BadSignature`] if it does not hold.
    pub fn into_verified(self) -> Result<Verified<Self>, Error> {
        self.verify().map(|()| Verified::new(self))
    }

    /// The key that is broken, and says so.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The signature, r then s.
    #[must_use]
    pub fn signature(&self) -> [u8; 64] {
        self.signature.to_bytes()
    }

    /// The 128 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let bytes = [self.public_key.to_bytes(), self.signature.to_bytes()].concat();
        bytes.try_into().expect("the key and the signature have 128 bytes")
    }

    /// The PEM block.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(Self::LABEL, &self.to_bytes())
    }
}

impl TryFrom<&[u8]> for BreakSig {
    type Error = Error;

    fn try_from(bytes: &[u8]) -> Result<Self, Error> {
        Self::from_bytes(bytes)
    }
}

impl From<BreakSig> for [u8; BreakSig::LENGTH] {
    fn from(sig: BreakSig) -> Self {
        sig.to_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::tests::test_key;

    #[test]
    fn signed_ones_read_back_and_hold() {
        let sig = BreakSig::sign(&test_key(5));
        assert_eq!(sig.verify(), Ok(()));
        assert_eq!(BreakSig::from_bytes(&sig.to_bytes()).as_ref(), Ok(&sig));
        assert_eq!(sig.to_bytes(), [sig.public_key().as_ref(), &sig.signature()].concat()[..]);
        let two = format!("{}\n{}", sig.to_pem(), sig.to_pem());
        assert_eq!(BreakSig::all_from_pem(two.as_bytes()), Ok(vec![sig.clone(), sig]));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let bytes = BreakSig::sign(&test_key(5)).to_bytes();
        for at in 0..bytes.len() {
            let mut changed = bytes;
            changed[at] ^= 1;
            assert!(BreakSig::from_bytes(&changed).and_then(|sig| sig.verify()).is_err(), "byte {at}");
        }
        assert!(matches!(BreakSig::from_bytes(&bytes[..127]), Err(Error::Length { got: 127, .. })));
        assert!(matches!(BreakSig::from_bytes(&[&bytes[..], &[0]].concat()), Err(Error::Length { got: 129, .. })));
    }
}
