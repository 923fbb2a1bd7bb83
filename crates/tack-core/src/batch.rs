//! Batches of tacks that expire one after the other: NUM@INTERVAL.

use std::str::FromStr;

use crate::certificate::TargetHash;
use crate::error::Error;
use crate::key::SigningKey;
use crate::tack::Tack;
use crate::time::{Minutes, Span};

/// How many tacks a batch has, and how far apart they expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    number: u32,
    interval: Span,
}

impl Schedule {
    /// The most tacks that a batch may have.
    pub const MAX: u32 = 1_000_000;

    /// The tacks in it.
    #[must_use]
    pub fn number(self) -> u32 {
        self.number
    }

    /// From one expiration to the next.
    #[must_use]
    pub fn interval(self) -> Span {
        self.interval
    }
}

/// A single tack.
impl Default for Schedule {
    fn default() -> Self {
        Self { number: 1, interval: Span::default() }
    }
}

/// `NUM@INTERVAL`, such as `365@1d`.
impl FromStr for Schedule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let error = || Error::Batch(text.to_owned());
        let (number, interval) = text.split_once('@').ok_or_else(error)?;
        let number = number.parse().ok().filter(|number| (1..=Self::MAX).contains(number)).ok_or_else(error)?;
        Ok(Self { number, interval: interval.parse().map_err(|_| error())? })
    }
}

/// A batch: tacks of one key for one TLS key, alike but for their expirations. Each is signed when it is asked for, so
/// that the work can be shared among cores, and memory holds no more than is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    key: &'a SigningKey,
    min_generation: u8,
    generation: u8,
    first: Minutes,
    schedule: Schedule,
    target_hash: TargetHash,
}

impl<'a> Batch<'a> {
    /// A batch whose first tack expires at `first`.
    ///
    /// # Errors
    /// [`Error::TooLate`] if the last tack would expire beyond 2^32 - 1 minutes, [`Error::Generation`] if `generation` is
    /// below `min_generation`.
    pub fn new(
        key: &'a SigningKey,
        min_generation: u8,
        generation: u8,
        first: Minutes,
        schedule: Schedule,
        target_hash: TargetHash,
    ) -> Result<Self, Error> {
        let batch = Self { key, min_generation, generation, first, schedule, target_hash };
        batch.tack(schedule.number - 1)?;
        Ok(batch)
    }

    /// The tacks in it.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.schedule.number
    }

    /// Signs the tack of this index, counted from 0.
    ///
    /// # Errors
    /// None below [`Schedule::number`]; as for [`new`](Self::new) beyond.
    pub fn tack(&self, index: u32) -> Result<Tack, Error> {
        let interval = self.schedule.interval;
        let span = interval.times(index.into());
        let span = span.ok_or_else(|| Error::TooLate(format!("{index} times {interval} after {}", self.first)))?;
        Tack::sign(self.key, self.min_generation, self.generation, self.first.plus(span)?, self.target_hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::tests::test_key;

    #[test]
    fn schedules_as_people_type_them() {
        let schedule: Schedule = "365@1d".parse().unwrap();
        assert_eq!((schedule.number(), schedule.interval()), (365, Span::DAY));
        assert_eq!("1000000@1m".parse::<Schedule>().unwrap().number(), Schedule::MAX);
        for bad in ["", "3", "@1d", "3@", "0@1d", "1000001@1d", "-1@1d", "3@1", "3@1d@1d"] {
            assert_eq!(bad.parse::<Schedule>(), Err(Error::Batch(bad.to_owned())), "{bad}");
        }
    }

    #[test]
    fn expirations_are_the_interval_apart() {
        let key = test_key(1);
        let hash = TargetHash::new([3; 32]);
        let schedule = "3@1h1m".parse().unwrap();
        let batch = Batch::new(&key, 1, 2, Minutes::new(10), schedule, hash).unwrap();
        let expirations = (0..3).map(|index| batch.tack(index).unwrap().expiration().get());
        assert_eq!(expirations.collect::<Vec<_>>(), [10, 71, 132]);
        assert_eq!(batch.tack(0), Tack::sign(&key, 1, 2, Minutes::new(10), hash));
    }

    #[test]
    fn a_batch_ends_in_time() {
        let key = test_key(1);
        let new = |schedule: &str| {
            Batch::new(&key, 0, 0, Minutes::new(u32::MAX - 2), schedule.parse().unwrap(), TargetHash::new([3; 32]))
                .map(drop)
        };
        assert_eq!(new("3@1m"), Ok(()));
        assert!(matches!(new("4@1m"), Err(Error::TooLate(_))));
        assert!(matches!(new("1000000@99999999999999d"), Err(Error::TooLate(_))));
    }
}
