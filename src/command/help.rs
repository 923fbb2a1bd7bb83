//! `tack help`: what `--help` prints, by the command's name.

use std::process::ExitCode;

use anyhow::Result;
use clap::CommandFactory;
use clap::builder::StyledStr;

use crate::cli::{Cli, Help};
use crate::exit::Exit;
use crate::message::Usage;
use crate::output::{self, is_coloured};

pub fn run(args: &Help) -> Result<ExitCode> {
    let mut root = Cli::command();
    root.build();
    let help = match &args.command {
        None => root.render_long_help(),
        Some(name) => find(&mut root, name).ok_or_else(|| unknown(name))?.render_long_help(),
    };
    print(&help)
}

/// Prints help, with bold words where the terminal has them.
pub fn print(help: &StyledStr) -> Result<ExitCode> {
    let text = if is_coloured() { help.ansi().to_string() } else { help.to_string() };
    output::print(&text)?;
    Ok(Exit::Good.into())
}

/// The error for a command that there is not.
pub fn unknown(name: &str) -> Usage {
    Usage(format!("\"{}\" is not a command; \"tack help\" lists them", name.escape_debug()))
}

/// A command by its name, by an abbreviation of tackpy, or by any other abbreviation that is no other command's.
fn find<'a>(root: &'a mut clap::Command, name: &str) -> Option<&'a mut clap::Command> {
    if root.find_subcommand(name).is_some() {
        return root.find_subcommand_mut(name);
    }
    let mut found = root.get_subcommands_mut().filter(|command| command.get_name().starts_with(name));
    found.next().filter(|_| found.next().is_none())
}
