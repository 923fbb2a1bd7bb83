//! The exit statuses.

use std::process::ExitCode;

use crate::message::say;
use crate::monitor::{State, line};
use crate::output::{ClosedPipe, print};

/// How a run ended, as the man pages say under EXIT STATUS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, and good.
    Good,
    /// It could not be done, or the answer is no.
    Bad,
    /// The command line is wrong.
    Usage,
    /// Of a monitoring plugin alone: it cannot be said.
    Unknown,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Good => 0,
            Exit::Bad => 1,
            Exit::Usage => 2,
            Exit::Unknown => 3,
        })
    }
}

/// Says why, unless whoever read the output simply stopped.
pub fn failed(error: &anyhow::Error, exit: Exit) -> ExitCode {
    if !error.is::<ClosedPipe>() {
        say(format_args!("tack: {error:#}"));
    }
    if exit == Exit::Unknown {
        unknown(&format!("{error:#}"));
    }
    exit.into()
}

/// Says on standard error why nothing is judged, and gives programs the document that they read.
pub fn failed_in_json(error: &anyhow::Error) -> ExitCode {
    if !error.is::<ClosedPipe>() {
        say(format_args!("tack: {error:#}"));
        let _ = print(&format!("{{\n  \"state\": \"{}\",\n  \"hosts\": []\n}}\n", State::Unknown.word()));
    }
    Exit::Unknown.into()
}

/// Says what a monitoring system shows, which does not read standard error.
pub fn unknown(why: &str) {
    let _ = print(&line(State::Unknown, why, None));
}
