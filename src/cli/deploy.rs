//! The commands for batches: deploy, status.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tack_core::Span;

use super::Common;
use super::parse::whole;

/// Install the tack of the hour from a batch, and reload the server if it changed
///
/// Of the tacks in the files the one is chosen that expires soonest, but not before MIN_REMAINING from now. Its signature
/// is verified, and with -c that it vouches for the certificate's key. OUTPUT is replaced as a whole, with its mode and
/// owner kept, and COMMAND is run by the shell only when OUTPUT changed: made for cron, which stays silent on the days
/// with nothing to do. With tacks of two keys one of each key is installed, in the order of the files; a key that has no
/// valid tack is left out, with a warning and exit status 1.
///
/// A file that cannot be read, and a tack whose signature does not hold, are reported and passed over; so is a tack whose
/// generation another tack of its key revokes. A COMMAND that failed is run again when OUTPUT changes the next time.
///
/// A tack that lasts less than MIN_REMAINING is installed with a warning when there is no better one. When no tack is valid
/// OUTPUT stays as it is.
///
/// OUTPUT gets the format and the flags that this run asks for, whatever it had before: let every run for one OUTPUT ask
/// for the same. An OUTPUT that holds what deploy does not write, such as the server's certificate or its key, is left as
/// it is.
#[derive(Debug, Args)]
#[command(after_long_help = "\
EXAMPLES:
  Every hour, from cron:

    tack deploy -c CERT.pem -a 1 --format serverinfo -o OUTPUT.pem TACKS.pem

  With a reload of the server when the file has changed; cron wants it in one line:

    tack deploy -c CERT.pem -a 1 --format serverinfo \\
        -o OUTPUT.pem --run 'systemctl reload nginx' TACKS.pem

EXIT STATUS:
  0  OUTPUT is as it should be.
  1  No tack of a key is valid, a file cannot be read, or COMMAND failed; the message says which.
  2  The command line is wrong.")]
pub struct Deploy {
    /// Install tacks for this certificate's key only
    #[arg(short, long, value_name = "CERT")]
    pub certificate: Option<PathBuf>,

    /// Activate pins by the first tack (1), the second (2), both (3) or none (0) [default: 0]
    #[arg(short, long, value_name = "FLAGS", value_parser = whole(0_u8, 3), allow_hyphen_values = true)]
    pub activation: Option<u8>,

    /// Choose a tack that lasts at least so long
    #[arg(long, value_name = "SPAN", default_value = "1d")]
    pub min_remaining: Span,

    /// The form to write OUTPUT in: tacks, or one of the forms of tack-pack(1)
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "pem")]
    pub format: DeployFormat,

    /// The file to keep up to date
    #[arg(short, long, value_name = "OUTPUT")]
    pub output: PathBuf,

    /// Run this shell command after OUTPUT has changed
    #[arg(long, value_name = "COMMAND")]
    pub run: Option<String>,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Write into OUTPUT if it is mounted by itself, as containers mount single files, and cannot be replaced
    ///
    /// A crash in the middle of it leaves half a file. Where the directory is mounted instead this option is not needed,
    /// and nothing is ever half written.
    #[arg(long)]
    pub in_place: bool,

    /// The files of the batch
    #[arg(value_name = "TACKS", required = true)]
    pub tacks: Vec<PathBuf>,

    #[command(flatten)]
    pub common: Common,
}

/// The forms that deploy writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeployFormat {
    /// The tacks themselves
    Pem,
    /// The bare TackExtension
    Extension,
    /// A serverinfo file of OpenSSL
    Serverinfo,
    /// A TACK certificate
    Certificate,
}

/// Show what a batch covers, as a monitoring plugin
///
/// For each TACK key and TLS key in the files: how many tacks, the first and the last expiration, the interval, gaps,
/// and for how long there are tacks left. With -c the target hash is marked "(fits)", "(does not fit)", or "(another
/// certificate's)" if the same TACK key has a batch that fits: such a batch, for the next certificate or the last one, is
/// shown, and not judged.
///
/// The interval is the usual span from one expiration to the next: the longest that recurs and makes up more than a quarter
/// of all, or else the most frequent one, and of several the shortest. There is a gap where the next expiration, if it is
/// not past, comes later than that. The server has a tack in a gap too, but one that lasts longer than it should: part of
/// the batch is missing.
///
/// The timeline reaches from the first expiration, or now if that is earlier, to the last: "." is past, "=" has tacks, "!"
/// is a gap.
///
/// The first line is for the monitoring system, with performance data after "|". In days_left=LEFT;WARN:;0: LEFT is the
/// whole days left, of the batch that ends first, and WARN those of --warn.
#[derive(Debug, Args)]
#[command(after_long_help = "\
EXAMPLES:
  Warn two weeks before the batch runs out:

    tack status -c CERT.pem --warn 14d TACKS.pem

EXIT STATUS:
  0  OK: the tacks fit, and last.
  1  WARNING: less time left than --warn, or tacks that another tack of their key revokes.
  2  CRITICAL: a gap, expired, all revoked, a bad signature, or tacks that do not fit the certificate.
  3  UNKNOWN: a file cannot be read, or the command line is wrong.

ENVIRONMENT:
  NO_COLOR  If not empty, the timeline has no colour on a terminal.")]
pub struct Status {
    /// Check that the tacks vouch for this certificate's key
    #[arg(short, long, value_name = "CERT")]
    pub certificate: Option<PathBuf>,

    /// Warn when the tacks last less than this
    #[arg(long, value_name = "SPAN", default_value = "7d")]
    pub warn: Span,

    /// Print one JSON document
    #[arg(long)]
    pub json: bool,

    /// The files of the batch
    #[arg(value_name = "TACKS", required = true)]
    pub tacks: Vec<PathBuf>,

    #[command(flatten)]
    pub common: Common,
}
