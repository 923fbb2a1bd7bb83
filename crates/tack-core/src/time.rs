//! Times in whole minutes, and as people type them.

use std::fmt;
use std::str::FromStr;

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcDateTime};

use crate::error::Error;

const SECONDS_PER_MINUTE: i64 = 60;

/// A point in time: minutes since 1970-01-01T00:00Z, to 10136-02-16T04:15Z (2^32 - 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minutes(u32);

impl Minutes {
    /// This many minutes since 1970-01-01T00:00Z.
    #[must_use]
    pub const fn new(minutes: u32) -> Self {
        Self(minutes)
    }

    /// The first whole minute that is not before a time in seconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`Error::TooEarly`] and [`Error::TooLate`] for a time that does not fit.
    pub fn from_seconds(seconds: i64) -> Result<Self, Error> {
        let minutes = seconds.div_euclid(SECONDS_PER_MINUTE) + i64::from(seconds.rem_euclid(SECONDS_PER_MINUTE) != 0);
        if minutes < 0 {
            return Err(Error::TooEarly(seconds_to_string(seconds)));
        }
        u32::try_from(minutes).map(Self).map_err(|_| Error::TooLate(seconds_to_string(seconds)))
    }

    /// The minutes since 1970-01-01T00:00Z.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The time `span` later.
    ///
    /// # Errors
    /// [`Error::TooLate`] beyond 2^32 - 1 minutes.
    pub fn plus(self, span: Span) -> Result<Self, Error> {
        u64::from(self.0)
            .checked_add(span.0)
            .and_then(|sum| u32::try_from(sum).ok())
            .map(Self)
            .ok_or_else(|| Error::TooLate(format!("{span} after {self}")))
    }

    /// The span from `earlier` to this time, none if this time is the earlier one.
    #[must_use]
    pub fn since(self, earlier: Self) -> Option<Span> {
        self.0.checked_sub(earlier.0).map(|minutes| Span(minutes.into()))
    }
}

/// `2026-11-20T17:31Z`.
impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match OffsetDateTime::from_unix_timestamp(i64::from(self.0) * SECONDS_PER_MINUTE) {
            Ok(t) => write!(f, "{}T{:02}:{:02}Z", Day(t.date()), t.hour(), t.minute()),
            Err(_) => write!(f, "minute {}", self.0),
        }
    }
}

/// A span of time in whole minutes, as `1d12h5m`: days, hours and minutes, in that order, each optional, in either case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

impl Span {
    /// One day.
    pub const DAY: Self = Self(24 * 60);

    /// A span of this many minutes.
    #[must_use]
    pub const fn new(minutes: u64) -> Self {
        Self(minutes)
    }

    /// The minutes in it.
    #[must_use]
    pub const fn minutes(self) -> u64 {
        self.0
    }

    /// This span so many times, none if that is more than 2^64 - 1 minutes.
    #[must_use]
    pub fn times(self, factor: u64) -> Option<Self> {
        self.0.checked_mul(factor).map(Self)
    }
}

impl FromStr for Span {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let error = || Error::Span(text.to_owned());
        let mut rest = text;
        let mut minutes: u64 = 0;
        for (unit, factor) in [('d', 24 * 60), ('h', 60), ('m', 1)] {
            let Some((number, after)) = rest.split_once([unit, unit.to_ascii_uppercase()]) else {
                continue;
            };
            let number: u64 = digits(number).ok_or_else(error)?;
            minutes = number.checked_mul(factor).and_then(|n| n.checked_add(minutes)).ok_or_else(error)?;
            rest = after;
        }
        if text.is_empty() || !rest.is_empty() {
            return Err(error());
        }
        Ok(Self(minutes))
    }
}

/// `1d12h5m`, and `0m` for nothing.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0m");
        }
        for (number, unit) in [(self.0 / (24 * 60), 'd'), (self.0 / 60 % 24, 'h'), (self.0 % 60, 'm')] {
            if number > 0 {
                write!(f, "{number}{unit}")?;
            }
        }
        Ok(())
    }
}

/// When a tack shall expire, as people type it: a UTC time, or a span from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiration {
    /// At this time.
    At(Minutes),
    /// So long after the current time.
    In(Span),
}

impl Expiration {
    /// The minute of it, `now` being the current time in seconds since 1970-01-01T00:00:00Z; it is rounded up to a minute.
    ///
    /// # Errors
    /// [`Error::TooEarly`] and [`Error::TooLate`] for a time that does not fit.
    pub fn resolve(self, now: i64) -> Result<Minutes, Error> {
        match self {
            Self::At(minutes) => Ok(minutes),
            Self::In(span) => Minutes::from_seconds(now)?.plus(span),
        }
    }
}

/// `2013Z`, `2013-01Z`, `2013-01-02Z`, `2013-01-02T03Z`, `2013-01-02T03:04Z`, or a [`Span`].
impl FromStr for Expiration {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if let Ok(span) = text.parse() {
            return Ok(Self::In(span));
        }
        let moment = utc_time(text).ok_or_else(|| Error::Time(text.to_owned()))?;
        Minutes::from_seconds(moment.assume_utc().unix_timestamp()).map(Self::At)
    }
}

/// Seconds since 1970-01-01T00:00:00Z as `2026-11-20T17:31:15Z`.
#[must_use]
pub fn seconds_to_string(seconds: i64) -> String {
    match UtcDateTime::from_unix_timestamp(seconds) {
        Ok(t) => format!("{}T{:02}:{:02}:{:02}Z", Day(t.date()), t.hour(), t.minute(), t.second()),
        Err(_) => format!("second {seconds}"),
    }
}

/// The seconds since 1970-01-01T00:00:00Z of `2026-11-20T17:31:15Z`, or of a time as of [`Expiration`].
///
/// # Errors
/// [`Error::Time`] for anything else.
pub fn seconds_from_str(text: &str) -> Result<i64, Error> {
    let error = || Error::Time(text.to_owned());
    let (minutes, seconds) = match text.rsplit_once(':') {
        Some((front, back)) if front.contains(':') => {
            let seconds = back.strip_suffix('Z').and_then(|s| digits(s).filter(|&n: &i64| n < 60));
            (utc_time(&format!("{front}Z")), seconds.ok_or_else(error)?)
        }
        _ => (utc_time(text), 0),
    };
    Ok(minutes.ok_or_else(error)?.assume_utc().unix_timestamp() + seconds)
}

/// A date as `2026-11-20`, also for years of five digits.
struct Day(Date);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}

/// A UTC time to the minute, with as much of it as is wanted. One digit is enough for all but the year, as in tackpy.
fn utc_time(text: &str) -> Option<PrimitiveDateTime> {
    let text = text.strip_suffix(['Z', 'z'])?;
    let (date, clock) = match text.split_once(['T', 't']) {
        Some((date, clock)) => (date, Some(clock)),
        None => (text, None),
    };
    let mut date = date.split('-');
    let year = date.next().filter(|year| year.len() == 4).and_then(digits)?;
    let month = date.next();
    let day = date.next();
    if date.next().is_some() || (clock.is_some() && day.is_none()) {
        return None;
    }
    let month = Month::try_from(month.map_or(Some(1), two_digits)?).ok()?;
    let date = Date::from_calendar_date(year, month, day.map_or(Some(1), two_digits)?).ok()?;
    let (hour, minute) = match clock.map(|clock| clock.split_once(':').ok_or(clock)) {
        None => (0, 0),
        Some(Err(hour)) => (two_digits(hour)?, 0),
        Some(Ok((hour, minute))) => (two_digits(hour)?, two_digits(minute)?),
    };
    Some(PrimitiveDateTime::new(date, Time::from_hms(hour, minute, 0).ok()?))
}

fn two_digits(text: &str) -> Option<u8> {
    digits(text).filter(|_| text.len() <= 2)
}

/// A number of decimal digits alone, without the sign that `parse` would take.
fn digits<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expirations_as_people_type_them() {
        let at = |text: &str| match text.parse() {
            Ok(Expiration::At(minutes)) => minutes.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(at("2013Z"), "2013-01-01T00:00Z");
        assert_eq!(at("2013-02Z"), "2013-02-01T00:00Z");
        assert_eq!(at("2013-02-03Z"), "2013-02-03T00:00Z");
        assert_eq!(at("2013-02-03T04Z"), "2013-02-03T04:00Z");
        assert_eq!(at("2013-2-3t4:5z"), "2013-02-03T04:05Z");
        for bad in
            ["", "Z", "13Z", "2013", "2013-13Z", "2013-02-30Z", "2013T04Z", "2013-02-03T24Z", "2013-02-03T04:05:06Z"]
        {
            assert_eq!(bad.parse::<Expiration>(), Err(Error::Time(bad.to_owned())), "{bad}");
        }
        assert!(matches!("1969Z".parse::<Expiration>(), Err(Error::TooEarly(_))));
    }

    #[test]
    fn spans_as_people_type_them() {
        for (text, minutes) in [("0m", 0), ("5m", 5), ("30d", 43_200), ("1d12h5m", 2_165), ("1D1M", 1_441), ("2H", 120)]
        {
            assert_eq!(text.parse(), Ok(Span::new(minutes)), "{text}");
        }
        for bad in ["", "5", "d", "1h2d", "1m1m", "-5m", "+5m", "1 d", "1.5d", "999999999999999999999d"] {
            assert_eq!(bad.parse::<Span>(), Err(Error::Span(bad.to_owned())), "{bad}");
        }
        assert_eq!(Span::new(2_165).to_string(), "1d12h5m");
        assert_eq!(Span::new(0).to_string(), "0m");
    }

    #[test]
    fn minutes_round_up_and_keep_to_their_range() {
        assert_eq!(Minutes::from_seconds(61), Ok(Minutes(2)));
        assert_eq!(Minutes::from_seconds(60), Ok(Minutes(1)));
        assert_eq!(Minutes::from_seconds(-59), Ok(Minutes(0)));
        assert!(matches!(Minutes::from_seconds(-60), Err(Error::TooEarly(_))));
        let last = i64::from(u32::MAX) * 60;
        assert_eq!(Minutes::from_seconds(last).map(|m| m.to_string()).as_deref(), Ok("10136-02-16T04:15Z"));
        assert!(matches!(Minutes::from_seconds(last + 1), Err(Error::TooLate(_))));
        assert!(matches!(Minutes(u32::MAX).plus(Span(1)), Err(Error::TooLate(_))));
        assert!(matches!(Minutes(1).plus(Span(u64::MAX)), Err(Error::TooLate(_))));
    }

    #[test]
    fn seconds_both_ways() {
        let text = "2026-11-20T17:31:15Z";
        assert_eq!(seconds_from_str(text).map(seconds_to_string).as_deref(), Ok(text));
        assert_eq!(seconds_from_str("2026-11-20Z").map(seconds_to_string).as_deref(), Ok("2026-11-20T00:00:00Z"));
        assert!(seconds_from_str("2026-11-20T17:31:60Z").is_err());
    }
}
