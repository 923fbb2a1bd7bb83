//! The terminal that a password is asked for on: signals end and stop the program there as anywhere, and echo comes back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use common::{has, ok, run, tack, temp_dir};

const TACK: &str = env!("CARGO_BIN_EXE_tack");
/// A new key with as few iterations as there may be.
const GENKEY: [&str; 3] = ["genkey", "--iterations", "8192"];

/// A script of tests/peers that has a terminal for tack.
fn on_terminal(script: &str) -> Command {
    let mut python = Command::new("python3");
    python.arg(common::script(script)).env_remove("TACK_PASSWORD");
    python
}

#[test]
fn a_signal_at_the_prompt_leaves_the_terminal_as_it_was() {
    if !has("a_signal_at_the_prompt_leaves_the_terminal_as_it_was", &["python3"]) {
        return;
    }
    for signal in ["ALRM", "HUP", "INT", "QUIT", "TERM"] {
        let ran = run(on_terminal("pty_interrupt.py").args([signal, TACK, "genkey"]));
        assert_eq!((ran.status, &*ran.stderr), (Some(0), ""), "{signal}");
    }
}

#[test]
fn without_threads_too_a_signal_at_the_prompt_leaves_the_terminal_as_it_was() {
    let test = "without_threads_too_a_signal_at_the_prompt_leaves_the_terminal_as_it_was";
    if !has(test, &["python3", "setpriv", "prlimit"]) {
        return;
    }
    // Under a limit of processes, which is not for root.
    let directory = temp_dir();
    if fs::metadata(directory.path()).unwrap().uid() != 0 {
        return common::skip(test, "the right to be another user");
    }
    ok(Command::new("cp").arg(TACK).arg(directory.path()));
    ok(Command::new("chmod").args(["-R", "755"]).arg(directory.path()));
    // A user of whom nobody else has processes.
    let alone = ["setpriv", "--reuid=61235", "--regid=61235", "--clear-groups", "prlimit", "--nproc=1", "./tack"];
    for signal in ["INT", "TERM"] {
        let mut python = on_terminal("pty_interrupt.py");
        let ran = run(python.arg(signal).args(alone).arg("genkey").current_dir(directory.path()));
        assert_eq!((ran.status, &*ran.stderr), (Some(0), ""), "{signal}");
    }
}

#[test]
fn under_nohup_a_prompt_outlives_the_terminals_end() {
    if !has("under_nohup_a_prompt_outlives_the_terminals_end", &["python3"]) {
        return;
    }
    let ran = run(on_terminal("pty_interrupt.py").args(["nohup", TACK]).args(GENKEY));
    assert_eq!((ran.status, &*ran.stderr), (Some(0), ""));
}

#[test]
fn where_ctrl_z_stops_nothing_the_prompt_is_shown_anew() {
    if !has("where_ctrl_z_stops_nothing_the_prompt_is_shown_anew", &["python3"]) {
        return;
    }
    let ran = run(on_terminal("pty_interrupt.py").args(["TSTP", TACK]).args(GENKEY));
    assert_eq!((ran.status, &*ran.stderr), (Some(0), ""));
}

#[test]
fn a_prompt_that_was_stopped_is_shown_anew_without_echo() {
    if !has("a_prompt_that_was_stopped_is_shown_anew_without_echo", &["python3", "dash"]) {
        return;
    }
    for how in ["Z", "TSTP", "STOP", "background"] {
        let directory = temp_dir();
        let key = directory.path().join("key.pem");
        let ran = run(on_terminal("pty_jobs.py").args([how, TACK]).args(GENKEY).arg("-o").arg(&key));
        assert_eq!((ran.status, &*ran.stderr), (Some(0), ""), "{how}");
        ok(tack().args(["break", "-p", "a password", "-k"]).arg(&key));
    }
}
