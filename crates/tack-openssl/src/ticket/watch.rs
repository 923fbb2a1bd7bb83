//! What is seen of a handshake: how OpenSSL derives a secret in it, from the Handshake Secret.
//!
//! A derivation does not say of which connection it is. It follows the message after which it is due, with nothing between them on that
//! thread: no read, no write, no other connection. (With SSL_MODE_ASYNC there could be; contexts here do not have it.)

use std::cell::Cell;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use openssl::error::ErrorStack;
use openssl::ssl::{Ssl, SslRef};
use tack_ticket::Session;
use zeroize::Zeroizing;

use crate::slot::Slot;
use crate::ticket::fault::Fault;

/// Content types (RFC 8446, section 5.1).
const CHANGE_CIPHER_SPEC: i32 = 20;
const HANDSHAKE: i32 = 22;

/// Types of handshake messages (RFC 8446, section 4).
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const ENCRYPTED_EXTENSIONS: u8 = 8;

/// How OpenSSL derived a server_handshake_traffic_secret (RFC 8446, section 7.1).
struct Derivation {
    handshake_secret: Zeroizing<Vec<u8>>,
    transcript_hash: Vec<u8>,
    traffic_secret: Zeroizing<Vec<u8>>,
}

/// What is seen of one connection.
#[derive(Default)]
enum Seen {
    #[default]
    Nothing,
    Derivation(Derivation),
    /// Nothing is looked at or kept any more: a connection may last.
    Past,
}

thread_local! {
    /// The connection whose derivation may come next on this thread.
    static NEXT: Cell<Weak<Mutex<Seen>>> = const { Cell::new(Weak::new()) };
}

static SLOT: Slot<Arc<Mutex<Seen>>> = Slot::new();

/// Prepares a connection for what will be seen of it.
pub(crate) fn listen(ssl: &mut Ssl) -> Result<(), ErrorStack> {
    ssl.set_ex_data(SLOT.index()?, Arc::default());
    Ok(())
}

/// Notes that a connection has sent or received a message. The derivation is due after the ServerHello, or the change_cipher_spec
/// that a server may send after it; one that is received comes at any time. What is later than EncryptedExtensions is later than the session
/// was wanted, if it was.
pub(crate) fn message(ssl: &SslRef, is_sent: bool, content_type: i32, message_type: u8) {
    let next = match (content_type, message_type) {
        (HANDSHAKE, SERVER_HELLO) => seen(ssl).map(Arc::downgrade),
        (CHANGE_CIPHER_SPEC, _) if is_sent => seen(ssl).map(Arc::downgrade),
        (HANDSHAKE, CLIENT_HELLO | ENCRYPTED_EXTENSIONS) => None,
        (HANDSHAKE, _) => {
            take(ssl);
            None
        }
        _ => return,
    };
    // A thread that ends has no place for it any more.
    _ = NEXT.try_with(|place| place.set(next.unwrap_or_default()));
}

/// Notes a derivation, if it is of a connection that was prepared.
pub(crate) fn derived(handshake_secret: &[u8], transcript_hash: &[u8], traffic_secret: &[u8]) {
    let Some(next) = NEXT.try_with(Cell::take).ok().and_then(|next| next.upgrade()) else { return };
    let mut seen = next.lock().unwrap_or_else(PoisonError::into_inner);
    if !matches!(*seen, Seen::Past) {
        *seen = Seen::Derivation(Derivation {
            handshake_secret: Zeroizing::new(handshake_secret.to_vec()),
            transcript_hash: transcript_hash.to_vec(),
            traffic_secret: Zeroizing::new(traffic_secret.to_vec()),
        });
    }
}

/// The session of a handshake after its ServerHello. It is given once, and only if OpenSSL derived from it as RFC 8446 says.
pub(crate) fn session(ssl: &SslRef) -> Result<Session, Fault> {
    match take(ssl) {
        Some(Seen::Derivation(derivation)) => derivation.session(),
        _ => Err(Fault::NotShown),
    }
}

/// What was seen of a connection, of which nothing is kept from now on.
fn take(ssl: &SslRef) -> Option<Seen> {
    seen(ssl).map(|seen| mem::replace(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner), Seen::Past))
}

fn seen(ssl: &SslRef) -> Option<&Arc<Mutex<Seen>>> {
    ssl.ex_data(SLOT.index().ok()?)
}

impl Derivation {
    fn session(&self) -> Result<Session, Fault> {
        Session::new(&self.handshake_secret, &self.transcript_hash)
            .filter(|session| session.is_server_handshake_traffic_secret(&self.traffic_secret))
            .ok_or(Fault::Secrets)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use openssl::asn1::Asn1Time;
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::ssl::{
        ErrorCode, ExtensionContext, SslContext, SslContextBuilder, SslMethod, SslStream, SslVerifyMode,
    };
    use openssl::x509::X509Builder;
    use tack_ticket::EXTENSION;

    use super::*;
    use crate::ticket::context::context;

    const PLACES: ExtensionContext =
        ExtensionContext::CLIENT_HELLO.union(ExtensionContext::TLS1_3_ENCRYPTED_EXTENSIONS);

    /// What is found of one side of a connection: its session in EncryptedExtensions, and the lines of the key log.
    #[derive(Clone, Default)]
    struct Found {
        session: Arc<Mutex<Option<Result<Session, Fault>>>>,
        key_log: Arc<Mutex<Vec<String>>>,
    }

    impl Found {
        fn note(&self, ssl: &SslRef) {
            *self.session.lock().unwrap() = Some(session(ssl));
        }

        fn has_failed_with(&self, fault: &Fault) -> bool {
            self.session.lock().unwrap().as_ref().is_some_and(|session| session.as_ref().err() == Some(fault))
        }

        /// The client's random and the secret, as the key log has them.
        fn logged(&self) -> (String, Vec<u8>) {
            let lines = self.key_log.lock().unwrap();
            let line = lines.iter().find_map(|line| line.strip_prefix("SERVER_HANDSHAKE_TRAFFIC_SECRET "));
            let (random, secret) = line.unwrap().split_once(' ').unwrap();
            (random.to_owned(), bytes(secret))
        }

        fn is_as_logged(&self) -> bool {
            let session = self.session.lock().unwrap();
            session.as_ref().unwrap().as_ref().unwrap().is_server_handshake_traffic_secret(&self.logged().1)
        }
    }

    fn certify(server: &mut SslContextBuilder) {
        let key = PKey::ec_gen("P-256").unwrap();
        let mut certificate = X509Builder::new().unwrap();
        certificate.set_pubkey(&key).unwrap();
        certificate.set_not_before(&Asn1Time::from_unix(0).unwrap()).unwrap();
        certificate.set_not_after(&Asn1Time::from_unix(1).unwrap()).unwrap();
        certificate.sign(&key, MessageDigest::sha256()).unwrap();
        server.set_certificate(&certificate.build()).unwrap();
        server.set_private_key(&key).unwrap();
    }

    fn server(mut server: SslContextBuilder, groups: &str, found: &Found) -> SslContext {
        certify(&mut server);
        server.set_groups_list(groups).unwrap();
        keep_key_log(&mut server, found);
        let finder = found.clone();
        let added = server.add_custom_ext(
            EXTENSION,
            PLACES,
            move |ssl, place, _| {
                if !place.contains(ExtensionContext::CLIENT_HELLO) {
                    finder.note(ssl);
                }
                Ok(Some([]))
            },
            |_, _, _, _| Ok(()),
        );
        added.unwrap();
        server.build()
    }

    fn client(mut client: SslContextBuilder, suite: &str, found: &Found) -> SslContext {
        client.set_verify(SslVerifyMode::NONE);
        client.set_ciphersuites(suite).unwrap();
        keep_key_log(&mut client, found);
        let finder = found.clone();
        let added = client.add_custom_ext(
            EXTENSION,
            PLACES,
            |_, _, _| Ok(Some([])),
            move |ssl, _, _, _| {
                finder.note(ssl);
                Ok(())
            },
        );
        added.unwrap();
        client.build()
    }

    fn keep_key_log(context: &mut SslContextBuilder, found: &Found) {
        let lines = Arc::clone(&found.key_log);
        context.set_keylog_callback(move |_, line| lines.lock().unwrap().push(line.to_owned()));
    }

    /// A pair of sides that wait for nothing.
    fn pair(mut client: Ssl, mut server: Ssl) -> [SslStream<UnixStream>; 2] {
        client.set_connect_state();
        server.set_accept_state();
        let (here, there) = UnixStream::pair().unwrap();
        [(client, here), (server, there)].map(|(ssl, stream)| {
            stream.set_nonblocking(true).unwrap();
            SslStream::new(ssl, stream).unwrap()
        })
    }

    /// All handshakes, one step of each after the other, on this thread.
    fn finish(mut streams: Vec<SslStream<UnixStream>>) -> Vec<SslStream<UnixStream>> {
        loop {
            let steps: Vec<_> = streams.iter_mut().map(SslStream::do_handshake).collect();
            if steps.iter().all(Result::is_ok) {
                return streams;
            }
            for error in steps.into_iter().filter_map(Result::err) {
                assert_eq!(error.code(), ErrorCode::WANT_READ, "{error}");
            }
        }
    }

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<_> = hex.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
        digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap()).collect()
    }

    fn prepare(context: &SslContext) -> Ssl {
        let mut ssl = Ssl::new(context).unwrap();
        listen(&mut ssl).unwrap();
        ssl
    }

    #[test]
    fn sessions_are_those_of_the_key_log_however_handshakes_take_turns() {
        let suites = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
        // The second is not the one that clients begin with: the server asks for another ClientHello.
        let groups = ["X25519", "P-384"];
        let mut streams = Vec::new();
        let mut found = Vec::new();
        for (suite, groups) in suites.into_iter().flat_map(|suite| groups.map(|groups| (suite, groups))) {
            let sides = [Found::default(), Found::default()];
            let client = client(context(SslMethod::tls_client()).unwrap(), suite, &sides[0]);
            let server = server(context(SslMethod::tls_server()).unwrap(), groups, &sides[1]);
            streams.extend(pair(prepare(&client), prepare(&server)));
            found.push(sides);
        }
        let streams = finish(streams);
        for [client, server] in &found {
            assert!(client.is_as_logged() && server.is_as_logged());
            assert_eq!(client.logged(), server.logged());
        }
        let mut randoms: Vec<_> = found.iter().map(|[client, _]| client.logged().0).collect();
        randoms.sort_unstable();
        randoms.dedup();
        assert_eq!(randoms.len(), streams.len() / 2);
    }

    #[test]
    fn a_session_is_given_once_and_only_of_a_connection_that_was_prepared() {
        let sides = [Found::default(), Found::default()];
        let client = client(context(SslMethod::tls_client()).unwrap(), "TLS_AES_128_GCM_SHA256", &sides[0]);
        let server = server(context(SslMethod::tls_server()).unwrap(), "X25519", &sides[1]);
        let streams = finish(pair(Ssl::new(&client).unwrap(), prepare(&server)).into());
        assert!(sides[0].has_failed_with(&Fault::NotShown));
        assert!(sides[1].is_as_logged());
        for stream in &streams {
            assert_eq!(session(stream.ssl()).err(), Some(Fault::NotShown));
        }
    }

    #[test]
    fn a_connection_that_has_finished_keeps_nothing() {
        let mut server = context(SslMethod::tls_server()).unwrap();
        certify(&mut server);
        let mut client = context(SslMethod::tls_client()).unwrap();
        client.set_verify(SslVerifyMode::NONE);
        let streams = finish(pair(prepare(&client.build()), prepare(&server.build())).into());
        for stream in &streams {
            // An exporter with this label is no Handshake Secret.
            stream.ssl().export_keying_material(&mut [0; 32], "s hs traffic", None).unwrap();
            message(stream.ssl(), true, HANDSHAKE, SERVER_HELLO);
            derived(&[0; 32], &[0; 32], &[0; 32]);
            assert!(matches!(take(stream.ssl()), Some(Seen::Past)));
        }
    }

    #[test]
    fn what_is_derived_elsewhere_on_the_thread_is_not_noted() {
        let context = context(SslMethod::tls_client()).unwrap().build();
        let is_noted = |messages: &[(bool, i32, u8)]| {
            let ssl = prepare(&context);
            for &(is_sent, content_type, message_type) in messages {
                message(&ssl, is_sent, content_type, message_type);
            }
            derived(&[0; 32], &[0; 32], &[0; 32]);
            let is_noted = matches!(take(&ssl), Some(Seen::Derivation(_)));
            derived(&[0; 32], &[0; 32], &[0; 32]);
            assert!(matches!(take(&ssl), Some(Seen::Past)));
            is_noted
        };
        let handshake = |message_type| (false, HANDSHAKE, message_type);
        let change_cipher_spec = |is_sent| (is_sent, CHANGE_CIPHER_SPEC, 1);
        let (hello, alert) = (handshake(SERVER_HELLO), (true, 21, SERVER_HELLO));
        assert!(is_noted(&[hello]));
        assert!(is_noted(&[hello, alert]));
        assert!(is_noted(&[change_cipher_spec(true)]));
        assert!(!is_noted(&[change_cipher_spec(false)]));
        assert!(!is_noted(&[]));
        assert!(!is_noted(&[alert]));
        for other in (0..=u8::MAX).filter(|other| *other != SERVER_HELLO) {
            assert!(!is_noted(&[handshake(other)]), "{other}");
            assert!(!is_noted(&[hello, handshake(other)]), "{other}");
            let is_looked_at = is_noted(&[hello, handshake(other), hello]);
            assert_eq!(is_looked_at, [CLIENT_HELLO, ENCRYPTED_EXTENSIONS].contains(&other), "{other}");
        }
    }

    #[test]
    fn a_derivation_is_of_the_last_hello_and_of_no_other_connection() {
        let context = context(SslMethod::tls_client()).unwrap().build();
        let (ours, stranger) = (prepare(&context), Ssl::new(&context).unwrap());
        let hello = |ssl: &SslRef| message(ssl, false, HANDSHAKE, SERVER_HELLO);
        let noted = |ssl: &SslRef| match &*seen(ssl).unwrap().lock().unwrap() {
            Seen::Derivation(derivation) => Some(derivation.handshake_secret[0]),
            _ => None,
        };
        hello(&ours);
        hello(&stranger);
        derived(&[1; 32], &[0; 32], &[0; 32]);
        assert_eq!(noted(&ours), None);
        // The first was a HelloRetryRequest.
        for secret in [2, 3] {
            hello(&ours);
            derived(&[secret; 32], &[0; 32], &[0; 32]);
        }
        assert_eq!(noted(&ours), Some(3));
        // What is received of a change_cipher_spec comes when the derivation is there.
        message(&ours, false, CHANGE_CIPHER_SPEC, 1);
        derived(&[4; 32], &[0; 32], &[0; 32]);
        assert_eq!(noted(&ours), Some(3));
    }

    #[test]
    fn a_connection_that_is_gone_leaves_nothing_on_the_thread() {
        let ssl = prepare(&context(SslMethod::tls_client()).unwrap().build());
        message(&ssl, false, HANDSHAKE, SERVER_HELLO);
        derived(&[1; 32], &[0; 32], &[0; 32]);
        message(&ssl, false, HANDSHAKE, SERVER_HELLO);
        let seen = Arc::downgrade(seen(&ssl).unwrap());
        drop(ssl);
        assert!(seen.upgrade().is_none());
    }

    #[test]
    fn other_contexts_of_the_process_are_not_watched() {
        let _ours = context(SslMethod::tls_client()).unwrap();
        let sides = [Found::default(), Found::default()];
        let plain = |method| SslContextBuilder::new(method).unwrap();
        let client = client(plain(SslMethod::tls_client()), "TLS_AES_128_GCM_SHA256", &sides[0]);
        let server = server(plain(SslMethod::tls_server()), "X25519", &sides[1]);
        finish(pair(prepare(&client), prepare(&server)).into());
        assert_eq!(sides[0].logged(), sides[1].logged());
        assert!(sides.iter().all(|side| side.has_failed_with(&Fault::NotShown)));
    }

    #[test]
    fn secrets_that_openssl_does_not_use_are_an_internal_error() {
        // RFC 8448, section 3.
        let parts = [
            "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac",
            "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8",
            "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38",
        ]
        .map(bytes);
        let session = |parts: &[Vec<u8>; 3]| {
            let [handshake_secret, transcript_hash, traffic_secret] = parts.clone();
            let (handshake_secret, traffic_secret) = (Zeroizing::new(handshake_secret), Zeroizing::new(traffic_secret));
            Derivation { handshake_secret, transcript_hash, traffic_secret }.session().err()
        };
        assert_eq!(session(&parts), None);
        for part in 0..3 {
            let mut changed = parts.clone();
            changed[part][31] ^= 1;
            assert_eq!(session(&changed), Some(Fault::Secrets));
            changed[part].pop();
            assert_eq!(session(&changed), Some(Fault::Secrets));
        }
    }
}
