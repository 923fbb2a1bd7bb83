//! What is in the file, and how it gets there.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use crate::error::FileError;
use crate::table_set::TableSet;

/// "TACK" in ASCII, at the place that SQLite has for the program that a database belongs to.
const APPLICATION_ID: i64 = 0x5441_434b;
/// The version of the file, whatever the sets in it.
const VERSION: i64 = 1;
/// The version of a set that has no record: the first files had a set of pins, and no records.
const UNRECORDED: i64 = 1;

const RECORDS: &str = "
    CREATE TABLE IF NOT EXISTS table_sets (name TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID";
const RECORD: &str = "INSERT INTO table_sets VALUES (?, ?)";
const RECORDED: &str = "SELECT version FROM table_sets WHERE name = ?";
const HAS_TABLE: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)";
const HAS_ANYTHING: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_schema)";

/// What a database is to who needs a set of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It has the set, in the version that is wanted.
    Ready,
    /// It has not: it is a new file, one with other sets, or one in which another process is about to make this one.
    Missing,
}

/// Says what a database is, and changes nothing.
pub(crate) fn kind(connection: &Connection, tables: &TableSet) -> Result<Kind, FileError> {
    // In one transaction, as another process may make the tables meanwhile.
    kind_within(&connection.unchecked_transaction()?, tables)
}

/// Makes the tables, if no other process was faster.
pub(crate) fn create(connection: &Connection, tables: &TableSet) -> Result<(), FileError> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    if kind_within(&transaction, tables)? == Kind::Missing {
        transaction.execute_batch(tables.sql)?;
        transaction.execute(RECORDS, ())?;
        transaction.execute(RECORD, (tables.name, tables.version))?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    Ok(transaction.commit()?)
}

fn kind_within(transaction: &Transaction<'_>, tables: &TableSet) -> Result<Kind, FileError> {
    let number = |sql| transaction.query_row(sql, (), |row| row.get::<_, i64>(0));
    match (number("PRAGMA application_id")?, number("PRAGMA user_version")?) {
        (APPLICATION_ID, VERSION) => {}
        (APPLICATION_ID, found) => return Err(FileError::Version { found, known: VERSION }),
        (0, 0) if number(HAS_ANYTHING)? == 0 => return Ok(Kind::Missing),
        _ => return Err(FileError::NotAStore),
    }
    match version(transaction, tables.name)? {
        None => Ok(Kind::Missing),
        Some(found) if found == tables.version => Ok(Kind::Ready),
        Some(found) => Err(FileError::Version { found, known: tables.version }),
    }
}

/// The version of a set; none if the set is not there.
fn version(connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    let has_table = |name| connection.query_row(HAS_TABLE, [name], |row| row.get::<_, bool>(0));
    if has_table("table_sets")?
        && let Some(version) = connection.query_row(RECORDED, [name], |row| row.get(0)).optional()?
    {
        return Ok(Some(version));
    }
    Ok(has_table(name)?.then_some(UNRECORDED))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VISITS: TableSet = TableSet { name: "visits", version: 1, sql: "CREATE TABLE visits (host TEXT) STRICT" };

    #[test]
    fn who_comes_second_to_make_the_tables_finds_them() {
        let directory = tempfile::tempdir().unwrap();
        let connect = || Connection::open(directory.path().join("client")).unwrap();
        let (first, second) = (connect(), connect());
        assert_eq!([&first, &second].map(|connection| kind(connection, &VISITS).unwrap()), [Kind::Missing; 2]);
        create(&first, &VISITS).unwrap();
        create(&second, &VISITS).unwrap();
        assert_eq!([&first, &second].map(|connection| kind(connection, &VISITS).unwrap()), [Kind::Ready; 2]);
    }

    #[test]
    fn what_another_program_makes_meanwhile_is_left_to_it() {
        let connection = Connection::open_in_memory().unwrap();
        assert_eq!(kind(&connection, &VISITS).unwrap(), Kind::Missing);
        connection.execute_batch("CREATE TABLE theirs (a)").unwrap();
        assert!(matches!(create(&connection, &VISITS), Err(FileError::NotAStore)));
        assert!(!connection.query_row(HAS_TABLE, ["visits"], |row| row.get::<_, bool>(0)).unwrap());
    }
}
