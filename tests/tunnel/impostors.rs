//! A man in the middle with a good certificate of the same CA: refused on the second visit, and not able to make a client forget.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use crate::common::{run_with, tack};
use crate::peers::{EC, LINE, visit as visit_peer};
use crate::running::{
    DAY, HOST, Running, connect, connect_command, listed, new_ring, peer_script, peer_server, serve, site, tickets,
    time,
};
use crate::server::{DEADLINE, Server};
use crate::site::Site;

/// The certificate and the key of the impostor: of the same CA, for the same name.
const OTHER: [&str; 4] = ["--cert", "shop-fullchain.pem", "--key", "shop-privkey.pem"];

/// What the store has, by `ticket list --json` and with the secrets.
fn store(site: &Site) -> (String, String) {
    (listed(site, 0).to_string(), tickets(site))
}

#[test]
fn an_impostor_with_a_ring_of_his_own_is_refused() {
    let site = site();
    site.add_shop();
    new_ring(&site, "other.json", None);
    // Whom a client meets first it cannot know.
    let server = serve(&site, None, &[]);
    let impostor = serve(&site, None, &[&OTHER[..], &["--ring", "other.json"]].concat());
    visit_now(&site, &server, "a first visit");
    let before = store(&site);
    for visits in 1..4 {
        let said = refused(&site, impostor.port);
        assert!(said.contains("it is an impostor, or has lost its keys"), "{said}");
        assert!(said.contains(&format!("\"tack ticket forget --tickets tickets.db {HOST}\"")), "{said}");
        // There was one connection in each visit, and it was with the ticket.
        impostor.wait_for(" code=unknown_key ", visits);
        assert_eq!(store(&site), before);
    }
    assert_eq!(impostor.count("handshake_failed"), 0, "{:?}", impostor.lines());
    let on_ramp_down = serve(&site, None, &[&OTHER[..], &["--ring", "other.json", "--ramp-down"]].concat());
    refused(&site, on_ramp_down.port);
    assert_eq!(store(&site), before);
    visit_now(&site, &server, "the server proved who it is");
}

#[test]
fn an_impostor_who_takes_no_part_is_refused() {
    let site = Site::with_tacks();
    new_ring(&site, "ring.json", None);
    let server = serve(&site, None, &[]);
    visit_now(&site, &server, "a first visit");
    let before = store(&site);
    let impostor = Server::s_server(site.path());
    let said = refused(&site, impostor.port);
    assert!(said.contains("the server does not answer the ticket that it gave before"), "{said}");
    assert_eq!(store(&site), before);
    visit_now(&site, &server, "the server proved who it is");
}

/// Of another port a client knows nothing: what comes of it is another ticket.
#[test]
fn ports_are_servers_of_their_own() {
    let site = site();
    new_ring(&site, "other.json", None);
    let server = serve(&site, None, &[]);
    let other = serve(&site, None, &["--ring", "other.json"]);
    visit_now(&site, &server, "a first visit");
    let command = connect_command(&site, other.port, None, &[]);
    let arguments = command.get_args().map(|argument| argument.to_str().unwrap().replace(HOST, "localhost:8443"));
    let mut command_of_8443 = tack();
    command_of_8443.current_dir(site.path()).args(arguments.collect::<Vec<_>>());
    for said in ["a first visit", "the server proved who it is"] {
        let ran = run_with(&mut command_of_8443, b"GET / HTTP/1.0\r\n\r\n");
        assert!(ran.status == Some(0) && ran.stderr.contains(said), "{ran:?}");
    }
    assert_eq!(listed(&site, 0).as_array().unwrap().len(), 2);
    visit_now(&site, &server, "the server proved who it is");
    refused(&site, other.port);
}

/// A new ticket counts after a proof alone, and so does a lifetime of 0.
#[test]
fn an_impostor_cannot_make_a_client_forget() {
    let Some(script) = peer_script("an_impostor_cannot_make_a_client_forget") else { return };
    for mode in ["bad-proof", "no-proof", "proof-for-other-key", "proof-of-other-secret"] {
        for lifetime in ["0", "1", "4294967295"] {
            let site = site();
            let options = ["--honest", "1", "--misbehave", mode, "--later-lifetime", lifetime];
            let server = peer_server(&script, &site, EC, &options);
            assert_eq!(visit_peer(&site, &server, &[]).0, 0);
            let before = store(&site);
            for _ in 0..2 {
                assert_eq!(visit_peer(&site, &server, &[]).0, 1, "{mode}, {lifetime}");
                assert_eq!(store(&site), before, "{mode}, {lifetime}");
            }
            server.wait_for("\"offered\"", 3);
            let lifetime: u64 = lifetime.parse().unwrap();
            let reports = server.reports();
            assert!(reports[1..].iter().all(|report| report["known"] == true && report["lifetime"] == lifetime));
        }
    }
}

/// A server may promise what it wants: nobody is locked out for longer than 31 days, and no ticket is kept for no time.
#[test]
fn whom_a_client_meets_first_pins_for_31_days_at_most() {
    let Some(script) = peer_script("whom_a_client_meets_first_pins_for_31_days_at_most") else { return };
    let site = site();
    let now = time(0);
    for (lifetime, days) in [("0", None), ("4294967295", Some(31))] {
        let server = peer_server(&script, &site, EC, &["--lifetime", lifetime]);
        // The certificate is of today, and the visit is at the beginning of the story.
        let mut command = connect_command(&site, server.port, Some(&now), &["--insecure"]);
        assert_eq!(run_with(&mut command, LINE).status, Some(0));
        let list = listed(&site, 0);
        assert_eq!(list.as_array().unwrap().len(), usize::from(days.is_some()));
        if let Some(days) = days {
            assert_eq!(listed(&site, days * DAY - 1)[0]["valid"], true);
            assert_eq!(listed(&site, days * DAY + 60)[0]["valid"], false);
        }
    }
}

/// With `--listen` each connection is a visit of its own: those to an impostor end, and the others go on.
#[test]
fn what_is_passed_on_is_refused_too() {
    let Some(script) = peer_script("what_is_passed_on_is_refused_too") else { return };
    let site = site();
    let server = peer_server(&script, &site, EC, &["--honest", "2", "--misbehave", "bad-proof"]);
    let mut command = connect_command(&site, server.port, None, &["--listen", "127.0.0.1:0"]);
    let client = Running::tack(&mut command);
    let passed_on = || {
        let mut stream = TcpStream::connect(("127.0.0.1", client.port)).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        // It may be cut off before this is sent.
        let _ = stream.write_all(LINE);
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map(|_| answer).map_err(|error| error.kind())
    };
    assert_eq!(passed_on().unwrap(), LINE);
    assert_eq!(passed_on().unwrap(), LINE);
    let before = store(&site);
    for number in 1..3 {
        assert_eq!(passed_on(), Err(ErrorKind::ConnectionReset));
        client.wait_for(" error connection_failed client=127.0.0.1:", number);
        assert_eq!(store(&site), before);
    }
    let lines = client.lines();
    let line = lines.iter().rfind(|line| line.contains("connection_failed")).unwrap();
    assert!(line.contains("the server's proof is wrong") && line.contains("tack ticket forget"), "{line}");
    server.wait_for("\"offered\"", 4);
    assert!(client.end().success());
}

/// Visits a server at the current time, of which this is said.
fn visit_now(site: &Site, server: &Running, said: &str) {
    let ran = connect(site, server.port, None, &[]);
    assert!(ran.status == Some(0) && ran.stderr.contains(said), "{ran:?}");
}

fn refused(site: &Site, port: u16) -> String {
    let ran = connect(site, port, None, &[]);
    assert_eq!((ran.status, ran.text()), (Some(1), ""), "{}", ran.stderr);
    ran.stderr
}
