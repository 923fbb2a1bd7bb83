//! `tack sign`: tacks for the keys of certificates, one for each or a batch for each.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use tack_core::{Batch, Certificate, Expiration, Generations, Minute, Schedule, Timestamp};

use crate::cli::Sign;
use crate::display::{Shown, is_dash};
use crate::exit::Exit;
use crate::guard::refuse_key_file;
use crate::input::{Inputs, SMALL};
use crate::message::{Usage, is_past, refused, say, warn};
use crate::output::{Output, check_directory, is_stdout};
use crate::password::LockedKey;
use crate::replace::is_stream;
use crate::signing::{BatchFiles, Destination, Signing};

pub fn run(args: &Sign, now: i64) -> Result<ExitCode> {
    let generations = generations(args)?;
    let schedule =
        args.number.as_deref().map(str::parse::<Schedule>).transpose().map_err(|error| usage("-n", error))?;
    if schedule.is_some() && args.expiration.is_none() {
        return Err(Usage("-n: it needs -e, which says when the first tack expires".to_owned()).into());
    }
    let expiration = args.expiration.as_deref().map(|text| expiration(text, now)).transpose()?;

    let mut inputs = Inputs::default();
    let key = LockedKey::read(&args.key, &mut inputs)?;
    let targets = read_targets(args, &mut inputs)?;
    let destinations = destinations(args.output.as_deref(), &targets, schedule, &inputs)?;
    let first = |target: &Target| match expiration {
        Some(minutes) => Ok(minutes),
        None => Minute::from_seconds_up(target.certificate.not_after().seconds())
            .map_err(|error| anyhow!("{}: its notAfter {error}; give an expiration with -e", Shown(&target.path))),
    };
    let firsts = targets.iter().map(first).collect::<Result<Vec<_>>>()?;

    let (key, _) = key.open()?;
    let mut batches = Vec::new();
    for (target, first) in targets.iter().zip(firsts) {
        let hash = target.certificate.target_hash();
        let batch = Batch::new(&key, generations, first, schedule.unwrap_or_default(), hash);
        batches.push(batch.map_err(|error| anyhow!("{}: {error}; give a smaller -n", Shown(&target.path)))?);
        if is_past(first, now) {
            let which = if schedule.is_some() { "the first tack" } else { "the tack" };
            warn(&target.path, format_args!("{which} for it has expired already, at {first}"));
        }
    }
    let mut signing = Signing::new(&batches, &destinations, now, args.common.verbose > 0);
    for (batch, destination) in batches.iter().zip(&destinations) {
        signing.write(batch, destination)?;
    }
    signing.finish();
    Ok(Exit::Good.into())
}

fn usage(option: &str, error: impl std::fmt::Display) -> Usage {
    Usage(format!("{option}: {error}"))
}

fn generations(args: &Sign) -> Result<Generations> {
    let generations = Generations::new(args.min_generation, args.generation.unwrap_or(args.min_generation));
    Ok(generations.map_err(|error| usage("-g", error))?)
}

fn expiration(text: &str, now: i64) -> Result<Minute> {
    let expiration = text.parse::<Expiration>().and_then(|expiration| expiration.resolve(Timestamp::new(now)));
    Ok(expiration.map_err(|error| usage("-e", error))?)
}

/// A certificate whose key is to be signed.
struct Target {
    path: PathBuf,
    /// What tells its tacks from those of the other certificates, in file names.
    stem: OsString,
    certificate: Certificate,
}

fn read_targets(args: &Sign, inputs: &mut Inputs) -> Result<Vec<Target>> {
    let mut targets = Vec::new();
    for path in &args.certificates {
        let bytes = inputs.read(path, SMALL)?;
        let certificates = Certificate::all_from_bytes(&bytes).map_err(|error| refused(path, &error))?;
        let all = certificates.len();
        let ends = end_entities(certificates);
        if ends.is_empty() {
            bail!("{}: no certificate of a server in it, but issuers alone; give the server's", Shown(path));
        }
        if args.common.verbose > 0 && ends.len() < all {
            say(format_args!(
                "tack: {}: signing {} of {all} certificates; the others are issuers",
                Shown(path),
                ends.len()
            ));
        }
        let stem = if is_dash(path) { OsStr::new("stdin") } else { path.file_stem().unwrap_or_default() };
        let several = ends.len() > 1;
        for (number, certificate) in (1..).zip(ends) {
            let mut stem = stem.to_owned();
            if several {
                stem.push(format!("-{number}"));
            }
            targets.push(Target { path: path.clone(), stem, certificate });
        }
    }
    Ok(targets)
}

/// Of the certificates of a file those that stand for a server: not the issuers of the others, nor TACK certificates.
fn end_entities(certificates: Vec<Certificate>) -> Vec<Certificate> {
    let stands_for_server =
        |this: &&Certificate| this.extension().is_none() && !certificates.iter().any(|other| this.is_issuer_of(other));
    match certificates.as_slice() {
        [_] => certificates,
        _ => certificates.iter().filter(stands_for_server).cloned().collect(),
    }
}

/// Where the tacks of each target go. Nothing is written yet.
fn destinations(
    output: Option<&Path>,
    targets: &[Target],
    schedule: Option<Schedule>,
    inputs: &Inputs,
) -> Result<Vec<Destination>> {
    let Some(output) = output.filter(|path| !is_dash(path) && !is_stream(path) && !is_stdout(path)) else {
        let output = Output::new(output, inputs)?;
        return Ok(targets.iter().map(|_| Destination::One(output.clone())).collect());
    };
    let mut taken = HashSet::new();
    let mut destinations = Vec::new();
    for target in targets {
        let stem = (targets.len() > 1).then_some(target.stem.as_os_str());
        let path = match schedule {
            Some(_) => batch_prefix(output, stem),
            None => single_name(output, stem),
        };
        if !taken.insert(path.clone()) {
            bail!("{}: two certificates would have their tacks there; rename a certificate's file", Shown(&path));
        }
        destinations.push(match schedule {
            Some(schedule) => {
                let files = BatchFiles::new(path, schedule.number());
                check_directory(&files.path(0))?;
                for existing in files.existing() {
                    if inputs.contain(&existing) {
                        bail!(
                            "{}: it is an input, and the batch would replace it; choose another -o",
                            Shown(&existing)
                        );
                    }
                    if existing.symlink_metadata().is_ok_and(|existing| existing.is_dir()) {
                        bail!("{}: it is a directory, in the place of a tack; choose another -o", Shown(&existing));
                    }
                    refuse_key_file(&existing)?;
                }
                Destination::Many(files)
            }
            None => Destination::One(Output::new(Some(&path), inputs)?),
        });
    }
    Ok(destinations)
}

/// `T1` and `www` to `T1-www`.
fn batch_prefix(output: &Path, stem: Option<&OsStr>) -> PathBuf {
    let mut prefix = output.as_os_str().to_owned();
    if let Some(stem) = stem {
        prefix.push("-");
        prefix.push(stem);
    }
    prefix.into()
}

/// `TACK.pem` and `www` to `TACK-www.pem`.
fn single_name(output: &Path, stem: Option<&OsStr>) -> PathBuf {
    match (stem, output.extension()) {
        (None, _) => output.to_owned(),
        (stem, None) => batch_prefix(output, stem),
        (stem, Some(extension)) => {
            let mut name = batch_prefix(&output.with_extension(""), stem).into_os_string();
            name.push(".");
            name.push(extension);
            name.into()
        }
    }
}
