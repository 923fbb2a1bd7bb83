//! The file while it is open: connections to read side by side, and one to write.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, TransactionBehavior};

use crate::connector::Connector;
use crate::error::FileError;

/// Connections that wait for the next reader.
const IDLE: usize = 16;

/// The file, open. [`FileOptions`](crate::FileOptions) opens it, and the crate's documentation shows it.
///
/// Threads read side by side, and write one after the other. A process that is killed loses the transaction in flight at
/// most. A power cut or a crash of the system may take away the last transactions, but leaves the file whole: it is written
/// with `synchronous = NORMAL`, without waiting for the disk each time.
#[derive(Debug)]
pub struct ClientFile {
    connector: Connector,
    /// None if it is open for reading only.
    writer: Option<Mutex<Connection>>,
    readers: Mutex<Vec<Connection>>,
}

impl ClientFile {
    pub(crate) fn to_write(connector: Connector, writer: Connection) -> Self {
        Self { connector, writer: Some(Mutex::new(writer)), readers: Mutex::default() }
    }

    pub(crate) fn to_read(connector: Connector, reader: Connection) -> Self {
        Self { connector, writer: None, readers: Mutex::new(vec![reader]) }
    }

    /// Reads in a transaction, of a connection that no other thread has. `read` may read and write the file by itself.
    ///
    /// # Errors
    /// [`FileError`] for what `read` gives, or if no connection can be opened.
    pub fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, FileError> {
        let idle = self.readers().pop();
        let mut connection = idle.map_or_else(|| self.connector.connect(), Ok)?;
        let transaction = connection.transaction()?;
        let result = read(&transaction)?;
        transaction.commit()?;
        let mut readers = self.readers();
        if readers.len() < IDLE {
            readers.push(connection);
        }
        Ok(result)
    }

    /// Writes in a transaction that has the file for itself. After an error nothing has changed.
    ///
    /// # Errors
    /// [`FileError::ReadOnly`] if it is open for reading only, [`FileError::Busy`] if another process keeps it locked for too
    /// long; else [`FileError`] for what `write` gives, or if the transaction cannot be ended.
    pub fn write<T>(&self, write: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, FileError> {
        let writer = self.writer.as_ref().ok_or(FileError::ReadOnly)?;
        // A thread that panicked did so in the caller's code, and its transaction was rolled back.
        let mut connection = writer.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = write(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::options::FileOptions;
    use crate::table_set::TableSet;

    const VISITS: TableSet = TableSet { name: "visits", version: 1, sql: "CREATE TABLE visits (host TEXT) STRICT" };

    /// Reads while it reads, so many times.
    fn read(file: &ClientFile, depth: usize) {
        if depth > 0 {
            let read = |_: &Connection| {
                read(file, depth - 1);
                Ok(())
            };
            file.read(read).unwrap();
        }
    }

    #[test]
    fn connections_are_used_again_and_a_limited_number_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let file = FileOptions::default().open(directory.path().join("client"), &VISITS).unwrap();
        for (depth, idle) in [(1, 1), (1, 1), (3, 3), (2, 3), (IDLE + 2, IDLE)] {
            read(&file, depth);
            assert_eq!(file.readers().len(), idle);
        }
    }

    #[test]
    fn every_connection_waits_as_long_as_it_was_told() {
        let directory = tempfile::tempdir().unwrap();
        let options = FileOptions::default().busy_timeout(Duration::from_millis(1_234));
        let file = options.open(directory.path().join("client"), &VISITS).unwrap();
        let timeout =
            |connection: &Connection| connection.query_row("PRAGMA busy_timeout", (), |row| row.get::<_, i64>(0));
        assert_eq!(file.write(timeout).unwrap(), 1_234);
        assert_eq!(file.read(timeout).unwrap(), 1_234);
    }
}
