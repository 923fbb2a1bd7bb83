//! What a server presents: its TackExtension, and how it came.

use std::fmt;

use tack_core::{Certificate, Error, ErrorKind, TackExtension, TargetHash};

use crate::refusal::Refusal;

/// How a TackExtension reaches a client.
///
/// ```
/// use tack_pin::Carrier;
///
/// assert_eq!(Carrier::Certificate.to_string(), "certificate");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// By the TLS extension 62208 (draft-02, section 3.1).
    Extension,
    /// By a TACK certificate in the chain.
    Certificate,
}

impl Carrier {
    /// A word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Extension => "extension",
            Self::Certificate => "certificate",
        }
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What a server presents in a connection.
///
/// ```
/// use tack_core::TargetHash;
/// use tack_pin::{Carrier, Presented};
///
/// let presented = Presented::new(None, TargetHash::of(b"the server's SubjectPublicKeyInfo"));
/// assert_eq!(presented.extension(), Ok(None));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    target_hash: TargetHash,
    found: Result<Option<Found>, Refusal>,
}

/// A TackExtension, and how it came.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    carrier: Carrier,
    extension: TackExtension,
}

impl Presented {
    /// By the TLS extension, if it came: its bytes, without type and length.
    #[must_use]
    pub fn new(extension: Option<&[u8]>, target_hash: TargetHash) -> Self {
        Self { target_hash, found: by_tls(extension.as_slice()) }
    }

    /// By a TackExtension that was read already.
    #[must_use]
    pub fn of(carrier: Carrier, extension: TackExtension, target_hash: TargetHash) -> Self {
        Self { target_hash, found: Ok(Some(Found { carrier, extension })) }
    }

    /// By the certificates of a TLS connection, in DER, the server's own first, and each copy of the TLS extension, without
    /// type and length. The extension comes from these copies, or else from a TACK certificate at any place behind the
    /// first. Equal copies count once; different ones are [`Refusal::TwoExtensions`].
    ///
    /// # Errors
    /// Those of [`Certificate::from_der`] for the server's own certificate, and [`Error::NoBlock`] without any.
    pub fn from_connection(chain: &[impl AsRef<[u8]>], extensions: &[impl AsRef<[u8]>]) -> Result<Self, Error> {
        let (server, others) = chain.split_first().ok_or(Error::NoBlock)?;
        let target_hash = Certificate::from_der(server.as_ref())?.target_hash();
        Ok(Self::from_parts(target_hash, others, extensions))
    }

    /// As [`from_connection`](Self::from_connection), by the hash of the server's TLS key, and the certificates behind its
    /// own.
    #[must_use]
    pub fn from_parts(target_hash: TargetHash, others: &[impl AsRef<[u8]>], extensions: &[impl AsRef<[u8]>]) -> Self {
        let found = match (by_tls(extensions), by_chain(others)) {
            (Ok(Some(one)), Ok(Some(other))) if one.extension != other.extension => Err(Refusal::TwoExtensions),
            (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
            (Ok(by_tls), Ok(by_chain)) => Ok(by_tls.or(by_chain)),
        };
        Self { target_hash, found }
    }

    /// The hash of the server's TLS key.
    #[must_use]
    pub fn target_hash(&self) -> TargetHash {
        self.target_hash
    }

    /// The TackExtension, if there is one.
    ///
    /// # Errors
    /// Why it cannot be read, or is not one.
    pub fn extension(&self) -> Result<Option<&TackExtension>, &Refusal> {
        self.found.as_ref().map(|found| found.as_ref().map(|found| &found.extension))
    }

    /// How it came, if it did and can be read.
    #[must_use]
    pub fn carrier(&self) -> Option<Carrier> {
        self.found.as_ref().ok()?.as_ref().map(|found| found.carrier)
    }
}

fn by_tls(copies: &[impl AsRef<[u8]>]) -> Result<Option<Found>, Refusal> {
    let Some((first, others)) = copies.split_first() else { return Ok(None) };
    if others.iter().any(|other| other.as_ref() != first.as_ref()) {
        return Err(Refusal::TwoExtensions);
    }
    Ok(Some(Found { carrier: Carrier::Extension, extension: TackExtension::from_bytes(first.as_ref())? }))
}

fn by_chain(others: &[impl AsRef<[u8]>]) -> Result<Option<Found>, Refusal> {
    let mut found: Option<TackExtension> = None;
    for der in others {
        let certificate = match Certificate::from_der(der.as_ref()) {
            Ok(certificate) => certificate,
            // Whoever verifies the chain judges it. What cannot be read as a certificate carries no tack.
            Err(error) if error.kind() == ErrorKind::Certificate && error != Error::TwoExtensions => continue,
            Err(error) => return Err(error.into()),
        };
        match (&found, certificate.extension()) {
            (Some(one), Some(other)) if one != other => return Err(Refusal::TwoExtensions),
            (None, Some(extension)) => found = Some(extension.clone()),
            _ => {}
        }
    }
    Ok(found.map(|extension| Found { carrier: Carrier::Certificate, extension }))
}
