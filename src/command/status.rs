//! `tack status`: what a batch covers, as a monitoring plugin.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use tack_core::{Coverage, Coverages, Fingerprint, Minute, Span, TargetHash, Timestamp};

use crate::cli::Status;
use crate::display::Shown;
use crate::input::Inputs;
use crate::json;
use crate::message::refused;
use crate::monitor::{self, Problems, State};
use crate::output::{is_coloured, stdout_failed, stdout_to_show};
use crate::served::Served;
use crate::tacks::{self, Notes};
use crate::target;
use crate::timeline::timeline;

/// The most problems that the first line names, and gaps that the line of a batch names.
const MAX_SHOWN: usize = 5;
/// The digits of a target hash that tell the batches of a key apart.
const HASH_DIGITS: usize = 16;

pub fn run(args: &Status, now: i64) -> Result<ExitCode> {
    let warn = args.warn;
    let report = Report::read(args, warn, Timestamp::new(now));
    let mut out = BufWriter::new(stdout_to_show()?);
    let written = if args.json { report.write_json(&mut out) } else { report.write_text(&mut out, is_coloured()) };
    written.and_then(|()| out.flush()).map_err(stdout_failed)?;
    Ok(report.problems.state().into())
}

/// What is known of all the files.
struct Report {
    batches: Vec<Batch>,
    problems: Problems,
    warn: Span,
    now: Timestamp,
}

/// What the tacks of a TACK key for a TLS key cover.
struct Batch {
    coverage: Coverage,
    fits: Fits,
}

/// Whether a batch is for the certificate of `-c`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fits {
    Unasked,
    Yes,
    No,
    /// No, but another batch of its TACK key does, as when a certificate is about to be renewed.
    OtherCertificate,
}

impl Report {
    fn read(args: &Status, warn: Span, now: Timestamp) -> Self {
        let mut report = Self { batches: Vec::new(), problems: Problems::default(), warn, now };
        let mut inputs = Inputs::default();
        let target = match args.certificate.as_deref().map(|path| target::read(path, &mut inputs)).transpose() {
            Ok(target) => target,
            Err(error) => {
                report.problems.push(State::Unknown, || format!("{error:#}"));
                return report;
            }
        };
        let mut coverages = Coverages::default();
        for path in &args.tacks {
            report.read_file(path, &mut inputs, &mut coverages);
        }
        let coverages = coverages.finish(now);
        if let Some(output) = &args.output {
            let certificate = args.certificate.as_deref().zip(target);
            Served { output, certificate, coverages: &coverages, now }.judge(&mut report.problems);
        }
        report.batches = batches(coverages, target);
        report.judge(args.certificate.as_deref());
        report
    }

    fn read_file(&mut self, path: &Path, inputs: &mut Inputs, coverages: &mut Coverages) {
        let mut number = 0_usize;
        let mut left_out = None;
        let Ok(notes) = tacks::each(path, inputs, |tack| {
            number += 1;
            if let Err(error) = coverages.push(&tack) {
                left_out.get_or_insert(error);
            }
            Ok::<_, std::convert::Infallible>(())
        });
        let shown = Shown(path);
        if let Some(error) = left_out {
            self.problems.push(State::Unknown, || format!("{shown}: {error}; give fewer files at a time"));
        }
        if let Some(time) = notes.created_at.filter(|time| tacks::is_clock_wrong(*time, self.now.seconds())) {
            self.problems.push(State::Unknown, || {
                format!("{shown}: it was created at {time}, and the clock says {}; set the clock", self.now)
            });
        }
        self.add_notes(path, &notes);
        if number == 0 && notes.unreadable.number() + notes.bad_signatures == 0 {
            self.problems.push(State::Unknown, || format!("{shown}: no tack in it; give a batch"));
        }
    }

    fn add_notes(&mut self, path: &Path, notes: &Notes) {
        for message in notes.unreadable.first() {
            self.problems.push(State::Unknown, || message.clone());
        }
        if let more @ 1.. = notes.unreadable.more() {
            self.problems.push(State::Unknown, || format!("{}: {more} more blocks cannot be read", Shown(path)));
        }
        match (&notes.bad_signature, notes.bad_signatures) {
            (Some(error), 1) => self.problems.push(State::Critical, || refused(path, error).to_string()),
            (Some(_), number) => self.problems.push(State::Critical, || {
                format!("{}: {number} tacks have a bad signature; do not use them", Shown(path))
            }),
            (None, _) => {}
        }
    }

    /// Finds what is wrong with the batches, for the certificate in this file.
    fn judge(&mut self, certificate: Option<&Path>) {
        let mut batches_of: HashMap<_, usize> = HashMap::new();
        for batch in &self.batches {
            *batches_of.entry(batch.coverage.key()).or_default() += 1;
        }
        for batch in &self.batches {
            let is_only = batches_of.get(batch.coverage.key()) == Some(&1);
            batch.judge(is_only, certificate, self.warn, &mut self.problems);
        }
    }

    /// The least that any batch has left.
    fn left(&self) -> Option<Span> {
        let judged = self.batches.iter().filter(|batch| batch.fits != Fits::OtherCertificate);
        judged.map(|batch| batch.coverage.left()).min()
    }

    /// The first line is for the monitoring system; the rest is for people.
    fn write_text(&self, out: &mut impl Write, is_coloured: bool) -> io::Result<()> {
        let left = self.left();
        let summary = match left {
            Some(left) if self.problems.state() == State::Ok => {
                let tacks: usize = self.batches.iter().map(|batch| batch.coverage.number()).sum();
                format!("{tacks} {}, {} days left", plural(tacks, "tack"), left.days())
            }
            _ => self.problems.messages(MAX_SHOWN).collect::<Vec<_>>().join("; "),
        };
        let days_left = left.map(|left| format!("days_left={};{}:;0:", left.days(), self.warn.days()));
        out.write_all(monitor::line(self.problems.state(), &summary, days_left.as_deref()).as_bytes())?;
        self.batches.iter().try_for_each(|batch| out.write_all(batch.text(self.now, is_coloured).as_bytes()))
    }

    fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write_pretty(out, self)?;
        writeln!(out)
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_struct("Report", 3)?;
        document.serialize_field("status", self.problems.state().word())?;
        document.serialize_field("problems", &self.problems.messages(usize::MAX).collect::<Vec<_>>())?;
        document.serialize_field("batches", &self.batches)?;
        document.end()
    }
}

/// Which of the batches fit the certificate with this key.
fn batches(coverages: Vec<Coverage>, target: Option<TargetHash>) -> Vec<Batch> {
    let fits = |coverage: &Coverage| Some(coverage.target_hash()) == target;
    let fitting: HashSet<Fingerprint> =
        coverages.iter().filter(|coverage| fits(coverage)).map(|coverage| coverage.key().fingerprint()).collect();
    let batch = |coverage: Coverage| {
        let fits = match target {
            None => Fits::Unasked,
            Some(_) if fits(&coverage) => Fits::Yes,
            Some(_) if fitting.contains(&coverage.key().fingerprint()) => Fits::OtherCertificate,
            Some(_) => Fits::No,
        };
        Batch { coverage, fits }
    };
    coverages.into_iter().map(batch).collect()
}

impl Batch {
    /// Finds what is wrong with it: whether it is the only one of its key says how to call it.
    fn judge(&self, is_only: bool, certificate: Option<&Path>, warn: Span, problems: &mut Problems) {
        if self.fits == Fits::OtherCertificate {
            return;
        }
        let coverage = &self.coverage;
        let mut key = coverage.key().fingerprint().to_string();
        if !is_only {
            key += &format!(" for target hash {:.HASH_DIGITS$}", coverage.target_hash().to_string());
        }
        if let (Fits::No, Some(certificate)) = (self.fits, certificate) {
            let problem = || format!("the tacks of key {key} do not fit the certificate in {}", Shown(certificate));
            problems.push(State::Critical, problem);
        }
        let (revoked, min_generation) = (coverage.revoked(), coverage.min_generation());
        match coverage.last() {
            None => problems.push(State::Critical, || {
                format!("all tacks of key {key} are of generations below {min_generation}, which other tacks revoke")
            }),
            Some(last) if coverage.is_over() => {
                problems.push(State::Critical, || format!("the last tack of key {key} expired at {last}"));
            }
            Some(_) if coverage.left() < warn => {
                problems.push(State::Warning, || format!("the tacks of key {key} last {} more", coverage.left()));
            }
            Some(_) => {}
        }
        if revoked > 0 && revoked < coverage.number() {
            let tacks = plural(revoked, "tack");
            problems.push(State::Warning, || {
                format!(
                    "{revoked} {tacks} of key {key} of generations below {min_generation}, which other tacks revoke"
                )
            });
        }
        for (from, to) in coverage.gaps() {
            problems.push(State::Critical, || format!("the tacks of key {key} have a gap from {from} to {to}"));
        }
    }

    fn text(&self, now: Timestamp, is_coloured: bool) -> String {
        let coverage = &self.coverage;
        let fits = match self.fits {
            Fits::Unasked => "",
            Fits::Yes => " (fits)",
            Fits::No => " (does not fit)",
            Fits::OtherCertificate => " (another certificate's)",
        };
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
        let minute = |minute: Option<Minute>| or_none(minute.map(|minute| minute.to_string()));
        let lines = [
            ("key fingerprint", coverage.key().fingerprint().to_string()),
            ("target hash", format!("{}{fits}", coverage.target_hash())),
            ("tacks", coverage.number().to_string()),
            ("first expiration", minute(coverage.first())),
            ("last expiration", minute(coverage.last())),
            ("interval", or_none(coverage.interval().map(|interval| interval.to_string()))),
            ("gaps", self.gaps()),
            ("left", coverage.left().to_string()),
            ("timeline", timeline(coverage, now, is_coloured)),
        ];
        let line = |(label, value)| format!("{label:16} {value}\n");
        std::iter::once("\n".to_owned()).chain(lines.map(line)).collect()
    }

    /// The first gaps, and how many more there are.
    fn gaps(&self) -> String {
        let mut gaps = self.coverage.gaps();
        let mut words: Vec<_> = gaps.by_ref().take(MAX_SHOWN).map(|(from, to)| format!("{from} to {to}")).collect();
        match gaps.count() {
            0 if words.is_empty() => words.push("none".to_owned()),
            0 => {}
            more => words.push(format!("and {more} more")),
        }
        words.join(", ")
    }
}

impl Serialize for Batch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let coverage = &self.coverage;
        let minute = |minute: Option<Minute>| minute.map(|minute| minute.to_string());
        let mut batch = serializer.serialize_struct("Batch", 10)?;
        batch.serialize_field("key_fingerprint", coverage.key().fingerprint().as_str())?;
        batch.serialize_field("target_hash", &coverage.target_hash().to_string())?;
        batch.serialize_field("fits", &(self.fits != Fits::Unasked).then_some(self.fits == Fits::Yes))?;
        batch.serialize_field("revoked", &coverage.revoked())?;
        batch.serialize_field("tacks", &coverage.number())?;
        batch.serialize_field("first_expiration", &minute(coverage.first()))?;
        batch.serialize_field("last_expiration", &minute(coverage.last()))?;
        batch.serialize_field("interval_minutes", &coverage.interval().map(Span::minutes))?;
        batch.serialize_field("gaps", &Gaps(coverage))?;
        batch.serialize_field("minutes_left", &coverage.left().minutes())?;
        batch.end()
    }
}

/// All gaps, one by one: there may be many.
struct Gaps<'a>(&'a Coverage);

impl Serialize for Gaps<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.gaps().map(|(from, to)| [from.to_string(), to.to_string()]))
    }
}

fn plural(number: usize, word: &str) -> String {
    if number == 1 { word.to_owned() } else { format!("{word}s") }
}
