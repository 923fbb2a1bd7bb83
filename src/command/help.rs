//! `tack help`: what `--help` prints, by the command's name.

use std::process::ExitCode;

use anyhow::Result;
use clap::CommandFactory;

use crate::Exit;
use crate::cli::{Cli, Help};
use crate::io::{stdout, stdout_failed};
use crate::message::Usage;

pub fn run(args: &Help) -> Result<ExitCode> {
    let mut root = Cli::command();
    root.build();
    let command = match &args.command {
        None => &mut root,
        Some(name) => {
            let found = root.find_subcommand_mut(name);
            found.ok_or_else(|| {
                Usage(format!("\"{}\" is not a command; \"tack help\" lists them", name.escape_debug()))
            })?
        }
    };
    let help = command.render_long_help();
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stdout());
    let text = if is_terminal { help.ansi().to_string() } else { help.to_string() };
    std::io::Write::write_all(&mut stdout()?, text.as_bytes()).map_err(stdout_failed)?;
    Ok(Exit::Good.into())
}
