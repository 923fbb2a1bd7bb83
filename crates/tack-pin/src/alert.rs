//! The TLS alerts of the draft.

use std::fmt;

/// The TLS alert that a client ends the connection with (draft-02, section 4.3; the numbers are of RFC 8446, section 6).
///
/// ```
/// use tack_pin::Alert;
///
/// assert_eq!((Alert::CertificateRevoked.name(), Alert::CertificateRevoked.number()), ("certificate_revoked", 44));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Alert {
    /// What is presented is not valid.
    BadCertificate,
    /// A tack is revoked.
    CertificateRevoked,
    /// A tack is expired.
    CertificateExpired,
    /// A pin, or a required key, has no matching tack.
    AccessDenied,
}

impl Alert {
    /// Its name in TLS.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BadCertificate => "bad_certificate",
            Self::CertificateRevoked => "certificate_revoked",
            Self::CertificateExpired => "certificate_expired",
            Self::AccessDenied => "access_denied",
        }
    }

    /// Its AlertDescription, a byte.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::BadCertificate => 42,
            Self::CertificateRevoked => 44,
            Self::CertificateExpired => 45,
            Self::AccessDenied => 49,
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
            (Alert::BadCertificate, "bad_certificate", 42),
            (Alert::CertificateRevoked, "certificate_revoked", 44),
            (Alert::CertificateExpired, "certificate_expired", 45),
            (Alert::AccessDenied, "access_denied", 49),
        ] {
            assert_eq!((alert.name(), alert.number(), alert.to_string()), (name, number, name.to_owned()));
        }
    }
}
