//! A store that is full (the crate's own rule).

use tack_core::{Minute, TackExtension};
use tack_pin::{MemoryStore, Pin, PinStore, Policy, Status, judge};

use crate::accepted;
use crate::common::*;

fn full(pinned: &[(&str, Pin)]) -> MemoryStore {
    let store = MemoryStore::with_limit(pinned.len());
    let pinned: Vec<_> = pinned.iter().map(|(text, pin)| (name(text), *pin)).collect();
    assert_eq!(store.import(&pinned, NOW).unwrap().added, pinned.len());
    store
}

fn connect(store: &dyn PinStore, host: &str, extension: TackExtension) -> Vec<Pin> {
    let judgement = judge(&present(extension), Some((store, &name(host))), NOW, &Policy::default()).unwrap();
    assert_eq!(accepted(&judgement), Status::Unpinned);
    judgement.pins().to_vec()
}

#[test]
fn the_inactive_pin_that_ends_first_gives_way() {
    let pinned = [
        ("a", pin(1, 0, earlier(DAY), later(1))),
        ("b", pin(1, 0, earlier(DAY), earlier(1))),
        ("c", pin(1, 0, earlier(DAY), earlier(2))),
        ("d", pin(1, 0, earlier(DAY), NOW)),
    ];
    let store = full(&pinned);
    assert_eq!(connect(&store, "e", draft_02(&[tack(2)], 1)), [pin(2, 0, NOW, Minute::new(0))]);
    let names: Vec<_> = pins(&store).iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!((names, store.len()), (["a", "b", "d", "e"].map(str::to_owned).into(), 4));
}

#[test]
fn active_pins_never_give_way() {
    let store = full(&[("a", pin(1, 0, earlier(DAY), later(1))), ("b", pin(1, 0, earlier(DAY), later(2)))]);
    let before = pins(&store);
    assert_eq!(connect(&store, "e", draft_02(&[tack(2), tack(1)], 3)), []);
    assert_eq!(pins(&store), before);
}

#[test]
fn a_full_store_still_extends_and_raises() {
    let store = full(&[("a", pin(1, 0, earlier(DAY), NOW))]);
    assert_eq!(connect(&store, "a", draft_02(&[tack_of(1, 4, 4)], 1)), [pin(1, 4, earlier(DAY), later(DAY))]);
}

#[test]
fn a_pin_that_goes_makes_room_for_one_that_comes() {
    let store = full(&[("a", pin(1, 0, earlier(DAY), NOW)), ("b", pin(3, 0, earlier(DAY), earlier(DAY)))]);
    assert_eq!(connect(&store, "a", draft_02(&[tack(2)], 1)), [pin(2, 0, NOW, Minute::new(0))]);
    assert_eq!(store.len(), 2);
}

#[test]
fn a_new_pin_does_not_drive_out_one_that_becomes_active_with_it() {
    let store = full(&[("a", pin(1, 0, earlier(DAY), NOW))]);
    let extended = pin(1, 0, earlier(DAY), later(DAY));
    assert_eq!(connect(&store, "a", draft_02(&[tack(2), tack(1)], 3)), [extended]);
}

#[test]
fn a_key_keeps_its_min_generation_when_one_of_its_pins_gives_way_to_another() {
    let store = full(&[("a", pin(1, 5, earlier(DAY), NOW))]);
    assert_eq!(store.import(&[(name("b"), pin(1, 3, NOW, later(DAY)))], NOW).unwrap().added, 1);
    assert_eq!(pins(&store), [(name("b"), pin(1, 5, NOW, later(DAY)))]);
}
