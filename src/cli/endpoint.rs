//! `HOST[:PORT]`: a name or an address, and a port.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use tack_pin::{HostName, NameErrorCause};

/// A host, and perhaps a port: `www.example.com`, `192.0.2.1:8443`, `2001:db8::1`, `[2001:db8::1]:8443`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The host.
    pub host: Host,
    /// The TCP port, from 1 on, if it is given.
    pub port: Option<u16>,
}

/// A host by its name or its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name, in A-labels.
    Name(HostName),
    /// An address, which has no pins.
    Address(IpAddr),
}

/// A text is no `HOST[:PORT]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It is neither a name nor an address.
    #[error("{text:?} is neither a host name nor an address{hint}")]
    Host {
        /// What was given.
        text: String,
        /// What to do, or what is wrong.
        hint: String,
    },
    /// The port is none.
    #[error("{0:?} is not a port; give a whole number from 1 to 65535")]
    Port(String),
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        if let Some((address, rest)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
            let address: Ipv6Addr =
                address.parse().map_err(|_| not_a_host(text, "; only an IPv6 address goes in brackets"))?;
            let port = match rest.strip_prefix(':') {
                Some(port) => Some(to_port(port)?),
                None if rest.is_empty() => None,
                None => return Err(not_a_host(text, "; give it as [ADDRESS]:PORT")),
            };
            return Ok(Self { host: Host::Address(address.into()), port });
        }
        if let Ok(address) = text.parse() {
            return Ok(Self { host: Host::Address(address), port: None });
        }
        match text.split_once(':') {
            Some((_, rest)) if rest.contains(':') => Err(not_a_host(text, "; give a port once")),
            Some((host, port)) => Ok(Self { host: host.parse()?, port: Some(to_port(port)?) }),
            None => Ok(Self { host: text.parse()?, port: None }),
        }
    }
}

impl FromStr for Host {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        text.parse().map(Self::Name).map_err(|error: tack_pin::NameError| match error.cause() {
            NameErrorCause::Address => not_a_host(text, ""),
            cause => not_a_host(text, &format!(": {cause}")),
        })
    }
}

/// As it is given, with brackets around an address of IPv6 that has a port.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.host, self.port) {
            (host, None) => host.fmt(f),
            (Host::Address(IpAddr::V6(address)), Some(port)) => write!(f, "[{address}]:{port}"),
            (host, Some(port)) => write!(f, "{host}:{port}"),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}

fn not_a_host(text: &str, hint: &str) -> EndpointError {
    EndpointError::Host { text: text.to_owned(), hint: hint.to_owned() }
}

fn to_port(text: &str) -> Result<u16, EndpointError> {
    // `parse` would take a sign.
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| is_digits && *port > 0);
    port.ok_or_else(|| EndpointError::Port(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_with_and_without_a_port() {
        for (text, host, port) in [
            ("www.example.com", "www.example.com", None),
            ("WWW.Example.com.:8443", "www.example.com", Some(8443)),
            ("b\u{fc}cher.example:1", "xn--bcher-kva.example", Some(1)),
            ("192.0.2.1", "192.0.2.1", None),
            ("192.0.2.1:65535", "192.0.2.1", Some(65535)),
            ("2001:db8::1", "2001:db8::1", None),
            ("[2001:db8::1]", "2001:db8::1", None),
            ("[2001:DB8::1]:443", "2001:db8::1", Some(443)),
        ] {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!((endpoint.host.to_string().as_str(), endpoint.port), (host, port), "{text}");
            assert_eq!(endpoint.to_string().parse(), Ok(endpoint), "{text}");
        }
    }

    #[test]
    fn others_are_refused() {
        for text in [
            "",
            ":443",
            "a b",
            "a:0",
            "a:65536",
            "a:",
            "a:+1",
            "a:https",
            "a:1:2",
            "1.2.3",
            "1.2.3.256:1",
            "[::1",
            "[::1]1",
            "[::1]:",
            "[a]:1",
            "[192.0.2.1]:1",
            "2001:db8::1:https",
            "https://a",
            "a/b",
        ] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
        let error = |text: &str| text.parse::<Endpoint>().unwrap_err().to_string();
        assert_eq!(error("1.2.3.256"), "\"1.2.3.256\" is neither a host name nor an address");
        assert_eq!(error("a:0"), "\"0\" is not a port; give a whole number from 1 to 65535");
    }
}
