//! Pins in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tack_core::{Fingerprint, Minute};

use crate::merge::{Merge, merge};
use crate::name::HostName;
use crate::pin::Pin;
use crate::store::{Change, DEFAULT_LIMIT, Imported, Known, PinStore, Query, StoreError};

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
    tables: Mutex<Tables>,
}

impl MemoryStore {
    /// A store that holds at most so many pins.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self { tables: Mutex::new(Tables { limit, ..Tables::default() }) }
    }

    /// The number of pins.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables().by_end.len()
    }

    /// Whether there is no pin.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// No change leaves the tables half made: a thread that panicked did so in the caller's code.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_limit(DEFAULT_LIMIT)
    }
}

impl PinStore for MemoryStore {
    fn look(&self, query: &Query<'_>) -> Result<Known, StoreError> {
        Ok(self.tables().known(query))
    }

    fn update(&self, query: &Query<'_>, decide: &mut dyn FnMut(&Known) -> Vec<Change>) -> Result<Vec<Pin>, StoreError> {
        let mut tables = self.tables();
        let changes = decide(&tables.known(query));
        changes.into_iter().for_each(|change| tables.apply(query, change));
        Ok(tables.pins(query.name))
    }

    fn each(&self, name: Option<&HostName>, each: &mut dyn FnMut(&HostName, &Pin) -> bool) -> Result<(), StoreError> {
        let tables = self.tables();
        let mut names: Vec<_> = match name {
            Some(name) => tables.names.get_key_value(name).map(|(name, _)| name).into_iter().collect(),
            None => tables.names.keys().collect(),
        };
        names.sort_unstable();
        for name in names {
            if !tables.pins(name).iter().all(|pin| each(name, pin)) {
                break;
            }
        }
        Ok(())
    }

    fn forget_name(&self, name: &HostName) -> Result<usize, StoreError> {
        let mut tables = self.tables();
        let pins = tables.pins(name);
        pins.iter().for_each(|pin| tables.remove(name, pin.key));
        Ok(pins.len())
    }

    fn forget_key(&self, key: Fingerprint) -> Result<usize, StoreError> {
        Ok(self.tables().forget_key(key))
    }

    fn import(&self, pins: &[(HostName, Pin)], now: Minute) -> Result<Imported, StoreError> {
        let mut tables = self.tables();
        let mut imported = Imported::default();
        for (name, pin) in pins {
            tables.import(name, pin, now, &mut imported);
        }
        Ok(imported)
    }
}

#[derive(Debug, Default)]
struct Tables {
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

impl Tables {
    fn known(&self, query: &Query<'_>) -> Known {
        let min_generation = |key| self.keys.get(key).map(|key| key.min_generation);
        Known { pins: self.pins(query.name), min_generations: query.keys.iter().map(min_generation).collect() }
    }

    fn pins(&self, name: &HostName) -> Vec<Pin> {
        self.names.get(name).into_iter().flatten().map(|(key, period)| self.pin(*key, *period)).collect()
    }

    fn pin(&self, key: Fingerprint, Period { initial, end }: Period) -> Pin {
        let min_generation = self.keys.get(&key).map_or(0, |key| key.min_generation);
        Pin { key, min_generation, initial, end }
    }

    fn apply(&mut self, query: &Query<'_>, change: Change) {
        match change {
            Change::MinGeneration { key, min_generation } => self.raise(key, min_generation),
            Change::Remove(key) => self.remove(query.name, key),
            Change::End { key, end } => self.set_end(query.name, key, end),
            Change::Add(pin) => {
                self.add(query.name, &pin, query.now);
            }
            Change::Break(key) => {
                self.forget_key(key);
            }
        }
    }

    fn raise(&mut self, key: Fingerprint, min_generation: u8) {
        if let Some(key) = self.keys.get_mut(&key) {
            key.min_generation = key.min_generation.max(min_generation);
        }
    }

    fn set_end(&mut self, name: &HostName, key: Fingerprint, end: Minute) {
        if let Some(period) = self.names.get_mut(name).and_then(|keys| keys.get_mut(&key)) {
            self.by_end.remove(&(period.end, name.clone(), key));
            self.by_end.insert((end, name.clone(), key));
            period.end = end;
        }
    }

    fn set_initial(&mut self, name: &HostName, key: Fingerprint, initial: Minute) {
        if let Some(period) = self.names.get_mut(name).and_then(|keys| keys.get_mut(&key)) {
            period.initial = initial;
        }
    }

    fn remove(&mut self, name: &HostName, key: Fingerprint) {
        let Some(keys) = self.names.get_mut(name) else { return };
        let Some(period) = keys.remove(&key) else { return };
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
    }

    /// Adds a pin that is not there. Says whether there was a place for it.
    fn add(&mut self, name: &HostName, pin: &Pin, now: Minute) -> bool {
        // The pin that gives way may be the last one of this key.
        let min_generation = self.keys.get(&pin.key).map_or(0, |key| key.min_generation).max(pin.min_generation);
        if self.by_end.len() >= self.limit {
            match self.by_end.first().cloned() {
                Some((end, other, key)) if end <= now => self.remove(&other, key),
                _ => return false,
            }
        }
        let period = Period { initial: pin.initial, end: pin.end };
        self.names.entry(name.clone()).or_default().insert(pin.key, period);
        self.by_end.insert((pin.end, name.clone(), pin.key));
        let key = self.keys.entry(pin.key).or_default();
        key.min_generation = min_generation;
        key.names.insert(name.clone());
        true
    }

    fn forget_key(&mut self, key: Fingerprint) -> usize {
        let names = self.keys.get(&key).map(|key| key.names.clone()).unwrap_or_default();
        names.iter().for_each(|name| self.remove(name, key));
        names.len()
    }

    fn import(&mut self, name: &HostName, pin: &Pin, now: Minute, imported: &mut Imported) {
        let raises = self.keys.get(&pin.key).is_some_and(|key| key.min_generation < pin.min_generation);
        self.raise(pin.key, pin.min_generation);
        let number = match merge(&self.pins(name), pin, now) {
            Merge::Widen { initial, end } => {
                self.set_end(name, pin.key, end);
                self.set_initial(name, pin.key, initial);
                &mut imported.changed
            }
            Merge::Keep if raises => &mut imported.changed,
            Merge::Keep => &mut imported.unchanged,
            Merge::LeaveOut => &mut imported.left_out,
            Merge::Replace(old) => {
                self.remove(name, old);
                self.add(name, pin, now);
                &mut imported.added
            }
            Merge::Add if self.add(name, pin, now) => &mut imported.added,
            Merge::Add => &mut imported.left_out,
        };
        *number += 1;
    }
}
