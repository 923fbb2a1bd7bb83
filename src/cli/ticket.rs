//! The command for ticket pinning: ticket.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};
use tack_core::Span;
use tack_pin::HostName;
use tack_ticket::KeyId;

use super::Common;
use super::endpoint::{Endpoint, EndpointError, Host};
use super::tunnel::{TicketConnect, TicketServe};

/// The longest time from the making of a key to its use.
const MAX_AFTER: Span = Span::new(31 * Span::DAY.minutes());

/// Pin servers by tickets: the key ring of servers, and the tickets of clients
///
/// On the first connection a server hands out a sealed ticket. On the next the client returns it, and the server proves that
/// it can open it. An impostor with a certificate of a trusted CA cannot. No CA takes part, and no TACK key. This is RFC 8672,
/// which is experimental.
///
/// The servers of a name share a key ring: see tack-ticket-key(1). A client keeps one ticket for each server, by its name and
/// port, in a ticket store. That is a file of SQLite; the pins of "tack pins" may be in the same one.
///
/// A ticket store and a ticket list hold secrets. Who can read them, and has a certificate for the name of a server, can
/// impersonate it to this client. Both are made with mode 0600. What is forgotten is overwritten in the store.
#[derive(Debug, Args)]
#[command(infer_subcommands = true, disable_help_subcommand = true)]
#[command(after_long_help = "\
EXAMPLES:
  The tickets of a client:

    tack ticket list --tickets TICKETS.db

  A server that has lost its key ring, and proves nothing any more:

    tack ticket forget --tickets TICKETS.db www.example.com

  Tickets from one client to another; TICKETS.json is as secret as the store:

    tack ticket export --tickets TICKETS.db -o TICKETS.json
    tack ticket import --tickets OTHER.db TICKETS.json

EXIT STATUS:
  0  Done; a store without tickets is listed as nothing.
  1  It could not be done, and nothing has changed; or there was no ticket to forget.
  2  The command line is wrong.

ENVIRONMENT:
  TACK_TICKETS  The ticket store, where --tickets is not given.")]
pub struct Ticket {
    /// What to do
    #[command(subcommand)]
    pub action: TicketAction,
}

/// What is done for ticket pinning.
#[derive(Debug, Subcommand)]
pub enum TicketAction {
    Key(TicketKey),
    Serve(TicketServe),
    Connect(TicketConnect),
    /// List the tickets of a store
    ///
    /// The columns are the name and the port of the server, when the ticket was received, when it expires, and whether it is
    /// still valid. Tickets and secrets are not shown.
    List {
        #[command(flatten)]
        store: TicketStore,

        /// Print one JSON document: an array of objects with name, protocol, port, received, expires and valid
        #[arg(long)]
        json: bool,

        #[command(flatten)]
        common: Common,
    },
    /// Forget the tickets of a server
    ///
    /// The next connection to it is a first one again: whoever answers then is trusted as far as his certificate is.
    Forget {
        /// The name of the server, at all ports or at one
        #[arg(value_name = "NAME[:PORT]")]
        server: Server,

        #[command(flatten)]
        store: TicketStore,

        /// Print one JSON document: an object with the number of tickets that are "forgotten"
        #[arg(long)]
        json: bool,

        #[command(flatten)]
        common: Common,
    },
    /// Merge a ticket list into the store, which is made if it is not there
    ///
    /// Of two tickets of a server the one that was received later stays. Tickets that have expired are left out. What it came to
    /// is said on standard error.
    Import {
        /// The ticket list, of at most 128 MiB
        #[arg(value_name = "FILE")]
        file: PathBuf,

        #[command(flatten)]
        store: TicketStore,

        /// Print one JSON document: an object with the numbers of tickets "added", "changed", "unchanged" and "expired"
        #[arg(long)]
        json: bool,

        #[command(flatten)]
        common: Common,
    },
    /// Write a ticket list of all tickets, with their secrets
    Export {
        #[command(flatten)]
        store: TicketStore,

        /// Write to this file, with mode 0600, instead of to standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,

        #[command(flatten)]
        common: Common,
    },
}

/// The file that tickets are kept in.
#[derive(Debug, Args)]
pub struct TicketStore {
    /// The ticket store [default: TACK_TICKETS]
    #[arg(long, value_name = "TICKETS")]
    pub tickets: Option<PathBuf>,
}

/// Make the key ring of servers, and look after it
///
/// A key ring is a file with the keys that servers seal tickets with. All servers of a name have the same one: take it to them
/// as you take their configuration, and let nobody else read it. Without it a server is refused by every client that has a ticket:
/// keep a backup.
///
/// A key opens tickets as soon as a server has it, and seals them from a later time on, when all have it. When the next key is
/// used it is kept for as long as a client may have a ticket of it: 31 days, the longest lifetime; a day, for clocks that are
/// off; and as long as the next one took from its making to its use. Then it is spent, and "retire" takes it away.
///
/// The file is replaced as a whole, and keeps its owner and mode. Two runs at once do their work one after the other.
#[derive(Debug, Args)]
#[command(infer_subcommands = true, disable_help_subcommand = true)]
#[command(after_long_help = "\
JSON:
  \"list --json\" prints an array of objects:

    [{\"key\", \"created\", \"used_from\", \"stage\", \"needed_until\"}]

  stage: waiting, current, kept or spent.
  needed_until: from when on no client has a ticket of it; null of a key that
  is waiting or current.

EXAMPLES:
  A ring, for all servers of a name:

    tack ticket key new --ring RING.json

  From cron, each month: a key that is used a day later, when every server has
  it, and away with those that are spent:

    tack ticket key rotate --ring RING.json
    tack ticket key retire --ring RING.json

  After a leak: another key at once, and away with the one that is known. Who
  has a ticket of that one is refused until it is forgotten or expires.

    tack ticket key rotate --ring RING.json --after 0m
    tack ticket key list --ring RING.json
    tack ticket key retire --ring RING.json 0123456789abcdef --force

EXIT STATUS:
  0  Done, or there was nothing to do.
  1  It could not be done, and the ring is as it was.
  2  The command line is wrong.")]
pub struct TicketKey {
    /// What to do
    #[command(subcommand)]
    pub action: TicketKeyAction,
}

/// What is done with a key ring.
#[derive(Debug, Subcommand)]
pub enum TicketKeyAction {
    /// Make a ring with one key, which is used at once
    ///
    /// The file has mode 0600, and must not exist yet.
    New {
        #[command(flatten)]
        ring: Ring,

        #[command(flatten)]
        common: Common,
    },
    /// List the keys of a ring
    ///
    /// The columns are the number of the key, when it was made, from when on it seals tickets, and its stage: waiting, current,
    /// kept until a time, or spent since a time. The key itself is not shown.
    List {
        #[command(flatten)]
        ring: Ring,

        /// Print one JSON document
        #[arg(long)]
        json: bool,

        #[command(flatten)]
        common: Common,
    },
    /// Add a key, which is used later
    ///
    /// Take the ring to every server before the key is used. One key waits at a time.
    Rotate {
        #[command(flatten)]
        ring: Ring,

        /// Use the key so long from now, 31 days at most; 0m is at once, which is for a leak
        ///
        /// Where a key that is used at once has not come to every server, some refuse the tickets of others.
        #[arg(long, value_name = "SPAN", default_value = "1d", value_parser = after)]
        after: Span,

        #[command(flatten)]
        common: Common,
    },
    /// Take away the keys that are spent
    Retire {
        /// Take away this key instead
        #[arg(value_name = "KEY")]
        key: Option<KeyId>,

        #[command(flatten)]
        ring: Ring,

        /// Take KEY away even if it waits to be used, or clients may have tickets of it, which are then refused
        #[arg(long, requires = "key")]
        force: bool,

        #[command(flatten)]
        common: Common,
    },
}

/// The file of a key ring.
#[derive(Debug, Args)]
pub struct Ring {
    /// The key ring
    #[arg(long, value_name = "RING")]
    pub ring: PathBuf,
}

/// Whose tickets are forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name.
    pub name: HostName,
    /// One port; none for all.
    pub port: Option<u16>,
}

/// A text is no `NAME[:PORT]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// It is no host.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// It is an address.
    #[error("{0} is an address, and only names are pinned")]
    Address(IpAddr),
}

impl FromStr for Server {
    type Err = ServerError;

    fn from_str(text: &str) -> Result<Self, ServerError> {
        let Endpoint { host, port } = text.parse()?;
        match host {
            Host::Name(name) => Ok(Self { name, port }),
            Host::Address(address) => Err(ServerError::Address(address)),
        }
    }
}

/// Parses the time from the making of a key to its use.
fn after(text: &str) -> Result<Span, String> {
    let span: Span = text.parse().map_err(|error: tack_core::TimeError| error.to_string())?;
    if span > MAX_AFTER {
        return Err(format!("{text:?} is more than {MAX_AFTER}"));
    }
    Ok(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_with_and_without_a_port() {
        for (text, name, port) in [("WWW.Example.com.", "www.example.com", None), ("a:8443", "a", Some(8443))] {
            assert_eq!(text.parse(), Ok(Server { name: name.parse().unwrap(), port }));
        }
        for text in ["192.0.2.1", "192.0.2.1:443", "[::1]:443"] {
            assert!(matches!(text.parse::<Server>(), Err(ServerError::Address(_))), "{text}");
        }
        for text in ["", "a:0", "a:1:2", "a b"] {
            assert!(matches!(text.parse::<Server>(), Err(ServerError::Endpoint(_))), "{text}");
        }
    }

    #[test]
    fn a_key_is_used_within_31_days() {
        assert_eq!((after("0m"), after("31d")), (Ok(Span::new(0)), Ok(MAX_AFTER)));
        assert_eq!(after("31d1m"), Err("\"31d1m\" is more than 31d".to_owned()));
        assert!(after("soon").is_err());
    }
}
