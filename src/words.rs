//! Objects in tackpy's words. Those of tackpy 0.9.7 are for objects of draft-00 and the files that both versions know,
//! those of 0.9.9, two columns wider, for extensions of draft-02.

use tack_core::{BreakSig, Certificate, KeyFile, PublicKey, ServerInfo, Tack, TackExtension, TargetHash};

use crate::display::escape;
use crate::names::{alternatives, name};

/// Hexadecimal digits on a line of a hash.
const HASH_COLUMNS: usize = 32;

/// The version of tackpy whose words and columns are used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// `TACK ID        = `
    Tackpy097,
    /// `key fingerprint = `
    Tackpy099,
}

impl Words {
    /// The words for an extension.
    pub fn of(extension: &TackExtension) -> Self {
        match extension {
            TackExtension::Draft00(_) => Self::Tackpy097,
            TackExtension::Draft02(_) => Self::Tackpy099,
        }
    }

    fn label(self, label: &str) -> String {
        let width = if self == Self::Tackpy097 { 14 } else { 15 };
        format!("{label:width$} = ")
    }

    fn key(self, key: &PublicKey) -> String {
        let label = if self == Self::Tackpy097 { "TACK ID" } else { "key fingerprint" };
        format!("{}{}\n", self.label(label), key.fingerprint())
    }

    fn hash(self, label: &str, hash: TargetHash) -> String {
        let label = self.label(label);
        let digits = hash.to_string();
        let (first, second) = digits.split_at(HASH_COLUMNS);
        format!("{label}{first}\n{:1$}{second}\n", "", label.len())
    }

    /// A tack.
    pub fn tack(self, tack: &Tack) -> String {
        [
            self.key(tack.public_key()),
            format!("{}{}\n", self.label("min_generation"), tack.min_generation()),
            format!("{}{}\n", self.label("generation"), tack.generation()),
            format!("{}{}\n", self.label("expiration"), tack.expiration()),
            self.hash("target_hash", tack.target_hash()),
        ]
        .concat()
    }

    /// A certificate, with the TackExtension that it may carry, and if so wanted with its names, which tackpy does not show.
    pub fn certificate(certificate: &Certificate, with_names: bool) -> String {
        let words = certificate.extension().map_or(Self::Tackpy097, Self::of);
        let not_after = certificate.not_after();
        let mut text = words.hash("key_sha256", certificate.target_hash());
        text += &format!("{}{not_after}\n", words.label("notAfter"));
        if with_names {
            let names = certificate.subject_alt_name_der().map(alternatives).unwrap_or_default().join(", ");
            let (subject, issuer) = (name(certificate.subject_der()), name(certificate.issuer_der()));
            for (label, names) in [("subject", subject), ("names", names), ("issuer", issuer)] {
                let names = if names.is_empty() { "none".to_owned() } else { escape(&names) };
                text += &format!("{}{names}\n", words.label(label));
            }
        }
        if let Some(carried) = certificate.extension() {
            text += "\n";
            text += &extension(carried);
        }
        text
    }
}

/// A key file.
pub fn key_file(file: &KeyFile) -> String {
    Words::Tackpy097.key(file.public_key())
}

/// A break signature.
pub fn break_sig(sig: &BreakSig) -> String {
    format!("Breaks TACK ID = {}\n", sig.public_key().fingerprint())
}

/// A TackExtension of either draft.
pub fn extension(extension: &TackExtension) -> String {
    let words = Words::of(extension);
    let mut text: String = extension.tacks().iter().map(|tack| words.tack(tack)).collect();
    text.extend(extension.break_sigs().iter().map(break_sig));
    text += &match extension {
        TackExtension::Draft00(draft) => {
            format!("pin_activation = {}\n", if draft.pin_activation() { "enabled" } else { "disabled" })
        }
        TackExtension::Draft02(draft) => format!("activation_flags = {}\n", draft.activation_flags()),
    };
    text
}

/// A serverinfo block.
pub fn server_info(info: &ServerInfo) -> String {
    let context = info.context().map_or_else(|| "none".to_owned(), |context| format!("{context:#x}"));
    let words = Words::of(info.extension());
    format!("{}{context}\n{}", words.label("context"), extension(info.extension()))
}

/// What `-v` says first: where the cryptography comes from.
pub fn crypto(words: Words) -> String {
    format!("{}RustCrypto p256\n", words.label("Crypto"))
}
