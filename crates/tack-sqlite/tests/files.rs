//! The file: how it is made and opened, what is refused, who may come between, and whose tables are in it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::process::geteuid;
use rustix::thread::{Uid, set_thread_res_uid};
use tack_sqlite::rusqlite::Connection;
use tack_sqlite::{ClientFile, FileError, FileOptions, TableSet};
use tempfile::TempDir;

const PINS: TableSet = TableSet {
    name: "pins",
    version: 1,
    sql: "CREATE TABLE pins (host TEXT NOT NULL) STRICT; CREATE INDEX pins_by_host ON pins (host);",
};
const TICKETS: TableSet =
    TableSet { name: "tickets", version: 3, sql: "CREATE TABLE tickets (host TEXT NOT NULL) STRICT" };

fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("client");
    (directory, path)
}

fn open(path: impl AsRef<Path>) -> Result<ClientFile, FileError> {
    FileOptions::default().open(path, &PINS)
}

fn add(file: &ClientFile, tables: &TableSet, host: &str) -> Result<(), FileError> {
    file.write(|connection| connection.execute(&format!("INSERT INTO {} VALUES (?)", tables.name), [host])).map(drop)
}

fn hosts(file: &ClientFile, tables: &TableSet) -> Vec<String> {
    let sql = format!("SELECT host FROM {} ORDER BY host", tables.name);
    file.read(|connection| connection.prepare_cached(&sql)?.query_map((), |row| row.get(0))?.collect()).unwrap()
}

/// A file with a host, closed.
fn file_with_a_host(path: &Path) {
    add(&open(path).unwrap(), &PINS, "a").unwrap();
}

/// The names of the files in a directory.
fn files(directory: &TempDir) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn io_kind(error: FileError) -> Option<io::ErrorKind> {
    let FileError::Other(error) = error else { panic!("{error}") };
    error.downcast_ref::<io::Error>().map(io::Error::kind)
}

#[test]
fn it_and_what_is_beside_it_are_the_owners_alone_and_one_is_left_when_it_is_closed() {
    let (directory, path) = directory();
    let file = open(&path).unwrap();
    add(&file, &PINS, "a").unwrap();
    assert_eq!(files(&directory), ["client", "client-shm", "client-wal"]);
    assert!(files(&directory).iter().all(|file| mode(&directory.path().join(file)) == 0o600));
    drop(file);
    assert_eq!(files(&directory), ["client"]);
    assert_eq!(hosts(&open(&path).unwrap(), &PINS), ["a"]);
}

#[test]
fn an_empty_file_is_filled_and_keeps_its_mode() {
    let (_directory, path) = directory();
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(FileOptions::default().read_only().open(&path, &PINS), Err(FileError::NotAStore)));
    assert_eq!(fs::read(&path).unwrap(), b"");
    file_with_a_host(&path);
    assert_eq!(mode(&path), 0o640);
}

#[test]
fn what_must_exist_is_not_made() {
    let (directory, path) = directory();
    for options in [
        FileOptions::default().must_exist(),
        FileOptions::default().read_only(),
        FileOptions::default().read_only().must_exist(),
    ] {
        assert_eq!(io_kind(options.open(&path, &PINS).unwrap_err()), Some(io::ErrorKind::NotFound));
        assert!(files(&directory).is_empty());
    }
    let nowhere = directory.path().join("nowhere/client");
    assert_eq!(io_kind(open(nowhere).unwrap_err()), Some(io::ErrorKind::NotFound));
    file_with_a_host(&path);
    add(&FileOptions::default().must_exist().open(&path, &PINS).unwrap(), &PINS, "b").unwrap();
    assert_eq!(hosts(&open(&path).unwrap(), &PINS), ["a", "b"]);
}

#[test]
fn two_sets_of_tables_live_in_one_file_whichever_comes_first() {
    for (first, second) in [(PINS, TICKETS), (TICKETS, PINS)] {
        let (directory, path) = directory();
        let one = FileOptions::default().open(&path, &first).unwrap();
        add(&one, &first, "a").unwrap();
        let read_only = FileOptions::default().read_only();
        assert!(matches!(read_only.open(&path, &second), Err(FileError::NotAStore)));
        // While the first is open, too; and a file that must exist is there.
        let other = FileOptions::default().must_exist().open(&path, &second).unwrap();
        add(&other, &second, "b").unwrap();
        add(&one, &first, "c").unwrap();
        drop((one, other));
        assert_eq!(files(&directory), ["client"]);
        for options in [FileOptions::default(), read_only] {
            assert_eq!(hosts(&options.open(&path, &first).unwrap(), &first), ["a", "c"]);
            assert_eq!(hosts(&options.open(&path, &second).unwrap(), &second), ["b"]);
        }
    }
}

#[test]
fn threads_that_make_a_file_at_the_same_time_share_it() {
    let (_directory, path) = directory();
    thread::scope(|scope| {
        for host in 'a'..='h' {
            for tables in [PINS, TICKETS] {
                let path = &path;
                scope.spawn(move || {
                    let file = FileOptions::default().open(path, &tables).unwrap();
                    add(&file, &tables, &host.to_string()).unwrap();
                });
            }
        }
    });
    for tables in [PINS, TICKETS] {
        assert_eq!(hosts(&FileOptions::default().open(&path, &tables).unwrap(), &tables).len(), 8);
    }
}

/// As files were when there was one set alone.
#[test]
fn a_file_without_records_has_its_set_in_version_1_and_takes_another() {
    let (_directory, path) = directory();
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(PINS.sql).unwrap();
    connection.execute_batch("INSERT INTO pins VALUES ('a')").unwrap();
    connection.execute_batch("PRAGMA application_id = 0x5441434b; PRAGMA user_version = 1").unwrap();
    drop(connection);
    for _ in 0..2 {
        assert_eq!(hosts(&open(&path).unwrap(), &PINS), ["a"]);
        drop(FileOptions::default().open(&path, &TICKETS).unwrap());
    }
    let newer = TableSet { version: 2, ..PINS };
    let error = FileOptions::default().open(&path, &newer).unwrap_err();
    assert!(matches!(error, FileError::Version { found: 1, known: 2 }), "{error}");
}

#[test]
fn a_newer_version_of_the_file_or_a_set_is_refused_with_its_number_and_stays_as_it_is() {
    let (directory, path) = directory();
    file_with_a_host(&path);
    drop(FileOptions::default().open(&path, &TICKETS).unwrap());
    for (sql, expected) in [
        ("UPDATE table_sets SET version = 2 WHERE name = 'pins'", "version 2, and the newest known is 1"),
        ("PRAGMA user_version = 5", "version 5, and the newest known is 1"),
    ] {
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let before = fs::read(&path).unwrap();
        for options in [FileOptions::default(), FileOptions::default().read_only()] {
            let error = options.open(&path, &PINS).unwrap_err();
            assert!(matches!(error, FileError::Version { .. }) && error.to_string().contains(expected), "{error}");
            // A newer set beside it harms nobody; a newer file may be anything.
            assert_eq!(options.open(&path, &TICKETS).is_ok(), sql.contains("pins"));
        }
        assert!(fs::read(&path).unwrap() == before);
        assert_eq!(files(&directory), ["client"]);
    }
}

#[test]
fn what_another_program_made_is_refused_and_stays_as_it_is() {
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
        for options in [FileOptions::default(), FileOptions::default().read_only()] {
            let error = options.open(&path, &PINS).unwrap_err();
            assert!(matches!(error, FileError::NotAStore), "{error}");
            assert!(fs::read(&path).unwrap() == content);
        }
        assert_eq!(files(&directory), ["client"]);
    }
}

#[test]
fn the_log_of_another_program_is_left_to_it() {
    let (directory, path) = directory();
    let theirs = Connection::open(&path).unwrap();
    theirs.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)").unwrap();
    // As a killed process leaves it.
    let copy = directory.path().join("copy");
    let log = directory.path().join("copy-wal");
    fs::copy(&path, &copy).unwrap();
    fs::copy(directory.path().join("client-wal"), &log).unwrap();
    let before = (fs::read(&copy).unwrap(), fs::read(&log).unwrap());
    assert!(before.1.len() > 4096);
    assert!(matches!(open(&copy), Err(FileError::NotAStore)));
    assert!((fs::read(&copy).unwrap(), fs::read(&log).unwrap()) == before);
}

#[test]
fn directories_pipes_and_devices_are_refused() {
    let (directory, path) = directory();
    mkfifoat(CWD, &path, Mode::RWXU).unwrap();
    for path in [path.as_path(), directory.path(), Path::new("/dev/null")] {
        for options in [FileOptions::default(), FileOptions::default().read_only()] {
            assert!(matches!(options.open(path, &PINS), Err(FileError::NotAStore)), "{}", path.display());
        }
    }
}

#[test]
fn symbolic_links_are_followed_unless_they_lead_nowhere() {
    let (directory, path) = directory();
    let link = directory.path().join("link");
    symlink(&path, &link).unwrap();
    assert_eq!(io_kind(open(&link).unwrap_err()), Some(io::ErrorKind::NotFound));
    assert_eq!(files(&directory), ["link"]);
    file_with_a_host(&path);
    let (one, other) = (open(&link).unwrap(), open(&path).unwrap());
    add(&one, &PINS, "b").unwrap();
    assert_eq!(hosts(&other, &PINS), ["a", "b"]);
    assert_eq!(files(&directory), ["client", "client-shm", "client-wal", "link"]);
}

#[test]
fn a_file_for_reading_is_not_changed_while_another_process_writes() {
    let (directory, path) = directory();
    file_with_a_host(&path);
    let before = fs::read(&path).unwrap();
    let file = FileOptions::default().read_only().open(&path, &PINS).unwrap();
    assert_eq!(hosts(&file, &PINS), ["a"]);
    assert!(matches!(add(&file, &PINS, "b"), Err(FileError::ReadOnly)));
    assert!(fs::read(&path).unwrap() == before);
    add(&open(&path).unwrap(), &PINS, "b").unwrap();
    assert_eq!(hosts(&file, &PINS), ["a", "b"]);
    drop(file);
    assert_eq!(files(&directory), ["client"]);
}

/// Runs as a user who may write nothing; only this thread becomes one.
fn as_nobody<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    let nobody = || {
        if geteuid().is_root() {
            let nobody = Uid::from_raw(65_534);
            set_thread_res_uid(nobody, nobody, nobody).unwrap();
        }
        run()
    };
    thread::scope(|scope| scope.spawn(nobody).join().unwrap())
}

#[test]
fn a_file_that_may_not_be_written_can_be_read() {
    let (directory, _) = directory();
    let path = directory.path().join("a b?c#d%20.client");
    file_with_a_host(&path);
    fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
    // First the directory may be written, and then it may not.
    for mode in [0o777, 0o555] {
        fs::set_permissions(directory.path(), Permissions::from_mode(mode)).unwrap();
        as_nobody(|| {
            let refused = open(&path);
            assert!(refused.is_err(), "{mode:o}");
            assert!(mode == 0o555 || matches!(refused, Err(FileError::ReadOnly)), "{refused:?}");
            let file = FileOptions::default().read_only().open(&path, &PINS).unwrap();
            assert_eq!((hosts(&file, &PINS), hosts(&file, &PINS)), (vec!["a".into()], vec!["a".into()]), "{mode:o}");
            assert!(matches!(add(&file, &PINS, "b"), Err(FileError::ReadOnly)), "{mode:o}");
        });
        fs::set_permissions(directory.path(), Permissions::from_mode(0o700)).unwrap();
        for beside in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{beside}", path.display()));
        }
    }
    // A log that cannot be used is an error: what is in it is never left out.
    let file = open(directory.path().join("logged")).unwrap();
    add(&file, &PINS, "a").unwrap();
    for (to, from) in [("copy", "logged"), ("copy-wal", "logged-wal")] {
        fs::copy(directory.path().join(from), directory.path().join(to)).unwrap();
        fs::set_permissions(directory.path().join(to), Permissions::from_mode(0o444)).unwrap();
    }
    fs::set_permissions(directory.path(), Permissions::from_mode(0o555)).unwrap();
    let copy = directory.path().join("copy");
    let read = as_nobody(|| FileOptions::default().read_only().open(copy, &PINS).map(|file| hosts(&file, &PINS)));
    fs::set_permissions(directory.path(), Permissions::from_mode(0o700)).unwrap();
    assert!(read.as_ref().map_or(true, |hosts| *hosts == ["a"]), "{read:?}");
}

#[test]
fn a_file_that_is_locked_is_busy_only_for_who_changes_it() {
    let (_directory, path) = directory();
    file_with_a_host(&path);
    let options = FileOptions::default().busy_timeout(Duration::ZERO);
    let file = options.open(&path, &PINS).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(add(&file, &PINS, "b"), Err(FileError::Busy)));
    assert!(matches!(options.open(&path, &TICKETS), Err(FileError::Busy)));
    assert_eq!(hosts(&file, &PINS), ["a"]);
    assert!(options.open(&path, &PINS).is_ok());
    other.execute_batch("COMMIT").unwrap();
    add(&file, &PINS, "b").unwrap();
    assert_eq!(hosts(&file, &PINS), ["a", "b"]);
}

#[test]
fn who_writes_has_the_file_for_itself_before_it_reads() {
    let (_directory, path) = directory();
    let options = FileOptions::default().busy_timeout(Duration::ZERO);
    let (file, other) = (options.open(&path, &PINS).unwrap(), options.open(&path, &PINS).unwrap());
    let locked = file.write(|_| Ok(matches!(add(&other, &PINS, "a"), Err(FileError::Busy)))).unwrap();
    assert!(locked);
    add(&other, &PINS, "a").unwrap();
}

#[test]
fn what_fails_or_panics_changes_nothing_and_harms_nobody() {
    let (_directory, path) = directory();
    let file = open(&path).unwrap();
    let written = |connection: &Connection| connection.execute("INSERT INTO pins VALUES ('a')", ()).unwrap();
    let failed = file.write(|connection| {
        written(connection);
        connection.execute("INSERT INTO pins VALUES (NULL)", ())
    });
    assert!(matches!(failed, Err(FileError::Other(_))), "{failed:?}");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        file.write(|connection| {
            assert!(written(connection) == 0, "in the transaction");
            Ok(())
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(hosts(&file, &PINS), [""; 0]);
    add(&file, &PINS, "b").unwrap();
    assert_eq!(hosts(&file, &PINS), ["b"]);
}
