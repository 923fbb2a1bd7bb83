//! A store in SQLite: how it is made and opened, what is refused, and who may come between.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tack_core::Minute;
use tack_pin::{Change, HostName, Pin, PinStore, Query, SqliteOptions, SqliteStore, StoreError};
use tack_sqlite::rusqlite::Connection;
use tempfile::TempDir;

const NOW: Minute = Minute::new(1_000);

fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pins");
    (directory, path)
}

fn name() -> HostName {
    "www.example.com".parse().unwrap()
}

fn pin(letter: char) -> Pin {
    let key = "aaaaa.aaaaa.aaaaa.aaaaa.aaaaa".replace('a', &letter.to_string()).parse().unwrap();
    Pin { key, min_generation: 1, initial: Minute::new(900), end: Minute::new(1_100) }
}

fn add(store: &SqliteStore, pin: Pin) -> Result<Vec<Pin>, StoreError> {
    store.update(&Query { name: &name(), keys: &[], now: NOW }, &mut |_| vec![Change::Add(pin)])
}

fn pins(store: &SqliteStore) -> Vec<Pin> {
    store.look(&Query { name: &name(), keys: &[], now: NOW }).unwrap().pins
}

/// A store with a pin, closed.
fn store_with_a_pin(path: &Path) {
    add(&SqliteStore::open(path).unwrap(), pin('a')).unwrap();
}

/// The names of the files in a directory.
fn files(directory: &TempDir) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn io_kind(error: StoreError) -> Option<io::ErrorKind> {
    let StoreError::Other(error) = error else { panic!("{error}") };
    error.downcast_ref::<io::Error>().map(io::Error::kind)
}

#[test]
fn what_must_exist_is_not_made() {
    let (directory, path) = directory();
    for options in [
        SqliteOptions::default().must_exist(),
        SqliteOptions::default().read_only(),
        SqliteOptions::default().read_only().must_exist(),
    ] {
        assert_eq!(io_kind(options.open(&path).unwrap_err()), Some(io::ErrorKind::NotFound));
        assert!(files(&directory).is_empty());
    }
    let nowhere = directory.path().join("nowhere/pins");
    assert_eq!(io_kind(SqliteStore::open(nowhere).unwrap_err()), Some(io::ErrorKind::NotFound));
    store_with_a_pin(&path);
    add(&SqliteOptions::default().must_exist().open(&path).unwrap(), pin('b')).unwrap();
    assert_eq!(pins(&SqliteStore::open(&path).unwrap()), [pin('a'), pin('b')]);
}

#[test]
fn a_newer_version_is_refused_with_its_number_and_stays_as_it_is() {
    let (directory, path) = directory();
    store_with_a_pin(&path);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    let before = fs::read(&path).unwrap();
    for options in [SqliteOptions::default(), SqliteOptions::default().read_only()] {
        let error = options.open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Version { found: 2, known: 1 }), "{error}");
        assert_eq!(error.to_string(), "the pin store is of version 2, and the newest known is 1");
    }
    assert!(fs::read(&path).unwrap() == before);
    assert_eq!(files(&directory), ["pins"]);
}

/// As the first stores were, whose file had no other tables.
#[test]
fn a_store_without_a_record_of_its_tables_opens_and_stays_as_it_is() {
    let (_directory, path) = directory();
    store_with_a_pin(&path);
    Connection::open(&path).unwrap().execute_batch("DROP TABLE table_sets").unwrap();
    let before = fs::read(&path).unwrap();
    assert_eq!(pins(&SqliteOptions::default().read_only().open(&path).unwrap()), [pin('a')]);
    assert_eq!(pins(&SqliteStore::open(&path).unwrap()), [pin('a')]);
    assert!(fs::read(&path).unwrap() == before);
}

#[test]
fn what_is_no_store_is_refused_and_stays_as_it_is() {
    let (directory, path) = directory();
    let database = |sql: &str| {
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        fs::read(&path).unwrap()
    };
    let mut contents = vec![b"[\n]\n".to_vec(), vec![0; 4096], b"SQLite format 3\0".to_vec()];
    for sql in [
        "CREATE TABLE moz_hosts (host TEXT)",
        "PRAGMA application_id = 1",
        "PRAGMA user_version = 1; PRAGMA application_id = 0",
        "PRAGMA journal_mode = WAL; CREATE TABLE pins (name TEXT)",
    ] {
        contents.push(database(sql));
        fs::remove_file(&path).unwrap();
    }
    for content in contents {
        fs::write(&path, &content).unwrap();
        for options in [SqliteOptions::default(), SqliteOptions::default().read_only()] {
            let error = options.open(&path).unwrap_err();
            assert!(matches!(error, StoreError::NotAStore), "{error}");
            assert!(fs::read(&path).unwrap() == content);
        }
        assert_eq!(files(&directory), ["pins"]);
    }
}

#[test]
fn a_store_for_reading_changes_nothing() {
    let (directory, path) = directory();
    store_with_a_pin(&path);
    let before = fs::read(&path).unwrap();
    let store = SqliteOptions::default().read_only().open(&path).unwrap();
    assert_eq!(pins(&store), [pin('a')]);
    let query = Query { name: &name(), keys: &[], now: NOW };
    assert_eq!(store.update(&query, &mut |_| Vec::new()).unwrap(), [pin('a')]);
    let refused = [
        add(&store, pin('b')).map(drop),
        store.forget_name(&name()).map(drop),
        store.forget_key(pin('a').key).map(drop),
        store.import(&[(name(), pin('b'))], NOW).map(drop),
    ];
    assert!(refused.iter().all(|refused| matches!(refused, Err(StoreError::ReadOnly))), "{refused:?}");
    // Another process may write meanwhile.
    add(&SqliteStore::open(&path).unwrap(), pin('b')).unwrap();
    assert_eq!(pins(&store), [pin('a'), pin('b')]);
    SqliteStore::open(&path).unwrap().forget_key(pin('b').key).unwrap();
    drop(store);
    assert_eq!(files(&directory), ["pins"]);
    assert_eq!(fs::read(&path).unwrap().len(), before.len());
}

#[test]
fn a_store_that_is_locked_is_busy_only_for_who_changes_it() {
    let (_directory, path) = directory();
    store_with_a_pin(&path);
    let store = SqliteOptions::default().busy_timeout(Duration::ZERO).open(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(add(&store, pin('b')), Err(StoreError::Busy)));
    assert_eq!(pins(&store), [pin('a')]);
    let query = Query { name: &name(), keys: &[], now: NOW };
    assert_eq!(store.update(&query, &mut |_| Vec::new()).unwrap(), [pin('a')]);
    assert!(SqliteOptions::default().busy_timeout(Duration::ZERO).open(&path).is_ok());
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(add(&store, pin('b')).unwrap(), [pin('a'), pin('b')]);
}

#[test]
fn what_comes_between_the_first_look_and_the_change_is_seen() {
    let (_directory, path) = directory();
    let (store, other) = (SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap());
    let mut seen = Vec::new();
    let decide = &mut |known: &tack_pin::Known| {
        if seen.is_empty() {
            add(&other, pin('a')).unwrap();
        }
        seen.push(known.pins.clone());
        vec![Change::Add(pin('b'))]
    };
    let query = Query { name: &name(), keys: &[], now: NOW };
    assert_eq!(store.update(&query, decide).unwrap(), [pin('a'), pin('b')]);
    assert_eq!(seen, [vec![], vec![pin('a')]]);
}

#[test]
fn a_caller_who_panics_changes_nothing_and_harms_nobody() {
    let (_directory, path) = directory();
    let store = SqliteStore::open(&path).unwrap();
    let query = Query { name: &name(), keys: &[], now: NOW };
    let mut asked = 0;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.update(&query, &mut |_| {
            asked += 1;
            assert!(asked < 2, "in the transaction");
            vec![Change::Add(pin('a'))]
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(asked, 2);
    assert_eq!(pins(&store), []);
    assert_eq!(add(&store, pin('b')).unwrap(), [pin('b')]);
}

#[test]
fn a_lower_limit_takes_no_pin_away_and_lets_none_in() {
    let (_directory, path) = directory();
    store_with_a_pin(&path);
    add(&SqliteStore::open(&path).unwrap(), pin('b')).unwrap();
    let store = SqliteOptions::default().limit(1).open(&path).unwrap();
    let other: HostName = "b.example".parse().unwrap();
    let query = Query { name: &other, keys: &[], now: NOW };
    assert_eq!(store.update(&query, &mut |_| vec![Change::Add(pin('c'))]).unwrap(), []);
    assert_eq!(pins(&store), [pin('a'), pin('b')]);
}

#[test]
fn what_another_program_put_into_a_store_is_an_error_and_no_pin() {
    let (_directory, path) = directory();
    store_with_a_pin(&path);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("UPDATE keys SET fingerprint = 'aaa'").unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let error = store.look(&Query { name: &name(), keys: &[], now: NOW }).unwrap_err();
    assert!(error.to_string().contains("\"aaa\" is not a key fingerprint"), "{error}");
    other.execute_batch("UPDATE pins SET name = 'A.example'; DELETE FROM count").unwrap();
    assert!(add(&store, pin('b')).is_err());
    for sql in ["UPDATE keys SET min_generation = 256", "UPDATE pins SET end_time = -1", "UPDATE pins SET key = 9"] {
        assert!(other.execute_batch(sql).is_err(), "{sql}");
    }
}

#[test]
fn threads_that_open_a_new_store_at_the_same_time_share_it() {
    let (_directory, path) = directory();
    thread::scope(|scope| {
        for letter in 'a'..='h' {
            let path = &path;
            scope.spawn(move || {
                let host: HostName = format!("{letter}.example").parse().unwrap();
                SqliteStore::open(path).unwrap().import(&[(host, pin(letter))], NOW).unwrap();
            });
        }
    });
    let mut count = 0;
    let each = &mut |_: &HostName, _: &Pin| {
        count += 1;
        true
    };
    SqliteStore::open(&path).unwrap().each(None, each).unwrap();
    assert_eq!(count, 8);
}

#[test]
fn pins_are_looked_up_while_they_are_listed() {
    let (_directory, path) = directory();
    store_with_a_pin(&path);
    let store = SqliteStore::open(&path).unwrap();
    let each = &mut |_: &HostName, _: &Pin| {
        assert_eq!(pins(&store), [pin('a')]);
        store.forget_name(&name()).unwrap() == 1
    };
    store.each(None, each).unwrap();
    assert_eq!(pins(&store), []);
}
