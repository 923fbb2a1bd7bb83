//! What contexts of both sides have in common.

use openssl::error::ErrorStack;
use openssl::ssl::{SslAlert, SslContextBuilder, SslMethod, SslMode, SslOptions, SslSessionCacheMode, SslVersion};
use openssl::x509::X509Ref;
use tack_core::{Alert, Certificate};

use crate::ticket::fault::Fault;
use crate::ticket::native;

/// The same with every OpenSSL. Those with a KEM are left out: RFC 8672 does not know them.
const GROUPS: &str = "X25519:P-256:P-384";

/// A context of TLS 1.3, without resumption and 0-RTT, whose handshakes are watched.
pub(crate) fn context(method: SslMethod) -> Result<SslContextBuilder, ErrorStack> {
    let mut context = native::context(method)?;
    context.set_min_proto_version(Some(SslVersion::TLS1_3))?;
    context.set_max_proto_version(Some(SslVersion::TLS1_3))?;
    context.set_groups_list(GROUPS)?;
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    context.set_options(SslOptions::NO_TICKET);
    context.set_num_tickets(0)?;
    context.set_max_early_data(0)?;
    // An idle connection keeps no buffers: a server may have thousands.
    context.set_mode(SslMode::RELEASE_BUFFERS);
    Ok(context)
}

/// The SubjectPublicKeyInfo of a certificate, as it is there.
pub(crate) fn key_info(certificate: &X509Ref) -> Result<Vec<u8>, Fault> {
    let der = certificate.to_der()?;
    Certificate::subject_public_key_info_of(&der).map(<[u8]>::to_vec).map_err(|_| Fault::Certificate)
}

/// An alert of ticket pinning in OpenSSL's words.
pub(crate) fn alert(alert: Alert) -> SslAlert {
    match alert {
        Alert::DECODE_ERROR => SslAlert::DECODE_ERROR,
        Alert::INTERNAL_ERROR => SslAlert::INTERNAL_ERROR,
        _ => SslAlert::HANDSHAKE_FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::rsa::Rsa;
    use openssl::x509::X509Builder;

    use super::*;

    #[test]
    fn the_key_info_is_that_of_the_certificate() {
        for key in [PKey::ec_gen("P-256").unwrap(), PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()] {
            let mut certificate = X509Builder::new().unwrap();
            certificate.set_pubkey(&key).unwrap();
            certificate.sign(&key, MessageDigest::sha256()).unwrap();
            assert_eq!(key_info(&certificate.build()).unwrap(), key.public_key_to_der().unwrap());
        }
    }

    #[test]
    fn alerts_are_those_of_openssl() {
        assert_eq!(alert(Alert::DECODE_ERROR), SslAlert::DECODE_ERROR);
        assert_eq!(alert(Alert::INTERNAL_ERROR), SslAlert::INTERNAL_ERROR);
        assert_eq!(alert(Alert::HANDSHAKE_FAILURE), SslAlert::HANDSHAKE_FAILURE);
    }
}
