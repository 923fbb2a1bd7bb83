//! Step 4 (section 4.3.4): pins are made, extended and deleted.

use tack_core::{Minute, Tack, TackExtension};
use tack_pin::{Change, MemoryStore, Pin, Policy, Presented, Status};

use crate::common::*;
use crate::{HOST, accepted, connect, connect_at, connect_plainly, connect_with};

/// The pins of the host after a connection in which nothing is wrong.
fn after(pinned: &[Pin], extension: TackExtension) -> Vec<Pin> {
    let store = store(&pinned.iter().map(|pin| (HOST, *pin)).collect::<Vec<_>>());
    let judgement = connect(&store, extension);
    accepted(&judgement);
    let kept: Vec<_> = pins(&store).into_iter().map(|(_, pin)| pin).collect();
    assert_eq!(judgement.pins(), kept);
    kept
}

#[test]
fn an_active_tack_makes_an_inactive_pin() {
    let new = pin(1, 3, NOW, Minute::new(0));
    assert_eq!(after(&[], draft_02(&[tack_of(1, 3, 4)], 1)), [new]);
    assert_eq!(after(&[], draft_00(Some(tack_of(1, 3, 4)), &[], true)), [new]);
}

#[test]
fn an_inactive_tack_makes_no_pin() {
    assert_eq!(after(&[], draft_02(&[tack(1)], 0)), []);
    assert_eq!(after(&[], draft_00(Some(tack(1)), &[], false)), []);
}

#[test]
fn each_flag_is_for_its_own_tack() {
    let mut both = [1, 2].map(|key| pin(key, 0, NOW, Minute::new(0)));
    both.sort_unstable();
    let serve = |flags| after(&[], draft_02(&[tack(1), tack(2)], flags));
    assert_eq!(serve(0), []);
    assert_eq!(serve(1), [pin(1, 0, NOW, Minute::new(0))]);
    assert_eq!(serve(2), [pin(2, 0, NOW, Minute::new(0))]);
    assert_eq!(serve(3), both);
}

#[test]
fn reserved_flags_are_ignored() {
    let store = MemoryStore::default();
    let serve = |tacks: &[Tack], flags: u8| {
        let mut bytes = draft_02(tacks, 0).to_bytes();
        *bytes.last_mut().unwrap() = flags;
        connect_with(&store, NOW, &Presented::new(Some(&bytes), TLS_KEY), &Policy::default())
    };
    // Of one tack the second flag is reserved, too.
    for judgement in [serve(&[tack(1)], 0xfe), serve(&[tack(1), tack(2)], 0xfc)] {
        assert_eq!((accepted(&judgement), judgement.pins()), (Status::Unpinned, &[][..]));
    }
    assert_eq!(serve(&[tack(1)], 0xff).pins(), [pin(1, 0, NOW, Minute::new(0))]);
}

#[test]
fn a_new_pin_has_the_higher_min_generation() {
    for (stored, of_tack, expected) in [(5, 3, 5), (3, 5, 5), (4, 4, 4)] {
        let store = store(&[("b.example", pin(1, stored, earlier(DAY), NOW))]);
        let judgement = connect(&store, draft_02(&[tack_of(1, of_tack, 9)], 1));
        assert_eq!(judgement.pins(), [pin(1, expected, NOW, Minute::new(0))]);
        assert!(pins(&store).iter().all(|(_, pin)| pin.min_generation == expected));
    }
}

#[test]
fn a_pin_is_active_as_long_again_as_it_is_old() {
    for age in [1, 2, DAY, 29 * DAY, 30 * DAY - 1] {
        assert_eq!(
            after(&[pin(1, 0, earlier(age), Minute::new(0))], draft_02(&[tack(1)], 1)),
            [pin(1, 0, earlier(age), later(age))]
        );
    }
}

#[test]
fn thirty_days_at_most() {
    for age in [30 * DAY, 30 * DAY + 1, 400 * DAY] {
        let old = pin(1, 0, earlier(age), later(DAY));
        assert_eq!(after(&[old], draft_02(&[tack(1)], 1)), [Pin { end: later(30 * DAY), ..old }]);
    }
}

#[test]
fn an_inactive_tack_extends_nothing() {
    for old in [pin(1, 0, earlier(DAY), later(1)), pin(1, 0, earlier(DAY), NOW)] {
        assert_eq!(after(&[old], draft_02(&[tack(1)], 0)), [old]);
        assert_eq!(after(&[old], draft_00(Some(tack(1)), &[], false)), [old]);
    }
}

#[test]
fn a_pin_that_ended_begins_to_count_again() {
    let old = pin(1, 0, earlier(10 * DAY), earlier(9 * DAY));
    assert_eq!(after(&[old], draft_02(&[tack(1)], 1)), [Pin { end: later(10 * DAY), ..old }]);
}

#[test]
fn a_pin_seen_again_in_its_first_minute_is_not_active() {
    let store = MemoryStore::default();
    let extension = draft_02(&[tack(1)], 1);
    connect(&store, extension.clone());
    let again = connect(&store, extension.clone());
    assert_eq!((accepted(&again), again.pins()), (Status::Unpinned, &[pin(1, 0, NOW, NOW)][..]));
    assert_eq!(again.changes(), [Change::End { key: fingerprint(1), end: NOW }]);
    assert_eq!(connect(&store, extension).changes(), []);
    assert_eq!(accepted(&connect_plainly(&store)), Status::Unpinned);
}

#[test]
fn inactive_pins_without_a_tack_go() {
    let (ended, never) = (pin(1, 0, earlier(DAY), NOW), pin(2, 0, earlier(1), Minute::new(0)));
    assert_eq!(after(&[ended, never], draft_02(&[tack(3)], 0)), []);
    assert_eq!(after(&[ended, never], draft_02(&[tack(1)], 0)), [ended]);
    assert_eq!(after(&[ended, never], draft_00(None, &[], false)), []);
    let store = store(&[(HOST, ended), ("b.example", ended)]);
    assert_eq!(connect_plainly(&store).changes(), [Change::Remove(ended.key)]);
    assert_eq!(pins(&store), [(name("b.example"), ended)]);
}

#[test]
fn two_pins_of_a_name_at_most() {
    let (active, inactive) = (pin(1, 0, earlier(DAY), later(DAY)), pin(2, 0, earlier(DAY), NOW));
    let kept = after(&[active, inactive], draft_02(&[tack(1), tack(3)], 2));
    let mut expected = [active, pin(3, 0, NOW, Minute::new(0))];
    expected.sort_unstable();
    assert_eq!(kept, expected);
}

#[test]
fn a_contradicted_connection_activates_nothing() {
    let pinned = [(HOST, pin(1, 0, earlier(DAY), later(DAY))), (HOST, pin(2, 0, earlier(DAY), NOW))];
    let store = store(&pinned);
    let before = pins(&store);
    for tacks in [&[tack(3)][..], &[tack(2)], &[tack(2), tack(3)]] {
        let judgement = connect(&store, draft_02(tacks, if tacks.len() == 2 { 3 } else { 1 }));
        assert_eq!((judgement.status(), judgement.changes()), (Some(Status::Contradicted), &[][..]));
        assert_eq!(pins(&store), before);
    }
}

#[test]
fn where_the_clock_went_back_behind_its_beginning_a_pin_stays() {
    let store = store(&[(HOST, pin(1, 0, NOW, later(DAY)))]);
    let judgement = connect_at(&store, earlier(1), draft_02(&[tack(1)], 1));
    assert_eq!((accepted(&judgement), judgement.pins()), (Status::Confirmed, &[pin(1, 0, NOW, later(DAY))][..]));
}

#[test]
fn where_the_clock_went_back_a_little_a_pin_is_shorter() {
    let store = store(&[(HOST, pin(1, 0, earlier(DAY), later(30 * DAY)))]);
    let judgement = connect(&store, draft_02(&[tack(1)], 1));
    assert_eq!((accepted(&judgement), judgement.pins()[0].end), (Status::Confirmed, later(DAY)));
}

#[test]
fn no_pin_ends_after_the_last_minute() {
    let now = Minute::new(u32::MAX - 10);
    let store = store(&[(HOST, pin(1, 0, earlier(DAY), later(DAY)))]);
    let judgement = connect_at(&store, now, draft_02(&[expiring(1, Minute::MAX)], 1));
    assert_eq!(judgement.pins(), [pin(1, 0, earlier(DAY), Minute::MAX)]);
    let last = connect_with(&store, Minute::MAX, &Presented::new(None, TLS_KEY), &Policy::default());
    assert_eq!((accepted(&last), last.pins()), (Status::Unpinned, &[][..]));
}

#[test]
fn daily_visits_keep_a_host_pinned() {
    let store = MemoryStore::default();
    let visit = |day| connect_at(&store, later(day * DAY), draft_02(&[tack(1)], 1));
    assert_eq!((accepted(&visit(0)), accepted(&visit(1))), (Status::Unpinned, Status::Unpinned));
    for day in 2..100 {
        // On the second day the pin of the first has just ended: it was one day old.
        let expected = if day == 2 { Status::Unpinned } else { Status::Confirmed };
        let judgement = visit(day);
        assert_eq!(accepted(&judgement), expected, "day {day}");
        assert_eq!(judgement.pins(), [pin(1, 0, NOW, later((day + day.min(30)) * DAY))]);
    }
}
