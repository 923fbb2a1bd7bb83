//! `tack help`: what `--help` prints, by the command's name.

use std::process::ExitCode;

use anyhow::Result;

use crate::arguments;
use crate::cli::Help;
use crate::exit::Exit;

pub fn run(args: &Help) -> Result<ExitCode> {
    // clap knows the abbreviations of commands, and which command a wrong name may mean.
    let words = ["tack"].into_iter().chain(args.command.as_deref()).chain(["--help"]);
    let asked = arguments::parse(words.map(Into::into).collect());
    Ok(asked.map_or_else(|exit| exit, |_| Exit::Good.into()))
}
