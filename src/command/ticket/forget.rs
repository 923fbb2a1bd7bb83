//! `tack ticket forget`: the tickets of a server are removed.

use anyhow::{Result, bail};
use serde_json::json;
use tack_ticket::TicketStore as _;

use super::plural;
use crate::cli::{Server, TicketStore};
use crate::display::Shown;
use crate::message::say;
use crate::output::print;
use crate::store::Access;
use crate::tickets::{self, KIND};

pub fn run(server: &Server, store: &TicketStore, is_json: bool, is_verbose: bool) -> Result<()> {
    let path = KIND.named(store.tickets.as_deref())?;
    let store = tickets::open(&path, Access::Write)?;
    let forgotten = store.forget(&server.name, server.port).map_err(|error| tickets::failed(&path, &error))?;
    if is_json {
        print(&format!("{}\n", json!({ "forgotten": forgotten })))?;
    }
    let port = server.port.map(|port| format!(":{port}")).unwrap_or_default();
    let (path, server) = (Shown(&path), format!("{}{port}", server.name));
    if forgotten == 0 {
        bail!("{path}: no ticket of {server} is there; \"tack ticket list\" shows those that are");
    }
    if is_verbose {
        say(format_args!("{path}: {forgotten} {} of {server} forgotten", plural(forgotten)));
    }
    Ok(())
}
