//! What can be wrong with what the library is given.

use crate::fingerprint::{Fingerprint, ParseFingerprintError};
use crate::target_hash::{ParseTargetHashError, TargetHash};
use crate::time::{Minute, TimeError};

/// What [`Error::TrailingBytes`] calls a certificate.
pub(crate) const CERTIFICATE: &str = "the certificate";

/// What an error is about.
///
/// ```
/// use tack_core::{ErrorKind, Tack};
///
/// let error = Tack::from_pem(b"no tack").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Pem);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The PEM around something.
    Pem,
    /// A certificate.
    Certificate,
    /// A time, a span or a schedule.
    Time,
    /// A key file, or its password.
    KeyFile,
    /// A tack, a break signature, a TackExtension or what they are made of.
    Tack,
}

/// Why bytes, text or values were refused. The messages do not name a file: the caller knows it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A structure of fixed size has another one.
    #[error("{what} has {got} bytes instead of {expected}")]
    Length {
        /// The structure.
        what: &'static str,
        /// Its size in bytes.
        expected: usize,
        /// The size that was found.
        got: usize,
    },

    /// A structure ends before its last field.
    #[error("{what} is truncated: it ends after {got} bytes")]
    Truncated {
        /// The structure.
        what: &'static str,
        /// The bytes that there are.
        got: usize,
    },

    /// Bytes follow the end of a structure.
    #[error("{what} is followed by {extra} more {}", if *extra == 1 { "byte" } else { "bytes" })]
    TrailingBytes {
        /// The structure.
        what: &'static str,
        /// The number of bytes that follow.
        extra: usize,
    },

    /// A public key is not a point on P-256.
    #[error("the public key is not a point on the curve P-256")]
    NotOnCurve,

    /// A private key is zero or not below the order of P-256.
    #[error("the private key is not between 1 and the order of P-256")]
    PrivateKeyRange,

    /// A half of a signature is zero or not below the order of P-256.
    #[error("r or s in the signature of {what} is not between 1 and the order of P-256")]
    SignatureRange {
        /// The structure that is signed.
        what: &'static str,
    },

    /// A signature does not hold.
    #[error("{what} has a bad signature: it was changed, or never signed by key {key}")]
    BadSignature {
        /// The structure that is signed.
        what: &'static str,
        /// The key that should have signed it.
        key: Fingerprint,
    },

    /// A tack expired at or before the current time (draft-02, section 4.3.1).
    #[error("the tack of key {key} expired at {expiration}")]
    Expired {
        /// The key that signed the tack.
        key: Fingerprint,
        /// When it expired.
        expiration: Minute,
    },

    /// A tack vouches for another TLS key than the one at hand (draft-02, section 4.3.1).
    #[error("the tack of key {key} is for another TLS key: its target hash is {found} instead of {expected}")]
    TargetHash {
        /// The key that signed the tack.
        key: Fingerprint,
        /// The hash of the TLS key at hand.
        expected: TargetHash,
        /// The hash in the tack.
        found: TargetHash,
    },

    /// `generation < min_generation` (draft-02, section 4.3.1).
    #[error("generation {generation} is below min_generation {min_generation}")]
    Generation {
        /// The generation.
        generation: u8,
        /// The lowest generation allowed.
        min_generation: u8,
    },

    /// A key file of a version other than 1.
    #[error("the key file is of version {0}, and only version 1 is known")]
    KeyFileVersion(u8),

    /// A key file asks for no iteration of PBKDF2 at all.
    #[error("the key file asks for 0 iterations of PBKDF2, and 1 is the least")]
    NoIterations,

    /// A key file asks for more work than the caller allows.
    #[error("the key file asks for {got} iterations of PBKDF2, and the limit is {limit}")]
    TooManyIterations {
        /// What the file asks for.
        got: u32,
        /// What the caller allows.
        limit: u32,
    },

    /// The password is not that of the key file, or the file was changed.
    #[error("wrong password, or a damaged key file")]
    WrongPassword,

    /// The private key in a key file does not belong to the public key beside it.
    #[error("the private key does not belong to the public key of the key file")]
    KeyMismatch,

    /// No PEM block where one is needed.
    #[error("no PEM block found")]
    NoBlock,

    /// No PEM block of the label that is needed.
    #[error("no {expected} block found; it holds {found}")]
    Label {
        /// The label, or labels, that were looked for.
        expected: &'static str,
        /// The labels that are there.
        found: String,
    },

    /// The line that begins a PEM block has no end, or a label that is no text.
    #[error("a line that begins a PEM block is malformed")]
    PemBegin,

    /// A PEM block has no line that ends it.
    #[error("the {label} block has no END line: it is truncated")]
    PemEnd {
        /// The label of the block.
        label: String,
    },

    /// A PEM block ends with the label of another.
    #[error("the {label} block ends as {end}")]
    PemLabels {
        /// The label at the block's begin.
        label: String,
        /// The label at its end.
        end: String,
    },

    /// A PEM block holds more than [`MAX_BODY`](crate::pem::MAX_BODY).
    #[error("the {label} block is larger than 1 MiB")]
    PemTooLarge {
        /// The label of the block.
        label: String,
    },

    /// The body of a PEM block is not base64.
    #[error("the body of the {label} block is not base64")]
    Base64 {
        /// The label of the block.
        label: String,
    },

    /// A TackExtension begins like neither draft.
    #[error("the TackExtension is of neither draft-00 nor draft-02: it begins with {}", begin(.0))]
    ExtensionDraft(Vec<u8>),

    /// A TackExtension of draft-02 with no tack (which tlslite-ng sends for none).
    #[error("the TackExtension holds no tack")]
    NoTacks,

    /// More than two tacks for one TackExtension.
    #[error("{0} tacks, and a TackExtension holds two at most")]
    TooManyTacks(usize),

    /// The two tacks of a TackExtension are of one key.
    #[error("both tacks are of key {0}, and the two tacks of a TackExtension must be of different keys")]
    SameKey(Fingerprint),

    /// More than eight break signatures for one TackExtension of draft-00.
    #[error("{0} break signatures, and a TackExtension holds eight at most")]
    TooManyBreakSigs(usize),

    /// The break signatures' length is no multiple of 128, or above 1024.
    #[error("the break signatures have {0} bytes, which is not a multiple of 128 up to 1024")]
    BreakSigsLength(u16),

    /// The pin_activation of draft-00 is neither 0 nor 1.
    #[error("pin_activation is {0}, and only 0 and 1 have a meaning")]
    PinActivation(u8),

    /// Activation flags that name no tack of the TackExtension.
    #[error("activation flags {flags} name a tack that is not there, with {tacks} in the extension")]
    ActivationFlags {
        /// The flags.
        flags: u8,
        /// The number of tacks.
        tacks: usize,
    },

    /// The header of a TLS extension is not TACK's, or of another length.
    #[error("the extension is of type {0}, and TACK's is 62208")]
    ExtensionType(u16),

    /// A part of a certificate could not be read.
    #[error("not a certificate: its {part} cannot be read")]
    Certificate {
        /// The field of RFC 5280.
        part: &'static str,
    },

    /// Bytes follow the last field of a SEQUENCE in a certificate.
    #[error("not a certificate: {extra} more {} after the last field of its {part}", if *extra == 1 { "byte" } else { "bytes" })]
    CertificateTrailing {
        /// The SEQUENCE (RFC 5280, section 4.1).
        part: &'static str,
        /// The number of bytes that follow.
        extra: usize,
    },

    /// A certificate in DER of more than 1 MiB.
    #[error("the certificate is larger than 1 MiB")]
    CertificateTooLarge,

    /// A certificate with two TACK extensions.
    #[error("the certificate holds more than one TACK extension")]
    TwoExtensions,

    /// The library that makes certificates failed.
    #[error("the TACK certificate could not be made: {0}")]
    MakeCertificate(String),

    /// A time or a span that cannot be read, or does not fit.
    #[error(transparent)]
    Time(#[from] TimeError),

    /// A text that is not a key fingerprint.
    #[error(transparent)]
    ParseFingerprint(#[from] ParseFingerprintError),

    /// A text that is not a target hash.
    #[error(transparent)]
    ParseTargetHash(#[from] ParseTargetHashError),

    /// A schedule whose number of tacks or interval cannot be read, or is out of range.
    #[error("{0:?} is not NUM@INTERVAL with NUM from 1 to 1000000, such as 365@1d")]
    Schedule(String),
}

impl Error {
    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoBlock | Self::Label { .. } | Self::PemBegin | Self::PemEnd { .. } | Self::PemLabels { .. } => {
                ErrorKind::Pem
            }
            Self::Base64 { .. } | Self::PemTooLarge { .. } => ErrorKind::Pem,
            Self::Certificate { .. } | Self::CertificateTrailing { .. } | Self::TwoExtensions => ErrorKind::Certificate,
            Self::CertificateTooLarge | Self::MakeCertificate(_) => ErrorKind::Certificate,
            Self::TrailingBytes { what: CERTIFICATE, .. } => ErrorKind::Certificate,
            Self::Time(_) | Self::Schedule(_) => ErrorKind::Time,
            Self::KeyFileVersion(_) | Self::NoIterations | Self::TooManyIterations { .. } => ErrorKind::KeyFile,
            Self::WrongPassword | Self::KeyMismatch => ErrorKind::KeyFile,
            Self::Length { .. } | Self::Truncated { .. } | Self::TrailingBytes { .. } => ErrorKind::Tack,
            Self::NotOnCurve | Self::PrivateKeyRange | Self::SignatureRange { .. } => ErrorKind::Tack,
            Self::BadSignature { .. } | Self::Expired { .. } | Self::TargetHash { .. } => ErrorKind::Tack,
            Self::Generation { .. } | Self::ExtensionDraft(_) | Self::NoTacks | Self::TooManyTacks(_) => {
                ErrorKind::Tack
            }
            Self::SameKey(_) | Self::TooManyBreakSigs(_) | Self::BreakSigsLength(_) => ErrorKind::Tack,
            Self::PinActivation(_) | Self::ActivationFlags { .. } | Self::ExtensionType(_) => ErrorKind::Tack,
            Self::ParseFingerprint(_) | Self::ParseTargetHash(_) => ErrorKind::Tack,
        }
    }
}

/// The first bytes of something, as they are shown.
fn begin(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "nothing".to_owned();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}
