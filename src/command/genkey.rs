//! `tack genkey`: a new key file.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Error, Result, anyhow};
use getrandom::SysRng;
use tack_core::SigningKey;

use crate::cli::Genkey;
use crate::display::Shown;
use crate::exit::Exit;
use crate::input::Inputs;
use crate::message::{provenance, say_text};
use crate::new_key_file::{self, no_randomness};
use crate::output::Output;
use crate::password;
use crate::replace::{create_secret, is_special};
use crate::secrets::write_no_core;
use crate::words::{self, Words};

pub fn run(args: &Genkey, now: i64) -> Result<ExitCode> {
    write_no_core();
    let mut inputs = Inputs::default();
    let given = password::given(&args.password, &mut inputs)?;
    let output = Output::for_key(args.output.as_deref(), &inputs)?;
    if let Output::File(path) = &output
        && !args.force
        && !is_special(path)
        && path.symlink_metadata().is_ok()
    {
        return Err(exists(path));
    }
    let password = match given {
        Some(given) => given.password,
        None => password::ask_for_new_file()?,
    };
    let key = SigningKey::generate(&mut SysRng).map_err(no_randomness)?;
    let file = new_key_file::encrypt(&key, &password, args.iterations)?;
    let pem = provenance(now) + &file.to_pem();
    match &output {
        Output::File(path) if create_secret(path, pem.as_bytes(), args.force)? => {}
        Output::File(path) => return Err(exists(path)),
        Output::Stdout => output.write(pem.as_bytes())?,
    }
    if args.common.verbose > 0 {
        say_text(format_args!("{}{}", words::crypto(Words::Tackpy097), words::key_file(&file)));
    }
    Ok(Exit::Good.into())
}

fn exists(path: &Path) -> Error {
    anyhow!("{}: it exists already; choose another name, or replace it with --force", Shown(path))
}
