//! `tack ticket list`: the tickets of a store, without their secrets.

use anyhow::Result;
use serde_json::{Value, json};
use tack_core::Timestamp;
use tack_ticket::{Origin, TicketPin, TicketStore as _};

use crate::cli::TicketStore;
use crate::report::yes_or_no;
use crate::store::Access;
use crate::table::{print_array, print_table};
use crate::tickets::{self, KIND};

const HEADER: [&str; 5] = ["NAME", "PORT", "RECEIVED", "EXPIRES", "VALID"];

pub fn run(store: &TicketStore, is_json: bool, now: Timestamp) -> Result<()> {
    let path = KIND.named(store.tickets.as_deref())?;
    let store = tickets::open(&path, Access::Read)?;
    let each = |take: &mut dyn FnMut(&Origin, &TicketPin) -> Result<()>| {
        let mut taken = Ok(());
        let read = store.each(&mut |origin, pin| {
            taken = take(origin, pin);
            taken.is_ok()
        });
        read.map_err(|error| tickets::failed(&path, &error)).and(taken)
    };
    if is_json {
        print_array(|take| each(&mut |origin, pin| take(element(origin, pin, now))))
    } else {
        print_table(HEADER, |take| each(&mut |origin, pin| take(row(origin, pin, now))))
    }
}

fn element(origin: &Origin, pin: &TicketPin, now: Timestamp) -> Value {
    json!({
        "name": origin.name.as_str(),
        "protocol": origin.protocol.as_str(),
        "port": origin.port,
        "received": pin.received().to_string(),
        "expires": pin.expires().to_string(),
        "valid": pin.is_valid(now),
    })
}

fn row(origin: &Origin, pin: &TicketPin, now: Timestamp) -> [String; 5] {
    [
        origin.name.to_string(),
        origin.port.to_string(),
        pin.received().to_string(),
        pin.expires().to_string(),
        yes_or_no(pin.is_valid(now)).to_owned(),
    ]
}
