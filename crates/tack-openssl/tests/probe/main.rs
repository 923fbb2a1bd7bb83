//! What is seen of servers that are good, weak and wrong.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod certificate;
mod server;

use std::io::Write;
use std::net::TcpListener;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, Instant};

use openssl::hash::MessageDigest;
use openssl::ssl::{ExtensionContext, SslVersion};
use tack_core::{TackExtension, Timestamp};
use tack_openssl::{
    Alert, ChainProblemKind, CipherFlaw, Connector, ConnectorError, Extension, Group, KeyKind, LeafKey, Phase, Place,
    ProbeError, Protocol, Seen, Target, TlsError, Trust, Verification, Versions, Weakness, connect, resolve,
};

use certificate::{DAY, Identity, NOW, Plan, ec, root, rsa};
use server::{Connection, Server, answer, context, serve, serve_without_an_end};

/// Nothing here takes so long, unless it hangs.
const DEADLINE: Duration = Duration::from_secs(30);

fn connector(trust: Trust, versions: Versions) -> Connector {
    Connector::builder().trust(trust).versions(versions).build().unwrap()
}

fn probe_at(connector: &Connector, server: &Server, name: &str, now: i64) -> Result<Seen, ProbeError> {
    let deadline = Instant::now() + DEADLINE;
    let target = Target { name: name.parse().unwrap(), starttls: None };
    connector.probe(connect(server.address, deadline)?, &target, Timestamp::new(now), deadline)
}

/// What is seen by who does not verify.
fn see(server: &Server, versions: Versions) -> Seen {
    probe_at(&connector(Trust::Nothing, versions), server, "host.example", NOW).unwrap()
}

/// What is thought of a server by who trusts `root`.
fn verify(server: &Server, root: &Identity, name: &str, now: i64) -> Verification {
    let connector = connector(Trust::Certificates(root.pem()), Versions::Any);
    probe_at(&connector, server, name, now).unwrap().verification.unwrap()
}

/// A good certificate.
fn leaf(root: &Identity) -> Identity {
    Plan::default().issue(ec("P-256"), Some(root))
}

#[test]
fn the_extension_is_seen_in_every_place() {
    let leaf = leaf(&root());
    let server_hello = (ExtensionContext::TLS1_2_SERVER_HELLO, Place::ServerHello);
    let encrypted = (ExtensionContext::TLS1_3_ENCRYPTED_EXTENSIONS, Place::EncryptedExtensions);
    let certificate = (ExtensionContext::TLS1_3_CERTIFICATE, Place::Certificate);
    for (versions, places) in [
        (Versions::Tls12, vec![(server_hello, &b"tack"[..])]),
        (Versions::Tls13, vec![(encrypted, b"tack")]),
        (Versions::Tls13, vec![(certificate, b"tack")]),
        (Versions::Any, vec![(encrypted, b"tack"), (certificate, b"tack")]),
        (Versions::Any, vec![(encrypted, b"tack"), (certificate, b"tick")]),
        (Versions::Tls12, vec![(server_hello, b"")]),
        (Versions::Any, vec![(encrypted, &[0; 10_000])]),
        (Versions::Any, vec![]),
    ] {
        let mut context = context(&leaf, &[]);
        answer(&mut context, places.iter().map(|((place, _), body)| (*place, *body)).collect());
        let seen = see(&serve(context), versions);
        let expected = places.iter().map(|((_, place), body)| Extension { place: *place, body: body.to_vec() });
        assert_eq!(seen.extensions, expected.collect::<Vec<_>>());
        let mut bodies: Vec<_> = places.iter().map(|(_, body)| *body).collect();
        bodies.dedup();
        assert_eq!(seen.distinct_extensions(), bodies);
    }
}

/// In TLS 1.3 every certificate of a chain may have extensions of its own, and only the first one's are the server's.
#[test]
fn the_extension_of_another_certificate_is_none_of_the_servers() {
    let root = root();
    let mut context = context(&leaf(&root), &[&root]);
    let place = ExtensionContext::CLIENT_HELLO | ExtensionContext::TLS1_3_CERTIFICATE;
    context
        .add_custom_ext(
            TackExtension::TYPE,
            place,
            |_, context, certificate| {
                let index = certificate.map_or(0, |(index, _)| index);
                Ok(context.contains(ExtensionContext::TLS1_3_CERTIFICATE).then(|| [u8::try_from(index).unwrap()]))
            },
            |_, _, _, _| Ok(()),
        )
        .unwrap();
    let seen = see(&serve(context), Versions::Any);
    assert_eq!(seen.chain.len(), 2);
    assert_eq!(seen.extensions, [Extension { place: Place::Certificate, body: vec![0] }]);
}

#[test]
fn all_of_a_good_server_is_seen() {
    let root = root();
    let leaf = leaf(&root);
    let mut context = context(&leaf, &[&root]);
    // A newer OpenSSL prefers a hybrid group, of which it tells nothing.
    context.set_groups_list("X25519").unwrap();
    let server = serve(context);
    let connector = connector(Trust::Certificates(root.pem()), Versions::Any);
    for (versions, protocol, cipher) in [
        (Versions::Tls12, Protocol::Tls12, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        (Versions::Tls13, Protocol::Tls13, "TLS_AES_256_GCM_SHA384"),
    ] {
        let seen = see(&server, versions);
        assert_eq!((seen.protocol, &seen.cipher[..]), (protocol, cipher));
        assert_eq!(seen.verification, None);
    }
    let seen = probe_at(&connector, &server, "host.example", NOW).unwrap();
    assert_eq!(seen.chain, [leaf.der(), root.der()]);
    assert_eq!(seen.verification, Some(Verification { chain: vec![], name_matches: true }));
    assert_eq!(seen.protocol, Protocol::Tls13);
    assert_eq!(seen.group, Some(Group { name: "X25519".to_owned(), bits: 253 }));
    assert_eq!(seen.key, LeafKey { kind: KeyKind::Ec("P-256".to_owned()), bits: 256 });
    assert_eq!((&seen.signature.name[..], seen.signature.is_weak), ("ecdsa-with-SHA256", false));
    assert_eq!(seen.not_after, Some(Timestamp::new(NOW + DAY)));
    assert!(seen.handshake_time > Duration::ZERO && seen.handshake_time < DEADLINE);
    assert_eq!(seen.weaknesses(), []);
}

/// Chain and name are judged each for itself, and everything that is wrong is said.
#[test]
fn what_is_wrong_with_a_chain() {
    use ChainProblemKind::{Expired, NotYetValid, Other, Untrusted, Weak};
    let root = root();
    let good = serve(context(&leaf(&root), &[]));
    let problems = |server: &Server, root: &Identity, name: &str, now: i64| {
        let verification = verify(server, root, name, now);
        let mut kinds: Vec<_> = verification.chain.iter().map(|problem| (problem.depth, problem.kind)).collect();
        kinds.dedup();
        (kinds, verification.name_matches)
    };
    assert_eq!(problems(&good, &root, "host.example", NOW), (vec![], true));
    assert_eq!(problems(&good, &root, "other.example", NOW), (vec![], false));
    assert_eq!(problems(&good, &root, "host.example", NOW + DAY - 1), (vec![], true));
    assert_eq!(problems(&good, &root, "host.example", NOW + DAY + 1), (vec![(0, Expired)], true));
    assert_eq!(problems(&good, &root, "other.example", NOW + DAY + 1), (vec![(0, Expired)], false));
    assert_eq!(problems(&good, &root, "host.example", NOW - DAY - 1), (vec![(0, NotYetValid)], true));
    let far = NOW + 4000 * DAY;
    assert_eq!(problems(&good, &root, "host.example", far), (vec![(1, Expired), (0, Expired)], true));

    let plan = Plan { common_name: "stranger", is_ca: true, ..Plan::default() };
    let stranger = plan.issue(ec("P-256"), None);
    let (kinds, name_matches) = problems(&good, &stranger, "host.example", NOW);
    assert!(name_matches && kinds.contains(&(0, Untrusted)), "{kinds:?}");
    // Of the same name, but with another key.
    assert_eq!(problems(&good, &certificate::root(), "host.example", NOW), (vec![(0, Other)], true));
    let self_signed = serve(context(&Plan::default().issue(ec("P-256"), None), &[]));
    assert_eq!(problems(&self_signed, &root, "host.example", NOW), (vec![(0, Untrusted)], true));

    // Issued by who may not issue.
    let leaf = leaf(&root);
    let plan = Plan { common_name: "below", ..Plan::default() };
    let below = serve(context(&plan.issue(ec("P-256"), Some(&leaf)), &[&leaf]));
    let (kinds, _) = problems(&below, &root, "host.example", NOW);
    assert!(kinds.contains(&(1, Other)), "{kinds:?}");

    // Of what is above the server, nothing may be weak; the signature of a trust anchor does not count.
    let plan = |common_name| Plan { common_name, is_ca: true, ..Plan::default() };
    let old_root = Plan { digest: MessageDigest::sha1(), ..plan("old root") }.issue(ec("P-256"), None);
    let under = |middle: &Identity| serve(context(&Plan::default().issue(ec("P-256"), Some(middle)), &[middle]));
    let sound = plan("middle").issue(ec("P-256"), Some(&old_root));
    assert_eq!(problems(&under(&sound), &old_root, "host.example", NOW), (vec![], true));
    let key = plan("middle").issue(rsa(1024), Some(&old_root));
    assert_eq!(problems(&under(&key), &old_root, "host.example", NOW), (vec![(1, Weak)], true));
    let signature = Plan { digest: MessageDigest::sha1(), ..plan("middle") }.issue(ec("P-256"), Some(&old_root));
    assert_eq!(problems(&under(&signature), &old_root, "host.example", NOW), (vec![(1, Weak)], true));

    let words = verify(&good, &root, "host.example", far).chain;
    let words: Vec<_> = words.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "certificate has expired (certificate 1 above the server's)",
            "certificate has expired (the server's certificate)"
        ]
    );
}

#[test]
fn names_match_as_rfc_9525_has_it() {
    let root = root();
    let matches = |plan: Plan<'_>, name: &str| {
        let server = serve(context(&plan.issue(ec("P-256"), Some(&root)), &[]));
        let verification = verify(&server, &root, name, NOW);
        assert_eq!(verification.chain, []);
        verification.name_matches
    };
    let names = |dns_names| Plan { dns_names, ..Plan::default() };
    assert!(matches(names(&["a.example", "b.example"]), "B.example."));
    assert!(matches(names(&["*.host.example"]), "a.host.example"));
    assert!(!matches(names(&["*.host.example"]), "a.b.host.example"));
    assert!(!matches(names(&["a*.host.example"]), "ab.host.example"));
    assert!(matches(Plan::default(), "127.0.0.1"));
    assert!(!matches(Plan { addresses: &["::1"], ..Plan::default() }, "127.0.0.1"));
    // The subject names no server, neither beside other names nor alone.
    let subject = |dns_names| Plan { common_name: "host.example", addresses: &[], dns_names, ..Plan::default() };
    assert!(!matches(subject(&["other.example"]), "host.example"));
    assert!(!matches(subject(&[]), "host.example"));
}

/// A certificate that belongs to no path is seen and disturbs nothing, even one that nobody would accept.
#[test]
fn a_tack_certificate_does_not_disturb() {
    let root = root();
    let plan = Plan { common_name: "TACK", not_after: NOW - 1, digest: MessageDigest::sha1(), ..Plan::default() };
    let tack = plan.issue(rsa(512), None);
    for behind in [[&tack, &root], [&root, &tack]] {
        let leaf = leaf(&root);
        let server = serve(context(&leaf, &behind));
        let seen =
            probe_at(&connector(Trust::Certificates(root.pem()), Versions::Any), &server, "host.example", NOW).unwrap();
        assert_eq!(seen.chain, [leaf.der(), behind[0].der(), behind[1].der()]);
        assert_eq!(seen.verification, Some(Verification { chain: vec![], name_matches: true }));
        assert_eq!(seen.weaknesses(), []);
    }
}

#[test]
fn weak_servers_are_seen_and_named() {
    let root = root();
    let weaknesses = |plan: Plan<'_>, key, version: Option<SslVersion>, ciphers: &str| {
        let mut context = context(&plan.issue(key, Some(&root)), &[]);
        context.set_max_proto_version(version).unwrap();
        context.set_cipher_list(ciphers).unwrap();
        let server = serve(context);
        see(&server, Versions::Any).weaknesses().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let plan = Plan::default;
    assert_eq!(weaknesses(plan(), rsa(2048), None, "ALL"), [""; 0]);
    assert_eq!(weaknesses(plan(), rsa(1024), None, "ALL"), ["the key of the certificate is too weak: RSA 1024"]);
    let tls12 = Some(SslVersion::TLS1_2);
    let curve = weaknesses(plan(), ec("P-224"), tls12, "ECDHE-ECDSA-AES128-GCM-SHA256");
    assert_eq!(curve, ["the key of the certificate is too weak: EC P-224"]);
    let sha1 = Plan { digest: MessageDigest::sha1(), ..Plan::default() };
    assert_eq!(weaknesses(sha1, ec("P-256"), None, "ALL"), ["the certificate has a weak signature: ecdsa-with-SHA1"]);
    let suite = "the cipher suite TLS_RSA_WITH_AES_128_CBC_SHA";
    assert_eq!(
        weaknesses(plan(), rsa(2048), tls12, "AES128-SHA"),
        [format!("{suite} is no AEAD"), format!("{suite} has no forward secrecy")]
    );
    assert_eq!(
        weaknesses(plan(), ec("P-256"), tls12, "eNULL"),
        ["the cipher suite TLS_ECDHE_ECDSA_WITH_NULL_SHA does not encrypt"]
    );
    for (version, words) in [(SslVersion::TLS1, "TLS 1.0"), (SslVersion::TLS1_1, "TLS 1.1")] {
        let found = weaknesses(plan(), ec("P-256"), Some(version), "ALL");
        assert_eq!(found[0], format!("{words} is obsolete, and 1.2 is the least"));
        assert_eq!(found[1], "the cipher suite TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA is no AEAD");
    }

    let mut context = context(&Plan::default().issue(rsa(2048), Some(&root)), &[]);
    context.set_max_proto_version(tls12).unwrap();
    context.set_cipher_list("DHE-RSA-AES128-GCM-SHA256").unwrap();
    context.set_tmp_dh(&openssl::dh::Dh::get_1024_160().unwrap()).unwrap();
    let seen = see(&serve(context), Versions::Any);
    let group = Group { name: "DH".to_owned(), bits: 1024 };
    assert_eq!(seen.weaknesses(), [Weakness::KeyExchange(group)]);
    assert_eq!(CipherFlaw::BrokenCipher.to_string(), "has a broken cipher");
}

/// More certificates than belong to any path are taken up to OpenSSL's limit of 100 KiB.
#[test]
fn a_flood_of_certificates() {
    let root = root();
    let flood: Vec<_> = (0..300)
        .map(|number| {
            Plan { common_name: &format!("{number}"), is_ca: true, ..Plan::default() }.issue(ec("P-256"), None)
        })
        .collect();
    let size = flood[0].der().len();
    assert!((250..340).contains(&size), "{size}");
    let behind: Vec<_> = flood.iter().collect();
    let connector = connector(Trust::Certificates(root.pem()), Versions::Any);
    let seen = probe_at(&connector, &serve(context(&leaf(&root), &behind[..200])), "host.example", NOW).unwrap();
    assert_eq!((seen.chain.len(), seen.verification.unwrap().chain), (201, vec![]));
    let twice: Vec<_> = behind.iter().chain(&behind).copied().collect();
    let refused = probe_at(&connector, &serve(context(&leaf(&root), &twice)), "host.example", NOW);
    assert!(matches!(refused, Err(ProbeError::Tls(TlsError::TooLarge))), "{refused:?}");
}

/// The server is asked for the name, none where it has an address; no session is resumed; and the end is as TLS has it.
#[test]
fn connections_begin_and_end_well() {
    let root = root();
    let server = serve(context(&leaf(&root), &[]));
    for versions in [Versions::Tls12, Versions::Tls13] {
        let connector = connector(Trust::Certificates(root.pem()), versions);
        for name in ["host.example", "host.example", "127.0.0.1"] {
            probe_at(&connector, &server, name, NOW).unwrap();
            let asked = Some(name.to_owned()).filter(|name| name != "127.0.0.1");
            let expected = Connection { name: asked, is_resumed: false, is_closed_well: true };
            assert_eq!(server.connections.recv_timeout(DEADLINE), Ok(expected), "{versions:?}");
        }
    }
}

/// A server that will not stop after the handshake is not waited for.
#[test]
fn the_end_does_not_wait_for_the_server() {
    let root = root();
    let server = serve_without_an_end(context(&leaf(&root), &[]));
    let start = Instant::now();
    let seen = see(&server, Versions::Any);
    assert!(seen.chain.len() == 1 && start.elapsed() < DEADLINE);
    // The connection is closed: the server notices.
    assert!(matches!(server.connections.recv_timeout(DEADLINE), Err(RecvTimeoutError::Disconnected)));
}

/// What is told of one connection is not told of another.
#[test]
fn threads_share_a_connector() {
    const BODIES: [&[u8]; 4] = [b"a", b"b", b"c", b"d"];
    let root = root();
    let connector = connector(Trust::Certificates(root.pem()), Versions::Any);
    let servers = BODIES.map(|body| {
        let mut context = context(&leaf(&root), &[]);
        answer(&mut context, vec![(ExtensionContext::TLS1_3_ENCRYPTED_EXTENSIONS, body)]);
        serve(context).address
    });
    thread::scope(|scope| {
        for (number, (address, body)) in servers.iter().zip(BODIES).enumerate() {
            let (connector, name) = (&connector, if number % 2 == 0 { "host.example" } else { "other.example" });
            scope.spawn(move || {
                let target = Target { name: name.parse().unwrap(), starttls: None };
                for _ in 0..20 {
                    let deadline = Instant::now() + DEADLINE;
                    let stream = connect(*address, deadline).unwrap();
                    let seen = connector.probe(stream, &target, Timestamp::new(NOW), deadline).unwrap();
                    assert_eq!(seen.distinct_extensions(), [body]);
                    assert_eq!(seen.verification.unwrap().name_matches, number % 2 == 0);
                }
            });
        }
    });
}

#[test]
fn handshakes_that_fail() {
    let root = root();
    let mut old = context(&leaf(&root), &[]);
    old.set_max_proto_version(Some(SslVersion::TLS1_2)).unwrap();
    let failed = probe_at(&connector(Trust::Nothing, Versions::Tls13), &serve(old), "host.example", NOW).unwrap_err();
    assert!(matches!(failed, ProbeError::Tls(TlsError::Alert(alert)) if alert == Alert::new(70)), "{failed:?}");
    assert_eq!(failed.to_string(), "the server ended the TLS handshake with the alert protocol_version");

    for (said, expected) in [
        (&b""[..], "the server closed the connection during the TLS handshake"),
        (b"\x16\x03", "the server closed the connection during the TLS handshake"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "the server does not speak TLS here"),
        (b"220 mail.example ESMTP\r\n", "the server does not speak TLS here"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the server does not speak TLS here"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "the server ended the TLS handshake with the alert handshake_failure"),
        (b"\x15\x03\x03\x00\x02\x02\xc8", "the server ended the TLS handshake with the alert 200"),
        (b"\x16\x03\x03\x00\x04\x0e\x00\x00\x00", "the TLS handshake failed: unexpected message"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let failed = thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = listener.accept().unwrap();
                // What is left unread would reset the connection.
                let mut hello = [0; 5];
                std::io::Read::read_exact(&mut stream, &mut hello).unwrap();
                let mut rest = vec![0; usize::from(hello[3]) << 8 | usize::from(hello[4])];
                std::io::Read::read_exact(&mut stream, &mut rest).unwrap();
                stream.write_all(said).unwrap();
            });
            let deadline = Instant::now() + DEADLINE;
            let target = Target { name: "host.example".parse().unwrap(), starttls: None };
            let stream = connect(address, deadline).unwrap();
            connector(Trust::Nothing, Versions::Any).probe(stream, &target, Timestamp::new(NOW), deadline).unwrap_err()
        });
        assert!(failed.to_string().starts_with(expected), "{said:?}: {failed:?}");
    }
}

#[test]
fn trust_anchors_are_certificates() {
    let build = |pem: &[u8]| Connector::builder().trust(Trust::Certificates(pem.to_vec())).build().err().unwrap();
    assert_eq!(build(b""), ConnectorError::NoCertificate);
    assert_eq!(build(b"no PEM"), ConnectorError::NoCertificate);
    let damaged = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(build(damaged), ConnectorError::Trust(_)));
    // The same one twice is no mistake, and text around is none either.
    let root = root();
    let twice = [b"root\n", &root.pem()[..], b"again\n", &root.pem()].concat();
    let connector = connector(Trust::Certificates(twice), Versions::Any);
    let seen = probe_at(&connector, &serve(context(&leaf(&root), &[])), "host.example", NOW).unwrap();
    assert_eq!(seen.verification.unwrap().chain, []);

    // Whom the system trusts has not issued the certificates of this test.
    let system = Connector::builder().build().unwrap();
    let seen = probe_at(&system, &serve(context(&leaf(&root), &[])), "host.example", NOW).unwrap();
    assert!(!seen.verification.unwrap().chain.is_empty());
}

#[test]
fn addresses_and_connections() {
    let deadline = Instant::now() + DEADLINE;
    assert_eq!(resolve("127.0.0.1", 7, deadline).unwrap(), ["127.0.0.1:7".parse().unwrap()]);
    assert!(resolve("localhost", 7, deadline).unwrap().iter().all(|address| address.ip().is_loopback()));
    assert!(matches!(resolve("a..b", 7, deadline), Err(ProbeError::Resolve(_))));

    let past = Instant::now();
    assert!(matches!(resolve("127.0.0.1", 7, past), Err(ProbeError::Timeout(Phase::Resolving))));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(matches!(connect(closed, past), Err(ProbeError::Timeout(Phase::Connecting))));
    assert!(matches!(connect(closed, deadline), Err(ProbeError::Connect(_))));
}
