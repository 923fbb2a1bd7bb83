//! What the user reads on standard error: which file, what is wrong with it, what to do.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Error, anyhow};
use tack_core::Timestamp;
use tack_pin::Refusal;

use crate::display::{Shown, escape};

/// The command line asks for what cannot be: clap's own errors and these end with the same status.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// Says a line. Where standard error cannot be written there is nobody to tell.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Says text that ends its own lines.
pub fn say_text(text: impl Display) {
    let _ = write!(io::stderr(), "{text}");
}

/// The error for a file that the library refused.
pub fn refused(path: &Path, error: &tack_core::Error) -> Error {
    match advice(error) {
        Some(advice) => anyhow!("{}: {error}; {advice}", Shown(path)),
        None => anyhow!("{}: {error}", Shown(path)),
    }
}

/// Something that the user should know, though the work is done.
pub fn warn(path: &Path, what: impl Display) {
    say(format_args!("tack: {}: warning: {what}", Shown(path)));
}

fn advice(error: &tack_core::Error) -> Option<&'static str> {
    use tack_core::Error as E;
    Some(match error {
        E::Length { .. } | E::Truncated { .. } | E::TrailingBytes { .. } => "copy or make it again, it is damaged",
        E::PemBegin | E::PemEnd { .. } | E::PemLabels { .. } | E::Base64 { .. } => {
            "copy or make it again, it is damaged"
        }
        E::NotOnCurve | E::SignatureRange { .. } | E::BadSignature { .. } => "do not use it",
        E::Generation { .. } | E::SameKey(_) | E::NoTacks | E::ExtensionDraft(_) | E::PinActivation(_) => {
            "make it again"
        }
        E::ActivationFlags { .. } | E::BreakSigsLength(_) | E::TwoExtensions => "make it again",
        E::ExtensionType(_) => "give an extension of TACK",
        E::KeyFileVersion(_) | E::NoIterations => "give another key file",
        E::TooManyIterations { .. } => "if you trust it, raise the limit with --max-iterations",
        E::WrongPassword => "nothing has changed, try again",
        E::KeyMismatch | E::PrivateKeyRange => "do not use it, restore a backup",
        E::NoBlock => "give a file in PEM",
        E::Label { .. } | E::PemTooLarge { .. } | E::CertificateTooLarge => "give the right file",
        E::Certificate { .. } => "give a certificate in PEM or DER",
        _ => return None,
    })
}

/// Why a client refuses what a server presents, and what to do.
pub fn unaccepted(refusal: &Refusal) -> String {
    use Refusal as R;
    let advice = match refusal {
        R::Malformed(tack_core::Error::NoTacks) => {
            return "the server has no tack: its TackExtension is empty, as a tlslite-ng server without a tack answers, \
                    which is no attack; install a tack"
                .to_owned();
        }
        R::Malformed(_) => "make it again",
        R::TwoExtensions => "serve only one of them",
        R::SameKey(_) => "serve one tack of each key",
        R::Generation { .. } => "sign again, with a higher generation",
        R::Expired { .. } => "install a newer one",
        R::TargetHash { .. } => "sign the server's certificate, and install that tack",
        R::Signature { .. } => "sign again, and do not use this one",
        R::Revoked { .. } => "install a tack of a newer generation",
        R::Contradicted { .. } => "serve a tack of that key too",
        R::KeyRequired => "serve one",
        _ => return escape(&refusal.to_string()),
    };
    format!("{}; {advice}", escape(&refusal.to_string()))
}

/// The two lines before the first block of a file that we write.
pub fn provenance(now: i64) -> String {
    format!("Created by tack {}\nCreated at {}\n", env!("CARGO_PKG_VERSION"), Timestamp::new(now))
}

/// Says of an expired tack that it is.
pub fn warn_expired(path: &Path, tack: &tack_core::Tack, now: i64) {
    if is_past(tack.expiration(), now) {
        let (key, expiration) = (tack.public_key().fingerprint(), tack.expiration());
        warn(path, format_args!("the tack of key {key} expired at {expiration}"));
    }
}

/// Whether a tack with this expiration is not valid any more.
pub fn is_past(expiration: tack_core::Minute, now: i64) -> bool {
    expiration.seconds() <= now
}
