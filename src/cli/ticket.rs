//! The command of ticket pinning, with commands of its own.

use clap::{Args, Subcommand};

use super::tunnel::{TicketConnect, TicketServe};

/// Pin servers by tickets (RFC 8672, experimental)
#[derive(Debug, Args)]
pub struct Ticket {
    /// What to do
    #[command(subcommand)]
    pub action: TicketAction,
}

/// The commands of ticket.
#[derive(Debug, Subcommand)]
pub enum TicketAction {
    Serve(TicketServe),
    Connect(TicketConnect),
}
