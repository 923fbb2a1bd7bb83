//! A key file that is read, and that its password opens.

use std::path::Path;

use anyhow::{Result, anyhow};
use tack_core::{Error, KeyFile, SigningKey, pem};

use crate::cli::{KeyArgs, Password};
use crate::display::Shown;
use crate::input::{Inputs, SMALL};
use crate::message::{refused, say};
use crate::password::{self, Given, TRIES};
use crate::secrets::write_no_core;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
/// The two lines that tackpy and we put before a key begin so.
const PROVENANCE: [&[u8]; 2] = [b"Created by ", b"Created at "];

/// A key file, and where its password comes from, before anything is asked or computed.
pub struct LockedKey<'a> {
    args: &'a KeyArgs,
    bytes: Vec<u8>,
    file: KeyFile,
    given: Option<Given>,
}

impl<'a> LockedKey<'a> {
    /// Reads the key file, and the password if it is not to be asked for.
    pub fn read(args: &'a KeyArgs, inputs: &mut Inputs) -> Result<Self> {
        write_no_core();
        let bytes = inputs.read(&args.key, SMALL)?;
        let file = KeyFile::from_pem(&bytes).map_err(|error| refused(&args.key, &error))?;
        if file.iterations() > args.max_iterations {
            let error = Error::TooManyIterations { got: file.iterations(), limit: args.max_iterations };
            return Err(refused(&args.key, &error));
        }
        Ok(Self { args, bytes, file, given: password::given(&args.password, inputs)? })
    }

    /// How many PEM blocks there are in the file. The first with a key is the one.
    pub fn blocks(&self) -> usize {
        pem::blocks(&self.bytes).count()
    }

    /// What stands before and after the one block of the file, without the two lines of provenance.
    pub fn surroundings(&self) -> (Vec<u8>, Vec<u8>) {
        surroundings(&self.bytes)
    }

    /// The key. At the terminal a wrong password may be corrected twice.
    pub fn open(self, ask: fn() -> Result<Password>) -> Result<(SigningKey, Password)> {
        if let Some(Given { password, source }) = &self.given {
            return match self.decrypt(password) {
                Err(Error::WrongPassword) => Err(wrong_password(&self.args.key, source)),
                key => self.opened(key, password.clone()),
            };
        }
        for _ in 1..TRIES {
            let password = ask()?;
            match self.decrypt(&password) {
                Err(Error::WrongPassword) => say("Password incorrect!"),
                key => return self.opened(key, password),
            }
        }
        let password = ask()?;
        self.opened(self.decrypt(&password), password)
    }

    fn decrypt(&self, password: &[u8]) -> Result<SigningKey, Error> {
        self.file.decrypt(password, self.args.max_iterations)
    }

    fn opened(&self, key: Result<SigningKey, Error>, password: Password) -> Result<(SigningKey, Password)> {
        Ok((key.map_err(|error| refused(&self.args.key, &error))?, password))
    }
}

fn wrong_password(path: &Path, source: &str) -> anyhow::Error {
    let path = Shown(path);
    anyhow!("{path}: wrong password from {source}, or a damaged key file; nothing has changed, try again")
}

/// The text that a user wrote around a block: all but the two lines directly before it that say who made it, and when.
fn surroundings(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (before, rest) = split(bytes, BEGIN).unwrap_or((bytes, b""));
    let after = split(rest, END).and_then(|(_, end)| split(end, DASHES)).map_or(&b""[..], |(_, after)| after);
    let mut lines: Vec<_> = before.split_inclusive(|byte| *byte == b'\n').collect();
    if let [.., by, at] = lines.as_slice()
        && [by, at].iter().zip(PROVENANCE).all(|(line, words)| line.starts_with(words) && line.ends_with(b"\n"))
    {
        lines.truncate(lines.len() - PROVENANCE.len());
    }
    (lines.concat(), after.to_vec())
}

/// What stands before and after the first of these.
fn split<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(mark.len()).position(|window| window == mark)?;
    let (before, rest) = bytes.split_at(at);
    Some((before, rest.get(mark.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_lines_before_the_block_are_not_the_users() {
        let block = "-----BEGIN TACK PRIVATE KEY-----\nAAAA\n-----END TACK PRIVATE KEY-----";
        let own = "Created by tack.py 0.9.7\nCreated at 2026-11-20T18:45:24Z\n";
        for (before, ours, after) in [
            ("", own, "\n"),
            ("", "", ""),
            ("# in vault 7\n", own, "\n# until 2031"),
            ("Created by Alice\n", own, "\nCreated at home\n"),
            ("Created by Alice\nCreated at home\n", own, " text on the END line\n"),
            ("Created at home\n", "", "\n"),
            ("Created by Alice\n", "", "\n"),
            ("Created by Alice\n# and\nCreated at home\n", "", "\n"),
            ("text on the BEGIN line ", "", "\r\n"),
        ] {
            let text = format!("{before}{ours}{block}{after}");
            let expected = (before.as_bytes().to_vec(), after.as_bytes().to_vec());
            assert_eq!(surroundings(text.as_bytes()), expected, "{text}");
        }
    }
}
