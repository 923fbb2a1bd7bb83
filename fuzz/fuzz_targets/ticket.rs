#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tack_ticket::{KeyId, KeyRing, Ticket, TicketFlaw};

static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    let ring = KeyRing::from_json(include_bytes!("../../tests/cli/fixtures/RING.json"));
    ring.unwrap_or_else(|error| panic!("{error}"))
});

fuzz_target!(|bytes: &[u8]| {
    let Some(ticket) = Ticket::new(bytes.to_vec()) else { return };
    match RING.open(&ticket) {
        Ok(secret) => assert_eq!(bytes.len(), 57 + secret.as_bytes().len()),
        Err(TicketFlaw::Foreign) => assert_eq!(KeyId::of(&ticket), None),
        Err(TicketFlaw::UnknownKey(id) | TicketFlaw::Damaged(id)) => assert_eq!(KeyId::of(&ticket), Some(id)),
        Err(flaw) => panic!("{flaw}"),
    }
});
