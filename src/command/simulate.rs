//! `tack simulate`: what clients of every habit would see of a plan.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use serde_json::{Value, json};
use tack_core::{Minute, Span};
use tack_pin::simulate::{HabitOutcome, Plan, PlannedTack, RefusedVisit, Step};

use crate::cli::Simulate;
use crate::display::{Shown, escape};
use crate::exit::Exit;
use crate::input::{Inputs, SMALL};
use crate::output::{is_coloured, print};
use crate::simulated::{Words, date};

pub fn run(args: &Simulate) -> Result<ExitCode> {
    let plan = read(&args.plan, args.days)?;
    let simulation = plan.simulate();
    let words = Words { plan: &plan, simulation: &simulation, is_coloured: is_coloured() };
    print(&if args.json { serde_json::to_string_pretty(&document(&words))? + "\n" } else { words.to_string() })?;
    let is_good = simulation.first_refusal().is_none();
    Ok(if is_good { Exit::Good } else { Exit::Bad }.into())
}

fn read(path: &Path, days: Option<u32>) -> Result<Plan> {
    let refused = |why: &str| anyhow!("{}: {}; mend the plan", Shown(path), escape(why));
    let bytes = Inputs::default().read(path, SMALL)?;
    let text = String::from_utf8(bytes).map_err(|_| refused("it is not UTF-8"))?;
    let plan: Plan = text.parse().map_err(|error| refused(&format!("{error}")))?;
    match days {
        Some(days) => plan.with_days(days).map_err(|error| anyhow!("{}: --{error}", Shown(path))),
        None => Ok(plan),
    }
}

fn document(words: &Words<'_>) -> Value {
    let Words { plan, simulation, .. } = words;
    let since_start = |minute: Minute| minute.since(plan.minute_of(0)).map(Span::minutes);
    let pins = simulation.pins().iter().map(|pin| {
        let (from, until) = (since_start(pin.from), pin.until.and_then(since_start));
        json!({ "key": pin.key, "from": from, "until": until })
    });
    json!({
        "good": simulation.first_refusal().is_none(),
        "start": date(plan, 0),
        "days": plan.days(),
        "servers": plan.servers(),
        "steps": plan.steps().map(|step| self::step(plan, step)).collect::<Vec<_>>(),
        "habits": simulation.habits().iter().map(habit).collect::<Vec<_>>(),
        "pins": pins.collect::<Vec<_>>(),
        "first_refusal": simulation.first_refusal().map(|visit| refused(visit, words, since_start)),
    })
}

fn step(plan: &Plan, step: &Step) -> Value {
    let tack = |tack: &PlannedTack| {
        json!({
            "key": tack.key,
            "generation": tack.generations.generation(),
            "min_generation": tack.generations.min_generation(),
            "active": tack.is_active,
            "certificate": tack.certificate,
            "expires": tack.expires.map(Span::minutes),
        })
    };
    json!({
        "step": step.number,
        "day": step.day,
        "date": date(plan, step.day),
        "name": step.name,
        "servers": step.servers,
        "certificate": step.certificate,
        "tacks": step.sent.as_ref().map(|sent| sent.tacks.iter().map(tack).collect::<Vec<_>>()),
        "break": step.sent.as_ref().map(|sent| &sent.broken),
    })
}

fn habit(outcome: &HabitOutcome) -> Value {
    let days = outcome.spans().map(
        |(status, first, last)| json!({ "first": first, "last": last, "status": status.word(), "code": status.code() }),
    );
    json!({
        "habit": outcome.habit().word(),
        "interval_days": outcome.habit().interval(),
        "protected": outcome.protected(),
        "confirmed": outcome.confirmed(),
        "days": days.collect::<Vec<_>>(),
    })
}

fn refused(visit: &RefusedVisit, words: &Words<'_>, since_start: impl Fn(Minute) -> Option<u64>) -> Value {
    json!({
        "habit": visit.habit.word(),
        "since": visit.since,
        "day": visit.day,
        "time": since_start(visit.minute),
        "server": visit.server,
        "code": visit.refusal.code(),
        "alert": visit.refusal.alert().name(),
        "message": words.reason(visit),
        "key": visit.key,
        "pinned_since": visit.pinned_since.and_then(&since_start),
        "pinned_until": visit.pinned_until.and_then(&since_start),
        "served_by": visit.served_by,
        "cause": visit.cause,
    })
}
