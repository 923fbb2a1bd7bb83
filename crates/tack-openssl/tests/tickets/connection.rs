//! Connections within the test, by a pair of sockets.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};

use openssl::ssl::{HandshakeError, Ssl, SslContextBuilder, SslStream};
use tack_openssl::TlsError;
use tack_openssl::ticket::{ServerHandshake, TicketClient, TicketError, TicketServer};
use tack_ticket::{TicketPin, Welcome};

use crate::now;

/// What came of a connection of both sides of this library.
pub struct Met {
    /// None is a failure that has nothing to do with tickets on this side.
    pub client: Result<Welcome, Option<TicketError>>,
    pub server: ServerHandshake,
    pub alert_to_client: Option<u8>,
    pub alert_to_server: Option<u8>,
}

/// What came of a connection to another server, and the alert that it received.
pub struct MetOther {
    pub client: Result<Welcome, Option<TicketError>>,
    pub alert: Option<u8>,
}

pub fn meet(client: &TicketClient, server: &TicketServer, name: &str, pin: Option<TicketPin>) -> Met {
    let (here, handshake, acceptor) = listen(server);
    let (result, alert_to_client) = visit(client, here, name, pin);
    Met { client: result, server: handshake, alert_to_client, alert_to_server: acceptor.join().unwrap() }
}

pub fn meet_other(client: &TicketClient, server: SslContextBuilder, name: &str, pin: Option<TicketPin>) -> MetOther {
    let (here, there) = UnixStream::pair().unwrap();
    let ssl = Ssl::new(&server.build()).unwrap();
    let acceptor = thread::spawn(move || accept(ssl, there));
    let (client, _) = visit(client, here, name, pin);
    MetOther { client, alert: acceptor.join().unwrap() }
}

/// A client of its own reads what the server sends, to the end.
pub fn read_from(server: &TicketServer, client: Ssl) -> Result<Vec<u8>, ()> {
    let (here, _, acceptor) = listen(server);
    let mut stream = client.connect(here).map_err(drop)?;
    let mut bytes = vec![0; 5];
    stream.read_exact(&mut bytes).map_err(drop)?;
    drop(stream);
    acceptor.join().unwrap();
    Ok(bytes)
}

/// A connection that stays.
pub fn connect(client: &TicketClient, server: &TicketServer, name: &str) -> SslStream<UnixStream> {
    let (here, _, acceptor) = listen(server);
    let (ssl, _) = client.prepare(&name.parse().unwrap(), None, now()).unwrap();
    let stream = ssl.connect(here).unwrap();
    acceptor.join().unwrap();
    stream
}

/// A server that accepts one client at the other end, and gives the alert that it receives.
pub fn listen(server: &TicketServer) -> (UnixStream, ServerHandshake, JoinHandle<Option<u8>>) {
    let (here, there) = UnixStream::pair().unwrap();
    let (ssl, handshake) = server.prepare(now()).unwrap();
    (here, handshake, thread::spawn(move || accept(ssl, there)))
}

/// A stream that gives a byte at a time, and has none yet before each, when something else is done within the read.
pub struct Drip {
    stream: UnixStream,
    has_byte: bool,
    meanwhile: Box<dyn FnMut()>,
}

/// A handshake byte by byte, as far as it has come.
pub type Dripping = Result<SslStream<Drip>, HandshakeError<Drip>>;

impl Drip {
    pub fn new(stream: UnixStream, meanwhile: impl FnMut() + 'static) -> Self {
        Self { stream, has_byte: true, meanwhile: Box::new(meanwhile) }
    }
}

impl Read for Drip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.has_byte = !self.has_byte;
        if self.has_byte {
            return self.stream.read(&mut buffer[..1]);
        }
        (self.meanwhile)();
        Err(ErrorKind::WouldBlock.into())
    }
}

impl Write for Drip {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Goes on until the next pause, or to the end.
pub fn step(handshake: Dripping) -> Dripping {
    match handshake {
        Err(HandshakeError::WouldBlock(middle)) => middle.handshake(),
        over => over,
    }
}

fn visit(
    client: &TicketClient,
    stream: UnixStream,
    name: &str,
    pin: Option<TicketPin>,
) -> (Result<Welcome, Option<TicketError>>, Option<u8>) {
    let (ssl, handshake) = client.prepare(&name.parse().unwrap(), pin, now()).unwrap();
    match ssl.connect(stream) {
        Ok(stream) => (handshake.finish(stream.ssl()).map_err(Some), None),
        Err(error) => (Err(handshake.failure()), alert(error)),
    }
}

/// Says hello, and gives the alert that came instead of the end of the handshake.
fn accept(ssl: Ssl, stream: UnixStream) -> Option<u8> {
    match ssl.accept(stream) {
        Ok(mut stream) => {
            let _ = stream.write_all(b"hello");
            None
        }
        Err(error) => alert(error),
    }
}

fn alert(error: HandshakeError<UnixStream>) -> Option<u8> {
    let HandshakeError::Failure(stream) = error else { return None };
    match TlsError::from(stream.error().ssl_error()?.clone()) {
        TlsError::Alert(alert) => Some(alert.number()),
        _ => None,
    }
}
