//! rustls clients that require TACK keys or pin to them, before real servers that send a TACK certificate.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod agreement;
mod authority;
mod cases;
mod client;
#[path = "../../crates/tack-rustls/tests/common/clock.rs"]
mod clock;
#[path = "../common/mod.rs"]
mod common;
mod listener;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../servers/server.rs"]
mod server;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../servers/site.rs"]
mod site;
mod stored;
mod year;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

use tack_core::{
    Certificate, Draft02, Expiration, Generations, Minute, SigningKey, Tack, TackCertificate, TackExtension, TargetHash,
};
use tack_pin::{Pin, PinStore, SqliteStore};

use client::{Client, KINDS, NAME};
use common::{has, ok, run, target_hash, write};
use server::{BODY, PATH, Server, wait_until};
use site::Site;

/// What a server presents, and why a client refuses it that requires key 1, and keeps to its pins.
struct Case {
    name: &'static str,
    extension: Option<TackExtension>,
    pin: Option<Pin>,
    expected: Option<&'static str>,
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32]).unwrap()
}

fn pin(seed: u8, min_generation: u8) -> Option<Pin> {
    let key = key(seed).public_key().fingerprint();
    Some(Pin { key, min_generation, initial: Minute::new(1), end: Minute::MAX })
}

fn at(time: &str) -> Minute {
    match time.parse().unwrap() {
        Expiration::At(minute) => minute,
        Expiration::In(span) => panic!("{span} is no time"),
    }
}

fn cases(site: &Site) -> Vec<Case> {
    let hash = target_hash(&site.file("cert.pem"));
    let tack = |seed, expiration, hash| Tack::sign(&key(seed), Generations::default(), at(expiration), hash);
    let extension = |tacks| Some(TackExtension::from(Draft02::new(tacks, 1).unwrap()));
    let good = || tack(1, "2100Z", hash);
    let elsewhere = |seed| tack(seed, "2100Z", TargetHash::of(b"another key"));
    let mut damaged = extension(vec![good()]).unwrap().to_bytes();
    // The last byte of the signature, before the activation flags.
    let last = damaged.len() - 2;
    damaged[last] ^= 1;
    let damaged = TackExtension::from_bytes(&damaged).unwrap();
    let case = |name, extension, pin, expected| Case { name, extension, pin, expected };
    vec![
        case("no tack", None, None, Some("key_required")),
        case("an expired tack", extension(vec![tack(1, "2020Z", hash)]), None, Some("expired")),
        case("a tack for another TLS key", extension(vec![elsewhere(1)]), None, Some("target_hash")),
        case("two tacks of which one fits", extension(vec![good(), elsewhere(2)]), None, Some("target_hash")),
        case("a bad signature", Some(damaged), None, Some("signature")),
        case("a revoked generation", extension(vec![good()]), pin(1, 1), Some("revoked")),
        case("a contradicted pin", extension(vec![good()]), pin(2, 0), Some("contradicted")),
        case("the right tack", extension(vec![good()]), pin(1, 0), None),
    ]
}

/// Puts the chain with a TACK certificate behind it where each server looks for it.
fn install(site: &Site, extension: Option<&TackExtension>) {
    let made = extension.map(|extension| TackCertificate::new(extension, &mut getrandom::SysRng).unwrap().to_pem());
    write(site.path(), "tack.pem", made.unwrap_or_default());
    site.join(&["ca.pem", "tack.pem"], "intermediate.pem");
    site.join(&["cert.pem", "intermediate.pem"], "fullchain.pem");
    site.join(&["privkey.pem", "fullchain.pem"], "haproxy.pem");
}

fn new_site() -> Site {
    let site = Site::with_tacks();
    fs::rename(site.file("intermediate.pem"), site.file("ca.pem")).unwrap();
    site
}

/// Each refusal with its code, each provider, each version; and a client that only reports goes on.
fn judges(start: impl Fn(&Site) -> Server) {
    let site = new_site();
    for case in cases(&site) {
        install(&site, case.extension.as_ref());
        let server = start(&site);
        is_judged(&site, &server, &case, &format!("200 {}\n", BODY.len()));
    }
}

/// Clients with the verifier, and both HTTP clients among the examples, which print this of the server's page.
fn is_judged(site: &Site, server: &Server, case: &Case, page: &str) {
    let Case { name, pin, expected, .. } = *case;
    for kind in KINDS {
        let client = |reports| Client::new(site, kind).requiring(&key(1), reports).pinning(pin, reports);
        let judged = client(false).connect(server.port);
        assert_eq!((judged.refused.as_deref(), judged.seen.as_deref()), (expected, expected), "{name} {kind:?}");
        let judged = client(true).connect(server.port);
        assert_eq!((judged.refused.as_deref(), judged.seen.as_deref()), (None, expected), "{name} {kind:?}");
    }
    let said = expected.map_or(page.to_owned(), |code| format!("refused: {code}\n"));
    for (client, host) in [("https_client", NAME), ("ureq_client", "localhost")] {
        let pins: Vec<_> = pin.into_iter().map(|pin| (host.parse().unwrap(), pin)).collect();
        SqliteStore::open(site.file("PINS.db")).unwrap().import(&pins, Minute::new(1)).unwrap();
        let run = |more: &[&str]| {
            let mut command = Command::new(example(client));
            command.current_dir(site.path()).args(["--ca", "root.pem", "--pins", "PINS.db"]).args(more);
            command.args(["--require", key(1).public_key().fingerprint().as_str()]);
            if client == "https_client" {
                command.args(["--connect", &format!("127.0.0.1:{}", server.port)]);
            }
            let ran = run(command.arg(format!("https://{host}:{}{PATH}", server.port)));
            (ran.text().to_owned(), ran.status)
        };
        assert_eq!(run(&[]), (said.clone(), Some(i32::from(expected.is_some()))), "{name} {client}");
        assert_eq!(run(&["--report-only"]), (page.to_owned(), Some(0)), "{name} {client}");
        fs::remove_file(site.file("PINS.db")).unwrap();
    }
}

#[test]
fn what_apache_sends_is_judged() {
    if has("what_apache_sends_is_judged", &["openssl", "apache2"]) {
        judges(|site| Server::apache(site.path(), "apache.conf"));
    }
}

#[test]
fn what_nginx_sends_is_judged() {
    if has("what_nginx_sends_is_judged", &["openssl", "nginx"]) {
        judges(|site| Server::nginx(site.path(), "nginx.conf"));
    }
}

#[test]
fn what_haproxy_sends_is_judged() {
    if has("what_haproxy_sends_is_judged", &["openssl", "haproxy"]) {
        judges(|site| Server::haproxy(site.path(), "haproxy.cfg"));
    }
}

#[test]
fn what_s_server_sends_is_judged() {
    if has("what_s_server_sends_is_judged", &["openssl"]) {
        judges(|site| Server::s_server(site.path()));
    }
}

/// Our server sends no tack that does not fit, so that a client misses the key that it requires.
#[test]
fn what_our_server_sends_is_judged() {
    if !has("what_our_server_sends_is_judged", &["openssl"]) {
        return;
    }
    let site = new_site();
    let cases = cases(&site).into_iter().filter(|case| case.extension.is_some());
    for case in cases {
        install(&site, case.extension.as_ref());
        site.join(&["cert.pem", "ca.pem"], "chain.pem");
        let server = https_server(&site, "chain.pem", "tack.pem");
        let expected = match case.expected {
            Some("expired" | "target_hash" | "signature") => Some("key_required"),
            other => other,
        };
        is_judged(&site, &server, &Case { expected, ..case }, "200 3\n");
    }
}

fn https_server(site: &Site, chain: &str, tack: &str) -> Server {
    Server::other(site.path(), |port| {
        let mut command = Command::new(example("https_server"));
        command.args(["--chain", chain, "--key", "privkey.pem", "--tack", tack]);
        command.args(["--listen", &format!("127.0.0.1:{port}")]);
        command
    })
}

/// What `openssl s_server` says of the alert that it received.
#[test]
fn the_alert_is_on_the_wire() {
    if !has("the_alert_is_on_the_wire", &["openssl"]) {
        return;
    }
    let site = new_site();
    for Case { name, extension, pin, expected } in cases(&site).into_iter().filter(|case| case.expected.is_some()) {
        install(&site, extension.as_ref());
        let server = Server::other(site.path(), |port| {
            let mut command = Command::new("openssl");
            command.args(["s_server", "-WWW", "-msg", "-accept", &format!("127.0.0.1:{port}")]);
            command.args(["-key", "privkey.pem", "-cert", "cert.pem", "-cert_chain", "intermediate.pem"]);
            command
        });
        let log = || fs::read_to_string(site.file(&format!("log-{}", server.port))).unwrap();
        let draft = match expected {
            Some("expired") => "certificate_expired",
            Some("revoked") => "certificate_revoked",
            Some("contradicted" | "key_required") => "access_denied",
            _ => "bad_certificate",
        };
        for kind in KINDS {
            for (sends_draft, alert) in [(false, "certificate_unknown"), (true, draft)] {
                let said = format!("Alert [length 0002], fatal {alert}");
                let before = log().matches(&said).count();
                let client = Client::new(&site, kind).requiring(&key(1), false).pinning(pin, false);
                let client = if sends_draft { client.with_draft_alerts() } else { client };
                let judged = client.connect(server.port);
                assert_eq!(judged.seen.as_deref(), expected, "{name} {kind:?}");
                wait_until(&said, || log().matches(&said).count() > before);
            }
        }
    }
}

/// The examples of the crate, which are built for it.
fn example(name: &str) -> PathBuf {
    static BUILD: Once = Once::new();
    BUILD.call_once(|| {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--locked", "--package", "tack-rustls", "--examples"]);
        ok(build.current_dir(env!("CARGO_MANIFEST_DIR")));
    });
    Path::new(env!("CARGO_BIN_EXE_tack")).parent().unwrap().join("examples").join(name)
}

/// A server of ours takes up what `tack deploy` installs, while it runs.
#[test]
fn our_server_takes_up_what_deploy_installs() {
    if !has("our_server_takes_up_what_deploy_installs", &["openssl"]) {
        return;
    }
    let site = Site::with_tacks();
    let deploy = |tack: &str| {
        let mut command = common::tack();
        command.current_dir(site.path()).args(["deploy", "-c", "cert.pem", "-a", "1", "--format", "certificate"]);
        ok(command.args(["-o", "deployed.pem", tack]));
    };
    deploy("T1.pem");
    let server = https_server(&site, "fullchain.pem", "deployed.pem");
    let keys = || {
        let seen = |kind| Client::new(&site, kind).connect(server.port).keys;
        KINDS.map(seen).concat()
    };
    let fingerprint = |file: &str| {
        let tack = Tack::from_pem(&fs::read(site.file(file)).unwrap()).unwrap();
        tack.public_key().fingerprint()
    };
    assert_eq!(keys(), [fingerprint("T1.pem"); 4]);
    fs::remove_file(site.file("deployed.pem")).unwrap();
    deploy("T2.pem");
    wait_until("the new tack", || keys() == [fingerprint("T2.pem"); 4]);

    let chain = Certificate::all_from_bytes(&fs::read(site.file("deployed.pem")).unwrap()).unwrap();
    assert_eq!(chain.len(), 1);
}
