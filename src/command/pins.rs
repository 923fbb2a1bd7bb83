//! `tack pins`: the pins of a store are listed, forgotten, imported and exported.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use serde_json::json;
use tack_core::Minute;
use tack_pin::{HostName, Imported, Pin, PinList};

use crate::cli::{Pins as Args, PinsAction, Whose};
use crate::display::{Shown, escape};
use crate::exit::Exit;
use crate::input::Inputs;
use crate::message::{Usage, say, warn};
use crate::output::{Output, print, stdout_failed, stdout_to_show};
use crate::pins::{self, Access, Pins};
use crate::report::{until, yes_or_no};

/// The most that is read of a pin list: 128 MiB.
const MAX_LIST: u64 = 128 << 20;
const HEADER: [&str; 6] = ["NAME", "KEY FINGERPRINT", "MIN_GENERATION", "SINCE", "UNTIL", "ACTIVE"];

pub fn run(args: &Args, now: i64) -> Result<ExitCode> {
    let Some(path) = pins::path(args.pins.as_deref()) else {
        return Err(Usage("no pin store is given; give --pins PINS, or set TACK_PINS".to_owned()).into());
    };
    let now = Minute::from_seconds_down(now)?;
    match &args.action {
        PinsAction::List { name, json, .. } => list(&path, name.as_ref(), *json, now),
        PinsAction::Forget { whose, json, common } => forget(&path, whose, *json, common.verbose > 0),
        PinsAction::Import { file, json, .. } => import(&path, file, *json, now),
        PinsAction::Export { output, common } => export(&path, output.as_deref(), common.verbose > 0),
    }?;
    Ok(Exit::Good.into())
}

fn list(path: &Path, name: Option<&HostName>, is_json: bool, now: Minute) -> Result<()> {
    let pins = Pins::open(path, Access::Read);
    let mut out = BufWriter::new(stdout_to_show()?);
    if is_json {
        write!(out, "[").map_err(stdout_failed)?;
        let mut separator = "\n";
        pins.each(name, |name, pin| {
            write!(out, "{separator}{}", element(name, pin, now)).map_err(stdout_failed)?;
            separator = ",\n";
            Ok(())
        })?;
        writeln!(out, "\n]").map_err(stdout_failed)?;
    } else {
        let mut widths = HEADER.map(str::len);
        pins.each(name, |name, pin| {
            let cells = row(name, pin, now);
            widths.iter_mut().zip(&cells).for_each(|(width, cell)| *width = cell.len().max(*width));
            Ok(())
        })?;
        let mut is_first = true;
        pins.each(name, |name, pin| {
            let header = std::mem::take(&mut is_first).then(|| line(&HEADER.map(ToOwned::to_owned), widths));
            let row = line(&row(name, pin, now), widths);
            write!(out, "{}{row}", header.unwrap_or_default()).map_err(stdout_failed)
        })?;
    }
    out.flush().map_err(stdout_failed)
}

fn element(name: &HostName, pin: &Pin, now: Minute) -> String {
    json!({
        "name": name.as_str(),
        "key_fingerprint": pin.key.as_str(),
        "min_generation": pin.min_generation,
        "initial": pin.initial.get(),
        "end": pin.end.get(),
        "active": pin.is_active(now),
    })
    .to_string()
}

fn row(name: &HostName, pin: &Pin, now: Minute) -> [String; 6] {
    [
        name.to_string(),
        pin.key.to_string(),
        pin.min_generation.to_string(),
        pin.initial.to_string(),
        until(pin),
        yes_or_no(pin.is_active(now)).to_owned(),
    ]
}

/// The last column needs no width.
fn line(cells: &[String; 6], widths: [usize; 6]) -> String {
    let cells: Vec<_> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
    format!("{}\n", cells.join("  ").trim_end())
}

fn forget(path: &Path, whose: &Whose, is_json: bool, is_verbose: bool) -> Result<()> {
    let pins = Pins::open(path, Access::Write);
    let (forgotten, whose) = match whose {
        Whose::Name(name) => (pins.store()?.forget_name(name), format!("host {name}")),
        Whose::Key(key) => (pins.store()?.forget_key(*key), format!("key {key}")),
    };
    let forgotten = forgotten.map_err(|error| pins.failed(&error))?;
    if is_json {
        print(&format!("{}\n", json!({ "forgotten": forgotten })))?;
    }
    if forgotten == 0 {
        bail!("{}: no pin of {whose} is there; \"tack pins list\" shows those that are", Shown(path));
    }
    if is_verbose {
        say(format_args!("{}: {forgotten} {} of {whose} forgotten", Shown(path), plural(forgotten)));
    }
    Ok(())
}

fn import(path: &Path, file: &Path, is_json: bool, now: Minute) -> Result<()> {
    let bytes = Inputs::default().read(file, MAX_LIST)?;
    let list = PinList::from_bytes(&bytes)
        .map_err(|error| anyhow!("{}: {}; nothing has changed", Shown(file), escape(&error.to_string())))?;
    let pins = Pins::open(path, Access::Create);
    let imported = pins.store()?.import(list.pins(), now).map_err(|error| pins.failed(&error))?;
    let Imported { added, changed, unchanged, left_out } = imported;
    if is_json {
        let numbers = json!({ "added": added, "changed": changed, "unchanged": unchanged, "left_out": left_out });
        print(&format!("{numbers}\n"))?;
    } else {
        say(format_args!("{}: {added} {} added, {changed} changed, {unchanged} unchanged", Shown(path), plural(added)));
    }
    if left_out > 0 {
        let why = "for which its name or the store has no place";
        warn(path, format_args!("{left_out} {} left out, {why}; forget others first", plural(left_out)));
    }
    Ok(())
}

fn export(path: &Path, output: Option<&Path>, is_verbose: bool) -> Result<()> {
    // What is no file, such as a pipe, may keep waiting who opens it.
    if !fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        Pins::open(path, Access::Read).store()?;
    }
    let mut inputs = Inputs::default();
    // The list must not replace the store.
    inputs.open(path)?;
    let output = Output::new(output, &inputs)?;
    let mut all = Vec::new();
    Pins::open(path, Access::Read).each(None, |name, pin| {
        all.push((name.clone(), *pin));
        Ok(())
    })?;
    let number = all.len();
    output.write(PinList::new(all).to_string().as_bytes())?;
    if is_verbose {
        say(format_args!("{}: {number} {} exported", Shown(path), plural(number)));
    }
    Ok(())
}

fn plural(number: usize) -> &'static str {
    if number == 1 { "pin" } else { "pins" }
}
