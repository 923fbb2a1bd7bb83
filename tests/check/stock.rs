//! Stock servers: what they serve is found, and taken, in TLS 1.2 and 1.3.

use std::process::Command;

use serde_json::json;
use tack_openssl::StartTls;

use crate::common::{has, program, skip};
use crate::server::Server;
use crate::servers::{self, Offer};
use crate::site::Site;
use crate::tlslite::tlslite;
use crate::{check_server, hex};

const BOTH: [&str; 2] = ["1.2", "1.3"];

/// The server serves these bytes by this carrier, and nothing is wrong with it.
fn is_good(server: &Server, site: &Site, version: &str, carrier: &str, extension: &[u8], more: &[&str]) {
    let said = check_server(server, site, &[&["--tls", version], more].concat());
    let host = said.host(0);
    assert_eq!((said.ran.status, &host["problems"]), (Some(0), &json!([])), "{version}: {host}");
    assert_eq!((&host["state"], &host["status"]), (&json!("OK"), &json!("unpinned")));
    assert_eq!((&host["carrier"], &host["extension"]), (&json!(carrier), &json!(hex(extension))));
    assert_eq!(host["tls"]["version"], format!("TLS {version}"));
    assert_eq!(
        (&host["name"], &host["port"], &host["address"]),
        (&json!("localhost"), &json!(server.port), &json!("127.0.0.1"))
    );
    assert!(host["tacks"].as_array().unwrap().iter().all(|tack| tack["status"] == "valid"), "{host}");
}

fn serves_the_extension(server: &Server, site: &Site) {
    for version in BOTH {
        is_good(server, site, version, "extension", &site.extension(&["T1.pem"], 1), &[]);
    }
}

#[test]
fn apache() {
    if has("apache", &["openssl", "apache2"]) {
        let site = Site::with_tacks();
        serves_the_extension(&Server::apache(site.path(), "apache.conf"), &site);
    }
}

#[test]
fn nginx() {
    if has("nginx", &["openssl", "nginx"]) {
        let site = Site::with_tacks();
        serves_the_extension(&Server::nginx(site.path(), "nginx.conf"), &site);
    }
}

#[test]
fn stunnel() {
    if has("stunnel", &["openssl", "stunnel"]) {
        let site = Site::with_tacks();
        serves_the_extension(&Server::stunnel(site.path(), "stunnel.conf"), &site);
    }
}

#[test]
fn s_server() {
    if has("s_server", &["openssl"]) {
        let site = Site::with_tacks();
        serves_the_extension(&Server::s_server(site.path()), &site);
    }
}

/// HAProxy sends a TACK certificate in its chain; without it there is no tack.
#[test]
fn haproxy() {
    if !has("haproxy", &["openssl", "haproxy"]) {
        return;
    }
    let site = Site::with_tacks();
    site.pack(&["T1.pem", "T2.pem"], 3, "certificate", "tackcert.pem");
    site.join(&["privkey.pem", "fullchain.pem", "tackcert.pem"], "haproxy.pem");
    {
        let server = Server::haproxy(site.path(), "haproxy.cfg");
        for version in BOTH {
            is_good(&server, &site, version, "certificate", &site.extension(&["T1.pem", "T2.pem"], 3), &[]);
        }
    }
    site.join(&["privkey.pem", "fullchain.pem"], "haproxy.pem");
    let server = Server::haproxy(site.path(), "haproxy.cfg");
    let said = check_server(&server, &site, &[]);
    assert_eq!(said.outcome(), (2, vec!["no_tack"]));
    assert_eq!((&said.host(0)["status"], &said.host(0)["carrier"]), (&json!("unpinned"), &json!(null)));
}

/// GnuTLS sends of its chain only what belongs to the path, and so no TACK certificate: a server on it has no tack.
#[test]
fn gnutls() {
    if !has("gnutls", &["openssl", "gnutls-serv"]) {
        return;
    }
    let site = Site::with_tacks();
    site.pack(&["T1.pem"], 1, "certificate", "tackcert.pem");
    site.join(&["fullchain.pem", "tackcert.pem"], "tackchain.pem");
    let server = Server::other(site.path(), |port| {
        let mut server = Command::new(program("gnutls-serv").unwrap());
        server.args(["--http", "--disable-client-cert", "--x509certfile", "tackchain.pem"]);
        server.args(["--x509keyfile", "privkey.pem", "--port", &port.to_string()]);
        server
    });
    for version in BOTH {
        let said = check_server(&server, &site, &["--tls", version]);
        assert_eq!(said.outcome(), (2, vec!["no_tack"]), "{version}: {}", said.host(0));
        assert_eq!(said.host(0)["tls"]["version"], format!("TLS {version}"));
    }
}

/// tlslite-ng sends tacks by its own API in TLS 1.2, and none in TLS 1.3.
#[test]
fn tlslite_ng() {
    let (true, Some(tlslite)) = (has("tlslite_ng", &["openssl"]), tlslite("tlslite_ng")) else {
        return;
    };
    let site = Site::with_tacks();
    site.join(&["T1.pem", "T2.pem"], "T12.pem");
    for (file, tacks, flags) in [("T1.pem", &["T1.pem"][..], 1), ("T12.pem", &["T1.pem", "T2.pem"][..], 2)] {
        let server = tlslite.server(&site, file, &flags.to_string());
        is_good(&server, &site, "1.2", "extension", &site.extension(tacks, flags), &[]);
    }
}

/// Mail, directories and databases, by STARTTLS, each with a TACK certificate in its chain.
#[test]
fn starttls() {
    if !rustix::process::geteuid().is_root() {
        return skip("starttls", "root");
    }
    let site = Site::with_tacks();
    site.pack(&["T1.pem"], 1, "certificate", "tackcert.pem");
    site.join(&["fullchain.pem", "tackcert.pem"], "tackchain.pem");
    for protocol in [StartTls::Smtp, StartTls::Imap, StartTls::Postgres, StartTls::Xmpp] {
        if !has("starttls", servers::programs(protocol)) {
            continue;
        }
        let server = servers::start(protocol, site.path(), "tackchain.pem", Offer::Tls);
        let starttls = ["--starttls", protocol.name()];
        for version in BOTH {
            is_good(&server, &site, version, "certificate", &site.extension(&["T1.pem"], 1), &starttls);
        }
        // Without STARTTLS it is no TLS, and in another protocol no dialogue.
        let said = check_server(&server, &site, &["--timeout", "2s"]);
        assert!(matches!(said.outcome(), (2, codes) if codes == ["tls"] || codes == ["timeout"]), "{}", said.host(0));
    }
}
