//! What the benches share: running our binary and tackpy, and what a run costs.
#![allow(dead_code, reason = "each bench uses its own part")]

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// The argument by which a bench runs another program alone, and prints what that one costs.
const MEASURE: &str = "--measure";

/// What a run of a program takes.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Of user and system.
    pub cpu: Duration,
    /// The peak of its memory, in KiB.
    pub peak: i64,
    /// The lines on its standard error.
    pub messages: usize,
    /// Its exit status.
    pub status: i32,
}

impl Cost {
    /// Runs a command from a process of its own, for the system tells the peak of all children together.
    pub fn of(command: &Command) -> Self {
        let mut measure = Command::new(env::current_exe().unwrap());
        measure.arg(MEASURE).arg(command.get_program()).args(command.get_args()).stderr(Stdio::inherit());
        let output = String::from_utf8(measure.output().unwrap().stdout).unwrap();
        let numbers: Vec<i64> = output.split_whitespace().map(|number| number.parse().unwrap()).collect();
        let [cpu, peak, messages, status] = numbers[..] else { panic!("{command:?}: {output:?}") };
        let (cpu, messages) = (Duration::from_micros(cpu.try_into().unwrap()), messages.try_into().unwrap());
        Self { cpu, peak, messages, status: status.try_into().unwrap() }
    }
}

/// To be called first: does what [`Cost::of`] asks of its process, and says whether that was all.
pub fn measure_if_asked() -> bool {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let Some((_, [program, rest @ ..])) = arguments.split_first().filter(|(first, _)| *first == MEASURE) else {
        return false;
    };
    let mut child = Command::new(program).args(rest).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let messages = BufReader::new(child.stderr.take().unwrap()).split(b'\n').count();
    let status = child.wait().unwrap().code().expect("no signal ends it");
    println!("{} {} {messages} {status}", cpu(&children()).as_micros(), children().max_rss());
    true
}

/// The CPU time that children have taken so far, of user and system.
pub fn children_cpu() -> Duration {
    cpu(&children())
}

fn children() -> Usage {
    getrusage(UsageWho::RUSAGE_CHILDREN).unwrap()
}

fn cpu(usage: &Usage) -> Duration {
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(microseconds.try_into().unwrap())
}

/// Our binary, to be given its arguments.
pub fn tack() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tack"))
}

/// tackpy 0.9.7, to be given its arguments.
pub fn tackpy() -> Option<Command> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = root.join("target/peers/tackpy-0.9.7");
    let mut command = Command::new("python3");
    command.arg(root.join("tests/peers/tackpy.py")).arg(&source);
    source.is_dir().then_some(command)
}

/// Makes a certificate and its key.
pub fn make_certificate(certificate: impl AsRef<OsStr>, key: impl AsRef<OsStr>) {
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=www.example.com"]);
    openssl.args(["-addext", "basicConstraints=CA:FALSE", "-keyout"]).arg(key).arg("-out").arg(certificate);
    run(&mut openssl);
}

/// Runs a command that must succeed.
pub fn run(command: &mut Command) {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.unwrap().success(), "{command:?}");
}

/// Whether a goal is reached.
pub fn word(good: bool) -> &'static str {
    if good { "PASS" } else { "FAIL" }
}

/// Whether the command line asks for a failure where a goal is missed.
pub fn is_strict() -> bool {
    env::args().any(|argument| argument == "--strict")
}
