//! Files that are made to cost much: they take little memory, and bring few messages. `benches/hostile.rs` has the figures.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use common::{certificate, tack, temp_dir};

const SIZE: usize = 8 << 20;
/// Enough for all that a command keeps in memory, and more than fits into a pipe that nobody reads.
const SMALL: usize = 2 << 20;
/// Three times the largest block, beside what the same command takes for a small file.
const MOST_MORE_KIB: u64 = 3 << 10;
const MOST_MESSAGES: usize = 12;

const BEGIN: &str = "-----BEGIN TACK-----\n";
const COMMANDS: [&[&str]; 3] =
    [&["view", "-"], &["status", "--json", "-"], &["deploy", "-c", "www.pem", "-o", "out.pem", "-"]];

struct Ended {
    peak_kib: u64,
    messages: Vec<String>,
    status: Option<i32>,
}

/// Runs a command with this on standard input.
fn run(directory: &Path, arguments: &[&str], text: &str) -> Ended {
    let mut command = tack();
    command.current_dir(directory).args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    let mut stdin = running.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    // It waits for more.
    let peak_kib = peak_kib(running.id());
    drop(stdin);
    let ended = running.wait_with_output().unwrap();
    let messages = String::from_utf8(ended.stderr).unwrap().lines().map(str::to_owned).collect();
    Ended { peak_kib, messages, status: ended.status.code() }
}

/// The most memory that a process has had so far.
fn peak_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim_end_matches(" kB").trim().parse().unwrap()
}

#[test]
fn no_file_takes_much_memory_or_brings_many_messages() {
    let directory = temp_dir();
    certificate(directory.path(), "www", "ec:P-256", 30);
    let huge = format!("{}-----END TACK-----\n", "A".repeat(2 << 20));
    let usual = COMMANDS.map(|arguments| run(directory.path(), arguments, &BEGIN.repeat(SMALL / BEGIN.len())).peak_kib);
    for (kind, repeated) in [
        ("damaged blocks", BEGIN),
        ("huge blocks", &format!("{BEGIN}{huge}")),
        ("blocks that hold nothing", "-----BEGIN TACK----------END TACK-----\n"),
        ("blocks of other kinds", "-----BEGIN X-----\nAAAA\n-----END X-----\n"),
    ] {
        let text = repeated.repeat(SIZE / repeated.len());
        for (arguments, usual) in COMMANDS.iter().zip(usual) {
            let what = format!("{arguments:?} of {kind}");
            let Ended { peak_kib, messages, status } = run(directory.path(), arguments, &text);
            assert!(peak_kib <= usual + MOST_MORE_KIB, "{what}: {peak_kib} KiB instead of {usual}");
            assert!(messages.len() <= MOST_MESSAGES, "{what}: {} messages", messages.len());
            assert_eq!(status, Some(if arguments.contains(&"status") { 3 } else { 1 }), "{what}: {messages:?}");
        }
    }
}
