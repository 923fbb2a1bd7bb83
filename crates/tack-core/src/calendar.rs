//! The Gregorian calendar in UTC, for years of any size.
//!
//! The calendar of `der` knows the years from 1970 to 9999. Tacks reach beyond, and old certificates before. The calendar
//! repeats every 400 years, so what lies outside is moved by as many times 400 years as it takes.

use std::time::Duration;

use der::DateTime;

const YEARS: i64 = 400;
/// The seconds of 400 years: 97 of them are leap years.
const SECONDS: i64 = (400 * 365 + 97) * 24 * 60 * 60;
const FIRST_YEAR: i64 = 1970;

/// A time in UTC, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub year: i64,
    /// From 1, as is the day.
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
}

impl Civil {
    /// The time that is so many seconds after 1970-01-01T00:00:00Z.
    pub fn from_seconds(seconds: i64) -> Self {
        let within = seconds.rem_euclid(SECONDS).unsigned_abs();
        let time = DateTime::from_unix_duration(Duration::from_secs(within)).expect("it lies between 1970 and 2369");
        Self {
            year: i64::from(time.year()) + YEARS * seconds.div_euclid(SECONDS),
            month: time.month(),
            day: time.day(),
            hour: time.hour(),
            minute: time.minutes(),
            second: time.seconds(),
        }
    }

    /// The seconds since 1970-01-01T00:00:00Z, none if there is no such time.
    pub fn seconds(self) -> Option<i64> {
        let years = self.year.checked_sub(FIRST_YEAR)?;
        let year = u16::try_from(FIRST_YEAR + years.rem_euclid(YEARS)).ok()?;
        let time = DateTime::new(year, self.month, self.day, self.hour, self.minute, self.second).ok()?;
        let cycles = i128::from(years.div_euclid(YEARS)) * i128::from(SECONDS);
        i64::try_from(cycles + i128::from(time.unix_duration().as_secs())).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn civil(year: i64, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Civil {
        Civil { year, month, day, hour, minute, second }
    }

    #[test]
    fn known_times_both_ways() {
        for (seconds, time) in [
            (0, civil(1970, 1, 1, 0, 0, 0)),
            (-1, civil(1969, 12, 31, 23, 59, 59)),
            (951_782_400, civil(2000, 2, 29, 0, 0, 0)),
            (1_795_195_875, civil(2026, 11, 20, 17, 31, 15)),
            (253_402_300_799, civil(9999, 12, 31, 23, 59, 59)),
            (257_698_037_700, civil(10136, 2, 16, 4, 15, 0)),
            (-62_135_596_800, civil(1, 1, 1, 0, 0, 0)),
            (-62_167_219_200, civil(0, 1, 1, 0, 0, 0)),
        ] {
            assert_eq!(Civil::from_seconds(seconds), time, "{seconds}");
            assert_eq!(time.seconds(), Some(seconds), "{time:?}");
        }
    }

    #[test]
    fn no_such_time() {
        for time in [
            civil(2026, 2, 29, 0, 0, 0),
            civil(1900, 2, 29, 0, 0, 0),
            civil(2026, 0, 1, 0, 0, 0),
            civil(2026, 13, 1, 0, 0, 0),
            civil(2026, 4, 31, 0, 0, 0),
            civil(2026, 4, 0, 0, 0, 0),
            civil(2026, 4, 1, 24, 0, 0),
            civil(2026, 4, 1, 0, 60, 0),
            civil(2026, 4, 1, 0, 0, 60),
            civil(i64::MAX, 4, 1, 0, 0, 0),
            civil(i64::MIN, 4, 1, 0, 0, 0),
        ] {
            assert_eq!(time.seconds(), None, "{time:?}");
        }
        assert_eq!(civil(1600, 2, 29, 0, 0, 0).seconds().map(Civil::from_seconds), Some(civil(1600, 2, 29, 0, 0, 0)));
    }

    #[test]
    fn the_ends_of_an_i64() {
        for seconds in [i64::MIN, i64::MAX] {
            assert_eq!(Civil::from_seconds(seconds).seconds(), Some(seconds));
        }
    }
}
