//! `tack ticket`: lists of any size go in and out as they are, and are nobody else's to read.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use common::{ok, run, run_with, tack, temp_dir, write};
use serde_json::Value;
use tack_core::Timestamp;
use tack_ticket::{Lifetime, Origin, PinningSecret, Ticket, TicketList, TicketPin};

const NOW: i64 = 1_795_195_875;

/// A list of so many tickets of this prefix.
fn ticket_list(prefix: &str, number: usize) -> Vec<u8> {
    let pin = |number: usize| {
        let byte = u8::try_from(number % 256).unwrap();
        let ticket = Ticket::new(vec![byte; 89]).zip(PinningSecret::from_bytes(&[byte; 48]));
        let (ticket, secret) = ticket.unwrap();
        let origin = Origin::tls(format!("{prefix}{number:06}.example").parse().unwrap(), 443);
        (origin, TicketPin::new(ticket, secret, Timestamp::new(NOW), Lifetime::MAX))
    };
    TicketList::new((0..number).map(pin).collect()).to_json().to_vec()
}

fn ticket(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = tack();
    let now = Timestamp::new(NOW).to_string();
    command.current_dir(directory).args(["--now", &now, "ticket"]).args(arguments).args(["--tickets", "TICKETS.db"]);
    command
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_long_list_comes_out_as_it_went_in() {
    let directory = temp_dir();
    let list = ticket_list("host", 5_000);
    let ran = run_with(&mut ticket(directory.path(), &["import", "-"]), &list);
    let expected = "TICKETS.db: 5000 tickets added, 0 changed, 0 unchanged, 0 expired\n";
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), expected));
    assert!(ok(&mut ticket(directory.path(), &["export"])).stdout == list);
    assert_eq!(ok(&mut ticket(directory.path(), &["list"])).text().lines().count(), 5_001);
    let listed = ok(&mut ticket(directory.path(), &["list", "--json"])).stdout;
    let document: Value = serde_json::from_slice(&listed).unwrap();
    let last = &document.as_array().unwrap()[4_999];
    assert_eq!((&last["name"], &last["valid"]), (&"host004999.example".into(), &true.into()));
}

#[test]
fn whoever_stops_reading_hears_nothing_of_it() {
    let directory = temp_dir();
    run_with(&mut ticket(directory.path(), &["import", "-"]), &ticket_list("host", 2_000));
    for arguments in [&["list"][..], &["list", "--json"], &["export"]] {
        let mut command = ticket(directory.path(), arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait_with_output().unwrap().stderr, b"", "{arguments:?}");
    }
}

#[test]
fn an_export_is_its_owners_alone_whatever_was_there() {
    let directory = temp_dir();
    let list = ticket_list("host", 3);
    run_with(&mut ticket(directory.path(), &["import", "-"]), &list);
    let output = directory.path().join("OUT.json");
    let export = "umask 0; exec \"$0\" ticket export --tickets TICKETS.db -o OUT.json";
    let export =
        || ok(Command::new("sh").current_dir(directory.path()).args(["-c", export, env!("CARGO_BIN_EXE_tack")]));
    export();
    assert_eq!((mode(&output), fs::read(&output).unwrap()), (0o600, list.clone()));
    fs::write(&output, "old").unwrap();
    fs::set_permissions(&output, Permissions::from_mode(0o644)).unwrap();
    export();
    assert_eq!((mode(&output), fs::read(&output).unwrap()), (0o600, list.clone()));
    // What a link leads to is replaced, and the link stays.
    fs::rename(&output, directory.path().join("REAL.json")).unwrap();
    symlink("REAL.json", &output).unwrap();
    export();
    assert!(output.is_symlink() && fs::read(&output).unwrap() == list);
    let to_stdout = ok(&mut ticket(directory.path(), &["export", "-o", "/dev/stdout"]));
    assert!(to_stdout.stdout == list);
}

#[test]
fn no_secret_is_shown() {
    let directory = temp_dir();
    let list = fs::read_to_string("tests/cli/fixtures/TICKETS.json").unwrap();
    let secret = list.split('"').find(|text| text.ends_with('=')).unwrap();
    run_with(&mut ticket(directory.path(), &["import", "-"]), list.as_bytes());
    for arguments in [&["list"][..], &["list", "--json"]] {
        let ran = ok(&mut ticket(directory.path(), arguments));
        assert!(ran.text().contains("www.example.com") && !ran.text().contains(secret));
    }
    let misplaced = list.replace("mail.example.com", secret);
    let ran = run_with(&mut ticket(directory.path(), &["import", "-"]), misplaced.as_bytes());
    let expected = "tack: standard input: it is no list of tickets: line ";
    assert!(ran.status == Some(1) && ran.stderr.starts_with(expected), "{}", ran.stderr);
    assert!(!ran.stderr.contains(secret));
}

#[test]
fn a_list_that_is_too_large_is_refused_unread() {
    let directory = temp_dir();
    File::create(directory.path().join("LIST")).unwrap().set_len((128 << 20) + 1).unwrap();
    let ran = run(&mut ticket(directory.path(), &["import", "LIST"]));
    let expected = "tack: LIST: it is larger than 128 MiB, too large for what it should hold; give the right file\n";
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(1), expected));
    assert!(!directory.path().join("TICKETS.db").exists());
}

#[test]
fn a_pipe_is_no_store_and_is_not_waited_for() {
    let directory = temp_dir();
    ok(Command::new("mkfifo").arg(directory.path().join("TICKETS.db")));
    for arguments in [&["export"][..], &["list"], &["forget", "www.example.com"]] {
        let ran = run(&mut ticket(directory.path(), arguments));
        assert_eq!(ran.status, Some(1), "{arguments:?}");
        assert!(ran.stderr.starts_with("tack: TICKETS.db: it is no ticket store; "), "{}", ran.stderr);
    }
}

#[test]
fn a_store_that_is_damaged_is_not_listed_as_empty() {
    let directory = temp_dir();
    run_with(&mut ticket(directory.path(), &["import", "-"]), &ticket_list("host", 200));
    let path = directory.path().join("TICKETS.db");
    let mut bytes = fs::read(&path).unwrap();
    // Its first page says what is in it; the others have the tickets.
    bytes[4096..].fill(0xff);
    fs::write(&path, bytes).unwrap();
    for arguments in [&["list"][..], &["export"], &["forget", "host000000.example"]] {
        let ran = run(&mut ticket(directory.path(), arguments));
        assert_eq!((ran.status, ran.text()), (Some(1), ""), "{arguments:?}");
        let expected = "tack: TICKETS.db: the ticket store failed: database disk image is malformed; check the disk, or \
                        give another store\n";
        assert_eq!(ran.stderr, expected, "{arguments:?}");
    }
}

#[test]
fn several_at_once_lose_nothing() {
    let directory = temp_dir();
    thread::scope(|scope| {
        for part in ["a", "b", "c", "d"] {
            let directory = directory.path();
            scope.spawn(move || {
                for number in 1..=10 {
                    let list = write(directory, &format!("{part}.json"), ticket_list(part, number));
                    ok(ticket(directory, &["import"]).arg(list));
                }
            });
        }
    });
    assert_eq!(ok(&mut ticket(directory.path(), &["list"])).text().lines().count(), 41);
}
