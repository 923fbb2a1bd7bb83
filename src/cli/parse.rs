//! Values of options: whole numbers whose range is told in words.

use std::fmt::Display;
use std::str::FromStr;

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
}
