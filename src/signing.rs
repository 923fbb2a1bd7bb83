//! Signing batches on all cores, and writing them: to one file, to a file for each tack, or as a stream.

use std::ffi::OsStr;
use std::fs;
use std::io::{IsTerminal, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Error, Result, anyhow};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::prelude::*;
use tack_core::{Batch, Tack};

use crate::display::{Shown, plain};
use crate::message::{provenance, say_text};
use crate::output::{Output, stdout, stdout_failed};
use crate::replace::{Names, append, cannot_write, directory, is_stream};
use crate::threads::on_all_cores;
use crate::words::{self, Words};

/// Tacks that are signed at a time, while those before them are written: about a hundredth of a second of work.
const CHUNK: u32 = 256;
/// Tacks that a thread signs before it shares the rest with one that has nothing to do.
const FEW: usize = 4;
/// The digits of a batch's numbers in file names, unless more are needed.
const MIN_DIGITS: usize = 4;
const SUFFIX: &[u8] = b".pem";
const PROGRESS_AFTER: Duration = Duration::from_millis(500);

/// Where the tacks of a batch go.
pub enum Destination {
    /// All to one output.
    One(Output),
    /// Each to a file of its own.
    Many(BatchFiles),
}

/// The files of a batch: `PREFIX_0000.pem` and so on.
pub struct BatchFiles {
    prefix: PathBuf,
    number: u32,
    digits: usize,
}

impl BatchFiles {
    /// The files for so many tacks, with as many digits as the largest number needs.
    pub fn new(prefix: PathBuf, number: u32) -> Self {
        let digits = number.saturating_sub(1).to_string().len().max(MIN_DIGITS);
        Self { prefix, number, digits }
    }

    /// Those that are there already. In a directory that cannot be listed each name is tried.
    pub fn existing(&self) -> Box<dyn Iterator<Item = PathBuf> + '_> {
        let Ok(entries) = fs::read_dir(directory(&self.path(0))) else {
            let is_there = |path: &PathBuf| fs::symlink_metadata(path).is_ok();
            return Box::new((0..self.number).map(|index| self.path(index)).filter(is_there));
        };
        let names = entries.flatten().map(|entry| entry.file_name()).filter(|name| self.have_name(name));
        Box::new(names.map(|name| self.path(0).with_file_name(name)))
    }

    fn have_name(&self, name: &OsStr) -> bool {
        let first = self.path(0);
        let first = first.file_name().unwrap_or_default().as_encoded_bytes();
        let digits = first.strip_suffix(SUFFIX).and_then(|first| {
            let (front, zeros) = first.split_at_checked(first.len().checked_sub(self.digits)?)?;
            let digits = name.as_encoded_bytes().strip_prefix(front)?.strip_suffix(SUFFIX)?;
            (digits.len() == zeros.len() && digits.iter().all(u8::is_ascii_digit)).then_some(digits)
        });
        let number = digits.and_then(|digits| str::from_utf8(digits).ok()?.parse::<u32>().ok());
        number.is_some_and(|number| number < self.number)
    }

    /// The file of this index, counted from 0.
    pub fn path(&self, index: u32) -> PathBuf {
        let mut path = self.prefix.clone().into_os_string();
        path.push(format!("_{index:0digits$}", digits = self.digits));
        path.push(OsStr::from_bytes(SUFFIX));
        path.into()
    }
}

/// A tack that is to be written.
struct Signed {
    index: u32,
    text: String,
    tack: Tack,
}

/// A run of signing: its progress, and what goes before and beside the tacks.
pub struct Signing {
    provenance: String,
    verbose: bool,
    begun: bool,
    /// The tacks of all batches that are written.
    written: u64,
    total: u64,
    progress: Progress,
}

impl Signing {
    /// A run that is to sign these batches, for these destinations.
    pub fn new(batches: &[Batch<'_>], destinations: &[Destination], now: i64, verbose: bool) -> Self {
        let total = batches.iter().map(|batch| u64::from(batch.number())).sum();
        let to_stdout = destinations.iter().any(|destination| matches!(destination, Destination::One(Output::Stdout)));
        // Nothing else may be on the bar's terminal.
        let is_wanted = std::io::stderr().is_terminal() && !verbose && !(to_stdout && std::io::stdout().is_terminal());
        let progress = Progress::new(total, is_wanted);
        Self { provenance: provenance(now), verbose, begun: false, written: 0, total, progress }
    }

    /// Signs a batch and writes it.
    pub fn write(&mut self, batch: &Batch<'_>, destination: &Destination) -> Result<()> {
        // The signing is checked once for each batch: it costs as much as three signatures.
        first(batch).verify()?;
        let result = match destination {
            Destination::One(Output::Stdout) => {
                stdout().map(drop).and_then(|()| self.stream(batch, &mut std::io::stdout(), stdout_failed))
            }
            Destination::One(Output::File(path)) if is_stream(path) => {
                let failed = |error| cannot_write(path, &error);
                append(path).and_then(|mut file| self.stream(batch, &mut file, failed))
            }
            Destination::One(output) => self.one(batch, output),
            Destination::Many(files) => self.files(batch, files),
        };
        if result.is_err() {
            self.progress.bar.finish_and_clear();
        }
        result
    }

    /// Ends the progress bar.
    pub fn finish(self) {
        self.progress.bar.finish_and_clear();
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
        failed: impl Fn(std::io::Error) -> Error + Sync,
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

    /// One after the other: a directory takes one name at a time, and a kill leaves one temporary file at most.
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

    /// Signs a batch on all cores, portion by portion, and has one thread write each while the others sign the next. The
    /// text of each tack begins with `prefix`.
    fn sign(
        &mut self,
        batch: &Batch<'_>,
        prefix: &str,
        mut write: impl FnMut(&mut Self, &[Signed]) -> Result<()> + Send,
    ) -> Result<()> {
        let sign = |index| {
            let tack = batch.tack(index).expect("the chunks end with the batch");
            Ok(Signed { index, text: prefix.to_owned() + &tack.to_pem(), tack })
        };
        on_all_cores(|| {
            let mut ready = Vec::new();
            for chunk in chunks(batch) {
                let signing = || chunk.into_par_iter().with_max_len(FEW).map(sign).collect::<Result<Vec<_>>>();
                let (written, signed) = rayon::join(|| write(self, &ready), signing);
                written?;
                ready = signed?;
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

/// The indexes of a batch, in portions that fit into memory.
fn chunks(batch: &Batch<'_>) -> impl Iterator<Item = std::ops::Range<u32>> + use<> {
    let number = batch.number();
    (0..number).step_by(CHUNK.try_into().unwrap_or(usize::MAX)).map(move |start| start..number.min(start + CHUNK))
}

/// A progress bar on a terminal, once the work has taken half a second.
struct Progress {
    bar: ProgressBar,
    is_wanted: bool,
    started: Instant,
}

impl Progress {
    fn new(total: u64, is_wanted: bool) -> Self {
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} tacks, {eta} left");
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, is_wanted, started: Instant::now() }
    }

    fn advance(&mut self) {
        if self.is_wanted && self.started.elapsed() > PROGRESS_AFTER {
            self.is_wanted = false;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.inc(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batch_files_know_their_names() {
        for (prefix, front) in [("/tmp/T1", "T1_"), ("T1", "T1_"), ("a/b/", "_"), ("a/.T", ".T_")] {
            let files = BatchFiles::new(prefix.into(), 12);
            let have_name = |rest: &str| files.have_name(format!("{front}{rest}").as_ref());
            assert!(files.path(11).to_str().unwrap().ends_with(&format!("{front}0011.pem")), "{prefix}");
            for rest in ["0000.pem", "0003.pem", "0011.pem"] {
                assert!(have_name(rest), "{prefix}: {rest}");
            }
            for rest in ["0012.pem", "000.pem", "00011.pem", "+001.pem", "0001.PEM", ".pem", "0001", "_0001.pem"] {
                assert!(!have_name(rest), "{prefix}: {rest}");
            }
            assert!(!files.have_name("T2_0001.pem".as_ref()) && !files.have_name("T1-0001.pem".as_ref()));
        }
    }

    #[test]
    fn digits_are_four_or_as_many_as_needed() {
        for (number, name) in [(1, "T_0000.pem"), (10_000, "T_0000.pem"), (10_001, "T_00000.pem")] {
            assert_eq!(BatchFiles::new("T".into(), number).path(0), PathBuf::from(name), "{number}");
        }
    }
}
