//! A client that follows the steps word for word, on one list, with plain numbers. It shares nothing with the library.

use tack_pin::Mode;

use crate::world::{Connection, Fault, Tack};

const THIRTY_DAYS: u32 = 30 * 24 * 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    pub name: u8,
    pub key: u8,
    pub min_generation: u8,
    pub initial: u32,
    pub end: u32,
}

#[derive(Debug)]
pub struct Client {
    pub records: Vec<Record>,
    pub limit: usize,
}

/// The status, if processing gets there, and the codes of the reasons why the connection is refused.
type Outcome = (Option<&'static str>, Vec<&'static str>);

impl Client {
    pub fn connect(&mut self, connection: &Connection, now: u32) -> Outcome {
        let before = self.records.clone();
        let outcome = self.process(connection, now);
        if connection.mode == Mode::ReadOnly {
            self.records = before;
        }
        outcome
    }

    fn process(&mut self, connection: &Connection, now: u32) -> Outcome {
        let (name, tacks) = (connection.name, connection.tacks());

        // 1. Is it valid?
        for tack in &tacks {
            if tack.expiration <= now {
                return (None, vec!["expired"]);
            }
            match tack.fault {
                Fault::OtherTlsKey => return (None, vec!["target_hash"]),
                Fault::Forged => return (None, vec!["signature"]),
                Fault::None => {}
            }
        }

        // 2. Is it revoked? Does it raise what is known?
        for tack in &tacks {
            let Some(stored) = self.min_generation(tack.key) else { continue };
            if tack.generation < stored {
                return (None, vec!["revoked"]);
            }
            self.raise(tack.key, tack.min_generation);
        }

        // 3. What do the pins say?
        let has_tack_of = |key| tacks.iter().any(|tack: &Tack| tack.key == key);
        let active: Vec<_> = self.records.iter().filter(|record| record.name == name && record.end > now).collect();
        let mut codes: Vec<_> =
            active.iter().filter(|record| !has_tack_of(record.key)).map(|_| "contradicted").collect();
        let status = match (codes.len(), active.len()) {
            (0, 0) => "unpinned",
            (0, _) => "confirmed",
            _ => "contradicted",
        };
        if !connection.required.is_empty() && !connection.required.iter().any(|key| has_tack_of(*key)) {
            codes.push("key_required");
        }

        // 6. Break signatures, as soon as the status is determined: what is broken leaves its place to what is new.
        self.records.retain(|record| !connection.broken().contains(&record.key));

        // 4. Activation.
        if codes.is_empty() && connection.mode == Mode::Activate {
            self.records.retain(|record| record.name != name || record.end > now || has_tack_of(record.key));
            // A key that is broken makes no pin.
            let is_active = |(index, tack): &(usize, &Tack)| {
                connection.is_active(*index) && !connection.broken().contains(&tack.key)
            };
            let is_pin_of = |record: &Record, key| record.name == name && record.key == key;
            let (pinned, others): (Vec<_>, Vec<_>) = tacks
                .iter()
                .enumerate()
                .filter(is_active)
                .partition(|(_, tack)| self.records.iter().any(|record| is_pin_of(record, tack.key)));
            for (_, tack) in pinned {
                for record in self.records.iter_mut().filter(|record| is_pin_of(record, tack.key)) {
                    if let Some(age) = now.checked_sub(record.initial) {
                        record.end = now.saturating_add(age.min(THIRTY_DAYS));
                    }
                }
            }
            let new: Vec<_> = others
                .into_iter()
                .map(|(_, Tack { key, min_generation, .. })| {
                    let min_generation = self.min_generation(*key).unwrap_or(0).max(*min_generation);
                    Record { name, key: *key, min_generation, initial: now, end: 0 }
                })
                .collect();
            new.into_iter().for_each(|record| self.add(record, now));
        }
        (Some(status), codes)
    }

    pub fn import(&mut self, new: Record, now: u32) {
        self.raise(new.key, new.min_generation);
        if let Some(old) = self.records.iter_mut().find(|old| old.name == new.name && old.key == new.key) {
            old.initial = old.initial.min(new.initial);
            old.end = old.end.max(new.end);
            return;
        }
        let mut of_name: Vec<_> = self.records.iter().copied().filter(|old| old.name == new.name).collect();
        of_name.sort_by_key(|old| old.end);
        if let [first, _] = of_name[..] {
            if first.end > now || new.end <= now {
                return;
            }
            self.records.retain(|old| *old != first);
        }
        let min_generation = self.min_generation(new.key).unwrap_or(0).max(new.min_generation);
        self.add(Record { min_generation, ..new }, now);
    }

    /// Adds a record. Where there is no place, the one that ends first goes, if it ended.
    fn add(&mut self, record: Record, now: u32) {
        if self.records.len() >= self.limit {
            self.records.sort_unstable_by_key(|record| (record.end, record.name, record.key));
            if self.records.first().is_none_or(|first| first.end > now) {
                return;
            }
            self.records.remove(0);
        }
        self.records.push(record);
    }

    fn min_generation(&self, key: u8) -> Option<u8> {
        self.records.iter().filter(|record| record.key == key).map(|record| record.min_generation).max()
    }

    fn raise(&mut self, key: u8, min_generation: u8) {
        for record in self.records.iter_mut().filter(|record| record.key == key) {
            record.min_generation = record.min_generation.max(min_generation);
        }
    }
}
