//! `tack pins`: the pins of a store are listed, forgotten, imported and exported.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use serde_json::{Value, json};
use tack_core::Minute;
use tack_pin::{HostName, Imported, Pin, PinList};

use crate::cli::{Pins as Args, PinsAction, Whose};
use crate::display::{Shown, escape};
use crate::exit::Exit;
use crate::input::Inputs;
use crate::message::{say, warn};
use crate::output::print;
use crate::pins::{KIND, Pins};
use crate::report::{until, yes_or_no};
use crate::store::{self, Access};
use crate::table::{print_array, print_table};

/// The most that is read of a pin list: 128 MiB.
const MAX_LIST: u64 = 128 << 20;
const HEADER: [&str; 6] = ["NAME", "KEY FINGERPRINT", "MIN_GENERATION", "SINCE", "UNTIL", "ACTIVE"];

pub fn run(args: &Args, now: i64) -> Result<ExitCode> {
    let path = KIND.named(args.pins.as_deref())?;
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
    if is_json {
        print_array(|take| pins.each(name, |name, pin| take(element(name, pin, now))))
    } else {
        print_table(HEADER, |take| pins.each(name, |name, pin| take(row(name, pin, now))))
    }
}

fn element(name: &HostName, pin: &Pin, now: Minute) -> Value {
    json!({
        "name": name.as_str(),
        "key_fingerprint": pin.key.as_str(),
        "min_generation": pin.min_generation,
        "initial": pin.initial.get(),
        "end": pin.end.get(),
        "active": pin.is_active(now),
    })
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
    let output = store::output(path, output)?;
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
