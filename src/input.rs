//! Files that are read: standard input once, and no more of any than what it should hold.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Error, Result, anyhow, bail};
use zeroize::Zeroizing;

use crate::display::{Shown, is_dash, plain};
use crate::message::say;

/// The most that is read of a key, a certificate or a password: 1 MiB.
pub const SMALL: u64 = 1 << 20;
const MIB: u64 = 1 << 20;

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
    /// Reads a file, or standard input for "-". More than `limit` bytes are refused, and so is nothing at all.
    pub fn read(&mut self, path: &Path, limit: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(path)?.read_all(limit, &mut bytes)?;
        Ok(bytes)
    }

    /// As [`read`](Self::read), of a secret: no copy of it is left in memory.
    pub fn read_secret(&mut self, path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>> {
        let input = self.open(path)?;
        // So large that it never moves, which would leave a copy. Of a pipe nobody knows how much comes.
        let room = if input.size == 0 { limit } else { input.size.min(limit) };
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(room + 1)?));
        input.read_all(limit, &mut bytes)?;
        Ok(bytes)
    }

    /// Opens a file, or standard input for "-", to be read in pieces.
    pub fn open<'a>(&mut self, path: &'a Path) -> Result<Input<'a>> {
        let file = if is_dash(path) {
            self.take_stdin()?
        } else {
            File::open(path).map_err(|error| cannot_read(path, &error))?
        };
        let metadata = file.metadata().map_err(|error| cannot_read(path, &error))?;
        if metadata.is_dir() {
            bail!("{}: it is a directory; give a file", Shown(path));
        }
        let size = metadata.len();
        self.read.push(metadata);
        Ok(Input { path, file, size, has_bytes: false })
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

/// A file that is open, or standard input.
pub struct Input<'a> {
    path: &'a Path,
    file: File,
    /// What the system says of it, which is 0 for a pipe.
    size: u64,
    has_bytes: bool,
}

impl Input<'_> {
    /// Reads all of it, with no more than `limit` bytes.
    fn read_all(&self, limit: u64, bytes: &mut Vec<u8>) -> Result<()> {
        if self.size <= limit {
            (&self.file).take(limit + 1).read_to_end(bytes).map_err(|error| cannot_read(self.path, &error))?;
        }
        if self.size.max(bytes.len().try_into()?) > limit {
            return Err(self.too_large(limit));
        }
        if bytes.is_empty() {
            return Err(self.empty());
        }
        Ok(())
    }

    /// Reads what comes next, none at the end. Nothing at all is refused.
    pub fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Option<&'b [u8]>> {
        let number = loop {
            match self.file.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                number => break number.map_err(|error| cannot_read(self.path, &error))?,
            }
        };
        if number == 0 && !self.has_bytes {
            return Err(self.empty());
        }
        self.has_bytes = true;
        Ok(buffer.get(..number).filter(|piece| !piece.is_empty()))
    }

    /// The error for more bytes than what is wanted could have.
    pub fn too_large(&self, limit: u64) -> Error {
        anyhow!(
            "{}: it is larger than {} MiB, too large for what it should hold; give the right file",
            Shown(self.path),
            limit / MIB
        )
    }

    fn empty(&self) -> Error {
        anyhow!("{}: it is empty; give the right file", Shown(self.path))
    }
}

fn cannot_read(path: &Path, error: &io::Error) -> Error {
    let advice = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "; check its name",
        io::ErrorKind::PermissionDenied => "; run as a user who may read it",
        _ => "",
    };
    anyhow!("{}: cannot be read: {}{advice}", Shown(path), plain(error))
}

/// Whether bytes hold these within them.
pub fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}
