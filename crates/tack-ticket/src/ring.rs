//! The protection keys of a server, or of all servers of a cluster, from their making to their end.

mod file;

use tack_core::Timestamp;

use crate::lifetime::Lifetime;
use crate::protection_key::{KeyId, ProtectionKey};
use crate::secret::PinningSecret;
use crate::ticket::Ticket;

/// How far the clock of a server may be off, in seconds: a day.
const SKEW: i64 = 24 * 60 * 60;
/// The most keys of a ring.
const MAX_KEYS: usize = 1_000;

/// A key ring: the protection keys that a server opens tickets with, and the one that it seals them with (RFC 8672, sections
/// 4.3 and 5.1). A server and all that share its name have the same ring.
///
/// A key is accepted from its making on, and used from a later time on, when every server has it. When the next key is used, it
/// is kept until no ticket of it can come any more: for the largest lifetime, 31 days; a day for clocks that are off; and as
/// long as the next key took from its making to its use, when some servers may not have had it yet. Then it is spent. Nothing
/// takes it away but [`retire`](Self::retire) and [`remove`](Self::remove).
///
/// ```
/// use getrandom::SysRng;
/// use tack_core::Timestamp;
/// use tack_ticket::{KeyRing, ProtectionKey, Stage};
///
/// let now = Timestamp::new(1_795_195_875);
/// let tomorrow = Timestamp::new(now.seconds() + 86_400);
/// let mut ring = KeyRing::new(ProtectionKey::generate(&mut SysRng)?, now);
/// ring.rotate(ProtectionKey::generate(&mut SysRng)?, now, tomorrow)?;
///
/// let [old, new] = [0, 1].map(|index| ring.keys()[index].key().id());
/// assert_eq!(ring.current(now).map(ProtectionKey::id), Some(old));
/// assert_eq!(ring.current(tomorrow).map(ProtectionKey::id), Some(new));
/// assert_eq!(ring.stage(new, now), Some(Stage::Waiting));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct KeyRing {
    /// One at least, in the order of their use.
    keys: Vec<RingKey>,
}

/// A key of a ring, with its dates.
#[derive(Clone)]
pub struct RingKey {
    key: ProtectionKey,
    created: Timestamp,
    use_from: Timestamp,
}

/// What a key of a ring is there for at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It opens tickets, and is not used yet.
    Waiting,
    /// It seals new tickets.
    Current,
    /// It opens the tickets that clients still have, until this time.
    Kept {
        /// When no client has a ticket of it any more.
        until: Timestamp,
    },
    /// No client has a ticket of it any more.
    Spent {
        /// Since when.
        since: Timestamp,
    },
}

/// Why a ticket opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketFlaw {
    /// It is no ticket of this library's.
    #[error("it was not made by this program")]
    Foreign,

    /// Its key is not in the ring.
    #[error("its key {0} is not in the ring")]
    UnknownKey(KeyId),

    /// Its key does not open it.
    #[error("key {0} does not open it: it was changed, or forged")]
    Damaged(KeyId),
}

/// Why a ring cannot be read or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RingError {
    /// It is no JSON of a key ring.
    #[error("it is no key ring: line {line}, column {column}")]
    Json {
        /// The line, from 1 on.
        line: usize,
        /// The column, from 1 on.
        column: usize,
    },

    /// A newer version wrote it.
    #[error("the key ring is of version {0}, and the newest known is 1")]
    Version(u64),

    /// It has no key, or too many.
    #[error("the key ring has {0} keys; it has 1 to {MAX_KEYS}")]
    Number(usize),

    /// Two of its keys have one number.
    #[error("two keys have the number {0}")]
    SameNumber(KeyId),

    /// A key is not of 32 bytes.
    #[error("key {0} is not of 32 bytes")]
    Length(KeyId),

    /// A key is used before it is made.
    #[error("key {0} is to be used before it is created")]
    Dates(KeyId),

    /// Another key waits to be used.
    #[error("key {id} waits already, to be used from {from} on")]
    Waiting {
        /// Its number.
        id: KeyId,
        /// When it is used.
        from: Timestamp,
    },

    /// There is no such key.
    #[error("no key has the number {0}")]
    UnknownKey(KeyId),

    /// Clients still have tickets of a key.
    #[error("key {id} may be needed until {until}")]
    Needed {
        /// Its number.
        id: KeyId,
        /// When no client has a ticket of it any more.
        until: Timestamp,
    },

    /// A key is used now, or is the only one.
    #[error("key {0} is in use")]
    InUse(KeyId),

    /// A key waits to be used.
    #[error("key {id} is to be used from {from} on")]
    ToBeUsed {
        /// Its number.
        id: KeyId,
        /// When it is used.
        from: Timestamp,
    },
}

impl KeyRing {
    /// A ring of one key, which is used at once.
    #[must_use]
    pub fn new(key: ProtectionKey, now: Timestamp) -> Self {
        Self { keys: vec![RingKey { key, created: now, use_from: now }] }
    }

    fn of(mut keys: Vec<RingKey>) -> Result<Self, RingError> {
        if !(1..=MAX_KEYS).contains(&keys.len()) {
            return Err(RingError::Number(keys.len()));
        }
        keys.sort_by_key(|key| (key.use_from, key.created));
        for (index, key) in keys.iter().enumerate() {
            let id = key.key.id();
            if keys.iter().skip(index + 1).any(|other| other.key.id() == id) {
                return Err(RingError::SameNumber(id));
            }
            if key.use_from < key.created {
                return Err(RingError::Dates(id));
            }
        }
        Ok(Self { keys })
    }

    /// Its keys, in the order of their use.
    #[must_use]
    pub fn keys(&self) -> &[RingKey] {
        &self.keys
    }

    /// The key that seals tickets; none if the first is still waiting.
    #[must_use]
    pub fn current(&self, now: Timestamp) -> Option<&ProtectionKey> {
        self.position(now).and_then(|position| self.keys.get(position)).map(|key| &key.key)
    }

    /// Opens a ticket with whichever key sealed it, whatever its stage: a clock that is off must lock nobody out.
    ///
    /// # Errors
    /// [`TicketFlaw`] if no key opens it.
    pub fn open(&self, ticket: &Ticket) -> Result<PinningSecret, TicketFlaw> {
        let id = KeyId::of(ticket).ok_or(TicketFlaw::Foreign)?;
        let key = self.keys.iter().find(|key| key.key.id() == id).ok_or(TicketFlaw::UnknownKey(id))?;
        key.key.open(ticket).ok_or(TicketFlaw::Damaged(id))
    }

    /// What a key is there for; none if there is no such key.
    #[must_use]
    pub fn stage(&self, id: KeyId, now: Timestamp) -> Option<Stage> {
        let index = self.keys.iter().position(|key| key.key.id() == id)?;
        let Some(current) = self.position(now) else { return Some(Stage::Waiting) };
        Some(match index.cmp(&current) {
            std::cmp::Ordering::Greater => Stage::Waiting,
            std::cmp::Ordering::Equal => Stage::Current,
            std::cmp::Ordering::Less => match self.keys.get(index + 1)?.predecessor_is_kept_until() {
                until if now < until => Stage::Kept { until },
                since => Stage::Spent { since },
            },
        })
    }

    /// Adds a key, which is used from `use_from` on.
    ///
    /// # Errors
    /// [`RingError::Waiting`] if another key waits and this one is not used at once, [`RingError::Dates`] for a use before now,
    /// [`RingError::Number`] if it is full.
    pub fn rotate(&mut self, key: ProtectionKey, now: Timestamp, use_from: Timestamp) -> Result<(), RingError> {
        let waiting = self.keys.iter().find(|waiting| waiting.use_from > now);
        if let Some(waiting) = waiting.filter(|_| use_from > now) {
            return Err(RingError::Waiting { id: waiting.key.id(), from: waiting.use_from });
        }
        let mut keys = self.keys.clone();
        keys.push(RingKey { key, created: now, use_from });
        *self = Self::of(keys)?;
        Ok(())
    }

    /// Takes away every key that is spent, and gives their numbers.
    pub fn retire(&mut self, now: Timestamp) -> Vec<KeyId> {
        let ids = self.keys.iter().map(|key| key.key.id());
        let spent: Vec<_> = ids.filter(|id| matches!(self.stage(*id, now), Some(Stage::Spent { .. }))).collect();
        self.keys.retain(|key| !spent.contains(&key.key.id()));
        spent
    }

    /// Takes away a key. With `force` it may be one that clients still have tickets of, who are then refused; or one that waits.
    ///
    /// # Errors
    /// [`RingError::UnknownKey`]; [`RingError::Needed`] and [`RingError::ToBeUsed`] without `force`; [`RingError::InUse`] for the
    /// current key, and for the only one.
    pub fn remove(&mut self, id: KeyId, now: Timestamp, force: bool) -> Result<(), RingError> {
        let from = self.keys.iter().find(|key| key.key.id() == id).ok_or(RingError::UnknownKey(id))?.use_from;
        match self.stage(id, now).ok_or(RingError::UnknownKey(id))? {
            Stage::Current => return Err(RingError::InUse(id)),
            Stage::Waiting if self.keys.len() == 1 => return Err(RingError::InUse(id)),
            Stage::Waiting if !force => return Err(RingError::ToBeUsed { id, from }),
            Stage::Kept { until } if !force => return Err(RingError::Needed { id, until }),
            Stage::Waiting | Stage::Kept { .. } | Stage::Spent { .. } => {}
        }
        self.keys.retain(|key| key.key.id() != id);
        Ok(())
    }

    /// Where the current key is.
    fn position(&self, now: Timestamp) -> Option<usize> {
        self.keys.iter().rposition(|key| key.use_from <= now)
    }
}

impl RingKey {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &ProtectionKey {
        &self.key
    }

    /// When it was made.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// From when on it seals tickets.
    #[must_use]
    pub fn use_from(&self) -> Timestamp {
        self.use_from
    }

    /// Until when the key before it is needed: a server that had this one as late as could be may have sealed a ticket with
    /// the other one until then.
    fn predecessor_is_kept_until(&self) -> Timestamp {
        let distribution = self.use_from.seconds().saturating_sub(self.created.seconds());
        let kept = i64::from(Lifetime::MAX.seconds()).saturating_add(SKEW).saturating_add(distribution);
        Timestamp::new(self.use_from.seconds().saturating_add(kept))
    }
}

#[cfg(test)]
mod tests {
    use getrandom::SysRng;

    use super::*;

    const DAY: i64 = 86_400;

    fn key() -> ProtectionKey {
        ProtectionKey::generate(&mut SysRng).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::new(seconds)
    }

    #[test]
    fn a_key_goes_through_its_stages_to_the_second() {
        let mut ring = KeyRing::new(key(), at(0));
        ring.rotate(key(), at(100 * DAY), at(102 * DAY)).unwrap();
        let [old, new] = [0, 1].map(|index| ring.keys()[index].key().id());
        let until = at((102 + 31 + 1 + 2) * DAY);
        for (now, of_old, of_new) in [
            (-1, Stage::Waiting, Stage::Waiting),
            (0, Stage::Current, Stage::Waiting),
            (102 * DAY - 1, Stage::Current, Stage::Waiting),
            (102 * DAY, Stage::Kept { until }, Stage::Current),
            (136 * DAY - 1, Stage::Kept { until }, Stage::Current),
            (136 * DAY, Stage::Spent { since: until }, Stage::Current),
        ] {
            assert_eq!((ring.stage(old, at(now)), ring.stage(new, at(now))), (Some(of_old), Some(of_new)), "{now}");
            let current = [(old, of_old), (new, of_new)].into_iter().find(|(_, stage)| *stage == Stage::Current);
            assert_eq!(ring.current(at(now)).map(ProtectionKey::id), current.map(|(id, _)| id), "{now}");
        }
        assert_eq!(ring.stage("0000000000000000".parse().unwrap(), at(0)), None);
    }

    #[test]
    fn every_key_of_the_ring_opens_tickets_at_any_time() {
        let mut ring = KeyRing::new(key(), at(0));
        ring.rotate(key(), at(0), at(DAY)).unwrap();
        let secret = PinningSecret::from_bytes(&[5; 32]).unwrap();
        for index in 0..2 {
            let ticket = ring.keys()[index].key().seal(&secret, &mut SysRng).unwrap();
            assert!(ring.open(&ticket).is_ok_and(|opened| opened.as_bytes() == secret.as_bytes()));
            let mut changed = ticket.as_bytes().to_vec();
            *changed.last_mut().unwrap() ^= 1;
            let id = ring.keys()[index].key().id();
            assert_eq!(ring.open(&Ticket::new(changed).unwrap()).err(), Some(TicketFlaw::Damaged(id)));
        }
        let other = key();
        let ticket = other.seal(&secret, &mut SysRng).unwrap();
        assert_eq!(ring.open(&ticket).err(), Some(TicketFlaw::UnknownKey(other.id())));
        for bytes in [vec![1; 8], vec![2; 89]] {
            assert_eq!(ring.open(&Ticket::new(bytes).unwrap()).err(), Some(TicketFlaw::Foreign));
        }
    }

    #[test]
    fn one_key_waits_at_a_time_but_for_one_that_is_used_at_once() {
        let mut ring = KeyRing::new(key(), at(0));
        ring.rotate(key(), at(0), at(DAY)).unwrap();
        let id = ring.keys()[1].key().id();
        let waiting = Err(RingError::Waiting { id, from: at(DAY) });
        assert_eq!(ring.rotate(key(), at(DAY - 1), at(2 * DAY)), waiting);
        let leaked = key();
        ring.rotate(leaked.clone(), at(10), at(10)).unwrap();
        assert_eq!(ring.current(at(10)).map(ProtectionKey::id), Some(leaked.id()));
        assert_eq!(ring.current(at(DAY)).map(ProtectionKey::id), Some(id));
        assert_eq!(ring.rotate(leaked.clone(), at(DAY), at(2 * DAY)), Err(RingError::SameNumber(leaked.id())));
        let early = key();
        assert_eq!(ring.rotate(early.clone(), at(DAY), at(DAY - 1)), Err(RingError::Dates(early.id())));
        ring.rotate(key(), at(DAY), at(2 * DAY)).unwrap();
        assert_eq!(ring.keys().len(), 4);
    }

    #[test]
    fn only_what_is_spent_is_retired() {
        let mut ring = KeyRing::new(key(), at(0));
        ring.rotate(key(), at(0), at(DAY)).unwrap();
        ring.rotate(key(), at(2 * DAY), at(3 * DAY)).unwrap();
        let ids = [0, 1, 2].map(|index| ring.keys()[index].key().id());
        assert_eq!(ring.retire(at(34 * DAY - 1)), []);
        assert_eq!(
            ring.remove(ids[0], at(34 * DAY - 1), false),
            Err(RingError::Needed { id: ids[0], until: at(34 * DAY) })
        );
        assert_eq!(ring.clone().remove(ids[0], at(34 * DAY - 1), true), Ok(()));
        assert_eq!(ring.remove(ids[2], at(34 * DAY), true), Err(RingError::InUse(ids[2])));
        assert_eq!(ring.remove(ids[2], at(2 * DAY), false), Err(RingError::ToBeUsed { id: ids[2], from: at(3 * DAY) }));
        assert_eq!(ring.clone().remove(ids[2], at(2 * DAY), true), Ok(()));
        assert_eq!(ring.retire(at(34 * DAY)), [ids[0]]);
        assert_eq!(ring.remove(ids[0], at(34 * DAY), true), Err(RingError::UnknownKey(ids[0])));
        assert_eq!(ring.remove(ids[1], at(36 * DAY), false), Ok(()));
        assert_eq!(ring.keys().len(), 1);
        for now in [-1, 36 * DAY] {
            assert_eq!(ring.remove(ids[2], at(now), true), Err(RingError::InUse(ids[2])), "the only one");
        }
    }

    #[test]
    fn dates_at_the_end_of_time_are_no_trouble() {
        let mut ring = KeyRing::new(key(), at(i64::MIN));
        ring.rotate(key(), at(i64::MIN), at(i64::MAX)).unwrap();
        let id = ring.keys()[0].key().id();
        assert_eq!(ring.stage(id, at(i64::MAX)), Some(Stage::Spent { since: at(i64::MAX) }));
    }
}
