//! What is weak by today's rules.

use crate::cipher::CipherFlaw;
use crate::key::{Group, LeafKey, SignatureAlgorithm};
use crate::protocol::Protocol;

/// What is weak about a server by the rules of 2026 (RFC 9325; NIST SP 800-131A): it still works, and an attacker needs less
/// for it than the tack is worth.
///
/// ```
/// use tack_openssl::{Protocol, Weakness};
///
/// let weakness = Weakness::Version(Protocol::Tls10);
/// assert_eq!(weakness.to_string(), "TLS 1.0 is obsolete, and 1.2 is the least");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Weakness {
    /// A version of TLS before 1.2 (RFC 8996).
    #[error("{0} is obsolete, and 1.2 is the least")]
    Version(Protocol),

    /// The certificate has an RSA key below 2048 bits, an EC key below 256, or a DSA key.
    #[error("the key of the certificate is too weak: {0}")]
    Key(LeafKey),

    /// The certificate is signed by way of SHA-1, or a hash that is weaker still.
    #[error("the certificate has a weak signature: {0}")]
    Signature(SignatureAlgorithm),

    /// The cipher suite has a flaw.
    #[error("the cipher suite {suite} {flaw}")]
    Cipher {
        /// Its name in IANA's registry.
        suite: String,
        /// Its flaw.
        flaw: CipherFlaw,
    },

    /// The keys are exchanged in a group that is too small: DH below 2048 bits, a curve below 256.
    #[error("the key exchange is too weak: {0}")]
    KeyExchange(Group),
}
