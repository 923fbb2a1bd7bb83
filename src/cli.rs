//! The command line as clap sees it: structures alone, so that the tests make man pages and completions of them.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

/// Sign the public keys of TLS servers with a TACK key, and look after what is signed
///
/// TACK (Trust Assertions for Certificate Keys) lets clients pin a host to a signing key of its admin. The TACK key
/// stays offline; a tack, signed by it, vouches for the public key of a TLS server until a certain minute.
/// Certificates, CAs and TLS keys may change freely, while a misissued certificate is caught.
///
/// KEY, CERT, FILE and TACKS may be "-", standard input or output. What is replaced in its place, the OUTPUT of deploy and
/// the KEY of passwd, is a file.
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

  status has the statuses of a monitoring plugin: see tack-status(1).

ENVIRONMENT:
  TACK_PASSWORD  The password of the key file, where neither -p nor --password-file gives it.
  NO_COLOR  If not empty, status draws without colour.")]
pub struct Cli {
    /// Take this UTC time for the current one ("2026-11-20T17:31:15Z"); tests use it
    #[arg(long, hide = true, global = true, value_name = "TIME")]
    pub now: Option<String>,

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
    #[command(aliases = ["h", "he", "hel"])]
    Help(Help),
}

/// Make a new TACK key, in a file that a password protects
///
/// The key file is tackpy's: 149 bytes in PEM, the private key encrypted with AES-256 under a key that PBKDF2 makes of
/// the password. A file that -o makes has mode 0600. Back it up: a lost key cannot be replaced before every client's
/// pin to it has ended.
///
/// Without an option and without TACK_PASSWORD in the environment the password is asked for on the terminal, twice.
#[derive(Debug, Args)]
#[command(after_long_help = "\
EXAMPLES:
  Ask for a password, and write a key file:

    tack genkey -o KEY.pem

  From a script:

    tack genkey --password-file PASSWORD.txt -o KEY.pem

EXIT STATUS:
  0  The key is written.
  1  It is not, and no file has changed.
  2  The command line is wrong.")]
pub struct Genkey {
    #[command(flatten)]
    pub password: PasswordArgs,

    /// Write the key to this file, which must not exist yet, instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Stretch the password by so many iterations of PBKDF2, from 8192 to 10000000
    #[arg(long, value_name = "N", default_value_t = 600_000, value_parser = clap::value_parser!(u32).range(8192..=10_000_000))]
    pub iterations: u32,

    /// Replace an existing file
    #[arg(long)]
    pub force: bool,

    #[command(flatten)]
    pub common: Common,
}

/// Sign the public key of a certificate: make a tack
///
/// CERT is PEM or DER. Of a file with several certificates each is signed, but for those that issued another one of the
/// file: a chain, such as certbot's fullchain.pem, counts as its first certificate.
///
/// With several certificates, and with -n, one run makes several tacks. They go to files named after -o; or as one
/// stream to standard output, or to the device or pipe that -o names, such as /dev/stdout. The names of a batch are
/// PREFIX_0000.pem, PREFIX_0001.pem and so on, PREFIX being the argument of -o, with more than four digits where NUM needs
/// them: 12000 tacks begin with PREFIX_00000.pem. With several certificates the stem of the certificate's file name comes
/// before the number (PREFIX-www_0000.pem).
///
/// The same command run again completes a batch that was interrupted. It writes all files anew, and where -e is a span at
/// new times. A batch that is killed leaves at most one hidden file, .tack-XXXXXX, which may be deleted. Of an older and
/// longer batch with the same PREFIX the files stay that the new one has no tack for: remove the old batch first.
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

    /// Revoke the tacks of this key of generations below this one, 0 to 255
    #[arg(short, long, value_name = "MIN_GENERATION", default_value_t = 0, allow_hyphen_values = true)]
    pub min_generation: u8,

    /// Give the tack this generation, 0 to 255, at least MIN_GENERATION [default: MIN_GENERATION]
    #[arg(short, long, value_name = "GENERATION", allow_hyphen_values = true)]
    pub generation: Option<u8>,

    /// Let the tack expire at this UTC time, or so long from now [default: the certificate's notAfter]
    ///
    /// A UTC time ends in Z and is as much of ISO 8601 as wanted: 2027Z, 2027-01Z, 2027-01-02Z, 2027-01-02T03Z,
    /// 2027-01-02T03:04Z. A span is in days, hours and minutes, in that order: 30d, 1d12h5m, 0m. It counts from the
    /// current time, rounded up to a whole minute.
    #[arg(short, long, value_name = "EXPIRATION", allow_hyphen_values = true)]
    pub expiration: Option<String>,

    /// Make NUM tacks, 1 to 1000000, that expire INTERVAL apart; the first at EXPIRATION, which -n needs
    #[arg(short, long = "number", value_name = "NUM@INTERVAL", allow_hyphen_values = true)]
    pub number: Option<String>,

    /// Write to this file instead of to standard output; with -n, to files whose names begin so
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    #[command(flatten)]
    pub common: Common,
}

/// Make a break signature: the key's own word that every pin to it must be dropped
///
/// Break signatures are of draft-perrin-tls-tack-00 alone; clients of draft-02 do not know them. Publishing one cannot
/// be undone: every client that sees it forgets all its pins to this key, for every host.
#[derive(Debug, Args)]
#[command(after_long_help = "\
EXAMPLES:
  A break signature:

    tack break -k KEY.pem -o BREAK.pem

EXIT STATUS:
  0  The break signature is written.
  1  It is not, and no file has changed.
  2  The command line is wrong.")]
pub struct Break {
    #[command(flatten)]
    pub key: KeyArgs,

    /// Write the break signature to this file instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    #[command(flatten)]
    pub common: Common,
}

/// Show keys, tacks, break signatures, extensions, serverinfo files and certificates in words
///
/// A file may hold any number of PEM blocks, of any kinds, or one certificate in DER. Signatures are verified: an object
/// whose signature does not hold is not shown but refused. An expired tack is shown, and marked on standard error.
#[derive(Debug, Args)]
#[command(after_long_help = "\
EXAMPLES:
  Any file of ours, and a certificate:

    tack view TACK.pem
    tack view CERT.pem

  For a program, the signatures' state included:

    tack view --json TACK.pem

EXIT STATUS:
  0  Everything is shown, and every signature holds.
  1  Something could not be read, or a signature does not hold.
  2  The command line is wrong.")]
pub struct View {
    /// The files to show
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Print one JSON document with every field, and whether the signatures hold
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub common: Common,
}

/// Make a TACK certificate from a tack and break signatures, or take one apart
///
/// A TACK certificate carries a TackExtension through servers that know nothing of TACK: it goes at the end of the
/// server's chain. -i with a tack makes one, of draft-00 as tackpy 0.9.7 does; for draft-02 see tack-pack(1). -i with
/// a TACK certificate prints the tacks and break signatures in it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
EXAMPLES:
  A TACK certificate from a tack, and the tack from the TACK certificate:

    tack cert -i TACK.pem -o TACK_CERT.pem
    tack cert -i TACK_CERT.pem

EXIT STATUS:
  0  Done.
  1  It could not be done; no file has changed.
  2  The command line is wrong.")]
pub struct Cert {
    /// A tack to put into a certificate, or a TACK certificate to take apart
    #[arg(short, long, value_name = "TACK-OR-CERT")]
    pub input: PathBuf,

    /// Include the break signatures of this file, 8 at most
    #[arg(short, long, value_name = "BREAKSIGS")]
    pub break_signatures: Option<PathBuf>,

    /// Write to this file instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    #[command(flatten)]
    pub common: Common,
}

/// Make a TackExtension from tacks, in the form that a server takes
///
/// The formats: "extension" is the bare TackExtension in PEM, as of tackpy 0.9.9; "extender" has the header of a TLS
/// extension before it, as of later versions of tackpy; "serverinfo" is a file for OpenSSL's serverinfo setting, with
/// which stock Apache and nginx serve the extension in TLS 1.2 and 1.3; "certificate" is a TACK certificate, to be
/// appended to the server's chain.
#[derive(Debug, Args)]
#[command(after_long_help = "\
EXAMPLES:
  For stock Apache and nginx, with pins activated:

    tack pack -t TACK.pem -a 1 --format serverinfo -o TACK_SERVERINFO.pem

  Two keys at once, for a rollover:

    tack pack -t OLD.pem -t NEW.pem -a 3 -o EXTENSION.pem

EXIT STATUS:
  0  The extension is written.
  1  It is not, and no file has changed.
  2  The command line is wrong.")]
pub struct Pack {
    /// The file of the tack, or of two tacks of different keys; may be repeated
    #[arg(short, long, value_name = "TACKS", required = true)]
    pub tacks: Vec<PathBuf>,

    /// Include the break signatures of this file, 8 at most; chooses draft 00
    #[arg(short, long, value_name = "BREAKSIGS")]
    pub break_signatures: Option<PathBuf>,

    /// Activate pins by the first tack (1), the second (2), both (3) or none (0)
    #[arg(short, long, value_name = "FLAGS", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=3), allow_hyphen_values = true)]
    pub activation: u8,

    /// The draft whose TackExtension to make [default: 02, or 00 with break signatures]
    #[arg(long, value_enum, value_name = "DRAFT")]
    pub draft: Option<Draft>,

    /// The form to write it in
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "extension")]
    pub format: PackFormat,

    /// Write to this file instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    #[command(flatten)]
    pub common: Common,
}

/// Take the tacks and break signatures out of an extension, a serverinfo file or a TACK certificate
///
/// The format is recognised by itself.
#[derive(Debug, Args)]
#[command(after_long_help = "\
EXAMPLES:
  The tacks that a serverinfo file serves:

    tack unpack TACK_SERVERINFO.pem

EXIT STATUS:
  0  They are written.
  1  They are not, and no file has changed.
  2  The command line is wrong.")]
pub struct Unpack {
    /// The file to take apart
    #[arg(value_name = "FILE", required_unless_present = "extension", conflicts_with = "extension")]
    pub file: Option<PathBuf>,

    /// The file to take apart, as tackpy wants it
    #[arg(short = 'E', long, value_name = "FILE")]
    pub extension: Option<PathBuf>,

    /// Write to this file instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    #[command(flatten)]
    pub common: Common,
}

/// Change the password and the iteration count of a key file
///
/// The file is replaced as a whole: whatever fails, the old one survives. Text beside the key stays. Copies and backups
/// keep the old password.
#[derive(Debug, Args)]
#[command(after_long_help = "\
EXAMPLES:
  Ask for the old password and, twice, for the new one:

    tack passwd -k KEY.pem

  Give a key file of tackpy today's iteration count, with the same password:

    tack passwd -k KEY.pem --keep-password

EXIT STATUS:
  0  The key file has the new password.
  1  It is as it was.
  2  The command line is wrong.")]
pub struct Passwd {
    #[command(flatten)]
    pub key: KeyArgs,

    /// Take the new password from this file, less one line break at its end
    #[arg(long, value_name = "FILE", conflicts_with = "keep_password")]
    pub new_password_file: Option<PathBuf>,

    /// Keep the password; the iteration count and the salt are new
    #[arg(long)]
    pub keep_password: bool,

    /// Stretch the password by so many iterations of PBKDF2, from 8192 to 10000000
    #[arg(long, value_name = "N", default_value_t = 600_000, value_parser = clap::value_parser!(u32).range(8192..=10_000_000))]
    pub iterations: u32,

    #[command(flatten)]
    pub common: Common,
}

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
    #[arg(short, long, value_name = "FLAGS", value_parser = clap::value_parser!(u8).range(0..=3), allow_hyphen_values = true)]
    pub activation: Option<u8>,

    /// Choose a tack that lasts at least so long
    #[arg(long, value_name = "SPAN", default_value = "1d")]
    pub min_remaining: String,

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

    /// The files of the batch
    #[arg(value_name = "TACKS", required = true)]
    pub tacks: Vec<PathBuf>,

    #[command(flatten)]
    pub common: Common,
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
    pub warn: String,

    /// Print one JSON document
    #[arg(long)]
    pub json: bool,

    /// The files of the batch
    #[arg(value_name = "TACKS", required = true)]
    pub tacks: Vec<PathBuf>,

    #[command(flatten)]
    pub common: Common,
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

/// The TACK key of a command that signs.
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// Use this TACK key file
    #[arg(short, long, value_name = "KEY")]
    pub key: PathBuf,

    #[command(flatten)]
    pub password: PasswordArgs,

    /// Refuse a key file that asks for more than so many iterations of PBKDF2
    #[arg(long, value_name = "N", default_value_t = 10_000_000)]
    pub max_iterations: u32,
}

/// Where the password of a key file comes from; with neither, from TACK_PASSWORD in the environment or the terminal.
#[derive(Debug, Args)]
pub struct PasswordArgs {
    /// The password of the key file; every user of the machine can see it in the list of processes
    #[arg(short, long, value_name = "PASSWORD", allow_hyphen_values = true)]
    pub password: Option<String>,

    /// Take the password from this file, less one line break at its end
    #[arg(long, value_name = "FILE", conflicts_with = "password")]
    pub password_file: Option<PathBuf>,
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

/// The drafts of TACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Draft {
    /// draft-perrin-tls-tack-00
    #[value(name = "00")]
    Draft00,
    /// draft-perrin-tls-tack-02
    #[value(name = "02")]
    Draft02,
}

/// The forms of a TackExtension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PackFormat {
    /// The bare TackExtension
    Extension,
    /// The TackExtension after the header of a TLS extension
    Extender,
    /// A serverinfo file of OpenSSL
    Serverinfo,
    /// A TACK certificate
    Certificate,
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
