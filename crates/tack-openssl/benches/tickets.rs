//! What ticket pinning adds to a handshake of TLS 1.3, in CPU time of each side: at most a tenth.
//!
//! Each kind of handshake is made many times, in short turns, by two threads and a pair of sockets. The server is pinned: its client sends a
//! ticket, checks the proof and gets a new ticket. The handshake to compare with has the same certificate, group and suite, on contexts
//! of OpenSSL's own. Each turn is compared with the one before it, so that a machine which is slower for a while is so for both; the
//! median of these ratios counts.
//!
//! With `--strict` it exits with 1 if a goal is missed. The goals are for a machine that has nothing else to do.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench prints, and fails by panicking")]

#[allow(dead_code, reason = "the tests of the probe use all of it")]
#[path = "../tests/probe/certificate.rs"]
mod certificate;

use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use getrandom::SysRng;
use openssl::ssl::{Ssl, SslContext, SslContextBuilder, SslMethod, SslOptions, SslVerifyMode, SslVersion};
use openssl::x509::verify::X509CheckFlags;
use rustix::time::{ClockId, clock_gettime};
use tack_core::Timestamp;
use tack_openssl::Trust;
use tack_openssl::ticket::{TicketClient, TicketServer};
use tack_ticket::{KeyRing, Lifetime, ProtectionKey, Server, TicketPin};

use crate::certificate::{Identity, NOW, Plan, ec, root, rsa};

const NAME: &str = "host.example";
/// How many handshakes are one turn, and how many turns each kind has.
const TURN: u32 = 20;
const TURNS: usize = 150;
const MOST: f64 = 1.10;

fn main() -> ExitCode {
    let root = root();
    let mut is_good = true;
    for (what, key) in [("P-256", ec("P-256")), ("RSA 2048", rsa(2048))] {
        let identity = Plan::default().issue(key, Some(&root));
        let mut plain = Plain::new(&root, &identity);
        let mut pinned = Pinned::new(&root, &identity);
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..TURNS {
            times[0].push(turn(&mut plain));
            times[1].push(turn(&mut pinned));
        }
        for (side, name) in [(0, "client"), (1, "server")] {
            let [without, with] =
                [&times[0], &times[1]].map(|times: &Vec<[f64; 2]>| times.iter().map(move |sides| sides[side]));
            let ratio = median(with.clone().zip(without.clone()).map(|(with, without)| with / without));
            let [with, without] = [median(with), median(without)].map(|seconds| seconds * 1e6);
            let verdict = if ratio <= MOST { "PASS" } else { "FAIL" };
            is_good &= ratio <= MOST;
            println!(
                "{verdict}: {what}, {name}: {with:.0} us pinned, {without:.0} us without, {ratio:.3} times, {MOST} at most"
            );
        }
    }
    let is_strict = std::env::args().any(|argument| argument == "--strict");
    if !is_strict || is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A kind of handshake.
trait Kind {
    fn prepare(&mut self) -> (Ssl, Ssl);
    fn finish(&mut self, ssl: &openssl::ssl::SslRef);
}

/// The CPU time of client and server for one handshake, in seconds.
fn turn(kind: &mut dyn Kind) -> [f64; 2] {
    let (to_server, from_client): (Sender<(Ssl, UnixStream)>, Receiver<_>) = channel();
    let server = thread::spawn(move || {
        let mut time = Duration::ZERO;
        for (ssl, stream) in from_client {
            let start = cpu();
            let stream = ssl.accept(stream).unwrap();
            time += cpu() - start;
            drop(stream);
        }
        time
    });
    let mut time = Duration::ZERO;
    for _ in 0..TURN {
        let (here, there) = UnixStream::pair().unwrap();
        let (client, server) = kind.prepare();
        to_server.send((server, there)).unwrap();
        let start = cpu();
        let stream = client.connect(here).unwrap();
        kind.finish(stream.ssl());
        time += cpu() - start;
    }
    drop(to_server);
    [time, server.join().unwrap()].map(|time| time.as_secs_f64() / f64::from(TURN))
}

/// The CPU time of this thread.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

struct Plain {
    client: SslContext,
    server: SslContext,
}

impl Plain {
    fn new(root: &Identity, identity: &Identity) -> Self {
        let context = |method| {
            let mut context = SslContextBuilder::new(method).unwrap();
            context.set_min_proto_version(Some(SslVersion::TLS1_3)).unwrap();
            context.set_groups_list("X25519:P-256:P-384").unwrap();
            context.set_options(SslOptions::NO_TICKET);
            context.set_num_tickets(0).unwrap();
            context
        };
        let mut client = context(SslMethod::tls_client());
        client.cert_store_mut().add_cert(root.certificate.clone()).unwrap();
        client.set_verify(SslVerifyMode::PEER);
        let mut server = context(SslMethod::tls_server());
        server.set_certificate(&identity.certificate).unwrap();
        server.set_private_key(&identity.key).unwrap();
        Self { client: client.build(), server: server.build() }
    }
}

impl Kind for Plain {
    fn prepare(&mut self) -> (Ssl, Ssl) {
        let mut client = Ssl::new(&self.client).unwrap();
        client.set_hostname(NAME).unwrap();
        client.param_mut().set_host(NAME).unwrap();
        client.param_mut().set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS);
        client.param_mut().set_time(NOW);
        (client, Ssl::new(&self.server).unwrap())
    }

    fn finish(&mut self, _: &openssl::ssl::SslRef) {}
}

struct Pinned {
    client: TicketClient,
    server: TicketServer,
    pin: Option<TicketPin>,
    handshake: Option<tack_openssl::ticket::ClientHandshake>,
}

impl Pinned {
    fn new(root: &Identity, identity: &Identity) -> Self {
        let ring = KeyRing::new(ProtectionKey::generate(&mut SysRng).unwrap(), now());
        let key = identity.key.private_key_to_pem_pkcs8().unwrap();
        let chain = identity.pem();
        let server = TicketServer::builder(Server::new(ring, Lifetime::MAX), &chain, &key).build().unwrap();
        let client = TicketClient::builder().trust(Trust::Certificates(root.pem())).build().unwrap();
        Self { client, server, pin: None, handshake: None }
    }
}

impl Kind for Pinned {
    fn prepare(&mut self) -> (Ssl, Ssl) {
        let (client, handshake) = self.client.prepare(&NAME.parse().unwrap(), self.pin.clone(), now()).unwrap();
        self.handshake = Some(handshake);
        (client, self.server.prepare(now()).unwrap().0)
    }

    fn finish(&mut self, ssl: &openssl::ssl::SslRef) {
        let welcome = self.handshake.take().unwrap().finish(ssl).ok().unwrap();
        assert_eq!(welcome.is_proved(), self.pin.is_some());
        self.pin = welcome.into_offer().map(|offer| offer.into_pin(now()));
    }
}

fn now() -> Timestamp {
    Timestamp::new(NOW)
}
