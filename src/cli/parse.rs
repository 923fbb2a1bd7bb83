//! Values of options: whole numbers whose range is told in words, and times to look at.

use std::fmt::Display;
use std::str::FromStr;

use tack_core::{Expiration, TimeError, Timestamp};

/// Parses a whole number from `min` to `max`.
pub fn whole<T>(min: T, max: T) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Display + Copy + Send + Sync + 'static,
{
    move |text| {
        // `parse` would take a sign.
        let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| is_digits && (min..=max).contains(number));
        number.ok_or_else(|| format!("{text:?} is not a whole number from {min} to {max}"))
    }
}

/// A time to look at: as an expiration is typed, or to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// `2026-12-01Z`, or a span from now.
    Minute(Expiration),
    /// `2026-12-01T00:00:30Z`
    Second(Timestamp),
}

impl Moment {
    /// The time of it. For a span the current time is rounded up to a minute.
    pub fn resolve(self, now: Timestamp) -> Result<Timestamp, TimeError> {
        match self {
            Self::Minute(minute) => Ok(Timestamp::new(minute.resolve(now)?.seconds())),
            Self::Second(second) => Ok(second),
        }
    }
}

impl FromStr for Moment {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        match text.parse().map(Self::Minute) {
            Err(TimeError::Time(_)) => text.parse().map(Self::Second),
            minute => minute,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_in_their_range() {
        let generation = whole(1_u8, 255);
        for (text, number) in [("1", 1), ("007", 7), ("255", 255)] {
            assert_eq!(generation(text), Ok(number), "{text}");
        }
        for bad in ["", "0", "256", "+1", "-1", " 1", "1.0", "one", "99999999999999999999"] {
            assert_eq!(generation(bad), Err(format!("{bad:?} is not a whole number from 1 to 255")), "{bad}");
        }
    }

    #[test]
    fn moments_to_the_minute_to_the_second_and_from_now() {
        let now = Timestamp::new(1_795_195_875);
        for (text, expected) in [
            ("2026-12-01Z", "2026-12-01T00:00:00Z"),
            ("2026-12-01T02:03Z", "2026-12-01T02:03:00Z"),
            ("2026-12-01T02:03:04Z", "2026-12-01T02:03:04Z"),
            ("1d", "2026-11-21T17:32:00Z"),
        ] {
            let moment: Moment = text.parse().unwrap();
            assert_eq!(moment.resolve(now).unwrap().to_string(), expected, "{text}");
        }
        for bad in ["", "soon", "-1d", "2026-12-01T02:03:60Z"] {
            assert_eq!(bad.parse::<Moment>(), Err(TimeError::Time(bad.to_owned())), "{bad}");
        }
    }
}
