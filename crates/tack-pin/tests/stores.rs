//! Every store gives the same answers: each case runs on all of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use proptest::collection::vec;
use proptest::prelude::*;
use tack_core::{Fingerprint, Minute};
use tack_pin::{Change, HostName, Imported, Known, MemoryStore, Pin, PinStore, Query};

/// More pins than any case has.
const ROOM: usize = 100;
const NOW: Minute = Minute::new(1_000);

/// Runs a case on each store, new and with a limit of so many pins.
fn on_each_store(limit: usize, case: impl Fn(&dyn PinStore)) {
    case(&MemoryStore::with_limit(limit));
    #[cfg(feature = "sqlite")]
    {
        let directory = tempfile::tempdir().unwrap();
        case(&tack_pin::SqliteOptions::default().limit(limit).open(directory.path().join("pins")).unwrap());
    }
}

fn name(text: &str) -> HostName {
    text.parse().unwrap()
}

fn key(letter: char) -> Fingerprint {
    "aaaaa.aaaaa.aaaaa.aaaaa.aaaaa".replace('a', &letter.to_string()).parse().unwrap()
}

fn pin(letter: char, min_generation: u8, initial: u32, end: u32) -> Pin {
    Pin { key: key(letter), min_generation, initial: Minute::new(initial), end: Minute::new(end) }
}

fn query<'a>(name: &'a HostName, keys: &'a [Fingerprint]) -> Query<'a> {
    Query { name, keys, now: NOW }
}

/// Makes changes to a name, whatever the store knows.
fn change(store: &dyn PinStore, of: &str, changes: &[Change]) -> Vec<Pin> {
    store.update(&query(&name(of), &[]), &mut |_| changes.to_vec()).unwrap()
}

fn import(store: &dyn PinStore, pins: &[(&str, Pin)]) -> Imported {
    let pins: Vec<_> = pins.iter().map(|(text, pin)| (name(text), *pin)).collect();
    store.import(&pins, NOW).unwrap()
}

/// Every pin of a store, in its order.
fn all(store: &dyn PinStore) -> Vec<(String, Pin)> {
    let mut pins = Vec::new();
    let each = &mut |name: &HostName, pin: &Pin| {
        pins.push((name.to_string(), *pin));
        true
    };
    store.each(None, each).unwrap();
    pins
}

fn names(store: &dyn PinStore) -> Vec<String> {
    all(store).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn a_new_store_knows_nothing() {
    on_each_store(ROOM, |store| {
        let known = store.look(&query(&name("a.example"), &[key('a')])).unwrap();
        assert_eq!(known, Known { pins: Vec::new(), min_generations: vec![None] });
        assert_eq!(all(store), []);
        assert_eq!(store.forget_name(&name("a.example")).unwrap(), 0);
        assert_eq!(store.forget_key(key('a')).unwrap(), 0);
        assert_eq!(store.import(&[], NOW).unwrap(), Imported::default());
    });
}

#[test]
fn what_is_decided_is_done_and_seen_afterwards() {
    on_each_store(ROOM, |store| {
        let (a, b) = (pin('a', 3, 900, 0), pin('b', 0, 950, 2_000));
        assert_eq!(change(store, "a.example", &[Change::Add(b), Change::Add(a)]), [a, b]);
        let keys = [key('b'), key('c'), key('a')];
        let host = name("a.example");
        let known = store.look(&query(&host, &keys)).unwrap();
        assert_eq!(known, Known { pins: vec![a, b], min_generations: vec![Some(0), None, Some(3)] });
        let mut decided_on = Vec::new();
        let decide = &mut |known: &Known| {
            decided_on.push(known.clone());
            vec![Change::End { key: key('a'), end: Minute::new(1_100) }, Change::Remove(key('b'))]
        };
        let pins = store.update(&query(&host, &keys), decide).unwrap();
        assert_eq!(pins, [pin('a', 3, 900, 1_100)]);
        assert!(!decided_on.is_empty() && decided_on.iter().all(|decided_on| *decided_on == known));
        let known = store.look(&query(&host, &keys)).unwrap();
        assert_eq!(known, Known { pins, min_generations: vec![None, None, Some(3)] });
    });
}

#[test]
fn to_change_nothing_gives_the_pins_and_changes_nothing() {
    on_each_store(ROOM, |store| {
        change(store, "a.example", &[Change::Add(pin('a', 0, 1, 2))]);
        let before = all(store);
        assert_eq!(change(store, "a.example", &[]), [pin('a', 0, 1, 2)]);
        let absent = [
            Change::Remove(key('b')),
            Change::End { key: key('b'), end: NOW },
            Change::MinGeneration { key: key('b'), min_generation: 9 },
            Change::Break(key('b')),
        ];
        assert_eq!(change(store, "a.example", &absent), [pin('a', 0, 1, 2)]);
        assert_eq!(all(store), before);
        assert_eq!(store.look(&query(&name("b.example"), &[key('b')])).unwrap().min_generations, [None]);
    });
}

#[test]
fn the_pins_of_a_key_have_one_min_generation_that_goes_with_the_last() {
    on_each_store(ROOM, |store| {
        change(store, "a.example", &[Change::Add(pin('a', 1, 1, 2))]);
        change(store, "b.example", &[Change::Add(pin('a', 3, 1, 2))]);
        assert_eq!(all(store)[0].1.min_generation, 3);
        let raise = |min_generation| Change::MinGeneration { key: key('a'), min_generation };
        assert_eq!(change(store, "c.example", &[raise(5)]), []);
        change(store, "c.example", &[raise(4), Change::Add(pin('a', 2, 1, 2))]);
        assert!(all(store).iter().all(|(_, pin)| pin.min_generation == 5));
        change(store, "a.example", &[Change::Remove(key('a'))]);
        store.forget_name(&name("b.example")).unwrap();
        assert_eq!(store.look(&query(&name("a.example"), &[key('a')])).unwrap().min_generations, [Some(5)]);
        change(store, "c.example", &[Change::Remove(key('a'))]);
        assert_eq!(store.look(&query(&name("a.example"), &[key('a')])).unwrap().min_generations, [None]);
        assert_eq!(change(store, "c.example", &[Change::Add(pin('a', 2, 1, 2))]), [pin('a', 2, 1, 2)]);
    });
}

#[test]
fn a_name_has_two_pins_at_most_of_different_keys() {
    on_each_store(ROOM, |store| {
        let (a, b) = (pin('a', 0, 1, 2), pin('b', 0, 1, 2));
        assert_eq!(change(store, "a.example", &[Change::Add(a), Change::Add(pin('a', 0, 8, 9))]), [a]);
        assert_eq!(change(store, "a.example", &[Change::Add(b), Change::Add(pin('c', 0, 1, 2))]), [a, b]);
        assert_eq!(store.look(&query(&name("a.example"), &[key('c')])).unwrap().min_generations, [None]);
    });
}

#[test]
fn a_broken_key_loses_the_pins_of_every_name() {
    on_each_store(ROOM, |store| {
        for host in ["a.example", "b.example"] {
            change(store, host, &[Change::Add(pin('a', 1, 1, 2)), Change::Add(pin('b', 0, 1, 2))]);
        }
        assert_eq!(change(store, "c.example", &[Change::Break(key('a'))]), []);
        let expected = ["a.example", "b.example"].map(|host| (host.to_owned(), pin('b', 0, 1, 2)));
        assert_eq!(all(store), expected);
    });
}

#[test]
fn forgetting_tells_how_many_it_were() {
    on_each_store(ROOM, |store| {
        import(store, &[("a", pin('a', 1, 1, 2)), ("a", pin('b', 1, 1, 2)), ("b", pin('a', 1, 1, 2))]);
        assert_eq!(store.forget_name(&name("a")).unwrap(), 2);
        assert_eq!(store.forget_name(&name("a")).unwrap(), 0);
        import(store, &[("a", pin('a', 1, 1, 2)), ("c", pin('b', 1, 1, 2))]);
        assert_eq!(store.forget_key(key('a')).unwrap(), 2);
        assert_eq!(store.forget_key(key('a')).unwrap(), 0);
        assert_eq!(all(store), [("c".to_owned(), pin('b', 1, 1, 2))]);
    });
}

#[test]
fn pins_come_by_name_then_fingerprint_until_enough() {
    on_each_store(ROOM, |store| {
        let pins = [("b", pin('b', 0, 1, 2)), ("a.b", pin('z', 0, 1, 2)), ("b", pin('a', 0, 1, 2))];
        import(store, &pins);
        import(store, &[("a-b", pin('z', 0, 1, 2))]);
        let listed = |of: Option<&str>, most: usize| {
            let (of, mut listed) = (of.map(name), Vec::new());
            let each = &mut |name: &HostName, pin: &Pin| {
                listed.push(format!("{name} {}", &pin.key.as_str()[..1]));
                listed.len() < most
            };
            store.each(of.as_ref(), each).unwrap();
            listed
        };
        assert_eq!(listed(None, 9), ["a-b z", "a.b z", "b a", "b b"]);
        assert_eq!(listed(None, 3), ["a-b z", "a.b z", "b a"]);
        assert_eq!(listed(Some("b"), 9), ["b a", "b b"]);
        assert_eq!(listed(Some("b"), 1), ["b a"]);
        assert!(listed(Some("c"), 9).is_empty());
    });
}

#[test]
fn in_a_full_store_the_inactive_pin_that_ends_first_gives_way() {
    on_each_store(3, |store| {
        import(store, &[("a", pin('a', 0, 1, 1_000)), ("b", pin('a', 0, 1, 10)), ("c", pin('a', 0, 1, 1_001))]);
        assert_eq!(change(store, "d", &[Change::Add(pin('d', 0, 1_000, 0))]), [pin('d', 0, 1_000, 0)]);
        assert_eq!(names(store), ["a", "c", "d"]);
        change(store, "d", &[Change::End { key: key('d'), end: Minute::new(1_001) }]);
        change(store, "e", &[Change::Add(pin('d', 0, 1, 5_000))]);
        assert_eq!(names(store), ["c", "d", "e"]);
        assert_eq!(change(store, "f", &[Change::Add(pin('a', 0, 1, 9_000))]), []);
        assert_eq!(import(store, &[("f", pin('a', 0, 1, 9_000))]), Imported { left_out: 1, ..Imported::default() });
        assert_eq!(names(store), ["c", "d", "e"]);
        store.forget_name(&name("d")).unwrap();
        change(store, "f", &[Change::Add(pin('a', 0, 1, 9_000))]);
        assert_eq!(names(store), ["c", "e", "f"]);
    });
}

#[test]
fn of_pins_that_end_together_the_first_by_name_then_fingerprint_gives_way() {
    on_each_store(3, |store| {
        import(store, &[("b", pin('b', 0, 1, 9)), ("b", pin('a', 0, 1, 9)), ("c", pin('a', 0, 1, 9))]);
        change(store, "d", &[Change::Add(pin('d', 0, 1, 2_000))]);
        assert_eq!(all(store)[0], ("b".to_owned(), pin('b', 0, 1, 9)));
        change(store, "e", &[Change::Add(pin('d', 0, 1, 2_000))]);
        assert_eq!(names(store), ["c", "d", "e"]);
    });
}

#[test]
fn a_key_whose_one_pin_gives_way_to_another_keeps_its_min_generation() {
    on_each_store(1, |store| {
        import(store, &[("a", pin('a', 7, 1, 9))]);
        assert_eq!(change(store, "b", &[Change::Add(pin('a', 3, 1, 2_000))]), [pin('a', 7, 1, 2_000)]);
        assert_eq!(names(store), ["b"]);
    });
}

#[test]
fn a_store_without_room_takes_no_pin() {
    on_each_store(0, |store| {
        assert_eq!(change(store, "a", &[Change::Add(pin('a', 0, 1, 2_000))]), []);
        assert_eq!(import(store, &[("a", pin('a', 0, 1, 2_000))]), Imported { left_out: 1, ..Imported::default() });
        assert_eq!(all(store), []);
    });
}

#[test]
fn an_import_strengthens_and_never_shortens() {
    on_each_store(ROOM, |store| {
        import(store, &[("a", pin('a', 3, 500, 1_500)), ("b", pin('a', 3, 500, 1_500))]);
        let pins = [
            ("a", pin('a', 3, 500, 1_500)),
            ("a", pin('a', 1, 600, 1_400)),
            ("a", pin('a', 0, 400, 1_400)),
            ("a", pin('a', 0, 600, 1_600)),
            ("b", pin('a', 4, 500, 1_500)),
            ("c", pin('c', 9, 1, 2)),
        ];
        assert_eq!(import(store, &pins), Imported { added: 1, changed: 3, unchanged: 2, left_out: 0 });
        let expected = [("a", pin('a', 4, 400, 1_600)), ("b", pin('a', 4, 500, 1_500)), ("c", pin('c', 9, 1, 2))];
        assert_eq!(all(store), expected.map(|(name, pin)| (name.to_owned(), pin)));
    });
}

#[test]
fn a_third_pin_is_imported_in_the_place_of_an_inactive_one_even_into_a_full_store() {
    on_each_store(3, |store| {
        import(store, &[("a", pin('a', 0, 1, 2_000)), ("a", pin('b', 0, 1, 900)), ("b", pin('a', 0, 1, 2_000))]);
        let inactive = import(store, &[("a", pin('c', 0, 1, 950))]);
        assert_eq!(inactive, Imported { left_out: 1, ..Imported::default() });
        let active = import(store, &[("a", pin('c', 0, 1, 1_500))]);
        assert_eq!(active, Imported { added: 1, ..Imported::default() });
        let keys: Vec<_> = all(store).into_iter().map(|(_, pin)| pin.key).collect();
        assert_eq!(keys, [key('a'), key('c'), key('a')]);
    });
}

#[test]
fn threads_lose_nothing() {
    const THREADS: u32 = 8;
    const EACH: u32 = 50;
    on_each_store(ROOM, |store| {
        let host = name("a.example");
        change(store, "a.example", &[Change::Add(pin('a', 0, 0, 0))]);
        let count = |known: &Known| {
            let end = Minute::new(known.pins[0].end.get() + 1);
            vec![Change::End { key: key('a'), end }]
        };
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| (0..EACH).for_each(|_| drop(store.update(&query(&host, &[]), &mut { count }).unwrap())));
            }
        });
        assert_eq!(all(store)[0].1.end, Minute::new(THREADS * EACH));
    });
}

/// What may be done to a store.
#[derive(Clone, Debug)]
enum Step {
    Update(String, Vec<Change>),
    Import(Vec<(String, Pin)>),
    ForgetName(String),
    ForgetKey(Fingerprint),
}

fn any_name() -> impl Strategy<Value = String> {
    "[a-e]"
}

fn any_key() -> impl Strategy<Value = Fingerprint> {
    prop::sample::select(('a'..='d').map(key).collect::<Vec<_>>())
}

/// Around now, so that some are active.
fn any_minute() -> impl Strategy<Value = Minute> {
    prop_oneof![990_u32..1_010, Just(0), Just(u32::MAX)].prop_map(Minute::new)
}

fn any_pin() -> impl Strategy<Value = Pin> {
    (any_key(), 0_u8..4, any_minute(), any_minute()).prop_map(|(key, min_generation, initial, end)| Pin {
        key,
        min_generation,
        initial,
        end,
    })
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => any_pin().prop_map(Change::Add),
        2 => (any_key(), any_minute()).prop_map(|(key, end)| Change::End { key, end }),
        1 => (any_key(), 0_u8..6).prop_map(|(key, min_generation)| Change::MinGeneration { key, min_generation }),
        1 => any_key().prop_map(Change::Remove),
        1 => any_key().prop_map(Change::Break),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any_name(), vec(any_change(), 0..4)).prop_map(|(name, changes)| Step::Update(name, changes)),
        3 => vec((any_name(), any_pin()), 0..6).prop_map(Step::Import),
        1 => any_name().prop_map(Step::ForgetName),
        1 => any_key().prop_map(Step::ForgetKey),
    ]
}

/// Takes a step, and gives all that can be seen of the store afterwards.
fn take(store: &dyn PinStore, step: &Step) -> String {
    let keys: Vec<_> = ('a'..='d').map(key).collect();
    let answer = match step {
        Step::Update(of, changes) => format!("{:?}", change(store, of, changes)),
        Step::Import(pins) => {
            format!("{:?}", import(store, &pins.iter().map(|(name, pin)| (name.as_str(), *pin)).collect::<Vec<_>>()))
        }
        Step::ForgetName(of) => format!("{:?}", store.forget_name(&name(of)).unwrap()),
        Step::ForgetKey(key) => format!("{:?}", store.forget_key(*key).unwrap()),
    };
    format!("{answer} {:?} {:?}", all(store), store.look(&query(&name("a"), &keys)).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever happened, a name has two pins at most, and the store as many as it may have.
    #[test]
    fn after_the_same_steps_all_stores_are_the_same(steps in vec(any_step(), 1..60), limit in 1_usize..8) {
        let (first, count) = (std::cell::RefCell::new(None), std::cell::Cell::new(0));
        on_each_store(limit, |store| {
            let seen: Vec<_> = steps.iter().map(|step| take(store, step)).collect();
            let names = names(store);
            assert!(names.len() <= limit && names.windows(3).all(|names| names[0] != names[2]));
            count.set(count.get() + 1);
            assert_eq!(*first.borrow_mut().get_or_insert_with(|| seen.clone()), seen);
        });
        prop_assert_eq!(count.get(), if cfg!(feature = "sqlite") { 2 } else { 1 });
    }
}
