//! Goes through a plan, day by day.

use std::collections::BTreeMap;

use tack_core::{Fingerprint, HostName, Minute};

use crate::refusal::Refusal;
use crate::simulate::clients::{Clients, Habit, Visit};
use crate::simulate::outcome::{ActivePin, DayStatus, HabitOutcome, RefusedVisit, Simulation};
use crate::simulate::plan::Plan;
use crate::simulate::servers::Servers;
use crate::status::Status;

/// The name of the host: each client has a store of its own, and so any will do.
const NAME: &str = "www.example.com";

impl Plan {
    /// Has clients of every habit come, day by day.
    #[must_use]
    pub fn simulate(&self) -> Simulation {
        run(self)
    }
}

fn run(plan: &Plan) -> Simulation {
    let name: HostName = NAME.parse().expect("it is a host name");
    let servers = Servers::new(plan);
    let mut groups = Habit::ALL.map(|habit| (Clients::new(habit, plan.servers), Vec::new()));
    let mut log = Log { plan, servers: &servers, pins: BTreeMap::new(), first_refusal: None };
    for day in 0..plan.days {
        let today = servers.on(day);
        for (clients, days) in &mut groups {
            let mut seen = Seen::default();
            clients.come(day, &today, &name, &mut |visit| {
                seen.add(visit);
                log.add(visit, day);
            });
            days.push(seen.status());
        }
    }
    let (pins, first_refusal) = (log.pins(), log.first_refusal);
    let outcome = |(habit, (_, days))| HabitOutcome { habit, days };
    Simulation { habits: Habit::ALL.into_iter().zip(groups).map(outcome).collect(), pins, first_refusal }
}

/// What the clients of a habit saw on a day.
#[derive(Default)]
struct Seen {
    is_any_confirmed: bool,
    has_regular: bool,
    is_regular_unpinned: bool,
    is_contradicted: bool,
    refused: Option<&'static str>,
}

impl Seen {
    fn add(&mut self, visit: &Visit<'_>) {
        let is_confirmed = visit.judgement.status() == Some(Status::Confirmed);
        self.is_any_confirmed |= is_confirmed;
        self.has_regular |= visit.is_regular;
        self.is_regular_unpinned |= visit.is_regular && !is_confirmed;
        match visit.judgement.refusal() {
            Some(Refusal::Contradicted { .. }) => self.is_contradicted = true,
            Some(refusal) => self.refused = self.refused.or(Some(refusal.code())),
            None => {}
        }
    }

    fn status(&self) -> DayStatus {
        match self.refused {
            _ if self.is_contradicted => DayStatus::Contradicted,
            Some(code) => DayStatus::Refused(code),
            None if self.has_regular && !self.is_regular_unpinned => DayStatus::Confirmed,
            None if self.is_any_confirmed => DayStatus::Partly,
            None => DayStatus::Unpinned,
        }
    }
}

/// What all clients saw.
struct Log<'a> {
    plan: &'a Plan,
    servers: &'a Servers<'a>,
    /// From when to when pins to a key are active.
    pins: BTreeMap<Fingerprint, (Minute, Minute)>,
    first_refusal: Option<RefusedVisit>,
}

impl Log<'_> {
    fn add(&mut self, visit: &Visit<'_>, day: u32) {
        let now = visit.moment.now;
        for pin in visit.judgement.pins().iter().filter(|pin| pin.is_active(now)) {
            let (from, until) = self.pins.entry(pin.key).or_insert((now, pin.end));
            (*from, *until) = ((*from).min(now), (*until).max(pin.end));
        }
        if let Some(refusal) = visit.judgement.refusal()
            && self.first_refusal.as_ref().is_none_or(|first| now < first.minute)
        {
            self.first_refusal = Some(self.refused(visit, refusal, day));
        }
    }

    fn refused(&self, visit: &Visit<'_>, refusal: &Refusal, day: u32) -> RefusedVisit {
        let key = refusal.key();
        let served_by = visit.today.step;
        let pinned = visit.pins.iter().find(|pin| Some(pin.key) == key);
        let is_by_pins = matches!(refusal, Refusal::Contradicted { .. } | Refusal::Revoked { .. });
        let latest = self.plan.steps.iter().rev().find(|step| step.day <= day).map(|step| step.number);
        RefusedVisit {
            habit: visit.habit,
            since: visit.since,
            day,
            minute: visit.moment.now,
            server: visit.server + 1,
            refusal: refusal.clone(),
            key: key.and_then(|key| self.servers.key_name(key)).map(ToOwned::to_owned),
            pinned_since: pinned.map(|pin| pin.initial),
            pinned_until: pinned.map(|pin| pin.end),
            served_by,
            cause: if is_by_pins { latest } else { served_by },
        }
    }

    /// For each key from when to when, the earliest first.
    fn pins(&self) -> Vec<ActivePin> {
        let end = self.plan.minute_of(self.plan.days);
        let pin = |(key, (from, until)): (&Fingerprint, &(Minute, Minute))| ActivePin {
            key: self.servers.key_name(*key).unwrap_or_default().to_owned(),
            from: *from,
            until: Some(*until).filter(|until| *until <= end),
        };
        let mut pins: Vec<_> = self.pins.iter().map(pin).collect();
        pins.sort_by(|one, other| (one.from, &one.key).cmp(&(other.from, &other.key)));
        pins
    }
}
