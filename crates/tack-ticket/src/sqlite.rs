//! Tickets in a file of SQLite.

mod rows;
mod schema;

use std::path::Path;
use std::time::Duration;

use tack_core::{HostName, Timestamp};
use tack_sqlite::{ClientFile, FileError, FileOptions, rusqlite};

use crate::origin::Origin;
use crate::pin::TicketPin;
use crate::sqlite::rows::Rows;
use crate::sqlite::schema::TABLES;
use crate::store::{ImportedTickets, TicketStore, TicketStoreError};

/// A [`TicketStore`] in a file, which threads and processes may share. The pins of `tack-pin` may live in the same file: see
/// [`tack_sqlite`], which says too what is beside the file while it is open, and what a kill or a power cut takes away.
///
/// The secrets are in the file as they are: it is made with mode 0600. Who can read it, and has a certificate for the name of a
/// server, can impersonate it to this client. A ticket that is forgotten, replaced or expired is overwritten there (`secure_delete`), when the log beside the
/// file has been taken over: at the latest when the last process closes it.
///
/// A file or a row that cannot be read is an error, and never the answer that a server has no pin.
///
/// ```
/// use tack_core::Timestamp;
/// use tack_ticket::{Origin, SqliteTickets, TicketStore};
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("tickets");
///
/// let store = SqliteTickets::open(&path)?;
/// let origin = Origin::tls("www.example.com".parse()?, 443);
/// assert!(store.find(&origin, Timestamp::new(0))?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SqliteTickets {
    file: ClientFile,
}

impl SqliteTickets {
    /// Opens a store as [`SqliteTicketsOptions::default`] has it. Where there is no file, or an empty one, it makes a store; the
    /// file is its owner's alone, of mode 0600.
    ///
    /// # Errors
    /// As [`SqliteTicketsOptions::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, TicketStoreError> {
        SqliteTicketsOptions::default().open(path)
    }

    fn read<T>(&self, read: impl FnOnce(&Rows<'_>) -> rusqlite::Result<T>) -> Result<T, TicketStoreError> {
        self.file.read(|connection| read(&Rows::new(connection))).map_err(store_error)
    }

    fn write<T>(&self, write: impl FnOnce(&Rows<'_>) -> rusqlite::Result<T>) -> Result<T, TicketStoreError> {
        let written = self.file.write(|connection| {
            connection.pragma_update(None, "secure_delete", true)?;
            write(&Rows::new(connection))
        });
        written.map_err(store_error)
    }
}

impl TicketStore for SqliteTickets {
    fn find(&self, origin: &Origin, now: Timestamp) -> Result<Option<TicketPin>, TicketStoreError> {
        Ok(self.read(|rows| rows.find(origin))?.filter(|pin| pin.is_valid(now)))
    }

    fn add(&self, origin: &Origin, pin: &TicketPin, now: Timestamp) -> Result<bool, TicketStoreError> {
        self.write(|rows| rows.add(origin, pin, now))?.ok_or(TicketStoreError::Full)
    }

    fn keep(&self, origin: &Origin, pin: &TicketPin, now: Timestamp) -> Result<(), TicketStoreError> {
        self.write(|rows| rows.keep(origin, pin, now))?.ok_or(TicketStoreError::Full)
    }

    fn each(&self, each: &mut dyn FnMut(&Origin, &TicketPin) -> bool) -> Result<(), TicketStoreError> {
        self.read(|rows| rows.each(each))
    }

    fn forget(&self, name: &HostName, port: Option<u16>) -> Result<usize, TicketStoreError> {
        self.write(|rows| rows.forget(name, port))
    }

    fn import(&self, pins: &[(Origin, TicketPin)], now: Timestamp) -> Result<ImportedTickets, TicketStoreError> {
        self.write(|rows| rows.import(pins, now))?.ok_or(TicketStoreError::Full)
    }
}

/// How a [`SqliteTickets`] is opened.
///
/// ```
/// use tack_ticket::{SqliteTicketsOptions, TicketStoreError};
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("tickets");
///
/// assert!(SqliteTicketsOptions::default().must_exist().open(&path).is_err());
/// drop(SqliteTicketsOptions::default().open(&path)?);
/// assert!(SqliteTicketsOptions::default().read_only().open(&path).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SqliteTicketsOptions {
    /// Unless told otherwise, it reads and writes, and makes the file where there is none.
    file: FileOptions,
}

impl SqliteTicketsOptions {
    /// Waits so long for other processes before it fails with [`TicketStoreError::Busy`]. The default is five seconds.
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

    /// Makes and changes nothing: what would change a ticket fails with [`TicketStoreError::ReadOnly`]. Works too where the user
    /// may write neither the file nor its directory; no process may change the store meanwhile there.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.file = self.file.read_only();
        self
    }

    /// Opens a store. Symbolic links are followed.
    ///
    /// # Errors
    /// [`TicketStoreError::Version`] for a store of a newer version, [`TicketStoreError::NotAStore`] for a file of another kind,
    /// a database of another program, a directory, a pipe or a device, and with [`read_only`](Self::read_only) for a client's
    /// file that has no tickets yet: all of them stay as they are. [`TicketStoreError::ReadOnly`] for a file that may not be
    /// written, without `read_only`. [`TicketStoreError::Other`] if the system or SQLite fails.
    pub fn open(self, path: impl AsRef<Path>) -> Result<SqliteTickets, TicketStoreError> {
        self.file.open(path, &TABLES).map(|file| SqliteTickets { file }).map_err(store_error)
    }
}

/// The store's word for an error of its file.
fn store_error(error: FileError) -> TicketStoreError {
    match error {
        FileError::Version { found, known } => TicketStoreError::Version { found, known },
        FileError::NotAStore => TicketStoreError::NotAStore,
        FileError::Busy => TicketStoreError::Busy,
        FileError::ReadOnly => TicketStoreError::ReadOnly,
        FileError::Other(error) => TicketStoreError::Other(error),
        error => TicketStoreError::Other(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_those_of_the_file() {
        let options = SqliteTicketsOptions::default();
        let second = Duration::from_secs(1);
        assert_eq!(options.busy_timeout(second).file, FileOptions::default().busy_timeout(second));
        assert_eq!(options.must_exist().file, FileOptions::default().must_exist());
        assert_eq!(options.read_only().file, FileOptions::default().read_only());
    }
}
