//! The key fingerprint: what people compare TACK keys by.

use std::fmt;
use std::str::FromStr;

use base32ct::{Base32Unpadded, Encoding};
use sha2::{Digest, Sha256};

const GROUP: usize = 5;
const GROUPS: usize = 5;
/// The characters of the base32 of a SHA-256 hash.
const BASE32_LENGTH: usize = 52;

/// The fingerprint of a TACK key, also called TACK ID: the first 25 characters of the lowercase base32 (RFC 4648,
/// section 6) of the SHA-256 of the public key, as five groups of five.
///
/// ```
/// use tack_core::Fingerprint;
///
/// let fingerprint: Fingerprint = "t2vpc.dg3h4.qnvbf.nu335.zqdna".parse()?;
/// assert_eq!(fingerprint.as_str().len(), Fingerprint::LENGTH);
/// # Ok::<(), tack_core::ParseFingerprintError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; Self::LENGTH]);

impl Fingerprint {
    /// The length in characters, the points included.
    pub const LENGTH: usize = GROUP * GROUPS + GROUPS - 1;

    /// The fingerprint of the 64 bytes of a public key. They are not looked into.
    pub(crate) fn of(public_key: &[u8; 64]) -> Self {
        let mut base32 = [0; BASE32_LENGTH];
        Base32Unpadded::encode(&Sha256::digest(public_key), &mut base32).expect("base32 of 32 bytes has 52 characters");
        let mut text = [b'.'; Self::LENGTH];
        for (to, from) in text.chunks_mut(GROUP + 1).zip(base32.chunks(GROUP)) {
            to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        }
        Self(text)
    }

    /// The 29 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("a fingerprint is ASCII")
    }
}

/// Five groups of five characters out of `a` to `z` and `2` to `7`, with points between them.
impl FromStr for Fingerprint {
    type Err = ParseFingerprintError;

    fn from_str(text: &str) -> Result<Self, ParseFingerprintError> {
        let error = || ParseFingerprintError(text.to_owned());
        let bytes: [u8; Self::LENGTH] = text.as_bytes().try_into().map_err(|_| error())?;
        let is_right = |(at, byte): (usize, &u8)| match at % (GROUP + 1) {
            GROUP => *byte == b'.',
            _ => matches!(byte, b'a'..=b'z' | b'2'..=b'7'),
        };
        if bytes.iter().enumerate().all(is_right) { Ok(Self(bytes)) } else { Err(error()) }
    }
}

impl AsRef<str> for Fingerprint {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// A text is not a key fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a key fingerprint: it has five groups of five characters, such as t2vpc.dg3h4.qnvbf.nu335.zqdna")]
pub struct ParseFingerprintError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_key_of_tackpy() {
        // The public key of a key file that tackpy 0.9.7 wrote, and the TACK ID that it shows for it.
        let base64 = "RTKgXANCmNIkKLdJUgclXMGBajYWB25VA7/n/rnSRiUI2OTCqR/0bGsu+WbhNVi6boFeNzKEYFqFV24pIhcXNw==";
        let bytes = <base64ct::Base64 as base64ct::Encoding>::decode_vec(base64).unwrap();
        let fingerprint = Fingerprint::of(&bytes.try_into().unwrap());
        assert_eq!(fingerprint.to_string(), "t2vpc.dg3h4.qnvbf.nu335.zqdna");
        assert_eq!(AsRef::<str>::as_ref(&fingerprint), fingerprint.as_str());
        assert_eq!("t2vpc.dg3h4.qnvbf.nu335.zqdna".parse(), Ok(fingerprint));
        assert_eq!(format!("{fingerprint:?}"), "Fingerprint(t2vpc.dg3h4.qnvbf.nu335.zqdna)");
    }

    #[test]
    fn only_fingerprints_are_read() {
        for bad in [
            "",
            "aaa",
            "t2vpc.dg3h4.qnvbf.nu335.zqdn",
            "t2vpc.dg3h4.qnvbf.nu335.zqdna.",
            "t2vpc.dg3h4.qnvbf.nu335.zqdnA",
            "t2vpc.dg3h4.qnvbf.nu335.zqdn1",
            "t2vpc.dg3h4.qnvbf.nu335.zqdn8",
            "t2vpc-dg3h4-qnvbf-nu335-zqdna",
            "t2vpcadg3h4.qnvbf.nu335.zqdna",
            "t2vp..dg3h4.qnvbf.nu335.zqdna",
            "t2vpc.dg3h4.qnvbf.nu335.zqdn\u{e9}",
        ] {
            assert_eq!(bad.parse::<Fingerprint>(), Err(ParseFingerprintError(bad.to_owned())), "{bad}");
        }
    }
}
