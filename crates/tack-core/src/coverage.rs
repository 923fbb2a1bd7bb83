//! What tacks cover: from when to when a server has a fresh one to send.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use crate::key::PublicKey;
use crate::revocations::{Revocations, TooManyRevocations};
use crate::tack::Tack;
use crate::target_hash::TargetHash;
use crate::time::{Minute, Span, Timestamp};
use crate::verified::Verified;

/// Sums up a stream of tacks: one [`Coverage`] for each pair of TACK key and TLS key.
///
/// Memory holds eight bytes of a tack.
///
/// ```
/// use tack_core::{Batch, Coverages, Generations, Minute, SigningKey, Span, TargetHash, Timestamp};
///
/// let key = SigningKey::from_bytes(&[7; 32])?;
/// let first = Minute::new(30_000_000);
/// let batch = Batch::new(&key, Generations::default(), first, "9@1d".parse()?, TargetHash::of(b"key"))?;
///
/// let mut coverages = Coverages::default();
/// for tack in batch.tacks() {
///     coverages.push(&tack.into_verified()?)?;
/// }
/// for coverage in coverages.finish(Timestamp::new(first.seconds())) {
///     println!("{} tacks of key {}", coverage.number(), coverage.key().fingerprint());
///     assert_eq!((coverage.number(), coverage.interval(), coverage.gaps().count()), (9, Some(Span::DAY), 0));
///     assert_eq!(coverage.left().days(), 8);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Coverages {
    revocations: Revocations,
    indexes: HashMap<(PublicKey, TargetHash), usize>,
    batches: Vec<Batch>,
}

impl Coverages {
    /// The most pairs of TACK key and TLS key, so that no input takes more memory than a few MiB for them.
    pub const MAX: usize = 10_000;

    /// Takes a tack into account.
    ///
    /// # Errors
    /// [`CoverageError::Batches`] for one more pair of keys than [`MAX`](Self::MAX), and what [`Revocations::see`] refuses.
    /// The tack does not count then.
    pub fn push(&mut self, tack: &Verified<Tack>) -> Result<(), CoverageError> {
        let keys = (tack.public_key().clone(), tack.target_hash());
        let index = self.indexes.get(&keys).copied();
        if index.is_none() && self.batches.len() == Self::MAX {
            return Err(CoverageError::Batches);
        }
        self.revocations.see(tack)?;
        let index = index.unwrap_or_else(|| {
            let (key, target_hash) = keys.clone();
            self.batches.push(Batch { key, target_hash, tacks: Vec::new() });
            self.indexes.insert(keys, self.batches.len() - 1);
            self.batches.len() - 1
        });
        if let Some(batch) = self.batches.get_mut(index) {
            batch.tacks.push((tack.expiration(), tack.generation()));
        }
        Ok(())
    }

    /// What they cover from now on, in the order in which the pairs of keys were first seen.
    #[must_use]
    pub fn finish(self, now: Timestamp) -> Vec<Coverage> {
        let Self { revocations, batches, .. } = self;
        batches.into_iter().map(|batch| Coverage::new(batch, &revocations, now)).collect()
    }
}

/// What the tacks of one TACK key for one TLS key cover, apart from those that are revoked.
#[derive(Clone, Debug)]
pub struct Coverage {
    key: PublicKey,
    target_hash: TargetHash,
    number: usize,
    revoked: usize,
    min_generation: u8,
    /// Of the tacks that are not revoked, in order, each time once.
    expirations: Vec<Minute>,
    interval: Option<Span>,
    now: Timestamp,
}

impl Coverage {
    fn new(batch: Batch, revocations: &Revocations, now: Timestamp) -> Self {
        let Batch { key, target_hash, tacks } = batch;
        let (number, min_generation) = (tacks.len(), revocations.min_generation(&key));
        let is_good = |(_, generation): &&(Minute, u8)| *generation >= min_generation;
        let mut expirations: Vec<_> = tacks.iter().filter(is_good).map(|(expiration, _)| *expiration).collect();
        let revoked = number - expirations.len();
        expirations.sort_unstable();
        expirations.dedup();
        let interval = usual(pairs(&expirations).filter_map(|(one, next)| next.since(one)));
        Self { key, target_hash, number, revoked, min_generation, expirations, interval, now }
    }

    /// The TACK key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The hash of the TLS key.
    #[must_use]
    pub fn target_hash(&self) -> TargetHash {
        self.target_hash
    }

    /// How many tacks there are, those that are revoked included.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// How many of them are revoked by other tacks of the TACK key.
    #[must_use]
    pub fn revoked(&self) -> usize {
        self.revoked
    }

    /// The generation below which tacks of the TACK key are revoked.
    #[must_use]
    pub fn min_generation(&self) -> u8 {
        self.min_generation
    }

    /// When the first tack expires; none if all are revoked.
    #[must_use]
    pub fn first(&self) -> Option<Minute> {
        self.expirations.first().copied()
    }

    /// When the last tack expires; none if all are revoked.
    #[must_use]
    pub fn last(&self) -> Option<Minute> {
        self.expirations.last().copied()
    }

    /// The usual span from one expiration to the next: the longest that recurs and makes up more than a quarter of all, or
    /// else the most frequent one, and of several the shortest. None if there is one expiration at most.
    #[must_use]
    pub fn interval(&self) -> Option<Span> {
        self.interval
    }

    /// Where the next expiration comes later than the [interval](Self::interval), and is not past: from the one expiration
    /// to the next. Part of the batch is missing there.
    pub fn gaps(&self) -> impl Iterator<Item = (Minute, Minute)> {
        pairs(&self.expirations)
            .filter(|(one, next)| next.since(*one) > self.interval && next.seconds() > self.now.seconds())
    }

    /// Whether all tacks are expired or revoked.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.last().is_none_or(|last| last.seconds() <= self.now.seconds())
    }

    /// The time until the last tack expires, in whole minutes, rounded down. In the last minute it is 0, though the tack
    /// [is still valid](Self::is_over).
    #[must_use]
    pub fn left(&self) -> Span {
        let seconds = self.last().map_or(0, |last| last.seconds().saturating_sub(self.now.seconds()));
        Span::new(u64::try_from(seconds / 60).unwrap_or_default())
    }
}

/// Why [`Coverages`] does not take a tack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CoverageError {
    /// Too many pairs of TACK key and TLS key.
    #[error("the tacks are for more than {} pairs of TACK key and TLS key", Coverages::MAX)]
    Batches,

    /// Too many TACK keys to keep account of.
    #[error(transparent)]
    Revocations(#[from] TooManyRevocations),
}

/// The tacks of one TACK key for one TLS key.
#[derive(Clone, Debug)]
struct Batch {
    key: PublicKey,
    target_hash: TargetHash,
    /// Expirations and generations.
    tacks: Vec<(Minute, u8)>,
}

/// Each with the next one.
fn pairs(expirations: &[Minute]) -> impl Iterator<Item = (Minute, Minute)> {
    expirations.iter().copied().zip(expirations.iter().copied().skip(1))
}

/// The span that [`Coverage::interval`] describes. Between batches that overlap there are shorter ones.
fn usual(spans: impl Iterator<Item = Span>) -> Option<Span> {
    let mut counts: BTreeMap<Span, usize> = BTreeMap::new();
    spans.for_each(|span| *counts.entry(span).or_default() += 1);
    let all: usize = counts.values().sum();
    let frequent = counts.iter().rev().find(|(_, count)| **count > 1 && **count * 4 > all);
    let most = || counts.iter().max_by_key(|(span, count)| (**count, Reverse(**span)));
    frequent.or_else(most).map(|(span, _)| *span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generations::Generations;
    use crate::key::tests::test_key;

    fn tack(key: u8, generation: u8, expiration: u32, host: u8) -> Verified<Tack> {
        let generations = Generations::new(generation, generation).unwrap();
        let hash = TargetHash::new([host; 32]);
        Verified::new(Tack::sign(&test_key(key), generations, Minute::new(expiration), hash))
    }

    /// What tacks of generation 0 cover with these expirations, so many seconds after 1970.
    fn coverage(expirations: impl IntoIterator<Item = u32>, now: i64) -> Coverage {
        let mut coverages = Coverages::default();
        expirations.into_iter().for_each(|expiration| coverages.push(&tack(1, 0, expiration, 1)).unwrap());
        coverages.finish(Timestamp::new(now)).pop().unwrap()
    }

    fn minutes(minutes: impl IntoIterator<Item = (u32, u32)>) -> Vec<(Minute, Minute)> {
        minutes.into_iter().map(|(from, to)| (Minute::new(from), Minute::new(to))).collect()
    }

    #[test]
    fn from_the_first_to_the_last() {
        let coverage = coverage([30, 10, 20, 20, 50, 60], 0);
        assert_eq!((coverage.number(), coverage.revoked()), (6, 0));
        assert_eq!((coverage.first(), coverage.last()), (Some(Minute::new(10)), Some(Minute::new(60))));
        assert_eq!((coverage.interval(), coverage.left()), (Some(Span::new(10)), Span::new(60)));
        assert_eq!(coverage.gaps().collect::<Vec<_>>(), minutes([(30, 50)]));
    }

    #[test]
    fn time_left_to_the_second() {
        for (now, left, is_over) in
            [(0, 10, false), (1, 9, false), (540, 1, false), (541, 0, false), (599, 0, false), (600, 0, true)]
        {
            let coverage = coverage([1, 10], now);
            assert_eq!((coverage.left(), coverage.is_over()), (Span::new(left), is_over), "{now}");
        }
        assert!(coverage([1], i64::MAX).is_over() && !coverage([1], i64::MIN).is_over());
    }

    #[test]
    fn a_gap_that_is_over_is_none() {
        for (now, gaps) in [(0, minutes([(2, 5)])), (299, minutes([(2, 5)])), (300, vec![])] {
            assert_eq!(coverage([1, 2, 5, 6, 7, 8], now).gaps().collect::<Vec<_>>(), gaps, "{now}");
        }
    }

    #[test]
    fn the_usual_interval() {
        for (expirations, interval) in [
            (&[7][..], None),
            (&[7, 7], None),
            (&[7, 9], Some(2)),
            // Each span once: the shortest.
            (&[1, 3, 4, 9], Some(1)),
            // The longest that recurs, between batches that overlap.
            (&[0, 4, 24, 28, 48, 52], Some(20)),
            // Part of a batch is missing: that span recurs too, but seldom.
            (&[1, 2, 3, 4, 9, 10, 11, 12, 17, 18], Some(1)),
            // A third is often enough, and a quarter is not.
            (&[0, 5, 6, 7, 12, 13, 14, 19, 20, 21, 26, 27, 28], Some(5)),
            (&[0, 9, 10, 19, 20, 21, 22, 23, 24], Some(1)),
        ] {
            let expirations = expirations.iter().copied();
            assert_eq!(coverage(expirations.clone(), 0).interval(), interval.map(Span::new), "{expirations:?}");
        }
    }

    #[test]
    fn revoked_tacks_cover_nothing() {
        let mut coverages = Coverages::default();
        for (generation, expiration) in [(0, 900), (0, 950), (2, 5), (2, 6), (1, 990)] {
            coverages.push(&tack(1, generation, expiration, 1)).unwrap();
        }
        // For another TLS key, and for another TACK key.
        coverages.push(&tack(1, 0, 800, 2)).unwrap();
        coverages.push(&tack(2, 0, 700, 1)).unwrap();
        let coverages = coverages.finish(Timestamp::new(60));
        let [both, other_host, other_key] = coverages.as_slice() else { panic!("{} coverages", coverages.len()) };
        assert_eq!((both.number(), both.revoked(), both.min_generation()), (5, 3, 2));
        assert_eq!((both.last(), both.left(), both.is_over()), (Some(Minute::new(6)), Span::new(5), false));
        assert_eq!((other_host.number(), other_host.revoked(), other_host.first()), (1, 1, None));
        assert_eq!((other_host.interval(), other_host.left(), other_host.is_over()), (None, Span::new(0), true));
        assert_eq!(other_host.gaps().count(), 0);
        assert_eq!((other_key.revoked(), other_key.left(), other_key.is_over()), (0, Span::new(699), false));
    }

    #[test]
    fn pairs_of_keys_are_limited() {
        let mut coverages = Coverages::default();
        // The batches are put in as they are: a tack of each would take long to sign.
        let key = test_key(1).public_key().clone();
        for number in 0..Coverages::MAX - 1 {
            let hash = TargetHash::of(&number.to_be_bytes());
            coverages.indexes.insert((key.clone(), hash), number);
            coverages.batches.push(Batch { key: key.clone(), target_hash: hash, tacks: vec![(Minute::new(9), 0)] });
        }
        coverages.push(&tack(2, 0, 5, 1)).unwrap();
        assert_eq!(coverages.push(&tack(3, 0, 5, 1)), Err(CoverageError::Batches));
        coverages.push(&tack(2, 0, 6, 1)).unwrap();
        let coverages = coverages.finish(Timestamp::new(0));
        assert_eq!((coverages.len(), coverages.last().map(Coverage::number)), (Coverages::MAX, Some(2)));
    }
}
