//! Pins in a file of SQLite.

mod rows;
mod schema;

use std::path::Path;
use std::time::Duration;

use tack_core::{Fingerprint, HostName, Minute};
use tack_sqlite::{ClientFile, FileError, FileOptions, rusqlite};

use crate::pin::Pin;
use crate::sqlite::rows::Rows;
use crate::sqlite::schema::TABLES;
use crate::store::{Change, DEFAULT_LIMIT, Imported, Known, PinStore, Query, StoreError};
use crate::tables::Tables;

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
/// copied and removed with it. It must lie on a disk of this machine, not on one of the network. Other tables of a client's may
/// live in the same file: see [`tack_sqlite`].
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
    file: ClientFile,
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

    fn read<T>(&self, read: impl FnOnce(&Rows<'_>) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        self.file.read(|connection| read(&Rows::new(connection, self.limit))).map_err(store_error)
    }

    fn write<T>(&self, write: impl FnOnce(&mut Rows<'_>) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        self.file.write(|connection| write(&mut Rows::new(connection, self.limit))).map_err(store_error)
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
    file: FileOptions,
    limit: usize,
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
        self.file = self.file.busy_timeout(timeout);
        self
    }

    /// Makes no store where there is none.
    #[must_use]
    pub fn must_exist(mut self) -> Self {
        self.file = self.file.must_exist();
        self
    }

    /// Makes and changes nothing: what would change a pin fails with [`StoreError::ReadOnly`]. Works too where the user may
    /// write neither the file nor its directory; no process may change the store meanwhile there.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.file = self.file.read_only();
        self
    }

    /// Opens a store. Symbolic links are followed.
    ///
    /// # Errors
    /// [`StoreError::Version`] for a store of a newer version, [`StoreError::NotAStore`] for a file of another kind, a database
    /// of another program, a directory, a pipe or a device, and with [`read_only`](Self::read_only) for a client's file that
    /// has no pins yet: all of them stay as they are. [`StoreError::ReadOnly`] for a file that may not be written, without
    /// `read_only`. [`StoreError::Other`] if the system or SQLite fails.
    pub fn open(self, path: impl AsRef<Path>) -> Result<SqliteStore, StoreError> {
        let file = self.file.open(path, &TABLES).map_err(store_error)?;
        Ok(SqliteStore { file, limit: self.limit })
    }
}

/// To read and write, and to make the file where there is none.
impl Default for SqliteOptions {
    fn default() -> Self {
        Self { file: FileOptions::default(), limit: DEFAULT_LIMIT }
    }
}

/// The store's word for an error of its file.
fn store_error(error: FileError) -> StoreError {
    match error {
        FileError::Version { found, known } => StoreError::Version { found, known },
        FileError::NotAStore => StoreError::NotAStore,
        FileError::Busy => StoreError::Busy,
        FileError::ReadOnly => StoreError::ReadOnly,
        FileError::Other(error) => StoreError::Other(error),
        error => StoreError::Other(Box::new(error)),
    }
}
