//! The secrets of a connection, while its handshake goes on.

use openssl::derive::Deriver;
use openssl::ssl::SslRef;
use tack_ticket::Session;
use zeroize::Zeroizing;

use crate::ticket::fault::Fault;
use crate::ticket::watch;

/// The session of a handshake after its ServerHello: in the callbacks of EncryptedExtensions, since OpenSSL may wipe the
/// ephemeral keys soon after. It is checked against OpenSSL's key log.
pub(crate) fn session(ssl: &SslRef) -> Result<Session, Fault> {
    let (own, peer) = (ssl.tmp_key()?, ssl.peer_tmp_key()?);
    let mut deriver = Deriver::new(&own)?;
    deriver.set_peer(&peer)?;
    let shared_secret = Zeroizing::new(deriver.derive_to_vec()?);

    let session = watch::with(ssl, |seen| {
        let session = Session::new(&seen.transcript, &shared_secret)?;
        Some((session, seen.server_handshake_traffic_secret.take()))
    });
    let (session, expected) = session.flatten().ok_or(Fault::NoServerHello)?;
    let is_right = expected.is_some_and(|expected| session.is_server_handshake_traffic_secret(&expected));
    if is_right { Ok(session) } else { Err(Fault::Secrets) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;
    use std::sync::{Arc, Mutex};
    use std::thread;

    use openssl::asn1::Asn1Time;
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::ssl::{ExtensionContext, Ssl, SslMethod, SslVerifyMode};
    use openssl::x509::X509Builder;
    use tack_ticket::EXTENSION;

    use super::*;
    use crate::ticket::context::context;

    /// What a client finds in EncryptedExtensions, with this in the place of its key log.
    fn found(key_log: impl Fn(&SslRef, &str) + Send + Sync + 'static, shows_messages: bool) -> Option<Fault> {
        let places = ExtensionContext::CLIENT_HELLO | ExtensionContext::TLS1_3_ENCRYPTED_EXTENSIONS;
        let key = PKey::ec_gen("P-256").unwrap();
        let mut certificate = X509Builder::new().unwrap();
        certificate.set_pubkey(&key).unwrap();
        certificate.set_not_before(&Asn1Time::from_unix(0).unwrap()).unwrap();
        certificate.set_not_after(&Asn1Time::from_unix(1).unwrap()).unwrap();
        certificate.sign(&key, MessageDigest::sha256()).unwrap();
        let mut server = context(SslMethod::tls_server()).unwrap();
        server.set_certificate(&certificate.build()).unwrap();
        server.set_private_key(&key).unwrap();
        server.add_custom_ext(EXTENSION, places, |_, _, _| Ok(Some([])), |_, _, _, _| Ok(())).unwrap();
        let server = Ssl::new(&server.build()).unwrap();

        let mut client = context(SslMethod::tls_client()).unwrap();
        client.set_verify(SslVerifyMode::NONE);
        client.set_keylog_callback(key_log);
        let found = Arc::new(Mutex::new(None));
        let finder = Arc::clone(&found);
        let added = client.add_custom_ext(
            EXTENSION,
            places,
            |_, _, _| Ok(Some([])),
            move |ssl, _, _, _| {
                if !shows_messages {
                    watch::with(ssl, |seen| seen.transcript = Default::default());
                }
                *finder.lock().unwrap() = Some(session(ssl).err());
                Ok(())
            },
        );
        added.unwrap();
        let mut client = Ssl::new(&client.build()).unwrap();
        watch::listen(&mut client).unwrap();

        let (here, there) = UnixStream::pair().unwrap();
        let acceptor = thread::spawn(move || server.accept(there).is_ok());
        assert!(client.connect(here).is_ok() && acceptor.join().unwrap());
        found.lock().unwrap().take().unwrap()
    }

    #[test]
    fn secrets_that_openssl_does_not_use_are_an_internal_error() {
        let note = |ssl: &SslRef, line: &str, changed: bool| {
            let digit = line.chars().last().unwrap();
            let other = if digit == '0' { '1' } else { '0' };
            let line = format!("{}{}", &line[..line.len() - 1], if changed { other } else { digit });
            watch::note_key_log(ssl, &line);
        };
        assert_eq!(found(move |ssl, line| note(ssl, line, false), true), None);
        assert_eq!(found(move |ssl, line| note(ssl, line, true), true), Some(Fault::Secrets));
        assert_eq!(found(|_, _| (), true), Some(Fault::Secrets));
        assert_eq!(found(move |ssl, line| note(ssl, line, false), false), Some(Fault::NoServerHello));
    }
}
