//! Many processes share a store, and are killed: what they were told is kept stays kept.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, thread};

use common::{NOW, origin, pin, shown};
use tack_sqlite::rusqlite::Connection;
use tack_ticket::{SqliteTickets, TicketStore};

/// Makes this program a worker: the path of the store, and which worker it is.
const STORE: &str = "TACK_TICKET_TEST_STORE";
const WORKER: &str = "TACK_TICKET_TEST_WORKER";

const WORKERS: u8 = 4;
/// The tickets that each worker keeps, one after the other, of names that all of them know.
const TICKETS: u16 = 200;

#[test]
fn killed_processes_lose_only_what_is_in_flight() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tickets");
    // They make the store, too.
    let done = run(&path, |worker| Some(20 + 50 * u16::from(worker)));
    assert!(done.iter().any(|done| *done < TICKETS), "{done:?}");
    check(&path, &done);
    let done = run(&path, |_| None);
    assert!(done.iter().all(|done| *done == TICKETS));
    check(&path, &done);
}

/// Not a test, but what the processes of the other do: they keep tickets, and say so after each.
#[test]
fn worker() {
    let (Ok(path), Ok(worker)) = (env::var(STORE), env::var(WORKER)) else { return };
    let worker: u8 = worker.parse().unwrap();
    let store = SqliteTickets::open(path).unwrap();
    println!();
    for number in 0..TICKETS {
        store.keep(&origin(&host(number), worker.into()), &pin(worker, 0, 100), NOW).unwrap();
        std::io::stdout().write_all(b"kept\n").unwrap();
    }
}

fn host(number: u16) -> String {
    format!("host{number}.example")
}

/// Runs all workers at once, and kills each after as many tickets as told, or a few more. Gives how many each had kept.
fn run(path: &Path, kill_after: impl Fn(u8) -> Option<u16>) -> Vec<u16> {
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let mut command = Command::new(env::current_exe().unwrap());
            command.args(["--exact", "worker", "--nocapture"]).env(STORE, path).stdout(Stdio::piped());
            (command.env(WORKER, worker.to_string()).spawn().unwrap(), kill_after(worker))
        })
        .collect();
    let threads: Vec<_> = workers
        .into_iter()
        .map(|(mut worker, kill_after)| {
            thread::spawn(move || {
                let lines = BufReader::new(worker.stdout.take().unwrap()).lines().map(Result::unwrap);
                let mut kept = 0;
                for _ in lines.filter(|line| line == "kept") {
                    kept += 1;
                    if Some(kept) == kill_after {
                        worker.kill().unwrap();
                    }
                }
                let status = worker.wait().unwrap();
                assert!(kill_after.is_some() || status.success(), "{status}");
                kept
            })
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

/// The file is whole, and has what the workers kept.
fn check(path: &Path, kept: &[u16]) {
    let connection = Connection::open(path).unwrap();
    let integrity: String = connection.query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
    let store = SqliteTickets::open(path).unwrap();
    for (worker, kept) in (0..WORKERS).zip(kept) {
        for number in 0..*kept {
            let found = store.find(&origin(&host(number), worker.into()), NOW).unwrap();
            assert_eq!(found.as_ref().map(shown), Some(shown(&pin(worker, 0, 100))), "{number} of worker {worker}");
        }
    }
}
