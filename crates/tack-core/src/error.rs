//! What can be wrong with what the library is given.

use crate::key::Fingerprint;

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

    /// `generation < min_generation` (draft-02, section 4.2).
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

    /// The body of a PEM block is not base64.
    #[error("the body of the {label} block is not base64")]
    Base64 {
        /// The label of the block.
        label: String,
    },

    /// A TackExtension begins like neither draft.
    #[error("the TackExtension is of neither draft-00 nor draft-02: it begins with {}", hex(.0))]
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

    /// A certificate with two TACK extensions.
    #[error("the certificate holds more than one TACK extension")]
    TwoExtensions,

    /// The library that makes certificates failed.
    #[error("the TACK certificate could not be made: {0}")]
    MakeCertificate(String),

    /// A time that is not of the form that is needed.
    #[error(
        "{0:?} is not a time: use UTC such as 2027Z, 2027-01-02Z or 2027-01-02T03:04Z, or a span such as 30d or 1d12h5m"
    )]
    Time(String),

    /// A span of time that is not of the form that is needed.
    #[error("{0:?} is not a span of time: use days, hours and minutes, such as 30d, 12h, 5m or 1d12h5m")]
    Span(String),

    /// A time before 1970.
    #[error("{0} is before 1970, where the times of TACK begin")]
    TooEarly(String),

    /// A time beyond 2^32 - 1 minutes after 1970.
    #[error("{0} is beyond 10136-02-16T04:15Z, where the times of TACK end")]
    TooLate(String),

    /// A batch whose number of tacks and interval cannot be read, or out of range.
    #[error("{0:?} is not NUM@INTERVAL with NUM from 1 to 1000000, such as 365@1d")]
    Batch(String),
}

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "nothing".to_owned();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}
