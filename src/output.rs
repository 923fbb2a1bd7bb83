//! Where a command writes what it makes: standard output, or a file that is neither an input nor a key.

use std::fs::{self, File, Metadata};
use std::io::{self, IsTerminal, StdoutLock, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use anyhow::{Error, Result, anyhow, bail};
use rustix::fs::{OFlags, fcntl_getfl};

use crate::display::{Shown, is_dash, plain};
use crate::guard::refuse_key_file;
use crate::input::{FileId, Inputs};
use crate::place::{LastLink, Place};
use crate::replace::{cannot_write, create_secret, directory, replace};

const NULL: &str = "/dev/null";

/// Where a command writes what it makes.
#[derive(Clone, Debug)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// A file, which appears whole or not at all.
    File(PathBuf),
}

impl Output {
    /// The output for an `-o`, which must be neither one of the inputs nor a key file.
    pub fn new(path: Option<&Path>, inputs: &Inputs) -> Result<Self> {
        let output = Self::for_key(path, inputs)?;
        if let Self::File(path) = &output {
            refuse_key_file(path)?;
        }
        Ok(output)
    }

    /// The output for a new key file, which must not be one of the inputs.
    pub fn for_key(path: Option<&Path>, inputs: &Inputs) -> Result<Self> {
        match path {
            None => Ok(Self::Stdout),
            Some(path) if is_dash(path) || (is_stdout(path) && !is_null(path)) => Ok(Self::Stdout),
            Some(path) => {
                if inputs.contain(path) {
                    bail!("{}: it is an input too, and would be lost; choose another output", Shown(path));
                }
                if path.is_dir() {
                    bail!("{}: it is a directory; give a file name", Shown(path));
                }
                check_directory(path)?;
                // A link that others can change is refused before anything is asked.
                Place::find(path, LastLink::Follow).map_err(|error| cannot_write(path, &error))?;
                Ok(Self::File(path.to_owned()))
            }
        }
    }

    /// Writes all of it.
    pub fn write(&self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Stdout => {
                let mut stdout = stdout()?;
                stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(stdout_failed)
            }
            Self::File(path) => replace(path, bytes),
        }
    }

    /// As [`write`](Self::write), of a secret: the file is its owner's alone, whoever could read the one before.
    pub fn write_secret(&self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Stdout => self.write(bytes),
            Self::File(path) => {
                refuse_key_file(path)?;
                create_secret(path, bytes, true).map(drop)
            }
        }
    }
}

/// Whether a path names the very file that standard output goes to, such as /dev/stdout. What is there already, before the
/// place where standard output is, must stay.
pub fn is_stdout(path: &Path) -> bool {
    let stdout = io::stdout().as_fd().try_clone_to_owned().and_then(|stdout| File::from(stdout).metadata());
    is_same(fs::metadata(path), stdout)
}

fn is_null(path: &Path) -> bool {
    is_same(fs::metadata(path), fs::metadata(NULL))
}

fn is_same(one: io::Result<Metadata>, other: io::Result<Metadata>) -> bool {
    one.is_ok_and(|one| other.is_ok_and(|other| FileId::of(&one) == FileId::of(&other)))
}

/// Refuses a file name in a directory that is not there, before anything is asked or computed for it.
pub fn check_directory(path: &Path) -> Result<()> {
    match fs::metadata(directory(path)) {
        Ok(parent) if !parent.is_dir() => Err(cannot_write(path, &io::ErrorKind::NotADirectory.into())),
        Ok(_) => Ok(()),
        Err(error) => Err(cannot_write(path, &error)),
    }
}

/// Standard output, for what is made and must arrive.
pub fn stdout() -> Result<StdoutLock<'static>> {
    if is_null_of_the_runtime() {
        bail!("standard output: it is closed; give a file with -o, or redirect it");
    }
    stdout_to_show()
}

/// Standard output, for what is shown to whoever wants to see it: the exit status says as much.
pub fn stdout_to_show() -> Result<StdoutLock<'static>> {
    let flags = fcntl_getfl(io::stdout());
    // What is written there fails, and the standard library does not say so.
    if flags.is_ok_and(|flags| flags & OFlags::RWMODE == OFlags::RDONLY) {
        bail!("standard output: it is open to be read, not to be written; give a file with -o, or redirect it");
    }
    Ok(io::stdout().lock())
}

/// Prints a text that is shown to whoever wants to see it.
pub fn print(text: &str) -> Result<()> {
    let mut stdout = stdout_to_show()?;
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(stdout_failed)
}

/// Whether standard output was closed: the Rust runtime then opens /dev/null in its place before `main`, to read and to
/// write, where a shell's "> /dev/null" only writes. A program that starts this one may have opened it so too. Whoever asks
/// such a program for a status does not miss the words, but no key and no tack is made for nobody.
fn is_null_of_the_runtime() -> bool {
    let is_read_too = fcntl_getfl(io::stdout()).is_ok_and(|flags| flags & OFlags::RWMODE == OFlags::RDWR);
    is_read_too && is_stdout(Path::new(NULL))
}

/// Whether standard output is a terminal with colours, whose user has not asked for none: <https://no-color.org>.
pub fn is_coloured() -> bool {
    let is_unset = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    io::stdout().is_terminal() && is_unset && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// The error for a write to standard output that failed.
pub fn stdout_failed(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return ClosedPipe.into();
    }
    anyhow!("standard output: cannot be written: {}", plain(&error))
}

/// Whoever read standard output reads no more. It is not worth a message.
#[derive(Debug, thiserror::Error)]
#[error("closed pipe")]
pub struct ClosedPipe;
