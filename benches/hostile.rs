//! What files cost that are made to cost much: the seconds and the memory of `view`, `status` and `deploy`, at 32 MiB and at
//! twice that.
//!
//! `make bench` prints it. With `cargo bench --bench hostile -- --strict` the exit status is 1 if a goal is missed: twice the
//! file takes about twice the time and no more memory, which is little, and brings a few messages at most.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that cannot run has nothing to say"
)]

mod common;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use common::{Cost, is_strict, make_certificate, measure_if_asked, tack, word};
use rayon::prelude::*;
use tack_core::{Generations, Minute, SigningKey, Tack, TargetHash};

const MIB: u64 = 1 << 20;
const SIZES: [u64; 2] = [32, 64];
/// Twice the file, and some room for a machine that does other things too.
const MOST_TIME: f64 = 2.5;
const MOST_MORE_KIB: i64 = 1024;
const MOST_KIB: i64 = 20 * 1024;
const MOST_MESSAGES: usize = 20;
/// The tacks that are made at a time.
const CHUNK: u32 = 4096;

fn main() -> ExitCode {
    if measure_if_asked() {
        return ExitCode::SUCCESS;
    }
    println!(
        "goals: at most {MOST_TIME} times the time for twice the file, {MOST_MORE_KIB} KiB more, {} MiB in all, and \
         {MOST_MESSAGES} messages",
        MOST_KIB / 1024
    );
    println!("{:32} {:7} {:>23} {:>23}  ratio", "file", "command", "32 MiB", "64 MiB");
    let bench = Bench::new();
    let good: Vec<_> = KINDS.iter().map(|kind| bench.kind(kind)).collect();
    if is_strict() && good.contains(&false) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// A kind of file, and how to write at least so many bytes of it.
type Kind = (&'static str, fn(&mut BufWriter<File>, u64));

const KINDS: [Kind; 7] = [
    ("keys that do not fit", |out, size| tacks(out, size, |number| sign(&key(number), 0, TargetHash::of(b"")))),
    ("keys that revoke", |out, size| tacks(out, size, |number| sign(&key(number), 1, TargetHash::of(b"")))),
    ("distinct target hashes", |out, size| {
        let key = key(0);
        tacks(out, size, |number| sign(&key, 0, TargetHash::of(&number.to_be_bytes())));
    }),
    ("bad signatures", |out, size| {
        let good = sign(&key(0), 0, TargetHash::of(b"")).to_bytes();
        tacks(out, size, |number| forge(good, number));
    }),
    ("one huge block", |out, size| {
        out.write_all(b"-----BEGIN TACK-----\n").unwrap();
        repeat(out, size, &format!("{}\n", "A".repeat(64)));
        out.write_all(b"-----END TACK-----\n").unwrap();
    }),
    ("damaged blocks", |out, size| repeat(out, size, "-----BEGIN TACK-----\n")),
    ("blocks that hold nothing", |out, size| repeat(out, size, "-----BEGIN TACK----------END TACK-----\n")),
];

/// A directory with a certificate.
struct Bench {
    directory: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { directory: tempfile::tempdir().unwrap() };
        make_certificate(bench.path("CERT.pem"), bench.path("CERT.key"));
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Whether every command reaches the goals with this kind of file.
    fn kind(&self, (name, write): &Kind) -> bool {
        let files = SIZES.map(|size| {
            let path = self.path(&format!("{size}.pem"));
            let mut out = BufWriter::new(File::create(&path).unwrap());
            write(&mut out, size * MIB);
            out.flush().unwrap();
            path
        });
        let good = ["view", "status", "deploy"].map(|command| {
            let costs = files.each_ref().map(|file| Cost::of(&self.command(command, file)));
            judge(name, command, costs)
        });
        files.iter().for_each(|file| fs::remove_file(file).unwrap());
        !good.contains(&false)
    }

    fn command(&self, name: &str, file: &Path) -> Command {
        let mut command = tack();
        command.args(["--now", "2026-11-20Z", name]);
        match name {
            "status" => command.arg("--json").arg("-c").arg(self.path("CERT.pem")),
            "deploy" => command.arg("-c").arg(self.path("CERT.pem")).arg("-o").arg(self.path("OUTPUT.pem")),
            _ => &mut command,
        };
        command.arg(file);
        command
    }
}

fn judge(name: &str, command: &str, costs: [Cost; 2]) -> bool {
    let [small, large] = costs;
    let ratio = large.cpu.as_secs_f64() / small.cpu.as_secs_f64();
    // What takes next to no time at all has no ratio.
    let is_linear = ratio <= MOST_TIME || large.cpu.as_millis() < 50;
    let is_small = large.peak <= small.peak + MOST_MORE_KIB && large.peak <= MOST_KIB;
    let good = is_linear && is_small && large.messages <= MOST_MESSAGES;
    let shown = costs.map(|cost| format!("{:7.2} s, {:5.1} MiB", cost.cpu.as_secs_f64(), mib(cost.peak)));
    println!(
        "{name:32} {command:7} {:>23} {:>23}  {ratio:5.2}  {} messages: {}",
        shown[0],
        shown[1],
        large.messages,
        word(good)
    );
    good
}

fn mib(kib: i64) -> f64 {
    f64::from(i32::try_from(kib).unwrap()) / 1024.0
}

/// Writes tacks, made on all cores.
fn tacks(out: &mut BufWriter<File>, size: u64, make: impl Fn(u32) -> Tack + Sync) {
    let mut written = 0;
    for start in (0..).step_by(usize::try_from(CHUNK).unwrap()) {
        let texts: Vec<_> = (start..start + CHUNK).into_par_iter().map(|number| make(number).to_pem()).collect();
        for text in texts {
            out.write_all(text.as_bytes()).unwrap();
            written += u64::try_from(text.len()).unwrap();
        }
        if written >= size {
            return;
        }
    }
}

fn repeat(out: &mut BufWriter<File>, size: u64, text: &str) {
    for _ in 0..size.div_ceil(u64::try_from(text.len()).unwrap()) {
        out.write_all(text.as_bytes()).unwrap();
    }
}

/// The key of this number.
fn key(number: u32) -> SigningKey {
    let mut scalar = [1; SigningKey::LENGTH];
    scalar[..4].copy_from_slice(&number.to_be_bytes());
    SigningKey::from_bytes(&scalar).unwrap()
}

fn sign(key: &SigningKey, generation: u8, target_hash: TargetHash) -> Tack {
    Tack::sign(key, Generations::new(generation, generation).unwrap(), Minute::MAX, target_hash)
}

/// A tack whose expiration was changed after it was signed.
fn forge(mut tack: [u8; Tack::LENGTH], number: u32) -> Tack {
    tack[66..70].copy_from_slice(&number.to_be_bytes());
    Tack::from_bytes(&tack).unwrap()
}
