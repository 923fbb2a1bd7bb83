//! Values of options: whole numbers whose range is told in words, times to wait, and times to look at.

use std::fmt::Display;
use std::net::SocketAddr;
use std::num::NonZero;
use std::str::FromStr;
use std::time::Duration;

use tack_core::{Expiration, Span, TimeError, Timestamp};
use tack_ticket::Lifetime;

/// The longest time to wait, in seconds.
const HOUR: u64 = 60 * 60;

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

/// Parses a number of threads, from 1 to `max`.
pub fn threads(max: u16) -> impl Fn(&str) -> Result<NonZero<u16>, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = whole(1, max)(text)?;
        NonZero::new(number).ok_or_else(|| format!("{text:?} is no number of threads"))
    }
}

/// Parses a time to wait, from one second to one hour: hours, minutes and seconds, in that order, each optional, in either
/// case.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let error = || format!("{text:?} is not a time from 1s to 1h, such as \"10s\" or \"1m30s\"");
    let mut rest = text;
    let mut seconds: u64 = 0;
    for (unit, factor) in [('h', HOUR), ('m', 60), ('s', 1)] {
        let Some((number, after)) = rest.split_once([unit, unit.to_ascii_uppercase()]) else {
            continue;
        };
        let number = whole(0, HOUR)(number).map_err(|_| error())?;
        seconds += number * factor;
        rest = after;
    }
    let is_good = rest.is_empty() && (1..=HOUR).contains(&seconds);
    if is_good { Ok(Duration::from_secs(seconds)) } else { Err(error()) }
}

/// Parses an address of this machine to listen at, and a port.
pub fn local_address(text: &str) -> Result<SocketAddr, String> {
    let advice = "give it in numbers, such as \"127.0.0.1:8443\" or \"[::]:443\"";
    text.parse().map_err(|_| format!("{text:?} is not an address and a port; {advice}"))
}

/// Parses the lifetime of a ticket, from one second to 31 days: in days, hours and minutes, or in seconds.
pub fn lifetime(text: &str) -> Result<Lifetime, String> {
    let seconds = match text.strip_suffix(['s', 'S']) {
        Some(number) => whole(0, u32::MAX)(number).ok().map(u64::from),
        None => text.parse().ok().and_then(|span: Span| span.minutes().checked_mul(60)),
    };
    let lifetime = seconds.and_then(|seconds| u32::try_from(seconds).ok()).and_then(Lifetime::new);
    lifetime.ok_or_else(|| format!("{text:?} is not a lifetime from 1s to 31d, such as \"30d\" or \"12h\""))
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
    fn times_to_wait() {
        for (text, expected) in [("1s", 1), ("10S", 10), ("1m", 60), ("1m30s", 90), ("3600s", 3600), ("1h", 3600)] {
            assert_eq!(seconds(text), Ok(Duration::from_secs(expected)), "{text}");
        }
        for bad in ["", "0s", "10", "s", "1s1m", "1h1s", "3601s", "-1s", "1.5s", "1 s", "1d", "99999999999999999999s"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

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
