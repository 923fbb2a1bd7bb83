//! The command line before clap reads it, and what clap says of it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::Cli;
use crate::command::help;
use crate::exit::{self, Exit};
use crate::message::{say, say_text};

/// Reads the command line. If it is wrong, or asks for help, says so, and gives the status to exit with.
pub fn parse() -> Result<Cli, ExitCode> {
    Cli::try_parse_from(arguments()).map_err(|error| command_line_error(&error))
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
        return help::print(&error.render()).unwrap_or_else(|error| exit::failed(&error, Exit::Bad));
    }
    match (error.kind(), error.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::InvalidSubcommand, Some(ContextValue::String(name))) => {
            say(format_args!("tack: {}", help::unknown(name)));
        }
        _ => {
            let text = error.render().to_string();
            match text.strip_prefix("error: ") {
                Some(text) => say_text(format_args!("tack: {text}")),
                None => say_text(text),
            }
        }
    }
    if is_status_meant() {
        exit::unknown("the command line is wrong");
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
