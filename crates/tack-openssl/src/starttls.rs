//! The dialogues in which a client asks for TLS on a connection that begins without it.
//!
//! A dialogue is read byte by byte up to the server's go-ahead, so that nothing that came before TLS is ever taken for
//! protected: what a server, or who sits between, sends ahead of time stays in the stream and breaks the handshake.
//!
//! TLS is asked for only where the server offers it, if the protocol has it offer that, and nothing is said in clear after a
//! refusal. A line has [`MAX_LINE`] bytes at most, a dialogue [`MAX_LINES`] lines, and an XML or binary message
//! [`MAX_MESSAGE`] bytes.

mod error;
mod ftp;
mod imap;
mod ldap;
mod limits;
mod line;
mod mysql;
mod pop3;
mod postgres;
mod sieve;
mod smtp;
#[cfg(test)]
mod test;
mod wire;
mod xmpp;

use std::fmt;
use std::io::{Read, Write};
use std::str::FromStr;

use crate::server_name::ServerName;

pub use self::error::StartTlsError;
pub use self::limits::{MAX_LINE, MAX_LINES, MAX_MESSAGE};

/// A protocol in which TLS is asked for.
///
/// ```
/// use tack_openssl::StartTls;
///
/// let protocol: StartTls = "xmpp-server".parse()?;
/// assert_eq!(protocol.default_port(), 5269);
/// # Ok::<(), tack_openssl::starttls::ParseStartTlsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum StartTls {
    /// FTP (RFC 4217).
    Ftp,
    /// IMAP (RFC 3501, section 6.2.1).
    Imap,
    /// LDAP (RFC 4511, section 4.14).
    Ldap,
    /// LMTP (RFC 2033, with RFC 3207).
    Lmtp,
    /// MySQL and MariaDB (the Protocol::SSLRequest of their documentation).
    Mysql,
    /// POP3 (RFC 2595, section 4).
    Pop3,
    /// PostgreSQL (the SSLRequest of its documentation).
    Postgres,
    /// ManageSieve (RFC 5804, section 2.2).
    Sieve,
    /// SMTP (RFC 3207).
    Smtp,
    /// XMPP, as a client (RFC 6120, section 5).
    Xmpp,
    /// XMPP, as a server (RFC 6120, section 5).
    XmppServer,
}

/// A name of no protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown protocol: give one of {}", names())]
pub struct ParseStartTlsError;

impl StartTls {
    /// Every protocol, by name.
    pub const ALL: [Self; 11] = [
        Self::Ftp,
        Self::Imap,
        Self::Ldap,
        Self::Lmtp,
        Self::Mysql,
        Self::Pop3,
        Self::Postgres,
        Self::Sieve,
        Self::Smtp,
        Self::Xmpp,
        Self::XmppServer,
    ];

    /// Its name, in lowercase.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ftp => "ftp",
            Self::Imap => "imap",
            Self::Ldap => "ldap",
            Self::Lmtp => "lmtp",
            Self::Mysql => "mysql",
            Self::Pop3 => "pop3",
            Self::Postgres => "postgres",
            Self::Sieve => "sieve",
            Self::Smtp => "smtp",
            Self::Xmpp => "xmpp",
            Self::XmppServer => "xmpp-server",
        }
    }

    /// The TCP port where its servers listen by IANA's registry.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Ftp => 21,
            Self::Imap => 143,
            Self::Ldap => 389,
            Self::Lmtp => 24,
            Self::Mysql => 3306,
            Self::Pop3 => 110,
            Self::Postgres => 5432,
            Self::Sieve => 4190,
            Self::Smtp => 25,
            Self::Xmpp => 5222,
            Self::XmppServer => 5269,
        }
    }
}

impl FromStr for StartTls {
    type Err = ParseStartTlsError;

    fn from_str(text: &str) -> Result<Self, ParseStartTlsError> {
        Self::ALL.into_iter().find(|protocol| protocol.name() == text).ok_or(ParseStartTlsError)
    }
}

impl fmt::Display for StartTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Asks the server for TLS, as whom it is asked `name`. Afterwards the next byte of the stream is the server's first of TLS.
///
/// ```
/// use std::io::{self, Cursor, Read, Write};
/// use tack_openssl::starttls::{StartTls, negotiate};
///
/// /// A server that says this, whatever it is told.
/// struct Server(Cursor<&'static [u8]>);
/// # impl Read for Server {
/// #     fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> { self.0.read(buffer) }
/// # }
/// # impl Write for Server {
/// #     fn write(&mut self, bytes: &[u8]) -> io::Result<usize> { Ok(bytes.len()) }
/// #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
/// # }
///
/// let mut server = Server(Cursor::new(b"+OK\r\n+OK\r\nSTLS\r\n.\r\n+OK begin\r\n"));
/// negotiate(StartTls::Pop3, &mut server, &"pop.example.com".parse()?)?;
///
/// let mut server = Server(Cursor::new(b"+OK\r\n+OK\r\nUIDL\r\n.\r\n"));
/// let error = negotiate(StartTls::Pop3, &mut server, &"pop.example.com".parse()?).unwrap_err();
/// assert_eq!(error.to_string(), "the server does not offer STLS");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Where the server does not offer TLS, refuses it, says what the protocol does not have it say, says too much, or closes the
/// connection; and the stream's own.
pub fn negotiate(protocol: StartTls, stream: &mut (impl Read + Write), name: &ServerName) -> Result<(), StartTlsError> {
    match protocol {
        StartTls::Ftp => ftp::negotiate(stream),
        StartTls::Imap => imap::negotiate(stream),
        StartTls::Ldap => ldap::negotiate(stream),
        StartTls::Lmtp => smtp::negotiate(stream, "LHLO"),
        StartTls::Mysql => mysql::negotiate(stream),
        StartTls::Pop3 => pop3::negotiate(stream),
        StartTls::Postgres => postgres::negotiate(stream),
        StartTls::Sieve => sieve::negotiate(stream),
        StartTls::Smtp => smtp::negotiate(stream, "EHLO"),
        StartTls::Xmpp => xmpp::negotiate(stream, "jabber:client", name),
        StartTls::XmppServer => xmpp::negotiate(stream, "jabber:server", name),
    }
}

fn names() -> String {
    StartTls::ALL.map(StartTls::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let mut sorted = StartTls::ALL;
        sorted.sort_by_key(|protocol| protocol.name());
        assert_eq!(sorted, StartTls::ALL);
        for protocol in StartTls::ALL {
            assert_eq!(protocol.to_string().parse(), Ok(protocol));
        }
        let error = "SMTP".parse::<StartTls>().unwrap_err();
        assert!(error.to_string().ends_with("smtp, xmpp, xmpp-server"), "{error}");
    }
}
