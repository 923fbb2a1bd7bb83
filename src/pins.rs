//! The file that pins are kept in.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Error, Result, anyhow};
use tack_core::{Fingerprint, Minute};
use tack_pin::{Change, HostName, Imported, Known, Pin, PinStore, Query, SqliteOptions, StoreError};

use crate::store::{Access, Failure, Kind};

/// What it is called.
pub const KIND: Kind = Kind {
    name: "pin store",
    option: "--pins PINS",
    variable: "TACK_PINS",
    if_read_only: "run as a user who may write it, or judge with --read-only",
};

/// A pin store, or the reason why it cannot be opened: hosts can be judged without.
pub struct Pins {
    path: PathBuf,
    store: Result<Box<dyn PinStore>, String>,
}

impl Pins {
    /// Opens it.
    pub fn open(path: &Path, access: Access) -> Self {
        let store = open(path, access).map_err(|error| format!("{error:#}"));
        Self { path: path.to_owned(), store }
    }

    /// The store.
    pub fn store(&self) -> Result<&dyn PinStore> {
        self.store.as_deref().map_err(|message| anyhow!("{message}"))
    }

    /// What the user is told of an error of the store.
    pub fn failed(&self, error: &StoreError) -> Error {
        failed(&self.path, error)
    }

    /// Hands every pin, or those of one name, to `each`, until that fails.
    pub fn each(&self, name: Option<&HostName>, mut each: impl FnMut(&HostName, &Pin) -> Result<()>) -> Result<()> {
        let mut done = Ok(());
        let read = self.store()?.each(name, &mut |name, pin| {
            done = each(name, pin);
            done.is_ok()
        });
        read.map_err(|error| self.failed(&error))?;
        done
    }
}

fn open(path: &Path, access: Access) -> Result<Box<dyn PinStore>> {
    let options = SqliteOptions::default();
    let options = match access {
        Access::Read => options.read_only(),
        Access::Write => options.must_exist(),
        Access::Create => options,
    };
    let store = options.open(path).map_err(|error| failed(path, &error))?;
    Ok(Box::new(Impatient { store, is_busy: Mutex::new(false) }))
}

/// A store that is waited for once: where another process keeps it locked, many hosts are not each to wait.
struct Impatient<S> {
    store: S,
    is_busy: Mutex<bool>,
}

impl<S> Impatient<S> {
    /// Writes, one thread at a time, unless a write has been in vain.
    fn write<T>(&self, write: impl FnOnce(&S) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut is_busy = self.is_busy.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_busy {
            return Err(StoreError::Busy);
        }
        let written = write(&self.store);
        *is_busy = matches!(written, Err(StoreError::Busy));
        written
    }
}

impl<S: PinStore> PinStore for Impatient<S> {
    fn look(&self, query: &Query<'_>) -> Result<Known, StoreError> {
        self.store.look(query)
    }

    fn update(&self, query: &Query<'_>, decide: &mut dyn FnMut(&Known) -> Vec<Change>) -> Result<Vec<Pin>, StoreError> {
        self.write(|store| store.update(query, decide))
    }

    fn each(&self, name: Option<&HostName>, each: &mut dyn FnMut(&HostName, &Pin) -> bool) -> Result<(), StoreError> {
        self.store.each(name, each)
    }

    fn forget_name(&self, name: &HostName) -> Result<usize, StoreError> {
        self.write(|store| store.forget_name(name))
    }

    fn forget_key(&self, key: Fingerprint) -> Result<usize, StoreError> {
        self.write(|store| store.forget_key(key))
    }

    fn import(&self, pins: &[(HostName, Pin)], now: Minute) -> Result<Imported, StoreError> {
        self.write(|store| store.import(pins, now))
    }
}

fn failed(path: &Path, error: &StoreError) -> Error {
    let failure = match error {
        StoreError::Version { .. } => Failure::Version,
        StoreError::NotAStore => Failure::NotAStore,
        StoreError::Busy => Failure::Busy,
        StoreError::ReadOnly => Failure::ReadOnly,
        StoreError::Other(error) => Failure::Other(&**error),
        error => Failure::Other(error),
    };
    KIND.failed(path, error, &failure)
}

#[cfg(test)]
mod tests {
    use tack_pin::MemoryStore;

    use super::*;

    #[test]
    fn a_store_that_is_locked_is_waited_for_once() {
        let store = Impatient { store: MemoryStore::default(), is_busy: Mutex::new(false) };
        let mut tries = 0;
        let mut write = |result: Result<(), StoreError>| {
            store.write(|_| {
                tries += 1;
                result
            })
        };
        assert!(write(Ok(())).is_ok());
        assert!(matches!(write(Err(StoreError::NotAStore)), Err(StoreError::NotAStore)));
        assert!(matches!(write(Err(StoreError::Busy)), Err(StoreError::Busy)));
        assert!(matches!(write(Ok(())), Err(StoreError::Busy)));
        assert_eq!(tries, 3);
        let name = "www.example.com".parse().unwrap();
        assert!(store.look(&Query { name: &name, keys: &[], now: Minute::new(0) }).is_ok());
    }
}
