//! `tack ticket`: pinning with tickets.

mod connect;
mod serve;

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::{Ticket as Args, TicketAction};
use crate::clock::Clock;

pub fn run(args: &Args, clock: Clock) -> Result<ExitCode> {
    match &args.action {
        TicketAction::Serve(args) => serve::run(args, clock),
        TicketAction::Connect(args) => connect::run(args, clock),
    }
}
