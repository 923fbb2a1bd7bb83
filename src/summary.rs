//! What a monitoring plugin says of many servers in one line.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use tack_core::Span;

use crate::monitor::{self, State};
use crate::report::{self, HostReport};

/// The most servers that the line names.
const MAX_NAMED: usize = 5;

/// What is to be said of servers, in flat memory.
#[derive(Default)]
pub struct Summary {
    /// How many servers are in which state.
    numbers: BTreeMap<State, usize>,
    /// The worst servers, and of those the first.
    worst: BTreeMap<(Reverse<State>, usize, usize), String>,
    left: Option<Span>,
    handshake: Option<Duration>,
}

impl Summary {
    /// Takes up the servers of the host in this place.
    pub fn add(&mut self, place: usize, reports: &[HostReport]) {
        for (index, report) in reports.iter().enumerate() {
            self.count(report.state(), place, index, report.place());
            self.left = self.left.into_iter().chain(report.left()).min();
            self.handshake = self.handshake.max(report.tls.as_ref().map(|tls| tls.handshake));
        }
    }

    /// Takes up what cannot be checked.
    pub fn add_unknown(&mut self, place: usize, name: String) {
        self.count(State::Unknown, place, 0, name);
    }

    fn count(&mut self, state: State, place: usize, index: usize, name: String) {
        *self.numbers.entry(state).or_default() += 1;
        if state != State::Ok {
            self.worst.insert((Reverse(state), place, index), name);
        }
        if self.worst.len() > MAX_NAMED {
            self.worst.pop_last();
        }
    }

    /// The state of the worst.
    pub fn state(&self) -> State {
        self.numbers.last_key_value().map_or(State::Ok, |(state, _)| *state)
    }

    /// The first line: `TACK WARNING - 1 WARNING, 2 OK: a.example:443 | days_left=9;0.5:;0: ...`.
    pub fn line(&self, warn: Span) -> String {
        let state = self.state();
        let numbers = self.numbers.iter().rev().map(|(state, number)| format!("{number} {}", state.word()));
        let mut line = numbers.collect::<Vec<_>>().join(", ");
        let named: Vec<_> =
            self.worst.iter().filter(|((Reverse(of), ..), _)| *of == state).map(|(_, name)| name.as_str()).collect();
        if !named.is_empty() {
            line += ": ";
            line += &named.join(", ");
        }
        if let Some(more @ 1..) =
            self.numbers.get(&state).map(|number| number - named.len()).filter(|_| !named.is_empty())
        {
            line += &format!(" and {more} more");
        }
        let total: usize = self.numbers.values().sum();
        let number = |state: State| self.numbers.get(&state).copied().unwrap_or_default();
        let states = [State::Ok, State::Warning, State::Critical, State::Unknown];
        let numbers = states.map(|state| format!("{}={};;;0;{total}", state.word().to_lowercase(), number(state)));
        let lasts = report::performance(self.left, self.handshake, warn);
        let performance =
            [lasts].into_iter().filter(|data| !data.is_empty()).chain(numbers).collect::<Vec<_>>().join(" ");
        monitor::line(state, &line, Some(&performance))
    }
}
