//! Command lines that a golden case cannot hold: control characters, bytes that are not UTF-8, and names that look like
//! options.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use common::{Ran, run, tack};

/// What would steer a terminal or a log: a line break, a C0 and a C1 escape, a change of direction, and others of Unicode's
/// format characters.
const HOSTILE: &str = "x\ny\x1b[2J\u{9b}2J\u{202e}\u{2028}y\u{2029}y\u{61c}\u{ad}\u{180e}\u{fff9}\u{fffb}\u{e0041}z";

fn fixtures() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/fixtures"))
}

fn run_bytes(arguments: &[&[u8]]) -> Ran {
    run(tack().current_dir(fixtures()).args(arguments.iter().map(|argument| OsStr::from_bytes(argument))))
}

#[test]
fn messages_escape_what_the_command_line_has() {
    let option = format!("--{HOSTILE}");
    let joined = format!("--format={HOSTILE}");
    let similar = format!("--jsno{HOSTILE}");
    for arguments in [
        &[HOSTILE][..],
        &["help", HOSTILE],
        &[&option],
        &["view", &option],
        &["view", &similar, "TACK.pem"],
        &["view", HOSTILE],
        &["genkey", HOSTILE],
        &["pack", &joined],
        &["pack", "-a", HOSTILE],
        &["genkey", "--iterations", HOSTILE],
        &["sign", "-k", "KEY.pem", "-c", "EC.pem", "-e", HOSTILE],
        &["sign", "-k", "KEY.pem", "-c", "EC.pem", "-n", HOSTILE],
        &["--now", HOSTILE, "view", "TACK.pem"],
        &["status", "--warn", HOSTILE, "TACKS.pem"],
        &["status", &option],
        &["status", "TACKS.pem", "-c", HOSTILE],
        &["verify", "-c", HOSTILE],
        &["verify", "-c", "EC.pem", "-t", HOSTILE],
        &["verify", "-c", "EC.pem", "--name", HOSTILE],
        &["verify", "-c", "EC.pem", "--require", HOSTILE],
        &["verify", "-c", "EC.pem", "--at", HOSTILE],
        &["verify", "-c", "EC.pem", "--name", "a.example", "--read-only", "--pins", HOSTILE],
        &["pins", HOSTILE],
        &["pins", "list", "--pins", HOSTILE],
        &["pins", "forget", HOSTILE],
        &["pins", "import", "--pins", "/dev/null", HOSTILE],
    ] {
        let ran = run(tack().current_dir(fixtures()).args(arguments));
        assert!(ran.status.is_some_and(|status| status > 0), "{arguments:?}: {ran:?}");
        assert!(!ran.stderr.is_empty() || ["status", "verify", "check"].contains(&arguments[0]), "{arguments:?}");
        let steers =
            |c: char| (c.is_control() && c != '\n') || (!c.is_control() && HOSTILE.contains(c) && !c.is_ascii());
        assert!(!ran.stderr.contains(steers), "{arguments:?}: {:?}", ran.stderr);
        assert!(!ran.text().contains(steers), "{arguments:?}: {:?}", ran.text());
        assert!(
            ran.stderr.lines().chain(ran.text().lines()).all(|line| !line.starts_with('y')),
            "{arguments:?}: {ran:?}"
        );
    }
}

#[test]
fn a_monitoring_system_gets_a_single_line() {
    for arguments in [
        &["status", "--warn", "1|2\n3", "TACKS.pem"][..],
        &["status"],
        &["status", "--nonsense"],
        &["verify"],
        &["ver", "--nonsense"],
        &["--nonsense", "verify"],
        &["verify", "-c", "a|b\nc"],
    ] {
        let ran = run(tack().current_dir(fixtures()).args(arguments));
        assert_eq!(ran.status, Some(3), "{arguments:?}");
        assert_eq!(ran.text().lines().count(), 1, "{arguments:?}: {}", ran.text());
        assert!(
            ran.text().starts_with("TACK UNKNOWN - ") && !ran.text().contains('|'),
            "{arguments:?}: {}",
            ran.text()
        );
    }
}

#[test]
fn bytes_that_are_not_utf8_are_no_panic() {
    for (arguments, status, message) in [
        (&[&b"\xff"[..]][..], 2, "tack: \"\u{fffd}\" is not a command; \"tack help\" lists them\n"),
        (&[b"--\xff"], 2, "tack: unexpected argument '--\u{fffd}' found\n"),
        (&[b"-\xff", b"sign"], 2, "tack: unexpected argument '-\u{fffd}' found\n"),
        (&[b"view", b"-\xff"], 2, "tack: unexpected argument '-\u{fffd}' found\n"),
        (&[b"pack", b"-a", b"\xff"], 2, "tack: an argument is not UTF-8; only the name of a file may be so\n"),
        (&[b"pack", b"--format=\xff"], 2, "tack: invalid value '\u{fffd}' for '--format <FORMAT>'\n"),
        (&[b"--now", b"\xff", b"view", b"x"], 2, "tack: an argument is not UTF-8; only the name of a file may be so\n"),
        (&[b"help", b"\xff"], 2, "tack: an argument is not UTF-8; only the name of a file may be so\n"),
        (&[b"--help", b"\xff"], 2, "tack: \"\u{fffd}\" is not a command; \"tack help\" lists them\n"),
        (&[b"view", b"\xff"], 1, "tack: \u{fffd}: cannot be read: no such file or directory; check its name\n"),
    ] {
        let ran = run_bytes(arguments);
        assert_eq!(ran.status, Some(status), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.starts_with(message), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn an_equals_sign_belongs_to_a_password_and_to_a_name() {
    let message = |arguments: &[&str]| run(tack().current_dir(fixtures()).args(arguments)).stderr;
    // KEY.pem has the password asdf.
    for password in ["-p=asdf", "-vp=asdf", "-xvp=asdf"] {
        let said = message(&["break", "-k", "KEY.pem", password]);
        assert!(said.starts_with("tack: KEY.pem: wrong password"), "{password}: {said}");
    }
    assert_eq!(
        message(&["view", "--", "-p=x"]),
        "tack: -p=x: cannot be read: no such file or directory; check its name\n"
    );
    assert!(message(&["view", "--", "TACK.pem", "-p=x"]).starts_with("tack: -p=x: cannot be read"));
}

#[test]
fn words_for_a_span_are_understood() {
    for (command, option, value, meant) in [
        ("sign", "-e", "1 day", "1d"),
        ("sign", "-e", "30 Days", "30d"),
        ("status", "--warn", "1day 12 hours 5minutes", "1d12h5m"),
        ("deploy", "--min-remaining", "2 h", "2h"),
    ] {
        let ran = run(tack().args([command, option, value]));
        assert!(ran.stderr.contains(&format!("{value:?} is not a ")), "{}", ran.stderr);
        assert!(ran.stderr.ends_with(&format!("; did you mean {meant}?\n")), "{}", ran.stderr);
    }
    for value in ["soon", "one day", "1 week", "days"] {
        let ran = run(tack().args(["sign", "-e", value]));
        assert!(!ran.stderr.contains("did you mean"), "{}", ran.stderr);
    }
    let ran = run(tack().args(["genkey", "--iterations", "9 days"]));
    assert!(!ran.stderr.contains("did you mean"), "{}", ran.stderr);
}
