//! A pin, and how long it is active.

use tack_core::{Fingerprint, Minute, Span};

/// The longest that a pin is active after a connection (draft-02, section 4.3.4).
const MAX_ACTIVE: Span = Span::new(30 * Span::DAY.minutes());

/// A pin of a host name: the name is bound to a TACK key until a minute (draft-02, section 4.1).
///
/// ```
/// use tack_core::Minute;
/// use tack_pin::Pin;
///
/// let key = "t2vpc.dg3h4.qnvbf.nu335.zqdna".parse()?;
/// let pin = Pin { key, min_generation: 0, initial: Minute::new(100), end: Minute::new(160) };
/// assert!(pin.is_active(Minute::new(159)) && !pin.is_active(Minute::new(160)));
/// # Ok::<(), tack_core::ParseFingerprintError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pin {
    /// The TACK key.
    pub key: Fingerprint,
    /// The lowest generation of this key's tacks that is not revoked. All pins of a key have the same.
    pub min_generation: u8,
    /// When the pin was made.
    pub initial: Minute,
    /// The minute from which on it is not active any more; 0 if it never was.
    pub end: Minute,
}

impl Pin {
    /// The most pins of a host name (draft-02, section 4.1).
    pub const MAX_PER_NAME: usize = 2;

    /// A new pin, which is not active yet (draft-02, section 4.3.4).
    #[must_use]
    pub fn new(key: Fingerprint, min_generation: u8, now: Minute) -> Self {
        Self { key, min_generation, initial: now, end: Minute::new(0) }
    }

    /// Whether it binds the host name. It ends when its minute begins (draft-02, section 4.1).
    #[must_use]
    pub fn is_active(&self, now: Minute) -> bool {
        self.end > now
    }

    /// The end that a connection with an active tack of its key gives it: as long after now as the pin is old, 30 days at
    /// most (draft-02, section 4.3.4). Where the clock went back behind the pin's beginning the end stays as it is: a wrong
    /// clock ends no pin.
    #[must_use]
    pub fn extended(&self, now: Minute) -> Minute {
        let Some(age) = now.since(self.initial) else { return self.end };
        now.checked_add(age.min(MAX_ACTIVE)).unwrap_or(Minute::MAX)
    }

    /// The pin of the latest beginning that does as this one does, as long as the clock does not go back: two pins for which
    /// this is the same cannot be told apart any more.
    #[cfg(feature = "simulate")]
    pub(crate) fn representative(self, now: Minute) -> Self {
        let initial = now.checked_sub(MAX_ACTIVE).map_or(self.initial, |oldest| oldest.max(self.initial));
        Self { initial, end: if self.is_active(now) { self.end } else { Minute::new(0) }, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u32 = 24 * 60;

    fn pin(initial: u32) -> Pin {
        Pin::new("t2vpc.dg3h4.qnvbf.nu335.zqdna".parse().unwrap(), 3, Minute::new(initial))
    }

    #[test]
    fn as_long_again_as_it_is_old_and_thirty_days_at_most() {
        for (age, active) in [(0, 0), (1, 1), (30 * DAY - 1, 30 * DAY - 1), (30 * DAY, 30 * DAY), (31 * DAY, 30 * DAY)]
        {
            let now = 1_000_000 + age;
            assert_eq!(pin(1_000_000).extended(Minute::new(now)), Minute::new(now + active), "{age}");
        }
    }

    #[cfg(feature = "simulate")]
    #[test]
    fn its_representative_does_as_it_does() {
        let now = 1_000_000;
        for (age, end) in [(0, 0), (1, now), (30 * DAY - 1, now + 1), (30 * DAY, now - 1), (400 * DAY, now + 30 * DAY)]
        {
            let pin = Pin { end: Minute::new(end), ..pin(now - age) };
            let other = pin.representative(Minute::new(now));
            for later in [0, 1, DAY, 30 * DAY, 31 * DAY].map(|span| Minute::new(now + span)) {
                assert_eq!(other.is_active(later), pin.is_active(later), "{age} {end}");
                assert_eq!(other.extended(later), pin.extended(later), "{age} {end}");
            }
        }
        let two = [pin(now - 31 * DAY), pin(now - 30 * DAY)].map(|pin| pin.representative(Minute::new(now)));
        assert_eq!(two[0], two[1]);
        assert_ne!(pin(now - 30 * DAY + 1).representative(Minute::new(now)), two[0]);
    }

    #[test]
    fn at_the_ends_of_time() {
        assert!(!pin(0).is_active(Minute::new(0)));
        assert_eq!(pin(0).extended(Minute::MAX), Minute::MAX);
        let pin = Pin { end: Minute::new(150), ..pin(100) };
        assert_eq!((pin.extended(Minute::new(99)), pin.extended(Minute::new(100))), (pin.end, pin.initial));
    }
}
