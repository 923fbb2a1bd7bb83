//! The tables of a store in SQLite, and how a store is told from other databases.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::sqlite::error::store_error;
use crate::store::StoreError;

/// "TACK" in ASCII, at the place that SQLite has for the program that a database belongs to.
const APPLICATION_ID: i64 = 0x5441_434b;
/// The version of the tables.
const VERSION: i64 = 1;

/// A key is there as long as a pin is of it. `number` is how many pins there are, which SQLite would count one by one.
/// The index by end finds what gives way in a full store; it has the name behind the end, as the primary key is part of it.
const TABLES: &str = "
    CREATE TABLE keys (
        id INTEGER PRIMARY KEY,
        fingerprint TEXT NOT NULL UNIQUE,
        min_generation INTEGER NOT NULL CHECK (min_generation BETWEEN 0 AND 255)
    ) STRICT;
    CREATE TABLE pins (
        name TEXT NOT NULL,
        key INTEGER NOT NULL REFERENCES keys (id),
        initial_time INTEGER NOT NULL CHECK (initial_time BETWEEN 0 AND 4294967295),
        end_time INTEGER NOT NULL CHECK (end_time BETWEEN 0 AND 4294967295),
        PRIMARY KEY (name, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX pins_by_end ON pins (end_time);
    CREATE INDEX pins_by_key ON pins (key);
    CREATE TABLE count (id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL) STRICT;
    INSERT INTO count VALUES (1, 0);
    CREATE TRIGGER pin_added AFTER INSERT ON pins BEGIN
        UPDATE count SET number = number + 1;
    END;
    CREATE TRIGGER pin_removed AFTER DELETE ON pins BEGIN
        UPDATE count SET number = number - 1;
        DELETE FROM keys WHERE id = OLD.key AND NOT EXISTS (SELECT 1 FROM pins WHERE key = OLD.key);
    END;
";

/// What a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A store of the version that is known here.
    Store,
    /// Nothing yet: a new file, or one that another process is about to make a store of.
    Empty,
}

/// Says what a database is, and changes nothing.
pub(crate) fn kind(connection: &Connection) -> Result<Kind, StoreError> {
    // In one transaction, as another process may make a store of it meanwhile.
    let transaction = connection.unchecked_transaction().map_err(store_error)?;
    let number = |sql| transaction.query_row(sql, (), |row| row.get::<_, i64>(0)).map_err(store_error);
    match (number("PRAGMA application_id")?, number("PRAGMA user_version")?) {
        (APPLICATION_ID, VERSION) => Ok(Kind::Store),
        (APPLICATION_ID, found) => Err(StoreError::Version { found, known: VERSION }),
        (0, 0) if number("SELECT count(*) FROM sqlite_schema")? == 0 => Ok(Kind::Empty),
        _ => Err(StoreError::NotAStore),
    }
}

/// Makes the tables, if no other process was faster.
pub(crate) fn create(connection: &Connection) -> Result<(), StoreError> {
    let create = || {
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
        if tables == 0 {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        transaction.commit()
    };
    create().map_err(store_error)
}
