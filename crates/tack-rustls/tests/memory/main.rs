//! TLS on in-memory buffers: pieces of any size, and every error of the table.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod peers;
#[cfg(feature = "server")]
mod tack;
mod wire;

use std::sync::{Arc, Mutex};

use rustls::{AlertDescription, CipherSuite, ProtocolVersion};
use tack_rustls::memory::{
    AlertLevel, Certificate, CertificateChainCallback, ClientCertificateStore, ClientTls, ServerCertificateChain,
    ServerCertificates, ServerTls, SniServerCertificates, TlsError, TrustStore,
};

use wire::{Ca, NAME, SUITES, Side, carry, client, connected, key_pem, provider, server};

const TLS12: [CipherSuite; 1] = [CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256];
const TLS13: [CipherSuite; 1] = [CipherSuite::TLS13_AES_128_GCM_SHA256];

#[test]
fn handshake_and_data_in_pieces_of_any_size() {
    let ca = Ca::new("ca");
    let server = server(&ca);
    let data: Vec<u8> = (0..40_000_u32).flat_map(u32::to_be_bytes).collect();
    for (suites, version) in [(TLS12, ProtocolVersion::TLSv1_2), (TLS13, ProtocolVersion::TLSv1_3)] {
        let tls = ClientTls::new(&provider(), NAME, &suites, ca.trust()).unwrap();
        for sizes in [&[1][..], &[2], &[7], &[16_384], &[1, 500, 3, 16_000, 2, 70, 5_000], &[usize::MAX]] {
            let (mut one, mut other) = (Side::client(&tls), Side::server(&server));
            // The application need not wait for the handshake.
            one.connection.data_from_application(b"early").unwrap();
            other.connection.data_from_application(&data).unwrap();
            assert!(one.connection.is_handshaking() && other.connection.is_handshaking());
            carry(&mut one, &mut other, sizes).unwrap();
            assert_eq!((&other.received[..], one.received == data), (&b"early"[..], true), "{sizes:?}");
            assert_eq!((one.connection.version(), other.connection.version()), (Some(version), Some(version)));
            assert_eq!(one.connection.cipher_suite(), Some(suites[0]));

            one.connection.data_from_application(&data).unwrap();
            one.connection.application_finished();
            carry(&mut one, &mut other, sizes).unwrap();
            assert!(other.received[5..] == data, "{sizes:?}");
            assert!(other.connection.peer_has_closed() && other.connection.wire_ended().is_ok());
        }
    }
}

#[test]
fn the_wire_is_closed_once_both_sides_are() {
    let ca = Ca::new("ca");
    let (mut one, mut other) = connected(&ca);
    one.connection.application_finished();
    carry(&mut one, &mut other, &[usize::MAX]).unwrap();
    // In TLS 1.3 the other side may go on.
    other.connection.data_from_application(b"more").unwrap();
    carry(&mut one, &mut other, &[usize::MAX]).unwrap();
    assert_eq!((&one.received[..], one.wire.closed(), other.wire.closed()), (&b"more"[..], vec![], vec![]));
    other.connection.application_finished();
    carry(&mut one, &mut other, &[usize::MAX]).unwrap();
    assert_eq!((one.wire.closed(), other.wire.closed()), (vec![false], vec![false]));
    assert!(matches!(one.connection.data_from_application(b"x"), Err(TlsError::Finished)));
}

#[test]
fn in_tls_12_the_peers_end_is_this_sides_end() {
    let ca = Ca::new("ca");
    let tls = ClientTls::new(&provider(), NAME, &TLS12, ca.trust()).unwrap();
    let (mut one, mut other) = (Side::client(&tls), Side::server(&server(&ca)));
    carry(&mut one, &mut other, &[usize::MAX]).unwrap();
    one.connection.application_finished();
    carry(&mut one, &mut other, &[usize::MAX]).unwrap();
    assert_eq!((one.wire.closed(), other.wire.closed()), (vec![false], vec![false]));
    assert!(one.connection.peer_has_closed() && other.connection.peer_has_closed());
}

#[test]
fn a_truncated_stream_is_an_error() {
    let ca = Ca::new("ca");
    let (mut one, _other) = connected(&ca);
    assert!(!one.connection.peer_has_closed());
    assert!(matches!(one.connection.wire_ended(), Err(TlsError::Truncated)));
    assert!(matches!(one.connection.wire_ended(), Err(TlsError::Invalidated)));
    assert_eq!(one.wire.closed(), [true]);
}

#[test]
fn bad_data_is_answered_by_an_alert_and_invalidates() {
    let ca = Ca::new("ca");
    let (mut one, mut other) = connected(&ca);
    one.connection.data_from_application(b"hello").unwrap();
    let mut bytes = one.wire.take();
    *bytes.last_mut().unwrap() ^= 1;
    let error = other.take(&bytes, &[usize::MAX]).unwrap_err();
    assert!(matches!(error, TlsError::BadTlsData(rustls::Error::DecryptError)), "{error}");
    assert_eq!(other.wire.closed(), [true]);
    assert!(matches!(other.connection.data_from_wire(&bytes), Err(TlsError::Invalidated)));
    assert!(matches!(other.connection.data_from_wire(b""), Err(TlsError::Invalidated)));
    assert!(matches!(other.connection.data_from_application(b"x"), Err(TlsError::Invalidated)));
    assert!(matches!(other.connection.send_alert(AlertDescription::CloseNotify, None), Err(TlsError::Invalidated)));
    // The peer is told.
    let error = one.take(&other.wire.take(), &[usize::MAX]).unwrap_err();
    let TlsError::TlsAlert { code, level } = error else { panic!("{error}") };
    assert_eq!((code, level), (AlertDescription::BadRecordMac, AlertLevel::Fatal));
    assert_eq!(one.wire.closed(), [true]);
}

#[test]
fn verify_is_called_once_with_the_chain_leaf_first() {
    let ca = Ca::new("ca");
    let middle = ca.intermediate("middle");
    let (leaf, with_key) = middle.issue(&[NAME]);
    // In any order.
    let chain = ServerCertificateChain::new([middle.certificate(), with_key]).unwrap();
    let server = ServerTls::new(Arc::new(provider()), Arc::new(chain));
    for suites in [TLS12, TLS13] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&seen);
        let tls = ClientTls::new(&provider(), NAME, &suites, ca.trust()).unwrap();
        let mut one = Side::client_with(&tls, move |certificates, _| {
            keep.lock().unwrap().push(certificates.iter().map(|der| der.to_vec()).collect::<Vec<_>>());
            Ok(())
        });
        let mut other = Side::server(&server);
        carry(&mut one, &mut other, &[usize::MAX]).unwrap();
        let expected = vec![vec![leaf.as_der().to_vec(), middle.certificate().as_der().to_vec()]];
        assert_eq!(*seen.lock().unwrap(), expected);
        assert!(!one.connection.is_handshaking());
    }
}

#[test]
fn an_error_of_verify_ends_the_connection_with_the_alert_it_chose() {
    let ca = Ca::new("ca");
    let server = server(&ca);
    for suites in [TLS12, TLS13] {
        let tls = ClientTls::new(&provider(), NAME, &suites, ca.trust()).unwrap();
        for (chosen, sent) in [
            (None, AlertDescription::AccessDenied),
            (Some(AlertDescription::BadCertificate), AlertDescription::BadCertificate),
            (Some(AlertDescription::UnsupportedCertificate), AlertDescription::UnsupportedCertificate),
            (Some(AlertDescription::CertificateRevoked), AlertDescription::CertificateRevoked),
            (Some(AlertDescription::CertificateExpired), AlertDescription::CertificateExpired),
            (Some(AlertDescription::CertificateUnknown), AlertDescription::CertificateUnknown),
            (Some(AlertDescription::UnknownCA), AlertDescription::UnknownCA),
            (Some(AlertDescription::DecryptError), AlertDescription::DecryptError),
        ] {
            let mut one = Side::client_with(&tls, move |_, handshake| {
                if let Some(code) = chosen {
                    handshake.send_alert(code, Some(AlertLevel::Fatal))?;
                }
                Err("I do not like it".into())
            });
            let mut other = Side::server(&server);
            other.connection.data_from_application(b"secret").unwrap();
            let to_server = one.wire.take();
            other.take(&to_server, &[usize::MAX]).unwrap();
            let error = one.take(&other.wire.take(), &[usize::MAX]).unwrap_err();
            assert!(matches!(&error, TlsError::Refused(cause) if cause.to_string() == "I do not like it"), "{error}");
            assert!(one.received.is_empty());
            assert!(matches!(one.connection.data_from_application(b"x"), Err(TlsError::Invalidated)));
            let error = other.take(&one.wire.take(), &[usize::MAX]).unwrap_err();
            assert!(matches!(error, TlsError::TlsAlert { code, .. } if code == sent), "{error} {sent:?}");
        }
    }
}

#[test]
fn verify_is_not_asked_where_chain_or_name_do_not_hold() {
    let (ca, other_ca) = (Ca::new("ca"), Ca::new("other"));
    let other_name = ServerCertificateChain::new([ca.issue(&["shop.example.com"]).1]).unwrap();
    for (tls, server) in
        [(client(&other_ca), server(&ca)), (client(&ca), ServerTls::new(Arc::new(provider()), Arc::new(other_name)))]
    {
        let mut one = Side::client_with(&tls, |_, _| panic!("it was asked"));
        let mut other = Side::server(&server);
        let error = carry(&mut one, &mut other, &[usize::MAX]).unwrap_err();
        assert!(matches!(error, TlsError::BadTlsData(rustls::Error::InvalidCertificate(_))), "{error}");
    }
}

#[test]
fn alerts_have_their_levels() {
    let ca = Ca::new("ca");
    let (mut one, mut other) = connected(&ca);
    let (close, denied) = (AlertDescription::CloseNotify, AlertDescription::AccessDenied);
    for (code, level) in [(close, AlertLevel::Fatal), (denied, AlertLevel::Warning)] {
        let error = one.connection.send_alert(code, Some(level)).unwrap_err();
        assert!(matches!(error, TlsError::InvalidAlertLevel { .. }), "{error}");
    }
    one.connection.send_alert(close, Some(AlertLevel::Warning)).unwrap();
    carry(&mut one, &mut other, &[usize::MAX]).unwrap();
    assert!(other.connection.peer_has_closed());
    // What rustls cannot send ends the connection without it.
    assert!(
        matches!(other.connection.send_alert(denied, None), Err(TlsError::AlertUnavailable(code)) if code == denied)
    );
    assert!(matches!(other.connection.data_from_application(b"x"), Err(TlsError::Invalidated)));

    let mut one = Side::client_with(&client(&ca), |_, handshake| {
        assert!(matches!(
            handshake.send_alert(AlertDescription::AccessDenied, Some(AlertLevel::Warning)),
            Err(TlsError::InvalidAlertLevel { .. })
        ));
        assert!(matches!(
            handshake.send_alert(AlertDescription::RecordOverflow, None),
            Err(TlsError::AlertUnavailable(_))
        ));
        Ok(())
    });
    carry(&mut one, &mut Side::server(&server(&ca)), &[usize::MAX]).unwrap();
}

#[test]
fn what_is_no_chain_is_refused() {
    let (ca, other_ca) = (Ca::new("ca"), Ca::new("other"));
    let (bare, leaf) = ca.issue(&[NAME]);
    let chain = |certificates: &[&Certificate]| {
        ServerCertificateChain::new(certificates.iter().map(|one| (*one).clone())).map(|_| ()).unwrap_err()
    };
    assert!(matches!(chain(&[]), TlsError::NoLeaf));
    assert!(matches!(chain(&[&ca.certificate()]), TlsError::NoLeaf));
    assert!(matches!(chain(&[&bare]), TlsError::LeafHasNoPrivateKey));
    assert!(matches!(chain(&[&leaf, &ca.issue(&["b"]).1]), TlsError::MoreThanOneLeaf));
    assert!(matches!(chain(&[&leaf, &other_ca.certificate()]), TlsError::NoCertificateChain));
    assert!(matches!(chain(&[&leaf, &ca.certificate_with_key()]), TlsError::ExtraneousPrivateKey));
    assert!(matches!(chain(&[&Certificate::from_der(vec![0x30, 0])]), TlsError::Certificate(_)));
    assert!(matches!(TrustStore::new([leaf]), Err(TlsError::ExtraneousPrivateKey)));
    assert!(matches!(TrustStore::new([]), Err(TlsError::NoCertificateChain)));
    assert!(matches!(TrustStore::new([Certificate::from_der(vec![0x30, 0])]), Err(TlsError::Certificate(_))));
}

#[test]
fn a_key_that_is_anothers_is_refused() {
    let ca = Ca::new("ca");
    let (bare, _) = ca.issue(&[NAME]);
    // The key before the certificate, as in some files.
    let mixed = Certificate::all_from_pem(&[key_pem(), pem(&bare)].concat()).unwrap();
    let server = ServerTls::new(Arc::new(provider()), Arc::new(ServerCertificateChain::new(mixed).unwrap()));
    let mut other = Side::server(&server);
    let error = carry(&mut Side::client(&client(&ca)), &mut other, &[usize::MAX]).unwrap_err();
    assert!(matches!(error, TlsError::Certificate(_)), "{error}");
}

#[test]
fn keys_in_a_text_belong_to_the_certificates_before_them_and_one_to_the_first() {
    let ca = Ca::new("ca");
    let [one, two] = [(); 2].map(|()| pem(&ca.issue(&[NAME]).0));
    let having = |parts: &[&[u8]]| {
        let all = Certificate::all_from_pem(&parts.concat());
        all.map(|all| all.iter().map(Certificate::has_private_key).collect::<Vec<_>>())
    };
    let key = key_pem();
    assert_eq!(having(&[&one, &two]).unwrap(), [false, false]);
    for parts in [[&key, &one, &two], [&one, &key, &two], [&one, &two, &key]] {
        assert_eq!(having(&parts.map(|part| &part[..])).unwrap(), [true, false]);
    }
    assert_eq!(having(&[&one, &key, &two, &key]).unwrap(), [true, true]);
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
        let key = tack_core::pem::encode(label, b"a key").into_bytes();
        assert_eq!(having(&[&one, &key]).unwrap(), [true], "{label}");
    }
    assert!(matches!(having(&[&one, &key, &key]), Err(TlsError::ExtraneousPrivateKey)));
    assert!(matches!(having(&[&key]), Err(TlsError::NoLeaf)));
    assert!(matches!(having(&[b"no PEM"]), Err(TlsError::NoLeaf)));
    assert!(matches!(having(&[b"-----BEGIN CERTIFICATE-----\n!\n"]), Err(TlsError::Certificate(_))));
}

#[test]
fn a_certificate_shows_its_length_and_nothing_of_its_key() {
    let ca = Ca::new("ca");
    let bare = ca.issue(&[NAME]).0;
    let length = bare.as_der().len();
    for (key, expected) in [(vec![], ""), (key_pem(), ", with its private key")] {
        let certificates = Certificate::all_from_pem(&[pem(&bare), key].concat()).unwrap();
        assert_eq!(format!("{certificates:?}"), format!("[Certificate({length} bytes{expected})]"));
    }
}

#[test]
fn settings_that_cannot_be_used_are_refused() {
    let ca = Ca::new("ca");
    for (name, suites) in [("a b", &SUITES[..]), (NAME, &[]), (NAME, &[CipherSuite::TLS_RSA_WITH_RC4_128_SHA])] {
        let error = ClientTls::new(&provider(), name, suites, ca.trust()).unwrap_err();
        assert!(matches!(error, TlsError::Settings(_)), "{error}");
    }
}

/// The names that the leaves have which a client of this name is shown, or the alert that it is sent.
fn shown(server: &ServerTls, ca: &Ca, name: &str) -> Result<Vec<u8>, TlsError> {
    let tls = ClientTls::new(&provider(), name, &SUITES, ca.trust()).unwrap();
    let leaf = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&leaf);
    let mut one = Side::client_with(&tls, move |certificates, _| {
        *keep.lock().unwrap() = certificates[0].to_vec();
        Ok(())
    });
    let mut other = Side::server(server);
    let outcome = carry(&mut one, &mut other, &[usize::MAX]);
    let to_client = other.wire.take();
    one.take(&to_client, &[usize::MAX])?;
    outcome?;
    let leaf = leaf.lock().unwrap().clone();
    Ok(leaf)
}

#[test]
fn a_chain_for_each_name_and_one_for_all_others() {
    let ca = Ca::new("ca");
    let middle = ca.intermediate("middle");
    let (www, shop, others) = (ca.issue(&[NAME]).1, middle.issue(&["*.shop.example.com"]).1, ca.issue(&["other"]).1);
    let certificates = || [middle.certificate(), www.clone(), shop.clone()];
    let serve = |certificates| ServerTls::new(Arc::new(provider()), Arc::new(certificates));
    let without = serve(SniServerCertificates::new(certificates()).unwrap());
    assert_eq!(shown(&without, &ca, NAME).unwrap(), www.as_der().as_ref());
    assert_eq!(shown(&without, &ca, "a.shop.example.com").unwrap(), shop.as_der().as_ref());
    let error = shown(&without, &ca, "other").unwrap_err();
    assert!(matches!(error, TlsError::TlsAlert { .. }), "{error}");
    // An address is no server name of TLS: the client gives none.
    assert!(shown(&without, &ca, "127.0.0.1").is_err());
    let with = serve(SniServerCertificates::new(certificates()).unwrap().with_default([others.clone()]).unwrap());
    assert_eq!(shown(&with, &ca, "other").unwrap(), others.as_der().as_ref());
    assert!(matches!(SniServerCertificates::new([]), Err(TlsError::NoLeaf)));
    assert!(matches!(SniServerCertificates::new([ca.issue(&["a"]).0]), Err(TlsError::LeafHasNoPrivateKey)));
}

/// Keeps the callback for later.
#[derive(Default)]
struct Later(Mutex<Option<CertificateChainCallback>>);

impl ServerCertificates for Later {
    fn certificate_chain_for_server_name(&self, server_name: Option<&str>, callback: CertificateChainCallback) {
        assert_eq!(server_name, Some(NAME));
        *self.0.lock().unwrap() = Some(callback);
    }
}

#[test]
fn a_chain_may_be_found_later_and_once() {
    let ca = Ca::new("ca");
    let later = Arc::new(Later::default());
    let server = ServerTls::new(Arc::new(provider()), later.clone());
    let (mut one, mut other) = (Side::client(&client(&ca)), Side::server(&server));
    carry(&mut one, &mut other, &[3]).unwrap();
    assert!(other.connection.is_handshaking() && other.connection.proceed().unwrap().is_empty());
    let callback = later.0.lock().unwrap().take().unwrap();
    assert!(matches!(callback.call(Some(&[])), Err(TlsError::NoLeaf)));
    callback.call(Some(&[ca.issue(&[NAME]).1])).unwrap();
    assert!(matches!(callback.call(None), Err(TlsError::Invalidated)));
    other.connection.proceed().unwrap();
    assert!(matches!(callback.call(None), Err(TlsError::Invalidated)));
    carry(&mut one, &mut other, &[3]).unwrap();
    assert!(!one.connection.is_handshaking() && !other.connection.is_handshaking());
}

#[test]
fn a_peer_that_sends_on_while_the_chain_is_looked_for_is_bounded() {
    let ca = Ca::new("ca");
    let later = Arc::new(Later::default());
    let server = ServerTls::new(Arc::new(provider()), later);
    let mut other = Side::server(&server);
    other.take(&Side::client(&client(&ca)).wire.take(), &[usize::MAX]).unwrap();
    other.take(&[0; 60_000], &[usize::MAX]).unwrap();
    assert!(matches!(other.take(&[0; 10_000], &[usize::MAX]), Err(TlsError::BadTlsData(_))));
}

/// Shows these certificates, and keeps the roots that it is asked for.
struct Store {
    certificates: Option<Vec<Certificate>>,
    roots: Mutex<Vec<Vec<u8>>>,
}

impl ClientCertificateStore for Store {
    fn certificate_chain_for_roots(&self, roots: &[&[u8]], callback: CertificateChainCallback) {
        self.roots.lock().unwrap().extend(roots.iter().map(|root| root.to_vec()));
        callback.call(self.certificates.as_deref()).unwrap();
        assert!(matches!(callback.call(None), Err(TlsError::Invalidated)));
    }

    fn default_certificate_chain(&self, callback: CertificateChainCallback) {
        callback.call(self.certificates.as_deref()).unwrap();
    }
}

#[test]
fn a_client_shows_a_certificate_of_the_roots_that_are_asked_for() {
    let (ca, clients) = (Ca::new("ca"), Ca::new("clients"));
    let name = tack_core::Certificate::from_der(clients.certificate().as_der()).unwrap().subject_der().to_vec();
    let server = server(&ca).with_client_trust(clients.trust());
    for suites in [TLS12, TLS13] {
        let connect = |certificates: Option<Vec<Certificate>>| {
            let store = Arc::new(Store { certificates, roots: Mutex::default() });
            let tls = ClientTls::new(&provider(), NAME, &suites, ca.trust()).unwrap();
            let tls = tls.with_client_certificates(store.clone());
            let (mut one, mut other) = (Side::client(&tls), Side::server(&server));
            let outcome = carry(&mut one, &mut other, &[usize::MAX]);
            assert_eq!(*store.roots.lock().unwrap(), std::slice::from_ref(&name));
            outcome
        };
        connect(Some(vec![clients.issue(&["me"]).1])).unwrap();
        let error = connect(Some(vec![ca.issue(&["me"]).1])).unwrap_err();
        assert!(matches!(error, TlsError::NoCertificateChain), "{error}");
        let error = connect(None).unwrap_err();
        assert!(matches!(error, TlsError::TlsAlert { .. } | TlsError::BadTlsData(_)), "{error}");
    }
}

#[test]
fn the_verify_function_of_a_server_sees_the_client() {
    let (ca, clients) = (Ca::new("ca"), Ca::new("clients"));
    let (bare, me) = clients.issue(&["me"]);
    let tls =
        client(&ca).with_client_certificates(Arc::new(Store { certificates: Some(vec![me]), roots: Mutex::default() }));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    let wire = wire::Wire::default();
    let connection = server(&ca).with_client_trust(clients.trust()).start(wire.write(), wire.close(), move |all, _| {
        keep.lock().unwrap().push(all[0].to_vec());
        Err("no".into())
    });
    let (mut one, mut other) = (Side::client(&tls), Side { connection, wire, received: Vec::new() });
    let error = carry(&mut one, &mut other, &[usize::MAX]).unwrap_err();
    assert!(matches!(error, TlsError::Refused(_) | TlsError::TlsAlert { .. }), "{error}");
    assert_eq!(*seen.lock().unwrap(), [bare.as_der().to_vec()]);
}

/// The bytes of a whole connection, changed in one place: an error, or the same bytes as without the change; no panic.
#[test]
fn changed_records_are_never_taken_for_others() {
    let ca = Ca::new("ca");
    let server = server(&ca);
    let data = b"what the application sends";
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random >> 33).unwrap()
    };
    for round in 0..400 {
        let tls = ClientTls::new(&provider(), NAME, if round % 2 == 0 { &TLS12 } else { &TLS13 }, ca.trust()).unwrap();
        let (mut one, mut other) = (Side::client(&tls), Side::server(&server));
        one.connection.data_from_application(data).unwrap();
        other.connection.data_from_application(data).unwrap();
        let (flight, at, to_client) = (next() % 3, next(), next() % 2 == 0);
        let mut failed = false;
        for number in 0..6 {
            let (mut to_server, mut from_server) = (one.wire.take(), other.wire.take());
            let changed = if to_client { &mut from_server } else { &mut to_server };
            if number == flight && !changed.is_empty() {
                let at = at % changed.len();
                match next() % 3 {
                    0 => changed[at] ^= 1 << (next() % 8),
                    1 => changed.truncate(at),
                    _ => changed.insert(at, 0x17),
                }
            }
            failed |= other.take(&to_server, &[usize::MAX]).is_err() | one.take(&from_server, &[usize::MAX]).is_err();
        }
        for received in [&one.received, &other.received] {
            assert!(received.is_empty() || received == data, "round {round}");
        }
        let is_done = one.received == data && other.received == data;
        assert!(failed || is_done || one.connection.wire_ended().is_err() || other.connection.wire_ended().is_err());
    }
}

fn pem(certificate: &Certificate) -> Vec<u8> {
    tack_core::pem::encode("CERTIFICATE", certificate.as_der()).into_bytes()
}
