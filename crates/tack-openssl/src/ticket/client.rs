//! A client that pins.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openssl::ex_data::Index;
use openssl::ssl::{ExtensionContext, Ssl, SslAlert, SslContext, SslMethod, SslRef, SslVerifyMode};
use openssl::x509::{X509StoreContext, X509StoreContextRef, X509VerifyResult};
use tack_core::{Alert, HostName, Timestamp};
use tack_ticket::{ClientRefusal, EXTENSION, ProofKind, ServerMessage, Session, TicketPin, Visit, Welcome};

use crate::connector::{ConnectorError, Trust};
use crate::expected;
use crate::server_name::ServerName;
use crate::slot::Slot;
use crate::ticket::context;
use crate::ticket::fault::Fault;
use crate::ticket::watch;

/// A client of TLS 1.3 that pins servers by their tickets: built once, and shared by threads.
///
/// It asks every server for a ticket. A server that is pinned must prove, after chain and name were verified, or the handshake ends with
/// the alert handshake_failure.
#[derive(Clone)]
pub struct TicketClient {
    context: SslContext,
    verifies: bool,
    proof: ProofKind,
}

/// Builds a [`TicketClient`].
///
/// ```
/// use tack_openssl::Trust;
/// use tack_openssl::ticket::TicketClient;
///
/// let client = TicketClient::builder().trust(Trust::System).build()?;
/// # Ok::<(), tack_openssl::ConnectorError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TicketClientBuilder {
    trust: Trust,
    proof: ProofKind,
}

/// What becomes of one handshake of a client.
#[derive(Clone)]
pub struct ClientHandshake(Arc<Mutex<State>>);

/// Why a client goes no further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketError {
    /// The server does not keep what it promised, or cannot be understood. The client ended the handshake.
    #[error(transparent)]
    Refused(#[from] ClientRefusal),

    /// The fault is not the server's.
    #[error(transparent)]
    Fault(#[from] Fault),

    /// The handshake has not finished, or was not one of this client's.
    #[error("the handshake is not finished")]
    Unfinished,
}

struct State {
    visit: Visit,
    answer: Option<(ServerMessage, Session)>,
    outcome: Option<Result<Welcome, TicketError>>,
}

static SLOT: Slot<ClientHandshake> = Slot::new();

impl TicketClient {
    /// A builder of a client that trusts whom the system trusts, and wants proofs of RFC 8672.
    #[must_use]
    pub fn builder() -> TicketClientBuilder {
        TicketClientBuilder::default()
    }

    /// A connection to come to a server of this name, with its pin if there is one; a pin that has expired counts as none. Chain and name
    /// are verified as of `now`.
    ///
    /// # Errors
    /// [`Fault::OpenSsl`].
    pub fn prepare(
        &self,
        name: &HostName,
        pin: Option<TicketPin>,
        now: Timestamp,
    ) -> Result<(Ssl, ClientHandshake), Fault> {
        let mut ssl = Ssl::new(&self.context)?;
        watch::listen(&mut ssl)?;
        let name: ServerName =
            name.as_str().parse().map_err(|_| Fault::OpenSsl(format!("{name} is no name for TLS")))?;
        expected::expect(&mut ssl, &name, self.verifies.then_some(now))?;
        let visit = Visit::new(pin.filter(|pin| pin.is_valid(now)), self.proof);
        let handshake = ClientHandshake(Arc::new(Mutex::new(State { visit, answer: None, outcome: None })));
        ssl.set_ex_data(SLOT.index()?, handshake.clone());
        Ok((ssl, handshake))
    }
}

impl TicketClientBuilder {
    /// Sets who is trusted to certify servers.
    #[must_use]
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Sets how servers prove.
    #[must_use]
    pub fn proof(mut self, proof: ProofKind) -> Self {
        self.proof = proof;
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    /// Where the trust anchors cannot be read, or OpenSSL fails.
    pub fn build(&self) -> Result<TicketClient, ConnectorError> {
        let mut context = context::context(SslMethod::tls_client())?;
        let verifies = self.trust != Trust::Nothing;
        self.trust.add_to(&mut context)?;
        let (slot, ssl_slot) = (SLOT.index()?, X509StoreContext::ssl_idx()?);
        context.add_custom_ext(
            EXTENSION,
            ExtensionContext::CLIENT_HELLO | ExtensionContext::TLS1_3_ENCRYPTED_EXTENSIONS,
            move |ssl, place, _| {
                let message = || handshake(ssl, slot).map(|handshake| handshake.state().visit.message().to_bytes());
                Ok(place.contains(ExtensionContext::CLIENT_HELLO).then(message).flatten())
            },
            move |ssl, _, body, _| match handshake(ssl, slot) {
                Some(handshake) => handshake.receive(ssl, body),
                None => Err(SslAlert::INTERNAL_ERROR),
            },
        )?;
        // Also where nobody is trusted: the proof is judged here.
        context.set_verify_callback(SslVerifyMode::PEER, move |is_good, certificates| {
            if verifies && !is_good {
                return false;
            }
            if certificates.error_depth() > 0 {
                return true;
            }
            let handshake = certificates.ex_data(ssl_slot).and_then(|ssl| handshake(ssl, slot).cloned());
            let goes_on = handshake.is_some_and(|handshake| handshake.judge(certificates));
            if !goes_on {
                // OpenSSL's alert for this error is handshake_failure.
                certificates.set_error(X509VerifyResult::APPLICATION_VERIFICATION);
            }
            goes_on
        });
        Ok(TicketClient { context: context.build(), verifies, proof: self.proof })
    }
}

impl ClientHandshake {
    /// What a handshake that has finished came to. A new ticket counts from now on. It is said once.
    ///
    /// # Errors
    /// [`TicketError::Unfinished`] before the end of the handshake, and of another connection; else as [`failure`](Self::failure).
    pub fn finish(&self, ssl: &SslRef) -> Result<Welcome, TicketError> {
        let is_own =
            SLOT.index().ok().and_then(|slot| handshake(ssl, slot)).is_some_and(|own| Arc::ptr_eq(&own.0, &self.0));
        if !is_own || !ssl.is_init_finished() {
            return Err(TicketError::Unfinished);
        }
        let mut state = self.state();
        let outcome = state.outcome.take().unwrap_or(Err(TicketError::Unfinished));
        // The connection may last: it keeps no secret of its handshake, and none of the one before.
        *state = State { visit: Visit::new(None, ProofKind::default()), answer: None, outcome: None };
        outcome
    }

    /// Why this client ended the handshake; none if it did not, or because of chain and name.
    #[must_use]
    pub fn failure(&self) -> Option<TicketError> {
        self.state().outcome.as_ref().and_then(|outcome| outcome.as_ref().err().cloned())
    }

    fn receive(&self, ssl: &SslRef, body: &[u8]) -> Result<(), SslAlert> {
        let message = ServerMessage::from_bytes(body).map_err(ClientRefusal::from);
        let message = message.map_err(|refusal| self.end(refusal.alert(), refusal))?;
        let session = watch::session(ssl).map_err(|fault| self.end(Alert::INTERNAL_ERROR, fault))?;
        self.state().answer = Some((message, session));
        Ok(())
    }

    fn end(&self, alert: Alert, error: impl Into<TicketError>) -> SslAlert {
        self.state().outcome = Some(Err(error.into()));
        context::alert(alert)
    }

    /// Judges the server by its own certificate, and says whether the handshake may go on.
    fn judge(&self, certificates: &X509StoreContextRef) -> bool {
        let mut state = self.state();
        let key_info = certificates.current_cert().ok_or(Fault::Certificate).and_then(context::key_info);
        let outcome = match key_info {
            Err(fault) => Err(fault.into()),
            Ok(key_info) => {
                let answer = state.answer.as_ref().map(|(message, session)| (message, session));
                state.visit.judge(answer, &key_info).map_err(TicketError::from)
            }
        };
        let goes_on = outcome.is_ok();
        state.outcome = Some(outcome);
        goes_on
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn handshake(ssl: &SslRef, slot: Index<Ssl, ClientHandshake>) -> Option<&ClientHandshake> {
    ssl.ex_data(slot)
}
