//! How the file is opened.

use std::path::Path;
use std::time::Duration;

use crate::client_file::ClientFile;
use crate::connector::{Access, Connector};
use crate::error::FileError;
use crate::table_set::TableSet;

const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How a [`ClientFile`] is opened.
///
/// ```
/// use tack_sqlite::{FileOptions, TableSet};
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("client");
///
/// let visits = TableSet { name: "visits", version: 1, sql: "CREATE TABLE visits (host TEXT NOT NULL) STRICT" };
/// assert!(FileOptions::default().must_exist().open(&path, &visits).is_err());
/// drop(FileOptions::default().open(&path, &visits)?);
/// assert!(FileOptions::default().read_only().open(&path, &visits).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileOptions {
    access: Access,
    busy_timeout: Duration,
}

impl FileOptions {
    /// Waits so long for other processes before it fails with [`FileError::Busy`]. The default is five seconds.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Makes no file where there is none.
    #[must_use]
    pub fn must_exist(mut self) -> Self {
        if self.access == Access::Create {
            self.access = Access::Write;
        }
        self
    }

    /// Makes and changes nothing: what would write fails with [`FileError::ReadOnly`]. Works too where the user may write
    /// neither the file nor its directory; no process may change the file meanwhile there.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.access = Access::Read;
        self
    }

    /// Opens the file, and makes the tables if they are missing. Symbolic links are followed.
    ///
    /// # Errors
    /// [`FileError::Version`] for a file, or a set of tables, of a newer version. [`FileError::NotAStore`] for a file of another
    /// kind, a database of another program, a directory, a pipe or a device, and with [`read_only`](Self::read_only) for a
    /// file without the tables: all of them stay as they are. [`FileError::ReadOnly`] for a file that may not be written,
    /// without `read_only`. [`FileError::Busy`] if another process keeps it locked while the tables are to be made.
    /// [`FileError::Other`] if the system or SQLite fails.
    pub fn open(self, path: impl AsRef<Path>, tables: &TableSet) -> Result<ClientFile, FileError> {
        let (connector, connection) = Connector::open(path.as_ref(), self.access, self.busy_timeout, tables)?;
        Ok(match self.access {
            Access::Create | Access::Write => ClientFile::to_write(connector, connection),
            Access::Read | Access::Immutable => ClientFile::to_read(connector, connection),
        })
    }
}

/// To read and write, and to make the file where there is none.
impl Default for FileOptions {
    fn default() -> Self {
        Self { access: Access::Create, busy_timeout: BUSY_TIMEOUT }
    }
}
