//! What a client wants of the judgement: how much changes, whether it refuses, which keys it requires.

use tack_core::TackExtension;
use tack_pin::{Alert, Change, Judgement, MemoryStore, Mode, PinStore, Policy, Presented, Refusal, Status, judge};

use crate::common::*;
use crate::{HOST, accepted, connect_with, refused};

fn connect(store: &dyn PinStore, policy: &Policy, extension: TackExtension) -> Judgement {
    connect_with(store, NOW, &present(extension), policy)
}

fn mode(mode: Mode) -> Policy {
    Policy::default().mode(mode)
}

#[test]
fn no_activation_makes_extends_and_deletes_no_pin() {
    let policy = mode(Mode::NoActivation);
    let store = store(&[(HOST, pin(1, 0, earlier(DAY), later(1))), (HOST, pin(2, 0, earlier(DAY), NOW))]);
    let before = pins(&store);
    let judgement = connect(&store, &policy, draft_02(&[tack(1), tack(3)], 3));
    assert_eq!((accepted(&judgement), judgement.changes()), (Status::Confirmed, &[][..]));
    assert_eq!(pins(&store), before);
}

#[test]
fn no_activation_leaves_revocations_and_break_signatures() {
    let policy = mode(Mode::NoActivation);
    let store = store(&[(HOST, pin(1, 0, earlier(DAY), NOW)), ("b.example", pin(2, 0, earlier(DAY), NOW))]);
    let judgement = connect(&store, &policy, draft_00(Some(tack_of(1, 4, 4)), &[2], true));
    let raised = Change::MinGeneration { key: fingerprint(1), min_generation: 4 };
    assert_eq!(judgement.changes(), [raised, Change::Break(fingerprint(2))]);
    assert_eq!(pins(&store), [(name(HOST), pin(1, 4, earlier(DAY), NOW))]);
}

#[test]
fn read_only_changes_nothing() {
    let policy = mode(Mode::ReadOnly);
    let pinned = [(HOST, pin(1, 0, earlier(DAY), later(1))), ("b.example", pin(2, 9, earlier(DAY), NOW))];
    let store = store(&pinned);
    let before = pins(&store);
    for (extension, status) in [
        (draft_02(&[tack_of(1, 4, 4), tack(3)], 3), Some(Status::Confirmed)),
        (draft_02(&[tack_of(1, 4, 4), tack(2)], 3), None),
        (draft_00(Some(tack(3)), &[1, 2], true), Some(Status::Contradicted)),
    ] {
        let judgement = connect(&store, &policy, extension);
        assert_eq!((judgement.status(), judgement.changes()), (status, &[][..]));
        assert_eq!((pins(&store), judgement.pins().len()), (before.clone(), 1));
    }
}

#[test]
fn a_report_refuses_nothing_and_says_what_would() {
    let policy = Policy::default().report_only();
    let store = store(&[(HOST, pin(1, 0, earlier(DAY), later(1)))]);
    for (extension, code) in
        [(draft_02(&[tack(2)], 1), "contradicted"), (draft_02(&[forged(&tack(1))], 1), "signature")]
    {
        let judgement = connect(&store, &policy, extension);
        assert_eq!((judgement.verdict(), judgement.refusal().map(Refusal::code)), (Ok(()), Some(code)));
        assert_eq!(judgement.changes(), []);
    }
    assert_eq!(accepted(&connect(&store, &policy, draft_02(&[tack(1)], 0))), Status::Confirmed);
}

#[test]
fn one_of_the_required_keys_is_enough() {
    let policy = Policy::default().require([fingerprint(1), fingerprint(2)]);
    for extension in [draft_02(&[tack(1)], 0), draft_02(&[tack(3), tack(2)], 0), draft_00(Some(tack(2)), &[], false)] {
        assert_eq!(accepted(&connect(&MemoryStore::default(), &policy, extension)), Status::Unpinned);
    }
}

#[test]
fn a_missing_required_key_is_refused_and_activates_nothing() {
    let policy = Policy::default().require([fingerprint(1)]);
    let store = store(&[(HOST, pin(2, 0, earlier(DAY), NOW))]);
    let before = pins(&store);
    for presented in [present(draft_02(&[tack(3)], 1)), Presented::new(None, TLS_KEY)] {
        let judgement = connect_with(&store, NOW, &presented, &policy);
        assert_eq!(refused(&judgement), ("key_required", Alert::AccessDenied));
        assert_eq!((judgement.status(), judgement.changes()), (Some(Status::Unpinned), &[][..]));
        assert_eq!(pins(&store), before);
    }
}

#[test]
fn a_required_key_that_is_not_valid_is_missing() {
    let policy = Policy::default().require([fingerprint(1)]);
    let judgement = connect(&MemoryStore::default(), &policy, draft_02(&[forged(&tack(1))], 0));
    assert_eq!(refused(&judgement).0, "signature");
}

#[test]
fn a_required_key_does_not_make_up_for_a_pin() {
    let policy = Policy::default().require([fingerprint(2)]);
    let store = store(&[(HOST, pin(1, 0, earlier(DAY), later(1)))]);
    assert_eq!(refused(&connect(&store, &policy, draft_02(&[tack(2)], 1))).0, "contradicted");
    let codes: Vec<_> =
        connect(&store, &policy, draft_02(&[tack(3)], 1)).refusals().iter().map(Refusal::code).collect();
    assert_eq!(codes, ["contradicted", "key_required"]);
}

#[test]
fn keys_are_required_without_a_store_as_well() {
    let policy = Policy::default().require([fingerprint(1)]);
    let without = |key| judge(&present(draft_02(&[tack(key)], 1)), None, NOW, &policy).unwrap();
    assert_eq!(accepted(&without(1)), Status::Unpinned);
    assert_eq!(refused(&without(2)), ("key_required", Alert::AccessDenied));
}
