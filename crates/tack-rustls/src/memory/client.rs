//! The client side.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex};

use rustls::CipherSuite;
use rustls::client::{ClientConfig, ClientConnection, Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName};

use super::client_certificates::{ClientCertificateStore, Resolver};
use super::connection::{Connection, Start};
use super::error::TlsError;
use super::trust_store::TrustStore;
use super::verify::{Handshake, ServerVerifier, Verify};
use crate::judge::Policies;
use crate::pinning::Pinning;
use crate::requirement::Requirement;

/// What a client brings to its connections: the server's name, whom it trusts, and what it may show.
///
/// Chain and name are always validated; nothing here turns that off. Sessions are never resumed: each connection has a
/// whole handshake, and is judged anew.
pub struct ClientTls {
    provider: Arc<CryptoProvider>,
    server_name: ServerName<'static>,
    trust_store: TrustStore,
    certificates: Option<Arc<dyn ClientCertificateStore>>,
    policies: Option<Policies>,
}

impl ClientTls {
    /// A client of the server of this name, by these cipher suites of the provider.
    ///
    /// # Errors
    /// [`TlsError::Settings`] for a name that is none, and if no cipher suite is left.
    pub fn new(
        provider: &CryptoProvider,
        server_name: &str,
        cipher_suites: &[CipherSuite],
        trust_store: TrustStore,
    ) -> Result<Self, TlsError> {
        let unusable = |why: &str| TlsError::Settings(rustls::Error::General(why.to_owned()));
        let server_name = ServerName::try_from(server_name).map_err(|_| unusable("no server name"))?.to_owned();
        let mut provider = provider.clone();
        provider.cipher_suites.retain(|suite| cipher_suites.contains(&suite.suite()));
        if provider.cipher_suites.is_empty() {
            return Err(unusable("no cipher suite that the provider has"));
        }
        Ok(Self { provider: Arc::new(provider), server_name, trust_store, certificates: None, policies: None })
    }

    /// Shows certificates of this store where the server asks for one.
    #[must_use]
    pub fn with_client_certificates(mut self, store: Arc<dyn ClientCertificateStore>) -> Self {
        self.certificates = Some(store);
        self
    }

    /// Requires TACK keys, after chain and name hold. Every requirement that is for the server must be met.
    #[must_use]
    pub fn require(mut self, requirement: Requirement) -> Self {
        self.policies.get_or_insert_default().requirements.push(requirement);
        self
    }

    /// Makes pins by TACK, and keeps to them, after chain and name hold.
    #[must_use]
    pub fn pin(mut self, pinning: Pinning) -> Self {
        self.policies.get_or_insert_default().pinning = Some(pinning);
        self
    }

    /// Starts a connection. The first bytes go to the wire at once.
    ///
    /// `write_to_wire` takes what is to be sent. `wire_close` is called once, when the transport is to be closed: at once
    /// (true), or when what was handed to the wire is sent (false). `verify` is called once in the handshake; see
    /// [`Handshake`].
    ///
    /// # Errors
    /// [`TlsError::Settings`] if rustls cannot use the settings.
    pub fn start(
        &self,
        write_to_wire: impl FnMut(&[u8]) + Send + 'static,
        wire_close: impl FnMut(bool) + Send + 'static,
        verify: impl FnMut(&[CertificateDer<'_>], &mut Handshake) -> Result<(), Box<dyn Error + Send + Sync>>
        + Send
        + 'static,
    ) -> Result<Connection, TlsError> {
        let start = Start::new(Box::new(write_to_wire), Box::new(wire_close), Box::new(verify));
        let config = self.config(start.verify.clone(), Arc::clone(&start.failure))?;
        let connection =
            ClientConnection::new(Arc::new(config), self.server_name.clone()).map_err(TlsError::Settings)?;
        Ok(Connection::client(start, connection))
    }

    fn config(&self, verify: Verify, failure: Arc<Mutex<Option<TlsError>>>) -> Result<ClientConfig, TlsError> {
        let provider = Arc::clone(&self.provider);
        let webpki = WebPkiServerVerifier::builder_with_provider(self.trust_store.roots(), Arc::clone(&provider));
        let webpki = webpki.build().map_err(|error| TlsError::Certificate(error.into()))?;
        let verifier = Arc::new(ServerVerifier { inner: webpki, policies: self.policies.clone(), verify });
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Settings)?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match &self.certificates {
            Some(store) => {
                builder.with_client_cert_resolver(Arc::new(Resolver { store: Arc::clone(store), provider, failure }))
            }
            None => builder.with_no_client_auth(),
        };
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}
