//! Faults of this library, or of OpenSSL: never of the other side.

use openssl::error::ErrorStack;

use crate::error::words;

/// Why a session of OpenSSL's gives no secrets. It ends the handshake with internal_error, and says nothing about the other
/// side.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// OpenSSL did not show how it derives secrets: its configuration wants or prefers others than the provider of this library. Or
    /// there is another copy of this library in the process, which was first.
    #[error("internal error: OpenSSL does not show how it derives secrets; has its configuration default_properties?")]
    NotShown,

    /// OpenSSL failed.
    #[error("internal error: OpenSSL failed: {0}")]
    OpenSsl(String),

    /// OpenSSL derives secrets in another way than RFC 8446 says.
    #[error("internal error: the secrets that were computed are not those of OpenSSL")]
    Secrets,

    /// The certificate has no key that can be found in it.
    #[error("internal error: the key of the server's certificate cannot be read")]
    Certificate,

    /// The system has no randomness.
    #[error("internal error: the system gives no randomness")]
    Randomness,
}

impl From<ErrorStack> for Fault {
    fn from(stack: ErrorStack) -> Self {
        Self::OpenSsl(words(&stack))
    }
}
