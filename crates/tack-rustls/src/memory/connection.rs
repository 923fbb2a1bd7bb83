//! A connection whose bytes come from, and go to, whoever holds it.

use std::fmt;
use std::io::{Read, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::server::{Accepted, AcceptedAlert, Acceptor};
use rustls::{AlertDescription, CipherSuite, ProtocolVersion};
use tack_pin::Judgement;

use super::alert::AlertLevel;
use super::error::{TlsError, check_level};
use super::server_certificates::CertificateChainCallback;
use super::server_settings::ServerSettings;
use super::verify::{Verify, VerifyFn};

/// The bytes that a server keeps while the chain for a name is looked for: a ClientHello is followed by nothing that an
/// honest client sends, but early data.
const MAX_WAITING: usize = 64 << 10;

/// Takes what goes to the wire.
type WriteToWire = Box<dyn FnMut(&[u8]) + Send>;
/// Is told when the wire is to be closed, and whether at once.
type WireClose = Box<dyn FnMut(bool) + Send>;

/// A TLS connection. Bytes from the wire and from the application are handed to it, in pieces of any size; what goes to
/// the wire, it hands to the function that it was started with.
///
/// After an error that invalidates it, every call gives [`TlsError::Invalidated`].
pub struct Connection {
    state: State,
    write_to_wire: WriteToWire,
    wire_close: WireClose,
    verify: Verify,
    failure: Arc<Mutex<Option<TlsError>>>,
    /// What the application sent before there was a connection to send it on.
    waiting: Vec<u8>,
    is_finished: bool,
    peer_has_closed: bool,
    is_closed: bool,
}

/// How far it has come.
enum State {
    /// A server waits for the rest of the ClientHello.
    Accepting(Box<Acceptor>, ServerSettings),
    /// A server waits for the chain, and keeps what comes from the wire.
    Choosing(Box<Accepted>, ServerSettings, CertificateChainCallback, Vec<u8>),
    /// rustls has it.
    Tls(Box<rustls::Connection>),
    /// An error has made it invalid.
    Invalidated,
}

/// What is common to the start of either side.
pub(super) struct Start {
    write_to_wire: WriteToWire,
    wire_close: WireClose,
    pub(super) verify: Verify,
    /// Why the certificates that a client was to show cannot be used.
    pub(super) failure: Arc<Mutex<Option<TlsError>>>,
}

impl Start {
    pub(super) fn new(write_to_wire: WriteToWire, wire_close: WireClose, verify: VerifyFn) -> Self {
        Self { write_to_wire, wire_close, verify: Verify::new(verify), failure: Arc::default() }
    }
}

impl Connection {
    pub(super) fn client(start: Start, connection: rustls::ClientConnection) -> Self {
        let mut started = Self::new(start, State::Tls(Box::new(without_limit(connection.into()))));
        started.flush();
        started
    }

    pub(super) fn server(start: Start, settings: ServerSettings) -> Self {
        Self::new(start, State::Accepting(Box::default(), settings))
    }

    fn new(Start { write_to_wire, wire_close, verify, failure }: Start, state: State) -> Self {
        let (waiting, is_finished, peer_has_closed, is_closed) = (Vec::new(), false, false, false);
        Self { state, write_to_wire, wire_close, verify, failure, waiting, is_finished, peer_has_closed, is_closed }
    }

    /// Takes bytes that came from the wire, in pieces of any size, and gives the application's bytes in them. What TLS has
    /// to answer goes to the wire.
    ///
    /// # Errors
    /// [`TlsError::TlsAlert`], [`TlsError::BadTlsData`], [`TlsError::Tack`], [`TlsError::Refused`] and, of a client's certificates,
    /// [`TlsError::NoCertificateChain`] and the like: each invalidates the connection. [`TlsError::Invalidated`] after that.
    pub fn data_from_wire(&mut self, input: &[u8]) -> Result<Vec<u8>, TlsError> {
        if matches!(self.state, State::Invalidated) {
            return Err(TlsError::Invalidated);
        }
        let mut plaintext = Vec::new();
        let mut input = input;
        let mut outcome = Ok(());
        while outcome.is_ok() && !input.is_empty() {
            outcome = self.take(&mut input, &mut plaintext);
        }
        self.end_turn(outcome, plaintext)
    }

    /// Goes on if the chain for the name that the client asked for has been found meanwhile. Does nothing else.
    ///
    /// # Errors
    /// Those of [`data_from_wire`](Self::data_from_wire).
    pub fn proceed(&mut self) -> Result<Vec<u8>, TlsError> {
        if matches!(self.state, State::Invalidated) {
            return Err(TlsError::Invalidated);
        }
        let mut plaintext = Vec::new();
        let kept = self.choose();
        let outcome = kept.and_then(|kept| {
            let mut input = &kept[..];
            // rustls has read the first of them with the ClientHello.
            self.process(&mut plaintext)?;
            while !input.is_empty() {
                self.take(&mut input, &mut plaintext)?;
            }
            Ok(())
        });
        self.end_turn(outcome, plaintext)
    }

    /// Takes bytes of the application, which go to the wire once the handshake is done.
    ///
    /// # Errors
    /// [`TlsError::Invalidated`]; [`TlsError::Finished`] after [`application_finished`](Self::application_finished).
    pub fn data_from_application(&mut self, output: &[u8]) -> Result<(), TlsError> {
        match &mut self.state {
            State::Invalidated => return Err(TlsError::Invalidated),
            _ if self.is_finished => return Err(TlsError::Finished),
            State::Tls(connection) if !connection.is_handshaking() => write(connection, output),
            _ => self.waiting.extend_from_slice(output),
        }
        self.flush();
        Ok(())
    }

    /// Sends an alert. close_notify is [`application_finished`](Self::application_finished). rustls sends the other alerts
    /// itself, where TLS asks for them, and in a verify function by [`Handshake::send_alert`](super::Handshake::send_alert);
    /// it has no way to send one at any other time. So any other alert ends the connection without a word to the peer.
    ///
    /// # Errors
    /// [`TlsError::InvalidAlertLevel`] if TLS does not give the alert this level, [`TlsError::Invalidated`], and
    /// [`TlsError::AlertUnavailable`], which invalidates the connection.
    pub fn send_alert(&mut self, code: AlertDescription, level: Option<AlertLevel>) -> Result<(), TlsError> {
        if matches!(self.state, State::Invalidated) {
            return Err(TlsError::Invalidated);
        }
        check_level(code, level)?;
        if code == AlertDescription::CloseNotify {
            self.application_finished();
            return Ok(());
        }
        self.fail(TlsError::AlertUnavailable(code))
    }

    /// Says that the application sends no more: a close_notify follows what it sent. What the peer sends is still taken.
    pub fn application_finished(&mut self) {
        self.is_finished = true;
        self.flush();
        self.close_if_over();
    }

    /// Says that the transport has ended.
    ///
    /// # Errors
    /// [`TlsError::Truncated`] if the peer has not closed the connection before: what came may not be all. That invalidates
    /// the connection. [`TlsError::Invalidated`] after an earlier error.
    pub fn wire_ended(&mut self) -> Result<(), TlsError> {
        match &self.state {
            State::Invalidated => Err(TlsError::Invalidated),
            _ if self.peer_has_closed() => Ok(()),
            _ => self.fail(TlsError::Truncated),
        }
    }

    /// Whether the peer closed the connection properly, by close_notify.
    #[must_use]
    pub fn peer_has_closed(&self) -> bool {
        self.peer_has_closed
    }

    /// Whether the handshake is not over.
    #[must_use]
    pub fn is_handshaking(&self) -> bool {
        match &self.state {
            State::Tls(connection) => connection.is_handshaking(),
            State::Invalidated => false,
            _ => true,
        }
    }

    /// What TACK has decided of the server, if the client asks it; none before the certificates are there.
    #[must_use]
    pub fn judgement(&self) -> Option<Judgement> {
        self.verify.judgement()
    }

    /// The cipher suite, once it is agreed on.
    #[must_use]
    pub fn cipher_suite(&self) -> Option<CipherSuite> {
        self.tls()?.negotiated_cipher_suite().map(|suite| suite.suite())
    }

    /// The version of TLS, once it is agreed on.
    #[must_use]
    pub fn version(&self) -> Option<ProtocolVersion> {
        self.tls()?.protocol_version()
    }

    fn tls(&self) -> Option<&rustls::Connection> {
        match &self.state {
            State::Tls(connection) => Some(connection),
            _ => None,
        }
    }

    /// Takes some of the input.
    fn take(&mut self, input: &mut &[u8], plaintext: &mut Vec<u8>) -> Result<(), TlsError> {
        match &mut self.state {
            State::Accepting(acceptor, _) => {
                acceptor.read_tls(input).map_err(|error| bad(error.to_string()))?;
                return self.accept(plaintext);
            }
            State::Choosing(_, _, _, kept) => {
                if kept.len().saturating_add(input.len()) > MAX_WAITING {
                    return Err(bad("too much data before the handshake".to_owned()));
                }
                kept.extend_from_slice(mem::take(input));
                return Ok(());
            }
            State::Tls(connection) => {
                // After close_notify nothing counts.
                if connection.read_tls(input).map_err(|error| bad(error.to_string()))? == 0 {
                    *input = &[];
                }
            }
            State::Invalidated => return Err(TlsError::Invalidated),
        }
        self.process(plaintext)
    }

    /// Asks for the chain once the ClientHello is there, and goes on if it is found at once.
    fn accept(&mut self, plaintext: &mut Vec<u8>) -> Result<(), TlsError> {
        let State::Accepting(acceptor, settings) = &mut self.state else { return Ok(()) };
        let accepted = match acceptor.accept() {
            Ok(None) => return Ok(()),
            Ok(Some(accepted)) => accepted,
            Err((error, alert)) => return Err(self.not_accepted(error, alert)),
        };
        let settings = settings.clone();
        let callback = CertificateChainCallback::new();
        let name = accepted.client_hello().server_name().map(str::to_owned);
        let certificates = Arc::clone(&settings.certificates);
        self.state = State::Choosing(Box::new(accepted), settings, callback.clone(), Vec::new());
        certificates.certificate_chain_for_server_name(name.as_deref(), callback);
        self.choose()?;
        self.process(plaintext)
    }

    /// Goes on with the chain that was found, if it was. Gives what came from the wire meanwhile.
    fn choose(&mut self) -> Result<Vec<u8>, TlsError> {
        let State::Choosing(_, _, callback, _) = &self.state else { return Ok(Vec::new()) };
        let Some(chain) = callback.take() else { return Ok(Vec::new()) };
        let State::Choosing(accepted, settings, _, kept) = mem::replace(&mut self.state, State::Invalidated) else {
            return Ok(Vec::new());
        };
        let config = settings.config(chain, self.verify.clone())?;
        match accepted.into_connection(config) {
            Ok(connection) => self.state = State::Tls(Box::new(without_limit(connection.into()))),
            Err((error, alert)) => return Err(self.not_accepted(error, alert)),
        }
        Ok(kept)
    }

    /// Hands an alert to the wire where there is no connection yet that would.
    fn not_accepted(&mut self, error: rustls::Error, mut alert: AcceptedAlert) -> TlsError {
        let mut bytes = Vec::new();
        alert.write_all(&mut bytes).expect("memory takes what is written");
        (self.write_to_wire)(&bytes);
        TlsError::BadTlsData(error)
    }

    /// Has rustls work on what it has read, and takes the plaintext.
    fn process(&mut self, plaintext: &mut Vec<u8>) -> Result<(), TlsError> {
        let State::Tls(connection) = &mut self.state else { return Ok(()) };
        let processed = connection.process_new_packets();
        // What came before the fault is the peer's word, but nobody can tell whether it is all of it.
        let io = processed.map_err(|error| match (self.verify.take_error(), error) {
            (Some(error), _) => error,
            (None, rustls::Error::AlertReceived(code)) => TlsError::TlsAlert { code, level: AlertLevel::of(code) },
            (None, error) => TlsError::BadTlsData(error),
        })?;
        if let Some(error) = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(error);
        }
        self.peer_has_closed |= io.peer_has_closed();
        let start = plaintext.len();
        plaintext.resize(start + io.plaintext_bytes_to_read(), 0);
        let place = plaintext.get_mut(start..).expect("the buffer was made longer");
        connection.reader().read_exact(place).map_err(|error| bad(error.to_string()))
    }

    /// Hands to the wire what a call has led to, and gives the application's bytes.
    fn end_turn(&mut self, outcome: Result<(), TlsError>, plaintext: Vec<u8>) -> Result<Vec<u8>, TlsError> {
        outcome.or_else(|error| self.fail(error))?;
        self.flush();
        self.close_if_over();
        Ok(plaintext)
    }

    /// Hands to the wire all that there is for it: what waited for the handshake to end comes first.
    fn flush(&mut self) {
        let State::Tls(connection) = &mut self.state else { return };
        if !connection.is_handshaking() {
            write(connection, &mem::take(&mut self.waiting));
            if self.is_finished {
                connection.send_close_notify();
            }
        }
        while connection.wants_write() {
            let mut bytes = Vec::new();
            if connection.write_tls(&mut bytes).is_err() {
                break;
            }
            (self.write_to_wire)(&bytes);
        }
    }

    /// Closes the wire when both sides have closed. In TLS 1.2 the peer's close_notify closes this side too (RFC 5246,
    /// section 7.2.1); in TLS 1.3 it does not (RFC 8446, section 6.1).
    fn close_if_over(&mut self) {
        if !self.peer_has_closed() || self.is_closed {
            return;
        }
        if self.version() == Some(ProtocolVersion::TLSv1_2) {
            self.is_finished = true;
            self.flush();
        }
        if self.is_finished {
            self.is_closed = true;
            (self.wire_close)(false);
        }
    }

    /// Hands the alert to the wire that rustls has made of an error, and makes the connection invalid.
    fn fail<T>(&mut self, error: TlsError) -> Result<T, TlsError> {
        self.is_finished = false;
        self.waiting.clear();
        self.flush();
        self.state = State::Invalidated;
        if !self.is_closed {
            self.is_closed = true;
            (self.wire_close)(true);
        }
        Err(error)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (version, cipher_suite) = (self.version(), self.cipher_suite());
        f.debug_struct("Connection")
            .field("version", &version)
            .field("cipher_suite", &cipher_suite)
            .field("is_handshaking", &self.is_handshaking())
            .finish_non_exhaustive()
    }
}

fn without_limit(mut connection: rustls::Connection) -> rustls::Connection {
    // What the application sends is its own, and goes to the wire at once.
    connection.set_buffer_limit(None);
    connection
}

fn write(connection: &mut rustls::Connection, output: &[u8]) {
    connection.writer().write_all(output).expect("a buffer without a limit takes everything");
}

fn bad(why: String) -> TlsError {
    TlsError::BadTlsData(rustls::Error::General(why))
}
