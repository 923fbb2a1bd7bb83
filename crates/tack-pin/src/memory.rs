//! Pins in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tack_core::{Fingerprint, HostName, Minute};

use crate::pin::Pin;
use crate::store::{Change, DEFAULT_LIMIT, Imported, Known, PinStore, Query, StoreError};
use crate::tables::Tables;

/// A [`PinStore`] in memory. Finding, adding and removing a pin take about as long with a million pins as with ten.
///
/// ```
/// use tack_pin::{MemoryStore, PinStore};
///
/// let store = MemoryStore::with_limit(1_000);
/// store.each(None, &mut |name, pin| {
///     println!("{name} is pinned to {}", pin.key);
///     true
/// })?;
/// # Ok::<(), tack_pin::StoreError>(())
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    maps: Mutex<Maps>,
}

impl MemoryStore {
    /// A store that holds at most so many pins.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self { maps: Mutex::new(Maps { limit, ..Maps::default() }) }
    }

    /// The number of pins.
    #[must_use]
    pub fn len(&self) -> usize {
        self.maps().by_end.len()
    }

    /// Whether there is no pin.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// No change leaves the maps half made: a thread that panicked did so in the caller's code.
    fn maps(&self) -> MutexGuard<'_, Maps> {
        self.maps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_limit(DEFAULT_LIMIT)
    }
}

impl PinStore for MemoryStore {
    fn look(&self, query: &Query<'_>) -> Result<Known, StoreError> {
        let Ok(known) = self.maps().known(query);
        Ok(known)
    }

    fn update(&self, query: &Query<'_>, decide: &mut dyn FnMut(&Known) -> Vec<Change>) -> Result<Vec<Pin>, StoreError> {
        let mut maps = self.maps();
        let Ok(known) = maps.known(query);
        let Ok(()) = maps.apply(query, decide(&known));
        let Ok(pins) = maps.pins(query.name);
        Ok(pins)
    }

    fn each(&self, name: Option<&HostName>, each: &mut dyn FnMut(&HostName, &Pin) -> bool) -> Result<(), StoreError> {
        let maps = self.maps();
        let mut names: Vec<_> = match name {
            Some(name) => maps.names.get_key_value(name).map(|(name, _)| name).into_iter().collect(),
            None => maps.names.keys().collect(),
        };
        names.sort_unstable();
        for name in names {
            let Ok(pins) = maps.pins(name);
            if !pins.iter().all(|pin| each(name, pin)) {
                break;
            }
        }
        Ok(())
    }

    fn forget_name(&self, name: &HostName) -> Result<usize, StoreError> {
        let Ok(number) = self.maps().remove_name(name);
        Ok(number)
    }

    fn forget_key(&self, key: Fingerprint) -> Result<usize, StoreError> {
        let Ok(number) = self.maps().remove_key(key);
        Ok(number)
    }

    fn import(&self, pins: &[(HostName, Pin)], now: Minute) -> Result<Imported, StoreError> {
        let mut maps = self.maps();
        let mut imported = Imported::default();
        for (name, pin) in pins {
            let Ok(()) = maps.import(name, pin, now, &mut imported);
        }
        Ok(imported)
    }
}

#[derive(Debug, Default)]
struct Maps {
    names: HashMap<HostName, BTreeMap<Fingerprint, Period>>,
    keys: HashMap<Fingerprint, Key>,
    /// Every pin, the one that ends first in front.
    by_end: BTreeSet<(Minute, HostName, Fingerprint)>,
    limit: usize,
}

/// From when to when a pin is.
#[derive(Clone, Copy, Debug)]
struct Period {
    initial: Minute,
    end: Minute,
}

/// What the pins of a key have in common.
#[derive(Debug, Default)]
struct Key {
    min_generation: u8,
    names: BTreeSet<HostName>,
}

impl Tables for Maps {
    type Error = Infallible;

    fn pins(&self, name: &HostName) -> Result<Vec<Pin>, Infallible> {
        let pin = |(key, Period { initial, end }): (&Fingerprint, &Period)| {
            let min_generation = self.keys.get(key).map_or(0, |key| key.min_generation);
            Pin { key: *key, min_generation, initial: *initial, end: *end }
        };
        Ok(self.names.get(name).into_iter().flatten().map(pin).collect())
    }

    fn min_generation(&self, key: Fingerprint) -> Result<Option<u8>, Infallible> {
        Ok(self.keys.get(&key).map(|key| key.min_generation))
    }

    fn is_full(&self) -> Result<bool, Infallible> {
        Ok(self.by_end.len() >= self.limit)
    }

    fn first_to_end(&self) -> Result<Option<(Minute, HostName, Fingerprint)>, Infallible> {
        Ok(self.by_end.first().cloned())
    }

    fn insert(&mut self, name: &HostName, pin: &Pin) -> Result<(), Infallible> {
        let period = Period { initial: pin.initial, end: pin.end };
        self.names.entry(name.clone()).or_default().insert(pin.key, period);
        self.by_end.insert((pin.end, name.clone(), pin.key));
        let key = self.keys.entry(pin.key).or_default();
        key.min_generation = key.min_generation.max(pin.min_generation);
        key.names.insert(name.clone());
        Ok(())
    }

    fn raise(&mut self, key: Fingerprint, min_generation: u8) -> Result<(), Infallible> {
        if let Some(key) = self.keys.get_mut(&key) {
            key.min_generation = key.min_generation.max(min_generation);
        }
        Ok(())
    }

    fn set_period(&mut self, name: &HostName, pin: &Pin) -> Result<(), Infallible> {
        if let Some(period) = self.names.get_mut(name).and_then(|keys| keys.get_mut(&pin.key)) {
            self.by_end.remove(&(period.end, name.clone(), pin.key));
            self.by_end.insert((pin.end, name.clone(), pin.key));
            *period = Period { initial: pin.initial, end: pin.end };
        }
        Ok(())
    }

    fn remove(&mut self, name: &HostName, key: Fingerprint) -> Result<(), Infallible> {
        let Some(keys) = self.names.get_mut(name) else { return Ok(()) };
        let Some(period) = keys.remove(&key) else { return Ok(()) };
        if keys.is_empty() {
            self.names.remove(name);
        }
        self.by_end.remove(&(period.end, name.clone(), key));
        if let Some(entry) = self.keys.get_mut(&key) {
            entry.names.remove(name);
            if entry.names.is_empty() {
                self.keys.remove(&key);
            }
        }
        Ok(())
    }

    fn remove_name(&mut self, name: &HostName) -> Result<usize, Infallible> {
        let pins = self.pins(name)?;
        pins.iter().try_for_each(|pin| self.remove(name, pin.key))?;
        Ok(pins.len())
    }

    fn remove_key(&mut self, key: Fingerprint) -> Result<usize, Infallible> {
        let names = self.keys.get(&key).map(|key| key.names.clone()).unwrap_or_default();
        names.iter().try_for_each(|name| self.remove(name, key))?;
        Ok(names.len())
    }
}
