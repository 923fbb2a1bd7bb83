//! `tack deploy`: the tack of the hour, from a batch into the file that the server reads.

use std::cmp::Reverse;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use anyhow::{Result, anyhow, bail};
use tack_core::{Certificate, Error, Object, PublicKey, ServerInfo, Span, Tack, TackExtension, TargetHash, pem};

use crate::Exit;
use crate::cli::{Deploy, DeployFormat, PackFormat};
use crate::display::{Shown, is_dash, plain};
use crate::input::{Inputs, LARGE, SMALL};
use crate::lock::lock_beside;
use crate::message::{Usage, provenance, refused, warn};
use crate::objects;
use crate::output::Output;
use crate::packing::{self, Parts};
use crate::replace::replace;
use crate::words::{self, Words};

const MAX_KEYS: usize = 2;

pub fn run(args: &Deploy, now: i64) -> Result<ExitCode> {
    let min_remaining =
        args.min_remaining.parse::<Span>().map_err(|error| Usage(format!("--min-remaining: {error}")))?;
    check_usage(args)?;
    let mut inputs = Inputs::default();
    let target = args.certificate.as_deref().map(|path| read_target(path, &mut inputs)).transpose()?;
    let mut found = Found::default();
    for path in &args.tacks {
        found.read(path, target, &mut inputs)?;
    }
    found.warn_of_unfit(args);
    let Found { batches, unfit, bad, mut is_whole } = found;
    Output::new(Some(&args.output), &inputs)?;
    if batches.is_empty() && (bad == 0 || !unfit.is_empty()) {
        return if is_whole { Err(nothing_fits(args, !unfit.is_empty())) } else { Ok(Exit::Bad.into()) };
    }
    let choice = Choice::new(&batches, args.activation.unwrap_or_default(), now, min_remaining);
    if choice.tacks.is_empty() {
        bail!(
            "{}: no tack there is valid now; sign new ones; {} is as it was",
            names(&args.tacks),
            Shown(&args.output)
        );
    }
    is_whole &= choice.is_whole;
    let exit = if is_whole { Exit::Good } else { Exit::Bad };
    let content = Content::new(args, choice, now)?;
    if args.common.verbose > 0 {
        eprint!("{}", words::crypto(Words::Tackpy097));
        content.tacks.iter().for_each(|tack| eprint!("{}", Words::Tackpy097.tack(tack)));
    }
    if args.dry_run {
        dry_run(args, &content)?;
        return Ok(exit.into());
    }
    let changed = install(&args.output, &content)?;
    if let Some(command) = args.run.as_ref().filter(|_| changed) {
        run_command(command, &args.output)?;
    }
    Ok(exit.into())
}

fn check_usage(args: &Deploy) -> Result<()> {
    if is_dash(&args.output) {
        bail!(Usage("-o: OUTPUT must be a file, which is compared with what it should be".to_owned()));
    }
    if args.activation.is_some() && args.format == DeployFormat::Pem {
        bail!(Usage("-a: tacks alone have no activation flags; choose another --format".to_owned()));
    }
    Ok(())
}

/// The hash of the key of the first certificate in a file.
pub fn read_target(path: &Path, inputs: &mut Inputs) -> Result<TargetHash> {
    let certificates = Certificate::all_from_bytes(&inputs.read(path, SMALL)?);
    let first = certificates.map_err(|error| refused(path, &error))?.into_iter().next();
    first.map(|certificate| certificate.target_hash()).ok_or_else(|| anyhow!("{}: no certificate in it", Shown(path)))
}

/// Why there is nothing to choose from: there may be tacks for other certificates.
fn nothing_fits(args: &Deploy, any: bool) -> anyhow::Error {
    let files = names(&args.tacks);
    match args.certificate.as_deref().filter(|_| any) {
        Some(certificate) => anyhow!(
            "{files}: no tack there vouches for the key of {}; sign it with \"tack sign\"; {} is as it was",
            Shown(certificate),
            Shown(&args.output)
        ),
        None => anyhow!("{files}: no tack there; give a batch; {} is as it was", Shown(&args.output)),
    }
}

fn names(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| Shown(path).to_string()).collect::<Vec<_>>().join(", ")
}

/// The tacks of one TACK key, for one TLS key. Their signatures hold.
struct KeyBatch<'a> {
    tacks: Vec<(&'a Path, Tack)>,
}

/// What the files hold.
struct Found<'a> {
    batches: Vec<KeyBatch<'a>>,
    /// Where each key was first seen whose tacks are for other certificates.
    unfit: Vec<(&'a Path, PublicKey)>,
    /// How many tacks have a bad signature. They count for nothing.
    bad: usize,
    /// Whether everything could be read.
    is_whole: bool,
}

impl Default for Found<'_> {
    fn default() -> Self {
        Self { batches: Vec::new(), unfit: Vec::new(), bad: 0, is_whole: true }
    }
}

impl<'a> Found<'a> {
    /// Adds the tacks of a file. What cannot be read is reported, and does not hold up the rest.
    fn read(&mut self, path: &'a Path, target: Option<TargetHash>, inputs: &mut Inputs) -> Result<()> {
        let bytes = match inputs.read(path, LARGE) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.failed(&error);
                return Ok(());
            }
        };
        let mut bad = Bad::default();
        objects::each(&bytes, verified_tacks, |read| {
            match read {
                Ok(tacks) => tacks.into_iter().try_for_each(|tack| match tack {
                    Ok(tack) => self.add(path, tack, target),
                    Err(error) => {
                        bad.add(error);
                        Ok(())
                    }
                })?,
                Err(error) => self.failed(&refused(path, &error)),
            }
            Ok::<_, anyhow::Error>(())
        })?;
        bad.warn(path);
        self.bad += bad.number;
        Ok(())
    }

    fn failed(&mut self, error: &anyhow::Error) {
        eprintln!("tack: {error}");
        self.is_whole = false;
    }

    fn add(&mut self, path: &'a Path, tack: Tack, target: Option<TargetHash>) -> Result<()> {
        if target.is_some_and(|target| target != tack.target_hash()) {
            if !self.unfit.iter().any(|(_, key)| key == tack.public_key()) {
                self.unfit.push((path, tack.public_key().clone()));
            }
            return Ok(());
        }
        if let Some(batch) = self.batches.iter_mut().find(|batch| batch.is_of(tack.public_key())) {
            return batch.push(path, tack);
        }
        if self.batches.len() == MAX_KEYS {
            bail!("{}: the tacks are of more than {MAX_KEYS} TACK keys; leave a file out", Shown(path));
        }
        self.batches.push(KeyBatch { tacks: vec![(path, tack)] });
        Ok(())
    }

    /// Clients that are pinned to a key miss it, when the certificate was renewed and only the other key has signed it.
    fn warn_of_unfit(&mut self, args: &Deploy) {
        let Some(certificate) = args.certificate.as_deref().filter(|_| !self.batches.is_empty()) else { return };
        for (path, key) in &self.unfit {
            if !self.batches.iter().any(|batch| batch.is_of(key)) {
                let (key, certificate) = (key.fingerprint(), Shown(certificate));
                warn(path, format_args!("no tack of key {key} vouches for the key of {certificate}; it is left out"));
                self.is_whole = false;
            }
        }
    }
}

impl<'a> KeyBatch<'a> {
    fn is_of(&self, key: &PublicKey) -> bool {
        self.tacks.first().is_some_and(|(_, first)| first.public_key() == key)
    }

    /// The generation below which clients refuse the key's tacks, once they have seen all of these.
    fn min_generation(&self) -> u8 {
        self.tacks.iter().map(|(_, tack)| tack.min_generation()).max().unwrap_or_default()
    }

    fn push(&mut self, path: &'a Path, tack: Tack) -> Result<()> {
        if self.tacks.first().is_some_and(|(_, first)| first.target_hash() != tack.target_hash()) {
            let key = tack.public_key().fingerprint();
            bail!(
                "{}: the tacks of key {key} are for several TLS keys; say with -c which is the server's",
                Shown(path)
            );
        }
        self.tacks.push((path, tack));
        Ok(())
    }

    /// The tack that expires soonest among those that last long enough, or else the one that lasts longest. Of several the
    /// one of the highest generation.
    fn choose(&self, now: i64, min_remaining: Span) -> Option<(&'a Path, Tack)> {
        let lasts = |tack: &Tack| i64::from(tack.expiration().get()) * 60 - now;
        let enough = i64::try_from(min_remaining.minutes()).unwrap_or(i64::MAX).saturating_mul(60);
        let min_generation = self.min_generation();
        let is_valid = |tack: &Tack| lasts(tack) > 0 && tack.generation() >= min_generation;
        let candidates = self.tacks.iter().filter(|(_, tack)| is_valid(tack));
        let (path, tack) = candidates.min_by_key(|(_, tack)| {
            let (lasts, newest) = (lasts(tack), Reverse((tack.min_generation(), tack.generation())));
            if lasts >= enough { (false, lasts, newest) } else { (true, -lasts, newest) }
        })?;
        if lasts(tack) < enough {
            let expiration = tack.expiration();
            warn(
                path,
                format_args!("the best tack expires at {expiration}, in less than {min_remaining}; sign new ones"),
            );
        }
        Some((*path, tack.clone()))
    }
}

/// The bad signatures of a file.
#[derive(Default)]
struct Bad {
    first: Option<Error>,
    number: usize,
}

impl Bad {
    fn add(&mut self, error: Error) {
        self.first.get_or_insert(error);
        self.number += 1;
    }

    fn warn(&self, path: &Path) {
        let Some(first) = &self.first else { return };
        warn(path, format_args!("{first}; it is passed over"));
        match self.number - 1 {
            0 => {}
            1 => warn(path, "1 more tack has a bad signature and is passed over"),
            more => warn(path, format_args!("{more} more tacks have bad signatures and are passed over")),
        }
    }
}

/// The tacks of an object, each with what is wrong with its signature in its place.
fn verified_tacks(object: Result<Object, Error>) -> Result<Vec<Result<Tack, Error>>, Error> {
    Ok(object?.tacks().iter().map(|tack| tack.verify().map(|()| tack.clone())).collect())
}

/// What is to be installed: a tack of each key that has a valid one. To leave OUTPUT as it is for the sake of a key that
/// has none would let the other key's tack expire as well.
struct Choice<'a> {
    tacks: Vec<(&'a Path, Tack)>,
    /// The flags of the tacks that are there, at their places.
    activation: u8,
    is_whole: bool,
}

impl<'a> Choice<'a> {
    fn new(batches: &[KeyBatch<'a>], activation: u8, now: i64, min_remaining: Span) -> Self {
        let mut choice = Self { tacks: Vec::new(), activation: 0, is_whole: true };
        for (flag, batch) in [1, 2].into_iter().zip(batches) {
            if let Some(chosen) = batch.choose(now, min_remaining) {
                let place = if choice.tacks.is_empty() { 1 } else { 2 };
                choice.activation |= if activation & flag != 0 { place } else { 0 };
                choice.tacks.push(chosen);
            } else if let (2.., Some((path, first))) = (batches.len(), batch.tacks.first()) {
                let key = first.public_key().fingerprint();
                warn(path, format_args!("no tack of key {key} is valid now; it is left out; sign new ones"));
                choice.is_whole = false;
            }
        }
        // A flag of a key that is not in the files at all stays, to be refused.
        if batches.len() == 1 {
            choice.activation |= activation & 2;
        }
        choice
    }
}

/// What OUTPUT should hold.
struct Content {
    tacks: Vec<Tack>,
    text: String,
}

impl Content {
    fn new(args: &Deploy, choice: Choice<'_>, now: i64) -> Result<Self> {
        let tacks: Vec<_> = choice.tacks.iter().map(|(_, tack)| tack.clone()).collect();
        let format = match args.format {
            DeployFormat::Pem => {
                let blocks = tacks.iter().map(Tack::to_pem);
                return Ok(Self { text: std::iter::once(provenance(now)).chain(blocks).collect(), tacks });
            }
            DeployFormat::Extension => PackFormat::Extension,
            DeployFormat::Serverinfo => PackFormat::Serverinfo,
            DeployFormat::Certificate => PackFormat::Certificate,
        };
        let Choice { tacks: chosen, activation, .. } = choice;
        let extension = Parts { tacks: chosen, break_sigs: None, activation, draft: None }.assemble(now)?;
        Ok(Self { tacks, text: packing::text(extension, format, now)? })
    }

    /// Whether a file holds the same already, whenever and by whom it was made. Of a TACK certificate all but the
    /// extension differs each time.
    fn is_in(&self, file: &[u8]) -> bool {
        let same = |(one, other): (&Object, &Object)| match (one, other) {
            (Object::Certificate(one), Object::Certificate(other)) => one.extension() == other.extension(),
            _ => one == other,
        };
        let objects = |bytes| Object::all_from_bytes(bytes).collect::<Result<Vec<_>, _>>();
        match (objects(self.text.as_bytes()), objects(file)) {
            (Ok(wanted), Ok(found)) => wanted.len() == found.len() && wanted.iter().zip(&found).all(same),
            _ => false,
        }
    }
}

/// Whether OUTPUT holds something else than it should. If it holds what is none of ours it is left alone.
fn is_stale(output: &Path, content: &Content) -> Result<bool> {
    let failed = |error| anyhow!("{}: cannot be read, to be compared: {}", Shown(output), plain(&error));
    let file = match fs::metadata(output) {
        Ok(metadata) if metadata.is_file() => File::open(output).map_err(failed)?,
        Ok(_) => bail!("{}: it is no regular file, which could be compared; give OUTPUT a file", Shown(output)),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    file.take(SMALL + 1).read_to_end(&mut bytes).map_err(failed)?;
    if let Some(foreign) = foreign(&bytes) {
        bail!("{}: it holds {foreign}, which would be lost; give OUTPUT a file of its own", Shown(output));
    }
    Ok(!content.is_in(&bytes))
}

/// What a file holds that is worth keeping and that `deploy` never writes. A placeholder is not, nor a damaged block of its
/// own.
fn foreign(bytes: &[u8]) -> Option<String> {
    const BEGIN: &str = "-----BEGIN ";
    const MAX_LABEL: usize = 64;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > SMALL) {
        return Some(format!("more than {SMALL} bytes"));
    }
    let Ok(text) = str::from_utf8(bytes) else { return Some("binary data".to_owned()) };
    // Each block by itself, for a damaged one hides those after it.
    text.split(BEGIN).skip(1).find_map(|rest| {
        let label = rest.lines().next().and_then(|line| line.split("-----").next()).unwrap_or_default();
        let block = format!("{BEGIN}{rest}");
        let object = match pem::blocks(block.as_bytes()).next() {
            Some(Ok(block)) => Object::from_block(&block).ok(),
            _ => None,
        };
        let is_own = match (label, object) {
            (Tack::LABEL | TackExtension::LABEL, _) => true,
            (Certificate::LABEL, Some(Some(Object::Certificate(certificate)))) => certificate.extension().is_some(),
            (label, object) => ServerInfo::is_label(label) && object != Some(None),
        };
        (!is_own).then(|| format!("a {} block", label.chars().take(MAX_LABEL).collect::<String>().escape_debug()))
    })
}

/// Brings OUTPUT up to date, and says whether it had to be changed.
fn install(output: &Path, content: &Content) -> Result<bool> {
    let _locked = lock_beside(output);
    if !is_stale(output, content)? {
        return Ok(false);
    }
    replace(output, content.text.as_bytes())?;
    Ok(true)
}

fn dry_run(args: &Deploy, content: &Content) -> Result<()> {
    let stale = is_stale(&args.output, content)?;
    let mut text = String::new();
    for tack in &content.tacks {
        let verb = if stale { "would install" } else { "holds" };
        let (key, expiration) = (tack.public_key().fingerprint(), tack.expiration());
        text += &format!("{}: {verb} the tack of key {key} that expires at {expiration}\n", Shown(&args.output));
    }
    if let Some(command) = args.run.as_ref().filter(|_| stale) {
        text += &format!("would run: {}\n", command.escape_debug());
    }
    Output::Stdout.write(text.as_bytes())
}

/// Runs a command by the shell; its output is the user's to read.
fn run_command(command: &str, output: &Path) -> Result<()> {
    let status = std::process::Command::new("/bin/sh").arg("-c").arg(command).stdin(Stdio::null()).status();
    let status = status.map_err(|error| anyhow!("/bin/sh: cannot be run: {}", plain(&error)))?;
    if !status.success() {
        let status = status.code().map_or_else(|| status.to_string(), |code| format!("status {code}"));
        bail!(
            "{}: installed, but the command of --run failed with {status}: {}; run it by hand",
            Shown(output),
            command.escape_debug()
        );
    }
    Ok(())
}
