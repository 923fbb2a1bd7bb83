//! What a `sign` and a `view` cost beside tackpy 0.9.7, and our rates of signatures beside OpenSSL's, in one run.
//!
//! `make bench` prints it; `make setup` fetches tackpy. tackpy computes in Python here, as it cannot use OpenSSL 3.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that cannot run has nothing to say"
)]

mod common;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Cost, children_cpu, make_certificate, measure_if_asked, run, tack, tackpy};
use tack_core::{Generations, Minute, SigningKey, Tack, TargetHash};

const ROUNDS: u32 = 5;
const OURS_PER_ROUND: u32 = 40;
const SIGNATURES: u32 = 20_000;

fn main() {
    if measure_if_asked() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).display().to_string();
    let (key, certificate, signed) = (file("KEY.pem"), file("CERT.pem"), file("TACK.pem"));
    make_certificate(&certificate, "/dev/null");
    run(tack().args(["genkey", "-p", "asdf", "--iterations", "8192", "-o", &key]));
    run(tack().args(["sign", "-k", &key, "-p", "asdf", "-c", &certificate, "-o", &signed]));

    let sign = ["sign", "-k", &key, "-p", "asdf", "-c", &certificate];
    let view = ["view", &signed];
    println!("memory of a sign: {} KiB", Cost::of(tack().args(sign)).peak);
    for (name, arguments) in [("sign, 8192 iterations", &sign[..]), ("view of a tack", &view[..])] {
        let ours = median(|| cpu(OURS_PER_ROUND, || run(tack().args(arguments))));
        print!("{name}: {:.2} ms of CPU", milliseconds(ours));
        match tackpy() {
            Some(_) => {
                let theirs = median(|| cpu(1, || run(tackpy().expect("it was there").args(arguments))));
                let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
                println!("; tackpy 0.9.7 in Python: {:.1} ms; ratio {ratio:.0}", milliseconds(theirs));
            }
            None => println!("; tackpy 0.9.7 is not there: run make setup"),
        }
    }

    let (sign, verify) = rates();
    println!("our sign {sign:.0}/s, verify {verify:.0}/s, on one core");
    let openssl =
        Command::new("openssl").args(["speed", "-seconds", "2", "ecdsap256"]).stderr(Stdio::null()).output().unwrap();
    let lines = String::from_utf8(openssl.stdout).unwrap();
    println!("OpenSSL:{}", lines.lines().last().unwrap_or_default());
}

/// Our own signatures a second: signed, and verified.
fn rates() -> (f64, f64) {
    let key = SigningKey::from_bytes(&[7; 32]).unwrap();
    let sign = |minute| Tack::sign(&key, Generations::default(), Minute::new(minute), TargetHash::of(b""));
    let start = Instant::now();
    let tacks: Vec<_> = (0..SIGNATURES).map(sign).collect();
    let signed = start.elapsed();
    let start = Instant::now();
    tacks.iter().for_each(|tack| tack.verify().unwrap());
    let verified = start.elapsed();
    (f64::from(SIGNATURES) / signed.as_secs_f64(), f64::from(SIGNATURES) / verified.as_secs_f64())
}

/// The CPU time that the children take on average, of user and system.
fn cpu(times: u32, child: impl Fn()) -> Duration {
    let before = children_cpu();
    (0..times).for_each(|_| child());
    (children_cpu() - before) / times
}

fn median(measure: impl Fn() -> Duration) -> Duration {
    let mut rounds: Vec<_> = (0..ROUNDS).map(|_| measure()).collect();
    rounds.sort();
    rounds[rounds.len() / 2]
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
