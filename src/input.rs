//! Files that are read: standard input once, and no more of any than what it should hold.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Result, anyhow, bail};

use crate::display::{Shown, is_dash, plain};
use crate::message::say;

/// The most that is read of a key, a certificate or a password: 1 MiB.
pub const SMALL: u64 = 1 << 20;
/// The most that is read of a file of tacks: 512 MiB, nearly twice what 1,000,000 tacks take.
pub const LARGE: u64 = 512 << 20;
const MIB: u64 = 1 << 20;
/// Before the label of a PEM block.
pub const PEM_BEGIN: &[u8] = b"-----BEGIN ";

/// What a run has read, so that standard input is read once and no output replaces an input.
#[derive(Default)]
pub struct Inputs {
    stdin_taken: bool,
    read: Vec<fs::Metadata>,
}

/// What tells a file from all others, whatever its names.
#[derive(PartialEq, Eq)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// Of a file by its metadata.
    pub fn of(metadata: &fs::Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

impl Inputs {
    /// Reads a file, or standard input for "-". More than `limit` bytes are refused, and so is nothing at all. A `limit`
    /// above [`SMALL`] is for PEM alone, so that no other file costs the memory.
    pub fn read(&mut self, path: &Path, limit: u64) -> Result<Vec<u8>> {
        let shown = Shown(path);
        let failed = |error: io::Error| {
            let advice = match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "; check its name",
                io::ErrorKind::PermissionDenied => "; run as a user who may read it",
                _ => "",
            };
            anyhow!("{shown}: cannot be read: {}{advice}", plain(&error))
        };
        let file = if is_dash(path) { self.take_stdin()? } else { File::open(path).map_err(failed)? };
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            bail!("{shown}: it is a directory; give a file");
        }
        self.read.push(metadata.clone());
        let mut bytes = Vec::new();
        (&file).take(SMALL).read_to_end(&mut bytes).map_err(failed)?;
        let limit = if contains(&bytes, PEM_BEGIN) { limit } else { SMALL };
        if metadata.len() <= limit {
            file.take(limit - SMALL + 1).read_to_end(&mut bytes).map_err(failed)?;
        }
        if metadata.len().max(bytes.len().try_into()?) > limit {
            bail!(
                "{shown}: it is larger than {} MiB, too large for what it should hold; give the right file",
                limit / MIB
            );
        }
        if bytes.is_empty() {
            bail!("{shown}: it is empty; give the right file");
        }
        Ok(bytes)
    }

    /// Whether a path names a file that was read.
    pub fn contain(&self, path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|metadata| self.contain_file(&metadata))
    }

    fn contain_file(&self, metadata: &fs::Metadata) -> bool {
        metadata.is_file() && self.read.iter().any(|read| FileId::of(read) == FileId::of(metadata))
    }

    /// Whether a file was read, and has not been written to since.
    pub fn contain_unchanged(&self, metadata: &fs::Metadata) -> bool {
        let state = |of: &fs::Metadata| (of.len(), of.mtime(), of.mtime_nsec());
        self.read.iter().any(|read| FileId::of(read) == FileId::of(metadata) && state(read) == state(metadata))
    }

    fn take_stdin(&mut self) -> Result<File> {
        if std::mem::replace(&mut self.stdin_taken, true) {
            bail!("standard input: it can be read only once; give a file for all but one \"-\"");
        }
        let stdin = io::stdin();
        if stdin.is_terminal() {
            say("tack: reading standard input; end it with Ctrl-D");
        }
        Ok(stdin.as_fd().try_clone_to_owned()?.into())
    }
}

/// Whether bytes hold these within them.
pub fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}
