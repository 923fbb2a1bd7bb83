//! The command-line tool.

mod arguments;
mod attributes;
mod batch_files;
mod cli;
mod command;
mod content;
mod created;
mod display;
mod exit;
mod few;
mod found;
mod guard;
mod hosts;
mod input;
mod installed;
mod jobs;
mod json;
mod judged;
mod lock;
mod locked_key;
mod message;
mod monitor;
mod names;
mod new_key_file;
mod objects;
mod output;
mod packing;
mod parts;
mod password;
mod pending;
mod pins;
mod place;
mod probe;
mod progress;
mod replace;
mod report;
mod ring_file;
mod secrets;
mod selection;
mod sent;
mod served;
mod servers;
mod signals;
mod signing;
mod simulated;
mod spool;
mod store;
mod summary;
mod table;
mod tacks;
mod target;
mod temporary;
mod terminal;
mod threads;
mod tickets;
mod timeline;
mod words;

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};

use crate::cli::{Check, Cli, Command, Verify};
use crate::exit::Exit;
use crate::message::Usage;

fn main() -> ExitCode {
    signals::outlive_file_size_limit();
    let cli = match arguments::parse(std::env::args_os().collect()) {
        Ok(cli) => cli,
        Err(exit) => return exit,
    };
    now(&cli).and_then(|now| run(&cli.command, now)).unwrap_or_else(|error| {
        let exit = match &cli.command {
            Command::Verify(Verify { json: true, .. }) | Command::Check(Check { json: true, .. }) => {
                return exit::failed_in_json(&error);
            }
            Command::Status(_) | Command::Verify(_) | Command::Check(_) => Exit::Unknown,
            _ if error.is::<Usage>() => Exit::Usage,
            _ => Exit::Bad,
        };
        exit::failed(&error, exit)
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
        Command::Verify(args) => command::verify::run(args, now),
        Command::Check(args) => command::check::run(args, now),
        Command::Pins(args) => command::pins::run(args, now),
        Command::Simulate(args) => command::simulate::run(args),
        Command::Ticket(args) => command::ticket::run(args, now),
    }
}

/// The current time, in seconds since 1970-01-01T00:00:00Z.
fn now(cli: &Cli) -> Result<i64> {
    match &cli.now {
        Some(now) => Ok(now.seconds()),
        None => {
            let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
            let since_1970 = since_1970.map_err(|_| anyhow!("the system's clock is before 1970; set it"))?;
            Ok(i64::try_from(since_1970.as_secs())?)
        }
    }
}
