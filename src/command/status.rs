//! `tack status`: what a batch covers, as a monitoring plugin.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};
use tack_core::{Error, Minute, Object, PublicKey, Span, Tack, TargetHash};

use crate::cli::Status;
use crate::command::deploy::read_target;
use crate::display::Shown;
use crate::input::{Inputs, LARGE};
use crate::message::{Usage, refused};
use crate::objects;
use crate::output::{Output, is_coloured};

/// The width of the timeline.
const COLUMNS: u32 = 60;
/// The most problems that the first line names, and gaps that the line of a batch names.
const MAX_PROBLEMS: usize = 5;
/// The digits of a target hash that tell the batches of a key apart.
const HASH_DIGITS: usize = 16;

pub fn run(args: &Status, now: i64) -> Result<ExitCode> {
    let warn = args.warn.parse::<Span>().map_err(|error| Usage(format!("--warn: {error}")))?;
    let report = Report::read(args, warn, now).unwrap_or_else(|error| Report::unknown(&error));
    let text = if args.json { report.json() } else { report.text(is_coloured()) };
    Output::Stdout.write(text.as_bytes())?;
    Ok(report.state().into())
}

/// What a monitoring plugin says, and its exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Ok,
    Warning,
    Unknown,
    Critical,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl From<State> for ExitCode {
    fn from(state: State) -> Self {
        Self::from(match state {
            State::Ok => 0,
            State::Warning => 1,
            State::Critical => 2,
            State::Unknown => 3,
        })
    }
}

/// What is known of all the files.
#[derive(Default)]
struct Report {
    batches: Vec<Summary>,
    problems: Vec<(State, String)>,
    warn: Span,
}

impl Report {
    fn read(args: &Status, warn: Span, now: i64) -> Result<Self> {
        let mut inputs = Inputs::default();
        let target = args.certificate.as_deref().map(|path| read_target(path, &mut inputs)).transpose()?;
        let mut found = Found::default();
        for path in &args.tacks {
            if let Err(error) = found.read(path, &mut inputs) {
                found.problems.push((State::Unknown, format!("{error:#}")));
            }
        }
        let now = Minute::from_seconds_down(now)?;
        let fitting: HashSet<_> = found
            .batches
            .iter()
            .filter(|batch| target == Some(batch.target_hash))
            .map(|batch| batch.key.clone())
            .collect();
        let fits = |batch: &Batch| match target {
            None => Fits::Unasked,
            Some(target) if target == batch.target_hash => Fits::Yes,
            Some(_) if fitting.contains(&batch.key) => Fits::OtherCertificate,
            Some(_) => Fits::No,
        };
        let floors = found.min_generations;
        let mut batches_of: HashMap<_, usize> = HashMap::new();
        found.batches.iter().for_each(|batch| *batches_of.entry(batch.key.clone()).or_default() += 1);
        let summary = |batch: Batch| {
            let (fits, floor) = (fits(&batch), floors.get(&batch.key).copied().unwrap_or_default());
            let is_only = batches_of.get(&batch.key) == Some(&1);
            Summary::new(batch, is_only, fits, floor, now)
        };
        let mut report =
            Self { batches: found.batches.into_iter().map(summary).collect(), problems: found.problems, warn };
        let certificate = args.certificate.as_deref();
        report.problems.extend(report.batches.iter().flat_map(|batch| batch.problems(certificate, warn)));
        report.problems.sort_by_key(|(state, _)| std::cmp::Reverse(*state));
        Ok(report)
    }

    /// For files that cannot be read.
    fn unknown(error: &anyhow::Error) -> Self {
        Self { problems: vec![(State::Unknown, format!("{error:#}"))], ..Self::default() }
    }

    /// The worst of all.
    fn state(&self) -> State {
        self.problems.iter().map(|(state, _)| *state).max().unwrap_or(State::Ok)
    }

    /// The least that any batch has left.
    fn left(&self) -> Option<Span> {
        self.batches.iter().filter(|batch| batch.fits != Fits::OtherCertificate).map(|batch| batch.left).min()
    }

    /// The first line is for the monitoring system, with performance data behind a bar; the rest is for people.
    fn text(&self, colour: bool) -> String {
        let tacks: usize = self.batches.iter().map(|batch| batch.number).sum();
        let days = |span: Span| span.minutes() / Span::DAY.minutes();
        let summary = match (self.problems.as_slice(), self.left()) {
            ([], Some(left)) => format!("{tacks} {}, {} days left", plural(tacks, "tack"), days(left)),
            (problems, _) => few(problems.iter().map(|(_, problem)| problem.clone()), "; "),
        };
        // A bar would begin the performance data.
        let mut text = format!("TACK {} - {}", self.state().word(), summary.replace('|', "/"));
        if let Some(left) = self.left() {
            text += &format!(" | days_left={};{}:;0:", days(left), days(self.warn));
        }
        text += "\n";
        text.extend(self.batches.iter().map(|batch| batch.text(colour)));
        text
    }

    fn json(&self) -> String {
        let document = json!({
            "status": self.state().word(),
            "problems": self.problems.iter().map(|(_, problem)| problem).collect::<Vec<_>>(),
            "batches": self.batches.iter().map(Summary::json).collect::<Vec<_>>(),
        });
        format!("{document:#}\n")
    }
}

/// The tacks of one TACK key and one TLS key, as they are read.
struct Batch {
    key: PublicKey,
    target_hash: TargetHash,
    /// How many tacks there are with each expiration, and of each generation.
    expirations: BTreeMap<Minute, usize>,
    generations: BTreeMap<u8, usize>,
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

#[derive(Default)]
struct Found {
    batches: Vec<Batch>,
    indexes: HashMap<(PublicKey, TargetHash), usize>,
    /// The highest of each key: clients refuse its tacks of lower generations.
    min_generations: HashMap<PublicKey, u8>,
    problems: Vec<(State, String)>,
}

impl Found {
    fn read(&mut self, path: &Path, inputs: &mut Inputs) -> Result<()> {
        let bytes = inputs.read(path, LARGE)?;
        let mut any = false;
        let mut bad = Vec::new();
        let verify = |object: Result<Object, Error>| object.and_then(|object| object.verify().map(|()| object));
        objects::each(&bytes, verify, |object| {
            match object {
                Ok(object) => object.tacks().iter().for_each(|tack| {
                    any = true;
                    self.add(tack);
                }),
                Err(error @ (Error::BadSignature { .. } | Error::SignatureRange { .. })) => bad.push(error),
                Err(error) => return Err(refused(path, &error)),
            }
            Ok(())
        })?;
        match bad.as_slice() {
            [] => anyhow::ensure!(any, "{}: no tack in it; give a batch", Shown(path)),
            [error] => self.problems.push((State::Critical, refused(path, error).to_string())),
            errors => {
                let problem = format!("{}: {} tacks have a bad signature; do not use them", Shown(path), errors.len());
                self.problems.push((State::Critical, problem));
            }
        }
        Ok(())
    }

    fn add(&mut self, tack: &Tack) {
        let index = *self.indexes.entry((tack.public_key().clone(), tack.target_hash())).or_insert_with(|| {
            let (key, target_hash) = (tack.public_key().clone(), tack.target_hash());
            let (expirations, generations) = Default::default();
            self.batches.push(Batch { key, target_hash, expirations, generations });
            self.batches.len() - 1
        });
        if let Some(batch) = self.batches.get_mut(index) {
            *batch.expirations.entry(tack.expiration()).or_default() += 1;
            *batch.generations.entry(tack.generation()).or_default() += 1;
        }
        let floor = self.min_generations.entry(tack.public_key().clone()).or_default();
        *floor = tack.min_generation().max(*floor);
    }
}

/// What a batch covers.
struct Summary {
    key: PublicKey,
    target_hash: TargetHash,
    /// Whether no other batch is of its key.
    is_only: bool,
    number: usize,
    first: Minute,
    last: Minute,
    now: Minute,
    /// The span between most of the expirations.
    interval: Option<Span>,
    /// Where the next expiration comes later than the interval, and not all in the past.
    gaps: Vec<(Minute, Minute)>,
    left: Span,
    fits: Fits,
    revoked: usize,
    min_generation: u8,
}

impl Summary {
    fn new(batch: Batch, is_only: bool, fits: Fits, min_generation: u8, now: Minute) -> Self {
        let expirations: Vec<_> = batch.expirations.keys().copied().collect();
        let (first, last) = match expirations.as_slice() {
            [first, .., last] => (*first, *last),
            [only] => (*only, *only),
            [] => (now, now),
        };
        let pairs = || expirations.iter().zip(expirations.iter().skip(1)).map(|(one, next)| (*one, *next));
        let interval = usual(pairs().filter_map(|(one, next)| next.since(one)));
        let is_gap = |(one, next): &(Minute, Minute)| next.since(*one) > interval && *next > now;
        Self {
            number: batch.expirations.values().sum(),
            first,
            last,
            now,
            interval,
            gaps: pairs().filter(is_gap).collect(),
            left: last.since(now).unwrap_or_default(),
            fits,
            revoked: batch.generations.range(..min_generation).map(|(_, number)| number).sum(),
            min_generation,
            key: batch.key,
            target_hash: batch.target_hash,
            is_only,
        }
    }

    /// What is wrong with it, the certificate of `-c` being in this file.
    fn problems(&self, certificate: Option<&Path>, warn: Span) -> Vec<(State, String)> {
        let mut problems = Vec::new();
        if self.fits == Fits::OtherCertificate {
            return problems;
        }
        let mut key = self.key.fingerprint().to_string();
        if !self.is_only {
            key += &format!(" for target hash {:.HASH_DIGITS$}", self.target_hash.to_string());
        }
        if let revoked @ 1.. = self.revoked {
            let (tacks, floor) = (plural(revoked, "tack"), self.min_generation);
            let problem =
                format!("{revoked} {tacks} of key {key} of generations below {floor}, which other tacks revoke");
            problems.push((State::Warning, problem));
        }
        if let (Fits::No, Some(certificate)) = (self.fits, certificate) {
            let problem = format!("the tacks of key {key} do not fit the certificate in {}", Shown(certificate));
            problems.push((State::Critical, problem));
        }
        if self.left == Span::default() {
            problems.push((State::Critical, format!("the last tack of key {key} expired at {}", self.last)));
        } else if self.left < warn {
            problems.push((State::Warning, format!("the tacks of key {key} last {} more", self.left)));
        }
        for (from, to) in &self.gaps {
            problems.push((State::Critical, format!("the tacks of key {key} have a gap from {from} to {to}")));
        }
        problems
    }

    fn text(&self, colour: bool) -> String {
        let hash = self.target_hash.to_string();
        let fits = match self.fits {
            Fits::Unasked => "",
            Fits::Yes => " (fits)",
            Fits::No => " (does not fit)",
            Fits::OtherCertificate => " (another certificate's)",
        };
        let interval = self.interval.map_or_else(|| "none".to_owned(), |interval| interval.to_string());
        let gaps = match self.gaps.as_slice() {
            [] => "none".to_owned(),
            gaps => few(gaps.iter().map(|(from, to)| format!("{from} to {to}")), ", "),
        };
        let (key, first, last, left) = (self.key.fingerprint(), self.first, self.last, self.left);
        format!(
            "\nkey fingerprint  {key}\ntarget hash      {hash}{fits}\ntacks            {}\nfirst expiration {first}\n\
             last expiration  {last}\ninterval         {interval}\ngaps             {gaps}\nleft             {left}\n\
             timeline         {}\n",
            self.number,
            self.timeline(colour),
        )
    }

    /// From the first expiration, or now if that is earlier, to the last: what is past, what is covered, and gaps.
    fn timeline(&self, colour: bool) -> String {
        let from = self.first.min(self.now).get();
        let whole = u64::from(self.last.get().max(self.now.get()) - from).max(1);
        let mut line = String::from("[");
        let mut last_code = "";
        for column in 0..COLUMNS {
            let at = u64::from(from) + whole * u64::from(column) / u64::from(COLUMNS);
            let end = u64::from(from) + whole * u64::from(column + 1) / u64::from(COLUMNS);
            let within = |minutes: &Minute| u64::from(minutes.get());
            let in_gap = self.gaps.iter().any(|(gap, next)| within(gap) < end && at < within(next));
            let (mark, code) = if end <= within(&self.now) {
                ('.', "\x1b[2m")
            } else if in_gap || at >= within(&self.last) {
                ('!', "\x1b[31m")
            } else {
                ('=', "\x1b[32m")
            };
            if colour && code != last_code {
                line += "\x1b[0m";
                line += code;
                last_code = code;
            }
            line.push(mark);
        }
        if colour {
            line += "\x1b[0m";
        }
        line + "]"
    }

    fn json(&self) -> Value {
        json!({
            "key_fingerprint": self.key.fingerprint().as_str(),
            "target_hash": self.target_hash.to_string(),
            "fits": (self.fits != Fits::Unasked).then_some(self.fits == Fits::Yes),
            "revoked": self.revoked,
            "tacks": self.number,
            "first_expiration": self.first.to_string(),
            "last_expiration": self.last.to_string(),
            "interval_minutes": self.interval.map(Span::minutes),
            "gaps": self.gaps.iter().map(|(from, to)| [from.to_string(), to.to_string()]).collect::<Vec<_>>(),
            "minutes_left": self.left.minutes(),
        })
    }
}

/// The first of what there is to say, in one line.
fn few(mut all: impl ExactSizeIterator<Item = String>, separator: &str) -> String {
    let mut words: Vec<_> = all.by_ref().take(MAX_PROBLEMS).collect();
    if let more @ 1.. = all.len() {
        words.push(format!("and {more} more"));
    }
    words.join(separator)
}

/// The longest span that recurs: between batches that overlap there are shorter ones. If none makes up more than a quarter,
/// the one that is there most often, and of several the shortest.
fn usual(spans: impl Iterator<Item = Span>) -> Option<Span> {
    let mut counts: BTreeMap<Span, usize> = BTreeMap::new();
    spans.for_each(|span| *counts.entry(span).or_default() += 1);
    let all: usize = counts.values().sum();
    if let Some((span, _)) = counts.iter().rev().find(|(_, count)| **count > 1 && **count * 4 > all) {
        return Some(*span);
    }
    counts.into_iter().max_by_key(|(span, count)| (*count, std::cmp::Reverse(*span))).map(|(span, _)| span)
}

fn plural(number: usize, word: &str) -> String {
    if number == 1 { word.to_owned() } else { format!("{word}s") }
}
