//! Signs batches on all cores, and writes them: to one file, to a file for each tack, or as a stream.

use std::io::{self, IsTerminal, Write};

use anyhow::{Error, Result, anyhow};
use rayon::prelude::*;
use tack_core::{Batch, Tack};

use crate::batch_files::BatchFiles;
use crate::display::{Shown, plain};
use crate::message::{provenance, say_text};
use crate::output::{Output, stdout, stdout_failed};
use crate::progress::Progress;
use crate::replace::{Names, append, cannot_write, is_stream};
use crate::threads::on_all_cores;
use crate::words::{self, Words};

/// How many tacks are signed while those before them are written: about a hundredth of a second of work.
const CHUNK: u16 = 256;
/// How many tacks a thread signs before it lets an idle one have some of the rest.
const FEW: usize = 4;

/// Where a batch goes.
pub enum Destination {
    /// To one output, all of it.
    One(Output),
    /// To a file for each tack.
    Many(BatchFiles),
}

/// A tack that is to be written.
struct Signed {
    index: u32,
    text: String,
    tack: Tack,
}

/// The signing of one run, which may be of several batches.
pub struct Signing {
    provenance: String,
    verbose: bool,
    /// Whether a stream has its first lines.
    begun: bool,
    /// How many tacks are written, of all batches.
    written: u64,
    total: u64,
    progress: Progress,
}

impl Signing {
    /// Prepares to sign these batches for these destinations.
    pub fn new(batches: &[Batch<'_>], destinations: &[Destination], now: i64, verbose: bool) -> Self {
        let total = batches.iter().map(|batch| u64::from(batch.number())).sum();
        let to_stdout = destinations.iter().any(|destination| matches!(destination, Destination::One(Output::Stdout)));
        // Other output on the same terminal would break the bar.
        let is_wanted = io::stderr().is_terminal() && !verbose && !(to_stdout && io::stdout().is_terminal());
        let progress = Progress::new(total, "tacks", is_wanted);
        Self { provenance: provenance(now), verbose, begun: false, written: 0, total, progress }
    }

    /// Signs a batch and writes it.
    pub fn write(&mut self, batch: &Batch<'_>, destination: &Destination) -> Result<()> {
        // A fault of the machine must not go out. Once for each batch: it costs as much as three signatures.
        first(batch).verify()?;
        let result = match destination {
            Destination::One(Output::Stdout) => {
                stdout().map(drop).and_then(|()| self.stream(batch, &mut io::stdout(), stdout_failed))
            }
            Destination::One(Output::File(path)) if is_stream(path) => {
                let failed = |error| cannot_write(path, &error);
                append(path).and_then(|mut file| self.stream(batch, &mut file, failed))
            }
            Destination::One(output) => self.one(batch, output),
            Destination::Many(files) => self.files(batch, files),
        };
        if result.is_err() {
            self.progress.clear();
        }
        result
    }

    /// Ends the progress bar.
    pub fn finish(self) {
        self.progress.clear();
    }

    fn one(&self, batch: &Batch<'_>, output: &Output) -> Result<()> {
        let tack = first(batch);
        output.write((self.provenance.clone() + &tack.to_pem()).as_bytes())?;
        self.say(&tack);
        Ok(())
    }

    fn stream(
        &mut self,
        batch: &Batch<'_>,
        out: &mut (dyn Write + Send),
        failed: impl Fn(io::Error) -> Error + Sync,
    ) -> Result<()> {
        if !std::mem::replace(&mut self.begun, true) {
            out.write_all(self.provenance.as_bytes()).map_err(&failed)?;
        }
        self.sign(batch, "", |this, signed| {
            signed
                .iter()
                .try_for_each(|signed| {
                    out.write_all(signed.text.as_bytes())?;
                    this.done(&signed.tack);
                    Ok(())
                })
                .and_then(|()| out.flush())
                .map_err(&failed)
        })
    }

    /// Writes one file after the other: a directory takes one name at a time, and a kill leaves one temporary file at most.
    fn files(&mut self, batch: &Batch<'_>, files: &BatchFiles) -> Result<()> {
        let provenance = self.provenance.clone();
        let names = Names::beside(&files.path(0))?;
        let result = self.sign(batch, &provenance, |this, signed| {
            signed.iter().try_for_each(|signed| {
                names.replace(&files.path(signed.index), signed.text.as_bytes())?;
                this.done(&signed.tack);
                Ok(())
            })
        });
        result.map_err(|error| {
            let (written, total) = (self.written, self.total);
            anyhow!(
                "{error}; {written} of {total} tacks are written; the same command completes them when that is mended"
            )
        })?;
        names.sync().map_err(|error| {
            let (path, error) = (files.path(0), plain(&error));
            anyhow!("{}: it is written, and so are the others, but may not be on the disk: {error}", Shown(&path))
        })
    }

    /// Signs a batch on all cores, chunk by chunk. One thread writes each chunk while the others sign the next one. The text
    /// of each tack begins with `prefix`.
    fn sign(
        &mut self,
        batch: &Batch<'_>,
        prefix: &str,
        mut write: impl FnMut(&mut Self, &[Signed]) -> Result<()> + Send,
    ) -> Result<()> {
        let sign = |index| {
            let tack = batch.tack(index).expect("the chunks end with the batch");
            Signed { index, text: prefix.to_owned() + &tack.to_pem(), tack }
        };
        on_all_cores(|| {
            let mut ready = Vec::new();
            for chunk in chunks(batch) {
                let signing = || chunk.into_par_iter().with_max_len(FEW).map(sign).collect();
                let (written, signed) = rayon::join(|| write(self, &ready), signing);
                written?;
                ready = signed;
            }
            write(self, &ready)
        })
    }

    fn done(&mut self, tack: &Tack) {
        self.written += 1;
        self.say(tack);
        self.progress.advance();
    }

    fn say(&self, tack: &Tack) {
        if self.verbose {
            say_text(format_args!("{}{}", words::crypto(Words::Tackpy097), Words::Tackpy097.tack(tack)));
        }
    }
}

fn first(batch: &Batch<'_>) -> Tack {
    batch.tack(0).expect("a batch has one tack at least")
}

/// The indexes of a batch, in chunks that fit into memory.
fn chunks(batch: &Batch<'_>) -> impl Iterator<Item = std::ops::Range<u32>> + use<> {
    let number = batch.number();
    (0..number).step_by(CHUNK.into()).map(move |start| start..number.min(start + u32::from(CHUNK)))
}
