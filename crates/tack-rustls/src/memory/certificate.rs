//! Certificates, with the private key that may be beside one.

use std::fmt;

use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::TlsError;

/// A certificate, and its private key where there is one.
///
/// ```
/// use tack_rustls::memory::Certificate;
///
/// let certificate = Certificate::from_der(vec![0x30, 0]);
/// assert_eq!(certificate.as_der().as_ref(), [0x30, 0]);
/// assert!(!certificate.has_private_key());
/// ```
pub struct Certificate {
    der: CertificateDer<'static>,
    private_key: Option<PrivateKeyDer<'static>>,
}

impl Certificate {
    /// A certificate in DER, which is looked into when it is used.
    #[must_use]
    pub fn from_der(der: impl Into<CertificateDer<'static>>) -> Self {
        Self { der: der.into(), private_key: None }
    }

    /// Reads the certificates of a PEM text. One private key in it belongs to the first certificate, wherever it is; of several,
    /// each to the certificate before it.
    ///
    /// # Errors
    /// [`TlsError::Certificate`] for PEM that cannot be read, [`TlsError::NoLeaf`] without a certificate, and
    /// [`TlsError::ExtraneousPrivateKey`] for a second key of a certificate.
    pub fn all_from_pem(text: &[u8]) -> Result<Vec<Self>, TlsError> {
        let mut all: Vec<Self> = Vec::new();
        let mut keys = Vec::new();
        for item in <(SectionKind, Vec<u8>)>::pem_slice_iter(text) {
            let (kind, der) = item.map_err(|error| TlsError::Certificate(error.to_string().into()))?;
            if kind == SectionKind::Certificate {
                all.push(Self::from_der(der));
            } else if let Some(key) = private_key(kind, der) {
                keys.push((all.len().saturating_sub(1), key));
            }
        }
        let is_only_key = keys.len() == 1;
        for (place, key) in keys {
            let certificate = all.get_mut(if is_only_key { 0 } else { place }).ok_or(TlsError::NoLeaf)?;
            if certificate.private_key.replace(key).is_some() {
                return Err(TlsError::ExtraneousPrivateKey);
            }
        }
        if all.is_empty() { Err(TlsError::NoLeaf) } else { Ok(all) }
    }

    /// Puts a private key beside it.
    #[must_use]
    pub fn with_private_key(mut self, key: PrivateKeyDer<'static>) -> Self {
        self.private_key = Some(key);
        self
    }

    /// The certificate in DER.
    #[must_use]
    pub fn as_der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// Whether a private key is beside it.
    #[must_use]
    pub fn has_private_key(&self) -> bool {
        self.private_key.is_some()
    }

    pub(super) fn private_key(&self) -> Option<&PrivateKeyDer<'static>> {
        self.private_key.as_ref()
    }

    /// What TACK reads of a certificate is what chains are put together by.
    pub(super) fn read(&self) -> Result<tack_core::Certificate, TlsError> {
        tack_core::Certificate::from_der(&self.der).map_err(|error| TlsError::Certificate(error.into()))
    }
}

impl Clone for Certificate {
    fn clone(&self) -> Self {
        Self { der: self.der.clone(), private_key: self.private_key.as_ref().map(PrivateKeyDer::clone_key) }
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = if self.has_private_key() { ", with its private key" } else { "" };
        write!(f, "Certificate({} bytes{key})", self.der.len())
    }
}

fn private_key(kind: SectionKind, der: Vec<u8>) -> Option<PrivateKeyDer<'static>> {
    match kind {
        SectionKind::PrivateKey => Some(PrivateKeyDer::Pkcs8(der.into())),
        SectionKind::RsaPrivateKey => Some(PrivateKeyDer::Pkcs1(der.into())),
        SectionKind::EcPrivateKey => Some(PrivateKeyDer::Sec1(der.into())),
        _ => None,
    }
}
