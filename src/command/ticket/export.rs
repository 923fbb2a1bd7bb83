//! `tack ticket export`: a ticket list of all that a store holds, secrets included.

use std::path::Path;

use anyhow::Result;
use tack_ticket::{TicketList, TicketStore as _};

use super::plural;
use crate::cli::TicketStore;
use crate::display::Shown;
use crate::message::say;
use crate::store::{self, Access};
use crate::tickets::{self, KIND};

pub fn run(store: &TicketStore, output: Option<&Path>, is_verbose: bool) -> Result<()> {
    let path = KIND.named(store.tickets.as_deref())?;
    let output = store::output(&path, output)?;
    let mut all = Vec::new();
    let read = tickets::open(&path, Access::Read)?.each(&mut |origin, pin| {
        all.push((origin.clone(), pin.clone()));
        true
    });
    read.map_err(|error| tickets::failed(&path, &error))?;
    let number = all.len();
    output.write_secret(&TicketList::new(all).to_json())?;
    if is_verbose {
        say(format_args!("{}: {number} {} exported", Shown(&path), plural(number)));
    }
    Ok(())
}
