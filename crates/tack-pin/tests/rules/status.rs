//! Step 3 (section 4.3.3): what the pins say.

use tack_pin::{Alert, MemoryStore, Policy, Presented, Refusal, Status, judge};

use crate::common::*;
use crate::{HOST, accepted, connect, connect_at, connect_plainly, refused};

#[test]
fn an_active_pin_with_a_matching_tack_is_confirmed() {
    let store = store(&[(HOST, pin(1, 0, earlier(DAY), later(DAY)))]);
    assert_eq!(accepted(&connect(&store, draft_02(&[tack(1)], 0))), Status::Confirmed);
    assert_eq!(accepted(&connect(&store, draft_02(&[tack(2), tack(1)], 0))), Status::Confirmed);
    assert_eq!(accepted(&connect(&store, draft_00(Some(tack(1)), &[], false))), Status::Confirmed);
}

#[test]
fn an_active_pin_without_a_matching_tack_is_contradicted() {
    let (key, end) = (fingerprint(1), later(DAY));
    let store = store(&[(HOST, pin(1, 0, earlier(DAY), end))]);
    let judgement = connect(&store, draft_02(&[tack(2)], 0));
    assert_eq!(refused(&judgement), ("contradicted", Alert::AccessDenied));
    assert_eq!(judgement.refusal(), Some(&Refusal::Contradicted { name: name(HOST), key, end }));
    assert_eq!(judgement.status(), Some(Status::Contradicted));
    assert_eq!(judgement.tacks()[0].refusal, None);
}

#[test]
fn no_extension_contradicts_an_active_pin() {
    let store = store(&[(HOST, pin(1, 0, earlier(DAY), later(DAY)))]);
    let judgement = connect_plainly(&store);
    assert_eq!(refused(&judgement), ("contradicted", Alert::AccessDenied));
    assert_eq!((judgement.status(), judgement.carrier()), (Some(Status::Contradicted), None));
    assert_eq!(refused(&connect(&store, draft_00(None, &[], false))), ("contradicted", Alert::AccessDenied));
}

#[test]
fn one_matching_tack_does_not_make_up_for_a_second_pin() {
    let second = pin(2, 0, earlier(DAY), later(1));
    let store = store(&[(HOST, pin(1, 0, earlier(DAY), later(DAY))), (HOST, second)]);
    let judgement = connect(&store, draft_02(&[tack(1)], 1));
    assert_eq!(refused(&judgement).0, "contradicted");
    assert_eq!(judgement.status(), Some(Status::Contradicted));
    assert_eq!(accepted(&connect(&store, draft_02(&[tack(2), tack(1)], 1))), Status::Confirmed);
}

#[test]
fn each_pin_that_contradicts_is_a_reason() {
    let pinned = [pin(1, 0, earlier(DAY), later(DAY)), pin(2, 0, earlier(DAY), later(2 * DAY))];
    let store = store(&pinned.map(|pin| (HOST, pin)));
    let judgement = connect_plainly(&store);
    let mut keys = pinned.map(|pin| (pin.key, pin.end));
    keys.sort_unstable();
    let reasons = keys.map(|(key, end)| Refusal::Contradicted { name: name(HOST), key, end });
    assert_eq!(judgement.refusals(), reasons);
    assert_eq!(judgement.verdict(), Err(&reasons[0]));
}

#[test]
fn no_pin_and_an_inactive_pin_are_unpinned() {
    assert_eq!(accepted(&connect_plainly(&MemoryStore::default())), Status::Unpinned);
    let store = store(&[(HOST, pin(1, 0, earlier(DAY), NOW))]);
    assert_eq!(accepted(&connect(&store, draft_02(&[tack(1)], 0))), Status::Unpinned);
    assert_eq!(accepted(&connect_plainly(&store)), Status::Unpinned);
}

#[test]
fn a_pin_in_the_minute_of_its_end_is_inactive() {
    let end = later(DAY);
    for (now, expected) in [(later(DAY - 1), Status::Contradicted), (end, Status::Unpinned)] {
        let store = store(&[(HOST, pin(1, 0, NOW, end))]);
        assert_eq!(connect_at(&store, now, draft_02(&[tack(2)], 0)).status(), Some(expected));
    }
}

#[test]
fn pins_of_other_names_say_nothing() {
    for other in ["b.example", "example", "www.a.example"] {
        let store = store(&[(other, pin(1, 0, earlier(DAY), later(DAY)))]);
        assert_eq!(accepted(&connect(&store, draft_02(&[tack(1)], 0))), Status::Unpinned);
        assert_eq!(accepted(&connect_plainly(&store)), Status::Unpinned);
    }
}

#[test]
fn without_a_store_every_valid_connection_is_unpinned() {
    let without = |presented: &Presented| judge(presented, None, NOW, &Policy::default()).unwrap();
    let judgement = without(&present(draft_02(&[tack_of(1, 3, 3)], 1)));
    assert_eq!((accepted(&judgement), judgement.pins(), judgement.changes()), (Status::Unpinned, &[][..], &[][..]));
    assert_eq!(accepted(&without(&Presented::new(None, TLS_KEY))), Status::Unpinned);
    assert_eq!(refused(&without(&present(draft_02(&[forged(&tack(1))], 1)))).0, "signature");
}
