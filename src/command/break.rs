//! `tack break`: a break signature.

use std::process::ExitCode;

use anyhow::Result;
use tack_core::BreakSig;

use crate::cli::Break;
use crate::exit::Exit;
use crate::input::Inputs;
use crate::locked_key::LockedKey;
use crate::message::{provenance, say_text};
use crate::output::Output;
use crate::password;
use crate::words::{self, Words};

pub fn run(args: &Break, now: i64) -> Result<ExitCode> {
    let mut inputs = Inputs::default();
    let key = LockedKey::read(&args.key, &mut inputs)?;
    let output = Output::new(args.output.as_deref(), &inputs)?;
    let (key, _) = key.open(password::ask_for_file)?;
    let sig = BreakSig::sign(&key);
    sig.verify()?;
    output.write((provenance(now) + &sig.to_pem()).as_bytes())?;
    if args.common.verbose > 0 {
        say_text(format_args!("{}{}", words::crypto(Words::Tackpy097), words::break_sig(&sig)));
    }
    Ok(Exit::Good.into())
}
