//! What a `sign` and a `view` cost beside tackpy 0.9.7, and our rates of signatures beside OpenSSL's, in one run.
//!
//! `make bench` prints it; `make setup` fetches tackpy. tackpy computes in Python here, as it cannot use OpenSSL 3.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that cannot run has nothing to say"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use tack_core::{Generations, Minute, SigningKey, Tack, TargetHash};

const ROUNDS: u32 = 5;
const OURS_PER_ROUND: u32 = 40;
const SIGNATURES: u32 = 20_000;

fn main() {
    let tack = env!("CARGO_BIN_EXE_tack");
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).display().to_string();
    let (key, certificate, signed) = (file("KEY.pem"), file("CERT.pem"), file("TACK.pem"));
    run(Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=www.example.com"])
        .args(["-keyout", "/dev/null", "-out", &certificate]));
    run(Command::new(tack).args(["genkey", "-p", "asdf", "--iterations", "8192", "-o", &key]));
    run(Command::new(tack).args(["sign", "-k", &key, "-p", "asdf", "-c", &certificate, "-o", &signed]));

    let sign = ["sign", "-k", &key, "-p", "asdf", "-c", &certificate];
    let view = ["view", &signed];
    run(Command::new(tack).args(sign));
    let memory = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss();
    println!("memory of a genkey and a sign: at most {memory} KiB");
    for (name, arguments) in [("sign, 8192 iterations", &sign[..]), ("view of a tack", &view[..])] {
        let ours = median(|| cpu(OURS_PER_ROUND, || run(Command::new(tack).args(arguments))));
        print!("{name}: {:.2} ms of CPU", milliseconds(ours));
        match tackpy() {
            Some(tackpy) => {
                let theirs = median(|| cpu(1, || run(Command::new("python3").args(&tackpy).args(arguments))));
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

/// The arguments of python3 that run tackpy 0.9.7.
fn tackpy() -> Option<[String; 2]> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = root.join("target/peers/tackpy-0.9.7");
    let wrapper = root.join("tests/peers/tackpy.py");
    source.is_dir().then(|| [wrapper.display().to_string(), source.display().to_string()])
}

fn run(command: &mut Command) {
    let output = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(output.unwrap().success(), "{command:?}");
}

/// The CPU time that the children take on average, of user and system.
fn cpu(times: u32, child: impl Fn()) -> Duration {
    let before = children();
    (0..times).for_each(|_| child());
    (children() - before) / times
}

fn children() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(microseconds.try_into().unwrap())
}

fn median(measure: impl Fn() -> Duration) -> Duration {
    let mut rounds: Vec<_> = (0..ROUNDS).map(|_| measure()).collect();
    rounds.sort();
    rounds[rounds.len() / 2]
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
