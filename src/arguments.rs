//! The command line before clap reads it, and what is said where it is wrong.

use std::error::Error as _;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

use anyhow::Result;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory, Parser};
use tack_core::{Span, TimeError};

use crate::cli::Cli;
use crate::display::escape;
use crate::exit::{self, Exit};
use crate::message::say_text;
use crate::output::{self, is_coloured};

/// The commands with the exit statuses of a monitoring plugin, and the shortest form of each that is not another's.
const PLUGINS: [(&[u8], &[u8]); 3] = [(b"status", b"st"), (b"verify", b"ve"), (b"check", b"ch")];

/// Reads the command line, the name of the program first. If it is wrong, or asks for help, says so, and gives the
/// status to exit with.
pub fn parse(given: Vec<OsString>) -> Result<Cli, ExitCode> {
    Cli::try_parse_from(for_clap(&given)).map_err(|error| answer(error, &given))
}

/// The command line as clap takes it.
fn for_clap(given: &[OsString]) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::with_capacity(given.len());
    let mut rest = given.iter();
    for argument in rest.by_ref() {
        if argument == "--" {
            arguments.push(argument.clone());
            break;
        }
        match split_password(argument.as_bytes()) {
            Some(parts) if arguments.last().is_none_or(|last| last != "-p") => {
                arguments.extend(parts.map(|part| OsStr::from_bytes(part).to_owned()));
            }
            _ => arguments.push(argument.clone()),
        }
    }
    // What comes after "--" is names of files.
    arguments.extend(rest.cloned());
    // `tack --help sign` asks for the help on sign.
    if let [_, help, command, ..] = arguments.as_mut_slice()
        && is_help(help)
        && !is_option(command)
    {
        std::mem::swap(help, command);
    }
    arguments
}

/// `-p=x` in two, also after other letters (`-vp=x`). To clap the `=` belongs to the option, to tackpy to the password.
fn split_password(argument: &[u8]) -> Option<[&[u8]; 2]> {
    let end = argument.iter().position(|byte| *byte == b'=')?;
    let (options, password) = argument.split_at_checked(end)?;
    let flags = options.strip_prefix(b"-")?.strip_suffix(b"p")?;
    flags.iter().all(|flag| b"vx".contains(flag)).then_some([options, password])
}

/// Prints what clap has to say, which may be the help that was asked for.
fn answer(error: clap::Error, given: &[OsString]) -> ExitCode {
    if !error.use_stderr() {
        let printed = print_help(&error.render()).map(|()| Exit::Good.into());
        return printed.unwrap_or_else(|error| exit::failed(&error, Exit::Bad));
    }
    let message = message(error, given);
    say_text(&message);
    if is_plugin_meant(given) {
        let only_line = message.strip_prefix("tack: ").map(str::trim_end).filter(|line| !line.contains('\n'));
        exit::unknown(only_line.unwrap_or("the command line is wrong"));
        return Exit::Unknown.into();
    }
    Exit::Usage.into()
}

/// Prints help, with bold words where the terminal has them.
fn print_help(help: &StyledStr) -> Result<()> {
    output::print(&if is_coloured() { help.ansi().to_string() } else { help.to_string() })
}

/// What is said of a wrong command line.
fn message(error: clap::Error, given: &[OsString]) -> String {
    let error = escaped(error);
    let short = match error.kind() {
        ErrorKind::InvalidSubcommand => unknown_command(&error),
        ErrorKind::ValueValidation => invalid_value(&error),
        ErrorKind::UnknownArgument => option_before_command(given),
        ErrorKind::InvalidUtf8 => Some("an argument is not UTF-8; only the name of a file may be so".to_owned()),
        _ => None,
    };
    if let Some(short) = short {
        return format!("tack: {short}\n");
    }
    let text = error.render().to_string();
    match text.strip_prefix("error: ") {
        Some(text) => format!("tack: {text}"),
        None => text,
    }
}

/// The error with all that may be from the command line made safe to print.
fn escaped(mut error: clap::Error) -> clap::Error {
    let styled = |text: &StyledStr| StyledStr::from(escape(&text.to_string()));
    let values: Vec<_> = error.context().map(|(kind, value)| (kind, value.clone())).collect();
    for (kind, value) in values {
        let value = match value {
            ContextValue::String(text) => ContextValue::String(escape(&text)),
            ContextValue::Strings(texts) => ContextValue::Strings(texts.iter().map(|text| escape(text)).collect()),
            // A usage has lines of its own, and of the command line only what is right.
            ContextValue::StyledStr(text) if kind != ContextKind::Usage => ContextValue::StyledStr(styled(&text)),
            ContextValue::StyledStrs(texts) => ContextValue::StyledStrs(texts.iter().map(styled).collect()),
            value => value,
        };
        error.insert(kind, value);
    }
    error
}

fn unknown_command(error: &clap::Error) -> Option<String> {
    let name = string(error, ContextKind::InvalidSubcommand)?;
    let similar = match error.get(ContextKind::SuggestedSubcommand) {
        Some(ContextValue::Strings(names)) => names.as_slice(),
        _ => &[],
    };
    let root = Cli::command();
    // The most similar is the last. Abbreviations are left out.
    let meant = similar.iter().rev().find(|name| root.get_subcommands().any(|command| command.get_name() == *name));
    Some(match meant {
        Some(meant) => format!("\"{name}\" is not a command; did you mean \"{meant}\"?"),
        None => format!("\"{name}\" is not a command; \"tack help\" lists them"),
    })
}

/// For a value that does not parse: the option, by its letter if it has one, and what its type says of the value.
fn invalid_value(error: &clap::Error) -> Option<String> {
    let option = string(error, ContextKind::InvalidArg)?;
    let option = option.split_once(' ').map_or(option, |(option, _)| option);
    let root = Cli::command();
    let mut takers = root.get_subcommands().flat_map(Command::get_arguments).filter(|argument| is(argument, option));
    let letter = takers.find_map(Arg::get_short).map(|letter| format!("-{letter}"));
    // What is not an option is written "[NAME]..." or "<NAME>", and NAME may be "HOST[:PORT]".
    let option = letter.as_deref().unwrap_or(option).trim_end_matches('.');
    let bare =
        [('[', ']'), ('<', '>')].iter().find_map(|(open, close)| option.strip_prefix(*open)?.strip_suffix(*close));
    let option = bare.unwrap_or(option);
    let reason = error.source()?;
    let value = string(error, ContextKind::InvalidValue).filter(|_| reason.is::<TimeError>());
    let hint = value.and_then(span_meant).map(|span| format!("; did you mean {span}?")).unwrap_or_default();
    Some(format!("{option}: {}{hint}", escape(&reason.to_string())))
}

/// The span of time that words such as "1 day" mean.
fn span_meant(value: &str) -> Option<String> {
    let mut letters = value.to_lowercase().replace(' ', "");
    for (unit, letter) in
        [("days", "d"), ("day", "d"), ("hours", "h"), ("hour", "h"), ("minutes", "m"), ("minute", "m")]
    {
        letters = letters.replace(unit, letter);
    }
    letters.parse::<Span>().is_ok().then_some(letters)
}

/// For an option of a command that is given before the command.
fn option_before_command(given: &[OsString]) -> Option<String> {
    let (place, option) = words(given).next().filter(|(_, word)| is_option(word))?;
    let option = option.to_str()?;
    let option = match option.strip_prefix("--") {
        Some(long) => format!("--{}", long.split_once('=').map_or(long, |(name, _)| name)),
        None => option.chars().take(2).collect(),
    };
    let root = Cli::command();
    let takers = root.get_subcommands().filter(|command| command.get_arguments().any(|taken| is(taken, &option)));
    let takers: Vec<_> = takers.map(Command::get_name).collect();
    let meant = given.iter().skip(place).find_map(|word| takers.iter().find(|name| word == *name));
    let command = meant.or(takers.first())?;
    Some(format!("{option} goes after the command, as in \"tack {command} {option}\""))
}

/// Whether an argument is this option, such as `--key` or `-k`.
fn is(argument: &Arg, option: &str) -> bool {
    match option.strip_prefix("--") {
        Some(long) => argument.get_long() == Some(long),
        None => argument.get_short().is_some_and(|letter| option == format!("-{letter}")),
    }
}

fn string(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text),
        _ => None,
    }
}

/// Whether a plugin was called, even if the rest of the command line is wrong: whatever monitors reads its exit status in
/// another way.
fn is_plugin_meant(given: &[OsString]) -> bool {
    let mut words = words(given).map(|(_, word)| word.as_bytes());
    match words.next() {
        // The option that is in the place of the command may have a value.
        Some(option) if option.starts_with(b"-") => words.any(|word| PLUGINS.iter().any(|(name, _)| word == *name)),
        Some(word) => PLUGINS.iter().any(|(name, shortest)| word.starts_with(shortest) && name.starts_with(word)),
        None => false,
    }
}

/// The arguments that neither are nor belong to an option of `tack` itself, with their places.
fn words(given: &[OsString]) -> impl Iterator<Item = (usize, &OsStr)> {
    let mut arguments = given.iter().enumerate().skip(1);
    std::iter::from_fn(move || {
        while let Some((place, argument)) = arguments.next() {
            if argument == "--now" {
                arguments.next();
            } else if !is_help(argument) && !argument.as_bytes().starts_with(b"--now=") {
                return Some((place, argument.as_os_str()));
            }
        }
        None
    })
}

fn is_help(argument: &OsStr) -> bool {
    argument == "--help" || argument == "-h"
}

fn is_option(argument: &OsStr) -> bool {
    argument.as_bytes().starts_with(b"-")
}
