//! A server that hands out tickets, and proves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use getrandom::SysRng;
use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{ExtensionContext, Ssl, SslAlert, SslContext, SslContextBuilder, SslMethod, SslRef};
use openssl::x509::X509;
use tack_core::{Alert, TackExtension, Timestamp};
use tack_ticket::{EXTENSION, Received, Server, ServerRefusal};

use crate::error::words;
use crate::slot::Slot;
use crate::ticket::context;
use crate::ticket::fault::Fault;
use crate::ticket::watch;

/// A server of TLS 1.3 that takes part in ticket pinning: built once, and shared by threads. Clients that do not ask for a ticket
/// see a server like any other.
#[derive(Clone)]
pub struct TicketServer {
    context: SslContext,
}

/// Builds a [`TicketServer`].
///
/// ```no_run
/// use tack_openssl::ticket::TicketServer;
/// use tack_ticket::{KeyRing, Lifetime, Server};
///
/// let ring = KeyRing::from_json(&std::fs::read("ring.json")?)?;
/// let server = Server::new(ring, Lifetime::MAX);
/// let (chain, key) = (std::fs::read("chain.pem")?, std::fs::read("key.pem")?);
/// let server = TicketServer::builder(server, &chain, &key).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TicketServerBuilder<'a> {
    server: Server,
    chain: &'a [u8],
    key: &'a [u8],
    tack: Option<Vec<u8>>,
    tack_certificate: Option<Vec<u8>>,
}

/// Why a [`TicketServer`] was not built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketServerError {
    /// The chain is not certificates in PEM.
    #[error("the certificates cannot be read: {0}")]
    Chain(String),

    /// There is no certificate.
    #[error("there is no certificate in PEM")]
    NoCertificate,

    /// The key is no private key in PEM, or is under a password.
    #[error("the private key cannot be read; give one in PEM without a password")]
    Key,

    /// The key is another one than that of the first certificate.
    #[error("the private key is not that of the first certificate")]
    OtherKey,

    /// OpenSSL failed.
    #[error("OpenSSL failed: {0}")]
    OpenSsl(String),
}

/// What becomes of one handshake of a server.
#[derive(Clone)]
pub struct ServerHandshake(Arc<Mutex<State>>);

/// Why a server goes no further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerTicketError {
    /// What the client sent is refused. The client may have met an impostor before.
    #[error(transparent)]
    Refused(#[from] ServerRefusal),

    /// The fault is not the client's.
    #[error(transparent)]
    Fault(#[from] Fault),
}

struct State {
    now: Timestamp,
    /// What the client sent, until it is answered.
    received: Option<Received>,
    is_asked: bool,
    has_ticket: bool,
    failure: Option<ServerTicketError>,
}

static SLOT: Slot<ServerHandshake> = Slot::new();

impl TicketServer {
    /// A builder of a server with a chain in PEM, its own certificate first, and the private key of that, in PEM.
    #[must_use]
    pub fn builder<'a>(server: Server, chain: &'a [u8], key: &'a [u8]) -> TicketServerBuilder<'a> {
        TicketServerBuilder { server, chain, key, tack: None, tack_certificate: None }
    }

    /// A connection to come, at this time.
    ///
    /// # Errors
    /// [`Fault::OpenSsl`].
    pub fn prepare(&self, now: Timestamp) -> Result<(Ssl, ServerHandshake), Fault> {
        let mut ssl = Ssl::new(&self.context)?;
        watch::listen(&mut ssl)?;
        let handshake = ServerHandshake(Arc::new(Mutex::new(State {
            now,
            received: None,
            is_asked: false,
            has_ticket: false,
            failure: None,
        })));
        ssl.set_ex_data(SLOT.index()?, handshake.clone());
        Ok((ssl, handshake))
    }
}

impl TicketServerBuilder<'_> {
    /// Has the server send this TackExtension, too, to clients that ask for it.
    #[must_use]
    pub fn tack(mut self, extension: &TackExtension) -> Self {
        self.tack = Some(extension.to_bytes());
        self
    }

    /// Has the server send this TACK certificate, in DER, behind the chain.
    #[must_use]
    pub fn tack_certificate(mut self, der: &[u8]) -> Self {
        self.tack_certificate = Some(der.to_vec());
        self
    }

    /// Builds the server.
    ///
    /// # Errors
    /// [`TicketServerError`] names what cannot be read, or does not fit.
    pub fn build(self) -> Result<TicketServer, TicketServerError> {
        let mut context = context::context(SslMethod::tls_server())?;
        let chain = X509::stack_from_pem(self.chain).map_err(|stack| TicketServerError::Chain(words(&stack)))?;
        let mut chain = chain.into_iter();
        let own = chain.next().ok_or(TicketServerError::NoCertificate)?;
        context.set_certificate(&own)?;
        for other in chain {
            context.add_extra_chain_cert(other)?;
        }
        if let Some(der) = self.tack_certificate {
            let certificate = X509::from_der(&der).map_err(|stack| TicketServerError::Chain(words(&stack)))?;
            context.add_extra_chain_cert(certificate)?;
        }
        // Without a callback OpenSSL would ask for a password at the terminal.
        let no_password = |_: &mut [u8]| Ok(0);
        let key = PKey::private_key_from_pem_callback(self.key, no_password).map_err(|_| TicketServerError::Key)?;
        if !own.public_key().is_ok_and(|public| public.public_eq(&key)) {
            return Err(TicketServerError::OtherKey);
        }
        context.set_private_key(&key)?;
        let key_info = context::key_info(&own)
            .map_err(|_| TicketServerError::Chain("the key of the first is nowhere to be found".to_owned()))?;
        if let Some(tack) = self.tack {
            serve_tack(&mut context, tack)?;
        }
        serve_tickets(&mut context, self.server, key_info)?;
        Ok(TicketServer { context: context.build() })
    }
}

impl ServerHandshake {
    /// Why this server ended the handshake; none if it did not, or for a reason that has nothing to do with tickets.
    #[must_use]
    pub fn failure(&self) -> Option<ServerTicketError> {
        self.state().failure.clone()
    }

    /// Whether the client asked for a ticket.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.state().is_asked
    }

    /// Whether the client had a ticket, which this server could open.
    #[must_use]
    pub fn has_ticket(&self) -> bool {
        self.state().has_ticket
    }

    fn receive(&self, server: &Server, body: &[u8]) -> Result<(), SslAlert> {
        // After a HelloRetryRequest it is received once more, and the last counts.
        let received = server.receive(body).map_err(|refusal| self.end(refusal.alert(), refusal))?;
        let mut state = self.state();
        (state.is_asked, state.has_ticket) = (true, received.has_ticket());
        state.received = Some(received);
        Ok(())
    }

    fn answer(&self, server: &Server, key_info: &[u8], ssl: &SslRef) -> Result<Option<Vec<u8>>, SslAlert> {
        let (now, received) = {
            let mut state = self.state();
            let Some(received) = state.received.take() else { return Ok(None) };
            (state.now, received)
        };
        let answer = || {
            let session = watch::session(ssl)?;
            let answer = server.answer(&received, &session, key_info, now, &mut SysRng);
            answer.map_err(|_| Fault::Randomness)
        };
        let answer = answer().map_err(|fault: Fault| self.end(Alert::INTERNAL_ERROR, fault))?;
        Ok(Some(answer.to_bytes()))
    }

    fn end(&self, alert: Alert, error: impl Into<ServerTicketError>) -> SslAlert {
        self.state().failure = Some(error.into());
        context::alert(alert)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<ErrorStack> for TicketServerError {
    fn from(stack: ErrorStack) -> Self {
        Self::OpenSsl(words(&stack))
    }
}

fn serve_tickets(context: &mut SslContextBuilder, server: Server, key_info: Vec<u8>) -> Result<(), ErrorStack> {
    let slot = SLOT.index()?;
    let server = Arc::new(server);
    let receiver = Arc::clone(&server);
    context.add_custom_ext(
        EXTENSION,
        ExtensionContext::CLIENT_HELLO | ExtensionContext::TLS1_3_ENCRYPTED_EXTENSIONS,
        move |ssl, place, _| match ssl.ex_data(slot) {
            Some(handshake) if !place.contains(ExtensionContext::CLIENT_HELLO) => {
                handshake.answer(&server, &key_info, ssl)
            }
            _ => Ok(None),
        },
        move |ssl, _, body, _| match ssl.ex_data(slot) {
            Some(handshake) => handshake.receive(&receiver, body),
            None => Err(SslAlert::INTERNAL_ERROR),
        },
    )
}

fn serve_tack(context: &mut SslContextBuilder, tack: Vec<u8>) -> Result<(), ErrorStack> {
    context.add_custom_ext(
        TackExtension::TYPE,
        ExtensionContext::CLIENT_HELLO | ExtensionContext::TLS1_3_CERTIFICATE,
        move |_, place, certificate| {
            let is_own = certificate.is_some_and(|(index, _)| index == 0);
            Ok((place.contains(ExtensionContext::TLS1_3_CERTIFICATE) && is_own).then(|| tack.clone()))
        },
        |_, _, _, _| Ok(()),
    )
}
