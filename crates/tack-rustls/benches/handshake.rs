//! What TACK adds to a handshake, and whether 64 threads share one store without waiting for each other.
//!
//!     cargo bench -p tack-rustls --bench handshake
//!
//! Costs are CPU times of one thread, and rates the best of several rounds, so that other work on the machine does not count.
#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey};
use rustix::time::{ClockId, clock_gettime};
use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tack_pin::{MemoryStore, PinStore};
use tack_rustls::{Requirement, TackVerifierBuilder};

use common::clock::Clock;
use common::{Ca, Kind, NAME, NOW, carrier, client, extension, handshake, signing_key};

const ROUNDS: usize = 25;
/// Handshakes, or verifications, of a round.
const OF_A_ROUND: u32 = 40;
const THREADS: usize = 64;
/// Handshakes of each of the threads in a round.
const OF_A_THREAD: usize = 16;
/// What a handshake may cost besides the verification, as a share of one without TACK.
const ALLOWANCE: f64 = 0.05;
/// How much less the rate may grow with a store than without one.
const SCALING: f64 = 0.10;

fn main() -> ExitCode {
    let (ca, kind) = (Ca::new(), Kind::of_one());
    let leaf = ca.issue(&[NAME]);
    let key = signing_key(1);
    let tacks = extension(vec![leaf.tack(&key)], 1);
    let server = Arc::new(leaf.server(&kind, vec![carrier(tacks.to_bytes())]));
    let with = |set: &dyn Fn(TackVerifierBuilder) -> TackVerifierBuilder| {
        Arc::new(client(&kind, set(ca.verifier(&kind)).build(), Clock::at(NOW)))
    };
    let store: Arc<dyn PinStore> = Arc::new(MemoryStore::default());
    let require = Requirement::new(key.public_key().fingerprint());
    let requiring = with(&|builder| builder.require(require.clone()));
    let pinning = with(&|builder| builder.require(require.clone()).pin_in(store.clone()));
    let is_cheap = cost(&without(&ca, &kind), &pinning, &server);
    let scales = scaling(&requiring, &pinning, &server);
    if is_cheap && scales { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A client that knows nothing of TACK, and resumes no session either.
fn without(ca: &Ca, kind: &Kind) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(ca.certificate.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&kind.provider))
        .with_protocol_versions(&[kind.version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.time_provider = Clock::at(NOW);
    Arc::new(config)
}

fn cost(without: &Arc<ClientConfig>, with: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> bool {
    let signing_key = SigningKey::from_slice(&[7; 32]).unwrap();
    let signature: Signature = signing_key.sign(b"a tack");
    let key = signing_key.verifying_key();
    let [mut verification, mut plain, mut tack] = [Duration::MAX; 3];
    for _ in 0..ROUNDS {
        verification = verification.min(cpu_time(|| black_box(key).verify(b"a tack", &signature).unwrap()));
        plain = plain.min(cpu_time(|| connect(without, server)));
        tack = tack.min(cpu_time(|| connect(with, server)));
    }
    let allowed = verification + plain.mul_f64(ALLOWANCE);
    let added = tack.saturating_sub(plain);
    let passes = added <= allowed;
    println!("a P-256 verification                 {verification:>9.1?}");
    println!("a handshake without TACK, both sides {plain:>9.1?}");
    println!("a handshake with pins and a key      {tack:>9.1?}");
    println!("{}: TACK adds {added:.1?}, {allowed:.1?} at most\n", verdict(passes));
    passes
}

fn scaling(without: &Arc<ClientConfig>, with: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> bool {
    let mut best = [[0.0_f64; 2]; 2];
    for _ in 0..ROUNDS {
        for (best, client) in best.iter_mut().zip([without, with]) {
            for (best, threads) in best.iter_mut().zip([1, THREADS]) {
                *best = best.max(rate(threads, client, server));
            }
        }
    }
    let growth = best.map(|[one, many]| many / one);
    for (what, [one, many]) in ["without a store", "with one store"].iter().zip(best) {
        println!("{what:<16} {one:>6.0}/s by 1 thread, {many:>6.0}/s by {THREADS}, grown {:.2} times", many / one);
    }
    let [without, with] = growth;
    let passes = with >= without * (1.0 - SCALING);
    let share = with / without;
    println!("{}: with the store the rate grows {share:.2} times as much, 0.90 at least", verdict(passes));
    passes
}

/// Handshakes in a second.
fn rate(threads: usize, client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> f64 {
    let each = OF_A_THREAD * THREADS / threads / if threads == 1 { 8 } else { 1 };
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..each).for_each(|_| connect(client, server)));
        }
    });
    let number = u32::try_from(each * threads).unwrap();
    f64::from(number) / start.elapsed().as_secs_f64()
}

fn connect(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) {
    handshake(client, server, NAME).client.unwrap();
}

/// The CPU time of a call by this thread, on average.
fn cpu_time(mut call: impl FnMut()) -> Duration {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
    };
    let start = now();
    (0..OF_A_ROUND).for_each(|_| call());
    (now() - start) / OF_A_ROUND
}

fn verdict(passes: bool) -> &'static str {
    if passes { "PASS" } else { "FAIL" }
}
