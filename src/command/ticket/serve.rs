//! `tack ticket serve`: TLS 1.3 with ticket pinning in front of a service.

use std::fmt::Display;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::{Context, Result};
use tack_openssl::TlsError;
use tack_openssl::ticket::{ServerTicketError, TicketServer};
use tack_ticket::{Lifetime, ServerRefusal, TicketFlaw};
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;
use tokio_openssl::SslStream;

use crate::cli::{Endpoint, TicketServe as Args};
use crate::clock::Clock;
use crate::dial::{dial, reason};
use crate::door::{Caller, Door};
use crate::log::{Level, Log};
use crate::message::Usage;
use crate::relay::relay;
use crate::reloader::Reloader;
use crate::runtime::{self, EndSignals};
use crate::served_files::ServedFiles;
use crate::tls_stream::TlsStream;

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
    let log = Log::new(clock).context("no thread can be had for the log")?;
    // From here on a signal to read the files again does not end the program; one that ends it does, until they are read.
    let reloads = signal(SignalKind::hangup())?;
    let reloader = Reloader::new(files, clock, log.clone())?;
    let mut ends = EndSignals::new()?;
    let door = Door::open(args.listen, args.max_connections, &log).await?;
    log.event(Level::Info, "listening", &[("address", &door.address()?), ("service", &args.to)]);
    if args.lifetime < Lifetime::LEAST_IN_PRODUCTION {
        let reason = "RFC 8672 wants 7d at least of servers in production";
        log.event(Level::Warning, "short_lifetime", &[("lifetime", &args.lifetime), ("reason", &reason)]);
    }
    reloader.tell();
    let shared = Arc::new(Shared {
        server: RwLock::new(reloader.server()),
        service: args.to.clone(),
        clock,
        log,
        timeout: args.timeout,
        idle: args.idle,
    });
    let taker = Arc::clone(&shared);
    tokio::spawn(reloader.run(reloads, move |server| taker.take_up(server)));
    loop {
        tokio::select! {
            () = ends.next() => break,
            caller = door.next() => drop(tokio::spawn(Arc::clone(&shared).connection(caller))),
        }
    }
    door.close(args.grace, &mut ends).await;
    Ok(())
}

impl Shared {
    fn take_up(&self, server: TicketServer) {
        *self.server.write().unwrap_or_else(PoisonError::into_inner) = server;
    }

    async fn connection(self: Arc<Self>, caller: Caller) {
        let Caller { stream, address, mut place } = caller;
        let Some(mut tls) = self.shake_hands(stream, address).await else { return };
        let mut service = match dial(&self.service, self.timeout).await {
            Ok(service) => service,
            Err(error) => {
                let values: [(&str, &dyn Display); 2] = [("service", &self.service), ("reason", &reason(&error))];
                self.log.stranger(Level::Error, "service_unreachable", &values);
                return;
            }
        };
        if relay(&mut tls, &mut service, self.idle, place.cut_off()).await.is_err() {
            // The service must not take for an end what was cut off.
            let _ = service.set_zero_linger();
        }
    }

    async fn shake_hands(&self, stream: TcpStream, client: SocketAddr) -> Option<TlsStream> {
        // What is no fault of the client's is an error.
        let failed = |level: Level, reason: &str| {
            let values: [(&str, &dyn Display); 2] = [("client", &client), ("reason", &reason)];
            self.log.stranger(level, "handshake_failed", &values);
        };
        let server = self.server.read().unwrap_or_else(PoisonError::into_inner).clone();
        let prepared = self.clock.now().and_then(|now| {
            let (ssl, handshake) = server.prepare(now)?;
            Ok((SslStream::new(ssl, stream)?, handshake))
        });
        let (mut tls, handshake) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                failed(Level::Error, &format!("{error:#}"));
                return None;
            }
        };
        match timeout(self.timeout, Pin::new(&mut tls).accept()).await {
            Ok(Ok(())) => return Some(TlsStream::new(tls)),
            Ok(Err(error)) => match handshake.failure() {
                Some(ServerTicketError::Refused(refusal)) => self.tell_refusal(client, &refusal),
                Some(other) => failed(Level::Error, &other.to_string()),
                None => failed(Level::Info, &handshake_reason(error.into())),
            },
            Err(_) => failed(Level::Info, "no answer in time"),
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
        self.log.stranger(Level::Warning, "ticket_refused", &values);
    }
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
