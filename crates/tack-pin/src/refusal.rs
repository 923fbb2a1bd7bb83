//! Why a client refuses a connection.

use tack_core::{Error, Fingerprint, HostName, Minute, TargetHash};

use crate::alert::Alert;

/// The reason why a client refuses a connection: one, with the alert that the draft gives it.
///
/// ```
/// use tack_core::TackExtension;
/// use tack_pin::{Alert, Refusal};
///
/// // What tlslite-ng sends if it has no tack.
/// let refusal = Refusal::from(TackExtension::from_bytes(&[0, 0, 0]).unwrap_err());
/// assert_eq!((refusal.code(), refusal.alert()), ("malformed", Alert::BadCertificate));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The TackExtension cannot be read (draft-02, section 4.3.1).
    #[error("malformed: {0}")]
    Malformed(#[source] Error),

    /// The server presents two different TackExtensions.
    #[error("the server presents two different TackExtensions")]
    TwoExtensions,

    /// The two tacks are of one key (draft-02, section 4.3.1).
    #[error("both tacks are of key {0}")]
    SameKey(Fingerprint),

    /// A tack revokes itself (draft-02, section 4.3.1).
    #[error("a tack revokes itself: its generation {generation} is below its min_generation {min_generation}")]
    Generation {
        /// The generation of the tack.
        generation: u8,
        /// The lowest that the tack itself allows.
        min_generation: u8,
    },

    /// A tack is expired (draft-02, section 4.3.1).
    #[error("the tack of key {key} expired at {expiration}")]
    Expired {
        /// The key of the tack.
        key: Fingerprint,
        /// The minute from which on it is not valid any more.
        expiration: Minute,
    },

    /// A tack is for another TLS key than the server's (draft-02, section 4.3.1).
    #[error("the tack of key {key} is for another TLS key: its target hash is {found} instead of {expected}")]
    TargetHash {
        /// The key of the tack.
        key: Fingerprint,
        /// The hash of the server's TLS key.
        expected: TargetHash,
        /// The hash in the tack.
        found: TargetHash,
    },

    /// The signature of a tack or a break signature does not hold (draft-02, section 4.3.1; draft-00, section 4.2.2).
    #[error("a signature of key {key} does not hold")]
    Signature {
        /// The key that should have signed.
        key: Fingerprint,
    },

    /// A tack is of a generation that its key has revoked (draft-02, section 4.3.2).
    #[error("the tack of key {key} is revoked: its generation {generation} is below min_generation {min_generation}")]
    Revoked {
        /// The key of the tack.
        key: Fingerprint,
        /// The generation of the tack.
        generation: u8,
        /// The lowest that the store allows.
        min_generation: u8,
    },

    /// An active pin has no matching tack (draft-02, section 4.3.3).
    #[error("{name} is pinned to key {key} until {end}, and the server has no tack of it")]
    Contradicted {
        /// The name of the host.
        name: HostName,
        /// The key that it is pinned to.
        key: Fingerprint,
        /// The minute from which on the pin is not active any more.
        end: Minute,
    },

    /// No tack is of a key that the application requires.
    #[error("the server has no tack of a required key")]
    KeyRequired,
}

impl Refusal {
    /// A short name, by which programs tell the reasons apart.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::TwoExtensions => "two_extensions",
            Self::SameKey(_) => "same_key",
            Self::Generation { .. } => "generation",
            Self::Expired { .. } => "expired",
            Self::TargetHash { .. } => "target_hash",
            Self::Signature { .. } => "signature",
            Self::Revoked { .. } => "revoked",
            Self::Contradicted { .. } => "contradicted",
            Self::KeyRequired => "key_required",
        }
    }

    /// The TACK key that it is about, if it is one.
    #[must_use]
    pub fn key(&self) -> Option<Fingerprint> {
        match self {
            Self::SameKey(key)
            | Self::Expired { key, .. }
            | Self::TargetHash { key, .. }
            | Self::Signature { key }
            | Self::Revoked { key, .. }
            | Self::Contradicted { key, .. } => Some(*key),
            Self::Malformed(_) | Self::TwoExtensions | Self::Generation { .. } | Self::KeyRequired => None,
        }
    }

    /// The TLS alert for it (draft-02, sections 4.3.1 to 4.3.3).
    #[must_use]
    pub fn alert(&self) -> Alert {
        match self {
            Self::Expired { .. } => Alert::CertificateExpired,
            Self::Revoked { .. } => Alert::CertificateRevoked,
            Self::Contradicted { .. } | Self::KeyRequired => Alert::AccessDenied,
            Self::Malformed(_) | Self::TwoExtensions | Self::SameKey(_) | Self::Generation { .. } => {
                Alert::BadCertificate
            }
            Self::TargetHash { .. } | Self::Signature { .. } => Alert::BadCertificate,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::SameKey(key) => Self::SameKey(key),
            Error::Generation { generation, min_generation } => Self::Generation { generation, min_generation },
            Error::Expired { key, expiration } => Self::Expired { key, expiration },
            Error::TargetHash { key, expected, found } => Self::TargetHash { key, expected, found },
            Error::BadSignature { key, .. } => Self::Signature { key },
            Error::TwoExtensions => Self::TwoExtensions,
            error => Self::Malformed(error),
        }
    }
}
