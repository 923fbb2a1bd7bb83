//! Every store gives the same answers: each case runs on all of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{NOW, at, name, origin, pin, shown};
use proptest::collection::vec;
use proptest::prelude::*;
use tack_core::Timestamp;
use tack_ticket::{
    ImportedTickets, MAX_PINS, MemoryTickets, Origin, Protocol, TicketPin, TicketStore, TicketStoreError,
};

/// Runs a case on each store, new.
fn on_each_store(case: impl Fn(&dyn TicketStore)) {
    case(&MemoryTickets::default());
    #[cfg(feature = "sqlite")]
    {
        let directory = tempfile::tempdir().unwrap();
        case(&tack_ticket::SqliteTickets::open(directory.path().join("tickets")).unwrap());
    }
}

/// Every pin of a store, in its order.
fn all(store: &dyn TicketStore) -> Vec<String> {
    let mut pins = Vec::new();
    let each = &mut |origin: &Origin, pin: &TicketPin| {
        pins.push(format!("{origin} {}", shown(pin)));
        true
    };
    store.each(each).unwrap();
    pins
}

/// The pin of a server at a time.
fn found(store: &dyn TicketStore, of: &Origin, now: Timestamp) -> Option<String> {
    store.find(of, now).unwrap().as_ref().map(shown)
}

#[test]
fn a_new_store_knows_nothing() {
    on_each_store(|store| {
        assert!(found(store, &origin("a", 443), NOW).is_none());
        assert!(all(store).is_empty());
        assert_eq!(store.forget(&name("a"), None).unwrap(), 0);
        assert_eq!(store.forget(&name("a"), Some(443)).unwrap(), 0);
        assert_eq!(store.import(&[], NOW).unwrap(), ImportedTickets::default());
    });
}

#[test]
fn what_is_kept_is_found_as_it_was_until_the_second_in_which_it_expires() {
    on_each_store(|store| {
        for letter in [1, 2] {
            let pin = pin(letter, 0, 100);
            store.keep(&origin("a", 443), &pin, NOW).unwrap();
            for (seconds, expected) in [(-9, true), (99, true), (100, false), (101, false)] {
                let expected = expected.then(|| shown(&pin));
                assert_eq!(found(store, &origin("a", 443), at(seconds)), expected, "{seconds}");
            }
        }
        let long = common::pin_of(vec![7; 65_535], &[9; 48], 0, 100);
        store.keep(&origin("a", 443), &long, NOW).unwrap();
        assert_eq!(found(store, &origin("a", 443), NOW), Some(shown(&long)));
        assert_eq!(all(store).len(), 1);
    });
}

/// Two first visits at once: the one that ends later may be an impostor's.
#[test]
fn who_proved_nothing_takes_the_place_of_nobody_who_is_pinned() {
    on_each_store(|store| {
        let (server, late, next) = (pin(1, 0, 100), pin(2, 5, 200), pin(3, 100, 300));
        assert!(store.add(&origin("a", 443), &server, NOW).unwrap());
        assert!(!store.add(&origin("a", 443), &late, at(5)).unwrap());
        assert!(!store.add(&origin("a", 443), &late, at(99)).unwrap());
        assert_eq!(found(store, &origin("a", 443), at(5)), Some(shown(&server)));
        assert!(store.add(&origin("a", 8443), &late, at(5)).unwrap(), "another port");
        assert!(store.add(&origin("a", 443), &next, at(100)).unwrap(), "the pin has expired");
        assert_eq!(found(store, &origin("a", 443), at(100)), Some(shown(&next)));
        store.keep(&origin("a", 443), &late, at(100)).unwrap();
        assert_eq!(found(store, &origin("a", 443), at(100)), Some(shown(&late)), "the server proved who it is");
    });
}

#[test]
fn each_name_port_and_protocol_has_a_pin_of_its_own() {
    on_each_store(|store| {
        let dtls = |name, port| Origin { protocol: Protocol::Dtls, ..origin(name, port) };
        let origins = [origin("a", 443), dtls("a", 443), origin("a", 8443), origin("a.b", 1), origin("b", 65_535)];
        // In the order of the servers, whatever the order in which they come.
        for (letter, origin) in (0..5).zip(&origins).rev() {
            store.keep(origin, &pin(letter, 0, 100), NOW).unwrap();
        }
        let expected: Vec<_> =
            (0..).zip(&origins).map(|(letter, origin)| format!("{origin} {}", shown(&pin(letter, 0, 100)))).collect();
        assert_eq!(all(store), expected);
        for (letter, origin) in (0..).zip(&origins) {
            assert_eq!(found(store, origin, NOW), Some(shown(&pin(letter, 0, 100))));
        }
        assert!(found(store, &dtls("b", 65_535), NOW).is_none());
        let mut first = 0;
        store
            .each(&mut |_, _| {
                first += 1;
                first < 2
            })
            .unwrap();
        assert_eq!(first, 2);
    });
}

#[test]
fn what_has_expired_goes_when_another_is_kept() {
    on_each_store(|store| {
        store.keep(&origin("a", 1), &pin(1, 0, 100), NOW).unwrap();
        store.keep(&origin("a", 2), &pin(2, 0, 101), NOW).unwrap();
        // It is still listed.
        assert!(found(store, &origin("a", 1), at(100)).is_none());
        assert_eq!(all(store).len(), 2);
        store.keep(&origin("a", 3), &pin(3, 100, 200), at(100)).unwrap();
        let expected =
            [format!("tls://a:2 {}", shown(&pin(2, 0, 101))), format!("tls://a:3 {}", shown(&pin(3, 100, 200)))];
        assert_eq!(all(store), expected);
    });
}

#[test]
fn forgetting_is_by_name_or_by_port_and_tells_how_many_it_were() {
    on_each_store(|store| {
        for (name, port) in [("a", 1), ("a", 2), ("a", 3), ("a.b", 1), ("b", 1)] {
            store.keep(&origin(name, port), &pin(1, 0, 100), NOW).unwrap();
        }
        assert_eq!(store.forget(&name("a"), Some(2)).unwrap(), 1);
        assert_eq!(store.forget(&name("a"), Some(2)).unwrap(), 0);
        assert_eq!(store.forget(&name("a"), None).unwrap(), 2);
        assert_eq!(store.forget(&name("a"), None).unwrap(), 0);
        assert_eq!(all(store), ["a.b", "b"].map(|name| format!("tls://{name}:1 {}", shown(&pin(1, 0, 100)))));
    });
}

#[test]
fn of_two_pins_an_import_keeps_the_later_one() {
    on_each_store(|store| {
        store.keep(&origin("a", 1), &pin(1, 10, 100), NOW).unwrap();
        store.keep(&origin("b", 1), &pin(1, 10, 100), NOW).unwrap();
        store.keep(&origin("c", 1), &pin(1, 10, 20), NOW).unwrap();
        let pins = [
            (origin("a", 1), pin(2, 10, 200)),
            (origin("a", 1), pin(3, 9, 200)),
            (origin("b", 1), pin(4, 11, 50)),
            // The one that is there has expired.
            (origin("c", 1), pin(5, 5, 100)),
            (origin("d", 1), pin(6, 11, 100)),
            (origin("d", 1), pin(7, 12, 100)),
            (origin("e", 1), pin(8, 11, 30)),
        ];
        let numbers = store.import(&pins, at(30)).unwrap();
        assert_eq!(numbers, ImportedTickets { added: 2, changed: 2, unchanged: 2, expired: 1 });
        let expected = [("a", pin(1, 10, 100)), ("b", pin(4, 11, 50)), ("c", pin(5, 5, 100)), ("d", pin(7, 12, 100))];
        assert_eq!(all(store), expected.map(|(name, pin)| format!("tls://{name}:1 {}", shown(&pin))));
    });
}

#[test]
fn a_full_store_takes_only_what_gives_way_to_it() {
    let many: Vec<_> =
        (0..MAX_PINS - 1).map(|number| (origin(&format!("host{number}"), 443), pin(1, 0, 100))).collect();
    on_each_store(|store| {
        let is_full = |result: Result<(), TicketStoreError>| matches!(result, Err(TicketStoreError::Full));
        assert_eq!(store.import(&many, NOW).unwrap().added, MAX_PINS - 1);
        let two = ["a", "b"].map(|name| (origin(name, 443), pin(2, 0, 200)));
        assert!(is_full(store.import(&two, NOW).map(drop)));
        assert!(found(store, &two[0].0, NOW).is_none(), "all or none");
        store.import(&two[..1], NOW).unwrap();
        assert!(is_full(store.keep(&two[1].0, &two[1].1, NOW)));
        assert!(is_full(store.import(&two[1..], NOW).map(drop)));
        // A new ticket of a server that has one, and any when others have expired.
        store.keep(&two[0].0, &pin(3, 1, 200), NOW).unwrap();
        assert_eq!(found(store, &two[0].0, NOW), Some(shown(&pin(3, 1, 200))));
        assert_eq!(store.import(&two[1..], at(100)).unwrap().added, 1);
        assert_eq!(all(store).len(), 2);
    });
}

#[test]
fn threads_lose_nothing() {
    on_each_store(|store| {
        std::thread::scope(|scope| {
            for name in ["a", "b", "c", "d"] {
                scope.spawn(move || {
                    (1..=50).for_each(|port| store.keep(&origin(name, port), &pin(1, 0, 100), NOW).unwrap());
                });
            }
        });
        assert_eq!(all(store).len(), 200);
    });
}

/// What may be done to a store.
#[derive(Clone, Debug)]
enum Step {
    Keep(Placed),
    Import(Vec<Placed>),
    Forget(String, Option<u16>),
}

/// A pin by its server, and what it is made of.
#[derive(Clone, Debug)]
struct Placed {
    name: String,
    port: u16,
    letter: u8,
    received: i64,
    lifetime: i64,
}

impl Placed {
    fn pin(&self) -> (Origin, TicketPin) {
        let pin = pin(self.letter, self.received, self.received + self.lifetime);
        (origin(&self.name, self.port), pin)
    }
}

fn any_placed() -> impl Strategy<Value = Placed> {
    ("[a-c]", 1_u16..4, any::<u8>(), -9_i64..9, 1_i64..12).prop_map(|(name, port, letter, received, lifetime)| Placed {
        name,
        port,
        letter,
        received,
        lifetime,
    })
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => any_placed().prop_map(Step::Keep),
        3 => vec(any_placed(), 0..6).prop_map(Step::Import),
        1 => ("[a-c]", proptest::option::of(1_u16..4)).prop_map(|(name, port)| Step::Forget(name, port)),
    ]
}

/// Takes a step, and gives all that can be seen of the store afterwards.
fn take(store: &dyn TicketStore, step: &Step, now: Timestamp) -> String {
    let answer = match step {
        Step::Keep(placed) => {
            let (origin, pin) = placed.pin();
            format!("{:?}", store.keep(&origin, &pin, now).unwrap())
        }
        Step::Import(placed) => {
            format!("{:?}", store.import(&placed.iter().map(Placed::pin).collect::<Vec<_>>(), now).unwrap())
        }
        Step::Forget(of, port) => format!("{:?}", store.forget(&name(of), *port).unwrap()),
    };
    format!("{answer} {:?} {:?}", all(store), found(store, &origin("a", 1), now))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn after_the_same_steps_all_stores_are_the_same(steps in vec((any_step(), -5_i64..20), 1..40)) {
        let (first, count) = (std::cell::RefCell::new(None), std::cell::Cell::new(0));
        on_each_store(|store| {
            let seen: Vec<_> = steps.iter().map(|(step, now)| take(store, step, at(*now))).collect();
            count.set(count.get() + 1);
            assert_eq!(*first.borrow_mut().get_or_insert_with(|| seen.clone()), seen);
        });
        prop_assert_eq!(count.get(), if cfg!(feature = "sqlite") { 2 } else { 1 });
    }
}
