//! Lines about events, for people and programs: the time, a level, the event, and values by name.

use std::fmt::{self, Display};

use crate::clock::Clock;
use crate::display::escape;
use crate::message::say;

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// All is well.
    Info,
    /// Somebody should look at it.
    Warning,
    /// Something does not work.
    Error,
}

/// Says lines on standard error.
#[derive(Clone, Copy)]
pub struct Log {
    clock: Clock,
}

impl Log {
    /// A log by this clock.
    pub fn new(clock: Clock) -> Self {
        Self { clock }
    }

    /// Says what happened: `2026-11-20T17:31:15Z warning ticket_refused client=192.0.2.1:4711 code=unknown_key`.
    pub fn event(&self, level: Level, event: &str, values: &[(&str, &dyn Display)]) {
        // Where the clock cannot be read, the line still matters.
        let time = self.clock.now().unwrap_or_default();
        let values: String = values.iter().map(|(name, value)| format!(" {name}={}", Value(value))).collect();
        say(format_args!("{time} {level} {event}{values}"));
    }
}

impl Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A value that is one word, or in quotes.
struct Value<'a>(&'a dyn Display);

impl Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let is_word = !text.is_empty() && text.chars().all(|c| !c.is_whitespace() && !"\"\\=".contains(c));
        let safe = escape(&text);
        if is_word && safe == text {
            return f.write_str(&text);
        }
        // What was escaped has backslashes of its own, which stay.
        write!(f, "\"{}\"", safe.replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_words_or_in_quotes() {
        for (value, shown) in [
            ("192.0.2.1:4711", "192.0.2.1:4711"),
            ("", "\"\""),
            ("two words", "\"two words\""),
            ("a=b", "\"a=b\""),
            ("say \"no\"", "\"say \\\"no\\\"\""),
            ("\u{1b}[2J\n", "\"\\u{1b}[2J\\n\""),
        ] {
            assert_eq!(Value(&value).to_string(), shown);
        }
    }
}
