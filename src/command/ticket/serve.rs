//! `tack ticket serve`: TLS 1.3 with ticket pinning in front of a service.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Result;
use tack_openssl::TlsError;
use tack_openssl::ticket::{ServerTicketError, TicketServer};
use tack_ticket::{Lifetime, ServerRefusal, TicketFlaw};
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::block_in_place;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_openssl::SslStream;

use crate::cli::{Endpoint, TicketServe as Args};
use crate::clock::Clock;
use crate::dial::dial;
use crate::display::plain;
use crate::door::{Caller, Door};
use crate::log::{Level, Log};
use crate::message::{Usage, say};
use crate::relay::relay;
use crate::runtime::{self, EndSignals};
use crate::served_files::{Loaded, ServedFiles, Stamps, TackState};
use crate::tls_stream::TlsStream;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);
pub fn run(args: &Args, clock: Clock) -> Result<()> {
    let files = ServedFiles {
        chain: args.cert.clone(),
        key: args.key.clone(),
        ring: args.ring.clone(),
        tack: args.tack.clone(),
        lifetime: args.lifetime,
        is_ramping_down: args.ramp_down,
        proof: args.proof.into(),
    };
    files.check()?;
    if args.to.port.is_none() {
        return Err(Usage("--to: give the port of the service, as ADDRESS:PORT".to_owned()).into());
    }
    if args.lifetime < Lifetime::LEAST_IN_PRODUCTION {
        say("tack: warning: tickets last less than 7d, which RFC 8672 wants at least of servers in production");
    }
    runtime::run(serve(args, files, clock))
}

/// What all connections share.
struct Shared {
    server: RwLock<TicketServer>,
    service: Endpoint,
    clock: Clock,
    log: Log,
    timeout: Duration,
    idle: Duration,
}

async fn serve(args: &Args, files: ServedFiles, clock: Clock) -> Result<()> {
    let log = Log::new(clock);
    let mut ends = EndSignals::new()?;
    let mut reloads = signal(SignalKind::hangup())?;
    let mut reloader = Reloader::new(files, clock, log)?;
    let door = Door::open(args.listen, args.max_connections, log).await?;
    log.event(Level::Info, "listening", &[("address", &door.address()?), ("service", &args.to)]);
    reloader.tell();
    let shared = Arc::new(Shared {
        server: RwLock::new(reloader.loaded.server.clone()),
        service: args.to.clone(),
        clock,
        log,
        timeout: args.timeout,
        idle: args.idle,
    });
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = ends.next() => break,
            _ = looks.tick() => shared.take_up(reloader.look(false)),
            _ = reloads.recv() => shared.take_up(reloader.look(true)),
            caller = door.next() => drop(tokio::spawn(Arc::clone(&shared).connection(caller))),
        }
    }
    door.close(args.grace, &mut ends).await;
    Ok(())
}

/// The files, and what was made of them last.
struct Reloader {
    files: ServedFiles,
    stamps: Stamps,
    loaded: Loaded,
    clock: Clock,
    log: Log,
}

impl Reloader {
    fn new(files: ServedFiles, clock: Clock, log: Log) -> Result<Self> {
        // A file that changes after this look, and before it is read, has another stamp the next time.
        let stamps = files.stamps();
        let loaded = files.load(clock.now()?)?;
        Ok(Self { files, stamps, loaded, clock, log })
    }

    /// Reads the files if one of them has changed, if the tack has expired, or by force. Gives the new server, if there is one.
    fn look(&mut self, is_forced: bool) -> Option<TicketServer> {
        let stamps = block_in_place(|| self.files.stamps());
        let is_changed = stamps != self.stamps;
        if !(is_changed || is_forced || self.is_tack_expired()) {
            return None;
        }
        self.stamps = stamps;
        let loaded = self.clock.now().and_then(|now| block_in_place(|| self.files.load(now)));
        match loaded {
            Ok(loaded) => {
                self.loaded = loaded;
                self.log.event(Level::Info, "taken_up", &[]);
                self.tell();
                Some(self.loaded.server.clone())
            }
            Err(error) => {
                self.log.event(Level::Error, "not_taken_up", &[("reason", &format!("{error:#}"))]);
                None
            }
        }
    }

    fn is_tack_expired(&self) -> bool {
        match (&self.loaded.tack, self.clock.now()) {
            (TackState::Served(until), Ok(now)) => now.seconds() >= until.seconds(),
            _ => false,
        }
    }

    /// Says what clients miss.
    fn tell(&self) {
        if let TackState::LeftOut(reason) = &self.loaded.tack {
            self.log.event(Level::Warning, "tack_left_out", &[("reason", reason)]);
        }
        if !self.loaded.has_current_key {
            let reason = "every key of the ring waits still to be used: clients get no tickets";
            self.log.event(Level::Warning, "no_current_key", &[("reason", &reason)]);
        }
    }
}

impl Shared {
    fn take_up(&self, server: Option<TicketServer>) {
        if let Some(server) = server {
            *self.server.write().unwrap_or_else(PoisonError::into_inner) = server;
        }
    }

    async fn connection(self: Arc<Self>, caller: Caller) {
        let Some(mut tls) = self.shake_hands(caller.stream, caller.address).await else { return };
        let mut service = match timeout(self.timeout, dial(&self.service)).await {
            Ok(Ok(service)) => service,
            failed => {
                let reason = failed.map_or_else(|_| "no answer in time".to_owned(), |dialled| reason(dialled.err()));
                let values: [(&str, &dyn Display); 2] = [("service", &self.service), ("reason", &reason)];
                self.log.event(Level::Error, "service_unreachable", &values);
                return;
            }
        };
        if relay(&mut tls, &mut service, self.idle).await.is_err() {
            // The service must not take for an end what was cut off.
            let _ = service.set_zero_linger();
        }
    }

    async fn shake_hands(&self, stream: TcpStream, client: SocketAddr) -> Option<TlsStream> {
        let failed = |reason: &str| {
            let values: [(&str, &dyn Display); 2] = [("client", &client), ("reason", &reason)];
            self.log.event(Level::Info, "handshake_failed", &values);
        };
        let server = self.server.read().unwrap_or_else(PoisonError::into_inner).clone();
        let prepared = self.clock.now().and_then(|now| {
            let (ssl, handshake) = server.prepare(now)?;
            Ok((SslStream::new(ssl, stream)?, handshake))
        });
        let (mut tls, handshake) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                failed(&format!("{error:#}"));
                return None;
            }
        };
        match timeout(self.timeout, Pin::new(&mut tls).accept()).await {
            Ok(Ok(())) => return Some(TlsStream::new(tls)),
            Ok(Err(error)) => match handshake.failure() {
                Some(ServerTicketError::Refused(refusal)) => self.tell_refusal(client, &refusal),
                Some(other) => failed(&other.to_string()),
                None => failed(&handshake_reason(error.into())),
            },
            Err(_) => failed("no answer in time"),
        }
        None
    }

    /// RFC 8672, section 2.2: the server should log that it refuses a ticket.
    fn tell_refusal(&self, client: SocketAddr, refusal: &ServerRefusal) {
        let code = refusal.code();
        let key = match refusal {
            ServerRefusal::Ticket(TicketFlaw::UnknownKey(key) | TicketFlaw::Damaged(key)) => Some(key),
            _ => None,
        };
        let reason = refusal.to_string();
        let mut values: Vec<(&str, &dyn Display)> = vec![("client", &client), ("code", &code)];
        if let Some(key) = &key {
            values.push(("key", key));
        }
        values.push(("reason", &reason));
        self.log.event(Level::Warning, "ticket_refused", &values);
    }
}

fn reason(error: Option<io::Error>) -> String {
    error.as_ref().map(plain).unwrap_or_default()
}

/// Why a handshake failed that has nothing to do with tickets.
fn handshake_reason(error: TlsError) -> String {
    match error {
        TlsError::Alert(alert) => format!("the client ended the handshake with the alert {alert}"),
        TlsError::Closed | TlsError::Broken(_) => "the client closed the connection".to_owned(),
        TlsError::NotTls => "the client does not speak TLS".to_owned(),
        error => error.to_string(),
    }
}
