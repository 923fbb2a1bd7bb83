//! Where a command writes what it makes: standard output, or a file that is neither an input nor a key.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Error, Result, anyhow, bail};

use crate::display::{Shown, is_dash, plain};
use crate::input::{FileId, Inputs, SMALL, contains};
use crate::place::{LastLink, Place};
use crate::replace::{cannot_write, directory, is_special, replace};

const KEY_BEGIN: &[u8] = b"-----BEGIN TACK PRIVATE KEY-----";

static STDOUT_IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// The Rust runtime opens /dev/null in the place of a closed standard output before `main`, and what is written would be
/// lost without a word. So this looks before the runtime does.
#[ctor::ctor(unsafe)]
fn see_whether_stdout_is_closed() {
    let closed = rustix::io::fcntl_getfd(rustix::stdio::stdout()).is_err();
    STDOUT_IS_CLOSED.store(closed, Ordering::Relaxed);
}

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
            Some(path) if is_dash(path) || is_stdout(path) => Ok(Self::Stdout),
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
}

/// Refuses to write over a TACK key, which nothing but `genkey --force` and `passwd` may do; and over what cannot be looked
/// into, as it may be one.
pub fn refuse_key_file(path: &Path) -> Result<()> {
    if is_special(path) {
        return Ok(());
    }
    let mut start = Vec::new();
    match File::open(path).and_then(|file| file.take(SMALL).read_to_end(&mut start)) {
        Ok(_) if contains(&start, KEY_BEGIN) => {
            bail!("{}: it holds a TACK key, which would be lost; choose another output", Shown(path))
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => bail!(
            "{}: it may hold a key, and cannot be looked into: {}; choose another output, or another user",
            Shown(path),
            plain(&error)
        ),
    }
}

/// Whether a path names the very file that standard output goes to, such as /dev/stdout: what is there already, before
/// the place where standard output is, must stay.
pub fn is_stdout(path: &Path) -> bool {
    let stdout = io::stdout().as_fd().try_clone_to_owned().and_then(|stdout| File::from(stdout).metadata());
    match (fs::metadata(path), stdout) {
        (Ok(file), Ok(stdout)) => FileId::of(&file) == FileId::of(&stdout),
        _ => false,
    }
}

/// Refuses a file name in a directory that is not there, before anything is asked or computed for it.
pub fn check_directory(path: &Path) -> Result<()> {
    match fs::metadata(directory(path)) {
        Ok(parent) if !parent.is_dir() => Err(cannot_write(path, &io::ErrorKind::NotADirectory.into())),
        Ok(_) => Ok(()),
        Err(error) => Err(cannot_write(path, &error)),
    }
}

/// Standard output, if it is open.
pub fn stdout() -> Result<io::StdoutLock<'static>> {
    if STDOUT_IS_CLOSED.load(Ordering::Relaxed) {
        bail!("standard output: it is closed; give a file with -o, or redirect it");
    }
    Ok(io::stdout().lock())
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
