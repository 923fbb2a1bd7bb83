//! For how long a ticket lasts.

use std::fmt;

use tack_core::Span;

/// The lifetime of a ticket, in whole seconds: 1 second to 31 days (RFC 8672, section 5.2).
///
/// The RFC wants at least 7 days of servers in production; less is for trying.
///
/// ```
/// use tack_ticket::Lifetime;
///
/// assert_eq!(Lifetime::new(2_592_000).map(|lifetime| lifetime.to_string()), Some("30d".to_owned()));
/// assert_eq!(Lifetime::new(0), None, "that is how a server says that it promises nothing");
/// assert_eq!(Lifetime::new(31 * 86_400 + 1), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lifetime(u32);

impl Lifetime {
    /// The longest: 31 days.
    pub const MAX: Self = Self(31 * DAY);
    /// The shortest that the RFC wants of servers in production: 7 days.
    pub const LEAST_IN_PRODUCTION: Self = Self(7 * DAY);

    /// So many seconds; none if they are 0, or more than [`MAX`](Self::MAX).
    #[must_use]
    pub fn new(seconds: u32) -> Option<Self> {
        (1..=Self::MAX.0).contains(&seconds).then_some(Self(seconds))
    }

    /// What a client makes of a server's promise: none of 0, and at most [`MAX`](Self::MAX), so that nobody is locked out for
    /// longer by whom it met first.
    #[must_use]
    pub fn promised(seconds: u32) -> Option<Self> {
        Self::new(seconds.min(Self::MAX.0))
    }

    /// The seconds in it.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0
    }
}

/// `30d`, `1d12h`, or `90s` if it is not of whole minutes.
impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 60 {
            0 => Span::new(u64::from(self.0) / 60).fmt(f),
            _ => write!(f, "{}s", self.0),
        }
    }
}

const DAY: u32 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_of_seconds_up_to_31_days() {
        assert_eq!((Lifetime::new(1).unwrap().seconds(), Lifetime::new(2_678_400)), (1, Some(Lifetime::MAX)));
        assert_eq!(Lifetime::LEAST_IN_PRODUCTION.seconds(), 604_800);
        assert_eq!((Lifetime::promised(0), Lifetime::promised(u32::MAX)), (None, Some(Lifetime::MAX)));
        assert_eq!(Lifetime::promised(5), Lifetime::new(5));
        for (seconds, text) in [(1, "1s"), (60, "1m"), (90, "90s"), (129_600, "1d12h"), (2_678_400, "31d")] {
            assert_eq!(Lifetime::new(seconds).unwrap().to_string(), text);
        }
    }
}
