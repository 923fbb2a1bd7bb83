//! Tickets in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tack_core::{HostName, Timestamp};

use crate::origin::Origin;
use crate::pin::TicketPin;
use crate::store::{ImportedTickets, MAX_PINS, TicketStore, TicketStoreError};

/// A [`TicketStore`] in memory, which ends with the process.
///
/// ```
/// use tack_core::Timestamp;
/// use tack_ticket::{MemoryTickets, Origin, TicketStore};
///
/// let store = MemoryTickets::default();
/// let origin = Origin::tls("www.example.com".parse()?, 443);
/// assert!(store.find(&origin, Timestamp::new(0))?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct MemoryTickets {
    pins: Mutex<BTreeMap<Origin, TicketPin>>,
}

impl MemoryTickets {
    fn pins(&self) -> MutexGuard<'_, BTreeMap<Origin, TicketPin>> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TicketStore for MemoryTickets {
    fn find(&self, origin: &Origin, now: Timestamp) -> Result<Option<TicketPin>, TicketStoreError> {
        Ok(self.pins().get(origin).filter(|pin| pin.is_valid(now)).cloned())
    }

    fn add(&self, origin: &Origin, pin: &TicketPin, now: Timestamp) -> Result<bool, TicketStoreError> {
        let mut pins = self.pins();
        pins.retain(|_, pin| pin.is_valid(now));
        if pins.contains_key(origin) {
            return Ok(false);
        }
        insert(&mut pins, origin, pin).map(|()| true)
    }

    fn keep(&self, origin: &Origin, pin: &TicketPin, now: Timestamp) -> Result<(), TicketStoreError> {
        let mut pins = self.pins();
        pins.retain(|_, pin| pin.is_valid(now));
        insert(&mut pins, origin, pin)
    }

    fn each(&self, each: &mut dyn FnMut(&Origin, &TicketPin) -> bool) -> Result<(), TicketStoreError> {
        self.pins().iter().all(|(origin, pin)| each(origin, pin));
        Ok(())
    }

    fn forget(&self, name: &HostName, port: Option<u16>) -> Result<usize, TicketStoreError> {
        let mut pins = self.pins();
        let before = pins.len();
        pins.retain(|origin, _| origin.name != *name || port.is_some_and(|port| port != origin.port));
        Ok(before - pins.len())
    }

    fn import(&self, imported: &[(Origin, TicketPin)], now: Timestamp) -> Result<ImportedTickets, TicketStoreError> {
        let mut pins = self.pins();
        let mut merged = pins.clone();
        merged.retain(|_, pin| pin.is_valid(now));
        let mut numbers = ImportedTickets::default();
        for (origin, pin) in imported {
            match merged.get(origin) {
                _ if !pin.is_valid(now) => numbers.expired += 1,
                Some(there) if there.received() >= pin.received() => numbers.unchanged += 1,
                there => {
                    if there.is_some() {
                        numbers.changed += 1;
                    } else {
                        numbers.added += 1;
                    }
                    merged.insert(origin.clone(), pin.clone());
                }
            }
        }
        if merged.len() > MAX_PINS {
            return Err(TicketStoreError::Full);
        }
        *pins = merged;
        Ok(numbers)
    }
}

fn insert(pins: &mut BTreeMap<Origin, TicketPin>, origin: &Origin, pin: &TicketPin) -> Result<(), TicketStoreError> {
    if pins.len() >= MAX_PINS && !pins.contains_key(origin) {
        return Err(TicketStoreError::Full);
    }
    pins.insert(origin.clone(), pin.clone());
    Ok(())
}
