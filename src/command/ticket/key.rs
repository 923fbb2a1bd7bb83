//! `tack ticket key`: the key ring of servers, from its making on.

use std::path::Path;

use anyhow::{Result, anyhow};
use serde_json::{Value, json};
use tack_core::{Span, Timestamp};
use tack_ticket::{KeyId, KeyRing, RingKey, Stage};

use crate::cli::{TicketKey, TicketKeyAction};
use crate::display::Shown;
use crate::input::Inputs;
use crate::message::{say, warn};
use crate::ring_file;
use crate::table::{print_array, print_table};

const HEADER: [&str; 4] = ["KEY", "CREATED", "USED FROM", "STAGE"];

pub fn run(args: &TicketKey, now: Timestamp) -> Result<()> {
    match &args.action {
        TicketKeyAction::New { ring, common } => new(&ring.ring, now, common.verbose > 0),
        TicketKeyAction::List { ring, json, .. } => list(&ring.ring, *json, now),
        TicketKeyAction::Rotate { ring, after, common } => rotate(&ring.ring, *after, now, common.verbose > 0),
        TicketKeyAction::Retire { key, ring, force, common } => {
            retire(&ring.ring, *key, *force, now, common.verbose > 0)
        }
    }
}

fn new(path: &Path, now: Timestamp, is_verbose: bool) -> Result<()> {
    let key = ring_file::new_key()?;
    let id = key.id();
    ring_file::create(path, &KeyRing::new(key, now))?;
    if is_verbose {
        say_used(path, id, now);
    }
    Ok(())
}

fn list(path: &Path, is_json: bool, now: Timestamp) -> Result<()> {
    let ring = ring_file::read(path, &mut Inputs::default())?;
    let keys = || ring.keys().iter().filter_map(|key| Some((key, ring.stage(key.key().id(), now)?)));
    if is_json {
        print_array(|take| keys().try_for_each(|(key, stage)| take(element(key, stage))))
    } else {
        print_table(HEADER, |take| keys().try_for_each(|(key, stage)| take(row(key, stage))))
    }
}

fn element(key: &RingKey, stage: Stage) -> Value {
    let (word, needed_until) = match stage {
        Stage::Waiting => ("waiting", None),
        Stage::Current => ("current", None),
        Stage::Kept { until } => ("kept", Some(until)),
        Stage::Spent { since } => ("spent", Some(since)),
    };
    json!({
        "key": key.key().id().to_string(),
        "created": key.created().to_string(),
        "used_from": key.use_from().to_string(),
        "stage": word,
        "needed_until": needed_until.map(|time| time.to_string()),
    })
}

fn row(key: &RingKey, stage: Stage) -> [String; 4] {
    let stage = match stage {
        Stage::Waiting => "waiting".to_owned(),
        Stage::Current => "current".to_owned(),
        Stage::Kept { until } => format!("kept until {until}"),
        Stage::Spent { since } => format!("spent since {since}"),
    };
    [key.key().id().to_string(), key.created().to_string(), key.use_from().to_string(), stage]
}

fn rotate(path: &Path, after: Span, now: Timestamp, is_verbose: bool) -> Result<()> {
    let seconds = after.minutes().checked_mul(60).and_then(|seconds| i64::try_from(seconds).ok());
    let use_from = seconds.and_then(|seconds| now.seconds().checked_add(seconds)).map(Timestamp::new);
    let use_from = use_from.ok_or_else(|| anyhow!("--after: {after} from now is no time"))?;
    let key = ring_file::new_key()?;
    let id = key.id();
    let left = ring_file::change(path, "rotate", |ring| {
        ring.rotate(key, now, use_from)?;
        Ok(ring.keys().iter().filter(|key| use_from <= now && key.use_from() > now).cloned().collect::<Vec<_>>())
    })?;
    // Whoever rotates at once has lost a key, and the whole file with it, it may be.
    for key in left {
        let (id, from) = (key.key().id(), key.use_from());
        warn(
            path,
            format_args!(
                "key {id} is used from {from} on; if it leaked too, run \"tack ticket key retire --force {id}\""
            ),
        );
    }
    if is_verbose {
        say_used(path, id, use_from);
    }
    Ok(())
}

fn retire(path: &Path, key: Option<KeyId>, force: bool, now: Timestamp, is_verbose: bool) -> Result<()> {
    let retired = ring_file::change(path, "retire", |ring| match key {
        Some(key) => ring.remove(key, now, force).map(|()| vec![key]),
        None => Ok(ring.retire(now)),
    })?;
    if is_verbose {
        let path = Shown(path);
        retired.iter().for_each(|key| say(format_args!("{path}: key {key} retired")));
        if retired.is_empty() {
            say(format_args!("{path}: no key is spent"));
        }
    }
    Ok(())
}

fn say_used(path: &Path, key: KeyId, from: Timestamp) {
    say(format_args!("{}: key {key} is used from {from} on", Shown(path)));
}
