//! The command-line tool.

mod arguments;
mod attributes;
mod batch_files;
mod cli;
mod clock;
mod command;
mod content;
mod created;
mod dial;
mod display;
mod door;
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
mod log;
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
mod relay;
mod reloader;
mod replace;
mod report;
mod ring_file;
mod runtime;
mod secrets;
mod selection;
mod sent;
mod served;
mod served_files;
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
mod tls_stream;
mod trust;
mod words;

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::{Check, Command, Verify};
use crate::clock::Clock;
use crate::exit::Exit;
use crate::message::Usage;

fn main() -> ExitCode {
    signals::outlive_file_size_limit();
    let cli = match arguments::parse(std::env::args_os().collect()) {
        Ok(cli) => cli,
        Err(exit) => return exit,
    };
    let clock = Clock::new(cli.now);
    clock.now().and_then(|now| run(&cli.command, clock, now.seconds())).unwrap_or_else(|error| {
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

fn run(command: &Command, clock: Clock, now: i64) -> Result<ExitCode> {
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
        Command::Ticket(args) => command::ticket::run(args, clock),
    }
}
