//! The commands for what carries tacks: view, cert, pack, unpack.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tack_core::Fingerprint;

use super::Common;
use super::parse::whole;

/// Show keys, tacks, break signatures, extensions, serverinfo files and certificates in words
///
/// A file may hold any number of PEM blocks, of any kinds, or one certificate in DER. Signatures are verified: an object
/// whose signature does not hold is not shown but refused. An expired tack is shown, and marked on standard error.
///
/// With -v the subject, the other names and the issuer of a certificate are shown too; --json has them in any case.
#[derive(Debug, Args)]
#[command(after_long_help = "\
EXAMPLES:
  Any file of ours, and a certificate:

    tack view TACK.pem
    tack view CERT.pem

  A certificate with its names:

    tack view -v CERT.pem

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

  Of two keys one alone is active, in whatever order their files are named:

    tack pack -t OLD.pem -t NEW.pem -o EXTENSION.pem \\
        --activate t2vpc.dg3h4.qnvbf.nu335.zqdna

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
    #[arg(short, long, value_name = "FLAGS", default_value_t = 0, value_parser = whole(0_u8, 3), allow_hyphen_values = true)]
    pub activation: u8,

    /// Activate pins by the tack of this TACK key, whatever place it has; may be repeated
    #[arg(long, value_name = "FINGERPRINT", conflicts_with = "activation")]
    pub activate: Vec<Fingerprint>,

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
