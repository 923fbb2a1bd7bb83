//! The commands of ticket pinning that connect: serve and connect.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tack_ticket::{Lifetime, ProofKind};

use super::Common;
use super::endpoint::Endpoint;
use super::parse::{lifetime, local_address, seconds, whole};

/// Terminate TLS 1.3 with ticket pinning in front of a local service
///
/// Takes connections at --listen, and passes what is in them to the service at --to, in clear. A client that asks for a ticket
/// gets one, sealed with the ring's current key; a client that returns one gets the proof that this server can open it. Who
/// does not ask sees a server of TLS 1.3 like any other.
///
/// A ticket that cannot be opened ends the handshake with the alert handshake_failure, as RFC 8672 wants, and is logged: the
/// client may have met an impostor before, or the ring has lost a key.
///
/// A changed CHAIN, KEY, RING or TACK is taken up within a second, and at once on SIGHUP. Connections go on. Where a file
/// cannot be used, the old ones stay, and a line says why. The tack is sent in the TLS extension to clients that ask for it, and
/// a TACK certificate in the chain to all; one that is expired or does not fit the certificate is left out.
///
/// SIGTERM and SIGINT end it: it takes no new connections, and waits for those that are open, for --grace at most, or until the
/// next signal. What is cut off then, or at any other time, ends with a reset for the service, so that it does not look whole.
///
/// RFC 8672 is experimental. No resumption, no 0-RTT, and no TLS before 1.3: tickets could not be proved there. No groups with a
/// KEM (such as X25519MLKEM768), which the RFC does not know.
#[derive(Debug, Args)]
#[command(after_long_help = "\
LOG:
  Each line on standard error is an event: the time, \"info\", \"warning\" or \"error\", the event, and
  values by name, such as
  \"2026-11-20T17:31:15Z warning ticket_refused client=192.0.2.1:4711 code=unknown_key\".

  listening, taken_up, ending and ended tell of the server; not_taken_up of a file that cannot be
  used; tack_left_out, no_current_key and key_missing of what clients miss; readable_by_others,
  short_lifetime and few_files of what should be mended. ticket_refused has a code: unknown_key,
  damaged_ticket, foreign_ticket or malformed. handshake_failed, connection_failed and
  service_unreachable have a reason. Of what clients do there are 100 lines in a second at most;
  lines_lost counts the others, and those that nobody read. No line has a secret.

EXAMPLES:
  A ring, and a web server behind it:

    tack ticket key new --ring RING.json
    tack ticket serve --listen 0.0.0.0:443 --to 127.0.0.1:8080 \\
        --cert CHAIN.pem --key KEY.pem --ring RING.json

  Before ticket pinning is given up, for as long as tickets last:

    tack ticket serve --ramp-down --listen 0.0.0.0:443 --to 127.0.0.1:8080 \\
        --cert CHAIN.pem --key KEY.pem --ring RING.json

EXIT STATUS:
  0  It was ended by SIGTERM or SIGINT.
  1  A file cannot be used, or the address cannot be listened at.
  2  The command line is wrong.")]
pub struct TicketServe {
    /// Take connections at this address and port; port 0 is any that is free
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = local_address)]
    pub listen: SocketAddr,

    /// Pass them to this service, in clear
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub to: Endpoint,

    /// The chain in PEM, the server's own certificate first
    #[arg(long, value_name = "CHAIN")]
    pub cert: PathBuf,

    /// The certificate's private key, in PEM without a password
    #[arg(long, value_name = "KEY")]
    pub key: PathBuf,

    /// The key ring of "tack ticket key"
    #[arg(long, value_name = "RING")]
    pub ring: PathBuf,

    /// How long tickets last, 31d at most; RFC 8672 wants at least 7d
    #[arg(long, value_name = "SPAN", default_value = "30d", value_parser = lifetime)]
    pub lifetime: Lifetime,

    /// Prove, and hand out no new tickets
    #[arg(long)]
    pub ramp_down: bool,

    /// How to prove
    #[arg(long, value_enum, value_name = "PROOF", default_value = "rfc")]
    pub proof: Proof,

    /// Serve this tack, too: a TACK certificate, a TackExtension, a serverinfo file, or tacks
    #[arg(long, value_name = "TACK")]
    pub tack: Option<PathBuf>,

    /// The time for a handshake, and for a connection to the service: from 1s to 1h
    #[arg(long, value_name = "SPAN", default_value = "10s", value_parser = seconds)]
    pub timeout: Duration,

    /// End a connection when nothing came for so long: from 1s to 1h
    #[arg(long, value_name = "SPAN", default_value = "1h", value_parser = seconds)]
    pub idle: Duration,

    /// When ended, wait for open connections for so long: from 1s to 1h
    #[arg(long, value_name = "SPAN", default_value = "30s", value_parser = seconds)]
    pub grace: Duration,

    /// Take so many connections at once, 100000 at most; others wait
    #[arg(long, value_name = "NUMBER", default_value = "8000", value_parser = whole(1, 100_000_u32))]
    pub max_connections: u32,

    #[command(flatten)]
    pub common: Common,
}

/// Connect to a server that is pinned by its ticket
///
/// Makes a connection of TLS 1.3 to HOST:PORT. On the first visit the server's ticket is kept in TICKETS; on later ones it is
/// sent, and the server must prove that it can open it. Chain and name are verified too, unless --insecure is given. A server
/// that proves nothing is refused, and never asked again without the ticket: it is an impostor, it has lost its keys, or it proves
/// in another way than --proof says. If you know that it has lost them, "tack ticket forget" makes the next visit a first one.
/// Where a ticket cannot be kept, a warning says so, and the connection goes on.
///
/// Standard input is sent and what comes is printed, until the server closes the connection. The end of standard input is not
/// sent. With --listen, each connection to a local address is passed on in a connection of its own, until SIGTERM or SIGINT:
/// 10,000 at once, each until nothing came for an hour. Standard error has a line for each that fails, as of "tack ticket serve".
///
/// Without --tickets, and TACK_TICKETS, tickets are kept for as long as the command runs.
///
/// RFC 8672 is experimental. No resumption, no 0-RTT, and no TLS before 1.3: nothing could be proved there. No groups with a KEM
/// (such as X25519MLKEM768), which the RFC does not know. An address has no ticket: HOST is a name.
#[derive(Debug, Args)]
#[command(after_long_help = "\
EXAMPLES:
  A request by hand, with a ticket that is kept:

    printf 'GET / HTTP/1.0\\r\\nHost: www.example.com\\r\\n\\r\\n' |
        tack ticket connect --tickets TICKETS.db www.example.com:443

  A local port for a program that does not know tickets:

    tack ticket connect --tickets TICKETS.db --listen 127.0.0.1:8443 \\
        www.example.com:443

EXIT STATUS:
  0  The server closed the connection well; with --listen, it was ended by SIGTERM or SIGINT.
  1  No connection, a server that is refused, or a connection that was cut off.
  2  The command line is wrong.

ENVIRONMENT:
  TACK_TICKETS  The ticket store, where --tickets is not given.
  SSL_CERT_FILE, SSL_CERT_DIR  The CAs to trust instead of the system's.")]
pub struct TicketConnect {
    /// Keep tickets in this store [default: TACK_TICKETS]
    #[arg(long, value_name = "TICKETS")]
    pub tickets: Option<PathBuf>,

    /// Trust the CAs in this file, in PEM, instead of the system's
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub ca_file: Option<PathBuf>,

    /// Do not look at the certificate's chain and name; the ticket is still proved
    #[arg(long)]
    pub insecure: bool,

    /// Connect to this address or host instead, under HOST's name
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub connect: Option<Endpoint>,

    /// Pass on connections to this local address; port 0 is any that is free
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = local_address)]
    pub listen: Option<SocketAddr>,

    /// How servers prove
    #[arg(long, value_enum, value_name = "PROOF", default_value = "rfc")]
    pub proof: Proof,

    /// The time for a connection and its handshake: from 1s to 1h
    #[arg(long, value_name = "SPAN", default_value = "10s", value_parser = seconds)]
    pub timeout: Duration,

    /// The server
    #[arg(value_name = "HOST:PORT")]
    pub server: Endpoint,

    #[command(flatten)]
    pub common: Common,
}

/// How a server proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Proof {
    /// As in RFC 8672
    Rfc,
    /// As in draft-sheffer-tls-pinning-ticket-04
    Draft04,
}

impl From<Proof> for ProofKind {
    fn from(proof: Proof) -> Self {
        match proof {
            Proof::Rfc => Self::Rfc8672,
            Proof::Draft04 => Self::Draft04,
        }
    }
}
