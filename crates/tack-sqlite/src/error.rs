//! Why the file cannot be opened, read or written.

use std::error::Error;
use std::io;

use rusqlite::ErrorCode;

/// Why the file cannot be opened, read or written.
///
/// ```
/// use tack_sqlite::{FileError, FileOptions, TableSet};
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("letter");
///
/// let visits = TableSet { name: "visits", version: 1, sql: "CREATE TABLE visits (host TEXT NOT NULL) STRICT" };
/// std::fs::write(&path, "Dear reader")?;
/// assert!(matches!(FileOptions::default().open(&path, &visits), Err(FileError::NotAStore)));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file, or the set of tables in it, was made by a newer version.
    #[error("the file is of version {found}, and the newest known is {known}")]
    Version {
        /// The version that was found.
        found: i64,
        /// The newest version that is known here.
        known: i64,
    },

    /// It is a file of another kind, or the tables are not in it and may not be made.
    #[error("the file does not hold what is wanted")]
    NotAStore,

    /// Another process kept it locked for too long.
    #[error("another process keeps the file locked")]
    Busy,

    /// It is to be changed, and is open for reading only, or the system allows no more.
    #[error("the file cannot be written")]
    ReadOnly,

    /// Anything else, of the system or SQLite.
    #[error(transparent)]
    Other(Box<dyn Error + Send + Sync>),
}

/// What an error of SQLite means for the file.
impl From<rusqlite::Error> for FileError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::NotADatabase) => Self::NotAStore,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            _ => Self::Other(Box::new(error)),
        }
    }
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        Self::Other(Box::new(error))
    }
}
