//! The tack of the hour: of each TACK key the one that a server should send now.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::key::PublicKey;
use crate::revocations::{Revocations, TooManyRevocations};
use crate::tack::Tack;
use crate::target_hash::TargetHash;
use crate::time::{Span, Timestamp};
use crate::verified::Verified;

/// Picks the tack of the hour out of a stream of tacks, for each of two TACK keys at most.
///
/// That is the soonest-expiring tack with at least `min_remaining` left, or else the one that lasts longest. Of tacks that
/// expire together it is the one of the highest generations. Tacks that are expired or [revoked](Revocations) are passed
/// over. All are for one TLS key, or a client would refuse them together (draft-02, section 4.3.1).
///
/// Each tack comes with a place, such as the name of its file, which the choice names. Memory holds one tack for each
/// generation of a key, not all of them: a later tack may revoke the best one.
///
/// ```
/// use tack_core::{Batch, Chooser, Generations, Minute, SigningKey, Span, TargetHash, Timestamp};
///
/// let key = SigningKey::from_bytes(&[7; 32])?;
/// let first = Minute::new(30_000_000);
/// let batch = Batch::new(&key, Generations::default(), first, "365@1d".parse()?, TargetHash::of(b"key"))?;
///
/// let now = Timestamp::new(first.seconds() + 60);
/// let mut chooser = Chooser::new(now, Span::DAY, None);
/// for tack in batch.tacks().take(9) {
///     chooser.push(tack.into_verified()?, "TACKS.pem")?;
/// }
/// let choices: Vec<_> = chooser.choices().collect();
/// let best = choices[0].best.as_ref().expect("some tacks are not expired");
/// assert_eq!(Some(best.tack.expiration()), batch.expiration(2), "the next one has less than a day left");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Chooser<P> {
    clock: Clock,
    target: Target,
    revocations: Revocations,
    keys: Vec<Candidates<P>>,
}

impl<P: Clone> Chooser<P> {
    /// The most TACK keys to choose for: a TackExtension holds two tacks.
    pub const MAX_KEYS: usize = 2;

    /// Chooses for the TLS key with this hash. With none all tacks must be for one TLS key.
    #[must_use]
    pub fn new(now: Timestamp, min_remaining: Span, target_hash: Option<TargetHash>) -> Self {
        Self {
            clock: Clock { now, min_remaining },
            target: target_hash.map_or(Target::Any, Target::Given),
            revocations: Revocations::default(),
            keys: Vec::new(),
        }
    }

    /// Considers a tack. Says whether it fits: one for another TLS key is not chosen, but may revoke others.
    ///
    /// # Errors
    /// See [`ChooseError`].
    pub fn push(&mut self, tack: Verified<Tack>, place: P) -> Result<bool, ChooseError> {
        self.revocations.see(&tack)?;
        match self.target {
            Target::Given(hash) if hash != tack.target_hash() => return Ok(false),
            Target::Found(hash) if hash != tack.target_hash() => return Err(ChooseError::TlsKeys),
            Target::Any => self.target = Target::Found(tack.target_hash()),
            Target::Given(_) | Target::Found(_) => {}
        }
        if let Some(candidates) = self.keys.iter_mut().find(|candidates| candidates.key == *tack.public_key()) {
            candidates.push(tack, place, self.clock);
            return Ok(true);
        }
        if self.keys.len() == Self::MAX_KEYS {
            return Err(ChooseError::TackKeys);
        }
        let (key, best) = (tack.public_key().clone(), BTreeMap::new());
        let mut candidates = Candidates { key, place: place.clone(), best };
        candidates.push(tack, place, self.clock);
        self.keys.push(candidates);
        Ok(true)
    }

    /// What is chosen for each TACK key whose tacks fit, in the order in which the keys were first seen.
    pub fn choices(&self) -> impl Iterator<Item = Choice<'_, P>> {
        self.keys.iter().map(|candidates| {
            let min_generation = self.revocations.min_generation(&candidates.key);
            let best = candidates.best(min_generation, self.clock);
            Choice { key: &candidates.key, place: &candidates.place, best }
        })
    }
}

/// What [`Chooser`] picks for a TACK key.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Choice<'a, P> {
    /// The TACK key.
    pub key: &'a PublicKey,
    /// The place of its first tack that fits.
    pub place: &'a P,
    /// The tack of the hour; none if all are expired or revoked.
    pub best: Option<Best<'a, P>>,
}

/// The tack of the hour.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Best<'a, P> {
    /// The tack.
    pub tack: &'a Verified<Tack>,
    /// Its place.
    pub place: &'a P,
    /// Whether it has at least min_remaining left.
    pub is_lasting: bool,
}

/// Why [`Chooser`] cannot choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChooseError {
    /// The tacks that fit are of a third TACK key.
    #[error("the tacks are of more than 2 TACK keys")]
    TackKeys,

    /// The tacks are for several TLS keys, and which is the server's was not said.
    #[error("the tacks are for several TLS keys")]
    TlsKeys,

    /// Too many TACK keys to keep account of.
    #[error(transparent)]
    Revocations(#[from] TooManyRevocations),
}

/// The TLS key that the tacks must be for.
#[derive(Clone, Copy, Debug)]
enum Target {
    Given(TargetHash),
    /// That of the first tack.
    Found(TargetHash),
    /// No tack yet.
    Any,
}

#[derive(Clone, Copy, Debug)]
struct Clock {
    now: Timestamp,
    min_remaining: Span,
}

impl Clock {
    /// The seconds that a tack has left, which are not many more than `u32::MAX` minutes.
    fn left(self, tack: &Tack) -> i64 {
        tack.expiration().seconds().saturating_sub(self.now.seconds())
    }

    fn is_lasting(self, tack: &Tack) -> bool {
        // More seconds than there are leave no tack lasting.
        let min_remaining =
            i64::try_from(self.min_remaining.minutes()).ok().and_then(|minutes| minutes.checked_mul(60));
        min_remaining.is_some_and(|seconds| self.left(tack) >= seconds)
    }

    /// Less is better.
    fn rank(self, tack: &Tack) -> impl Ord + use<> {
        let (left, newest) = (self.left(tack), Reverse(tack.generations()));
        if self.is_lasting(tack) { (false, left, newest) } else { (true, -left, newest) }
    }
}

/// The tacks of a TACK key that may be chosen.
#[derive(Clone, Debug)]
struct Candidates<P> {
    key: PublicKey,
    place: P,
    /// The best tack of each generation: which generations are revoked is known in the end.
    best: BTreeMap<u8, (Verified<Tack>, P)>,
}

impl<P> Candidates<P> {
    fn push(&mut self, tack: Verified<Tack>, place: P, clock: Clock) {
        if clock.left(&tack) <= 0 {
            return;
        }
        let best = self.best.get(&tack.generation());
        if best.is_none_or(|(best, _)| clock.rank(&tack) < clock.rank(best)) {
            self.best.insert(tack.generation(), (tack, place));
        }
    }

    fn best(&self, min_generation: u8, clock: Clock) -> Option<Best<'_, P>> {
        let (tack, place) =
            self.best.range(min_generation..).map(|(_, best)| best).min_by_key(|(tack, _)| clock.rank(tack))?;
        Some(Best { tack, place, is_lasting: clock.is_lasting(tack) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generations::Generations;
    use crate::key::tests::test_key;
    use crate::time::Minute;

    const HOST: TargetHash = TargetHash::new([1; 32]);
    const OTHER_HOST: TargetHash = TargetHash::new([2; 32]);
    const NOW: Timestamp = Timestamp::new(60_000);

    /// A tack with so many minutes left.
    fn tack(key: u8, (min_generation, generation): (u8, u8), left: u32, host: TargetHash) -> Verified<Tack> {
        let generations = Generations::new(min_generation, generation).unwrap();
        Verified::new(Tack::sign(&test_key(key), generations, Minute::new(1_000 + left), host))
    }

    fn best(chooser: &Chooser<usize>) -> Vec<Option<(usize, bool)>> {
        chooser.choices().map(|choice| choice.best.map(|best| (*best.place, best.is_lasting))).collect()
    }

    /// The place of the choice among tacks of one key with these generations and minutes left, and whether it lasts.
    fn choose(min_remaining: u64, tacks: &[((u8, u8), u32)]) -> Option<(usize, bool)> {
        let mut chooser = Chooser::new(NOW, Span::new(min_remaining), None);
        for (place, (generations, left)) in tacks.iter().enumerate() {
            assert_eq!(chooser.push(tack(1, *generations, *left, HOST), place), Ok(true));
        }
        best(&chooser).pop().flatten()
    }

    #[test]
    fn the_soonest_that_lasts_or_else_the_longest() {
        let tacks = [((0, 0), 5), ((0, 0), 3), ((0, 0), 9), ((0, 0), 0)];
        for (min_remaining, expected) in
            [(0, (1, true)), (3, (1, true)), (4, (0, true)), (6, (2, true)), (10, (2, false)), (u64::MAX, (2, false))]
        {
            assert_eq!(choose(min_remaining, &tacks), Some(expected), "{min_remaining}");
        }
        assert_eq!(choose(0, &[((0, 0), 0)]), None);
        // To the second: with a second less the tack does not last.
        for (seconds, is_lasting) in [(0, true), (1, false)] {
            let mut chooser = Chooser::new(Timestamp::new(NOW.seconds() + seconds), Span::new(5), None);
            chooser.push(tack(1, (0, 0), 5, HOST), 0).unwrap();
            assert_eq!(best(&chooser), [Some((0, is_lasting))]);
        }
    }

    #[test]
    fn no_clock_is_too_wrong() {
        for (now, expected) in [(i64::MIN, Some((0, true))), (i64::MAX, None)] {
            let mut chooser = Chooser::new(Timestamp::new(now), Span::DAY, None);
            chooser.push(tack(1, (0, 0), 5, HOST), 0).unwrap();
            assert_eq!(best(&chooser), [expected]);
        }
    }

    #[test]
    fn the_highest_generations_of_those_that_expire_together() {
        assert_eq!(choose(1, &[((0, 1), 5), ((0, 3), 5), ((0, 2), 5)]), Some((1, true)));
        assert_eq!(choose(9, &[((0, 1), 5), ((0, 3), 5), ((0, 2), 5)]), Some((1, false)));
        assert_eq!(choose(1, &[((1, 3), 5), ((2, 3), 5), ((2, 3), 5)]), Some((1, true)), "and of these the first");
    }

    #[test]
    fn revoked_tacks_are_passed_over() {
        assert_eq!(choose(1, &[((0, 0), 5), ((1, 1), 9)]), Some((1, true)));
        assert_eq!(choose(1, &[((0, 0), 5), ((1, 1), 0)]), None, "an expired tack revokes");
        assert_eq!(choose(1, &[((2, 2), 0), ((0, 1), 5), ((0, 2), 9)]), Some((2, true)));
    }

    #[test]
    fn a_tack_for_another_tls_key_revokes() {
        let mut chooser = Chooser::new(NOW, Span::default(), Some(HOST));
        assert_eq!(chooser.push(tack(1, (1, 1), 5, OTHER_HOST), 0), Ok(false));
        assert_eq!(chooser.choices().count(), 0);
        assert_eq!(chooser.push(tack(1, (0, 0), 5, HOST), 1), Ok(true));
        assert_eq!(chooser.push(tack(2, (0, 0), 5, HOST), 2), Ok(true));
        assert_eq!(best(&chooser), [None, Some((2, true))]);
        let places: Vec<_> = chooser.choices().map(|choice| (choice.key.clone(), *choice.place)).collect();
        assert_eq!(places, [(test_key(1).public_key().clone(), 1), (test_key(2).public_key().clone(), 2)]);
    }

    #[test]
    fn what_a_server_cannot_send_is_refused() {
        let mut chooser = Chooser::new(NOW, Span::default(), None);
        chooser.push(tack(1, (0, 0), 5, HOST), 0).unwrap();
        assert_eq!(chooser.push(tack(1, (0, 0), 5, OTHER_HOST), 1), Err(ChooseError::TlsKeys));
        assert_eq!(chooser.push(tack(2, (0, 0), 5, OTHER_HOST), 1), Err(ChooseError::TlsKeys));
        chooser.push(tack(2, (0, 0), 5, HOST), 2).unwrap();
        assert_eq!(chooser.push(tack(3, (0, 0), 5, HOST), 3), Err(ChooseError::TackKeys));
        // Where the TLS key is given, keys that do not fit do not count.
        let mut chooser = Chooser::new(NOW, Span::default(), Some(HOST));
        for key in 1..9 {
            assert_eq!(chooser.push(tack(key, (1, 1), 5, OTHER_HOST), 0), Ok(false));
        }
        assert_eq!(chooser.push(tack(9, (0, 0), 5, HOST), 0), Ok(true));
    }
}
