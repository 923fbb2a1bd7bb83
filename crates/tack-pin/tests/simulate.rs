//! Plans, and what comes of them.
#![cfg(feature = "simulate")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use tack_core::{Draft02, Generations, Minute, SigningKey, Span, Tack, TackExtension, TargetHash};
use tack_pin::simulate::{DayStatus, Habit, Plan, PlanError, Simulation};
use tack_pin::{MemoryStore, Policy, Presented, Status, judge};

fn plan(text: &str) -> Plan {
    text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The habit, the day, the code, the server, and the step that is the cause of the first refusal.
fn refusal(text: &str) -> Option<(Habit, u32, &'static str, usize, Option<usize>)> {
    let simulation = plan(text).simulate();
    let visit = simulation.first_refusal()?;
    Some((visit.habit, visit.day, visit.refusal.code(), visit.server, visit.cause))
}

#[test]
fn what_is_wrong_with_a_plan_is_named() {
    let step = |fields: &str| format!("servers = 2\n[[step]]\nday = 0\ntacks = []\n[[step]]\n{fields}");
    let steps = "[[step]]\nday = 0\ntacks = []\n".repeat(201);
    let long = "x".repeat(65);
    let cases = [
        ("", "it has no [[step]]"),
        ("days = 9\nservers = 1\ndays = 9", "line 3: duplicate key"),
        ("days = 9\nsteps = []", "line 2: unknown field `steps`, expected one of `start`, `days`, `servers`, `step`"),
        ("days = -9", "line 1: invalid value: integer `-9`, expected u32"),
        ("days =", "line 1: "),
        (&steps, "it has 201 steps, and 200 are allowed"),
        ("servers = 9", "servers: 9 is not a number from 1 to 8"),
        ("servers = 0", "servers: 0 is not a number from 1 to 8"),
        ("start = 1969-12-31\n[[step]]\nday = 0\ntacks = []", "start: 1969-12-31 is not a date from 1970-01-01 on"),
        (
            "start = 2027-01-01T12:00:00Z\n[[step]]\nday = 0\ntacks = []",
            "start: 2027-01-01T12:00:00Z is not a date from 1970-01-01 on",
        ),
        (
            "days = 5\n[[step]]\nday = 5\ntacks = []",
            "days: 5 is not a number from 6 to 2000; the last step is on day 5",
        ),
        (
            "days = 2001\n[[step]]\nday = 5\ntacks = []",
            "days: 2001 is not a number from 6 to 2000; the last step is on day 5",
        ),
        (&step("tacks = []"), "step 2: missing field `day`"),
        (&step("day = 1\ntack = []"), "step 2: unknown field `tack`"),
        (&step("day = 1\ntacks = [{ key = 1 }]"), "step 2: invalid type: integer `1`, expected a string"),
        (&step("day = 1\ntacks = [{ kex = 'a' }]"), "step 2: unknown field `kex`"),
        (&step("day = 1\ntacks = [{ key = 'a', generation = 256 }]"), "step 2: invalid value: integer `256`"),
        (&step("day = 1.5\ntacks = []"), "step 2: day: give the number of a day, or a date"),
        (&step("day = 'x'\ntacks = []"), "step 2: day: give the number of a day, or a date"),
        (&step("day = 2000\ntacks = []"), "step 2: day: 2000 is not a day from 0 to 1999"),
        (&step("day = -1\ntacks = []"), "step 2: day: -1 is not a day from 0 to 1999"),
        (&step("day = 2027-01-01\ntacks = []"), "step 2: day: a date needs the start of the plan; give it, or"),
        (
            "start = 2027-01-02\n[[step]]\nday = 2027-01-01\ntacks = []",
            "step 1: day: 2027-01-01 is not a day from 0 to 1999",
        ),
        (
            "[[step]]\nday = 3\ntacks = []\n[[step]]\nday = 2\ntacks = []",
            "step 2: day 2 is before day 3 of the step before; give the steps in their order",
        ),
        (&step("day = 1\nname = 'x'"), "step 2: it changes nothing; give tacks, break or certificate"),
        (&step("day = 1\ntacks = []\nname = ''"), "step 2: name: give a name of 1 to 64 characters"),
        (&step(&format!("day = 1\ncertificate = '{long}'")), "step 2: certificate: give a name of 1 to 64 characters"),
        (&step("day = 1\ntacks = [{ key = '' }]"), "step 2: key: give a name of 1 to 64 characters"),
        (&step("day = 1\nbreak = ['']"), "step 2: break: give a name of 1 to 64 characters"),
        (&step("day = 1\ntacks = []\nserver = 3"), "step 2: server: give one, or a list, of the numbers from 1 to 2"),
        (
            &step("day = 1\ntacks = []\nserver = [1, 0]"),
            "step 2: server: give one, or a list, of the numbers from 1 to",
        ),
        (&step("day = 1\ntacks = []\nserver = []"), "step 2: server: give one, or a list, of the numbers from 1 to 2"),
        (&step("day = 1\ntacks = []\nserver = 'a'"), "step 2: server: give one, or a list, of the numbers from 1 to 2"),
        (
            &step("day = 1\ntacks = [{ key = 'a' }, { key = 'b' }, { key = 'c' }]"),
            "step 2: it has 3 tacks, and an extension holds 2",
        ),
        (&step("day = 1\ntacks = [{ key = 'a' }, { key = 'a' }]"), "step 2: both tacks are of key a"),
        (
            &step("day = 1\ntacks = [{ key = 'a', generation = 1, min_generation = 2 }]"),
            "step 2: the tack of key a revokes itself: its generation 1 is below min_generation 2",
        ),
        (
            &step("day = 1\ntacks = [{ key = 'a' }, { key = 'b' }]\nbreak = ['c']"),
            "step 2: an extension with break signatures holds one tack",
        ),
        (
            &step(&format!("day = 1\nbreak = [{}]", "'a',".repeat(9))),
            "step 2: it has 9 break signatures, and an extension holds 8",
        ),
        (&step("day = 1\ntacks = [{ key = 'a', lifetime = '2w' }]"), "step 2: lifetime: \"2w\" is not a span of time"),
        (&step("day = 1\ntacks = [{ key = 'a', expires = true }]"), "step 2: expires: give the number of a day, or a"),
        (
            &step("day = 1\ntacks = [{ key = 'a', expires = 9, lifetime = '1d' }]"),
            "step 2: the tack of key a has both lifetime and expires; give one of them",
        ),
    ];
    for (text, message) in cases {
        let error = text.parse::<Plan>().unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}\ninstead of\n{message}");
    }
}

#[test]
fn without_days_every_habit_comes_after_the_last_change() {
    for (text, days) in [
        ("[[step]]\nday = 0\ntacks = []", 200),
        ("[[step]]\nday = 10\ntacks = []", 210),
        ("[[step]]\nday = 10\ntacks = [{ key = 'a', expires = 50 }]", 250),
        ("[[step]]\nday = 10\ntacks = [{ key = 'a', lifetime = '30d' }]", 240),
        ("[[step]]\nday = 10\ntacks = [{ key = 'a', lifetime = '99999999d' }]", 210),
        ("[[step]]\nday = 1999\ntacks = []", 2000),
        ("days = 11\n[[step]]\nday = 10\ntacks = []", 11),
    ] {
        assert_eq!(plan(text).days(), days, "{text}");
    }
    let short = plan("[[step]]\nday = 10\ntacks = []");
    assert_eq!(short.clone().with_days(12).unwrap().days(), 12);
    assert_eq!(short.with_days(10), Err(PlanError::Days { days: 10, last: 10 }));
}

#[test]
fn a_date_is_a_day_after_the_start() {
    let plan = plan("start = 2028-02-28\n[[step]]\nday = 2028-03-01\ntacks = [{ key = 'a', expires = 2028-03-02 }]");
    let step = plan.steps().next().unwrap();
    assert_eq!((step.day, step.sent.as_ref().unwrap().tacks[0].expires), (2, Some(Span::new(3 * 24 * 60))));
    assert_eq!(plan.minute_of(2).to_string(), "2028-03-01T00:00Z");
    assert_eq!(plan.day_of(Minute::new(plan.minute_of(3).get() - 1)), 2);
}

#[test]
fn what_a_step_does_not_name_stays() {
    // The tack was for "a"; the one that is named again is for "b".
    let renewed =
        "[[step]]\nday = 0\ncertificate = 'a'\ntacks = [{ key = 'k' }]\n[[step]]\nday = 9\ncertificate = 'b'\n";
    assert_eq!(refusal(renewed), Some((Habit::Daily, 9, "target_hash", 1, Some(2))));
    assert_eq!(refusal(&format!("{renewed}tacks = [{{ key = 'k' }}]")), None);
    assert_eq!(
        refusal(&format!("{renewed}tacks = [{{ key = 'k', certificate = 'a' }}]")),
        Some((Habit::Daily, 9, "target_hash", 1, Some(2)))
    );
    // tacks and break are one: the tack goes with the break signature.
    let broken = "[[step]]\nday = 0\ntacks = [{ key = 'k' }]\n[[step]]\nday = 9\nbreak = ['other']";
    assert_eq!(refusal(broken), Some((Habit::Daily, 9, "contradicted", 1, Some(2))));
}

#[test]
fn a_tack_is_valid_until_its_day() {
    let expires = "[[step]]\nday = 3\ntacks = [{ key = 'k', expires = 40 }]";
    assert_eq!(refusal(expires), Some((Habit::Daily, 40, "expired", 1, Some(1))));
    let lifetime = "[[step]]\nday = 3\ntacks = [{ key = 'k', lifetime = '1d12h' }]";
    assert_eq!(refusal(lifetime), Some((Habit::Daily, 4, "expired", 1, Some(1))));
    // What is expired is the fault of the step that brought it, not of a later one for another server.
    let later = format!("servers = 2\n{expires}\n[[step]]\nday = 30\nserver = 2\ntacks = [{{ key = 'k' }}]");
    assert_eq!(refusal(&later), Some((Habit::Daily, 40, "expired", 1, Some(1))));
}

#[test]
fn a_break_signature_frees_who_is_pinned() {
    let old = "[[step]]\nday = 0\ntacks = [{ key = 'old' }]\n";
    let bridge = "[[step]]\nday = 90\ntacks = [{ key = 'old' }]\nbreak = ['old']\n";
    let new = "[[step]]\nday = 181\ntacks = [{ key = 'new' }]";
    assert_eq!(refusal(&format!("{old}{new}")), Some((Habit::Daily, 181, "contradicted", 1, Some(2))));
    assert_eq!(refusal(&format!("{old}{bridge}{new}")), None);
}

#[test]
fn a_server_that_is_left_out_is_found() {
    for servers in [2, 3, 8] {
        let text = format!(
            "days = 60\nservers = {servers}\n[[step]]\nday = 0\ntacks = [{{ key = 'k' }}]\n\
             [[step]]\nday = 50\nserver = {servers}\ntacks = []"
        );
        assert_eq!(refusal(&text), Some((Habit::Daily, 50, "contradicted", servers, Some(2))));
    }
    // Where some never had a tack, pins must first become active by visits to the others.
    let never = "servers = 3\n[[step]]\nday = 0\nserver = [1, 2]\ntacks = [{ key = 'k' }]";
    let simulation = plan(never).simulate();
    let visit = simulation.first_refusal().unwrap();
    assert_eq!((visit.day, visit.server, visit.served_by, visit.cause), (2, 3, None, Some(1)));
}

#[test]
fn the_visit_says_who_and_why() {
    let plan = plan(
        "[[step]]\nday = 0\ntacks = []\n[[step]]\nday = 10\ntacks = [{ key = 'k' }]\n[[step]]\nday = 90\ntacks = []",
    );
    let simulation = plan.simulate();
    let visit = simulation.first_refusal().unwrap();
    assert_eq!((visit.habit, visit.since, visit.day, visit.minute), (Habit::Daily, 0, 90, plan.minute_of(90)));
    assert_eq!((visit.key.as_deref(), visit.served_by, visit.cause), (Some("k"), Some(3), Some(3)));
    // The one that comes in the first minute of day 90 was there in the last of day 89.
    assert_eq!(visit.pinned_since.map(|since| plan.day_of(since)), Some(10));
    assert_eq!(visit.pinned_until, Some(Minute::new(plan.minute_of(120).get() - 1)));
    // The last pin ends as late as one of the last minute of day 89 does.
    let pin = &simulation.pins()[0];
    assert_eq!((pin.key.as_str(), plan.day_of(pin.from), pin.until), ("k", 11, visit.pinned_until));
}

#[test]
fn without_flags_nobody_is_pinned() {
    let simulation = plan("[[step]]\nday = 0\ntacks = [{ key = 'k', active = false }]").simulate();
    assert_eq!(simulation.pins(), []);
    let all = |simulation: &Simulation| simulation.habits().iter().flat_map(|habit| habit.days().to_vec()).collect();
    let days: Vec<_> = all(&simulation);
    assert!(days.len() == 5 * 200 && days.iter().all(|day| *day == DayStatus::Unpinned));
}

/// What clients that go on as one see is what each would see by itself.
#[test]
fn clients_go_on_as_one_only_if_nothing_tells_them_apart() {
    let text = "days = 220\n[[step]]\nday = 20\ntacks = [{ key = 'old' }]\n\
                [[step]]\nday = 60\ntacks = [{ key = 'old' }, { key = 'new' }]\n\
                [[step]]\nday = 100\ntacks = [{ key = 'old', active = false }, { key = 'new' }]\n\
                [[step]]\nday = 120\ntacks = [{ key = 'new', generation = 1, min_generation = 1 }]\n\
                [[step]]\nday = 170\ntacks = []";
    let plan = plan(text);
    let simulation = plan.simulate();
    assert_eq!(simulation.first_refusal().unwrap().day, 120);
    let keys = [1, 2].map(|byte| SigningKey::from_bytes(&[byte; 32]).unwrap());
    let hash = TargetHash::of(b"a TLS key");
    let presented = |tacks: &[(usize, u8)], flags| {
        let tack = |(key, generation): &(usize, u8)| {
            let generations = Generations::new(*generation, *generation).unwrap();
            Tack::sign(&keys[*key], generations, Minute::MAX, hash)
        };
        let extension = TackExtension::from(Draft02::new(tacks.iter().map(tack).collect(), flags).unwrap());
        Presented::new(Some(&extension.to_bytes()), hash)
    };
    let phases = [
        (0, Presented::new(None, hash)),
        (20, presented(&[(0, 0)], 1)),
        (60, presented(&[(0, 0), (1, 0)], 3)),
        (100, presented(&[(0, 0), (1, 0)], 2)),
        (120, presented(&[(1, 1)], 1)),
        (170, Presented::new(None, hash)),
    ];
    let name = "www.example.com".parse().unwrap();
    // Each client is one by itself here. Quarterly ones are few enough, and weekly ones meet every step.
    for outcome in &simulation.habits()[1..4] {
        let interval = outcome.habit().interval().unwrap();
        let mut refused = vec![false; 220];
        let mut confirmed = vec![false; 220];
        for (since, begins_late) in (0..220).flat_map(|since| [(since, false), (since, true)]) {
            let store = MemoryStore::default();
            let mut is_late = begins_late;
            for day in (since..220).step_by(interval.try_into().unwrap()) {
                let presented = &phases.iter().rev().find(|(from, _)| *from <= day).unwrap().1;
                let now = Minute::new(plan.minute_of(day).get() + if is_late { 24 * 60 - 1 } else { 0 });
                let judgement = judge(presented, Some((&store, &name)), now, &Policy::default()).unwrap();
                refused[usize::try_from(day).unwrap()] |= judgement.verdict().is_err();
                confirmed[usize::try_from(day).unwrap()] |= judgement.status() == Some(Status::Confirmed);
                is_late = !is_late;
            }
        }
        let days = outcome.days();
        for day in 0..220 {
            let (status, habit) = (days[day], outcome.habit());
            assert_eq!(status.is_bad(), refused[day], "{habit} day {day}: {status:?}");
            let is_confirmed = matches!(status, DayStatus::Partly | DayStatus::Confirmed);
            assert!(status.is_bad() || is_confirmed == confirmed[day], "{habit} day {day}: {status:?}");
        }
    }
}

/// A break signature has its effect after the judgement: the pin that contradicts is gone by then.
#[test]
fn the_pin_that_contradicts_is_told_even_if_it_is_broken() {
    let plan = plan(
        "[[step]]\nday = 0\ntacks = [{ key = 'old' }]\n[[step]]\nday = 90\ntacks = [{ key = 'new' }]\nbreak = ['old']",
    );
    let simulation = plan.simulate();
    let visit = simulation.first_refusal().unwrap();
    assert_eq!((visit.day, visit.key.as_deref()), (90, Some("old")));
    assert_eq!(visit.pinned_since.map(|since| plan.day_of(since)), Some(0));
    // It is refused once, and then the next visit is that of a client without pins.
    assert_eq!(simulation.habits()[0].days()[91], DayStatus::Unpinned);
}
