//! The command line as clap sees it: structures alone, so that the tests make man pages and completions of them.

mod carry;
mod check;
mod client;
mod deploy;
mod endpoint;
mod key;
mod parse;
mod password;
mod sign;
mod simulate;
mod ticket;
mod tunnel;

use clap::{ArgAction, Args, Parser, Subcommand};
use tack_core::Timestamp;

pub use self::carry::{Cert, Draft, Pack, PackFormat, Unpack, View};
pub use self::check::{Check, TlsVersion};
pub use self::client::{Pins, PinsAction, Verify, Whose};
pub use self::deploy::{Deploy, DeployFormat, Status};
pub use self::endpoint::{Endpoint, EndpointError, Host};
pub use self::key::{Break, Genkey, KeyArgs, Passwd, PasswordArgs};
pub use self::password::Password;
pub use self::sign::Sign;
pub use self::simulate::Simulate;
pub use self::ticket::{Server, Ticket, TicketAction, TicketKey, TicketKeyAction, TicketStore};
pub use self::tunnel::{TicketConnect, TicketServe};

/// Sign the public keys of TLS servers with a TACK key, and look after what is signed
///
/// TACK (Trust Assertions for Certificate Keys) lets clients pin a host to a signing key of its admin. The TACK key
/// stays offline; a tack, signed by it, vouches for the public key of a TLS server until a certain minute.
/// Certificates, CAs and TLS keys may change freely, while a misissued certificate is caught.
///
/// KEY, CERT, FILE and TACKS may be "-", standard input or output. What is replaced in its place, the OUTPUT of deploy and
/// the KEY of passwd, is a file. A symbolic link stays, and the file that it leads to is replaced; but a link that another
/// user can change is refused.
/// Commands may be shortened: "tack s" is "tack sign".
#[derive(Debug, Parser)]
#[command(name = "tack", version, infer_subcommands = true, disable_help_subcommand = true)]
#[command(after_long_help = "\
EXAMPLES:
  A key, a tack for a certificate's public key, and a look at both:

    tack genkey -o KEY.pem
    tack sign -k KEY.pem -c CERT.pem -o TACK.pem
    tack view KEY.pem TACK.pem

EXIT STATUS:
  0  Done, and good.
  1  It could not be done, or the answer is no: bad input, a wrong password, a bad signature.
  2  The command line is wrong.

  status, verify and check have the statuses of a monitoring plugin: see tack-status(1),
  tack-verify(1), tack-check(1).

ENVIRONMENT:
  TACK_PASSWORD  The password of the key file, where neither -p nor --password-file gives it.
  TACK_PINS  The pin store, where --pins does not give it.
  TACK_TICKETS  The ticket store, where --tickets does not give it.
  NO_COLOR  If not empty, status and simulate draw without colour.
  RAYON_NUM_THREADS  How many threads sign and verify [default: one for each core].")]
pub struct Cli {
    /// Take this UTC time for the current one ("2026-11-20T17:31:15Z"); tests use it
    #[arg(long, hide = true, global = true, value_name = "TIME")]
    pub now: Option<Timestamp>,

    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The commands. The hidden aliases are tackpy's abbreviations, which go first to its own commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    #[command(aliases = ["g", "ge", "gen", "genk", "genke"])]
    Genkey(Genkey),
    #[command(aliases = ["s", "si", "sig"])]
    Sign(Sign),
    #[command(aliases = ["b", "br", "bre", "brea"])]
    Break(Break),
    #[command(aliases = ["v", "vi", "vie"])]
    View(View),
    #[command(aliases = ["c", "ce", "cer"])]
    Cert(Cert),
    #[command(aliases = ["p", "pa", "pac"])]
    Pack(Pack),
    #[command(aliases = ["u", "un", "unp", "unpa", "unpac"])]
    Unpack(Unpack),
    Passwd(Passwd),
    Deploy(Deploy),
    Status(Status),
    Verify(Verify),
    Check(Check),
    Pins(Pins),
    Simulate(Simulate),
    Ticket(Ticket),
    #[command(aliases = ["h", "he", "hel"])]
    Help(Help),
}

/// Show help on a command
#[derive(Debug, Args)]
#[command(after_long_help = "\
EXAMPLES:
  What sign can do:

    tack help sign

EXIT STATUS:
  0  The help is shown.
  2  There is no such command.")]
pub struct Help {
    /// The command to explain
    pub command: Option<String>,
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Common {
    /// Say on standard error what is made
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,

    /// Accepted for tackpy's sake, and without effect
    #[arg(short, hide = true, action = ArgAction::Count)]
    pub x: u8,
}
