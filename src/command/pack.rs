//! `tack pack`: a TackExtension from tacks, in the form that a server takes.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::Pack;
use crate::exit::Exit;
use crate::input::Inputs;
use crate::message::say_text;
use crate::output::Output;
use crate::packing::{self, Parts};
use crate::parts;
use crate::words::{self, Words};

pub fn run(args: &Pack, now: i64) -> Result<ExitCode> {
    let mut inputs = Inputs::default();
    let mut tacks = Vec::new();
    for path in &args.tacks {
        let read = parts::read_tacks(path, &mut inputs)?;
        tacks.extend(read.into_iter().map(|tack| (path.as_path(), tack)));
    }
    let break_sigs = match args.break_signatures.as_deref() {
        Some(path) => Some((path, parts::read_break_sigs(path, &mut inputs)?)),
        None => None,
    };
    let output = Output::new(args.output.as_deref(), &inputs)?;
    let mut parts = Parts { tacks, break_sigs, activation: args.activation, draft: args.draft };
    if !args.activate.is_empty() {
        let keys: Vec<_> = parts.tacks.iter().map(|(_, tack)| tack.public_key().fingerprint()).collect();
        packing::check_keys(&args.activate, &keys, &parts.names())?;
        parts.activation = packing::flags(&args.activate, &keys);
    }
    let extension = parts.assemble(now)?;
    let said = words::crypto(Words::of(&extension)) + &words::extension(&extension);
    output.write(packing::text(extension, args.format, now)?.as_bytes())?;
    if args.common.verbose > 0 {
        say_text(&said);
    }
    Ok(Exit::Good.into())
}
