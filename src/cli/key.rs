//! The commands for the TACK key itself: genkey, passwd, break; and the options that name a key.

use std::path::PathBuf;

use clap::Args;
use tack_core::KeyFile;

use super::Common;
use super::parse::whole;
use super::password::Password;

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
    #[arg(long, value_name = "N", default_value_t = KeyFile::DEFAULT_ITERATIONS, value_parser = whole(KeyFile::TACKPY_ITERATIONS, KeyFile::MAX_ITERATIONS))]
    pub iterations: u32,

    /// Replace an existing file
    #[arg(long)]
    pub force: bool,

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
    #[arg(long, value_name = "N", default_value_t = KeyFile::DEFAULT_ITERATIONS, value_parser = whole(KeyFile::TACKPY_ITERATIONS, KeyFile::MAX_ITERATIONS))]
    pub iterations: u32,

    /// Write into KEY if it is mounted by itself, as containers mount single files, and cannot be replaced
    ///
    /// A crash in the middle of it leaves half a file: keep a copy of KEY until it is done. Where the directory is mounted
    /// instead this option is not needed, and nothing is ever half written.
    #[arg(long)]
    pub in_place: bool,

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

/// The TACK key of a command that signs.
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// Use this TACK key file
    #[arg(short, long, value_name = "KEY")]
    pub key: PathBuf,

    #[command(flatten)]
    pub password: PasswordArgs,

    /// Refuse a key file that asks for more than so many iterations of PBKDF2
    #[arg(long, value_name = "N", default_value_t = KeyFile::MAX_ITERATIONS, value_parser = whole(1, u32::MAX))]
    pub max_iterations: u32,
}

/// Where the password of a key file comes from; with neither, from TACK_PASSWORD in the environment or the terminal.
#[derive(Debug, Args)]
pub struct PasswordArgs {
    /// The password of the key file; every user of the machine can see it in the list of processes
    #[arg(short, long, value_name = "PASSWORD", allow_hyphen_values = true)]
    pub password: Option<Password>,

    /// Take the password from this file, less one line break at its end
    #[arg(long, value_name = "FILE", conflicts_with = "password")]
    pub password_file: Option<PathBuf>,
}
