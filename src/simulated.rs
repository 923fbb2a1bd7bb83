//! What came of a plan, in words and as a timeline.

use std::fmt;

use tack_core::Minute;
use tack_pin::Refusal;
use tack_pin::simulate::{DayStatus, HabitOutcome, Plan, PlannedTack, RefusedVisit, Simulation, Step};

use crate::display::escape;
use crate::timeline::{COLUMNS, Tone, draw};

/// What is printed of a simulation.
pub struct Words<'a> {
    pub plan: &'a Plan,
    pub simulation: &'a Simulation,
    pub is_coloured: bool,
}

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in self.plan.steps() {
            self.write_step(f, step)?;
        }
        writeln!(f)?;
        self.write_timeline(f)?;
        writeln!(f)?;
        for outcome in self.simulation.habits() {
            writeln!(f, "{:11}{}", outcome.habit(), self.protection(outcome))?;
        }
        self.write_pins(f)?;
        writeln!(f)?;
        match self.simulation.first_refusal() {
            None => writeln!(f, "good: in {} days no client is refused", self.plan.days()),
            Some(visit) => self.write_refused(f, visit),
        }
    }
}

impl Words<'_> {
    fn write_step(&self, f: &mut fmt::Formatter<'_>, step: &Step) -> fmt::Result {
        write!(f, "step {:<4}{}", step.number, self.day(step.day))?;
        if let Some(servers) = &step.servers {
            write!(f, ", {}", server_words(servers))?;
        }
        if let Some(name) = &step.name {
            write!(f, ": {}", escape(name))?;
        }
        writeln!(f)?;
        if let Some(certificate) = &step.certificate {
            writeln!(f, "         certificate {}", escape(certificate))?;
        }
        let Some(sent) = &step.sent else { return Ok(()) };
        if sent.tacks.is_empty() && sent.broken.is_empty() {
            writeln!(f, "         no tack")?;
        }
        for tack in &sent.tacks {
            writeln!(f, "         {}", self.tack(tack))?;
        }
        sent.broken.iter().try_for_each(|key| writeln!(f, "         break signature of {}", escape(key)))
    }

    fn tack(&self, tack: &PlannedTack) -> String {
        let mut words = format!("tack of {}", escape(&tack.key));
        if let Some(certificate) = &tack.certificate {
            words += &format!(" for certificate {}", escape(certificate));
        }
        let (generation, least) = (tack.generations.generation(), tack.generations.min_generation());
        words += if tack.is_active { ", active" } else { ", not active" };
        if generation > 0 {
            words += &format!(", generation {generation}, min_generation {least}");
        }
        if let Some(expires) = tack.expires {
            let expiration = self.plan.minute_of(0).checked_add(expires).unwrap_or(Minute::MAX);
            words += &format!(", expires on {}", self.day(self.plan.day_of(expiration)));
        }
        words
    }

    fn write_timeline(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<_> = (0..COLUMNS).map(|column| self.days_of(column)).collect();
        // Where there are more columns than days, a step is shown in the first of its day.
        let mut before = None;
        let mut mark = |days: &(u32, u32)| if before.replace(*days) == Some(*days) { ' ' } else { self.step_on(*days) };
        let marks: String = columns.iter().map(&mut mark).collect();
        writeln!(f, "{:11}[{marks}]", "steps")?;
        for outcome in self.simulation.habits() {
            let days = |(first, last): &(u32, u32)| worst(outcome.days(), *first, *last);
            writeln!(f, "{:11}{}", outcome.habit(), draw(columns.iter().map(days), self.is_coloured))?;
        }
        let last = format!("day {}", self.plan.days() - 1);
        writeln!(f, "{:12}day 0{last:>width$}", "", width = usize::from(COLUMNS) - "day 0".len())
    }

    /// The first day of a column, and the last.
    fn days_of(&self, column: u16) -> (u32, u32) {
        let day = |column: u16| self.plan.days() * u32::from(column) / u32::from(COLUMNS);
        let first = day(column);
        (first, day(column + 1).saturating_sub(1).max(first))
    }

    /// The number of the step that begins on these days: its last digit, or `+` for several.
    fn step_on(&self, (first, last): (u32, u32)) -> char {
        let mut steps = self.plan.steps().filter(|step| (first..=last).contains(&step.day));
        match (steps.next(), steps.next()) {
            (None, _) => ' ',
            (Some(step), None) => step.number.to_string().chars().last().unwrap_or(' '),
            (Some(_), Some(_)) => '+',
        }
    }

    fn protection(&self, outcome: &HabitOutcome) -> String {
        let whole = outcome.protected().map(|(first, last)| format!("protected {}", self.time(first, last)));
        let partly = || outcome.confirmed().map(|(first, last)| format!("partly protected {}", self.time(first, last)));
        whole.or_else(partly).unwrap_or_else(|| "not protected".to_owned())
    }

    fn time(&self, first: u32, last: u32) -> String {
        let until = if last + 1 < self.plan.days() { format!("to {}", self.day(last)) } else { "on".to_owned() };
        format!("from {} {until}", self.day(first))
    }

    fn write_pins(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.simulation.pins().is_empty() {
            return writeln!(f, "{:11}none is ever active", "pins");
        }
        for pin in self.simulation.pins() {
            let from = self.day(self.plan.day_of(pin.from));
            write!(f, "{:11}to {} from {from}", "pins", escape(&pin.key))?;
            match pin.until {
                Some(until) => writeln!(f, " until {}", self.minute(until))?,
                None => writeln!(f, " on")?,
            }
        }
        Ok(())
    }

    fn write_refused(&self, f: &mut fmt::Formatter<'_>, visit: &RefusedVisit) -> fmt::Result {
        let server = self.server(visit);
        let client = if visit.since == visit.day {
            "a client that comes for the first time".to_owned()
        } else {
            format!("a client that has come {} since {}", visit.habit, self.day(visit.since))
        };
        writeln!(f, "bad: on {} {client} is refused", self.day(visit.day))?;
        writeln!(f, "reason: {}: {}", visit.refusal.code(), self.reason(visit))?;
        let Some(cause) = self.plan.steps().find(|step| Some(step.number) == visit.cause) else { return Ok(()) };
        write!(f, "cause: step {} on {}", cause.number, self.day(cause.day))?;
        if let Some(name) = &cause.name {
            write!(f, ": {}", escape(name))?;
        }
        writeln!(f)?;
        if visit.served_by != visit.cause {
            match visit.served_by {
                Some(number) => writeln!(f, "{server} still sends what step {number} brought")?,
                None => writeln!(f, "{server} sends nothing yet")?,
            }
        }
        Ok(())
    }

    /// Why a visit was refused.
    pub fn reason(&self, visit: &RefusedVisit) -> String {
        let server = self.server(visit);
        let key = escape(visit.key.as_deref().unwrap_or("another key"));
        match &visit.refusal {
            Refusal::Contradicted { end, .. } => {
                let since = visit.pinned_since.map_or(0, |since| self.plan.day_of(since));
                let (since, end) = (self.day(since), self.minute(*end));
                format!("it is pinned to {key} from {since} until {end}, and {server} sends no tack of it")
            }
            Refusal::Revoked { generation, min_generation, .. } => format!(
                "the tack of {key} that {server} sends is of generation {generation}, and the client has seen one of \
                 min_generation {min_generation}"
            ),
            Refusal::Expired { expiration, .. } => {
                format!("the tack of {key} that {server} sends expired on {}", self.minute(*expiration))
            }
            Refusal::TargetHash { .. } => format!("the tack of {key} that {server} sends is for another certificate"),
            refusal => escape(&refusal.to_string()),
        }
    }

    fn server(&self, visit: &RefusedVisit) -> String {
        if self.plan.servers() > 1 { format!("server {}", visit.server) } else { "the server".to_owned() }
    }

    /// `day 5`, or `day 5 (2027-01-06)`.
    fn day(&self, day: u32) -> String {
        match date(self.plan, day) {
            Some(date) => format!("day {day} ({date})"),
            None => format!("day {day}"),
        }
    }

    /// The same, with the time if it is not the beginning of the day.
    fn minute(&self, minute: Minute) -> String {
        let day = self.plan.day_of(minute);
        let text = minute.to_string();
        match text.split_once('T') {
            Some((_, time)) if minute != self.plan.minute_of(day) => format!("{} {time}", self.day(day)),
            _ => self.day(day),
        }
    }
}

/// The date of a day, if the plan has dates.
pub fn date(plan: &Plan, day: u32) -> Option<String> {
    plan.start()?;
    let minute = plan.minute_of(day).to_string();
    minute.split_once('T').map(|(date, _)| date.to_owned())
}

fn server_words(servers: &[usize]) -> String {
    let numbers: Vec<_> = servers.iter().map(ToString::to_string).collect();
    format!("{} {}", if numbers.len() == 1 { "server" } else { "servers" }, numbers.join(", "))
}

/// The mark for these days: what is bad first, and else the least protection.
fn worst(days: &[DayStatus], first: u32, last: u32) -> (char, Tone) {
    let days = days.iter().zip(0..).filter(|(_, day)| (first..=last).contains(day)).map(|(status, _)| *status);
    days.map(mark).max_by_key(|(rank, ..)| *rank).map_or((' ', Tone::Faint), |(_, mark, tone)| (mark, tone))
}

/// How bad it is, and how that looks.
fn mark(status: DayStatus) -> (u8, char, Tone) {
    match status {
        DayStatus::Confirmed => (0, '=', Tone::Good),
        DayStatus::Partly => (1, '-', Tone::Middling),
        DayStatus::Unpinned => (2, '.', Tone::Faint),
        DayStatus::Refused(_) => (3, 'x', Tone::Bad),
        DayStatus::Contradicted => (4, '!', Tone::Bad),
    }
}
