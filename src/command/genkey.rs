//! `tack genkey`: a new key file.

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use getrandom::SysRng;
use getrandom::rand_core::TryRng;
use tack_core::{KeyFile, SigningKey};

use crate::cli::Genkey;
use crate::exit::Exit;
use crate::input::Inputs;
use crate::message::{provenance, say_text};
use crate::output::Output;
use crate::password::{self, Password};
use crate::replace::{create_secret, exists, is_special};
use crate::words::{self, Words};

pub fn run(args: &Genkey, now: i64) -> Result<ExitCode> {
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
        Some(password) => password,
        None => password::ask_new()?,
    };
    let key = SigningKey::generate(&mut SysRng).map_err(no_randomness)?;
    let file = lock(&key, &password, args.iterations)?;
    let pem = provenance(now) + &file.to_pem();
    match &output {
        Output::File(path) => create_secret(path, pem.as_bytes(), args.force)?,
        Output::Stdout => output.write(pem.as_bytes())?,
    }
    if args.common.verbose > 0 {
        say_text(format_args!("{}{}", words::crypto(Words::Tackpy097), words::key_file(&file)));
    }
    Ok(Exit::Good.into())
}

/// A key file with a new salt.
pub fn lock(key: &SigningKey, password: &Password, iterations: u32) -> Result<KeyFile> {
    let mut salt = [0; KeyFile::SALT_LENGTH];
    SysRng.try_fill_bytes(&mut salt).map_err(no_randomness)?;
    Ok(KeyFile::encrypt(key, password, iterations, salt)?)
}

fn no_randomness(error: getrandom::Error) -> anyhow::Error {
    anyhow!("the system gives no randomness: {error}; nothing has changed")
}
