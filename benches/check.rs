//! What `check` costs: beside `openssl s_time` on the same server, and in memory for many hosts.
//!
//! Both connect to one nginx on this machine, as processes of their own, with full handshakes in the same version of TLS, and
//! verify the same chain. `s_time` makes one connection after the other and counts how many it can: the time for as many as
//! we have hosts is taken from that. Ours is the time of the whole process, from its start to its exit, with what is beyond
//! the handshake: the look-up of each name, the signature of each tack, and the report.
//!
//! `cargo bench --bench check -- --strict` exits with 1 if a goal is missed. The goals are for a machine that has nothing
//! else to do.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that cannot run has nothing to say"
)]

#[path = "../tests/common/mod.rs"]
mod common;
#[allow(dead_code, reason = "some servers are for tests")]
#[path = "../tests/servers/server.rs"]
mod server;
#[allow(dead_code, reason = "some certificates are for tests")]
#[path = "../tests/servers/site.rs"]
mod site;

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

use common::{run, tack, write};
use server::Server;
use site::Site;

const ROUNDS: usize = 5;
const HOSTS: u16 = 200;
/// How many times as long as `s_time` we may take.
const MOST_RATIO: f64 = 1.3;
const MANY: u16 = 10_000;
/// The most memory for many hosts, in KiB.
const MOST_MEMORY: u64 = 64 << 10;
/// The argument by which this program runs another one alone, and prints that one's peak memory in KiB.
const MEMORY: &str = "--memory";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if arguments.first().is_some_and(|first| first == MEMORY) {
        Command::new(&arguments[1]).args(&arguments[2..]).stdout(Stdio::null()).status().unwrap();
        println!("{}", getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss());
        return ExitCode::SUCCESS;
    }
    println!("the goals are for a machine that has nothing else to do");
    let site = Site::with_tacks();
    let server = Server::nginx(site.path(), "nginx.conf");
    let mut good = Vec::new();
    for version in ["1.2", "1.3"] {
        good.push(beside_s_time(&site, &server, version));
    }
    for form in [&[][..], &["--json"]] {
        good.push(memory(&site, &server, form));
    }
    let is_strict = arguments.iter().any(|argument| argument == "--strict");
    if is_strict && good.contains(&false) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn beside_s_time(site: &Site, server: &Server, version: &str) -> bool {
    let list = write(site.path(), "HOSTS", format!("localhost:{}\n", server.port).repeat(HOSTS.into()));
    let root = site.file("root.pem");
    let ours = median(|| {
        let start = Instant::now();
        let mut check = tack();
        check.args(["check", "--tls", version, "--jobs", "64", "--ca-file"]).arg(&root).arg("--hosts").arg(&list);
        let ran = run(&mut check);
        assert_eq!(ran.status, Some(0), "{}", ran.text().lines().next().unwrap_or_default());
        start.elapsed()
    });
    let theirs = median(|| s_time(site, server, version));
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    let verdict = verdict(ratio <= MOST_RATIO);
    println!(
        "{verdict}: {HOSTS} hosts in TLS {version}: check --jobs 64 {:.0} ms, openssl s_time -new {:.0} ms; ratio {ratio:.2}, \
         at most {MOST_RATIO}",
        milliseconds(ours),
        milliseconds(theirs)
    );
    ratio <= MOST_RATIO
}

/// How long `s_time` takes for as many handshakes, by its own count: "123 connections in 4 real seconds, ...".
fn s_time(site: &Site, server: &Server, version: &str) -> Duration {
    const SECONDS: u32 = 2;
    let mut command = Command::new("openssl");
    command.args(["s_time", "-new", "-verify", "3", "-time", &SECONDS.to_string()]);
    // Where it is not told to keep to TLS 1.2, it takes 1.3.
    command.arg(if version == "1.2" { "-tls1_2" } else { "-tls1_3" }).arg("-CAfile").arg(site.file("root.pem"));
    let start = Instant::now();
    let ran = run(command.args(["-connect", &format!("127.0.0.1:{}", server.port)]));
    let elapsed = start.elapsed();
    let count = ran.text().lines().find_map(|line| line.split_once(" connections in ")?.0.trim().parse::<u32>().ok());
    let count = count.unwrap_or_else(|| panic!("s_time: {ran:?}"));
    elapsed * HOSTS.into() / count
}

fn memory(site: &Site, server: &Server, form: &[&str]) -> bool {
    let list = write(site.path(), "HOSTS", format!("localhost:{}\n", server.port).repeat(MANY.into()));
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(MEMORY).arg(env!("CARGO_BIN_EXE_tack")).args(["check", "--jobs", "64", "--ca-file"]);
    let start = Instant::now();
    let ran = run(command.arg(site.file("root.pem")).args(form).arg("--hosts").arg(list));
    let seconds = start.elapsed().as_secs_f64();
    let memory: u64 = ran.text().trim().parse().unwrap();
    let verdict = verdict(memory < MOST_MEMORY);
    println!("{verdict}: {MANY} hosts {form:?}: {memory} KiB, below {MOST_MEMORY}; {seconds:.1} s");
    memory < MOST_MEMORY
}

fn verdict(is_good: bool) -> &'static str {
    if is_good { "PASS" } else { "FAIL" }
}

fn median(mut round: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<_> = (0..ROUNDS).map(|_| round()).collect();
    times.sort();
    times[ROUNDS / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
