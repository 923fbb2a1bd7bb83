//! Host names, as clients pin them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The most characters of a host name (RFC 1035, section 2.3.4, without the point at its end).
const MAX_LENGTH: usize = 253;
/// The most characters of a label (RFC 1035, section 2.3.4).
const MAX_LABEL: usize = 63;

/// The name of a host that can be pinned (draft-02, section 4.1): lowercase, of A-labels, without a point at its end, and no
/// address. The port does not count: all servers of a name have the same pins.
///
/// Reading one brings it into this form. Names in Unicode need the feature `idna`. It has 253 characters at most.
///
/// ```
/// use tack_core::HostName;
///
/// let name: HostName = "WWW.Example.com.".parse()?;
/// assert_eq!(name.as_str(), "www.example.com");
/// assert!("192.0.2.1".parse::<HostName>().is_err());
/// # Ok::<(), tack_core::NameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(Arc<str>);

impl HostName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Any way to write a host name: of either case, with a point at its end or without.
impl FromStr for HostName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let refuse = |cause| NameError { name: text.to_owned(), cause };
        let ascii = to_ascii(text).map_err(refuse)?;
        let name = ascii.strip_suffix('.').unwrap_or(&ascii);
        if name.is_empty() {
            return Err(refuse(NameErrorCause::Empty));
        }
        if name.contains(':') || name.rsplit('.').next().is_some_and(is_number) {
            return Err(refuse(NameErrorCause::Address));
        }
        if name.len() > MAX_LENGTH {
            return Err(refuse(NameErrorCause::Length));
        }
        if !name.split('.').all(is_label) {
            return Err(refuse(NameErrorCause::Label));
        }
        Ok(Self(name.into()))
    }
}

impl AsRef<str> for HostName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostName({self})")
    }
}

/// A text is not the name of a host that can be pinned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not a host name: {cause}")]
pub struct NameError {
    name: String,
    cause: NameErrorCause,
}

impl NameError {
    /// What is wrong with it.
    #[must_use]
    pub fn cause(&self) -> NameErrorCause {
        self.cause
    }
}

/// What is wrong with a host name.
///
/// ```
/// use tack_core::{HostName, NameErrorCause};
///
/// let error = "::1".parse::<HostName>().unwrap_err();
/// assert_eq!(error.cause(), NameErrorCause::Address);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameErrorCause {
    /// Nothing is left of it.
    #[error("it is empty")]
    Empty,
    /// It has more than 253 characters.
    #[error("it has more than 253 characters")]
    Length,
    /// It is an address, which cannot be pinned.
    #[error("it is an address, and only names are pinned")]
    Address,
    /// A label is empty, has more than 63 characters, or others than letters, digits, "-" within it and "_".
    #[error("a part of it is empty, has more than 63 characters, or others than letters, digits, \"-\" and \"_\"")]
    Label,
    /// It is in Unicode, and has no form in A-labels, or the feature `idna` is off.
    #[error("it has no form in ASCII")]
    Unicode,
}

fn to_ascii(text: &str) -> Result<String, NameErrorCause> {
    if text.is_ascii() {
        return Ok(text.to_ascii_lowercase());
    }
    #[cfg(feature = "idna")]
    return idna::domain_to_ascii(text).map_err(|_| NameErrorCause::Unicode);
    #[cfg(not(feature = "idna"))]
    Err(NameErrorCause::Unicode)
}

/// A name whose last label is a number would be taken for an IPv4 address.
fn is_number(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit())
}

/// Letters, digits and hyphens (RFC 1123, section 2.1), and "_", which some hosts have.
fn is_label(label: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    (1..=MAX_LABEL).contains(&label.len())
        && label.bytes().all(is_inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(text: &str) -> Option<NameErrorCause> {
        text.parse::<HostName>().err().map(|error| error.cause())
    }

    #[test]
    fn one_form_for_every_way_to_write_it() {
        for text in ["www.example.com", "WWW.EXAMPLE.COM", "www.example.com.", "Www.Example.Com."] {
            assert_eq!(text.parse::<HostName>().unwrap().as_str(), "www.example.com", "{text}");
        }
        for text in ["localhost", "xn--bcher-kva.example", "_25._tcp.example", "1.example", "a-b.c", "7e.1a"] {
            assert_eq!(text.parse::<HostName>().unwrap().as_str(), text);
        }
        let longest = format!("{}.{}.{}.{}", "a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61));
        assert_eq!(longest.parse::<HostName>().unwrap().as_str().len(), MAX_LENGTH);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        use NameErrorCause::{Address, Empty, Label, Length};
        for (text, expected) in [
            ("", Empty),
            (".", Empty),
            ("192.0.2.1", Address),
            ("127.1", Address),
            ("2001:db8::1", Address),
            ("[::1]", Address),
            ("www.example.com:443", Address),
            ("a..b", Label),
            (".a", Label),
            ("a..", Label),
            ("-a.example", Label),
            ("a-.example", Label),
            ("a b.example", Label),
            ("a\"b.example", Label),
            ("*.example", Label),
            (&"a".repeat(64), Label),
            (&format!("{}.a", "a.".repeat(126)), Length),
        ] {
            assert_eq!(cause(text), Some(expected), "{text}");
        }
    }

    #[cfg(feature = "idna")]
    #[test]
    fn names_in_unicode_become_a_labels() {
        assert_eq!("B\u{fc}cher.Example".parse::<HostName>().unwrap().as_str(), "xn--bcher-kva.example");
        assert_eq!("b\u{fc}cher\u{3002}example".parse::<HostName>().unwrap().as_str(), "xn--bcher-kva.example");
        assert_eq!(cause("a\u{ad}\u{200d}"), Some(NameErrorCause::Unicode));
    }

    #[cfg(not(feature = "idna"))]
    #[test]
    fn names_in_unicode_are_refused() {
        assert_eq!(cause("b\u{fc}cher.example"), Some(NameErrorCause::Unicode));
    }
}
