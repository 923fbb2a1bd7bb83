//! What the tests of stores share: pins, and how they are compared, as they have no `Debug`.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use tack_core::{HostName, Timestamp};
use tack_ticket::{Origin, PinningSecret, Ticket, TicketPin};

/// The time from which the others are counted.
const START: i64 = 1_795_195_875;
pub const NOW: Timestamp = Timestamp::new(START);

/// So many seconds from [`NOW`].
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::new(START + seconds)
}

pub fn name(text: &str) -> HostName {
    text.parse().unwrap()
}

pub fn origin(text: &str, port: u16) -> Origin {
    Origin::tls(name(text), port)
}

/// A pin whose ticket and secret are of this byte, received and expiring at so many seconds from [`NOW`].
pub fn pin(byte: u8, received: i64, expires: i64) -> TicketPin {
    pin_of(vec![byte; 89], &[byte; 32], received, expires)
}

pub fn pin_of(ticket: Vec<u8>, secret: &[u8], received: i64, expires: i64) -> TicketPin {
    let (ticket, secret) = Ticket::new(ticket).zip(PinningSecret::from_bytes(secret)).unwrap();
    TicketPin::kept(ticket, secret, at(received), at(expires)).unwrap()
}

/// All that is in a pin.
pub fn shown(pin: &TicketPin) -> String {
    let [received, expires] = [pin.received(), pin.expires()].map(|time| time.seconds() - START);
    let (ticket, secret) = (pin.ticket().as_bytes(), pin.secret().as_bytes());
    let is_same = |bytes: &[u8]| bytes.iter().all(|byte| Some(byte) == bytes.first());
    assert!(is_same(ticket) && is_same(secret));
    format!("{}*{:?} {}*{:?} {received}..{expires}", ticket.len(), ticket.first(), secret.len(), secret.first())
}
