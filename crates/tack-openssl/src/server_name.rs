//! The names of servers.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Longer names do not fit into the DNS (RFC 1035, section 2.3.4).
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// A host name or an address, safe to be written into any protocol.
///
/// A host name is in lowercase, with 1 to 253 letters, digits, hyphens, underscores and dots, and no dot at its end. Names in
/// other scripts are to be given as A-labels (RFC 5890).
///
/// ```
/// use tack_openssl::ServerName;
///
/// assert_eq!("WWW.Example.com.".parse::<ServerName>()?.to_string(), "www.example.com");
/// assert!(matches!("2001:db8::1".parse()?, ServerName::Address(_)));
/// assert!("a'/><b".parse::<ServerName>().is_err());
/// # Ok::<(), tack_openssl::ParseServerNameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ServerName {
    /// A host name.
    Dns(DnsName),
    /// An address, for which no SNI is sent (RFC 6066, section 3).
    Address(IpAddr),
}

/// A host name of the DNS, in lowercase; made by parsing a [`ServerName`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DnsName(String);

/// A text that is neither a host name nor an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a host name or an address: give letters, digits, hyphens and dots")]
pub struct ParseServerNameError;

impl DnsName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServerName {
    type Err = ParseServerNameError;

    fn from_str(text: &str) -> Result<Self, ParseServerNameError> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let label = |label: &str| (1..=MAX_LABEL).contains(&label.len()) && label.bytes().all(is_good);
        // A name that ends in a number is a mistyped address (RFC 1123, section 2.1).
        let is_address = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
        if name.len() > MAX_NAME || !name.split('.').all(label) || is_address {
            return Err(ParseServerNameError);
        }
        Ok(Self::Dns(DnsName(name.to_ascii_lowercase())))
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(&name.0),
            Self::Address(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_to_write() {
        let parse = |text: &str| text.parse::<ServerName>().map(|name| name.to_string());
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        for (text, name) in [
            ("a", "a"),
            ("A.b.", "a.b"),
            ("_25._tcp.xn--bcher-kva.example", "_25._tcp.xn--bcher-kva.example"),
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            (&longest, &longest),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(name));
        }
        let too_long = format!("{longest}a");
        for text in ["", ".", "a..b", ".a", "a..", "a b", "a\r\nb", "a'", "bücher", "1.2.3", "1.2.3.256", &too_long] {
            assert_eq!(parse(text), Err(ParseServerNameError), "{text}");
        }
        assert_eq!(parse(&"a".repeat(64)), Err(ParseServerNameError));
    }
}
