//! The command that signs.

use std::path::PathBuf;

use clap::Args;
use tack_core::{Expiration, Schedule};

use super::parse::whole;
use super::{Common, KeyArgs};

/// Sign the public key of a certificate: make a tack
///
/// CERT is PEM or DER. A CA's certificate is refused: clients compare a tack with the server's own key. Of a file with
/// several certificates those of CAs are left out, so of a chain, such as certbot's fullchain.pem, the server's is signed.
///
/// With several certificates, and with -n, one run makes several tacks. They go to files named after -o; or as one
/// stream to standard output, or to the device or pipe that -o names, such as /dev/stdout. The names of a batch are
/// PREFIX_0000.pem, PREFIX_0001.pem and so on, PREFIX being the argument of -o, with more than four digits where NUM needs
/// them: 12000 tacks begin with PREFIX_00000.pem. With several certificates the stem of the certificate's file name comes
/// before the number (PREFIX-www_0000.pem).
///
/// The same command run again completes a batch that was interrupted. It writes all files anew, and where -e is a span at
/// new times. A batch that is killed leaves at most one hidden file, .tack-*, which a run an hour later removes. Of an older
/// and longer batch with the same PREFIX the files stay that the new one has no tack for: remove the old batch first.
#[derive(Debug, Args)]
#[command(after_long_help = "\
EXAMPLES:
  A tack that lasts as long as the certificate:

    tack sign -k KEY.pem -c CERT.pem -o TACK.pem

  A tack for the next 30 days:

    tack sign -k KEY.pem -c CERT.pem -e 30d -o TACK.pem

  A year of daily tacks in one file, the first of which expires two days from now:

    tack sign -k KEY.pem -c CERT.pem -n 365@1d -e 2d > TACKS.pem

EXIT STATUS:
  0  All is signed and written.
  1  Something is not; of a batch, the message says how much is.
  2  The command line is wrong.")]
pub struct Sign {
    #[command(flatten)]
    pub key: KeyArgs,

    /// Sign this certificate's public key; may be repeated
    #[arg(short, long = "certificate", value_name = "CERT", required = true)]
    pub certificates: Vec<PathBuf>,

    /// Sign a CA's certificate too, which no server should send as its own
    #[arg(long)]
    pub ca: bool,

    /// Revoke the tacks of this key of generations below this one, 0 to 255
    #[arg(short, long, value_name = "MIN_GENERATION", default_value_t = 0, value_parser = whole(0_u8, 255), allow_hyphen_values = true)]
    pub min_generation: u8,

    /// Give the tack this generation, 0 to 255, at least MIN_GENERATION [default: MIN_GENERATION]
    #[arg(short, long, value_name = "GENERATION", value_parser = whole(0_u8, 255), allow_hyphen_values = true)]
    pub generation: Option<u8>,

    /// Let the tack expire at this UTC time, or so long from now [default: the certificate's notAfter]
    ///
    /// A UTC time ends in Z and is as much of ISO 8601 as wanted: 2027Z, 2027-01Z, 2027-01-02Z, 2027-01-02T03Z,
    /// 2027-01-02T03:04Z. A span is in days, hours and minutes, in that order: 30d, 1d12h5m, 0m. It counts from the
    /// current time, rounded up to a whole minute.
    #[arg(short, long, value_name = "EXPIRATION", allow_hyphen_values = true)]
    pub expiration: Option<Expiration>,

    /// Make NUM tacks, 1 to 1000000, that expire INTERVAL apart; the first at EXPIRATION, which -n needs
    #[arg(short, long = "number", value_name = "NUM@INTERVAL", allow_hyphen_values = true)]
    pub number: Option<Schedule>,

    /// Write to this file instead of to standard output; with -n, to files whose names begin so
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    #[command(flatten)]
    pub common: Common,
}
