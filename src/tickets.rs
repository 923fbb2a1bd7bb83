//! The file that tickets are kept in.

use std::path::Path;

use anyhow::{Error, Result};
use tack_ticket::{SqliteTickets, SqliteTicketsOptions, TicketStoreError};

use crate::secrets::write_no_core;
use crate::store::{Access, Failure, Kind};

/// What it is called.
pub const KIND: Kind = Kind {
    name: "ticket store",
    option: "--tickets TICKETS",
    variable: "TACK_TICKETS",
    if_read_only: "run as a user who may write it",
};

/// Opens it. No core file is written from then on: it would hold the secrets.
pub fn open(path: &Path, access: Access) -> Result<SqliteTickets> {
    write_no_core();
    let options = SqliteTicketsOptions::default();
    let options = match access {
        Access::Read => options.read_only(),
        Access::Write => options.must_exist(),
        Access::Create => options,
    };
    options.open(path).map_err(|error| failed(path, &error))
}

/// What the user is told of an error of the store.
pub fn failed(path: &Path, error: &TicketStoreError) -> Error {
    let failure = match error {
        TicketStoreError::Version { .. } => Failure::Version,
        TicketStoreError::NotAStore => Failure::NotAStore,
        TicketStoreError::Busy => Failure::Busy,
        TicketStoreError::ReadOnly => Failure::ReadOnly,
        TicketStoreError::Full => Failure::Full,
        TicketStoreError::Other(error) => Failure::Other(&**error),
        error => Failure::Other(error),
    };
    KIND.failed(path, error, &failure)
}
