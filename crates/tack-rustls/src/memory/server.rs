//! The server side.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;

use super::connection::{Connection, Start};
use super::server_certificates::ServerCertificates;
use super::server_settings::ServerSettings;
use super::trust_store::TrustStore;
use super::verify::Handshake;

/// What a server brings to its connections: certificates, and whether it asks for those of clients.
///
/// Sessions are never resumed: each connection has a whole handshake.
#[derive(Clone)]
pub struct ServerTls {
    settings: ServerSettings,
}

impl ServerTls {
    /// A server with these certificates.
    #[must_use]
    pub fn new(provider: Arc<CryptoProvider>, certificates: Arc<dyn ServerCertificates>) -> Self {
        Self { settings: ServerSettings { provider, certificates, clients: None } }
    }

    /// Asks every client for a certificate that one of these CAs issued, and takes no connection without.
    #[must_use]
    pub fn with_client_trust(mut self, clients: TrustStore) -> Self {
        self.settings.clients = Some(clients);
        self
    }

    /// Starts a connection. See [`ClientTls::start`](super::ClientTls::start); `verify` is called only if clients are asked
    /// for certificates.
    pub fn start(
        &self,
        write_to_wire: impl FnMut(&[u8]) + Send + 'static,
        wire_close: impl FnMut(bool) + Send + 'static,
        verify: impl FnMut(&[CertificateDer<'_>], &mut Handshake) -> Result<(), Box<dyn Error + Send + Sync>>
        + Send
        + 'static,
    ) -> Connection {
        let start = Start::new(Box::new(write_to_wire), Box::new(wire_close), Box::new(verify));
        Connection::server(start, self.settings.clone())
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").finish_non_exhaustive()
    }
}
