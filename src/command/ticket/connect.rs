//! `tack ticket connect`: a client that pins a server by its ticket.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow, bail};
use tack_core::Alert;
use tack_openssl::TlsError;
use tack_openssl::ticket::{TicketClient, TicketError};
use tack_ticket::{MemoryTickets, Origin, TicketStore, TicketStoreError, Welcome};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, copy, split, stdin, stdout};
use tokio::net::TcpStream;
use tokio::task::block_in_place;
use tokio::time::timeout;
use tokio_openssl::SslStream;

use crate::cli::{Endpoint, Host, TicketConnect as Args};
use crate::clock::Clock;
use crate::dial::{dial, reason};
use crate::display::{Shown, escape, plain};
use crate::door::{Caller, Door};
use crate::input::Inputs;
use crate::log::{Level, Log};
use crate::message::{Usage, say, warn};
use crate::output::stdout_failed;
use crate::relay::relay;
use crate::runtime::{self, EndSignals};
use crate::secrets::write_no_core;
use crate::store::Access;
use crate::tickets::{self, KIND};
use crate::tls_stream::TlsStream;
use crate::trust;

/// What is read at a time: a record of TLS holds as much.
const PIECE: usize = 16 << 10;
/// The most connections that are passed on at once.
const MAX_CONNECTIONS: u32 = 10_000;
/// When a connection that is passed on ends, as nothing comes.
const IDLE: Duration = Duration::from_secs(60 * 60);
/// How long connections that are passed on have, once the command is to end.
const GRACE: Duration = Duration::from_secs(30);
/// The wait for a goodbye to be sent.
const GOODBYE: Duration = Duration::from_secs(1);
/// What OpenSSL says of a chain to a CA that is not trusted: X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT up to
/// X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE.
const STRANGE_CA: RangeInclusive<i32> = 18..=21;

pub fn run(args: &Args, clock: Clock) -> Result<()> {
    let visitor = Visitor::new(args, clock)?;
    match args.listen {
        Some(address) => runtime::run(forward(Arc::new(visitor), address)),
        None => runtime::run(talk(&visitor)),
    }
}

/// Whoever visits the server.
struct Visitor {
    client: TicketClient,
    store: Box<dyn TicketStore>,
    /// The file of the store, if it is one.
    path: Option<PathBuf>,
    origin: Origin,
    route: Endpoint,
    timeout: Duration,
    clock: Clock,
    verifies: bool,
    is_verbose: bool,
}

impl Visitor {
    fn new(args: &Args, clock: Clock) -> Result<Self> {
        write_no_core();
        let Some(port) = args.server.port else {
            return Err(Usage(format!("{}: give the port too, as HOST:PORT", args.server)).into());
        };
        let Host::Name(name) = &args.server.host else {
            let advice = "an address has no ticket; give the host's name, and the address with --connect";
            return Err(Usage(format!("{}: {advice}", args.server)).into());
        };
        let mut route = args.connect.clone().unwrap_or_else(|| args.server.clone());
        route.port.get_or_insert(port);

        let trust = trust::trust(args.ca_file.as_deref(), args.insecure, &mut Inputs::default())?;
        let client = TicketClient::builder().trust(trust).proof(args.proof.into()).build();
        let client = client.map_err(|error| trust::refused(args.ca_file.as_deref(), &error))?;
        let path = KIND.path(args.tickets.as_deref());
        let store: Box<dyn TicketStore> = match &path {
            Some(path) => Box::new(tickets::open(path, Access::Create)?),
            None => Box::new(MemoryTickets::default()),
        };
        let (origin, is_verbose) = (Origin::tls(name.clone(), port), args.common.verbose > 0);
        Ok(Self {
            client,
            store,
            path,
            origin,
            route,
            timeout: args.timeout,
            clock,
            verifies: !args.insecure,
            is_verbose,
        })
    }

    /// Makes a connection to the server, which has proved who it is if it is pinned.
    async fn visit(&self) -> Result<TlsStream> {
        let host = self.host();
        let now = self.clock.now()?;
        let pin = block_in_place(|| self.store.find(&self.origin, now)).map_err(|error| self.store_failed(&error))?;
        let is_pinned = pin.is_some();
        let stream = dial(&self.route, self.timeout).await;
        let stream = stream.map_err(|error| anyhow!("{host}: no connection to {}: {}", self.route, reason(&error)))?;
        let (ssl, handshake) = self.client.prepare(&self.origin.name, pin, now)?;
        let mut tls = SslStream::new(ssl, stream).map_err(|_| anyhow!("{host}: OpenSSL takes no connection"))?;
        match timeout(self.timeout, Pin::new(&mut tls).connect()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(self.refused(handshake.failure(), &tls, error.into(), is_pinned)),
            Err(_) => bail!("{host}: no answer in time in the TLS handshake"),
        }
        self.welcomed(handshake.finish(tls.ssl())?)?;
        Ok(TlsStream::new(tls))
    }

    /// Keeps the new ticket. Where that cannot be done the old one stays, and the connection goes on.
    fn welcomed(&self, welcome: Welcome) -> Result<()> {
        let is_proved = welcome.is_proved();
        let now = self.clock.now()?;
        let pin = welcome.into_offer().map(|offer| offer.into_pin(now));
        if self.is_verbose {
            let who = if is_proved { "the server proved who it is" } else { "a first visit, nothing is proved" };
            let ticket = match &pin {
                Some(pin) => format!("the new ticket is good until {}", pin.expires()),
                None => "it gives no new ticket".to_owned(),
            };
            say(format_args!("tack: {}: {who}; {ticket}", self.host()));
        }
        let Some(pin) = pin else { return Ok(()) };
        let kept = block_in_place(|| match is_proved {
            true => self.store.keep(&self.origin, &pin, now),
            // Where another connection has met the server meanwhile, its ticket stays.
            false => self.store.add(&self.origin, &pin, now).map(drop),
        });
        if let Err(error) = kept {
            let why = format!("the new ticket of {} is not kept: {}", self.host(), escape(&error.to_string()));
            match &self.path {
                Some(path) => warn(path, why),
                None => say(format_args!("tack: warning: {why}")),
            }
        }
        Ok(())
    }

    /// What the user is told of a handshake that failed.
    fn refused(
        &self,
        failure: Option<TicketError>,
        tls: &SslStream<TcpStream>,
        error: TlsError,
        is_pinned: bool,
    ) -> Error {
        let host = self.host();
        let verification = tls.ssl().verify_result();
        match (failure, error) {
            (Some(TicketError::Refused(refusal)), _) if is_pinned => self.impostor(&refusal.to_string()),
            (Some(failure), _) => anyhow!("{host}: {failure}"),
            (None, TlsError::Alert(alert)) if is_pinned && alert == Alert::HANDSHAKE_FAILURE => {
                self.impostor(&format!(
                    "the server ended the TLS handshake with the alert {alert}, as one that cannot open its ticket"
                ))
            }
            (None, _) if self.verifies && verification.as_raw() != 0 => {
                let is_of_strange_ca = STRANGE_CA.contains(&verification.as_raw());
                let advice = if is_of_strange_ca { "; if its CA is your own, give --ca-file" } else { "" };
                anyhow!("{host}: the certificate is refused: {}{advice}", verification.error_string())
            }
            (None, error) => anyhow!("{host}: {}", escape(&error.to_string())),
        }
    }

    /// What the user can do about a server that does not prove who it is.
    fn impostor(&self, what: &str) -> Error {
        let host = self.host();
        let forget = match &self.path {
            Some(path) => {
                format!("\"tack ticket forget --tickets {} {host}\" makes the next visit a first one", Shown(path))
            }
            None => "end this command, and start it again".to_owned(),
        };
        anyhow!("{host}: {what}; it is an impostor, or has lost its keys. If you know that it has, {forget}")
    }

    fn store_failed(&self, error: &TicketStoreError) -> Error {
        match &self.path {
            Some(path) => tickets::failed(path, error),
            None => anyhow!("{error}"),
        }
    }

    fn host(&self) -> String {
        format!("{}:{}", self.origin.name, self.origin.port)
    }
}

/// Sends standard input, and prints what comes, until the server closes the connection. The end of standard input is not sent: many
/// servers would take it for the end of all.
async fn talk(visitor: &Visitor) -> Result<()> {
    let (mut from, mut to) = split(visitor.visit().await?);
    let send = async {
        // What cannot be sent is seen by what is received.
        let _ = copy(&mut stdin(), &mut to).await;
        pending::<()>().await;
    };
    let host = visitor.host();
    let received = tokio::select! {
        received = print_all(&mut from, &host) => received,
        () = send => Ok(()),
    };
    let _ = timeout(GOODBYE, from.unsplit(to).shutdown()).await;
    received
}

async fn print_all(from: &mut (impl AsyncRead + Unpin), host: &str) -> Result<()> {
    let mut out = stdout();
    let mut buffer = vec![0; PIECE];
    loop {
        let number = from.read(&mut buffer).await.map_err(|error| cut_off(host, &error))?;
        let Some(piece) = buffer.get(..number).filter(|piece| !piece.is_empty()) else { return Ok(()) };
        out.write_all(piece).await.map_err(stdout_failed)?;
        out.flush().await.map_err(stdout_failed)?;
    }
}

fn cut_off(host: &str, error: &io::Error) -> Error {
    let why = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the server did not close it as TLS has it".to_owned(),
        _ => plain(error),
    };
    anyhow!("{host}: the connection was cut off: {why}; what came may not be all")
}

/// Passes on each connection to a local address, until a signal ends that.
async fn forward(visitor: Arc<Visitor>, address: SocketAddr) -> Result<()> {
    let log = Log::new(visitor.clock).context("no thread can be had for the log")?;
    let mut ends = EndSignals::new()?;
    let door = Door::open(address, MAX_CONNECTIONS, &log).await?;
    log.event(Level::Info, "listening", &[("address", &door.address()?), ("server", &visitor.host())]);
    loop {
        tokio::select! {
            () = ends.next() => break,
            caller = door.next() => drop(tokio::spawn(pass_on(Arc::clone(&visitor), caller, log.clone()))),
        }
    }
    door.close(GRACE, &mut ends).await;
    Ok(())
}

async fn pass_on(visitor: Arc<Visitor>, caller: Caller, log: Log) {
    let Caller { mut stream, address, mut place } = caller;
    let passed = match visitor.visit().await {
        Ok(mut tls) => {
            relay(&mut tls, &mut stream, IDLE, place.cut_off()).await.map_err(|error| cut_off(&visitor.host(), &error))
        }
        Err(error) => Err(error),
    };
    if let Err(error) = passed {
        let reason = format!("{error:#}");
        log.event(Level::Error, "connection_failed", &[("client", &address), ("reason", &reason)]);
        // The program must not take for an end what was cut off.
        let _ = stream.set_zero_linger();
    }
}
