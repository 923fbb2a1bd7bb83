//! The commands for batches: deploy, status.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tack_core::{Fingerprint, Span};

use super::Common;
use super::parse::whole;

/// Install the tack of the hour from a batch, and reload the server if it changed
///
/// Picks the soonest-expiring tack with at least MIN_REMAINING left, for each of two TACK keys at most. Writes OUTPUT
/// atomically, and keeps its mode and owner. Then runs COMMAND, but only if OUTPUT changed. So deploy is made for cron:
/// with nothing to do it is silent.
///
/// If no tack lasts that long, the one that lasts longest is installed, with a warning. If no tack is valid, OUTPUT stays
/// as it is. With tacks of two TACK keys, one of each key is installed, in the order in which the files name the keys. A
/// key without a valid tack is left out, with a warning and exit status 1.
///
/// Only tacks whose signature verifies count. Files that cannot be read, and tacks with bad signatures, are reported and
/// passed over. Revoked tacks are passed over too: a tack is revoked if any tack of its TACK key in the files, for whatever
/// TLS key, has a higher min_generation than its generation.
///
/// A clock that went back is an error, and OUTPUT stays as it is. That is a clock a day or more before the newest "Created
/// at" line of the files; or one before the "Created at" line of OUTPUT, if the tack there lasts longer than the picked one.
///
/// If COMMAND fails, or never runs because the machine goes down, every later run repeats it until it succeeds. Until then
/// there is a marker beside OUTPUT, the file .deploy-pending.OUTPUT.
///
/// OUTPUT gets the format and the flags of this run, whatever it had before: let every run for one OUTPUT ask for the same.
/// A run that makes a TACK key inactive, or leaves it out, warns of it.
/// OUTPUT must be empty, absent, or a file that deploy wrote. A file with anything else in it, such as the server's
/// certificate or its configuration, is refused and stays as it is.
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
  2  The command line is wrong.

ENVIRONMENT, of COMMAND:
  TACK_OUTPUT  The path of OUTPUT, from the root.
  TACK_CERTIFICATE  The path of CERT, from the root, if there is one.
  TACK_PASSWORD  Not set.")]
pub struct Deploy {
    /// Install only tacks for the key of this certificate: the live one, or a copy that renewals refresh
    #[arg(short, long, value_name = "CERT")]
    pub certificate: Option<PathBuf>,

    /// Activate pins by the first tack (1), the second (2), both (3) or none (0) [default: 0]
    ///
    /// The key whose tack comes first in the files has the first tack. For files that the shell names, as by T_*.pem, that
    /// depends on their names: NEW_1.pem comes before OLD_1.pem. --activate does not depend on it.
    #[arg(short, long, value_name = "FLAGS", value_parser = whole(0_u8, 3), allow_hyphen_values = true)]
    pub activation: Option<u8>,

    /// Activate pins by the tack of this TACK key, whatever place it has; may be repeated
    #[arg(long, value_name = "FINGERPRINT", conflicts_with = "activation")]
    pub activate: Vec<Fingerprint>,

    /// Choose a tack that lasts at least so long
    #[arg(long, value_name = "SPAN", default_value = "1d")]
    pub min_remaining: Span,

    /// The form to write OUTPUT in: tacks, or one of the forms of tack-pack(1)
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "pem")]
    pub format: DeployFormat,

    /// The file to keep up to date
    #[arg(short, long, value_name = "OUTPUT")]
    pub output: PathBuf,

    /// Run this shell command after OUTPUT has changed, and again in later runs if it fails
    #[arg(long, value_name = "COMMAND")]
    pub run: Option<String>,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Write into OUTPUT if it is mounted by itself, as containers mount single files, and cannot be replaced
    ///
    /// A crash in the middle of it leaves half a file. Where the directory is mounted instead this option is not needed,
    /// and nothing is ever half written. Where nothing but OUTPUT can be written, a COMMAND that fails is not repeated.
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
/// With -o the file that deploy keeps up to date is judged too. Its tacks must verify, be valid now, fit the certificate of
/// -c, and not be revoked by the batch. A COMMAND of "deploy --run" that has not succeeded since OUTPUT changed is a
/// warning, and critical after an hour.
///
/// The first line is for the monitoring system, with performance data after "|". In days_left=LEFT;WARN:;0: LEFT is the
/// whole days left, of the batch that ends first, and WARN those of --warn.
#[derive(Debug, Args)]
#[command(after_long_help = "\
EXAMPLES:
  Warn two weeks before the batch runs out:

    tack status -c CERT.pem --warn 14d TACKS.pem

  Where deploy runs, see whether it has done its work, too:

    tack status -c CERT.pem -o OUTPUT.pem TACKS.pem

EXIT STATUS:
  0  OK: the tacks fit, and last.
  1  WARNING: less time left than --warn, tacks that another tack of their key revokes, or a
     COMMAND of deploy that has not succeeded.
  2  CRITICAL: a gap, expired, all revoked, a bad signature, tacks that do not fit the
     certificate, or an OUTPUT that clients refuse.
  3  UNKNOWN: an unreadable file, a clock before its \"Created at\" line, or a wrong command line.

ENVIRONMENT:
  NO_COLOR  If not empty, the timeline has no colour on a terminal.")]
pub struct Status {
    /// Check that the tacks vouch for this certificate's key
    #[arg(short, long, value_name = "CERT")]
    pub certificate: Option<PathBuf>,

    /// Check this file too, which deploy keeps up to date
    #[arg(short, long, value_name = "OUTPUT")]
    pub output: Option<PathBuf>,

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
