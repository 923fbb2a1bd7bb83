//! When the tacks of a batch expire: NUM@INTERVAL.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;
use crate::time::Span;

/// How many tacks a batch has, and how far apart they expire.
///
/// ```
/// use tack_core::{Schedule, Span};
///
/// let schedule: Schedule = "365@1d".parse()?;
/// assert_eq!(schedule, Schedule::new(365, Span::DAY)?);
/// # Ok::<(), tack_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Schedule {
    number: u32,
    interval: Span,
}

impl Schedule {
    /// The most tacks that a batch may have.
    pub const MAX: u32 = 1_000_000;

    /// So many tacks, so far apart.
    ///
    /// # Errors
    /// [`Error::Schedule`] unless the number is from 1 to [`MAX`](Self::MAX).
    pub fn new(number: u32, interval: Span) -> Result<Self, Error> {
        if !(1..=Self::MAX).contains(&number) {
            return Err(Error::Schedule(format!("{number}@{interval}")));
        }
        Ok(Self { number, interval })
    }

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
        let error = || Error::Schedule(text.to_owned());
        let (number, interval) = text.split_once('@').ok_or_else(error)?;
        let (number, interval) = (number.parse().map_err(|_| error())?, interval.parse().map_err(|_| error())?);
        Self::new(number, interval).map_err(|_| error())
    }
}

/// `365@1d`.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.number, self.interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_people_type_them() {
        let schedule: Schedule = "365@1d".parse().unwrap();
        assert_eq!((schedule.number(), schedule.interval()), (365, Span::DAY));
        assert_eq!(schedule.to_string(), "365@1d");
        assert_eq!("1000000@1m".parse::<Schedule>().unwrap().number(), Schedule::MAX);
        for bad in ["", "3", "@1d", "3@", "0@1d", "1000001@1d", "-1@1d", "3@1", "3@1d@1d"] {
            assert_eq!(bad.parse::<Schedule>(), Err(Error::Schedule(bad.to_owned())), "{bad}");
        }
        assert_eq!(Schedule::new(0, Span::DAY), Err(Error::Schedule("0@1d".to_owned())));
    }
}
