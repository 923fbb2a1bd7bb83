//! The file of SQLite in which a client of TACK, Trust Assertions for Certificate Keys, keeps what it has learned of servers:
//! pins, and tickets. Threads and processes share it.
//!
//! This crate opens the file, and knows nothing of what is in it: each user brings a [`TableSet`] of its own. Several sets
//! live in one file, whichever comes first.
//!
//! | need | type |
//! | --- | --- |
//! | open the file, or make it | [`FileOptions`] |
//! | read and write in transactions | [`ClientFile`] |
//! | say which tables are needed | [`TableSet`] |
//! | tell why it fails | [`FileError`] |
//!
//! ```
//! use tack_sqlite::{FileOptions, TableSet};
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("client");
//!
//! let visits = TableSet { name: "visits", version: 1, sql: "CREATE TABLE visits (host TEXT NOT NULL) STRICT" };
//! let file = FileOptions::default().open(&path, &visits)?;
//! file.write(|connection| connection.execute("INSERT INTO visits VALUES (?)", ["www.example.com"]))?;
//! let count: i64 = file.read(|connection| connection.query_row("SELECT count(*) FROM visits", (), |row| row.get(0)))?;
//! assert_eq!(count, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The file
//!
//! It is made with mode 0600. SQLite's application id is "TACK", its user version that of the file: 1. The table
//! `table_sets` has the version of each set; a set of which it says nothing is of version 1.
//!
//! While the file is open there are two more beside it, whose names end in `-wal` and `-shm`: they belong to it, and are copied
//! and removed with it. It must lie on a disk of this machine, not on one of the network.
//!
//! # Limits
//!
//! There is one writer at a time, and it waits five seconds for those of other processes unless it is told otherwise. Sixteen
//! connections wait for readers; more are opened when they are needed, and closed after use.

#![forbid(unsafe_code)]

mod client_file;
mod connector;
mod error;
mod options;
mod schema;
mod table_set;

/// SQLite, in the version that every user of the file shares.
pub use rusqlite;

pub use crate::client_file::ClientFile;
pub use crate::error::FileError;
pub use crate::options::FileOptions;
pub use crate::table_set::TableSet;
