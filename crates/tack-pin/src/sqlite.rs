//! Pins in a file of SQLite.

mod error;
mod file;
mod rows;
mod schema;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tack_core::{Fingerprint, HostName, Minute};

use crate::pin::Pin;
use crate::sqlite::error::store_error;
use crate::sqlite::file::{Access, StoreFile};
use crate::sqlite::rows::Rows;
use crate::store::{Change, DEFAULT_LIMIT, Imported, Known, PinStore, Query, StoreError};
use crate::tables::Tables;

/// Connections that wait for the next reader.
const IDLE: usize = 16;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A [`PinStore`] in a file, which threads and processes may share. It opens, finds, adds and removes pins about as fast with
/// a million of them as with ten.
///
/// Each connection that is processed is one transaction. A process that is killed loses the one in flight at most. A power
/// cut or a crash of the system may take away the last transactions, but leaves the store whole: it is written with
/// `synchronous = NORMAL`, without waiting for the disk each time.
///
/// Threads read side by side, and write one after the other. [`update`](PinStore::update) reads first: where there is nothing
/// to change, it waits for nobody and writes nothing. Where there is, it decides again in a transaction that has the store
/// for itself.
///
/// While it is open there are two more files beside it, whose names end in `-wal` and `-shm`: they belong to it, and are
/// copied and removed with it. It must lie on a disk of this machine, not on one of the network.
///
/// ```
/// use tack_pin::{PinStore, SqliteStore};
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("pins");
///
/// let store = SqliteStore::open(&path)?;
/// store.each(None, &mut |name, pin| {
///     println!("{name} is pinned to {}", pin.key);
///     true
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SqliteStore {
    file: StoreFile,
    /// None if it is open for reading only.
    writer: Option<Mutex<Connection>>,
    readers: Mutex<Vec<Connection>>,
    limit: usize,
}

impl SqliteStore {
    /// Opens a store as [`SqliteOptions::default`] has it. Where there is no file, or an empty one, it makes a store; the file
    /// is its owner's alone, of mode 0600.
    ///
    /// # Errors
    /// As [`SqliteOptions::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        SqliteOptions::default().open(path)
    }

    /// Reads in a transaction, of a connection that no other thread has.
    fn read<T>(&self, read: impl FnOnce(&Rows<'_>) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let idle = self.readers().pop();
        let mut connection = idle.map_or_else(|| self.file.connect(), Ok)?;
        let result = connection.transaction().and_then(|transaction| {
            let result = read(&Rows::new(&transaction, self.limit))?;
            transaction.commit()?;
            Ok(result)
        });
        let result = result.map_err(store_error)?;
        let mut readers = self.readers();
        if readers.len() < IDLE {
            readers.push(connection);
        }
        Ok(result)
    }

    /// Writes in a transaction that has the store for itself.
    fn write<T>(&self, write: impl FnOnce(&mut Rows<'_>) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let writer = self.writer.as_ref().ok_or(StoreError::ReadOnly)?;
        // A thread that panicked did so in the caller's code, and its transaction was rolled back.
        let mut connection = writer.lock().unwrap_or_else(PoisonError::into_inner);
        let result = connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            let result = write(&mut Rows::new(&transaction, self.limit))?;
            transaction.commit()?;
            Ok(result)
        });
        result.map_err(store_error)
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PinStore for SqliteStore {
    fn look(&self, query: &Query<'_>) -> Result<Known, StoreError> {
        self.read(|rows| rows.known(query))
    }

    fn update(&self, query: &Query<'_>, decide: &mut dyn FnMut(&Known) -> Vec<Change>) -> Result<Vec<Pin>, StoreError> {
        let known = self.look(query)?;
        if decide(&known).is_empty() {
            return Ok(known.pins);
        }
        self.write(|rows| {
            let known = rows.known(query)?;
            rows.apply(query, decide(&known))?;
            rows.pins(query.name)
        })
    }

    fn each(&self, name: Option<&HostName>, each: &mut dyn FnMut(&HostName, &Pin) -> bool) -> Result<(), StoreError> {
        self.read(|rows| rows.each(name, each))
    }

    fn forget_name(&self, name: &HostName) -> Result<usize, StoreError> {
        self.write(|rows| rows.remove_name(name))
    }

    fn forget_key(&self, key: Fingerprint) -> Result<usize, StoreError> {
        self.write(|rows| rows.remove_key(key))
    }

    fn import(&self, pins: &[(HostName, Pin)], now: Minute) -> Result<Imported, StoreError> {
        self.write(|rows| {
            let mut imported = Imported::default();
            pins.iter().try_for_each(|(name, pin)| rows.import(name, pin, now, &mut imported))?;
            Ok(imported)
        })
    }
}

/// How a [`SqliteStore`] is opened.
///
/// ```
/// use tack_pin::{SqliteOptions, StoreError};
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("pins");
///
/// let options = SqliteOptions::default().limit(1_000);
/// drop(options.open(&path)?);
/// assert!(options.read_only().open(&path).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    access: Access,
    limit: usize,
    busy_timeout: Duration,
}

impl SqliteOptions {
    /// Adds no pin beyond so many, unless another gives way. The default is [`DEFAULT_LIMIT`].
    #[must_use]
    pub fn limit(mut self, pins: usize) -> Self {
        self.limit = pins;
        self
    }

    /// Waits so long for other processes before it fails with [`StoreError::Busy`]. The default is five seconds.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Makes no store where there is none.
    #[must_use]
    pub fn must_exist(mut self) -> Self {
        if self.access == Access::Create {
            self.access = Access::Write;
        }
        self
    }

    /// Makes and changes nothing: what would change a pin fails with [`StoreError::ReadOnly`]. Works too where the user may
    /// write neither the file nor its directory; no process may change the store meanwhile there.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.access = Access::Read;
        self
    }

    /// Opens a store. Symbolic links are followed.
    ///
    /// # Errors
    /// [`StoreError::Version`] for a store of a newer version, [`StoreError::NotAStore`] for a file of another kind, a database
    /// of another program, a directory, a pipe or a device: all of them stay as they are. [`StoreError::ReadOnly`] for a file
    /// that may not be written, without [`read_only`](Self::read_only). [`StoreError::Other`] if the system or SQLite fails.
    pub fn open(self, path: impl AsRef<Path>) -> Result<SqliteStore, StoreError> {
        let (file, connection) = StoreFile::open(path.as_ref(), self.access, self.busy_timeout)?;
        let (writer, readers) = match self.access {
            Access::Create | Access::Write => (Some(Mutex::new(connection)), Vec::new()),
            Access::Read | Access::Immutable => (None, vec![connection]),
        };
        Ok(SqliteStore { file, writer, readers: Mutex::new(readers), limit: self.limit })
    }
}

/// To read and write, and to make the file where there is none.
impl Default for SqliteOptions {
    fn default() -> Self {
        Self { access: Access::Create, limit: DEFAULT_LIMIT, busy_timeout: BUSY_TIMEOUT }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lists pins while it lists pins, so many times.
    fn list(store: &SqliteStore, depth: usize) {
        if depth > 0 {
            let each = &mut |_: &HostName, _: &Pin| {
                list(store, depth - 1);
                true
            };
            store.each(None, each).unwrap();
        }
    }

    #[test]
    fn connections_are_used_again_and_a_limited_number_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path().join("pins")).unwrap();
        let pin = Pin::new("t2vpc.dg3h4.qnvbf.nu335.zqdna".parse().unwrap(), 0, Minute::new(1));
        store.import(&[("a.example".parse().unwrap(), pin)], Minute::new(1)).unwrap();
        for (depth, idle) in [(1, 1), (1, 1), (3, 3), (2, 3), (IDLE + 2, IDLE)] {
            list(&store, depth);
            assert_eq!(store.readers().len(), idle);
        }
    }

    #[test]
    fn every_connection_waits_as_long_as_it_was_told() {
        let directory = tempfile::tempdir().unwrap();
        let options = SqliteOptions::default().busy_timeout(Duration::from_millis(1_234));
        let store = options.open(directory.path().join("pins")).unwrap();
        let timeout = |connection: &Connection| {
            connection.query_row("PRAGMA busy_timeout", (), |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!(timeout(&store.writer.as_ref().unwrap().lock().unwrap()), 1_234);
        list(&store, 1);
        assert_eq!(timeout(&store.readers()[0]), 1_234);
    }
}
