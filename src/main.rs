//! The command-line tool.

/// As the standard macro, which panics when standard error cannot be written; there is nobody to tell then.
macro_rules! eprint {
    ($($said:tt)*) => {{
        let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!($($said)*));
    }};
}

/// As the standard macro, but for what [`eprint`] says.
macro_rules! eprintln {
    ($($said:tt)*) => { eprint!("{}\n", format_args!($($said)*)) };
}

mod cli;
mod command;
mod display;
mod few;
mod input;
mod installed;
mod lock;
mod message;
mod monitor;
mod objects;
mod output;
mod packing;
mod password;
mod place;
mod replace;
mod signals;
mod signing;
mod tacks;
mod target;
mod terminal;
mod threads;
mod timeline;
mod words;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};
use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use tack_core::Timestamp;

use crate::cli::{Cli, Command};
use crate::message::Usage;
use crate::output::ClosedPipe;

/// How a run ended, as the man pages say under EXIT STATUS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Done, and good.
    Good,
    /// It could not be done, or the answer is no.
    Bad,
    /// The command line is wrong.
    Usage,
    /// `status` alone: it cannot be said.
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

fn main() -> ExitCode {
    let cli = match Cli::try_parse_from(arguments()) {
        Ok(cli) => cli,
        Err(error) => return command_line_error(&error),
    };
    now(&cli).and_then(|now| run(&cli.command, now)).unwrap_or_else(|error| {
        let exit = match cli.command {
            Command::Status(_) => Exit::Unknown,
            _ if error.is::<Usage>() => Exit::Usage,
            _ => Exit::Bad,
        };
        failed(&error, exit)
    })
}

/// Says why, unless whoever read the output simply stopped.
fn failed(error: &anyhow::Error, exit: Exit) -> ExitCode {
    if !error.is::<ClosedPipe>() {
        eprintln!("tack: {error:#}");
    }
    if exit == Exit::Unknown {
        unknown(&format!("{error:#}"));
    }
    exit.into()
}

fn run(command: &Command, now: i64) -> Result<ExitCode> {
    match command {
        Command::Genkey(args) => command::genkey::run(args, now),
        Command::Sign(args) => command::sign::run(args, now),
        Command::Break(args) => command::r#break::run(args, now),
        Command::View(args) => command::view::run(args, now),
        Command::Cert(args) => command::cert::run(args, now),
        Command::Pack(args) => command::pack::run(args, now),
        Command::Unpack(args) => command::unpack::run(args),
        Command::Passwd(args) => command::passwd::run(args, now),
        Command::Help(args) => command::help::run(args),
        Command::Deploy(args) => command::deploy::run(args, now),
        Command::Status(args) => command::status::run(args, now),
    }
}

/// The current time, in seconds since 1970-01-01T00:00:00Z.
fn now(cli: &Cli) -> Result<i64> {
    match &cli.now {
        Some(now) => {
            let now: Timestamp = now.parse().map_err(|error| Usage(format!("--now: {error}")))?;
            Ok(now.seconds())
        }
        None => {
            let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
            let since_1970 = since_1970.map_err(|_| anyhow!("the system's clock is before 1970; set it"))?;
            Ok(i64::try_from(since_1970.as_secs())?)
        }
    }
}

/// Says what a monitoring system shows, which does not read standard error.
fn unknown(why: &str) {
    let _ = output::Output::Stdout.write(format!("TACK UNKNOWN - {why}\n").as_bytes());
}

/// The command line, with `-p=x` as `-p =x`: to clap the `=` belongs to the option, to tackpy to the password.
fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    for argument in std::env::args_os() {
        match argument.as_bytes().strip_prefix(b"-p") {
            Some(password) if password.starts_with(b"=") && arguments.last().is_none_or(|last| last != "-p") => {
                arguments.extend(["-p".into(), OsStr::from_bytes(password).to_owned()]);
            }
            _ => arguments.push(argument),
        }
    }
    arguments
}

/// Prints what clap has to say, which may be the help that was asked for.
fn command_line_error(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return command::help::print(&error.render()).unwrap_or_else(|error| failed(&error, Exit::Bad));
    }
    match (error.kind(), error.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::InvalidSubcommand, Some(ContextValue::String(name))) => {
            eprintln!("tack: {}", command::help::unknown(name));
        }
        _ => {
            let text = error.render().to_string();
            match text.strip_prefix("error: ") {
                Some(text) => eprint!("tack: {text}"),
                None => eprint!("{text}"),
            }
        }
    }
    if is_status_meant() {
        unknown("the command line is wrong");
        return Exit::Unknown.into();
    }
    Exit::Usage.into()
}

/// Whether `status` was called, even if the rest of the command line is wrong: whatever monitors reads its exit status in
/// another way.
fn is_status_meant() -> bool {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let is_command = |(index, argument): &(usize, &OsString)| {
        let is_value =
            index.checked_sub(1).and_then(|before| arguments.get(before)).is_some_and(|last| last == "--now");
        !argument.as_bytes().starts_with(b"-") && !is_value
    };
    let command = arguments.iter().enumerate().find(is_command).map(|(_, argument)| argument.as_bytes());
    command.is_some_and(|command| command.starts_with(b"st") && b"status".starts_with(command))
}
