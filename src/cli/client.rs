//! The commands of a client: verify, pins.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgGroup, Args, Subcommand};
use tack_core::{Fingerprint, Span, TargetHash};
use tack_pin::{HostName, NameError};

use super::Common;
use super::parse::{Moment, whole};

/// Judge a server's files as a client would, as a monitoring plugin
///
/// CHAIN is what the server sends: its own certificate first. A TACK certificate behind it is found. FILE holds what the
/// server sends as the TLS extension: a TackExtension, a serverinfo file or a TACK certificate, which are judged as they
/// are; or tacks and break signatures, which are put together as "tack pack" does. What a client would refuse is told by
/// its reason, and so is what it would take. The signatures of CHAIN are not checked: that is the business of TLS.
///
/// With --pins and --name the judgement is that of a client that keeps its pins in PINS, which is made if it is not there:
/// the pins of NAME are activated and extended as by a connection. With --read-only nothing changes, nor with --at. With
/// --no-activate only revocations and break signatures count.
///
/// What is judged is TACK, and when the certificate ends. Whether the chain leads to a CA, the certificate is for NAME, and its
/// time has begun, "tack check" says of the live server.
///
/// A tack, or the server's certificate, that ends in less than --warn is a warning. Tacks that last two days and are
/// renewed each day are usual, so that the default is 12 hours.
///
/// The first line is for the monitoring system, with performance data after "|". In days_left=LEFT;WARN:;0: LEFT is the
/// days until the first tack, or the certificate, ends, and WARN those of --warn, both to the hundredth.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("server").required(true).args(["chain", "target_hash"]))]
#[command(after_long_help = "\
JSON:
  --json prints one document, which \"tack check\" prints too:

    {\"state\", \"hosts\": [{\"name\", \"port\", \"address\", \"state\", \"status\",
      \"carrier\", \"extension\", \"activation_flags\",
      \"tacks\": [{\"key_fingerprint\", \"min_generation\", \"generation\",
        \"expiration\", \"active\", \"status\"}],
      \"problems\": [{\"code\", \"message\", \"alert\"}],
      \"pins\": [{\"key_fingerprint\", \"min_generation\", \"initial\", \"end\",
        \"active\"}],
      \"certificate\": {\"subject\", \"issuer\", \"names\", \"target_hash\",
        \"not_after\"},
      \"tls\": {\"version\", \"cipher\", \"handshake_milliseconds\"}}]}

  Every key is there, and null what is unknown: verify knows one host, and no
  port, address and tls of it.

  state: OK, WARNING, CRITICAL or UNKNOWN.
  status: unpinned, confirmed or contradicted; null if processing failed.
  carrier: extension or certificate.
  extension: the TackExtension in hexadecimal digits.
  status of a tack: valid, or the code of what is wrong with it.
  alert: the TLS alert of a client that ends the connection for it, or null.
  pins: those of the name after processing; initial and end are minutes since
  1970, and an end of 0 is none.

  Codes of a refusal: malformed, two_extensions, same_key, generation, expired,
  target_hash, signature, revoked, contradicted, key_required.
  Other codes: no_tack, chain, name, certificate_expired, expires_soon, weak,
  differs, connect, timeout, starttls, tls, store, file (it cannot be read).

EXAMPLES:
  What clients will say of a serverinfo file, before the server has it:

    tack verify -c CHAIN.pem -t TACK_SERVERINFO.pem

  And on the first of December, when the batch should have gone on:

    tack verify -c CHAIN.pem -t TACK_SERVERINFO.pem --at 2026-12-01Z

  As a client that has pins for the host, which stay as they are:

    tack verify -c CHAIN.pem -t TACK.pem -a 1 --name www.example.com \\
        --pins PINS.db --read-only

EXIT STATUS:
  0  OK: clients take it, and it lasts.
  1  WARNING: a tack or the certificate lasts less than --warn.
  2  CRITICAL: clients refuse it, there is no tack, or the certificate is expired.
  3  UNKNOWN: an unreadable file, a pin store that fails, or a wrong command line.

ENVIRONMENT:
  TACK_PINS  The pin store, where --name is given and --pins is not. Without --name no store is used.")]
pub struct Verify {
    /// The certificates that the server sends, its own first
    #[arg(short, long, value_name = "CHAIN")]
    pub chain: Option<PathBuf>,

    /// The hash of the server's TLS key, instead of its certificate
    #[arg(long, value_name = "HASH")]
    pub target_hash: Option<TargetHash>,

    /// What the server sends as the TLS extension, or the tacks for it; may be repeated
    #[arg(short, long, value_name = "FILE")]
    pub tacks: Vec<PathBuf>,

    /// Activate pins by the first tack (1), the second (2), both (3) or none (0) [default: 0]
    ///
    /// It is for tacks alone: a TackExtension has flags of its own.
    #[arg(short, long, value_name = "FLAGS", requires = "tacks", value_parser = whole(0_u8, 3), allow_hyphen_values = true)]
    pub activation: Option<u8>,

    /// The name of the host, by which it is pinned
    #[arg(long, value_name = "NAME")]
    pub name: Option<HostName>,

    /// Judge by the pins in this store, and keep them up to date [default: TACK_PINS]
    #[arg(long, value_name = "PINS", requires = "name")]
    pub pins: Option<PathBuf>,

    /// Change nothing in the pin store
    #[arg(long)]
    pub read_only: bool,

    /// Neither make nor extend pins; only revocations and break signatures change what is kept
    #[arg(long)]
    pub no_activate: bool,

    /// Require a tack of this TACK key, or of another that is required; may be repeated
    #[arg(long, value_name = "FINGERPRINT")]
    pub require: Vec<Fingerprint>,

    /// Warn when a tack or the certificate lasts less than this
    #[arg(long, value_name = "SPAN", default_value = "12h")]
    pub warn: Span,

    /// Judge as if it were this UTC time, or so long from now [default: now]
    ///
    /// A time is as much of ISO 8601 as wanted: 2027Z, 2027-01-02Z, 2027-01-02T03:04Z, 2027-01-02T03:04:05Z. A span is in
    /// days, hours and minutes: 30d, 1d12h5m. It counts from the current time, rounded up to a whole minute.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub at: Option<Moment>,

    /// Print one JSON document
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub common: Common,
}

/// List, forget, import and export the pins of a store
///
/// A pin store is the file in which "tack verify" and "tack check" keep the pins of hosts to TACK keys. A pin list is JSON,
/// as other implementations of TACK read and write it.
#[derive(Debug, Args)]
#[command(infer_subcommands = true, disable_help_subcommand = true)]
#[command(after_long_help = "\
EXAMPLES:
  The pins of a host, and all:

    tack pins list --pins PINS.db www.example.com
    tack pins list --pins PINS.db

  A host that has lost its TACK key:

    tack pins forget --pins PINS.db www.example.com

  Pins from one store to another:

    tack pins export --pins PINS.db -o PINS.json
    tack pins import --pins OTHER.db PINS.json

EXIT STATUS:
  0  Done; a store without pins is listed as nothing.
  1  It could not be done, and nothing has changed; or there was no pin to forget.
  2  The command line is wrong.

ENVIRONMENT:
  TACK_PINS  The pin store, where --pins is not given.")]
pub struct Pins {
    /// The pin store [default: TACK_PINS]
    #[arg(long, global = true, value_name = "PINS")]
    pub pins: Option<PathBuf>,

    /// What to do
    #[command(subcommand)]
    pub action: PinsAction,
}

/// What is done with a pin store.
#[derive(Debug, Subcommand)]
pub enum PinsAction {
    /// List the pins, or those of a name
    ///
    /// The columns are the name, the fingerprint of the TACK key, its min_generation, when the pin was made, when it ends,
    /// and whether it is active.
    List {
        /// List only the pins of this host
        #[arg(value_name = "NAME")]
        name: Option<HostName>,

        /// Print one JSON document: an array of objects with name, key_fingerprint, min_generation, initial, end and active
        #[arg(long)]
        json: bool,

        #[command(flatten)]
        common: Common,
    },
    /// Forget every pin of a name, or of a TACK key
    Forget {
        /// The name of the host, or the fingerprint of the TACK key
        #[arg(value_name = "NAME|FINGERPRINT")]
        whose: Whose,

        /// Print one JSON document: an object with the number of pins that are "forgotten"
        #[arg(long)]
        json: bool,

        #[command(flatten)]
        common: Common,
    },
    /// Merge a pin list into the store, which is made if it is not there
    ///
    /// A pin that is there already keeps the earlier beginning, the later end and the higher min_generation: none is
    /// shortened. A name has two pins at most: of more an active one comes before an inactive one, and the rest is left out,
    /// with a warning. What it came to is said on standard error.
    Import {
        /// The pin list, of at most 128 MiB
        #[arg(value_name = "FILE")]
        file: PathBuf,

        /// Print one JSON document: an object with the numbers of pins "added", "changed", "unchanged" and "left_out"
        #[arg(long)]
        json: bool,

        #[command(flatten)]
        common: Common,
    },
    /// Write a pin list of all pins
    Export {
        /// Write to this file instead of to standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,

        #[command(flatten)]
        common: Common,
    },
}

/// Whose pins are forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    Name(HostName),
    Key(Fingerprint),
}

/// What can be a fingerprint is one.
impl FromStr for Whose {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        text.parse().map(Self::Key).or_else(|_| text.parse().map(Self::Name))
    }
}
