//! What else a store does with pins: it merges, shows and forgets them (the crate's own rules).

use tack_core::Minute;
use tack_pin::{HostName, Imported, MemoryStore, Pin, PinStore};

use crate::common::*;

fn import(store: &dyn PinStore, text: &str, pin: Pin) -> Imported {
    store.import(&[(name(text), pin)], NOW).unwrap()
}

fn number(added: usize, changed: usize, unchanged: usize, left_out: usize) -> Imported {
    Imported { added, changed, unchanged, left_out }
}

#[test]
fn an_import_widens_a_pin_and_says_so() {
    let store = store(&[("a", pin(1, 3, earlier(DAY), later(DAY)))]);
    for (weaker, expected) in [
        (pin(1, 3, earlier(DAY), later(DAY)), number(0, 0, 1, 0)),
        (pin(1, 2, NOW, Minute::new(0)), number(0, 0, 1, 0)),
        (pin(1, 4, NOW, NOW), number(0, 1, 0, 0)),
        (pin(1, 0, earlier(2 * DAY), NOW), number(0, 1, 0, 0)),
        (pin(1, 0, NOW, later(2 * DAY)), number(0, 1, 0, 0)),
    ] {
        assert_eq!(import(&store, "a", weaker), expected);
    }
    assert_eq!(pins(&store), [(name("a"), pin(1, 4, earlier(2 * DAY), later(2 * DAY)))]);
}

#[test]
fn an_import_raises_the_min_generation_of_every_pin_of_the_key() {
    let store = store(&[("a", pin(1, 3, earlier(DAY), later(DAY)))]);
    assert_eq!(import(&store, "b", pin(1, 5, NOW, NOW)), number(1, 0, 0, 0));
    assert_eq!(import(&store, "c", pin(1, 4, NOW, NOW)), number(1, 0, 0, 0));
    assert!(pins(&store).iter().all(|(_, pin)| pin.min_generation == 5));
}

#[test]
fn a_third_pin_of_a_name_takes_the_place_of_an_inactive_one_or_is_left_out() {
    let (active, inactive) = (pin(1, 0, earlier(DAY), later(DAY)), pin(2, 0, earlier(DAY), NOW));
    let store = store(&[("a", active), ("a", inactive)]);
    assert_eq!(import(&store, "a", pin(3, 0, NOW, NOW)), number(0, 0, 0, 1));
    assert_eq!(import(&store, "a", pin(3, 0, NOW, later(1))), number(1, 0, 0, 0));
    assert_eq!(import(&store, "a", pin(2, 0, NOW, later(9 * DAY))), number(0, 0, 0, 1));
    let mut expected = [active, pin(3, 0, NOW, later(1))].map(|pin| (name("a"), pin));
    expected.sort_unstable();
    assert_eq!(pins(&store), expected);
}

#[test]
fn a_full_store_leaves_out_what_it_has_no_place_for() {
    let store = MemoryStore::with_limit(1);
    assert_eq!(import(&store, "a", pin(1, 0, NOW, later(1))), number(1, 0, 0, 0));
    assert_eq!(import(&store, "b", pin(1, 0, NOW, later(9))), number(0, 0, 0, 1));
    assert_eq!(import(&MemoryStore::with_limit(0), "a", pin(1, 0, NOW, later(1))), number(0, 0, 0, 1));
}

#[test]
fn pins_are_shown_by_name_until_it_is_enough() {
    let [one, other] = [1, 2].map(|key| pin(key, 0, earlier(DAY), NOW));
    let store = store(&[("c", one), ("a", one), ("b", other), ("b", one)]);
    let shown = |of: Option<&HostName>, most: usize| {
        let mut names = Vec::new();
        let mut each = |name: &HostName, _: &Pin| {
            names.push(name.to_string());
            names.len() < most
        };
        store.each(of, &mut each).unwrap();
        names.concat()
    };
    assert_eq!((shown(None, 9), shown(None, 3), shown(None, 2)), ("abbc".into(), "abb".into(), "ab".into()));
    assert_eq!((shown(Some(&name("b")), 9), shown(Some(&name("d")), 9)), ("bb".into(), String::new()));
}

#[test]
fn what_is_forgotten_is_counted() {
    let [one, other] = [1, 2].map(|key| pin(key, 0, earlier(DAY), later(DAY)));
    let store = store(&[("a", one), ("a", other), ("b", one), ("c", other)]);
    assert_eq!((store.forget_key(one.key).unwrap(), store.forget_key(one.key).unwrap()), (2, 0));
    assert_eq!(pins(&store), ["a", "c"].map(|text| (name(text), other)));
    assert_eq!((store.forget_name(&name("a")).unwrap(), store.forget_name(&name("b")).unwrap()), (1, 0));
    assert_eq!((store.len(), store.is_empty()), (1, false));
}
