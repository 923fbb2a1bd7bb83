//! The guard over keys: no output replaces one.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use anyhow::{Error, Result, bail};
use rustix::fs::{CWD, Mode, OFlags, openat};

use crate::display::{Shown, plain};
use crate::input::{SMALL, contains};

/// Most outputs are no longer, so that one reading is enough.
const USUAL: usize = 4096;
const KEY_BEGIN: &[u8] = b"-----BEGIN TACK PRIVATE KEY-----";
/// The name of the version in a key ring of tickets.
const RING_BEGIN: &[u8] = b"\"tack_ticket_ring\"";

/// Refuses to write over a TACK key, which nothing but `genkey --force` and `passwd` may do; over a key ring, without which
/// every pinned client is locked out; and over what cannot be looked into, as it may be one.
pub fn refuse_key_file(path: &Path) -> Result<()> {
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Ok(());
    }
    // A pipe that takes the name now would keep the opening waiting.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    match openat(CWD, path, flags, Mode::empty()).map_err(std::io::Error::from) {
        Ok(file) => refuse_key(path, &file.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(hidden(path, &error)),
    }
}

/// As [`refuse_key_file`], of the open file that is about to be replaced.
pub fn refuse_key(path: &Path, file: &File) -> Result<()> {
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Ok(());
    }
    let mut start = Vec::with_capacity(USUAL);
    match file.take(SMALL).read_to_end(&mut start) {
        Ok(_) if contains(&start, KEY_BEGIN) => {
            bail!("{}: it holds a TACK key, which would be lost; choose another output", Shown(path))
        }
        Ok(_) if contains(&start, RING_BEGIN) => {
            bail!("{}: it holds a key ring, which would be lost; choose another output", Shown(path))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(hidden(path, &error)),
    }
}

/// The error for a file that cannot be looked into.
pub fn hidden(path: &Path, error: &std::io::Error) -> Error {
    anyhow::anyhow!(
        "{}: it may hold a key, and cannot be looked into: {}; choose another output, or another user",
        Shown(path),
        plain(error)
    )
}
