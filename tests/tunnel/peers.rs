//! Both roles before an independent peer: tlslite-ng, with a key schedule and proofs of the tests' own.

use crate::common::{ok, python, run_with};
use crate::running::{
    HOST, Running, connect_command, forget, peer_client, peer_script, peer_server, serve, site, tickets,
};
use crate::site::Site;

pub const LINE: &[u8] = b"hello\n";
const SUITES: [&str; 3] = ["aes128-sha256", "aes256-sha384", "chacha20-sha256"];
const GROUPS: [&str; 3] = ["x25519", "secp256r1", "secp384r1"];
pub const EC: [&str; 2] = ["fullchain.pem", "privkey.pem"];
const RSA: [&str; 2] = ["rsa-fullchain.pem", "rsa-privkey.pem"];

/// Connects to the peer, which says what it is told.
pub fn visit(site: &Site, server: &Running, options: &[&str]) -> (i32, String) {
    let ran = run_with(&mut connect_command(site, server.port, None, options), LINE);
    let is_answered = ran.stdout == LINE;
    assert_eq!(ran.status == Some(0), is_answered, "{ran:?}");
    (ran.status.unwrap(), ran.stderr)
}

#[test]
fn the_peer_computes_the_vectors() {
    let Some(script) = peer_script("the_peer_computes_the_vectors") else { return };
    ok(python().arg(script).arg("vectors"));
}

#[test]
fn servers_of_the_peer_prove_to_our_client() {
    let Some(script) = peer_script("servers_of_the_peer_prove_to_our_client") else { return };
    let site = site();
    site.add_rsa();
    let mut number = 0;
    for suite in SUITES {
        for group in GROUPS {
            // Every suite with every group; certificates and proofs in turns. Our first share is X25519: the other groups
            // need a HelloRetryRequest.
            let files = if number % 2 == 0 { EC } else { RSA };
            let proof = if number % 4 < 2 { "rfc" } else { "draft04" };
            number += 1;
            let server = peer_server(&script, &site, files, &["--suite", suite, "--group", group, "--proof", proof]);
            forget(&site);
            for (visit_number, said) in ["a first visit", "proved who it is", "proved who it is"].iter().enumerate() {
                let (status, stderr) = visit(&site, &server, &["--proof", proof]);
                assert!(status == 0 && stderr.contains(said), "{suite}, {group}, {proof}: {stderr}");
                server.wait_for("\"offered\"", visit_number + 1);
                let report = &server.reports()[visit_number];
                assert_eq!((&report["suite"], &report["group"]), (&suite.into(), &group.into()));
                assert_eq!(report["hello_retry"], group != "x25519", "{group}");
                assert_eq!(report["known"], visit_number > 0);
                assert!(report["error"].is_null(), "{report}");
            }
        }
    }
}

#[test]
fn our_server_proves_to_clients_of_the_peer() {
    let Some(script) = peer_script("our_server_proves_to_clients_of_the_peer") else { return };
    let site = site();
    site.add_rsa();
    let kinds = [(EC, "rfc"), (RSA, "rfc"), (EC, "draft04"), (RSA, "draft04")];
    let server =
        |(files, proof): ([&str; 2], _)| serve(&site, None, &["--cert", files[0], "--key", files[1], "--proof", proof]);
    let servers = kinds.map(|kind| (kind.1, server(kind)));
    let all = SUITES.iter().flat_map(|suite| GROUPS.map(|group| (suite, group)));
    for (number, (suite, group)) in all.enumerate() {
        // Every suite with every group; certificates and proofs in turns.
        let (proof, server) = &servers[number % servers.len()];
        let state = format!("state-{number}.json");
        let options = ["--state", &state, "--proof", proof, "--suite", suite, "--share", group, "--groups", group];
        let (status, first) = peer_client(&script, &site, server.port, &options);
        let said = (&first["proof"], &first["lifetime"]);
        assert_eq!((status, said), (0, (&"none".into(), &2_592_000.into())), "{first}");
        let (status, second) = peer_client(&script, &site, server.port, &options);
        let said = (&second["proof"], &second["suite"], &second["group"]);
        assert_eq!((status, said), (0, (&"good".into(), &(*suite).into(), &group.into())), "{second}");
        assert_ne!(first["ticket"], second["ticket"]);
    }
    for (number, (proof, server)) in servers.iter().enumerate() {
        // Our server has not the group of the share: it asks for another one, and the transcript is another one then.
        let (state, suite) = (format!("retried-{number}.json"), SUITES[number % 2]);
        let options = ["--state", &state, "--proof", proof, "--suite", suite];
        let options = [&options[..], &["--share", "secp521r1", "--groups", "secp521r1,secp256r1"]].concat();
        for proof in ["none", "good"] {
            let (status, report) = peer_client(&script, &site, server.port, &options);
            let said = (&report["proof"], &report["hello_retry"]);
            assert_eq!((status, said), (0, (&proof.into(), &true.into())), "{report}");
        }
    }
}

#[test]
fn our_client_refuses_what_a_server_may_not_send() {
    let Some(script) = peer_script("our_client_refuses_what_a_server_may_not_send") else { return };
    let wrong = "the server's proof is wrong";
    for (mode, alert, words) in [
        ("no-extension", 40, "does not answer the ticket"),
        ("no-proof", 40, "proves nothing"),
        ("bad-proof", 40, wrong),
        ("short-proof", 40, wrong),
        ("long-proof", 40, wrong),
        ("proof-for-other-key", 40, wrong),
        ("proof-of-other-secret", 40, wrong),
        ("empty-body", 50, "malformed: it ends within its proof"),
        ("trailing-byte", 50, "malformed: there are 1 bytes after its last field"),
        ("truncated", 50, "malformed: it ends within its lifetime"),
        ("garbage", 50, "malformed"),
    ] {
        let site = site();
        let server = peer_server(&script, &site, EC, &["--honest", "1", "--misbehave", mode]);
        assert_eq!(visit(&site, &server, &[]).0, 0, "{mode}");
        let before = tickets(&site);
        let (status, stderr) = visit(&site, &server, &[]);
        assert!(status == 1 && stderr.contains(words), "{mode}: {stderr}");
        assert!(stderr.contains(&format!("\"tack ticket forget --tickets tickets.db {HOST}\"")), "{mode}: {stderr}");
        assert_eq!(tickets(&site), before, "{mode}");
        // Nothing is forgotten, and no visit is made without the ticket: those of the peer come one after the other.
        assert_eq!(visit(&site, &server, &[]), (status, stderr), "{mode}");
        server.wait_for("\"offered\"", 3);
        let reports = server.reports();
        for report in &reports[1..] {
            assert_eq!((&report["alert_received"], &report["known"]), (&alert.into(), &true.into()), "{mode}");
            assert_eq!(report["ticket_received"], reports[0]["ticket_sent"], "{mode}");
        }
    }
}

#[test]
fn our_client_refuses_what_a_first_visit_may_not_bring() {
    let Some(script) = peer_script("our_client_refuses_what_a_first_visit_may_not_bring") else { return };
    let site = site();
    for (mode, alert, words) in [
        ("proof-on-first-visit", 40, "a proof without a ticket to prove by"),
        ("empty-body", 50, "malformed: it ends within its proof"),
        ("garbage", 50, "malformed: it ends within its proof"),
        // OpenSSL sees that before we do.
        ("twice", 47, "bad extension"),
    ] {
        let server = peer_server(&script, &site, EC, &["--misbehave", mode]);
        let (status, stderr) = visit(&site, &server, &[]);
        assert!(status == 1 && stderr.contains(words), "{mode}: {stderr}");
        assert!(!stderr.contains("impostor"), "{mode}: {stderr}");
        server.wait_for("\"offered\"", 1);
        assert_eq!(server.reports()[0]["alert_received"], alert, "{mode}");
    }
    assert!(!tickets(&site).contains("localhost"));
}

#[test]
fn our_server_refuses_what_a_client_may_not_send_and_goes_on() {
    let Some(script) = peer_script("our_server_refuses_what_a_client_may_not_send_and_goes_on") else { return };
    let site = site();
    let server = serve(&site, None, &[]);
    let state = ["--state", "state.json"];
    assert_eq!(peer_client(&script, &site, server.port, &state).0, 0);
    let long = ["--state", "state.json", "--ticket-length", "40"];
    for (mode, options, alert, code) in [
        ("wrong-ticket", &state[..], 40, "damaged_ticket"),
        ("short-ticket", &long, 40, "damaged_ticket"),
        ("short-ticket", &[], 40, "foreign_ticket"),
        ("random-ticket", &[], 40, "_"),
        ("long-ticket", &[], 40, "_"),
        ("truncated-body", &state, 50, "malformed"),
        ("trailing-byte", &state, 50, "malformed"),
    ] {
        let before = server.count("ticket_refused");
        let options = [&["--misbehave", mode], options].concat();
        let (status, report) = peer_client(&script, &site, server.port, &options);
        assert_eq!((status, &report["alert_received"]), (1, &alert.into()), "{mode}: {report}");
        server.wait_for("ticket_refused", before + 1);
        let lines = server.lines();
        let line = lines.iter().rfind(|line| line.contains("ticket_refused")).unwrap();
        // One random ticket of 256 looks like one of a key that we have not.
        let is_random = code == "_" && ["foreign_ticket", "unknown_key"].iter().any(|code| line.contains(code));
        let is_told = is_random || line.contains(&format!(" code={code} "));
        assert!(is_told && line.contains(" warning ticket_refused client=127.0.0.1:"), "{mode}: {line}");
    }
    assert_eq!(server.count("handshake_failed"), 0);
    for mode in ["no-extension", "empty-body"] {
        let (status, report) = peer_client(&script, &site, server.port, &["--misbehave", mode]);
        assert_eq!((status, &report["answered"]), (0, &(mode == "empty-body").into()), "{mode}: {report}");
    }
    assert_eq!(peer_client(&script, &site, server.port, &state).1["proof"], "good");
    assert!(server.end().success());
}

#[test]
fn proofs_of_the_draft_are_none_of_the_rfc() {
    let Some(script) = peer_script("proofs_of_the_draft_are_none_of_the_rfc") else { return };
    let site = site();
    let server = peer_server(&script, &site, EC, &["--proof", "draft04"]);
    assert_eq!(visit(&site, &server, &[]).0, 0);
    assert!(visit(&site, &server, &[]).1.contains("the server's proof is wrong"));
    assert_eq!(visit(&site, &server, &["--proof", "draft04"]).0, 0);
}
