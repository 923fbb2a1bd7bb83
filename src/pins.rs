//! The file that pins are kept in.

use std::path::{Path, PathBuf};

use anyhow::{Error, Result, anyhow};
use tack_pin::{MemoryStore, PinStore, StoreError};

use crate::display::{Shown, escape};

/// A pin store, or the reason why it cannot be opened: a server can be judged without.
pub struct Pins {
    path: PathBuf,
    store: Result<Box<dyn PinStore>, StoreError>,
}

impl Pins {
    /// Opens it, and makes it unless it is only to be read.
    pub fn open(path: &Path, _is_read_only: bool) -> Self {
        Self { path: path.to_owned(), store: Ok(Box::new(MemoryStore::default())) }
    }

    /// The store.
    pub fn store(&self) -> Result<&dyn PinStore> {
        self.store.as_deref().map_err(|error| self.failed(error))
    }

    /// What the user is told of an error of the store.
    pub fn failed(&self, error: &StoreError) -> Error {
        let path = Shown(&self.path);
        let advice = match error {
            StoreError::Version { .. } => "use the newer tack that made it",
            StoreError::NotAStore => "give a pin store, or a name that is not taken",
            StoreError::Busy => "try again",
            _ => return anyhow!("{path}: {}", escape(&error.to_string())),
        };
        anyhow!("{path}: {error}; {advice}")
    }
}
