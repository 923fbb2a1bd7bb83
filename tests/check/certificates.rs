//! Chain, name, dates and strength of what servers serve.

use std::process::Command;

use serde_json::json;

use crate::common::{certificate, has, ok, tack};
use crate::server::Server;
use crate::site::Site;
use crate::{DAY, check, check_server, from_now};

#[test]
fn a_chain_to_nobody_and_a_wrong_name() {
    if !has("a_chain_to_nobody_and_a_wrong_name", &["openssl"]) {
        return;
    }
    let site = Site::with_tacks();
    let server = Server::s_server(site.path());
    let port = server.port;

    // The system does not know the root.
    let said = check([format!("localhost:{port}")]);
    assert_eq!(said.outcome(), (2, vec!["chain"]));
    assert_eq!(said.host(0)["problems"][0]["alert"], json!(null));
    assert!(said.message(0, "chain").contains("--ca-file"), "{}", said.message(0, "chain"));
    // What the tack is worth is said all the same.
    assert_eq!((&said.host(0)["status"], &said.host(0)["tacks"][0]["status"]), (&json!("unpinned"), &json!("valid")));

    let root = site.file("root.pem").display().to_string();
    let connect = format!("127.0.0.1:{port}");
    let said = check(["--ca-file", &root, "--connect", &connect, "other.example"]);
    assert_eq!(said.outcome(), (2, vec!["name"]));
    assert!(said.message(0, "name").contains("other.example: it is for localhost, "), "{}", said.message(0, "name"));
    for name in ["www.example.com", "WWW.EXAMPLE.COM.", "127.0.0.1"] {
        assert_eq!(check(["--ca-file", &root, "--connect", &connect, name]).outcome(), (0, vec![]), "{name}");
    }

    let said = check(["--insecure", "--connect", &connect, "other.example"]);
    assert_eq!(said.outcome(), (0, vec![]));
}

#[test]
fn what_expires() {
    if !has("what_expires", &["openssl"]) {
        return;
    }
    // Certificates of 30 days, and tacks that last as long.
    let site = Site::with_tacks();
    let server = Server::s_server(site.path());
    let at = |days: i64, arguments: &[&str]| {
        let now = from_now(days * DAY);
        check_server(&server, &site, &[&["--now", &now], arguments].concat())
    };
    assert_eq!(at(29, &["--warn", "12h"]).outcome(), (0, vec![]));
    assert_eq!(at(29, &["--warn", "2d"]).outcome(), (1, vec!["expires_soon"]));
    let said = at(31, &[]);
    assert_eq!(said.outcome(), (2, vec!["expired", "certificate_expired", "chain", "chain"]));
    let alerts: Vec<_> = said.host(0)["problems"].as_array().unwrap().iter().map(|one| &one["alert"]).collect();
    assert_eq!(alerts, [&json!("certificate_expired"), &json!("certificate_expired"), &json!(null), &json!(null)]);
    assert_eq!((&said.host(0)["status"], &said.host(0)["tacks"][0]["status"]), (&json!(null), &json!("expired")));
}

/// Old versions of TLS and small keys still work, and are a warning.
#[test]
fn weak_tls() {
    if !has("weak_tls", &["openssl"]) {
        return;
    }
    let site = Site::new();
    let (weak, _) = certificate(site.path(), "weak", "rsa:1024", 30);
    let mut sign = tack();
    sign.current_dir(site.path()).args(["sign", "-p", "asdf", "-k", "K1.pem", "-c", "weak.pem", "-o", "T1.pem"]);
    ok(&mut sign);
    site.pack(&["T1.pem"], 1, "serverinfo", "serverinfo.pem");
    let server = |version: &str| {
        Server::other(site.path(), |port| {
            let mut server = Command::new("openssl");
            server.args(["s_server", "-www", "-accept", &format!("127.0.0.1:{port}"), "-key", "weak.key", version]);
            server.args(["-cert", "weak.pem", "-serverinfo", "serverinfo.pem", "-cipher", "DEFAULT:@SECLEVEL=0"]);
            server
        })
    };
    let weak = weak.display().to_string();
    for (version, number) in [("-tls1_2", 1), ("-tls1_1", 3)] {
        let server = server(version);
        let said = check(["--ca-file", &weak, &format!("localhost:{}", server.port)]);
        assert_eq!(said.ran.status, Some(1), "{}", said.host(0));
        assert_eq!(said.codes(0).iter().filter(|code| **code == "weak").count(), said.codes(0).len());
        assert!(said.codes(0).len() >= number, "{version}: {}", said.host(0));
        assert!(said.host(0)["problems"].to_string().contains("RSA 1024"), "{}", said.host(0));
    }
}
