//! The objects of a file, read in pieces and looked at on all cores.

use std::path::Path;
use std::{iter, mem};

use anyhow::{Error, Result, anyhow};
use rayon::prelude::*;
use tack_core::{Object, ObjectReader};

use crate::display::Shown;
use crate::input::{Input, Inputs, SMALL};
use crate::message::refused;
use crate::threads::on_all_cores;

/// What is read of a file at a time.
const PIECE: usize = 64 << 10;
/// The text of the objects that are in memory at a time, unless one alone is larger. At first it is less, so that the
/// first objects are seen soon.
const CHUNK: usize = 2 * PIECE;
const FIRST_CHUNK: usize = 1;
/// The most text without a PEM block: 1 MiB.
const MAX_GAP: usize = 1 << 20;
/// As many objects take longer than to start threads.
const WORTH_THREADS: usize = 4;

/// Why an object, or the rest of a file, cannot be read.
pub enum Unreadable {
    /// An object, which the library refused.
    Object(tack_core::Error),
    /// The rest of the file, or all of it. This is the message.
    File(Error),
}

impl Unreadable {
    /// What the user is told, of this file.
    pub fn message(self, path: &Path) -> Error {
        match self {
            Self::Object(error) => refused(path, &error),
            Self::File(error) => error,
        }
    }
}

/// Gives each object of a file to `look` on all cores, such as to verify it; and what `look` makes of it to `then`, in the
/// order of the file, until that fails. What cannot be read goes to `then` in its place. Each piece of the file goes to
/// `text` as well, as it is read.
///
/// The memory that this takes does not depend on the size of the file. Text of more than 1 MiB without a PEM block ends
/// the reading, so that no device and no sparse file is read for ever.
pub fn each<T: Send, E>(
    path: &Path,
    inputs: &mut Inputs,
    mut text: impl FnMut(&[u8]),
    look: impl Fn(Object) -> T + Sync,
    mut then: impl FnMut(Result<T, Unreadable>) -> Result<(), E>,
) -> Result<(), E> {
    let mut source = match inputs.open(path) {
        Ok(input) => Source { path, input, reader: ObjectReader::default(), read: 0 },
        Err(error) => return then(Err(Unreadable::File(error))),
    };
    let mut buffer = vec![0; PIECE];
    let mut size = FIRST_CHUNK;
    let mut is_open = true;
    while is_open {
        let mut found = Vec::new();
        let mut failure = None;
        let end = source.read.saturating_add(size);
        size = CHUNK;
        while is_open && source.read < end {
            is_open = source.read(&mut buffer, &mut text, &mut found).unwrap_or_else(|error| {
                failure = Some(error);
                false
            });
        }
        let looked: Vec<_> = if found.len() < WORTH_THREADS {
            found.into_iter().map(|object| object.map(&look)).collect()
        } else {
            on_all_cores(|| found.into_par_iter().map(|object| object.map(&look)).collect())
        };
        looked.into_iter().try_for_each(|object| then(object.map_err(Unreadable::Object)))?;
        if let Some(error) = failure {
            then(Err(Unreadable::File(error)))?;
        }
    }
    Ok(())
}

/// An open file, and the objects in it.
struct Source<'a> {
    path: &'a Path,
    input: Input<'a>,
    reader: ObjectReader,
    /// How much of the file is read.
    read: usize,
}

impl Source<'_> {
    /// Reads a piece, adds the objects that end in it, and says whether there may be more.
    fn read(
        &mut self,
        buffer: &mut [u8],
        text: &mut impl FnMut(&[u8]),
        found: &mut Vec<Result<Object, tack_core::Error>>,
    ) -> Result<bool> {
        let Some(mut piece) = self.input.read(buffer)? else {
            found.extend(mem::take(&mut self.reader).finish());
            return Ok(false);
        };
        self.read = self.read.saturating_add(piece.len());
        text(piece);
        found.extend(iter::from_fn(|| self.reader.next_object(&mut piece)));
        if let Some(Err(tack_core::Error::CertificateTooLarge)) = found.last() {
            return Ok(false);
        }
        match self.reader.skipped() {
            0..=MAX_GAP => Ok(true),
            skipped if skipped == self.read => Err(self.input.too_large(SMALL)),
            _ => Err(anyhow!(
                "{}: more than 1 MiB of text without a PEM block, and the rest is not read; give the right file",
                Shown(self.path)
            )),
        }
    }
}
