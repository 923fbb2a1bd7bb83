//! What can go wrong with TLS on in-memory buffers.

use std::error::Error;
use std::sync::Arc;

use rustls::AlertDescription;

use super::alert::AlertLevel;
use crate::refused::Refused;

/// Why a call failed. The names are those of the design; [the table](super) says what is behind each.
///
/// ```
/// use tack_rustls::memory::{Certificate, TlsError, TrustStore};
///
/// let error = TrustStore::new([Certificate::from_der(vec![0x30, 0])]).unwrap_err();
/// assert!(matches!(error, TlsError::Certificate(_)));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The peer sent an alert that ends the connection (RFC 8446, section 6).
    #[error("the peer sent the alert {code:?}")]
    TlsAlert {
        /// Its AlertDescription.
        code: AlertDescription,
        /// Its level, which TLS 1.3 gives to each alert.
        level: AlertLevel,
    },

    /// The peer sent what TLS does not allow, or certificates that do not hold. An alert was handed to the wire, but for some
    /// messages that cannot be read or come at a wrong time: rustls has none for them.
    #[error("the peer's data is not valid TLS: {0}")]
    BadTlsData(#[source] rustls::Error),

    /// The verify function refused the peer's certificates. An alert was handed to the wire.
    #[error("the peer's certificates are refused: {0}")]
    Refused(#[source] Box<dyn Error + Send + Sync>),

    /// TACK refused the server. The alert of the draft was handed to the wire.
    #[error("{0}")]
    Tack(#[source] Arc<Refused>),

    /// The transport ended before the peer closed the connection: what came may not be all (RFC 8446, section 6.1).
    #[error("the stream ends before the peer closed the connection: it is truncated")]
    Truncated,

    /// An earlier error, or a certificate function that was called twice, has made the connection invalid.
    #[error("the connection, or the function, is not valid any more")]
    Invalidated,

    /// An alert cannot have this level (RFC 8446, section 6).
    #[error("the alert {code:?} cannot have the level {level:?}")]
    InvalidAlertLevel {
        /// The alert.
        code: AlertDescription,
        /// The level that was asked for.
        level: AlertLevel,
    },

    /// rustls cannot send this alert at this time. The connection is closed without it.
    #[error("the alert {0:?} cannot be sent at this time")]
    AlertUnavailable(AlertDescription),

    /// The application has finished, and sends more.
    #[error("the application has said already that it is finished")]
    Finished,

    /// A leaf certificate has no private key beside it.
    #[error("the leaf certificate has no private key")]
    LeafHasNoPrivateKey,

    /// There are several leaf certificates where one is wanted. A leaf is a certificate that is not a CA's.
    #[error("there is more than one leaf certificate")]
    MoreThanOneLeaf,

    /// There is no leaf certificate.
    #[error("there is no leaf certificate")]
    NoLeaf,

    /// No chain leads from a leaf to a root, or certificates are left over that belong to no chain.
    #[error("the certificates do not make a chain from the leaf")]
    NoCertificateChain,

    /// A private key is where none belongs.
    #[error("a private key is beside a certificate that must have none")]
    ExtraneousPrivateKey,

    /// A certificate cannot be read, or not be used.
    #[error("a certificate cannot be used: {0}")]
    Certificate(#[source] Box<dyn Error + Send + Sync>),

    /// The cipher suites, the versions or the name given cannot be used.
    #[error("the settings cannot be used: {0}")]
    Settings(#[source] rustls::Error),
}

/// Refuses a level that an alert cannot have. Without one it has its own.
pub(super) fn check_level(code: AlertDescription, asked: Option<AlertLevel>) -> Result<(), TlsError> {
    match asked {
        Some(level) if level != AlertLevel::of(code) => Err(TlsError::InvalidAlertLevel { code, level }),
        _ => Ok(()),
    }
}
