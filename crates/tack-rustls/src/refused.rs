//! Why a connection is refused, and how an application finds that in an error.

use std::error::Error;
use std::io;
use std::sync::Arc;

use rustls::CertificateError;
use tack_core::TimeError;
use tack_pin::{Alert, Refusal, StoreError};

/// Why TACK refuses a connection that the certificates alone would allow. [`refusal`] finds it in an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// What the server presents, the pins or the required keys refuse it.
    #[error("refused by TACK: {0}")]
    Tack(#[source] Refusal),

    /// The server's own certificate cannot be read, so there is no telling which key its tacks should be for.
    #[error("refused by TACK: the server's certificate cannot be read: {0}")]
    Certificate(#[source] tack_core::Error),

    /// The pins cannot be read or written. Nothing is known of them, so the connection must not go on.
    #[error("refused by TACK: the pins cannot be read or written: {0}")]
    Store(#[source] StoreError),

    /// The clock shows a time that TACK has no minute for.
    #[error("refused by TACK: the clock is wrong: {0}")]
    Clock(#[source] TimeError),
}

impl Refused {
    /// A short name, by which programs tell the reasons apart: that of [`Refusal::code`], or `certificate`, `store`,
    /// `clock`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Tack(refusal) => refusal.code(),
            Self::Certificate(_) => "certificate",
            Self::Store(_) => "store",
            Self::Clock(_) => "clock",
        }
    }

    /// The TLS alert that the draft gives it. What rustls sends is said at
    /// [`draft_alerts`](crate::TackVerifierBuilder::draft_alerts).
    #[must_use]
    pub fn alert(&self) -> Alert {
        match self {
            Self::Tack(refusal) => refusal.alert(),
            Self::Certificate(_) => Alert::BadCertificate,
            Self::Store(_) | Self::Clock(_) => Alert::AccessDenied,
        }
    }

    /// The error for which rustls sends that alert.
    pub(crate) fn certificate_error(&self) -> CertificateError {
        match self.alert() {
            Alert::BadCertificate => CertificateError::BadEncoding,
            Alert::CertificateRevoked => CertificateError::Revoked,
            Alert::CertificateExpired => CertificateError::Expired,
            Alert::AccessDenied => CertificateError::ApplicationVerificationFailure,
        }
    }

    /// The reason of TACK's own, if it is one.
    #[must_use]
    pub fn tack(&self) -> Option<&Refusal> {
        match self {
            Self::Tack(refusal) => Some(refusal),
            _ => None,
        }
    }
}

/// Finds in an error why TACK refused the connection; none if something else went wrong.
///
/// It looks through [`rustls::Error`], [`io::Error`], and whatever has them as its source: the errors of tokio-rustls,
/// hyper and reqwest as they are. An error of ureq hides its source: give it `&error.into_io()`.
///
/// ```
/// use std::io;
/// use std::sync::Arc;
///
/// use rustls::{CertificateError, OtherError};
/// use tack_pin::Refusal;
/// use tack_rustls::{Refused, refusal};
///
/// let refused = Arc::new(Refused::Tack(Refusal::KeyRequired));
/// let error = rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(refused)));
/// let error = io::Error::other(error);
/// assert_eq!(refusal(&error).map(Refused::code), Some("key_required"));
/// ```
#[must_use]
pub fn refusal<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Refused> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(refused) = error.downcast_ref() {
            return Some(refused);
        }
        if let Some(refused) = error.downcast_ref::<Arc<Refused>>() {
            return Some(refused);
        }
        next = inner(error);
    }
    None
}

/// What is inside an error. Those of rustls name no source, and those of io pass over their content.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    if let Some(rustls::Error::InvalidCertificate(CertificateError::Other(other))) = error.downcast_ref() {
        return Some(other);
    }
    match error.downcast_ref::<io::Error>() {
        Some(error) => error.get_ref().map(|inner| {
            let inner: &(dyn Error + 'static) = inner;
            inner
        }),
        None => error.source(),
    }
}
