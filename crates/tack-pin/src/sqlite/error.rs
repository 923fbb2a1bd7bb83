//! What SQLite's errors mean for a store.

use rusqlite::ErrorCode;

use crate::store::StoreError;

/// The store's word for an error of SQLite.
pub(crate) fn store_error(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        Some(ErrorCode::NotADatabase) => StoreError::NotAStore,
        Some(ErrorCode::ReadOnly) => StoreError::ReadOnly,
        _ => StoreError::Other(Box::new(error)),
    }
}
