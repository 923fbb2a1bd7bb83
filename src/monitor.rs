//! What monitoring systems read: states, the line that they show, and performance data.

use std::process::ExitCode;

use crate::few::Few;

/// The most problems of a state that are kept.
const MAX_PROBLEMS: usize = 100;

/// What a monitoring plugin says, and its exit status. The worst is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Ok,
    Warning,
    Unknown,
    Critical,
}

impl State {
    /// The word of the first line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl From<State> for ExitCode {
    fn from(state: State) -> Self {
        Self::from(match state {
            State::Ok => 0,
            State::Warning => 1,
            State::Critical => 2,
            State::Unknown => 3,
        })
    }
}

/// What is wrong: of each state the first problems, and how many more there are.
#[derive(Default)]
pub struct Problems {
    critical: Few<MAX_PROBLEMS>,
    unknown: Few<MAX_PROBLEMS>,
    warning: Few<MAX_PROBLEMS>,
}

impl Problems {
    /// Adds a problem, whose message is made only if it is kept.
    pub fn push(&mut self, state: State, message: impl FnOnce() -> String) {
        match state {
            State::Critical => self.critical.push(message),
            State::Unknown => self.unknown.push(message),
            State::Warning => self.warning.push(message),
            State::Ok => {}
        }
    }

    /// The state of the worst.
    pub fn state(&self) -> State {
        let states =
            [(State::Critical, &self.critical), (State::Unknown, &self.unknown), (State::Warning, &self.warning)];
        states.into_iter().find(|(_, few)| few.number() > 0).map_or(State::Ok, |(state, _)| state)
    }

    /// The worst first, and in the end "and 7 more" if some are left out.
    pub fn messages(&self, max: usize) -> impl Iterator<Item = String> {
        let all = [&self.critical, &self.unknown, &self.warning];
        let number: usize = all.iter().map(|few| few.number()).sum();
        let first: Vec<_> = all.iter().flat_map(|few| few.first()).take(max).cloned().collect();
        let more = number - first.len();
        first.into_iter().chain((more > 0).then(|| format!("and {more} more")))
    }
}

/// The first line of a plugin: `TACK OK - all is well | days_left=9;7:;0:`.
pub fn line(state: State, summary: &str, performance: Option<&str>) -> String {
    let performance = performance.map(|data| format!(" | {data}")).unwrap_or_default();
    format!("TACK {} - {}{performance}\n", state.word(), without_bars(summary))
}

/// Text for any line of a plugin: a bar would begin performance data.
pub fn without_bars(text: &str) -> String {
    text.replace('|', "/")
}
