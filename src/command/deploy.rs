//! `tack deploy`: the tack of the hour, from a batch into the file that the server reads.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode, Stdio};

use anyhow::{Error, Result, anyhow, bail};
use tack_core::{ChooseError, Chooser, Fingerprint, Span, Tack, Timestamp, Verified};

use crate::cli::{Deploy, DeployFormat, PackFormat};
use crate::display::{Shown, is_dash, plain};
use crate::exit::Exit;
use crate::input::Inputs;
use crate::installed::Installed;
use crate::lock::lock_beside;
use crate::message::{Usage, provenance, say, say_text, warn};
use crate::output::{Output, is_stdout, print};
use crate::packing::{self, Parts};
use crate::pending::{self, Marker, Pending};
use crate::replace::{IfMounted, replace_if};
use crate::tacks::{self, Flaws};
use crate::target;
use crate::words::{self, Words};

pub fn run(args: &Deploy, now: i64) -> Result<ExitCode> {
    let min_remaining = args.min_remaining;
    check_usage(args)?;
    let mut inputs = Inputs::default();
    let target = args.certificate.as_deref().map(|path| target::read(path, &mut inputs)).transpose()?;
    let mut found = Found::new(Chooser::new(Timestamp::new(now), min_remaining, target));
    for path in &args.tacks {
        found.read(path, &mut inputs)?;
    }
    Output::new(Some(&args.output), &inputs)?;
    let selection = found.select(args, min_remaining)?;
    let exit = if selection.is_whole { Exit::Good } else { Exit::Bad };
    if selection.tacks.is_empty() {
        return Ok(exit.into());
    }
    let content = Content::new(args, selection, now)?;
    if args.common.verbose > 0 {
        say_text(words::crypto(Words::Tackpy097));
        content.tacks.iter().for_each(|tack| say_text(Words::Tackpy097.tack(tack)));
    }
    if args.dry_run {
        dry_run(args, &content)?;
        return Ok(exit.into());
    }
    let marker = install(args, &content, now)?;
    if let (Some(command), Some(marker)) = (&args.run, marker) {
        run_command(command, args)?;
        let _locked = lock_beside(&args.output);
        marker.clear(&args.output)?;
    }
    Ok(exit.into())
}

fn check_usage(args: &Deploy) -> Result<()> {
    if is_dash(&args.output) {
        bail!(Usage("-o: OUTPUT must be a file, which is compared with what it should be".to_owned()));
    }
    if is_stdout(&args.output) {
        bail!("{}: it is standard output, and what it holds would be lost; give OUTPUT a file", Shown(&args.output));
    }
    if args.activation.is_some() && args.format == DeployFormat::Pem {
        bail!(Usage("-a: tacks alone have no activation flags; choose another --format".to_owned()));
    }
    Ok(())
}

/// What the files hold.
struct Found<'a> {
    chooser: Chooser<&'a Path>,
    unfit: Unfit<'a>,
    /// How many tacks have a bad signature. They count for nothing.
    bad_signatures: usize,
    /// Whether everything could be read.
    is_whole: bool,
}

impl<'a> Found<'a> {
    fn new(chooser: Chooser<&'a Path>) -> Self {
        Self { chooser, unfit: Unfit::default(), bad_signatures: 0, is_whole: true }
    }

    /// Considers the tacks of a file. What is wrong with it is reported, and does not hold up the rest.
    fn read(&mut self, path: &'a Path, inputs: &mut Inputs) -> Result<()> {
        let flaws = tacks::each(path, inputs, |tack| {
            let key = tack.public_key().fingerprint();
            if !self.chooser.push(tack, path).map_err(|error| cannot_choose(path, error))? {
                self.unfit.push(path, key);
            }
            Ok::<_, Error>(())
        })?;
        report(path, &flaws);
        self.is_whole &= flaws.unreadable.number() == 0;
        self.bad_signatures += flaws.bad_signatures;
        Ok(())
    }

    /// What is to be installed: the tack of the hour of each key that has one. A key that has none does not hold up the
    /// other one, whose tack would expire as well.
    fn select(self, args: &Deploy, min_remaining: Span) -> Result<Selection<'a>> {
        let choices: Vec<_> = self.chooser.choices().collect();
        let (files, output) = (names(&args.tacks), Shown(&args.output));
        let mut selection = Selection { tacks: Vec::new(), flags: 0, is_whole: self.is_whole };
        if choices.is_empty() {
            return match args.certificate.as_deref().filter(|_| !self.unfit.is_empty()) {
                _ if !self.is_whole => Ok(selection),
                Some(certificate) => bail!(
                    "{files}: no tack there vouches for the key of {}; sign it with \"tack sign\"; {output} is as it was",
                    Shown(certificate),
                ),
                None if self.bad_signatures > 0 => Err(none_is_valid(args)),
                None => bail!("{files}: no tack there; give a batch; {output} is as it was"),
            };
        }
        if choices.iter().all(|choice| choice.best.is_none()) {
            return Err(none_is_valid(args));
        }
        if let Some(certificate) = &args.certificate {
            let fitting: Vec<_> = choices.iter().map(|choice| choice.key.fingerprint()).collect();
            selection.is_whole &= !self.unfit.report(certificate, &fitting);
        }
        let given = args.activation.unwrap_or_default();
        for (flag, choice) in [1, 2].into_iter().zip(&choices) {
            let Some(best) = &choice.best else {
                let key = choice.key.fingerprint();
                warn(choice.place, format_args!("no tack of key {key} is valid now; it is left out; sign new ones"));
                selection.is_whole = false;
                continue;
            };
            if !best.is_lasting {
                let expiration = best.tack.expiration();
                warn(
                    best.place,
                    format_args!("the best tack expires at {expiration}, in less than {min_remaining}; sign new ones"),
                );
            }
            // The flags go with their tacks.
            let place = if selection.tacks.is_empty() { 1 } else { 2 };
            selection.flags |= if given & flag != 0 { place } else { 0 };
            selection.tacks.push((*best.place, best.tack.clone()));
        }
        // A flag of a key that is not in the files at all stays, to be refused.
        if choices.len() == 1 {
            selection.flags |= given & 2;
        }
        Ok(selection)
    }
}

/// Says what is wrong with a file.
fn report(path: &Path, flaws: &Flaws) {
    flaws.unreadable.first().iter().for_each(|message| say(format_args!("tack: {message}")));
    if let more @ 1.. = flaws.unreadable.more() {
        say(format_args!("tack: {}: {more} more blocks cannot be read", Shown(path)));
    }
    let Some(first) = &flaws.bad_signature else { return };
    warn(path, format_args!("{first}; it is passed over"));
    match flaws.bad_signatures - 1 {
        0 => {}
        1 => warn(path, "1 more tack has a bad signature and is passed over"),
        more => warn(path, format_args!("{more} more tacks have bad signatures and are passed over")),
    }
}

fn cannot_choose(path: &Path, error: ChooseError) -> Error {
    let advice = match error {
        ChooseError::TlsKeys => "say with -c which is the server's",
        _ => "leave a file out",
    };
    anyhow!("{}: {error}; {advice}", Shown(path))
}

fn none_is_valid(args: &Deploy) -> Error {
    let (files, output) = (names(&args.tacks), Shown(&args.output));
    anyhow!("{files}: no tack there is valid now; sign new ones; {output} is as it was")
}

fn names(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| Shown(path).to_string()).collect::<Vec<_>>().join(", ")
}

/// The TACK keys whose tacks are for other certificates than the server's.
#[derive(Default)]
struct Unfit<'a> {
    /// The first of them: where each was first seen, and how many tacks it has.
    keys: Vec<(&'a Path, Fingerprint, usize)>,
    /// How many tacks are of more keys.
    more: usize,
}

impl<'a> Unfit<'a> {
    const MAX: usize = 5;

    fn push(&mut self, path: &'a Path, key: Fingerprint) {
        if let Some((_, _, number)) = self.keys.iter_mut().find(|(_, known, _)| *known == key) {
            *number += 1;
        } else if self.keys.len() < Self::MAX + Chooser::<&Path>::MAX_KEYS {
            // Some of the first may turn out to have tacks that fit.
            self.keys.push((path, key, 1));
        } else {
            self.more += 1;
        }
    }

    fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Names the keys that have not signed the certificate, and says whether there are any. Clients that are pinned to one
    /// miss its tack, as when the certificate was renewed and only the other key has signed it.
    fn report(&self, certificate: &Path, fitting: &[Fingerprint]) -> bool {
        let mut unfit = self.keys.iter().filter(|(_, key, _)| !fitting.contains(key));
        let mut any = false;
        for (path, key, _) in unfit.by_ref().take(Self::MAX) {
            let certificate = Shown(certificate);
            warn(path, format_args!("no tack of key {key} vouches for the key of {certificate}; it is left out"));
            any = true;
        }
        if let more @ 1.. = self.more + unfit.map(|(_, _, number)| number).sum::<usize>() {
            warn(
                certificate,
                format_args!("{more} more tacks of other keys do not vouch for its key; they are left out"),
            );
        }
        any
    }
}

/// What is to be installed.
struct Selection<'a> {
    tacks: Vec<(&'a Path, Verified<Tack>)>,
    /// The activation flags of the tacks, at their places.
    flags: u8,
    /// Whether nothing is left out.
    is_whole: bool,
}

/// What OUTPUT should hold.
struct Content {
    tacks: Vec<Tack>,
    text: String,
}

impl Content {
    fn new(args: &Deploy, selection: Selection<'_>, now: i64) -> Result<Self> {
        let Selection { tacks: chosen, flags, .. } = selection;
        let chosen: Vec<_> = chosen.into_iter().map(|(path, tack)| (path, tack.into_inner())).collect();
        let tacks: Vec<_> = chosen.iter().map(|(_, tack)| tack.clone()).collect();
        let format = match args.format {
            DeployFormat::Pem => {
                let blocks = tacks.iter().map(Tack::to_pem);
                return Ok(Self { text: std::iter::once(provenance(now)).chain(blocks).collect(), tacks });
            }
            DeployFormat::Extension => PackFormat::Extension,
            DeployFormat::Serverinfo => PackFormat::Serverinfo,
            DeployFormat::Certificate => PackFormat::Certificate,
        };
        let extension = Parts { tacks: chosen, break_sigs: None, activation: flags, draft: None }.assemble(now)?;
        Ok(Self { tacks, text: packing::text(extension, format, now)? })
    }
}

/// Brings OUTPUT up to date. Returns the marker if the command of `--run` is to be run.
fn install(args: &Deploy, content: &Content, now: i64) -> Result<Option<Marker>> {
    let output = &args.output;
    let _locked = lock_beside(output);
    let is_stale = !Installed::read(output)?.is_same(&content.text);
    let replace = || {
        let check = |old: &File| Installed::look(output, old).map(drop);
        replace_if(output, content.text.as_bytes(), IfMounted::new(args.in_place), check)
    };
    match (&args.run, is_stale) {
        (Some(_), true) => {
            let marker = Marker::make(output, now)?;
            match replace() {
                Ok(()) => Ok(Some(marker)),
                Err(error) => marker.abandon(output).and(Err(error)),
            }
        }
        (Some(_), false) => Marker::take_over(output),
        (None, _) => {
            if is_stale {
                replace()?;
            }
            if let Some(pending) = Pending::find(output)? {
                let marker = pending::path(output);
                warn(output, format_args!("{pending}; give --run, or reload the server and remove {}", Shown(&marker)));
            }
            Ok(None)
        }
    }
}

fn dry_run(args: &Deploy, content: &Content) -> Result<()> {
    let output = Shown(&args.output);
    let is_stale = !Installed::read(&args.output)?.is_same(&content.text);
    let pending = Pending::find(&args.output)?;
    let mut text = String::new();
    for tack in &content.tacks {
        let verb = if is_stale { "would install" } else { "holds" };
        let (key, expiration) = (tack.public_key().fingerprint(), tack.expiration());
        text += &format!("{output}: {verb} the tack of key {key} that expires at {expiration}\n");
    }
    if let Some(pending) = &pending {
        text += &format!("{output}: {pending}\n");
    }
    if let Some(command) = args.run.as_ref().filter(|_| is_stale || pending.is_some()) {
        text += &format!("would run: {}\n", command.escape_debug());
    }
    print(&text)
}

/// Runs a command by the shell; its output is the user's to read. Its environment names OUTPUT and the certificate, and has
/// no password.
fn run_command(command: &str, args: &Deploy) -> Result<()> {
    let mut shell = process::Command::new("/bin/sh");
    shell.arg("-c").arg(command).stdin(Stdio::null());
    shell.env_remove("TACK_PASSWORD").env_remove("TACK_CERTIFICATE").env("TACK_OUTPUT", absolute(&args.output));
    if let Some(certificate) = args.certificate.as_deref().filter(|path| !is_dash(path)) {
        shell.env("TACK_CERTIFICATE", absolute(certificate));
    }
    let status = shell.status().map_err(|error| anyhow!("/bin/sh: cannot be run: {}", plain(&error)))?;
    if !status.success() {
        let status = status.code().map_or_else(|| status.to_string(), |code| format!("status {code}"));
        bail!(
            "{}: installed, but the command of --run failed with {status}: {}; the next run repeats it",
            Shown(&args.output),
            command.escape_debug()
        );
    }
    Ok(())
}

/// The path that names the same file wherever a command goes. Only where there is no working directory it is as given.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
