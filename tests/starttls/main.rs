//! STARTTLS before Debian's real servers, which send a TACK certificate in their chain, and TLS before one that sends the
//! extension.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
#[allow(dead_code, reason = "most servers are for other tests")]
#[path = "../servers/server.rs"]
mod server;
mod servers;
#[allow(dead_code, reason = "some certificates are for other tests")]
#[path = "../servers/site.rs"]
mod site;

use std::fs;
use std::time::{Duration, Instant};

use tack_core::Timestamp;
use tack_openssl::{
    Connector, Extension, Place, ProbeError, Protocol, Seen, StartTls, StartTlsError, Target, Trust, Versions, connect,
};

use common::{has, skip, to_der};
use server::Server;
use servers::{Offer, programs, start};
use site::Site;

/// Nothing here takes so long, unless it hangs.
const DEADLINE: Duration = Duration::from_secs(30);

/// Whether a server of this protocol can be started here; if not the test is skipped.
fn ready(test: &str, protocol: StartTls) -> bool {
    if !rustix::process::geteuid().is_root() {
        skip(test, "root");
        return false;
    }
    has(test, programs(protocol)) && has(test, &["openssl"])
}

fn probe(server: &Server, site: &Site, versions: Versions, starttls: Option<StartTls>) -> Result<Seen, ProbeError> {
    let root = fs::read(site.file("root.pem")).unwrap();
    let connector = Connector::builder().trust(Trust::Certificates(root)).versions(versions).build().unwrap();
    let target = Target { name: "localhost".parse().unwrap(), starttls };
    let deadline = Instant::now() + DEADLINE;
    let stream = connect(([127, 0, 0, 1], server.port).into(), deadline).unwrap();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    connector.probe(stream, &target, Timestamp::new(now.try_into().unwrap()), deadline)
}

/// A server that offers TLS is seen with its whole chain, in which the TACK certificate disturbs nothing; one that does not
/// is told as such, and asked for nothing more.
fn begins_tls(test: &str, protocol: StartTls) {
    if !ready(test, protocol) {
        return;
    }
    let site = Site::with_tacks();
    site.pack(&["T1.pem"], 1, "certificate", "tackcert.pem");
    site.join(&["fullchain.pem", "tackcert.pem"], "tackchain.pem");
    let mut chain = ["cert.pem", "intermediate.pem", "tackcert.pem"].map(|name| to_der(&site.file(name))).to_vec();
    if protocol == StartTls::Ldap {
        // Debian's slapd is built on GnuTLS, and sends of its file only what belongs to the path.
        chain.truncate(2);
    }
    {
        let server = start(protocol, site.path(), "tackchain.pem", Offer::Tls);
        for (versions, version) in [(Versions::Tls12, Protocol::Tls12), (Versions::Tls13, Protocol::Tls13)] {
            let seen = probe(&server, &site, versions, Some(protocol)).unwrap();
            assert_eq!((seen.protocol, &seen.chain), (version, &chain), "{protocol}");
            assert_eq!(seen.extensions, []);
            let verification = seen.verification.as_ref().unwrap();
            assert_eq!((&verification.chain[..], verification.name_matches), (&[][..], true), "{protocol}");
            assert_eq!(seen.weaknesses(), [], "{protocol}");
        }
    }
    let server = start(protocol, site.path(), "fullchain.pem", Offer::None);
    match probe(&server, &site, Versions::Any, Some(protocol)) {
        Err(ProbeError::StartTls(StartTlsError::NotOffered(_))) => {}
        // These do not list what they offer.
        Err(ProbeError::StartTls(StartTlsError::Refused { .. }))
            if [StartTls::Ftp, StartTls::Ldap].contains(&protocol) => {}
        other => panic!("{protocol}: {other:?}"),
    }
}

#[test]
fn postfix_begins_tls() {
    begins_tls("postfix_begins_tls", StartTls::Smtp);
}

#[test]
fn dovecot_begins_tls() {
    for protocol in [StartTls::Imap, StartTls::Pop3, StartTls::Lmtp, StartTls::Sieve] {
        begins_tls("dovecot_begins_tls", protocol);
    }
}

#[test]
fn slapd_begins_tls() {
    begins_tls("slapd_begins_tls", StartTls::Ldap);
}

#[test]
fn prosody_begins_tls() {
    for protocol in [StartTls::Xmpp, StartTls::XmppServer] {
        begins_tls("prosody_begins_tls", protocol);
    }
}

#[test]
fn postgresql_begins_tls() {
    begins_tls("postgresql_begins_tls", StartTls::Postgres);
}

#[test]
fn vsftpd_begins_tls() {
    begins_tls("vsftpd_begins_tls", StartTls::Ftp);
}

#[test]
fn mariadb_begins_tls() {
    begins_tls("mariadb_begins_tls", StartTls::Mysql);
}

/// OpenSSL's own server sends the extension where its serverinfo file says.
#[test]
fn s_server_sends_the_extension() {
    if !has("s_server_sends_the_extension", &["openssl"]) {
        return;
    }
    let site = Site::with_tacks();
    let body = site.extension(&["T1.pem"], 1);
    let server = Server::s_server(site.path());
    for (versions, place) in [
        (Versions::Tls12, Place::ServerHello),
        (Versions::Tls13, Place::EncryptedExtensions),
        (Versions::Any, Place::EncryptedExtensions),
    ] {
        let seen = probe(&server, &site, versions, None).unwrap();
        assert_eq!(seen.extensions, [Extension { place, body: body.clone() }]);
        assert_eq!(seen.chain, ["cert.pem", "intermediate.pem"].map(|name| to_der(&site.file(name))));
    }
    let asked = probe(&server, &site, Versions::Any, Some(StartTls::Postgres));
    assert!(
        matches!(asked, Err(ProbeError::StartTls(StartTlsError::Unexpected { .. } | StartTlsError::Closed))),
        "{asked:?}"
    );
}
