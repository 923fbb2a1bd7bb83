//! `tack ticket import`: a ticket list is merged into a store.

use std::path::Path;

use anyhow::{Result, anyhow};
use serde_json::json;
use tack_core::Timestamp;
use tack_ticket::{ImportedTickets, TicketList, TicketStore as _};

use super::plural;
use crate::cli::TicketStore;
use crate::display::Shown;
use crate::input::Inputs;
use crate::message::say;
use crate::output::print;
use crate::secrets::{warn_if_others_can_read, write_no_core};
use crate::store::Access;
use crate::tickets::{self, KIND};

/// The most that is read of a ticket list: 128 MiB.
const MAX_LIST: u64 = 128 << 20;

pub fn run(file: &Path, store: &TicketStore, is_json: bool, now: Timestamp) -> Result<()> {
    let path = KIND.named(store.tickets.as_deref())?;
    write_no_core();
    let bytes = Inputs::default().read_secret(file, MAX_LIST)?;
    let list =
        TicketList::from_json(&bytes).map_err(|error| anyhow!("{}: {error}; nothing has changed", Shown(file)))?;
    warn_if_others_can_read(file);
    let store = tickets::open(&path, Access::Create)?;
    let imported = store.import(list.pins(), now).map_err(|error| tickets::failed(&path, &error))?;
    let ImportedTickets { added, changed, unchanged, expired } = imported;
    if is_json {
        let numbers = json!({ "added": added, "changed": changed, "unchanged": unchanged, "expired": expired });
        return print(&format!("{numbers}\n"));
    }
    let path = Shown(&path);
    say(format_args!(
        "{path}: {added} {} added, {changed} changed, {unchanged} unchanged, {expired} expired",
        plural(added)
    ));
    Ok(())
}
