//! `tack sign`: tacks for the keys of certificates, one for each or a batch for each.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use tack_core::{Batch, Generations, Minute, Schedule, Timestamp};

use crate::batch_files::BatchFiles;
use crate::cli::Sign;
use crate::display::{Shown, is_dash};
use crate::exit::Exit;
use crate::guard::refuse_key_file;
use crate::input::Inputs;
use crate::locked_key::LockedKey;
use crate::message::{Usage, is_past, warn};
use crate::output::{Output, check_directory, is_stdout};
use crate::password;
use crate::replace::is_stream;
use crate::servers::{self, Server};
use crate::signing::{Destination, Signing};

pub fn run(args: &Sign, now: i64) -> Result<ExitCode> {
    let generations = generations(args)?;
    let schedule = args.number;
    if schedule.is_some() && args.expiration.is_none() {
        bail!(usage("-n", "it needs -e, which says when the first tack expires"));
    }
    let expiration = args.expiration.map(|expiration| expiration.resolve(Timestamp::new(now))).transpose();
    let expiration = expiration.map_err(|error| usage("-e", error))?;

    let mut inputs = Inputs::default();
    let key = LockedKey::read(&args.key, &mut inputs)?;
    let servers = servers::read(args, &mut inputs)?;
    let destinations = destinations(args.output.as_deref(), &servers, schedule, &inputs)?;
    let first = |server: &Server| match expiration {
        Some(minutes) => Ok(minutes),
        None => Minute::from_seconds_up(server.not_after.seconds())
            .map_err(|error| anyhow!("{}: its notAfter {error}; give an expiration with -e", Shown(&server.path))),
    };
    let firsts = servers.iter().map(first).collect::<Result<Vec<_>>>()?;

    let (key, _) = key.open(password::ask_for_file)?;
    let mut batches = Vec::new();
    for (server, first) in servers.iter().zip(firsts) {
        let hash = server.hash;
        let batch = Batch::new(&key, generations, first, schedule.unwrap_or_default(), hash);
        batches.push(batch.map_err(|error| anyhow!("{}: {error}; give a smaller -n", Shown(&server.path)))?);
        if is_past(first, now) {
            let which = if schedule.is_some() { "the first tack" } else { "the tack" };
            warn(&server.path, format_args!("{which} for it has expired already, at {first}"));
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

/// Where the tacks of each server go. Nothing is written yet.
fn destinations(
    output: Option<&Path>,
    servers: &[Server],
    schedule: Option<Schedule>,
    inputs: &Inputs,
) -> Result<Vec<Destination>> {
    let Some(output) = output.filter(|path| !is_dash(path) && !is_stream(path) && !is_stdout(path)) else {
        let output = Output::new(output, inputs)?;
        return Ok(servers.iter().map(|_| Destination::One(output.clone())).collect());
    };
    let mut taken = HashSet::new();
    let mut destinations = Vec::new();
    for server in servers {
        let stem = (servers.len() > 1).then_some(server.stem.as_os_str());
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
