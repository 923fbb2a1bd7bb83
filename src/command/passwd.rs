//! `tack passwd`: a new password, or iteration count, for a key file.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::cli::Passwd;
use crate::command::genkey;
use crate::display::{Shown, is_dash};
use crate::exit::Exit;
use crate::input::Inputs;
use crate::lock::lock_beside;
use crate::message::{provenance, say_text};
use crate::password::{self, LockedKey};
use crate::replace::{IfMounted, is_special, replace_key};
use crate::words::{self, Words};

pub fn run(args: &Passwd, now: i64) -> Result<ExitCode> {
    if is_dash(&args.key.key) {
        bail!("standard input: a key file there cannot be replaced; give its name with -k");
    }
    let mut inputs = Inputs::default();
    let key = LockedKey::read(&args.key, &mut inputs)?;
    let path = &args.key.key;
    if is_special(path) {
        bail!("{}: it is no regular file, which could be replaced; give the key file itself", Shown(path));
    }
    if key.blocks() > 1 {
        bail!("{}: it holds more than one PEM block, and the others would be lost; split it first", Shown(path));
    }
    let new = args.new_password_file.as_deref().map(|path| password::read_file(path, &mut inputs)).transpose()?;
    let notes = key.notes().to_vec();
    let (key, old) = key.open()?;
    let new = match new {
        Some(new) => new,
        None if args.keep_password => old,
        None => password::ask_new()?,
    };
    let file = genkey::lock(&key, &new, args.iterations)?;
    let text = [provenance(now).as_bytes(), &notes, file.to_pem().as_bytes()].concat();
    // The password may have taken its time, and another passwd may be at it.
    let _locked = lock_beside(path);
    replace_key(path, &text, &inputs, IfMounted::new(args.in_place))?;
    if args.common.verbose > 0 {
        say_text(format_args!("{}{}", words::crypto(Words::Tackpy097), words::key_file(&file)));
    }
    Ok(Exit::Good.into())
}
