//! `tack ticket`: what is done for ticket pinning, one file for each word.

mod connect;
mod export;
mod forget;
mod import;
mod key;
mod list;
mod serve;

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::{Ticket, TicketAction};
use crate::clock::Clock;
use crate::exit::Exit;

pub fn run(args: &Ticket, clock: Clock) -> Result<ExitCode> {
    let now = clock.now()?;
    match &args.action {
        TicketAction::Key(args) => key::run(args, now),
        TicketAction::Serve(args) => serve::run(args, clock),
        TicketAction::Connect(args) => connect::run(args, clock),
        TicketAction::List { store, json, .. } => list::run(store, *json, now),
        TicketAction::Forget { server, store, json, common } => forget::run(server, store, *json, common.verbose > 0),
        TicketAction::Import { file, store, json, .. } => import::run(file, store, *json, now),
        TicketAction::Export { store, output, common } => export::run(store, output.as_deref(), common.verbose > 0),
    }?;
    Ok(Exit::Good.into())
}

fn plural(number: usize) -> &'static str {
    if number == 1 { "ticket" } else { "tickets" }
}
