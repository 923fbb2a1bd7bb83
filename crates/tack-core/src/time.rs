//! Times in whole minutes, as TACK has them; times in seconds; spans; and all of them as people type them.

use std::fmt;
use std::str::FromStr;

use crate::calendar::Civil;

const SECONDS_PER_MINUTE: i64 = 60;

/// Why a time or a span was refused.
///
/// ```
/// use tack_core::{Span, TimeError};
///
/// assert_eq!("5".parse::<Span>(), Err(TimeError::Span("5".to_owned())));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// A text that is not a time.
    #[error(
        "{0:?} is not a time: use UTC such as 2027Z, 2027-01-02Z or 2027-01-02T03:04Z, or a span such as 30d or 1d12h5m"
    )]
    Time(String),

    /// A text that is not a span of time.
    #[error("{0:?} is not a span of time: use days, hours and minutes, such as 30d, 12h, 5m or 1d12h5m")]
    Span(String),

    /// A time before 1970.
    #[error("{0} is before 1970, where the times of TACK begin")]
    TooEarly(String),

    /// A time beyond 2^32 - 1 minutes after 1970.
    #[error("{0} is beyond 10136-02-16T04:15Z, where the times of TACK end")]
    TooLate(String),
}

/// A minute: the number of minutes since 1970-01-01T00:00Z, up to 10136-02-16T04:15Z (2^32 - 1).
///
/// Tacks expire, and pins end, at the beginning of a minute. So a time of the clock becomes a minute by rounding
/// [down](Self::from_seconds_down), and an expiration by rounding [up](Self::from_seconds_up).
///
/// ```
/// use tack_core::{Minute, Span};
///
/// let now = Minute::from_seconds_down(1_798_675_259)?;
/// assert_eq!(now.to_string(), "2026-12-31T00:00Z");
/// assert_eq!(now.checked_add(Span::DAY), Some(Minute::new(29_979_360)));
/// # Ok::<(), tack_core::TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Minute(u32);

impl Minute {
    /// The last one, 10136-02-16T04:15Z.
    pub const MAX: Self = Self(u32::MAX);

    /// This many minutes since 1970-01-01T00:00Z.
    #[must_use]
    pub const fn new(minutes: u32) -> Self {
        Self(minutes)
    }

    /// The first minute that does not begin before a time in seconds since 1970-01-01T00:00:00Z: for expirations.
    ///
    /// # Errors
    /// [`TimeError::TooEarly`] and [`TimeError::TooLate`] for a time that does not fit.
    pub fn from_seconds_up(seconds: i64) -> Result<Self, TimeError> {
        let is_rounded = seconds.rem_euclid(SECONDS_PER_MINUTE) != 0;
        Self::from_minutes(seconds.div_euclid(SECONDS_PER_MINUTE) + i64::from(is_rounded), seconds)
    }

    /// The minute that a time in seconds since 1970-01-01T00:00:00Z lies in: for the current time.
    ///
    /// # Errors
    /// [`TimeError::TooEarly`] and [`TimeError::TooLate`] for a time that does not fit.
    pub fn from_seconds_down(seconds: i64) -> Result<Self, TimeError> {
        Self::from_minutes(seconds.div_euclid(SECONDS_PER_MINUTE), seconds)
    }

    /// The minutes since 1970-01-01T00:00Z.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The seconds from 1970-01-01T00:00:00Z to the beginning of this minute.
    #[must_use]
    pub fn seconds(self) -> i64 {
        i64::from(self.0) * SECONDS_PER_MINUTE
    }

    /// The minute so much later; none beyond [`MAX`](Self::MAX).
    #[must_use]
    pub fn checked_add(self, span: Span) -> Option<Self> {
        u64::from(self.0).checked_add(span.0).and_then(|sum| u32::try_from(sum).ok()).map(Self)
    }

    /// The minute so much earlier; none before 1970.
    #[must_use]
    pub fn checked_sub(self, span: Span) -> Option<Self> {
        u64::from(self.0).checked_sub(span.0).and_then(|difference| u32::try_from(difference).ok()).map(Self)
    }

    /// The span from `earlier` to this minute; none if this one is the earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Option<Span> {
        self.0.checked_sub(earlier.0).map(|minutes| Span(minutes.into()))
    }

    fn from_minutes(minutes: i64, seconds: i64) -> Result<Self, TimeError> {
        if minutes < 0 {
            return Err(TimeError::TooEarly(Timestamp::new(seconds).to_string()));
        }
        u32::try_from(minutes).map(Self).map_err(|_| TimeError::TooLate(Timestamp::new(seconds).to_string()))
    }
}

/// `2026-11-20T17:31Z`.
impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = Civil::from_seconds(self.seconds());
        write!(f, "{:04}-{:02}-{:02}T{:02}:{:02}Z", t.year, t.month, t.day, t.hour, t.minute)
    }
}

/// A time in seconds since 1970-01-01T00:00:00Z, which may be negative: of a clock, or a certificate's notAfter.
///
/// ```
/// use tack_core::Timestamp;
///
/// let time: Timestamp = "2026-11-20T17:31:15Z".parse()?;
/// assert_eq!(time.seconds(), 1_795_195_875);
/// assert_eq!(time.to_string(), "2026-11-20T17:31:15Z");
/// # Ok::<(), tack_core::TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Timestamp(i64);

impl Timestamp {
    /// This many seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn new(seconds: i64) -> Self {
        Self(seconds)
    }

    /// The seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }
}

/// `2026-11-20T17:31:15Z`, or any time that [`Expiration`] takes.
impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let parse = || match text.rsplit_once(':') {
            Some((front, back)) if front.contains(':') => {
                let seconds = digits(back.strip_suffix(['Z', 'z'])?).filter(|&seconds: &i64| seconds < 60)?;
                Some(utc_time(&format!("{front}Z"))? + seconds)
            }
            _ => utc_time(text),
        };
        parse().map(Self).ok_or_else(|| TimeError::Time(text.to_owned()))
    }
}

/// `2026-11-20T17:31:15Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = Civil::from_seconds(self.0);
        write!(f, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", t.year, t.month, t.day, t.hour, t.minute, t.second)
    }
}

/// A span of time in whole minutes, as `1d12h5m`: days, hours and minutes, in that order, each optional, in either case.
///
/// ```
/// use tack_core::Span;
///
/// let span: Span = "1d12h5m".parse()?;
/// assert_eq!(span.minutes(), 2_165);
/// # Ok::<(), tack_core::TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
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

    /// The whole days in it.
    #[must_use]
    pub const fn days(self) -> u64 {
        self.0 / Self::DAY.0
    }

    /// This span so many times; none if that is more than 2^64 - 1 minutes.
    #[must_use]
    pub fn checked_mul(self, factor: u64) -> Option<Self> {
        self.0.checked_mul(factor).map(Self)
    }
}

impl FromStr for Span {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let error = || TimeError::Span(text.to_owned());
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
        for (number, unit) in [(self.days(), 'd'), (self.0 / 60 % 24, 'h'), (self.0 % 60, 'm')] {
            if number > 0 {
                write!(f, "{number}{unit}")?;
            }
        }
        Ok(())
    }
}

/// When a tack shall expire, as people type it: a UTC time, or a span from now.
///
/// ```
/// use tack_core::{Expiration, Timestamp};
///
/// let now: Timestamp = "2026-11-20T17:31:15Z".parse()?;
/// let expiration: Expiration = "30d".parse()?;
/// assert_eq!(expiration.resolve(now)?.to_string(), "2026-12-20T17:32Z");
/// # Ok::<(), tack_core::TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiration {
    /// At this time.
    At(Minute),
    /// So long after the current time.
    In(Span),
}

impl Expiration {
    /// The minute of it. The current time is rounded up to a minute.
    ///
    /// # Errors
    /// [`TimeError::TooEarly`] and [`TimeError::TooLate`] for a time that does not fit.
    pub fn resolve(self, now: Timestamp) -> Result<Minute, TimeError> {
        match self {
            Self::At(minute) => Ok(minute),
            Self::In(span) => {
                let now = Minute::from_seconds_up(now.seconds())?;
                now.checked_add(span).ok_or_else(|| TimeError::TooLate(format!("{span} after {now}")))
            }
        }
    }
}

/// `2013Z`, `2013-01Z`, `2013-01-02Z`, `2013-01-02T03Z`, `2013-01-02T03:04Z`, or a [`Span`].
impl FromStr for Expiration {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        if let Ok(span) = text.parse() {
            return Ok(Self::In(span));
        }
        let seconds = utc_time(text).ok_or_else(|| TimeError::Time(text.to_owned()))?;
        Minute::from_seconds_up(seconds).map(Self::At)
    }
}

/// The seconds since 1970 of a UTC time to the minute, with as much of it as is wanted. One digit is enough for all but
/// the year, as in tackpy.
fn utc_time(text: &str) -> Option<i64> {
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
    let (month, day) = (month.map_or(Some(1), two_digits)?, day.map_or(Some(1), two_digits)?);
    let (hour, minute) = match clock.map(|clock| clock.split_once(':').ok_or(clock)) {
        None => (0, 0),
        Some(Err(hour)) => (two_digits(hour)?, 0),
        Some(Ok((hour, minute))) => (two_digits(hour)?, two_digits(minute)?),
    };
    Civil { year, month, day, hour, minute, second: 0 }.seconds()
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
            Ok(Expiration::At(minute)) => minute.to_string(),
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
            assert_eq!(bad.parse::<Expiration>(), Err(TimeError::Time(bad.to_owned())), "{bad}");
        }
        assert!(matches!("1969Z".parse::<Expiration>(), Err(TimeError::TooEarly(_))));
    }

    #[test]
    fn spans_as_people_type_them() {
        for (text, minutes) in [("0m", 0), ("5m", 5), ("30d", 43_200), ("1d12h5m", 2_165), ("1D1M", 1_441), ("2H", 120)]
        {
            assert_eq!(text.parse(), Ok(Span::new(minutes)), "{text}");
        }
        for bad in ["", "5", "d", "1h2d", "1m1m", "-5m", "+5m", "1 d", "1.5d", "999999999999999999999d"] {
            assert_eq!(bad.parse::<Span>(), Err(TimeError::Span(bad.to_owned())), "{bad}");
        }
        assert_eq!(Span::new(2_165).to_string(), "1d12h5m");
        assert_eq!(Span::new(0).to_string(), "0m");
        assert_eq!((Span::new(2_879).days(), Span::new(2_880).days()), (1, 2));
        assert_eq!((Span::DAY.checked_mul(3), Span::DAY.checked_mul(u64::MAX)), (Some(Span::new(4_320)), None));
    }

    #[test]
    fn minutes_round_both_ways_and_keep_to_their_range() {
        for (seconds, up, down) in [(61, 2, 1), (60, 1, 1), (59, 1, 0), (0, 0, 0)] {
            assert_eq!(Minute::from_seconds_up(seconds), Ok(Minute(up)), "{seconds}");
            assert_eq!(Minute::from_seconds_down(seconds), Ok(Minute(down)), "{seconds}");
        }
        assert_eq!(Minute::from_seconds_up(-59), Ok(Minute(0)));
        assert!(matches!(Minute::from_seconds_down(-1), Err(TimeError::TooEarly(_))));
        assert!(matches!(Minute::from_seconds_up(-60), Err(TimeError::TooEarly(_))));
        let last = Minute::MAX.seconds();
        assert_eq!(Minute::from_seconds_up(last).map(|m| m.to_string()).as_deref(), Ok("10136-02-16T04:15Z"));
        assert!(matches!(Minute::from_seconds_up(last + 1), Err(TimeError::TooLate(_))));
        assert_eq!(Minute::from_seconds_down(last + 59), Ok(Minute::MAX));
        assert!(matches!(Minute::from_seconds_down(last + 60), Err(TimeError::TooLate(_))));
        assert!(Minute::from_seconds_up(i64::MAX).is_err() && Minute::from_seconds_up(i64::MIN).is_err());
    }

    #[test]
    fn arithmetic_is_checked() {
        assert_eq!((Minute::new(7).get(), Minute::new(7).seconds()), (7, 420));
        assert_eq!(Minute(1).checked_add(Span(2)), Some(Minute(3)));
        assert_eq!(Minute::MAX.checked_add(Span(1)), None);
        assert_eq!(Minute(1).checked_add(Span(u64::MAX)), None);
        assert_eq!(Minute(3).checked_sub(Span(2)), Some(Minute(1)));
        assert_eq!(Minute(3).checked_sub(Span(4)), None);
        assert_eq!(Minute(3).since(Minute(1)), Some(Span(2)));
        assert_eq!(Minute(1).since(Minute(3)), None);
        let late = Expiration::In(Span(u64::MAX)).resolve(Timestamp(0));
        assert!(matches!(late, Err(TimeError::TooLate(_))));
    }

    #[test]
    fn timestamps_both_ways() {
        for text in ["2026-11-20T17:31:15Z", "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
            assert_eq!(text.parse::<Timestamp>().map(|time| time.to_string()).as_deref(), Ok(text));
        }
        assert_eq!("2026-11-20Z".parse::<Timestamp>().unwrap().to_string(), "2026-11-20T00:00:00Z");
        for bad in ["2026-11-20T17:31:60Z", "2026-11-20T17:31:15", "30d", "", "2026-11-20T17:31:+5Z"] {
            assert_eq!(bad.parse::<Timestamp>(), Err(TimeError::Time(bad.to_owned())), "{bad}");
        }
        assert_eq!(Timestamp(i64::MAX).to_string(), "292277026596-12-04T15:30:07Z");
    }
}
