//! Lines about events, for people and programs: the time, a level, the event, and values by name.

use std::fmt::{self, Display};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::display::escape;
use crate::message::say;

/// The lines that wait for whoever reads standard error, such as a full pipe. Those beyond are lost, and counted: no
/// connection waits for them.
const WAITING: usize = 1024;
/// The lines for each second about what strangers did, who could fill a disk with them.
const STRANGERS: u32 = 100;
/// How long the end of the program waits for the last lines.
const LAST_WAIT: Duration = Duration::from_secs(1);

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

/// Says lines on standard error, by a thread of its own.
#[derive(Clone)]
pub struct Log {
    clock: Clock,
    entries: SyncSender<Entry>,
    lost: Arc<AtomicU64>,
    start: Instant,
    strangers: Arc<Mutex<Rate>>,
}

enum Entry {
    Line(String),
    /// All before it has been said.
    End(SyncSender<()>),
}

/// How much happened in a second.
#[derive(Default)]
struct Rate {
    second: u64,
    number: u32,
}

impl Log {
    /// A log by this clock.
    pub fn new(clock: Clock) -> io::Result<Self> {
        let (entries, receiver) = sync_channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let teller = Teller { clock, entries: receiver, lost: Arc::clone(&lost) };
        thread::Builder::new().name("log".to_owned()).spawn(move || teller.run())?;
        Ok(Self { clock, entries, lost, start: Instant::now(), strangers: Arc::default() })
    }

    /// Says what happened: `2026-11-20T17:31:15Z info listening address=127.0.0.1:443`.
    pub fn event(&self, level: Level, event: &str, values: &[(&str, &dyn Display)]) {
        if self.entries.try_send(Entry::Line(line(self.clock, level, event, values))).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// As [`event`](Self::event), of what a stranger did: so often as he likes.
    pub fn stranger(&self, level: Level, event: &str, values: &[(&str, &dyn Display)]) {
        let is_little = self.strangers.lock().unwrap_or_else(PoisonError::into_inner).allows(self.start.elapsed());
        if is_little {
            self.event(level, event, values);
        } else {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until all has been said, for a moment.
    pub fn end(self) {
        let (said, is_said) = sync_channel(1);
        if self.entries.try_send(Entry::End(said)).is_ok() {
            let _ = is_said.recv_timeout(LAST_WAIT);
        }
    }
}

impl Rate {
    /// Whether there is room for one more, so long after the beginning.
    fn allows(&mut self, since: Duration) -> bool {
        if since.as_secs() != self.second {
            *self = Self { second: since.as_secs(), number: 0 };
        }
        self.number = self.number.saturating_add(1);
        self.number <= STRANGERS
    }
}

/// Whoever says the lines.
struct Teller {
    clock: Clock,
    entries: Receiver<Entry>,
    lost: Arc<AtomicU64>,
}

impl Teller {
    fn run(self) {
        for entry in &self.entries {
            let lost = self.lost.swap(0, Ordering::Relaxed);
            if lost > 0 {
                say(line(self.clock, Level::Warning, "lines_lost", &[("number", &lost)]));
            }
            match entry {
                Entry::Line(line) => say(line),
                Entry::End(said) => _ = said.send(()),
            }
        }
    }
}

fn line(clock: Clock, level: Level, event: &str, values: &[(&str, &dyn Display)]) -> String {
    // Where the clock cannot be read, the line still matters.
    let time = clock.now().unwrap_or_default();
    let values: String = values.iter().map(|(name, value)| format!(" {name}={}", Value(value))).collect();
    format!("{time} {level} {event}{values}")
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

    #[test]
    fn strangers_fill_no_more_than_their_lines_of_a_second() {
        let mut rate = Rate::default();
        for second in [0, 1, 5] {
            let allowed = (0..1000)
                .filter(|milliseconds| rate.allows(Duration::from_secs(second) + Duration::from_millis(*milliseconds)));
            assert_eq!(allowed.count(), 100, "second {second}");
        }
    }
}
