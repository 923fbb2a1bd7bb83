//! The chains of a server, by the name that a client asks for.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::ParsedCertificate;

use super::certificate::Certificate;
use super::chain::Chain;
use super::error::TlsError;

/// Finds the chain for a server name. To be implemented by the user; [`ServerCertificateChain`] and
/// [`SniServerCertificates`] are two that are often enough.
pub trait ServerCertificates: Send + Sync {
    /// Finds the chain for the name that the client gave, if it gave one, and hands it to the callback: at once, or later,
    /// from any thread. A default chain is acceptable.
    fn certificate_chain_for_server_name(&self, server_name: Option<&str>, callback: CertificateChainCallback);
}

/// Takes the chain that was found, once.
///
/// ```
/// use tack_rustls::memory::{CertificateChainCallback, ServerCertificates};
///
/// /// Knows no name.
/// struct Nothing;
///
/// impl ServerCertificates for Nothing {
///     fn certificate_chain_for_server_name(&self, _: Option<&str>, callback: CertificateChainCallback) {
///         callback.call(None).unwrap();
///     }
/// }
/// ```
#[derive(Clone)]
pub struct CertificateChainCallback {
    slot: Arc<Mutex<Slot>>,
}

/// What became of a callback.
#[derive(Default)]
enum Slot {
    #[default]
    Waiting,
    Called(Option<Chain>),
    Taken,
}

impl CertificateChainCallback {
    pub(super) fn new() -> Self {
        Self { slot: Arc::default() }
    }

    /// Gives the certificates of one chain, in any order; the leaf must have its private key. None: there is no chain for
    /// this name, and the client is told so by an alert.
    ///
    /// # Errors
    /// [`TlsError::Invalidated`] if it was called already, [`TlsError::NoLeaf`], [`TlsError::MoreThanOneLeaf`],
    /// [`TlsError::LeafHasNoPrivateKey`], [`TlsError::ExtraneousPrivateKey`], [`TlsError::NoCertificateChain`] and
    /// [`TlsError::Certificate`]. After these it may be called again.
    pub fn call(&self, certificates: Option<&[Certificate]>) -> Result<(), TlsError> {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*slot, Slot::Waiting) {
            return Err(TlsError::Invalidated);
        }
        *slot = Slot::Called(certificates.map(Chain::one).transpose()?);
        Ok(())
    }

    /// What it was called with, if it was.
    pub(super) fn take(&self) -> Option<Option<Chain>> {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *slot, Slot::Taken) {
            Slot::Called(chain) => Some(chain),
            other => {
                *slot = other;
                None
            }
        }
    }
}

impl fmt::Debug for CertificateChainCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CertificateChainCallback")
    }
}

/// One chain for all clients.
#[derive(Clone, Debug)]
pub struct ServerCertificateChain {
    certificates: Vec<Certificate>,
}

impl ServerCertificateChain {
    /// Takes the certificates of one chain, in any order.
    ///
    /// # Errors
    /// Those of [`CertificateChainCallback::call`].
    pub fn new(certificates: impl IntoIterator<Item = Certificate>) -> Result<Self, TlsError> {
        let chain = Chain::one(&certificates.into_iter().collect::<Vec<_>>())?;
        Ok(Self { certificates: chain.certificates })
    }
}

impl ServerCertificates for ServerCertificateChain {
    fn certificate_chain_for_server_name(&self, _: Option<&str>, callback: CertificateChainCallback) {
        // The chain was checked when it was taken, and nobody else has the callback.
        let _ = callback.call(Some(&self.certificates));
    }
}

/// A chain for each name, and perhaps one for all others.
#[derive(Clone, Debug)]
pub struct SniServerCertificates {
    chains: Vec<Chain>,
    default: Option<Chain>,
}

impl SniServerCertificates {
    /// Takes the certificates of any number of chains, in any order. The names are those in the leaves.
    ///
    /// # Errors
    /// Those of [`CertificateChainCallback::call`] but [`TlsError::MoreThanOneLeaf`].
    pub fn new(certificates: impl IntoIterator<Item = Certificate>) -> Result<Self, TlsError> {
        Ok(Self { chains: Chain::all(&certificates.into_iter().collect::<Vec<_>>())?, default: None })
    }

    /// Has a chain for the clients whose name is in no leaf, or that give none.
    ///
    /// # Errors
    /// Those of [`CertificateChainCallback::call`].
    pub fn with_default(mut self, certificates: impl IntoIterator<Item = Certificate>) -> Result<Self, TlsError> {
        self.default = Some(Chain::one(&certificates.into_iter().collect::<Vec<_>>())?);
        Ok(self)
    }

    fn chain(&self, name: &str) -> Option<&Chain> {
        let name = ServerName::try_from(name).ok()?;
        let is_for = |chain: &&Chain| {
            let leaf = chain.certificates.first().map(|leaf| ParsedCertificate::try_from(leaf.as_der()));
            leaf.is_some_and(|leaf| leaf.is_ok_and(|leaf| verify_server_name(&leaf, &name).is_ok()))
        };
        self.chains.iter().find(is_for)
    }
}

impl ServerCertificates for SniServerCertificates {
    fn certificate_chain_for_server_name(&self, server_name: Option<&str>, callback: CertificateChainCallback) {
        let chain = server_name.and_then(|name| self.chain(name)).or(self.default.as_ref());
        let _ = callback.call(chain.map(|chain| &chain.certificates[..]));
    }
}
