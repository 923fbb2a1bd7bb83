//! What every store does with its tables: the rules of changes, of imports and of a full store are here alone.

use tack_core::{Fingerprint, HostName, Minute};

use crate::merge::{Merge, merge};
use crate::pin::Pin;
use crate::store::{Change, Imported, Known, Query};

/// The tables of a store, within one transaction: pins by name and key, and keys, which are there as long as a pin is.
pub(crate) trait Tables {
    /// Why they cannot be read or written.
    type Error;

    /// The pins of a name, by fingerprint.
    fn pins(&self, name: &HostName) -> Result<Vec<Pin>, Self::Error>;

    /// The min_generation of a key, if a pin is of this key.
    fn min_generation(&self, key: Fingerprint) -> Result<Option<u8>, Self::Error>;

    /// Whether there are as many pins as there may be.
    fn is_full(&self) -> Result<bool, Self::Error>;

    /// The pin that ends first, of several the first by name, then fingerprint.
    fn first_to_end(&self) -> Result<Option<(Minute, HostName, Fingerprint)>, Self::Error>;

    /// Adds a pin that is not there. Its key gets the higher min_generation of the two.
    fn insert(&mut self, name: &HostName, pin: &Pin) -> Result<(), Self::Error>;

    /// Gives a key that is there a min_generation, unless it has a higher one.
    fn raise(&mut self, key: Fingerprint, min_generation: u8) -> Result<(), Self::Error>;

    /// Gives a pin another beginning and end, if it is there.
    fn set_period(&mut self, name: &HostName, pin: &Pin) -> Result<(), Self::Error>;

    /// Removes a pin, if it is there, and with the last of its key the key.
    fn remove(&mut self, name: &HostName, key: Fingerprint) -> Result<(), Self::Error>;

    /// Removes every pin of a name. Gives their number.
    fn remove_name(&mut self, name: &HostName) -> Result<usize, Self::Error>;

    /// Removes every pin of a key. Gives their number.
    fn remove_key(&mut self, key: Fingerprint) -> Result<usize, Self::Error>;

    /// What is known to a query.
    fn known(&self, query: &Query<'_>) -> Result<Known, Self::Error> {
        let min_generations = query.keys.iter().map(|key| self.min_generation(*key)).collect::<Result<_, _>>()?;
        Ok(Known { pins: self.pins(query.name)?, min_generations })
    }

    /// Makes changes, in their order.
    fn apply(&mut self, query: &Query<'_>, changes: Vec<Change>) -> Result<(), Self::Error> {
        for change in changes {
            match change {
                Change::MinGeneration { key, min_generation } => self.raise(key, min_generation)?,
                Change::Remove(key) => self.remove(query.name, key)?,
                Change::End { key, end } => {
                    let pins = self.pins(query.name)?;
                    if let Some(pin) = pins.into_iter().find(|pin| pin.key == key) {
                        self.set_period(query.name, &Pin { end, ..pin })?;
                    }
                }
                Change::Add(pin) => {
                    self.add(query.name, &pin, query.now)?;
                }
                Change::Break(key) => {
                    self.remove_key(key)?;
                }
            }
        }
        Ok(())
    }

    /// Adds a pin. Says whether there was a place for it.
    fn add(&mut self, name: &HostName, pin: &Pin, now: Minute) -> Result<bool, Self::Error> {
        let pins = self.pins(name)?;
        if pins.len() >= Pin::MAX_PER_NAME || pins.iter().any(|old| old.key == pin.key) {
            return Ok(false);
        }
        let mut gives_way = None;
        if self.is_full()? {
            gives_way = self.first_to_end()?.filter(|(end, ..)| *end <= now);
            if gives_way.is_none() {
                return Ok(false);
            }
        }
        self.insert(name, pin)?;
        // Comes last, so that a key whose one pin gives way to another keeps its min_generation.
        if let Some((_, name, key)) = gives_way {
            self.remove(&name, key)?;
        }
        Ok(true)
    }

    /// Merges a pin, and counts it.
    fn import(&mut self, name: &HostName, pin: &Pin, now: Minute, imported: &mut Imported) -> Result<(), Self::Error> {
        let raises = self.min_generation(pin.key)?.is_some_and(|old| old < pin.min_generation);
        self.raise(pin.key, pin.min_generation)?;
        let number = match merge(&self.pins(name)?, pin, now) {
            Merge::Widen { initial, end } => {
                self.set_period(name, &Pin { initial, end, ..*pin })?;
                &mut imported.changed
            }
            Merge::Keep if raises => &mut imported.changed,
            Merge::Keep => &mut imported.unchanged,
            Merge::LeaveOut => &mut imported.left_out,
            // This takes the place of the other in the store, too.
            Merge::Replace(old) => {
                self.remove(name, old)?;
                self.insert(name, pin)?;
                &mut imported.added
            }
            Merge::Add if self.add(name, pin, now)? => &mut imported.added,
            Merge::Add => &mut imported.left_out,
        };
        *number += 1;
        Ok(())
    }
}
