//! The CAs that a connection trusts.

use std::sync::Arc;

use rustls::RootCertStore;

use super::certificate::Certificate;
use super::error::TlsError;

/// Certificates of the CAs that are trusted.
///
/// ```
/// use tack_rustls::memory::{TlsError, TrustStore};
///
/// assert!(matches!(TrustStore::new([]), Err(TlsError::NoCertificateChain)));
/// ```
#[derive(Clone, Debug)]
pub struct TrustStore {
    roots: Arc<RootCertStore>,
}

impl TrustStore {
    /// Trusts these.
    ///
    /// # Errors
    /// [`TlsError::ExtraneousPrivateKey`] if one has a private key, [`TlsError::Certificate`] if one cannot be read, and
    /// [`TlsError::NoCertificateChain`] for none at all, to which no chain leads.
    pub fn new(certificates: impl IntoIterator<Item = Certificate>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            if certificate.has_private_key() {
                return Err(TlsError::ExtraneousPrivateKey);
            }
            let der = certificate.as_der().clone();
            roots.add(der).map_err(|error| TlsError::Certificate(error.into()))?;
        }
        if roots.is_empty() {
            return Err(TlsError::NoCertificateChain);
        }
        Ok(Self { roots: Arc::new(roots) })
    }

    pub(super) fn roots(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.roots)
    }
}
