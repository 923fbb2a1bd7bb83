//! Ticket pinning by both sides of this library, and what each makes of others.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "the tests of the probe use all of it")]
#[path = "../probe/certificate.rs"]
mod certificate;
mod connection;

use std::cell::RefCell;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::thread;

use getrandom::SysRng;
use openssl::ssl::{ExtensionContext, HandshakeError, Ssl, SslContextBuilder, SslMethod, SslVersion};
use tack_core::{Draft02, Generations, Minute, SigningKey, Tack, TackExtension, TargetHash, Timestamp};
use tack_openssl::Trust;
use tack_openssl::ticket::{
    ClientHandshake, ServerTicketError, TicketClient, TicketError, TicketServer, TicketServerError, is_closed_well,
};
use tack_ticket::{
    ClientRefusal, EXTENSION, KeyRing, Lifetime, MessageError, PinningSecret, ProofKind, ProtectionKey, Server,
    ServerMessage, ServerRefusal, Ticket, TicketFlaw, TicketPin, Welcome,
};

use crate::certificate::{Identity, NOW, Plan, ec, root, rsa};
use crate::connection::{Drip, Dripping, listen, meet, meet_other, step};

const NAME: &str = "host.example";

fn now() -> Timestamp {
    Timestamp::new(NOW)
}

fn key() -> ProtectionKey {
    ProtectionKey::generate(&mut SysRng).unwrap()
}

fn ring() -> KeyRing {
    KeyRing::new(key(), now())
}

fn leaf(root: &Identity) -> Identity {
    Plan::default().issue(ec("P-256"), Some(root))
}

fn server(ring: &KeyRing, identity: &Identity) -> TicketServer {
    build(Server::new(ring.clone(), Lifetime::MAX), identity)
}

fn build(server: Server, identity: &Identity) -> TicketServer {
    let key = identity.key.private_key_to_pem_pkcs8().unwrap();
    TicketServer::builder(server, &identity.pem(), &key).build().unwrap()
}

fn client(root: &Identity) -> TicketClient {
    TicketClient::builder().trust(Trust::Certificates(root.pem())).build().unwrap()
}

fn pin(visit: Result<Welcome, Option<TicketError>>) -> TicketPin {
    visit.ok().unwrap().into_offer().unwrap().into_pin(now())
}

/// A server of OpenSSL's own that sends this in the extension, or no extension.
fn other(identity: &Identity, body: Option<Vec<u8>>) -> SslContextBuilder {
    let mut context = SslContextBuilder::new(SslMethod::tls_server()).unwrap();
    context.set_certificate(&identity.certificate).unwrap();
    context.set_private_key(&identity.key).unwrap();
    if let Some(body) = body {
        let places = ExtensionContext::CLIENT_HELLO | ExtensionContext::TLS1_3_ENCRYPTED_EXTENSIONS;
        let added = context.add_custom_ext(
            EXTENSION,
            places,
            move |_, place, _| Ok((!place.contains(ExtensionContext::CLIENT_HELLO)).then(|| body.clone())),
            |_, _, _, _| Ok(()),
        );
        added.unwrap();
    }
    context
}

#[test]
fn a_server_proves_on_the_second_visit_and_on_every_one_after_it() {
    let root = root();
    for (key, proof) in [
        (ec("P-256"), ProofKind::Rfc8672),
        (ec("P-384"), ProofKind::Draft04),
        (rsa(2048), ProofKind::Rfc8672),
        (rsa(2048), ProofKind::Draft04),
    ] {
        let identity = Plan::default().issue(key, Some(&root));
        let server = build(Server::new(ring(), Lifetime::MAX).proof(proof), &identity);
        let client = TicketClient::builder().trust(Trust::Certificates(root.pem())).proof(proof).build().unwrap();
        let first = meet(&client, &server, NAME, None);
        assert!(first.server.is_asked() && !first.server.has_ticket());
        assert!(!first.client.as_ref().ok().unwrap().is_proved());
        let mut pin = pin(first.client);
        assert_eq!((pin.received(), pin.expires().seconds()), (now(), NOW + 31 * 86_400));
        for _ in 0..3 {
            let visit = meet(&client, &server, NAME, Some(pin.clone()));
            assert!(visit.server.has_ticket());
            let welcome = visit.client.ok().unwrap();
            assert!(welcome.is_proved());
            let next = welcome.into_offer().unwrap().into_pin(now());
            assert!(next.ticket() != pin.ticket() && next.secret().as_bytes() != pin.secret().as_bytes());
            pin = next;
        }
    }
}

#[test]
fn certificates_change_and_the_server_still_proves() {
    let (root, other_root, ring) = (root(), root(), ring());
    let pin = pin(meet(&client(&root), &server(&ring, &leaf(&root)), NAME, None).client);
    let renewed = Plan::default().issue(rsa(2048), Some(&other_root));
    let visit = meet(&client(&other_root), &server(&ring, &renewed), NAME, Some(pin));
    assert!(visit.client.ok().unwrap().is_proved());
}

#[test]
fn an_impostor_with_a_certificate_of_the_same_ca_is_refused_by_its_silence() {
    let root = root();
    let pin = pin(meet(&client(&root), &server(&ring(), &leaf(&root)), NAME, None).client);
    let lifetime = 2_678_400;
    let ticket = Ticket::new(vec![7; 89]);
    let answer = |proof: Vec<u8>, ticket| ServerMessage { proof, ticket, lifetime }.to_bytes();
    for (body, refusal, alert) in [
        (None, ClientRefusal::NoAnswer, 40),
        (Some(vec![]), ClientRefusal::Malformed(MessageError::Truncated("proof")), 50),
        (Some(answer(vec![], None)), ClientRefusal::NoProof, 40),
        (Some(answer(vec![], ticket.clone())), ClientRefusal::NoProof, 40),
        (Some(answer(vec![0; 32], ticket.clone())), ClientRefusal::WrongProof, 40),
        (Some(answer(vec![0; 48], ticket.clone())), ClientRefusal::WrongProof, 40),
        (Some(answer(vec![0; 255], ticket)), ClientRefusal::WrongProof, 40),
    ] {
        let met = meet_other(&client(&root), other(&leaf(&root), body), NAME, Some(pin.clone()));
        assert_eq!(met.client.err(), Some(Some(TicketError::Refused(refusal.clone()))), "{refusal}");
        assert_eq!(met.alert, Some(alert), "{refusal}");
    }
}

#[test]
fn an_impostor_with_a_ring_of_its_own_cannot_open_the_ticket() {
    let root = root();
    let pin = pin(meet(&client(&root), &server(&ring(), &leaf(&root)), NAME, None).client);
    let impostor = meet(&client(&root), &server(&ring(), &leaf(&root)), NAME, Some(pin));
    assert_eq!(impostor.client.err(), Some(None), "the server ended it");
    assert_eq!(impostor.alert_to_client, Some(40));
    let failure = impostor.server.failure();
    assert!(matches!(failure, Some(ServerTicketError::Refused(ServerRefusal::Ticket(TicketFlaw::UnknownKey(_))))));
}

#[test]
fn a_proof_by_another_secret_is_refused() {
    let (root, ring) = (root(), ring());
    let [of_ticket, kept] = [7, 8].map(|byte| PinningSecret::from_bytes(&[byte; 32]).unwrap());
    let ticket = ring.keys()[0].key().seal(&of_ticket, &mut SysRng).unwrap();
    let pin = TicketPin::new(ticket, kept, now(), Lifetime::MAX);
    let met = meet(&client(&root), &server(&ring, &leaf(&root)), NAME, Some(pin));
    assert_eq!(met.client.err(), Some(Some(TicketError::Refused(ClientRefusal::WrongProof))));
    assert_eq!(met.alert_to_server, Some(40));
}

#[test]
fn chain_and_name_come_before_the_ticket() {
    let (root, other_root, ring) = (root(), root(), ring());
    let pin = pin(meet(&client(&root), &server(&ring, &leaf(&root)), NAME, None).client);
    for (identity, alert) in [
        (leaf(&other_root), 51),
        (Plan { dns_names: &["x.example"], ..Plan::default() }.issue(ec("P-256"), Some(&root)), 42),
    ] {
        let met = meet(&client(&root), &server(&ring, &identity), NAME, Some(pin.clone()));
        assert_eq!(met.client.err(), Some(None));
        assert_eq!(met.alert_to_server, Some(alert));
    }
}

#[test]
fn who_trusts_nobody_still_wants_the_proof() {
    let (root, ring) = (root(), ring());
    let client = TicketClient::builder().trust(Trust::Nothing).build().unwrap();
    let pin = pin(meet(&client, &server(&ring, &leaf(&root)), NAME, None).client);
    let visit = meet(&client, &server(&ring, &leaf(&root)), NAME, Some(pin.clone()));
    assert!(visit.client.ok().unwrap().is_proved());
    let met = meet_other(&client, other(&leaf(&root), None), NAME, Some(pin));
    assert_eq!(met.client.err(), Some(Some(TicketError::Refused(ClientRefusal::NoAnswer))));
}

#[test]
fn a_pin_that_has_expired_is_not_sent_to_the_second() {
    let root = root();
    let server = server(&ring(), &leaf(&root));
    let client = client(&root);
    let welcome = meet(&client, &server, NAME, None).client.ok().unwrap();
    let lifetime = i64::from(Lifetime::MAX.seconds());
    for (age, is_sent) in [(lifetime, false), (lifetime - 1, true)] {
        let received = Timestamp::new(NOW - age);
        let pin = welcome.clone().into_offer().unwrap().into_pin(received);
        let visit = meet(&client, &server, NAME, Some(pin));
        assert_eq!(visit.server.has_ticket(), is_sent, "{age}");
        assert_eq!(visit.client.ok().unwrap().is_proved(), is_sent, "{age}");
    }
}

#[test]
fn on_ramp_down_the_server_proves_and_gives_nothing_new() {
    let (root, ring) = (root(), ring());
    let identity = leaf(&root);
    let pin = pin(meet(&client(&root), &server(&ring, &identity), NAME, None).client);
    let server = build(Server::new(ring, Lifetime::MAX).ramp_down(true), &identity);
    let visit = meet(&client(&root), &server, NAME, Some(pin));
    let welcome = visit.client.ok().unwrap();
    assert!(welcome.is_proved());
    assert!(welcome.into_offer().is_none());
    assert!(meet(&client(&root), &server, NAME, None).client.ok().unwrap().into_offer().is_none());
}

#[test]
fn keys_of_a_ring_are_used_in_their_time() {
    let root = root();
    let identity = leaf(&root);
    let mut ring = ring();
    let old = pin(meet(&client(&root), &server(&ring, &identity), NAME, None).client);
    ring.rotate(key(), now(), now()).unwrap();
    let server = server(&ring, &identity);
    let visit = meet(&client(&root), &server, NAME, Some(old));
    let welcome = visit.client.ok().unwrap();
    assert!(welcome.is_proved());
    let new = welcome.into_offer().unwrap().into_pin(now());
    assert!(ring.current(now()).unwrap().open(new.ticket()).is_some());
    // A ring whose first key waits still gives no ticket.
    let waiting = KeyRing::new(key(), Timestamp::new(NOW + 1));
    let server = self::server(&waiting, &identity);
    assert!(meet(&client(&root), &server, NAME, None).client.ok().unwrap().into_offer().is_none());
}

#[test]
fn a_first_visit_to_a_server_that_knows_nothing_of_it_goes_on() {
    let root = root();
    let met = meet_other(&client(&root), other(&leaf(&root), None), NAME, None);
    let welcome = met.client.ok().unwrap();
    assert!(!welcome.is_proved() && welcome.into_offer().is_none());
}

#[test]
fn a_first_visit_wants_no_proof_and_takes_no_ticket_of_no_time() {
    let root = root();
    let body = |proof: &[u8], lifetime| {
        Some(ServerMessage { proof: proof.to_vec(), ticket: Ticket::new(vec![7]), lifetime }.to_bytes())
    };
    let met = meet_other(&client(&root), other(&leaf(&root), body(&[1; 32], 1)), NAME, None);
    assert_eq!(met.client.err(), Some(Some(TicketError::Refused(ClientRefusal::UnaskedProof))));
    let met = meet_other(&client(&root), other(&leaf(&root), body(&[], 0)), NAME, None);
    assert!(met.client.ok().unwrap().into_offer().is_none());
    let met = meet_other(&client(&root), other(&leaf(&root), body(&[], u32::MAX)), NAME, None);
    assert_eq!(pin(met.client).expires().seconds(), NOW + 31 * 86_400);
}

#[test]
fn tls_1_2_is_not_spoken() {
    let root = root();
    let mut context = other(&leaf(&root), None);
    context.set_max_proto_version(Some(SslVersion::TLS1_2)).unwrap();
    assert_eq!(meet_other(&client(&root), context, NAME, None).client.err(), Some(None));
}

#[test]
fn nothing_is_resumed() {
    let root = root();
    let server = server(&ring(), &leaf(&root));
    let mut context = SslContextBuilder::new(SslMethod::tls_client()).unwrap();
    let (sender, sessions) = channel();
    context.set_session_cache_mode(openssl::ssl::SslSessionCacheMode::CLIENT);
    context.set_new_session_callback(move |_, session| _ = sender.send(session.to_der().unwrap().len()));
    let ssl = Ssl::new(&context.build()).unwrap();
    assert!(connection::read_from(&server, ssl).is_ok());
    assert!(sessions.try_recv().is_err(), "a session was given");
}

#[test]
fn a_handshake_counts_when_it_has_finished_and_for_itself_alone() {
    let root = root();
    let client = client(&root);
    let (ssl, handshake) = client.prepare(&NAME.parse().unwrap(), None, now()).unwrap();
    assert_eq!(handshake.finish(&ssl).err(), Some(TicketError::Unfinished));
    assert_eq!(handshake.failure(), None);
    let server = server(&ring(), &leaf(&root));
    let stream = connection::connect(&client, &server, NAME);
    assert_eq!(handshake.finish(stream.ssl()).err(), Some(TicketError::Unfinished));
}

#[test]
fn a_handshake_counts_not_before_its_last_byte() {
    let root = root();
    let (client, server) = (client(&root), server(&ring(), &leaf(&root)));
    let pin = pin(meet(&client, &server, NAME, None).client);
    let (ssl, handshake) = client.prepare(&NAME.parse().unwrap(), Some(pin), now()).unwrap();
    let (here, _, acceptor) = listen(&server);
    let mut dripping = ssl.connect(Drip::new(here, || ()));
    let mut pauses = 0;
    while let Err(HandshakeError::WouldBlock(middle)) = &dripping {
        assert_eq!(handshake.finish(middle.ssl()).err(), Some(TicketError::Unfinished));
        pauses += 1;
        dripping = step(dripping);
    }
    assert!(pauses > 500, "{pauses}");
    acceptor.join().unwrap();
    let stream = dripping.ok().unwrap();
    assert!(handshake.finish(stream.ssl()).is_ok_and(|welcome| welcome.is_proved()));
    assert_eq!(handshake.finish(stream.ssl()).err(), Some(TicketError::Unfinished), "it is said once");
}

/// As in TLS within TLS, or in a program that waits within a read: the secrets of one are not taken for those of the other.
#[test]
fn visits_are_proved_where_one_goes_on_within_the_reads_of_the_other() {
    let root = root();
    let (client, server) = (client(&root), server(&ring(), &leaf(&root)));
    let [inner, outer] = [(); 2].map(|()| {
        let pin = pin(meet(&client, &server, NAME, None).client);
        let (here, _, acceptor) = listen(&server);
        let (ssl, handshake) = client.prepare(&NAME.parse().unwrap(), Some(pin), now()).unwrap();
        (ssl, here, handshake, acceptor)
    });
    let driven = Rc::new(RefCell::new(Some(inner.0.connect(Drip::new(inner.1, || ())))));
    let drive = {
        let driven = Rc::clone(&driven);
        move || {
            let dripping = driven.take().unwrap();
            driven.replace(Some(step(dripping)));
        }
    };
    // The inner one is a little ahead: it has the ServerHello, and waits for what comes next, when the outer one has it.
    (0..20).for_each(|_| drive());
    let mut dripping = outer.0.connect(Drip::new(outer.1, drive.clone()));
    while matches!(dripping, Err(HandshakeError::WouldBlock(_))) {
        dripping = step(dripping);
    }
    let is_proved = |handshake: &ClientHandshake, dripping: Dripping| {
        let stream = dripping.map_err(|_| handshake.failure()).ok().unwrap();
        handshake.finish(stream.ssl()).is_ok_and(|welcome| welcome.is_proved())
    };
    assert!(is_proved(&outer.2, dripping));
    assert!(is_proved(&inner.2, driven.take().unwrap()));
    for acceptor in [inner.3, outer.3] {
        acceptor.join().unwrap();
    }
}

#[test]
fn a_connection_is_closed_well_by_a_close_notify_alone() {
    let root = root();
    let (client, server) = (client(&root), server(&ring(), &leaf(&root)));
    for says_so in [false, true] {
        let (here, there) = UnixStream::pair().unwrap();
        let (ssl, _) = server.prepare(now()).unwrap();
        let closer = thread::spawn(move || {
            let mut stream = ssl.accept(there).unwrap();
            if says_so {
                stream.shutdown().unwrap();
            }
        });
        let (ssl, _) = client.prepare(&NAME.parse().unwrap(), None, now()).unwrap();
        let mut stream = ssl.connect(here).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
        assert_eq!(is_closed_well(stream.ssl()), says_so);
        closer.join().unwrap();
    }
}

#[test]
fn who_asks_for_the_tack_gets_it_with_the_first_certificate_alone() {
    let root = root();
    let leaf = leaf(&root);
    let key = SigningKey::from_bytes(&[7; 32]).unwrap();
    let tack = Tack::sign(&key, Generations::default(), Minute::new(30_000_000), TargetHash::of(b"key"));
    let extension = TackExtension::from(Draft02::new(vec![tack], 1).unwrap());
    let (chain, tls_key) = ([leaf.pem(), root.pem()].concat(), leaf.key.private_key_to_pem_pkcs8().unwrap());
    let server = TicketServer::builder(Server::new(ring(), Lifetime::MAX), &chain, &tls_key);
    let server = server.tack(&extension).build().unwrap();
    for asks in [true, false] {
        let (sender, seen) = channel();
        let mut context = SslContextBuilder::new(SslMethod::tls_client()).unwrap();
        let added = context.add_custom_ext(
            TackExtension::TYPE,
            ExtensionContext::CLIENT_HELLO
                | ExtensionContext::TLS1_3_ENCRYPTED_EXTENSIONS
                | ExtensionContext::TLS1_3_CERTIFICATE,
            move |_, _, _| Ok(asks.then_some([])),
            move |_, place, body, certificate| {
                let index = certificate.map(|(index, _)| index);
                _ = sender.send((place.contains(ExtensionContext::TLS1_3_CERTIFICATE), index, body.to_vec()));
                Ok(())
            },
        );
        added.unwrap();
        let (here, handshake, acceptor) = listen(&server);
        drop(Ssl::new(&context.build()).unwrap().connect(here).unwrap());
        acceptor.join().unwrap();
        assert!(!handshake.is_asked() && !handshake.has_ticket());
        assert_eq!(
            seen.try_iter().collect::<Vec<_>>(),
            Vec::from_iter(asks.then(|| (true, Some(0), extension.to_bytes())))
        );
    }
}

#[test]
fn what_does_not_fit_together_serves_nothing() {
    let root = root();
    let (one, other) = (leaf(&root), leaf(&root));
    let pem = |identity: &Identity| identity.key.private_key_to_pem_pkcs8().unwrap();
    let build =
        |chain: &[u8], key: &[u8]| TicketServer::builder(Server::new(ring(), Lifetime::MAX), chain, key).build().err();
    assert_eq!(build(&one.pem(), &pem(&one)), None);
    assert_eq!(build(&[one.pem(), root.pem()].concat(), &pem(&one)), None);
    assert_eq!(build(&one.pem(), &pem(&other)), Some(TicketServerError::OtherKey));
    assert_eq!(build(&[root.pem(), one.pem()].concat(), &pem(&one)), Some(TicketServerError::OtherKey));
    assert_eq!(build(b"", &pem(&one)), Some(TicketServerError::NoCertificate));
    assert_eq!(build(&one.pem(), b"no key"), Some(TicketServerError::Key));
    let cipher = openssl::symm::Cipher::aes_128_cbc();
    let locked = one.key.private_key_to_pem_pkcs8_passphrase(cipher, b"password").unwrap();
    assert_eq!(build(&one.pem(), &locked), Some(TicketServerError::Key));
    let damaged = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(build(damaged, &pem(&one)), Some(TicketServerError::Chain(_))));
}
