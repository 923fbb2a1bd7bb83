//! How the file is made, and how connections to it are opened.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::FileError;
use crate::schema::{Kind, create, kind};
use crate::table_set::TableSet;

/// Statements that a connection keeps prepared: more than a user of the file has.
const STATEMENTS: usize = 32;

/// Held while a file is opened, and made. To close a file takes away all locks that the process has on it, those of SQLite too.
static CREATION: Mutex<()> = Mutex::new(());

/// Opens connections to the file.
#[derive(Debug)]
pub(crate) struct Connector {
    /// Absolute, as SQLite takes some relative ones, such as ":memory:", for something else.
    path: PathBuf,
    access: Access,
    busy_timeout: Duration,
}

/// How the file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// To read and write a file that may have to be made.
    Create,
    /// To read and write a file that is there.
    Write,
    /// To read it.
    Read,
    /// To read it where no file can be made beside it.
    Immutable,
}

impl Connector {
    /// Opens the file, or makes it where there is none. Nothing changes in one of another kind.
    pub(crate) fn open(
        path: &Path,
        access: Access,
        busy_timeout: Duration,
        tables: &TableSet,
    ) -> Result<(Self, Connection), FileError> {
        let path = std::path::absolute(path)?;
        let _creation = CREATION.lock().unwrap_or_else(PoisonError::into_inner);
        if access == Access::Create {
            make(&path)?;
        }
        // To open a pipe or a device could wait, or do something.
        if !fs::metadata(&path)?.is_file() {
            return Err(FileError::NotAStore);
        }
        let mut connector = Self { path, access, busy_timeout };
        let (connection, kind) = match connector.judged(tables) {
            // No file can be made beside it, most likely.
            Err(FileError::Other(_) | FileError::ReadOnly) if access == Access::Read && !connector.has_log() => {
                connector.access = Access::Immutable;
                connector.judged(tables)?
            }
            judged => judged?,
        };
        if matches!(access, Access::Create | Access::Write) {
            prepare(&connection, kind, tables)?;
        } else if kind == Kind::Missing {
            return Err(FileError::NotAStore);
        }
        Ok((connector, connection))
    }

    /// Opens another connection to it.
    pub(crate) fn connect(&self) -> Result<Connection, FileError> {
        let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match self.access {
            Access::Create | Access::Write | Access::Read => {
                Connection::open_with_flags(&self.path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE)?
            }
            Access::Immutable => {
                let flags = flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
                Connection::open_with_flags(immutable(&self.path), flags)?
            }
        };
        connection.busy_timeout(self.busy_timeout)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        Ok(connection)
    }

    /// Opens a connection, and says to what. A write-ahead log that is there may be another program's, and is left to it.
    fn judged(&self, tables: &TableSet) -> Result<(Connection, Kind), FileError> {
        let has_log = self.has_log();
        let connection = self.connect()?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_log)?;
        let kind = kind(&connection, tables)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        Ok((connection, kind))
    }

    /// Whether something is in the write-ahead log.
    fn has_log(&self) -> bool {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        fs::metadata(log).map_or_else(|error| error.kind() != ErrorKind::NotFound, |log| log.len() > 0)
    }
}

/// Makes the tables if they are missing, and keeps a write-ahead log.
fn prepare(connection: &Connection, kind: Kind, tables: &TableSet) -> Result<(), FileError> {
    if connection.is_readonly("main")? {
        return Err(FileError::ReadOnly);
    }
    if kind == Kind::Missing {
        create(connection, tables)?;
    }
    match connection.query_row("PRAGMA journal_mode = WAL", (), |_| Ok(())).map_err(FileError::from) {
        // Another process uses it just now. The file is as safe without a log, and the next to open it sees to that.
        Err(FileError::Busy) => Ok(()),
        switched => switched,
    }
}

/// Makes an empty file that only its owner may read, if there is none.
fn make(path: &Path) -> Result<(), FileError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

/// The URI that has SQLite read a file without locks (RFC 3986, section 2.1).
fn immutable(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.push_str(&format!("%{byte:02x}"));
        }
    }
    uri + "?immutable=1"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_its_characters_in_a_uri() {
        assert_eq!(immutable(Path::new("/a b/c?d#e%f.g")), "file:/a%20b/c%3fd%23e%25f.g?immutable=1");
    }
}
