//! The command-line tool.

mod cli;
mod command;
mod io;
mod message;
mod packing;
mod password;
mod signing;
mod words;

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use clap::Parser;

use crate::cli::{Cli, Command};
use crate::io::ClosedPipe;
use crate::message::Usage;

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
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return command_line_error(&error),
    };
    now(&cli).and_then(|now| run(&cli.command, now)).unwrap_or_else(|error| {
        if !error.is::<ClosedPipe>() {
            eprintln!("tack: {error:#}");
        }
        match cli.command {
            Command::Status(_) => Exit::Unknown.into(),
            _ if error.is::<Usage>() => Exit::Usage.into(),
            _ => Exit::Bad.into(),
        }
    })
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
        Some(now) => Ok(tack::time::seconds_from_str(now).map_err(|error| Usage(format!("--now: {error}")))?),
        None => Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?),
    }
}

/// Prints what clap has to say, which may be the help that was asked for.
fn command_line_error(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    let is_status = std::env::args_os().nth(1).is_some_and(|command| command.as_encoded_bytes().starts_with(b"st"));
    match error.exit_code() {
        0 => Exit::Good.into(),
        _ if is_status => Exit::Unknown.into(),
        _ => Exit::Usage.into(),
    }
}
