//! A plan from TOML.

use std::str::FromStr;

use serde::Deserialize;
use serde::de::IgnoredAny;
use tack_core::{Generations, Minute, Span, Timestamp};
use toml::Table;
use toml::value::Datetime;

use crate::simulate::error::{PlanError, StepError};
use crate::simulate::limits::{MAX_BREAK_SIGS, MAX_NAME, MAX_SERVERS, MAX_STEPS, MAX_TACKS};
use crate::simulate::plan::{Plan, PlannedTack, Sent, Step, since_start};

impl FromStr for Plan {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, PlanError> {
        plan(text)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanFields {
    start: Option<Datetime>,
    days: Option<u32>,
    servers: Option<usize>,
    // Read one by one, so that an error can name the step.
    #[serde(default)]
    step: Vec<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepFields {
    day: Day,
    name: Option<String>,
    server: Option<OneOrMore>,
    certificate: Option<String>,
    tacks: Option<Vec<TackFields>>,
    r#break: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TackFields {
    key: String,
    generation: Option<u8>,
    min_generation: Option<u8>,
    active: Option<bool>,
    certificate: Option<String>,
    expires: Option<Day>,
    lifetime: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Day {
    Number(i64),
    /// As toml hands dates on, and it does no harm that they may be quoted.
    Text(String),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(usize),
    More(Vec<usize>),
    Other(IgnoredAny),
}

fn plan(text: &str) -> Result<Plan, PlanError> {
    let fields: PlanFields = toml::from_str(text).map_err(|error| not_a_plan(text, &error))?;
    let servers = fields.servers.unwrap_or(1);
    if !(1..=MAX_SERVERS).contains(&servers) {
        return Err(PlanError::Servers(servers));
    }
    match fields.step.len() {
        0 => return Err(PlanError::NoStep),
        1..=MAX_STEPS => {}
        more => return Err(PlanError::TooManySteps(more)),
    }
    let start = fields.start.map(|date| midnight(&date).ok_or_else(|| PlanError::Start(date.to_string())));
    let mut plan = Plan { start: start.transpose()?, days: 0, servers, steps: Vec::new() };
    for (table, number) in fields.step.into_iter().zip(1..) {
        let step = step(table, number, &plan).map_err(|cause| PlanError::Step { number, cause })?;
        plan.steps.push(step);
    }
    let days = fields.days.unwrap_or_else(|| plan.default_days());
    plan.with_days(days)
}

fn not_a_plan(text: &str, error: &toml::de::Error) -> PlanError {
    let before = error.span().and_then(|span| text.as_bytes().get(..span.start)).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    PlanError::Toml { line, message: error.message().to_owned() }
}

/// The beginning of a date without a time of day.
fn midnight(date: &Datetime) -> Option<Minute> {
    let day = date.date.filter(|_| date.time.is_none() && date.offset.is_none())?;
    let time: Timestamp = format!("{day}T00:00:00Z").parse().ok()?;
    Minute::from_seconds_down(time.seconds()).ok()
}

/// The step with this number, of a plan that has those before it.
fn step(table: Table, number: usize, plan: &Plan) -> Result<Step, StepError> {
    let fields: StepFields = table.try_into().map_err(|error| StepError::Field(error.message().to_owned()))?;
    let day = self::day("day", &fields.day, plan)?;
    if let Some(last) = plan.steps.last().filter(|last| last.day > day) {
        return Err(StepError::Order { day, before: last.day });
    }
    let servers = fields.server.map(|value| servers(value, plan.servers)).transpose()?;
    let sent = match (fields.tacks, fields.r#break) {
        (None, None) if fields.certificate.is_none() => return Err(StepError::Nothing),
        (None, None) => None,
        (tacks, broken) => Some(sent(tacks.unwrap_or_default(), broken.unwrap_or_default(), day, plan)?),
    };
    Ok(Step {
        number,
        day,
        name: fields.name.map(|name| self::name("name", name)).transpose()?,
        servers,
        certificate: fields.certificate.map(|certificate| name("certificate", certificate)).transpose()?,
        sent,
    })
}

fn day(field: &'static str, value: &Day, plan: &Plan) -> Result<u32, StepError> {
    let (day, text) = match value {
        Day::Number(day) => (u32::try_from(*day).ok(), day.to_string()),
        Day::Text(text) => {
            let date: Datetime = text.parse().map_err(|_| StepError::NoDay { field })?;
            let start = plan.start.ok_or(StepError::NoStart { field })?;
            let since_start = midnight(&date).and_then(|minute| minute.since(start));
            (since_start.and_then(|span| u32::try_from(span.days()).ok()), text.clone())
        }
        Day::Other(_) => return Err(StepError::NoDay { field }),
    };
    day.filter(|day| *day < Plan::MAX_DAYS).ok_or(StepError::Day { field, day: text })
}

/// One or more numbers, from 1 to this one.
fn servers(value: OneOrMore, servers: usize) -> Result<Vec<usize>, StepError> {
    let mut numbers = match value {
        OneOrMore::One(number) => vec![number],
        OneOrMore::More(numbers) => numbers,
        OneOrMore::Other(_) => Vec::new(),
    };
    if numbers.is_empty() || !numbers.iter().all(|number| (1..=servers).contains(number)) {
        return Err(StepError::Server { servers });
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

fn sent(tacks: Vec<TackFields>, broken: Vec<String>, day: u32, plan: &Plan) -> Result<Sent, StepError> {
    if tacks.len() > MAX_TACKS {
        return Err(StepError::TooManyTacks(tacks.len()));
    }
    if broken.len() > MAX_BREAK_SIGS {
        return Err(StepError::TooManyBreakSigs(broken.len()));
    }
    if tacks.len() > 1 && !broken.is_empty() {
        return Err(StepError::BreakOfTwo);
    }
    let tacks = tacks.into_iter().map(|fields| tack(fields, day, plan)).collect::<Result<Vec<_>, _>>()?;
    if let [one, other] = tacks.as_slice()
        && one.key == other.key
    {
        return Err(StepError::SameKey(one.key.clone()));
    }
    let broken = broken.into_iter().map(|key| name("break", key)).collect::<Result<_, _>>()?;
    Ok(Sent { tacks, broken })
}

fn tack(fields: TackFields, day: u32, plan: &Plan) -> Result<PlannedTack, StepError> {
    let key = name("key", fields.key)?;
    let min_generation = fields.min_generation.unwrap_or(0);
    let generation = fields.generation.unwrap_or(min_generation);
    let generations = Generations::new(min_generation, generation).map_err(|_| StepError::Generation {
        key: key.clone(),
        generation,
        min_generation,
    })?;
    let expires = match (fields.expires, fields.lifetime) {
        (None, None) => None,
        (Some(value), None) => Some(since_start(self::day("expires", &value, plan)?)),
        (None, Some(lifetime)) => {
            let lifetime: Span = lifetime.parse().map_err(StepError::Lifetime)?;
            Some(Span::new(since_start(day).minutes().saturating_add(lifetime.minutes())))
        }
        (Some(_), Some(_)) => return Err(StepError::TwoExpirations(key)),
    };
    Ok(PlannedTack {
        key,
        generations,
        is_active: fields.active.unwrap_or(true),
        certificate: fields.certificate.map(|certificate| name("certificate", certificate)).transpose()?,
        expires,
    })
}

fn name(field: &'static str, name: String) -> Result<String, StepError> {
    match name.chars().count() {
        1..=MAX_NAME => Ok(name),
        _ => Err(StepError::Name { field }),
    }
}
