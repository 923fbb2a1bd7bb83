//! What makes rustls' configuration of a server, once the chain is found.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert, ServerConfig, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;

use super::chain::Chain;
use super::error::TlsError;
use super::server_certificates::ServerCertificates;
use super::trust_store::TrustStore;
use super::verify::{ClientVerifier, Verify};

/// What a connection of a server needs until it knows its chain.
#[derive(Clone)]
pub(super) struct ServerSettings {
    pub(super) provider: Arc<CryptoProvider>,
    pub(super) certificates: Arc<dyn ServerCertificates>,
    pub(super) clients: Option<TrustStore>,
}

impl ServerSettings {
    /// The configuration with the chain that was found. Without one, rustls tells the client by an alert.
    pub(super) fn config(&self, chain: Option<Chain>, verify: Verify) -> Result<Arc<ServerConfig>, TlsError> {
        let chain = chain.map(|chain| chain.certified_key(&self.provider)).transpose()?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Settings)?;
        let builder = match &self.clients {
            None => builder.with_no_client_auth(),
            Some(clients) => {
                let inner =
                    WebPkiClientVerifier::builder_with_provider(clients.roots(), Arc::clone(&self.provider)).build();
                let inner = inner.map_err(|error| TlsError::Certificate(error.into()))?;
                builder.with_client_cert_verifier(Arc::new(ClientVerifier { inner, verify }))
            }
        };
        let mut config = builder.with_cert_resolver(Arc::new(Found(chain)));
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }
}

/// The chain that was found, if one was.
#[derive(Debug)]
struct Found(Option<Arc<CertifiedKey>>);

impl ResolvesServerCert for Found {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }
}
