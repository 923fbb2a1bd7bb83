//! Both roles before an independent peer: tlslite-ng, with a key schedule and proofs of the tests' own.

use crate::common::{ok, python, run_with};
use crate::running::{
    HOST, Running, connect_command, forget, peer_client, peer_script, peer_server, serve, site, tickets,
};
use crate::site::Site;

const LINE: &[u8] = b"hello\n";
const SUITES: [&str; 3] = ["aes128-sha256", "aes256-sha384", "chacha20-sha256"];
const GROUPS: [&str; 3] = ["x25519", "secp256r1", "secp384r1"];
const EC: [&str; 2] = ["fullchain.pem", "privkey.pem"];
const RSA: [&str; 2] = ["rsa-fullchain.pem", "rsa-privkey.pem"];

/// Connects to the peer, which says what it is told.
fn visit(site: &Site, server: &Running, options: &[&str]) -> (i32, String) {
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
    let site = site(None);
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
                let reports = server.reports();
                let report = &reports[visit_number];
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
    let site = site(None);
    site.add_rsa();
    let mut number = 0;
    for (files, proof) in [(EC, "rfc"), (RSA, "rfc"), (EC, "draft04"), (RSA, "draft04")] {
        let server = serve(&site, None, &["--cert", files[0], "--key", files[1], "--proof", proof]);
        for suite in SUITES {
            for group in GROUPS {
                number += 1;
                let state = format!("state-{number}.json");
                let options =
                    ["--state", &state, "--proof", proof, "--suite", suite, "--share", group, "--groups", group];
                let (status, first) = peer_client(&script, &site, server.port, &options);
                assert_eq!(
                    (status, &first["proof"], &first["lifetime"]),
                    (0, &"none".into(), &2_592_000.into()),
                    "{first}"
                );
                let (status, second) = peer_client(&script, &site, server.port, &options);
                assert_eq!((status, &second["proof"]), (0, &"good".into()), "{second}");
                assert_eq!((&second["suite"], &second["group"]), (&suite.into(), &group.into()));
                assert_ne!(first["ticket"], second["ticket"]);
            }
        }
        // A share of a group that our server has not: it asks for another one. The transcript is another one then.
        let state = format!("retried-{number}.json");
        let options = ["--state", &state, "--proof", proof, "--share", "secp521r1", "--groups", "secp521r1,secp256r1"];
        for proof in ["none", "good"] {
            let (status, report) = peer_client(&script, &site, server.port, &options);
            assert_eq!(
                (status, &report["proof"], &report["hello_retry"]),
                (0, &proof.into(), &true.into()),
                "{report}"
            );
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
        let site = site(None);
        let server = peer_server(&script, &site, EC, &["--honest", "1", "--misbehave", mode]);
        assert_eq!(visit(&site, &server, &[]).0, 0, "{mode}");
        let before = tickets(&site);
        let (status, stderr) = visit(&site, &server, &[]);
        assert!(status == 1 && stderr.contains(words), "{mode}: {stderr}");
        assert!(stderr.contains(&format!("\"tack ticket forget --tickets tickets.db {HOST}\"")), "{mode}: {stderr}");
        server.wait_for("\"offered\"", 2);
        assert_eq!(server.reports()[1]["alert_received"], alert, "{mode}");
        // One connection and no more, and nothing is forgotten.
        assert_eq!(tickets(&site), before, "{mode}");
    }
}

#[test]
fn our_client_refuses_what_a_first_visit_may_not_bring() {
    let Some(script) = peer_script("our_client_refuses_what_a_first_visit_may_not_bring") else { return };
    let site = site(None);
    let server = peer_server(&script, &site, EC, &["--misbehave", "proof-on-first-visit"]);
    let (status, stderr) = visit(&site, &server, &[]);
    assert!(status == 1 && stderr.contains("a proof without a ticket to prove by"), "{stderr}");
    let server = peer_server(&script, &site, EC, &["--misbehave", "twice"]);
    assert_eq!(visit(&site, &server, &[]).0, 1);
    assert!(!tickets(&site).contains("localhost"));
}

#[test]
fn our_server_refuses_what_a_client_may_not_send_and_goes_on() {
    let Some(script) = peer_script("our_server_refuses_what_a_client_may_not_send_and_goes_on") else { return };
    let site = site(None);
    let server = serve(&site, None, &[]);
    let state = ["--state", "state.json"];
    assert_eq!(peer_client(&script, &site, server.port, &state).0, 0);
    for (mode, alert, code) in [
        ("wrong-ticket", 40, Some("damaged_ticket")),
        ("short-ticket", 40, Some("foreign_ticket")),
        ("random-ticket", 40, Some("foreign_ticket")),
        ("long-ticket", 40, Some("foreign_ticket")),
        ("truncated-body", 50, Some("malformed")),
        ("trailing-byte", 50, Some("malformed")),
    ] {
        let before = server.lines().iter().filter(|line| line.contains("ticket_refused")).count();
        let mut options = vec!["--misbehave", mode];
        if mode == "wrong-ticket" {
            options.extend(state);
        }
        let (status, report) = peer_client(&script, &site, server.port, &options);
        assert_eq!((status, &report["alert_received"]), (1, &alert.into()), "{mode}: {report}");
        server.wait_for("ticket_refused", before + 1);
        let lines = server.lines();
        let line = lines.iter().rfind(|line| line.contains("ticket_refused")).unwrap();
        let code = code.unwrap();
        // What a random ticket looks like is a matter of its first byte and its key.
        let is_told = line.contains(code) || (mode.ends_with("-ticket") && line.contains("unknown_key"));
        assert!(is_told && line.contains("client=127.0.0.1:"), "{mode}: {line}");
    }
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
    let site = site(None);
    let server = peer_server(&script, &site, EC, &["--proof", "draft04"]);
    assert_eq!(visit(&site, &server, &[]).0, 0);
    assert!(visit(&site, &server, &[]).1.contains("the server's proof is wrong"));
    assert_eq!(visit(&site, &server, &["--proof", "draft04"]).0, 0);
}
