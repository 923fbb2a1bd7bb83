//! Random histories of a client: connections to two hosts, imports, pins that are forgotten, clocks that go back. A second
//! client, which is naive, must agree on every step; and whatever happens, this holds:
//!
//! 1. A name has two pins at most, of different keys. All pins of a key have one min_generation.
//! 2. The min_generation of a key never falls while it has a pin.
//! 3. An active pin goes only by a break signature of its key, or when it is forgotten.
//! 4. A connection that gives a pin another end gives it one of its own name, at most 30 days ahead.
//! 5. A connection is contradicted if, and only if, an active pin of the name has no tack of its key.
//! 6. What is not valid changes nothing. What is revoked raises min_generations at most. Whatever is refused makes no pin and
//!    extends none.
//! 7. Without activation no pin is made, extended or deleted, but by a break signature. Read-only, nothing changes.
//! 8. The store changed if, and only if, the judgement says so; the pins that it gives are those of the name.
//! 9. The same connection once more in the same minute changes nothing, but for the ends of pins that were made in it, or
//!    after a break signature: the pin that contradicted the first may be gone.
//! 10. An import neither shortens a pin nor removes an active one.
//!
//! 2,000 histories by default, or as many as PROPTEST_CASES says. Of these rules 8 and 9 leave out full stores: there a new pin
//! may find no place, or take that of another one.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod model;
mod world;

use std::env;

use proptest::prelude::*;
use tack_core::{Fingerprint, Minute};
use tack_pin::{HostName, Judgement, MemoryStore, Mode, Pin, PinStore, Refusal, Status, judge};

use common::{DAY, pins};
use model::Client;
use world::{Connection, Event, History, Step, history};

type Pins = Vec<(HostName, Pin)>;

/// What changed in a step, and when.
struct Changed<'a> {
    before: &'a Pins,
    after: &'a Pins,
    now: Minute,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_rules_hold_and_a_naive_client_agrees(history in history()) {
        live(&history, &MemoryStore::with_limit(history.limit));
    }
}

fn cases() -> u32 {
    env::var_os("PROPTEST_CASES").map_or(2_000, |_| ProptestConfig::default().cases)
}

fn live(history: &History, store: &dyn PinStore) {
    let mut model = Client { records: Vec::new(), limit: history.limit };
    for event in &history.events {
        step(event, store, &mut model);
    }
    if let Some(Event { now, step: Step::Connect(connection) }) = history.events.last()
        && pins(store).len() + 2 <= history.limit
    {
        once_more(connection, store, Minute::new(*now));
    }
}

fn step(event: &Event, store: &dyn PinStore, model: &mut Client) {
    let before = pins(store);
    let now = Minute::new(event.now);
    match &event.step {
        Step::Connect(connection) => {
            let judgement = connect(connection, store, now);
            let (status, codes) = model.connect(connection, event.now);
            assert_eq!(judgement.status().map(Status::word), status);
            assert_eq!(judgement.refusals().iter().map(Refusal::code).collect::<Vec<_>>(), codes);
            let changed = Changed { before: &before, after: &pins(store), now };
            of_connection(connection, &judgement, &changed);
            if before.len() + 2 <= model.limit {
                of_changes(connection, &judgement, &changed);
            }
        }
        Step::Import(record) => {
            store.import(&[world::pin(record)], now).unwrap();
            model.import(*record, event.now);
            of_import(&Changed { before: &before, after: &pins(store), now });
        }
        Step::ForgetName(name) => {
            store.forget_name(world::name(*name)).unwrap();
            model.records.retain(|record| record.name != *name);
        }
        Step::ForgetKey(key) => {
            store.forget_key(world::fingerprint(*key)).unwrap();
            model.records.retain(|record| record.key != *key);
        }
    }
    let after = pins(store);
    model.records.sort_unstable();
    assert_eq!(&after, &model.records.iter().map(world::pin).collect::<Vec<_>>());
    of_any(&Changed { before: &before, after: &after, now });
}

fn connect(connection: &Connection, store: &dyn PinStore, now: Minute) -> Judgement {
    let name = world::name(connection.name);
    judge(&connection.presented(), Some((store, name)), now, &connection.policy()).unwrap()
}

/// Rules 1 and 2.
fn of_any(changed: &Changed) {
    for of_name in changed.after.chunk_by(|one, other| one.0 == other.0) {
        assert!(of_name.len() == 1 || of_name.len() == 2 && of_name[0].1.key != of_name[1].1.key);
    }
    for (_, pin) in changed.after {
        assert!(
            changed
                .after
                .iter()
                .all(|(_, other)| { other.key != pin.key || other.min_generation == pin.min_generation })
        );
        assert!(
            changed.before.iter().all(|(_, old)| { old.key != pin.key || old.min_generation <= pin.min_generation })
        );
    }
}

/// Rules 3 to 7.
fn of_connection(connection: &Connection, judgement: &Judgement, changed: &Changed) {
    let name = world::name(connection.name);
    let has_tack_of = |key: Fingerprint| judgement.tacks().iter().any(|tack| tack.key == key);
    let is_broken = |key: Fingerprint| connection.broken().iter().any(|number| world::fingerprint(*number) == key);

    let is_contradicting =
        |(of, pin): &(HostName, Pin)| of == name && pin.is_active(changed.now) && !has_tack_of(pin.key);
    if judgement.status().is_some() {
        let is_contradicted = judgement.status() == Some(Status::Contradicted);
        assert_eq!(is_contradicted, changed.before.iter().any(is_contradicting));
    }
    assert_eq!(judgement.verdict().is_err(), judgement.refusal().is_some() && !connection.is_report);

    let may_activate = judgement.refusal().is_none() && connection.mode == Mode::Activate;
    let may_break = judgement.status().is_some() && connection.mode != Mode::ReadOnly;
    for (of, old) in changed.before {
        match find(changed.after, of, old.key) {
            Some(new) if new.end != old.end => {
                assert!(may_activate && of == name && has_tack_of(old.key));
                assert!(new.end.get() <= changed.now.get().saturating_add(30 * DAY));
                assert_eq!(new.initial, old.initial);
            }
            Some(_) => {}
            None if is_broken(old.key) && may_break => {}
            None => assert!(may_activate && !old.is_active(changed.now)),
        }
    }
    for (of, new) in changed.after.iter().filter(|(of, new)| find(changed.before, of, new.key).is_none()) {
        let fresh = Pin { min_generation: new.min_generation, ..Pin::new(new.key, 0, changed.now) };
        assert!(may_activate && of == name && has_tack_of(new.key) && *new == fresh);
    }
    let is_invalid = judgement.status().is_none() && judgement.refusal().is_none_or(|why| why.code() != "revoked");
    if is_invalid || connection.mode == Mode::ReadOnly {
        assert_eq!(changed.before, changed.after);
    }
}

/// Rule 8.
fn of_changes(connection: &Connection, judgement: &Judgement, changed: &Changed) {
    assert_eq!(judgement.changes().is_empty(), changed.before == changed.after);
    let name = world::name(connection.name);
    let of_name: Vec<_> = changed.after.iter().filter(|(of, _)| of == name).map(|(_, pin)| *pin).collect();
    assert_eq!(judgement.pins(), of_name);
}

/// Rule 9.
fn once_more(connection: &Connection, store: &dyn PinStore, now: Minute) {
    let before = pins(store);
    connect(connection, store, now);
    let after = pins(store);
    if connection.broken().is_empty() {
        assert_eq!(before.len(), after.len());
        for ((_, old), (_, new)) in before.iter().zip(&after) {
            assert!(old == new || old.initial == now && *new == Pin { end: now, ..*old });
        }
    }
}

/// Rule 10.
fn of_import(changed: &Changed) {
    for (of, old) in changed.before {
        match find(changed.after, of, old.key) {
            Some(new) => assert!(new.initial <= old.initial && new.end >= old.end),
            None => assert!(!old.is_active(changed.now)),
        }
    }
}

fn find<'a>(pins: &'a Pins, name: &HostName, key: Fingerprint) -> Option<&'a Pin> {
    pins.iter().find(|(of, pin)| of == name && pin.key == key).map(|(_, pin)| pin)
}
