//! Break signatures (draft-00, section 4.2.2).

use tack_core::Minute;
use tack_pin::{Change, MemoryStore, Status};

use crate::common::*;
use crate::{HOST, accepted, connect, refused};

#[test]
fn a_break_signature_ends_every_pin_of_its_key() {
    let other = pin(2, 0, earlier(DAY), NOW);
    let active = pin(1, 0, earlier(DAY), later(DAY));
    let store = store(&[("b.example", active), ("c.example", active), ("c.example", other)]);
    let judgement = connect(&store, draft_00(None, &[1], false));
    assert_eq!((accepted(&judgement), judgement.changes()), (Status::Unpinned, &[Change::Break(active.key)][..]));
    assert_eq!(pins(&store), [(name("c.example"), other)]);
}

#[test]
fn the_status_is_that_before_the_pins_are_broken() {
    let active = pin(1, 0, earlier(DAY), later(DAY));
    let contradicted = store(&[(HOST, active)]);
    let judgement = connect(&contradicted, draft_00(None, &[1], false));
    assert_eq!((refused(&judgement).0, judgement.status()), ("contradicted", Some(Status::Contradicted)));
    assert_eq!((pins(&contradicted), judgement.pins()), (vec![], &[][..]));
    assert_eq!(accepted(&connect(&contradicted, draft_00(None, &[1], false))), Status::Unpinned);

    let confirmed = store(&[(HOST, active)]);
    assert_eq!(accepted(&connect(&confirmed, draft_00(Some(tack(1)), &[1], true))), Status::Confirmed);
    assert_eq!(pins(&confirmed), []);
}

#[test]
fn a_broken_key_makes_no_pin() {
    let store = MemoryStore::default();
    let judgement = connect(&store, draft_00(Some(tack(1)), &[1], true));
    assert_eq!((accepted(&judgement), judgement.changes()), (Status::Unpinned, &[][..]));
    assert!(store.is_empty());
    let judgement = connect(&store, draft_00(Some(tack(1)), &[2], true));
    assert_eq!((accepted(&judgement), judgement.pins().len()), (Status::Unpinned, 1));
}

#[test]
fn a_new_pin_takes_the_place_of_two_that_are_broken_beside_it() {
    let inactive = |key| (HOST, pin(key, 0, earlier(DAY), NOW));
    let store = store(&[inactive(2), inactive(3)]);
    let judgement = connect(&store, draft_00(Some(tack(1)), &[2, 3], true));
    assert_eq!((accepted(&judgement), judgement.pins()), (Status::Unpinned, &[pin(1, 0, NOW, Minute::new(0))][..]));
}

#[test]
fn a_broken_key_is_unknown_again() {
    let store = store(&[(HOST, pin(1, 9, earlier(DAY), NOW))]);
    connect(&store, draft_00(None, &[1], false));
    assert_eq!(accepted(&connect(&store, draft_02(&[tack_of(1, 0, 0)], 1))), Status::Unpinned);
}

#[test]
fn a_revoked_tack_keeps_its_break_signatures_from_counting() {
    let store = store(&[(HOST, pin(1, 9, earlier(DAY), NOW)), ("b.example", pin(2, 0, earlier(DAY), NOW))]);
    let before = pins(&store);
    assert_eq!(refused(&connect(&store, draft_00(Some(tack(1)), &[1, 2], true))).0, "revoked");
    assert_eq!(pins(&store), before);
}

#[test]
fn eight_keys_can_be_broken_at_once() {
    let keys = [1, 2, 3, 4, 5, 6, 7, 8];
    let all: Vec<_> = keys.map(|key| (HOST, pin(key, 0, earlier(DAY), NOW))).into();
    let names = ["a", "a", "b", "b", "c", "c", "d", "d"];
    let all: Vec<_> = names.iter().zip(all).map(|(name, (_, pin))| (*name, pin)).collect();
    let store = store(&all);
    assert_eq!(connect(&store, draft_00(None, &keys, false)).changes().len(), 8);
    assert!(store.is_empty());
}

#[test]
fn each_key_is_said_to_be_broken_once() {
    let inactive = pin(1, 0, earlier(DAY), NOW);
    let store = store(&[(HOST, inactive), ("b.example", inactive)]);
    let judgement = connect(&store, draft_00(None, &[1, 3, 1], false));
    assert_eq!((judgement.changes(), pins(&store)), (&[Change::Break(inactive.key)][..], vec![]));
}
