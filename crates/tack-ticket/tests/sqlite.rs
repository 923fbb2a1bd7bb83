//! A store in SQLite: how it is opened, what is refused, what is left of what was forgotten, and who may come between.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{NOW, at, name, origin, pin, pin_of, shown};
use tack_sqlite::rusqlite::Connection;
use tack_sqlite::{FileOptions, TableSet};
use tack_ticket::{SqliteTickets, SqliteTicketsOptions, TicketStore, TicketStoreError};
use tempfile::TempDir;

const OTHERS: TableSet = TableSet { name: "pins", version: 1, sql: "CREATE TABLE pins (name TEXT NOT NULL) STRICT" };

fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tickets");
    (directory, path)
}

/// A store with a ticket of a.example, closed.
fn store_with_a_ticket(path: &Path) {
    SqliteTickets::open(path).unwrap().keep(&origin("a.example", 443), &pin(1, 0, 100), NOW).unwrap();
}

/// The ticket of a.example.
fn found(store: &SqliteTickets) -> Result<Option<String>, TicketStoreError> {
    Ok(store.find(&origin("a.example", 443), NOW)?.as_ref().map(shown))
}

/// The names of the files in a directory.
fn files(directory: &TempDir) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn io_kind(error: TicketStoreError) -> Option<io::ErrorKind> {
    let TicketStoreError::Other(error) = error else { panic!("{error}") };
    error.downcast_ref::<io::Error>().map(io::Error::kind)
}

#[test]
fn what_must_exist_is_not_made() {
    let (directory, path) = directory();
    for options in [SqliteTicketsOptions::default().must_exist(), SqliteTicketsOptions::default().read_only()] {
        assert_eq!(io_kind(options.open(&path).unwrap_err()), Some(io::ErrorKind::NotFound));
        assert!(files(&directory).is_empty());
    }
    store_with_a_ticket(&path);
    let store = SqliteTicketsOptions::default().must_exist().open(&path).unwrap();
    assert_eq!(found(&store).unwrap(), Some(shown(&pin(1, 0, 100))));
    drop(store);
    assert_eq!(files(&directory), ["tickets"]);
}

#[test]
fn a_newer_version_is_refused_with_its_number_and_stays_as_it_is() {
    for sql in ["PRAGMA user_version = 2", "UPDATE table_sets SET version = 2"] {
        let (_directory, path) = directory();
        store_with_a_ticket(&path);
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let before = fs::read(&path).unwrap();
        for options in [SqliteTicketsOptions::default(), SqliteTicketsOptions::default().read_only()] {
            let error = options.open(&path).unwrap_err();
            assert!(matches!(error, TicketStoreError::Version { found: 2, known: 1 }), "{error}");
            assert_eq!(error.to_string(), "the ticket store is of version 2, and the newest known is 1");
        }
        assert!(fs::read(&path).unwrap() == before);
    }
}

#[test]
fn what_is_no_store_is_refused_and_stays_as_it_is() {
    let (directory, path) = directory();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE tickets (name TEXT)").unwrap();
    let database = fs::read(&path).unwrap();
    for content in [b"{\"tack_tickets\": 1}\n".to_vec(), vec![0; 4096], database] {
        fs::write(&path, &content).unwrap();
        for options in [SqliteTicketsOptions::default(), SqliteTicketsOptions::default().read_only()] {
            let error = options.open(&path).unwrap_err();
            assert!(matches!(error, TicketStoreError::NotAStore), "{error}");
            assert!(fs::read(&path).unwrap() == content);
        }
    }
    assert!(matches!(SqliteTickets::open(directory.path()), Err(TicketStoreError::NotAStore)));
    assert_eq!(files(&directory), ["tickets"]);
}

#[test]
fn tickets_come_into_a_file_in_which_only_pins_are() {
    let (_directory, path) = directory();
    let others = FileOptions::default().open(&path, &OTHERS).unwrap();
    let insert = "INSERT INTO pins VALUES ('a.example')";
    others.write(|connection| connection.execute(insert, ())).unwrap();
    let error = SqliteTicketsOptions::default().read_only().open(&path).unwrap_err();
    assert!(matches!(error, TicketStoreError::NotAStore), "{error}");
    store_with_a_ticket(&path);
    assert_eq!(
        found(&SqliteTicketsOptions::default().read_only().open(&path).unwrap()).unwrap().as_deref(),
        Some(&*shown(&pin(1, 0, 100)))
    );
    let number =
        |connection: &Connection| connection.query_row("SELECT count(*) FROM pins", (), |row| row.get::<_, i64>(0));
    assert_eq!(others.read(number).unwrap(), 1);
}

#[test]
fn a_store_for_reading_changes_nothing() {
    let (_directory, path) = directory();
    store_with_a_ticket(&path);
    let before = fs::read(&path).unwrap();
    let store = SqliteTicketsOptions::default().read_only().open(&path).unwrap();
    let other = (origin("b.example", 443), pin(2, 0, 100));
    let refused = [
        store.keep(&other.0, &other.1, NOW),
        store.forget(&name("a.example"), None).map(drop),
        store.import(std::slice::from_ref(&other), NOW).map(drop),
    ];
    assert!(refused.iter().all(|refused| matches!(refused, Err(TicketStoreError::ReadOnly))), "{refused:?}");
    assert_eq!(found(&store).unwrap(), Some(shown(&pin(1, 0, 100))));
    drop(store);
    assert!(fs::read(&path).unwrap() == before);
}

#[test]
fn a_store_that_is_locked_is_busy_only_for_who_changes_it() {
    let (_directory, path) = directory();
    store_with_a_ticket(&path);
    let store = SqliteTicketsOptions::default().busy_timeout(Duration::ZERO).open(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(store.forget(&name("a.example"), None), Err(TicketStoreError::Busy)));
    assert_eq!(found(&store).unwrap(), Some(shown(&pin(1, 0, 100))));
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(store.forget(&name("a.example"), None).unwrap(), 1);
}

/// What takes a ticket out of the store.
type Removal = fn(&SqliteTickets);

#[test]
fn nothing_is_left_of_a_secret_that_was_forgotten_replaced_or_has_expired() {
    const SECRET: &[u8] = &[0xa5; 48];
    // One that fits a page of the file, and one that does not.
    for ticket in [vec![0x5a; 105], vec![0x5a; 40_000]] {
        let removals: [Removal; 4] = [
            |store| assert_eq!(store.forget(&name("a.example"), None).unwrap(), 1),
            |store| store.keep(&origin("a.example", 443), &pin(2, 1, 200), NOW).unwrap(),
            |store| store.keep(&origin("c.example", 443), &pin(2, 1, 200), at(100)).unwrap(),
            |store| {
                let later = [(origin("a.example", 443), pin(2, 1, 200))];
                assert_eq!(store.import(&later, NOW).unwrap().changed, 1);
            },
        ];
        for (index, remove) in removals.into_iter().enumerate() {
            let (directory, path) = directory();
            let store = SqliteTickets::open(&path).unwrap();
            store.keep(&origin("b.example", 443), &pin(3, 0, 200), NOW).unwrap();
            store.keep(&origin("a.example", 443), &pin_of(ticket.clone(), SECRET, 0, 100), NOW).unwrap();
            drop(store);
            let has = |bytes: &[u8]| fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes);
            assert!(has(SECRET) && has(&[0x5a; 100]));
            // It is another process, or a later one, that takes it out.
            let store = SqliteTickets::open(&path).unwrap();
            remove(&store);
            drop(store);
            assert!(!has(&SECRET[..16]) && !has(&[0x5a; 16]), "removal {index} of {} bytes", ticket.len());
            assert_eq!(files(&directory), ["tickets"]);
        }
    }
}

#[test]
fn a_damaged_row_is_an_error_and_never_no_pin() {
    let (_directory, path) = directory();
    store_with_a_ticket(&path);
    let other = Connection::open(&path).unwrap();
    for sql in [
        "UPDATE tickets SET secret = x'00'",
        "UPDATE tickets SET secret = 'a text'",
        "UPDATE tickets SET ticket = x''",
        "UPDATE tickets SET port = 65536",
        "UPDATE tickets SET protocol = 'TLS'",
        "UPDATE tickets SET expires = 'never'",
        "UPDATE tickets SET name = NULL",
    ] {
        assert!(other.execute_batch(sql).is_err(), "{sql}");
    }
    other.execute_batch("PRAGMA ignore_check_constraints = 1").unwrap();
    let store = SqliteTickets::open(&path).unwrap();
    for (column, value) in
        [("secret", "x'00'"), ("ticket", "x''"), ("expires", "received"), ("expires", "received + 2678401")]
    {
        let kept: (Vec<u8>, i64) =
            other.query_row("SELECT secret, expires FROM tickets", (), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        other.execute_batch(&format!("UPDATE tickets SET {column} = {value}")).unwrap();
        let error = found(&store).unwrap_err().to_string();
        assert!(error.contains("the ticket of tls://a.example:443 is damaged"), "{error}");
        assert!(store.each(&mut |_, _| panic!("it is no pin")).is_err());
        other.execute("UPDATE tickets SET secret = ?, ticket = x'01', expires = ?", kept).unwrap();
        assert!(found(&store).unwrap().is_some());
    }
    for (column, value) in [("name", "a..example"), ("protocol", "TLS")] {
        other.execute_batch(&format!("UPDATE tickets SET {column} = '{value}'")).unwrap();
        assert!(store.each(&mut |_, _| panic!("it is no pin")).is_err(), "{value}");
        other.execute_batch("UPDATE tickets SET name = 'a.example', protocol = 'tls'").unwrap();
    }
    // What is damaged can be forgotten.
    other.execute_batch("UPDATE tickets SET secret = x'00'").unwrap();
    assert_eq!(store.forget(&name("a.example"), None).unwrap(), 1);
    assert!(found(&store).unwrap().is_none());
}

#[test]
fn a_file_that_is_damaged_is_an_error_and_never_no_pin() {
    let (_directory, path) = directory();
    store_with_a_ticket(&path);
    let whole = fs::read(&path).unwrap();
    assert!(whole.len() >= 3 * 4096);
    let mut refused = 0;
    for page in 0..whole.len() / 4096 {
        let mut damaged = whole.clone();
        damaged[page * 4096..(page + 1) * 4096].fill(0xff);
        fs::write(&path, &damaged).unwrap();
        // A page that is not looked at, such as of the index by expiry, is none of its business.
        match SqliteTickets::open(&path).and_then(|store| found(&store)) {
            Ok(found) => assert_eq!(found, Some(shown(&pin(1, 0, 100))), "page {page}"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused >= 3, "{refused}");
    fs::write(&path, &whole[..whole.len() - 4096]).unwrap();
    assert!(SqliteTickets::open(&path).and_then(|store| found(&store)).is_err());
}

#[test]
fn tickets_are_looked_up_while_they_are_listed() {
    let (_directory, path) = directory();
    store_with_a_ticket(&path);
    let store = SqliteTickets::open(&path).unwrap();
    let mut listed = 0;
    store
        .each(&mut |_, _| {
            listed += 1;
            assert!(found(&store).unwrap().is_some());
            store.forget(&name("a.example"), Some(443)).unwrap() == 1
        })
        .unwrap();
    assert_eq!((listed, found(&store).unwrap()), (1, None));
}
