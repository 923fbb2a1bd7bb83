//! What a batch costs: beside tackpy 0.9.7, beside what the cores can sign, and beside the files alone, in one run.
//!
//! `make bench` prints it; `make setup` fetches tackpy, which computes in Python here, as it cannot use OpenSSL 3. With
//! `cargo bench --bench batches -- --strict` the exit status is 1 if a goal is missed. The goals are for a machine that has
//! nothing else to do.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that cannot run has nothing to say"
)]

mod common;

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use common::{Cost, is_strict, make_certificate, measure_if_asked, run, tack, tackpy, word};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use tempfile::TempDir;

const ROUNDS: usize = 5;
/// The batch that is compared with tackpy's: a year of daily tacks.
const YEAR: u32 = 365;
const LARGE: u32 = 10_000;
/// Signatures by which p256 shows its rate.
const SIGNATURES: u32 = 5_000;

fn main() -> ExitCode {
    if measure_if_asked() {
        return ExitCode::SUCCESS;
    }
    println!("the goals are for a machine that has nothing else to do");
    let bench = Bench::new();
    let good = [bench.tackpy(), bench.cores(), bench.memory()];
    if is_strict() && good.contains(&false) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// A directory with a key and a certificate, in `TMPDIR`.
struct Bench {
    directory: TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { directory: tempfile::tempdir().unwrap() };
        // ext4 is up to fifteen times slower to make files near where it deleted many within the last five minutes, such as
        // those of the run before. So it is asked to put each directory elsewhere; other file systems know no such flag.
        let _ = Command::new("chattr").arg("+T").arg(bench.directory.path()).stderr(Stdio::null()).status();
        make_certificate(bench.path("www.pem"), bench.path("www.key"));
        // tackpy's count of iterations.
        run(tack().args(["genkey", "-p", "asdf", "--iterations", "8192", "-o"]).arg(bench.path("key.pem")));
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A name for files in a new directory.
    fn fresh(&self) -> PathBuf {
        let directory = tempfile::Builder::new().disable_cleanup(true).tempdir_in(self.directory.path()).unwrap();
        directory.path().join("T")
    }

    /// Adds the arguments of a batch of so many tacks.
    fn sign<'a>(&self, command: &'a mut Command, number: u32) -> &'a mut Command {
        let number = format!("{number}@1d");
        command.args(["sign", "-p", "asdf", "-n", &number, "-e", "2027-01-02Z", "-k"]);
        command.arg(self.path("key.pem")).arg("-c").arg(self.path("www.pem"))
    }

    fn stream(&self, number: u32) -> Duration {
        time(|| run(self.sign(&mut tack(), number)))
    }

    fn files(&self, number: u32) -> Duration {
        let prefix = self.fresh();
        time(|| run(self.sign(&mut tack(), number).arg("-o").arg(prefix)))
    }

    /// A year of daily tacks beside tackpy's.
    fn tackpy(&self) -> bool {
        let stream = median((0..ROUNDS).map(|_| self.stream(YEAR).as_secs_f64()));
        let files = median((0..ROUNDS).map(|_| self.files(YEAR).as_secs_f64()));
        let Some(mut tackpy) = tackpy() else {
            println!("{YEAR} tacks beside tackpy 0.9.7: skipped, it is not there (run make setup)");
            return true;
        };
        let prefix = self.fresh();
        let theirs = time(|| run(self.sign(&mut tackpy, YEAR).arg("-o").arg(prefix))).as_secs_f64();
        println!("{YEAR} tacks by tackpy 0.9.7, which computes in Python: {theirs:.1} s");
        let stream =
            judge("  as a stream", stream, theirs / stream, |ratio| ratio >= 1000.0, "tackpy's / ours >= 1000");
        let files = judge("  into files", files, theirs / files, |ratio| ratio >= 300.0, "tackpy's / ours >= 300");
        stream && files
    }

    /// 10,000 tacks beside what all cores can sign, and beside the files alone. All is measured in each round, and the
    /// ratios are the medians of the rounds'.
    fn cores(&self) -> bool {
        let cores = std::thread::available_parallelism().unwrap().get();
        let rounds: Vec<_> = (0..ROUNDS)
            .map(|_| {
                let ideal = f64::from(LARGE) / (rate() * f64::from(u32::try_from(cores).unwrap()));
                let stream = self.stream(LARGE).as_secs_f64();
                let files = self.files(LARGE).as_secs_f64();
                let create = time(|| create(&self.fresh())).as_secs_f64();
                [ideal, stream, files, create, ideal / stream, files / stream.max(create)]
            })
            .collect();
        let [ideal, stream, files, create, share, ratio] =
            [0, 1, 2, 3, 4, 5].map(|index| median(rounds.iter().map(|round| round[index])));
        println!(
            "{LARGE} tacks on {cores} cores: {ideal:.3} s by p256's own rate, {create:.3} s for the files with nothing signed"
        );
        println!(
            "  the times and the ratios are medians of {ROUNDS} rounds each: a ratio is not that of the times shown"
        );
        let stream = judge("  as a stream", stream, share, |share| share >= 0.9, "p256's / ours >= 0.9");
        let goal = "ours / the larger of stream and files alone <= 1.2";
        let files = judge("  into files", files, ratio, |ratio| ratio <= 1.2, goal);
        stream && files
    }

    fn memory(&self) -> bool {
        let peak = |number: u32| {
            let cost = Cost::of(self.sign(&mut tack(), number));
            assert_eq!(cost.status, 0);
            cost.peak
        };
        let (few, many) = (peak(1_000), peak(1_000_000));
        let good = many <= few + 2048;
        println!(
            "peak memory of 1,000 tacks {few} KiB, of 1,000,000 {many} KiB: {} (at most 2048 KiB more)",
            word(good)
        );
        good
    }
}

/// Makes as many files as the batch has, of the same size, by the steps by which `tack` makes them: one after the other, so
/// that a kill leaves one temporary file at most, and all on the disk at the end.
fn create(prefix: &Path) {
    let directory = prefix.parent().unwrap();
    for index in 0..LARGE {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".tack-").permissions(Permissions::from_mode(0o666));
        let mut temporary = builder.tempfile_in(directory).unwrap();
        temporary.write_all(&[b'A'; 322]).unwrap();
        temporary.persist(directory.join(format!("T_{index:04}.pem"))).unwrap();
    }
    rustix::fs::syncfs(File::open(directory).unwrap()).unwrap();
    assert_eq!(fs::read_dir(directory).unwrap().count(), usize::try_from(LARGE).unwrap());
}

/// The signatures a second of p256 on one core.
fn rate() -> f64 {
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    // As long as what is signed of a tack.
    let mut message = [0; 110];
    let taken = time(|| {
        for number in 0..SIGNATURES {
            message[..4].copy_from_slice(&number.to_be_bytes());
            let signature: Signature = key.sign(&message);
            std::hint::black_box(signature);
        }
    });
    f64::from(SIGNATURES) / taken.as_secs_f64()
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(rounds: impl Iterator<Item = f64>) -> f64 {
    let mut rounds: Vec<_> = rounds.collect();
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

fn judge(what: &str, seconds: f64, ratio: f64, is_good: impl Fn(f64) -> bool, goal: &str) -> bool {
    let good = is_good(ratio);
    println!("{what}: {seconds:.3} s; ratio {ratio:.2}: {} ({goal})", word(good));
    good
}
