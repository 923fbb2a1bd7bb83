//! The password of a key file: from an option, a file, the environment or the terminal.

use std::env;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use tack_core::{Error, KeyFile, SigningKey, pem};
use zeroize::Zeroizing;

use crate::cli::{KeyArgs, PasswordArgs};
use crate::display::{Shown, plain};
use crate::input::{Inputs, PEM_BEGIN, SMALL, contains};
use crate::message::{refused, say};
use crate::terminal;

const VARIABLE: &str = "TACK_PASSWORD";
const TRIES: u32 = 3;

/// A password, overwritten in memory when it is dropped.
pub type Password = Zeroizing<Vec<u8>>;

/// A key file that is read, and where its password comes from, before anything is asked or computed.
pub struct LockedKey<'a> {
    args: &'a KeyArgs,
    file: KeyFile,
    blocks: usize,
    notes: Vec<u8>,
    given: Option<Password>,
}

impl<'a> LockedKey<'a> {
    /// Reads the key file, and the password if it is not to be asked for.
    pub fn read(args: &'a KeyArgs, inputs: &mut Inputs) -> Result<Self> {
        let bytes = inputs.read(&args.key, SMALL)?;
        let file = KeyFile::from_pem(&bytes).map_err(|error| refused(&args.key, &error))?;
        if file.iterations() > args.max_iterations {
            let error = Error::TooManyIterations { got: file.iterations(), limit: args.max_iterations };
            return Err(refused(&args.key, &error));
        }
        let blocks = pem::blocks(&bytes).count();
        Ok(Self { args, file, blocks, notes: notes(&bytes), given: given(&args.password, inputs)? })
    }

    /// How many PEM blocks there are in the file; the first with a key is the one.
    pub fn blocks(&self) -> usize {
        self.blocks
    }

    /// What a user wrote beside the blocks, in whole lines.
    pub fn notes(&self) -> &[u8] {
        &self.notes
    }

    /// The key. At the terminal a wrong password may be corrected twice.
    pub fn open(self) -> Result<(SigningKey, Password)> {
        if let Some(password) = self.given.clone() {
            return self.try_open(password);
        }
        for _ in 1..TRIES {
            let password = ask("Enter password for key file: ")?;
            match self.file.decrypt(&password, self.args.max_iterations) {
                Err(Error::WrongPassword) => say("Password incorrect!"),
                _ => return self.try_open(password),
            }
        }
        let password = ask("Enter password for key file: ")?;
        self.try_open(password)
    }

    fn try_open(&self, password: Password) -> Result<(SigningKey, Password)> {
        let key = self.file.decrypt(&password, self.args.max_iterations);
        Ok((key.map_err(|error| refused(&self.args.key, &error))?, password))
    }
}

/// The lines of a file that are neither of a PEM block nor of what we or tackpy say before it.
fn notes(bytes: &[u8]) -> Vec<u8> {
    let mut is_inside = false;
    let mut notes = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let is_ours = line.starts_with(b"Created by ") || line.starts_with(b"Created at ");
        is_inside |= contains(line, PEM_BEGIN);
        if !is_inside && !is_ours {
            notes.extend_from_slice(line);
        }
        is_inside &= !contains(line, b"-----END ");
    }
    if notes.last().is_some_and(|last| *last != b'\n') {
        notes.push(b'\n');
    }
    notes
}

/// The password that options or the environment give, if they do.
pub fn given(args: &PasswordArgs, inputs: &mut Inputs) -> Result<Option<Password>> {
    let (password, source) = match (&args.password, &args.password_file, env::var_os(VARIABLE)) {
        (Some(password), _, _) => (Zeroizing::new(password.clone().into_bytes()), "-p".to_owned()),
        (_, Some(file), _) => (read_file(file, inputs)?, Shown(file).to_string()),
        (_, _, Some(password)) => (Zeroizing::new(password.into_vec()), VARIABLE.to_owned()),
        (None, None, None) => return Ok(None),
    };
    if password.is_empty() {
        bail!("{source}: the password is empty; give one");
    }
    Ok(Some(password))
}

/// The password in a file, less one line break at its end.
pub fn read_file(path: &Path, inputs: &mut Inputs) -> Result<Password> {
    let bytes = Zeroizing::new(inputs.read(path, SMALL)?);
    let line = bytes.strip_suffix(b"\n").map_or(&bytes[..], |line| line.strip_suffix(b"\r").unwrap_or(line));
    if line.is_empty() {
        bail!("{}: the password is empty; give one", Shown(path));
    }
    Ok(Zeroizing::new(line.to_vec()))
}

/// Asks for a new password, twice.
pub fn ask_new() -> Result<Password> {
    for _ in 0..TRIES {
        let password = ask("Choose password for key file: ")?;
        if password == ask("Re-enter password for key file: ")? {
            return Ok(password);
        }
        say("PASSWORDS DON'T MATCH!");
    }
    bail!("the passwords did not match {TRIES} times; nothing has changed");
}

fn ask(prompt: &str) -> Result<Password> {
    let password = terminal::ask(prompt).map_err(|error| {
        anyhow!("no password, and no terminal to ask for it ({}); give --password-file or {VARIABLE}", plain(&error))
    })?;
    if password.is_empty() {
        bail!("no password was given; nothing has changed");
    }
    Ok(password)
}
