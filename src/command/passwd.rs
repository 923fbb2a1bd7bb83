//! `tack passwd`: a new password, or iteration count, for a key file.

use std::process::ExitCode;

use anyhow::{Result, bail};
use tack_core::KeyFile;

use crate::cli::Passwd;
use crate::display::{Shown, is_dash};
use crate::exit::Exit;
use crate::input::Inputs;
use crate::lock::lock_beside;
use crate::locked_key::LockedKey;
use crate::message::{provenance, say_text};
use crate::new_key_file;
use crate::password;
use crate::replace::{IfMounted, is_special, replace_key};
use crate::secrets::warn_if_others_can_read;
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
    let (before, after) = key.surroundings();
    let (key, old) = key.open(password::ask_for_old)?;
    let new = match new {
        Some(new) => new,
        None if args.keep_password => old,
        None => password::ask_for_other()?,
    };
    let file = new_key_file::encrypt(&key, &new, args.iterations)?;
    let text = text(&before, &file, &after, now);
    // The password may have taken its time, and another passwd may be at it.
    let _locked = lock_beside(path);
    replace_key(path, &text, &inputs, IfMounted::new(args.in_place), "passwd")?;
    // tackpy leaves a key file to whoever the umask lets read it.
    warn_if_others_can_read(path);
    if args.common.verbose > 0 {
        say_text(format_args!("{}{}", words::crypto(Words::Tackpy097), words::key_file(&file)));
    }
    Ok(Exit::Good.into())
}

/// The key file between what the user wrote. The END line gets its end from that.
fn text(before: &[u8], file: &KeyFile, after: &[u8], now: i64) -> Vec<u8> {
    let (provenance, pem) = (provenance(now), file.to_pem());
    let line_break: &[u8] = if before.is_empty() || before.ends_with(b"\n") { b"" } else { b"\n" };
    let after: &[u8] = if after.is_empty() { b"\n" } else { after };
    [before, line_break, provenance.as_bytes(), pem.trim_end().as_bytes(), after].concat()
}
