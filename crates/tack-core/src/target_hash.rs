//! The target hash: what a tack says of the TLS key that it vouches for.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::hex::{from_hex, hex};

/// The SHA-256 of the DER SubjectPublicKeyInfo of a server's end-entity certificate (draft-02, section 3.2.1).
///
/// ```
/// use tack_core::TargetHash;
///
/// let hash = TargetHash::of(b"a SubjectPublicKeyInfo in DER");
/// assert_eq!(hash.to_string().parse(), Ok(hash));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetHash([u8; Self::LENGTH]);

impl TargetHash {
    /// The length in bytes.
    pub const LENGTH: usize = 32;

    /// A hash that is known already.
    #[must_use]
    pub const fn new(hash: [u8; Self::LENGTH]) -> Self {
        Self(hash)
    }

    /// The hash of a SubjectPublicKeyInfo in DER, which is not looked into.
    #[must_use]
    pub fn of(subject_public_key_info: &[u8]) -> Self {
        Self(Sha256::digest(subject_public_key_info).into())
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

/// 64 hexadecimal digits, in either case.
impl FromStr for TargetHash {
    type Err = ParseTargetHashError;

    fn from_str(text: &str) -> Result<Self, ParseTargetHashError> {
        let hash = from_hex(text).and_then(|bytes| bytes.try_into().ok());
        hash.map(Self).ok_or_else(|| ParseTargetHashError(text.to_owned()))
    }
}

impl From<[u8; Self::LENGTH]> for TargetHash {
    fn from(hash: [u8; Self::LENGTH]) -> Self {
        Self(hash)
    }
}

impl AsRef<[u8]> for TargetHash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// 64 lowercase hexadecimal digits.
impl fmt::Display for TargetHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex(&self.0))
    }
}

impl fmt::Debug for TargetHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TargetHash({self})")
    }
}

/// A text is not a target hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a target hash: it has 64 hexadecimal digits")]
pub struct ParseTargetHashError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_nothing() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(TargetHash::of(b"").to_string(), hex);
        assert_eq!(hex.parse(), Ok(TargetHash::of(b"")));
        assert_eq!(hex.to_uppercase().parse(), Ok(TargetHash::of(b"")));
        assert_eq!(format!("{:?}", TargetHash::of(b"")), format!("TargetHash({hex})"));
    }

    #[test]
    fn only_hashes_are_read() {
        let good = "0".repeat(64);
        assert_eq!(good.parse(), Ok(TargetHash::new([0; 32])));
        for bad in ["", &good[1..], &format!("{good}0"), &format!("{}g", &good[1..]), &format!("+{}", &good[1..])] {
            assert_eq!(bad.parse::<TargetHash>(), Err(ParseTargetHashError(bad.to_owned())), "{bad}");
        }
    }
}
