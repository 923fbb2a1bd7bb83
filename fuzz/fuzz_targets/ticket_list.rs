#![no_main]

use libfuzzer_sys::fuzz_target;
use tack_core::Timestamp;
use tack_ticket::{MemoryTickets, Origin, TicketList, TicketPin, TicketStore};

fuzz_target!(|bytes: &[u8]| {
    let Ok(list) = TicketList::from_json(bytes) else { return };
    let json = list.to_json();
    let again = TicketList::from_json(&json).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(*again.to_json(), *json);

    let store = MemoryTickets::default();
    let now = Timestamp::new(1_795_195_875);
    let numbers = store.import(list.pins(), now).expect("memory can be written");
    let all = numbers.added + numbers.changed + numbers.unchanged + numbers.expired;
    assert_eq!(all, list.pins().len());
    let mut left = numbers.added;
    let mut each = |origin: &Origin, pin: &TicketPin| {
        left -= 1;
        assert!(pin.is_valid(now) && list.pins().iter().any(|(of, _)| of == origin));
        true
    };
    store.each(&mut each).expect("memory can be read");
    assert_eq!(left, 0);
});
