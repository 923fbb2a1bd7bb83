//! Why nothing can be said of a server.

use std::{fmt, io};

use openssl::error::ErrorStack;
use tack_core::Alert;

use crate::starttls::StartTlsError;

/// Why a server was not seen. The messages name no host: the caller knows it. They hold nothing that a server has sent, but
/// for [`StartTlsError::said`] and the name of an alert.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// The name has no address.
    #[error("the name cannot be resolved: {0}")]
    Resolve(#[source] io::Error),

    /// There is no connection to be had.
    #[error("no connection: {0}")]
    Connect(#[source] io::Error),

    /// The deadline passed.
    #[error("no answer in time while {0}")]
    Timeout(Phase),

    /// The server did not agree to begin TLS.
    #[error(transparent)]
    StartTls(#[from] StartTlsError),

    /// The TLS handshake failed.
    #[error(transparent)]
    Tls(#[from] TlsError),

    /// The server sent more than it may before the end of the handshake.
    #[error("the server sent more than {limit} bytes while {phase}")]
    TooMuch {
        /// What was being done.
        phase: Phase,
        /// The bytes that a server may send.
        limit: usize,
    },
}

/// What is being done until a server is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// The addresses of a name are looked up.
    Resolving,
    /// The connection is made.
    Connecting,
    /// The dialogue before TLS.
    StartTls,
    /// The TLS handshake.
    Handshake,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolving => "resolving the name",
            Self::Connecting => "connecting",
            Self::StartTls => "asking for STARTTLS",
            Self::Handshake => "in the TLS handshake",
        })
    }
}

/// Why a TLS handshake failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The server ended the handshake with an alert.
    #[error("the server ended the TLS handshake with the alert {0}")]
    Alert(Alert),

    /// The server closed the connection.
    #[error("the server closed the connection during the TLS handshake")]
    Closed,

    /// The server speaks something else.
    #[error("the server does not speak TLS here: is it the right port, or is STARTTLS needed")]
    NotTls,

    /// A message of the handshake is larger than OpenSSL takes: 100 KiB for certificates.
    #[error("a message of the TLS handshake is too large, such as more than 100 KiB of certificates")]
    TooLarge,

    /// The connection broke.
    #[error("the connection broke during the TLS handshake: {0}")]
    Broken(#[source] io::Error),

    /// After the go-ahead the server sent something in clear, which may not be its own.
    #[error("after its go-ahead for STARTTLS the server sent something that is not TLS: somebody may have put it in")]
    InClear,

    /// OpenSSL refuses what the server sent.
    #[error("the TLS handshake failed: {0}")]
    Refused(String),
}

/// The library of OpenSSL's errors about TLS itself, `ERR_LIB_SSL`.
const SSL_LIBRARY: i32 = 20;
/// An alert of this number plus this is an error's reason, `SSL_AD_REASON_OFFSET`.
const ALERT_OFFSET: i32 = 1000;
/// `SSL_R_WRONG_VERSION_NUMBER`: the first record is none of TLS.
const WRONG_VERSION_NUMBER: i32 = 267;
/// `SSL_R_PACKET_LENGTH_TOO_LONG`: so it may look as well.
const PACKET_LENGTH_TOO_LONG: i32 = 198;
/// `SSL_R_HTTP_REQUEST`: the other side speaks HTTP.
const HTTP_REQUEST: i32 = 156;
/// `SSL_R_EXCESSIVE_MESSAGE_SIZE`.
const EXCESSIVE_MESSAGE_SIZE: i32 = 152;
/// `SSL_R_UNEXPECTED_EOF_WHILE_READING`.
const UNEXPECTED_EOF: i32 = 294;

impl From<ErrorStack> for TlsError {
    fn from(stack: ErrorStack) -> Self {
        // The first error is the cause, and the ones after it come of it.
        let Some(error) = stack.errors().first() else {
            return Self::Closed;
        };
        let code = if error.library_code() == SSL_LIBRARY { error.reason_code() } else { 0 };
        match code {
            WRONG_VERSION_NUMBER | PACKET_LENGTH_TOO_LONG | HTTP_REQUEST => return Self::NotTls,
            EXCESSIVE_MESSAGE_SIZE => return Self::TooLarge,
            UNEXPECTED_EOF => return Self::Closed,
            _ => {}
        }
        match u8::try_from(code - ALERT_OFFSET) {
            Ok(number) => Self::Alert(Alert::new(number)),
            Err(_) => Self::Refused(words(&stack)),
        }
    }
}

/// The error of a handshake or a connection.
impl From<openssl::ssl::Error> for TlsError {
    fn from(error: openssl::ssl::Error) -> Self {
        if let Some(stack) = error.ssl_error() {
            return stack.clone().into();
        }
        match error.into_io_error() {
            Ok(error) => Self::Broken(error),
            Err(_) => Self::Closed,
        }
    }
}

/// What OpenSSL says, without its codes, functions and lines.
pub(crate) fn words(stack: &ErrorStack) -> String {
    let mut words: Vec<_> = stack.errors().iter().filter_map(|error| error.reason()).collect();
    words.dedup();
    if words.is_empty() { "OpenSSL names no reason".to_owned() } else { words.join(", ") }
}
