//! How a pin that is imported joins those that a name has: one rule for every store.

use tack_core::{Fingerprint, Minute};

use crate::pin::Pin;

/// What to do with a pin that is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    /// Add it.
    Add,
    /// Remove the pin of this key, and add it.
    Replace(Fingerprint),
    /// Give the pin of this key, which is there, another beginning and end.
    Widen { initial: Minute, end: Minute },
    /// Nothing: the pin that is there is as strong.
    Keep,
    /// Nothing: the name has two pins that are as good.
    LeaveOut,
}

/// Compares a pin with those of its name. No pin is shortened, and no active pin gives way.
pub(crate) fn merge(pins: &[Pin], new: &Pin, now: Minute) -> Merge {
    if let Some(old) = pins.iter().find(|old| old.key == new.key) {
        let (initial, end) = (old.initial.min(new.initial), old.end.max(new.end));
        let is_same = (initial, end) == (old.initial, old.end);
        return if is_same { Merge::Keep } else { Merge::Widen { initial, end } };
    }
    if pins.len() < Pin::MAX_PER_NAME {
        return Merge::Add;
    }
    let first_to_end = pins.iter().min_by_key(|old| old.end).filter(|old| !old.is_active(now) && new.is_active(now));
    first_to_end.map_or(Merge::LeaveOut, |old| Merge::Replace(old.key))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Minute = Minute::new(1_000);

    fn pin(letter: char, initial: u32, end: u32) -> Pin {
        let key = "aaaaa.aaaaa.aaaaa.aaaaa.aaaaa".replace('a', &letter.to_string()).parse().unwrap();
        Pin { key, min_generation: 0, initial: Minute::new(initial), end: Minute::new(end) }
    }

    #[test]
    fn a_pin_that_is_there_is_widened_and_never_shortened() {
        let old = [pin('a', 500, 1_500)];
        for (initial, end, expected) in [(500, 1_500, None), (600, 1_400, None), (400, 0, Some((400, 1_500)))] {
            let expected = expected.map_or(Merge::Keep, |(initial, end): (u32, u32)| Merge::Widen {
                initial: Minute::new(initial),
                end: Minute::new(end),
            });
            assert_eq!(merge(&old, &pin('a', initial, end), NOW), expected);
        }
        let widened = Merge::Widen { initial: Minute::new(500), end: Minute::new(2_000) };
        assert_eq!(merge(&old, &pin('a', 900, 2_000), NOW), widened);
    }

    #[test]
    fn a_third_pin_of_a_name_needs_an_inactive_one_that_gives_way() {
        let (active, other) = (pin('a', 1, 1_001), pin('b', 1, 2_000));
        let (inactive, earlier) = (pin('c', 1, 1_000), pin('d', 1, 0));
        assert_eq!(merge(&[], &active, NOW), Merge::Add);
        assert_eq!(merge(&[inactive], &active, NOW), Merge::Add);
        assert_eq!(merge(&[inactive, active], &other, NOW), Merge::Replace(inactive.key));
        assert_eq!(merge(&[inactive, earlier], &other, NOW), Merge::Replace(earlier.key));
        assert_eq!(merge(&[active, other], &pin('e', 1, 9_000), NOW), Merge::LeaveOut);
        assert_eq!(merge(&[inactive, other], &pin('e', 1, 1_000), NOW), Merge::LeaveOut);
    }
}
