//! `tack deploy`: the tack of the hour, from a batch into the file that the server reads.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode, Stdio};

use anyhow::{Result, anyhow, bail};

use crate::cli::{Deploy, DeployFormat};
use crate::content::Content;
use crate::display::{Shown, is_dash, plain};
use crate::exit::Exit;
use crate::input::Inputs;
use crate::installed::Installed;
use crate::lock::lock_beside;
use crate::message::{Usage, say_text, warn};
use crate::output::{Output, is_stdout, print};
use crate::pending::{self, Marker, Pending};
use crate::replace::{IfMounted, cannot_write, replace_if};
use crate::selection::Selection;
use crate::words::{self, Words};

pub fn run(args: &Deploy, now: i64) -> Result<ExitCode> {
    check_usage(args)?;
    let mut inputs = Inputs::default();
    let selection = Selection::new(args, &mut inputs, now)?;
    Output::new(Some(&args.output), &inputs)?;
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
        dry_run(args, &content, now)?;
        return Ok(exit.into());
    }
    let due = install(args, &content, now)?;
    if let (Some(command), Due::Yes(marker)) = (&args.run, due) {
        run_command(command, args, marker.is_some())?;
        let _locked = lock_beside(&args.output);
        marker.map_or(Ok(()), |marker| marker.clear(&args.output))?;
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
    if args.format == DeployFormat::Pem {
        let asked = [("-a", args.activation.is_some()), ("--activate", !args.activate.is_empty())];
        if let Some((option, _)) = asked.into_iter().find(|(_, is_given)| *is_given) {
            bail!(Usage(format!("{option}: tacks alone have no activation flags; choose another --format")));
        }
    }
    Ok(())
}

/// Whether the command of `--run` is to be run.
enum Due {
    No,
    /// There is a marker, unless none can be made.
    Yes(Option<Marker>),
}

/// Brings OUTPUT up to date.
fn install(args: &Deploy, content: &Content, now: i64) -> Result<Due> {
    let output = &args.output;
    let _locked = lock_beside(output);
    let is_new = is_new(args, content, now)?;
    let replace = || {
        let check = |old: &File| Installed::look(output, old).map(drop);
        replace_if(output, content.text.as_bytes(), IfMounted::new(args.in_place), check)
    };
    match (&args.run, is_new) {
        (Some(_), true) => {
            let marker = make_marker(args, now)?;
            match replace() {
                Ok(()) => Ok(Due::Yes(marker)),
                Err(error) => marker.map_or(Ok(()), |marker| marker.abandon(output)).and(Err(error)),
            }
        }
        (Some(_), false) => Ok(Marker::take_over(output)?.map_or(Due::No, |marker| Due::Yes(Some(marker)))),
        (None, _) => {
            if is_new {
                replace()?;
            }
            if let Some(pending) = Pending::find(output)? {
                let marker = pending::path(output);
                warn(output, format_args!("{pending}; give --run, or reload the server and remove {}", Shown(&marker)));
            }
            Ok(Due::No)
        }
    }
}

/// Makes the marker. Where nothing but OUTPUT itself can be written there is none.
fn make_marker(args: &Deploy, now: i64) -> Result<Option<Marker>> {
    match Marker::make(&args.output, now) {
        Ok(marker) => Ok(Some(marker)),
        Err(error) if args.in_place && is_read_only(&error) => Ok(None),
        Err(error) => Err(cannot_write(&args.output, &error)),
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied)
}

/// Whether OUTPUT is to change. Warns of what clients may not expect.
fn is_new(args: &Deploy, content: &Content, now: i64) -> Result<bool> {
    let installed = Installed::read(&args.output)?;
    let is_new = content.is_new(args, &installed, now)?;
    if is_new {
        content.warn_of_inactive(args, &installed);
    }
    Ok(is_new)
}

fn dry_run(args: &Deploy, content: &Content, now: i64) -> Result<()> {
    let output = Shown(&args.output);
    let is_new = is_new(args, content, now)?;
    let pending = Pending::find(&args.output)?;
    let mut text = String::new();
    for tack in &content.tacks {
        let verb = if is_new { "would install" } else { "holds" };
        let (key, expiration) = (tack.public_key().fingerprint(), tack.expiration());
        text += &format!("{output}: {verb} the tack of key {key} that expires at {expiration}\n");
    }
    if let Some(pending) = &pending {
        text += &format!("{output}: {pending}\n");
    }
    if let Some(command) = args.run.as_ref().filter(|_| is_new || pending.is_some()) {
        text += &format!("would run: {}\n", command.escape_debug());
    }
    print(&text)
}

/// Runs a command by the shell; its output is the user's to read. Its environment names OUTPUT and the certificate, and has
/// no password.
fn run_command(command: &str, args: &Deploy, is_marked: bool) -> Result<()> {
    let mut shell = process::Command::new("/bin/sh");
    shell.arg("-c").arg(command).stdin(Stdio::null());
    shell.env_remove("TACK_PASSWORD").env_remove("TACK_CERTIFICATE").env("TACK_OUTPUT", absolute(&args.output));
    if let Some(certificate) = args.certificate.as_deref().filter(|path| !is_dash(path)) {
        shell.env("TACK_CERTIFICATE", absolute(certificate));
    }
    let status = shell.status().map_err(|error| anyhow!("/bin/sh: cannot be run: {}", plain(&error)))?;
    if !status.success() {
        let status = status.code().map_or_else(|| status.to_string(), |code| format!("status {code}"));
        let advice = if is_marked { "the next run repeats it" } else { "run it by hand, for no marker can be made" };
        bail!(
            "{}: installed, but the command of --run failed with {status}: {}; {advice}",
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
