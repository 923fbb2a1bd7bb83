//! The certificates that a client shows, where a server asks for one.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;

use super::chain::Chain;
use super::error::TlsError;
use super::server_certificates::CertificateChainCallback;

/// Finds the chain that a client shows. To be implemented by the user.
///
/// The callback is to be called before the method returns: rustls goes on with the handshake then, without a certificate if
/// there is none.
pub trait ClientCertificateStore: Send + Sync {
    /// Finds a chain to one of the roots that the server names, each a Name in DER: TLS sends no more of them. A chain to
    /// another root ends the connection with [`TlsError::NoCertificateChain`].
    fn certificate_chain_for_roots(&self, roots: &[&[u8]], callback: CertificateChainCallback);

    /// Finds the chain for a server that names no roots.
    fn default_certificate_chain(&self, callback: CertificateChainCallback);
}

/// Asks a [`ClientCertificateStore`] for rustls.
pub(super) struct Resolver {
    pub(super) store: Arc<dyn ClientCertificateStore>,
    pub(super) provider: Arc<CryptoProvider>,
    /// Why the certificates that the store gave cannot be used.
    pub(super) failure: Arc<Mutex<Option<TlsError>>>,
}

impl Resolver {
    fn chain(&self, roots: &[&[u8]]) -> Result<Option<Arc<CertifiedKey>>, TlsError> {
        let callback = CertificateChainCallback::new();
        if roots.is_empty() {
            self.store.default_certificate_chain(callback.clone());
        } else {
            self.store.certificate_chain_for_roots(roots, callback.clone());
        }
        let Some(chain) = callback.take().flatten() else { return Ok(None) };
        if !roots.is_empty() && !leads_to(&chain, roots)? {
            return Err(TlsError::NoCertificateChain);
        }
        chain.certified_key(&self.provider).map(Some)
    }
}

impl ResolvesClientCert for Resolver {
    fn resolve(&self, roots: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        match self.chain(roots) {
            Ok(chain) => chain.filter(|chain| chain.key.choose_scheme(schemes).is_some()),
            Err(error) => {
                *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                None
            }
        }
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

/// Whether a certificate of the chain is issued by one of these, or is one of them.
fn leads_to(chain: &Chain, roots: &[&[u8]]) -> Result<bool, TlsError> {
    for certificate in &chain.certificates {
        let certificate = certificate.read()?;
        if roots.iter().any(|root| [certificate.issuer_der(), certificate.subject_der()].contains(root)) {
            return Ok(true);
        }
    }
    Ok(false)
}
