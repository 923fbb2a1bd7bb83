//! Which tacks are revoked.

use std::collections::HashMap;

use crate::key::PublicKey;
use crate::tack::Tack;
use crate::verified::Verified;

/// The highest min_generation of each TACK key, out of all tacks that were seen. It revokes the key's tacks of lower
/// generations, whatever TLS keys they are for: a client keeps one min_generation for a TACK key (draft-02, section 4.3.2).
///
/// Only verified tacks may revoke others.
///
/// ```
/// use tack_core::{Generations, Minute, Revocations, SigningKey, Tack, TargetHash};
///
/// let key = SigningKey::from_bytes(&[7; 32])?;
/// let tack = |generations, host: &[u8]| {
///     Tack::sign(&key, generations, Minute::new(30_000_000), TargetHash::of(host)).into_verified()
/// };
/// let old = tack(Generations::new(0, 0)?, b"www")?;
/// let new = tack(Generations::new(1, 1)?, b"mail")?;
///
/// let mut revocations = Revocations::default();
/// revocations.see(&old)?;
/// assert!(!revocations.revoke(&old));
/// revocations.see(&new)?;
/// assert!(revocations.revoke(&old) && !revocations.revoke(&new));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Revocations {
    /// A key that is not there has min_generation 0, which revokes nothing.
    min_generations: HashMap<PublicKey, u8>,
}

impl Revocations {
    /// The most TACK keys that may revoke tacks, so that no input takes more memory than a few MiB.
    pub const MAX_KEYS: usize = 10_000;

    /// Takes the min_generation of a tack into account.
    ///
    /// # Errors
    /// [`TooManyRevocations`] for one more key than [`MAX_KEYS`](Self::MAX_KEYS).
    pub fn see(&mut self, tack: &Verified<Tack>) -> Result<(), TooManyRevocations> {
        if tack.min_generation() == 0 {
            return Ok(());
        }
        if let Some(min_generation) = self.min_generations.get_mut(tack.public_key()) {
            *min_generation = tack.min_generation().max(*min_generation);
            return Ok(());
        }
        if self.min_generations.len() == Self::MAX_KEYS {
            return Err(TooManyRevocations);
        }
        self.min_generations.insert(tack.public_key().clone(), tack.min_generation());
        Ok(())
    }

    /// The generation below which a key's tacks are revoked.
    #[must_use]
    pub fn min_generation(&self, key: &PublicKey) -> u8 {
        self.min_generations.get(key).copied().unwrap_or_default()
    }

    /// Whether a tack is revoked by those that were seen.
    #[must_use]
    pub fn revoke(&self, tack: &Tack) -> bool {
        tack.generation() < self.min_generation(tack.public_key())
    }
}

/// The tacks of more than [`Revocations::MAX_KEYS`] TACK keys revoke others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {} TACK keys revoke tacks", Revocations::MAX_KEYS)]
pub struct TooManyRevocations;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generations::Generations;
    use crate::key::SigningKey;
    use crate::target_hash::TargetHash;
    use crate::time::Minute;

    /// Signed by the key of this number.
    fn tack(key: u32, min_generation: u8, generation: u8) -> Verified<Tack> {
        let mut bytes = [1; 32];
        bytes[..4].copy_from_slice(&key.to_be_bytes());
        let key = SigningKey::from_bytes(&bytes).unwrap();
        let generations = Generations::new(min_generation, generation).unwrap();
        Verified::new(Tack::sign(&key, generations, Minute::new(1), TargetHash::new([generation; 32])))
    }

    #[test]
    fn the_highest_counts_for_its_key_alone() {
        let mut revocations = Revocations::default();
        for (min_generation, generation) in [(2, 9), (5, 5), (3, 4), (0, 0)] {
            revocations.see(&tack(1, min_generation, generation)).unwrap();
        }
        assert_eq!(revocations.min_generation(tack(1, 0, 0).public_key()), 5);
        assert_eq!(revocations.min_generation(tack(2, 0, 0).public_key()), 0);
        assert!(revocations.revoke(&tack(1, 0, 4)) && !revocations.revoke(&tack(1, 0, 5)));
        assert!(!revocations.revoke(&tack(2, 0, 0)));
    }

    #[test]
    fn keys_are_limited_and_those_that_revoke_nothing_do_not_count() {
        let mut revocations = Revocations::default();
        let one = tack(0, 1, 1);
        // The keys are put in as they are: a tack of each would take long to sign.
        for number in 0..Revocations::MAX_KEYS - 1 {
            let scalar = [&[1; 24][..], &u64::try_from(number).unwrap().to_be_bytes()].concat();
            let key = SigningKey::from_bytes(&scalar).unwrap();
            revocations.min_generations.insert(key.public_key().clone(), 1);
        }
        revocations.see(&one).unwrap();
        revocations.see(&tack(1, 0, 1)).unwrap();
        assert_eq!(revocations.see(&tack(1, 1, 1)), Err(TooManyRevocations));
        // Those that are known go on.
        revocations.see(&tack(0, 2, 2)).unwrap();
        assert!(revocations.revoke(&one));
    }
}
