//! The TLS alerts of ticket pinning.

use std::fmt;

/// The TLS alert that a side ends the handshake with (RFC 8446, section 6.2).
///
/// ```
/// use tack_ticket::Alert;
///
/// assert_eq!((Alert::HandshakeFailure.name(), Alert::HandshakeFailure.number()), ("handshake_failure", 40));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Alert {
    /// A ticket or a proof is not what it must be (RFC 8672, section 2.2).
    HandshakeFailure,
    /// A message cannot be read.
    DecodeError,
    /// The library's own fault: what it computes is not what TLS computes.
    InternalError,
}

impl Alert {
    /// Its name in TLS.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HandshakeFailure => "handshake_failure",
            Self::DecodeError => "decode_error",
            Self::InternalError => "internal_error",
        }
    }

    /// Its AlertDescription, a byte.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::HandshakeFailure => 40,
            Self::DecodeError => 50,
            Self::InternalError => 80,
        }
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_those_of_tls() {
        for (alert, name, number) in [
            (Alert::HandshakeFailure, "handshake_failure", 40),
            (Alert::DecodeError, "decode_error", 50),
            (Alert::InternalError, "internal_error", 80),
        ] {
            assert_eq!((alert.name(), alert.number(), alert.to_string()), (name, number, name.to_owned()));
        }
    }
}
