//! Whom a pin is for.

use std::fmt;
use std::str::FromStr;

use tack_core::HostName;

/// The server that a pin is for: by name, protocol and port, and by nothing else (RFC 8672, section 2.3). An address has no pin.
///
/// Its order is by name, port and protocol.
///
/// ```
/// use tack_ticket::Origin;
///
/// let origin = Origin::tls("www.example.com".parse()?, 443);
/// assert_eq!(origin.to_string(), "tls://www.example.com:443");
/// # Ok::<(), tack_core::NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The name, as the client sends it in server_name.
    pub name: HostName,
    /// The port.
    pub port: u16,
    /// The protocol.
    pub protocol: Protocol,
}

/// TLS, or its sister for datagrams: their pins are different ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TLS.
    Tls,
    /// DTLS.
    Dtls,
}

/// A text that is no protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no protocol: use tls or dtls")]
pub struct ParseProtocolError(String);

impl Origin {
    /// A server of TLS.
    #[must_use]
    pub fn tls(name: HostName, port: u16) -> Self {
        Self { name, port, protocol: Protocol::Tls }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.protocol, self.name, self.port)
    }
}

impl Protocol {
    /// `tls` or `dtls`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Dtls => "dtls",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Protocol {
    type Err = ParseProtocolError;

    fn from_str(text: &str) -> Result<Self, ParseProtocolError> {
        match text {
            "tls" => Ok(Self::Tls),
            "dtls" => Ok(Self::Dtls),
            _ => Err(ParseProtocolError(text.to_owned())),
        }
    }
}
