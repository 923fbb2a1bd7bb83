//! Batches of tacks that expire one after the other.

use crate::error::Error;
use crate::generations::Generations;
use crate::key::SigningKey;
use crate::schedule::Schedule;
use crate::tack::Tack;
use crate::target_hash::TargetHash;
use crate::time::{Minute, TimeError};

/// A batch: tacks of one key for one TLS key, alike but for their expirations. Each is signed when it is asked for, so
/// that the work can be shared among cores, and memory holds no more than is wanted.
///
/// ```
/// use tack_core::{Batch, Generations, Minute, TargetHash};
/// # let key = tack_core::SigningKey::from_bytes(&[7; 32])?;
///
/// let first = Minute::new(30_000_000);
/// let batch = Batch::new(&key, Generations::default(), first, "3@1d".parse()?, TargetHash::of(b"key"))?;
/// let expirations: Vec<_> = batch.tacks().map(|tack| tack.expiration().get()).collect();
/// assert_eq!(expirations, [30_000_000, 30_001_440, 30_002_880]);
/// # Ok::<(), tack_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    key: &'a SigningKey,
    generations: Generations,
    first: Minute,
    schedule: Schedule,
    target_hash: TargetHash,
}

impl<'a> Batch<'a> {
    /// A batch whose first tack expires at `first`.
    ///
    /// # Errors
    /// [`TimeError::TooLate`] if the last tack would expire beyond [`Minute::MAX`].
    pub fn new(
        key: &'a SigningKey,
        generations: Generations,
        first: Minute,
        schedule: Schedule,
        target_hash: TargetHash,
    ) -> Result<Self, Error> {
        let batch = Self { key, generations, first, schedule, target_hash };
        let last = schedule.number() - 1;
        if batch.expiration(last).is_none() {
            let interval = schedule.interval();
            let span = interval.checked_mul(last.into());
            let span = span.map_or_else(|| format!("{last} times {interval}"), |span| span.to_string());
            return Err(TimeError::TooLate(format!("{span} after {first}")).into());
        }
        Ok(batch)
    }

    /// The tacks in it.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.schedule.number()
    }

    /// When the tack of this index expires, counted from 0; none from [`number`](Self::number) on.
    #[must_use]
    pub fn expiration(&self, index: u32) -> Option<Minute> {
        if index >= self.schedule.number() {
            return None;
        }
        self.first.checked_add(self.schedule.interval().checked_mul(index.into())?)
    }

    /// Signs the tack of this index, counted from 0; none from [`number`](Self::number) on.
    #[must_use]
    pub fn tack(&self, index: u32) -> Option<Tack> {
        Some(Tack::sign(self.key, self.generations, self.expiration(index)?, self.target_hash))
    }

    /// Signs them one after the other.
    pub fn tacks(&self) -> impl Iterator<Item = Tack> + use<'a> {
        let batch = *self;
        (0..batch.number()).map_while(move |index| batch.tack(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::tests::test_key;

    #[test]
    fn expirations_are_the_interval_apart() {
        let key = test_key(1);
        let hash = TargetHash::new([3; 32]);
        let generations = Generations::new(1, 2).unwrap();
        let batch = Batch::new(&key, generations, Minute::new(10), "3@1h1m".parse().unwrap(), hash).unwrap();
        let expirations = batch.tacks().map(|tack| tack.expiration().get());
        assert_eq!(expirations.collect::<Vec<_>>(), [10, 71, 132]);
        assert_eq!(batch.tack(0), Some(Tack::sign(&key, generations, Minute::new(10), hash)));
        assert_eq!(batch.tack(3), None);
    }

    #[test]
    fn a_batch_ends_in_time() {
        let key = test_key(1);
        let new = |schedule: &str| {
            let first = Minute::new(u32::MAX - 2);
            let schedule = schedule.parse().unwrap();
            Batch::new(&key, Generations::default(), first, schedule, TargetHash::new([3; 32])).map(drop)
        };
        assert_eq!(new("3@1m"), Ok(()));
        for late in ["4@1m", "1000000@99999999999999d"] {
            assert!(matches!(new(late), Err(Error::Time(TimeError::TooLate(_)))), "{late}");
        }
    }
}
