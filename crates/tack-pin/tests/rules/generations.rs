//! Step 2 (section 4.3.2): what is revoked, and what is raised.

use tack_pin::{Alert, Change, MemoryStore, PinStore, Refusal, Status};

use crate::common::*;
use crate::{HOST, accepted, connect, refused};

fn min_generations(store: &dyn PinStore) -> Vec<u8> {
    pins(store).iter().map(|(_, pin)| pin.min_generation).collect()
}

#[test]
fn a_generation_below_the_stored_min_generation_is_revoked() {
    let store = store(&[(HOST, pin(1, 3, earlier(DAY), NOW))]);
    let judgement = connect(&store, draft_02(&[tack_of(1, 0, 2)], 1));
    assert_eq!(refused(&judgement), ("revoked", Alert::CertificateRevoked));
    let revoked = Refusal::Revoked { key: fingerprint(1), generation: 2, min_generation: 3 };
    assert_eq!((judgement.refusal(), judgement.status()), (Some(&revoked), None));
    assert_eq!(judgement.tacks()[0].refusal, Some(revoked));
    assert_eq!(pins(&store), [(name(HOST), pin(1, 3, earlier(DAY), NOW))]);
}

#[test]
fn a_generation_of_the_stored_min_generation_is_not_revoked() {
    let store = store(&[(HOST, pin(1, 3, earlier(DAY), later(DAY)))]);
    assert_eq!(accepted(&connect(&store, draft_02(&[tack_of(1, 0, 3)], 0))), Status::Confirmed);
    assert_eq!(min_generations(&store), [3]);
}

#[test]
fn a_higher_min_generation_raises_the_stored_one() {
    let store = store(&[(HOST, pin(1, 3, earlier(DAY), later(DAY)))]);
    let judgement = connect(&store, draft_02(&[tack_of(1, 4, 9)], 0));
    assert_eq!(accepted(&judgement), Status::Confirmed);
    assert_eq!(judgement.changes(), [Change::MinGeneration { key: fingerprint(1), min_generation: 4 }]);
    assert_eq!((min_generations(&store), judgement.pins()[0].min_generation), (vec![4], 4));
}

#[test]
fn min_generation_never_falls() {
    let store = store(&[(HOST, pin(1, 3, earlier(DAY), later(DAY)))]);
    for min_generation in [0, 2, 3] {
        let judgement = connect(&store, draft_02(&[tack_of(1, min_generation, 9)], 0));
        assert_eq!((min_generations(&store), judgement.changes()), (vec![3], &[][..]));
    }
}

#[test]
fn min_generation_counts_for_every_name_of_the_key() {
    let (here, there) = ((HOST, pin(1, 3, earlier(DAY), NOW)), ("b.example", pin(1, 3, earlier(DAY), later(DAY))));
    let store = store(&[here, there]);
    connect(&store, draft_02(&[tack_of(1, 4, 4)], 0));
    assert_eq!(min_generations(&store), [4, 4]);
}

#[test]
fn a_pin_of_another_name_tells_what_is_revoked() {
    let store = store(&[("b.example", pin(1, 3, earlier(DAY), NOW))]);
    let judgement = connect(&store, draft_02(&[tack_of(1, 2, 2)], 1));
    assert_eq!(refused(&judgement), ("revoked", Alert::CertificateRevoked));
}

#[test]
fn an_unknown_key_has_nothing_revoked_and_nothing_raised() {
    let store = MemoryStore::default();
    assert_eq!(accepted(&connect(&store, draft_02(&[tack_of(1, 5, 5)], 0))), Status::Unpinned);
    assert_eq!(accepted(&connect(&store, draft_02(&[tack_of(1, 0, 0)], 0))), Status::Unpinned);
    assert!(store.is_empty());
}

#[test]
fn what_the_first_tack_raised_stays_when_the_second_is_revoked() {
    let pinned = [(HOST, pin(1, 0, earlier(DAY), NOW)), ("b.example", pin(2, 5, earlier(DAY), NOW))];
    let first = store(&pinned);
    let judgement = connect(&first, draft_02(&[tack_of(1, 4, 4), tack_of(2, 4, 4)], 3));
    assert_eq!(refused(&judgement), ("revoked", Alert::CertificateRevoked));
    assert_eq!(judgement.changes(), [Change::MinGeneration { key: fingerprint(1), min_generation: 4 }]);
    assert_eq!(min_generations(&first), [4, 5]);
    assert_eq!(judgement.tacks().iter().filter(|tack| tack.refusal.is_some()).count(), 1);

    let second = store(&pinned);
    let judgement = connect(&second, draft_02(&[tack_of(2, 4, 4), tack_of(1, 4, 4)], 3));
    assert_eq!((refused(&judgement).0, judgement.changes()), ("revoked", &[][..]));
    assert_eq!(min_generations(&second), [0, 5]);
}

#[test]
fn of_two_revoked_tacks_the_first_is_the_reason_and_each_is_said() {
    let store = store(&[("b.example", pin(1, 5, earlier(DAY), NOW)), ("b.example", pin(2, 6, earlier(DAY), NOW))]);
    let judgement = connect(&store, draft_02(&[tack(2), tack(1)], 3));
    let revoked = |key, min_generation| Refusal::Revoked { key: fingerprint(key), generation: 0, min_generation };
    assert_eq!(judgement.refusals(), [revoked(2, 6)]);
    let said: Vec<_> = judgement.tacks().iter().map(|tack| tack.refusal.clone()).collect();
    assert_eq!(said, [Some(revoked(2, 6)), Some(revoked(1, 5))]);
}

#[test]
fn a_revoked_tack_contradicts_nothing_and_activates_nothing() {
    let contradicting = (HOST, pin(2, 0, earlier(DAY), later(DAY)));
    let store = store(&[contradicting, ("b.example", pin(1, 5, earlier(DAY), NOW))]);
    let judgement = connect(&store, draft_02(&[tack(1)], 1));
    assert_eq!((refused(&judgement).0, judgement.status(), judgement.changes()), ("revoked", None, &[][..]));
}

#[test]
fn min_generation_rises_in_a_contradicted_connection() {
    let pinned = [(HOST, pin(2, 0, earlier(DAY), later(DAY))), ("b.example", pin(1, 0, earlier(DAY), NOW))];
    let store = store(&pinned);
    let judgement = connect(&store, draft_02(&[tack_of(1, 4, 4)], 1));
    assert_eq!(refused(&judgement), ("contradicted", Alert::AccessDenied));
    assert_eq!(judgement.changes(), [Change::MinGeneration { key: fingerprint(1), min_generation: 4 }]);
    assert_eq!(min_generations(&store), [0, 4]);
}

#[test]
fn min_generation_goes_with_the_last_pin_of_its_key() {
    let store = store(&[(HOST, pin(1, 5, earlier(DAY), NOW))]);
    assert_eq!(store.forget_name(&name(HOST)).unwrap(), 1);
    assert_eq!(accepted(&connect(&store, draft_02(&[tack_of(1, 0, 0)], 1))), Status::Unpinned);
    assert_eq!(min_generations(&store), [0]);
}

#[test]
fn generation_255_is_the_last() {
    let store = store(&[(HOST, pin(1, 0, earlier(DAY), later(DAY)))]);
    assert_eq!(accepted(&connect(&store, draft_02(&[tack_of(1, 255, 255)], 1))), Status::Confirmed);
    assert_eq!(refused(&connect(&store, draft_02(&[tack_of(1, 0, 254)], 1))).0, "revoked");
    assert_eq!(accepted(&connect(&store, draft_02(&[tack_of(1, 0, 255)], 1))), Status::Confirmed);
}
