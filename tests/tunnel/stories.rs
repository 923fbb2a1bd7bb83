//! What becomes of tickets over weeks: each visit is at a time of its own, and nobody waits.

use std::fs;
use std::process::Command;

use tack_core::Timestamp;

use crate::authority::Authority;
use crate::common::{has, ok, program, write};
use crate::running::{
    DAY, NOW, Running, answers, at, connect, copied, listed, new_ring, refused, ring, serve, serve_to, tickets, time,
    visit,
};
use crate::server::Server;
use crate::site::Site;

const FIRST: &str = "a first visit, nothing is proved";
const PROVED: &str = "the server proved who it is";
const NO_TICKET: &str = "it gives no new ticket";

/// A site whose certificate is good at any time, with a ring of [`NOW`].
fn site() -> Site {
    let site = Site::new();
    Authority::of(&site);
    new_ring(&site, "ring.json", Some(&time(0)));
    site
}

/// When the ticket of a site's client expires, in seconds since [`NOW`].
fn expires(site: &Site) -> i64 {
    let list = listed(site, 0);
    let expires: Timestamp = list[0]["expires"].as_str().unwrap().parse().unwrap();
    expires.seconds() - NOW
}

#[test]
fn a_ticket_is_sent_until_the_second_in_which_it_expires() {
    let site = site();
    let server = serve(&site, Some(&time(0)), &["--lifetime", "7d"]);
    assert!(visit(&site, &server, 0).contains(FIRST));
    assert!(visit(&site, &server, DAY).contains(PROVED));
    // Each visit brings a new ticket.
    let end = expires(&site);
    assert!((8 * DAY..8 * DAY + 60).contains(&end), "{end}");
    assert_eq!((&listed(&site, end - 1)[0]["valid"], &listed(&site, end)[0]["valid"]), (&true.into(), &false.into()));
    let before = fs::read(site.file("tickets.db")).unwrap();
    assert!(visit(&site, &server, end - 60).contains(PROVED));
    fs::write(site.file("tickets.db"), before).unwrap();
    assert!(visit(&site, &server, end).contains(FIRST));
    assert!(visit(&site, &server, end + DAY).contains(PROVED));
}

#[test]
fn on_ramp_down_the_pin_fades() {
    let site = site();
    visit(&site, &serve(&site, Some(&time(0)), &[]), 0);
    let end = expires(&site);
    let ticket = tickets(&site);
    let server = serve(&site, Some(&time(DAY)), &["--ramp-down"]);
    for days in [1, 2, 29] {
        let said = visit(&site, &server, days * DAY);
        assert!(said.contains(PROVED) && said.contains(NO_TICKET), "{said}");
        assert_eq!(tickets(&site), ticket);
    }
    // Who has a ticket still is not served by one who cannot prove.
    new_ring(&site, "other.json", Some(&time(0)));
    let other = serve(&site, Some(&time(DAY)), &["--ring", "other.json"]);
    refused(&site, other.port, 29 * DAY);
    let said = visit(&site, &server, end);
    assert!(said.contains(FIRST) && said.contains(NO_TICKET), "{said}");
    let said = visit(&site, &other, end);
    assert!(said.contains(FIRST), "{said}");
}

/// Clocks may be a day off, and be put right while a ticket lasts: the key that it is of is kept so long.
#[test]
fn clocks_are_off_by_a_day() {
    for skew in [-DAY, DAY] {
        let site = site();
        let server = serve(&site, Some(&time(0)), &[]);
        assert!(visit(&site, &server, skew).contains(FIRST));
        assert!(visit(&site, &server, skew + 60).contains(PROVED));
        assert!(visit(&site, &server, 120).contains(PROVED));
        assert!(visit(&site, &server, -skew).contains(PROVED));
    }

    let site = site();
    let ring = |seconds: i64, arguments: &[&str]| ring(&site, seconds, arguments);
    // This client's clock is ahead, and then put right: its ticket lasts for 32 days.
    visit(&site, &serve(&site, Some(&time(0)), &["--lifetime", "31d"]), DAY - 60);
    let before = fs::read(site.file("tickets.db")).unwrap();
    ring(0, &["rotate", "--after", "0m"]);
    let last = 32 * DAY;
    assert!(ring(last - 1, &["retire", "-v"]).contains("no key is spent"));
    assert!(visit(&site, &serve(&site, Some(&time(last)), &[]), last - 180).contains(PROVED));
    fs::write(site.file("tickets.db"), before).unwrap();
    assert!(ring(last, &["retire", "-v"]).contains(" retired"));
    let server = serve(&site, Some(&time(last)), &[]);
    // A client that is off by more is refused. At the same time one that is right has forgotten.
    refused(&site, server.port, last - 180);
    server.wait_for("code=unknown_key", 1);
    assert!(visit(&site, &server, last).contains(FIRST));
}

/// The clock of whoever made the ring was ahead: nobody is pinned until its key may be used.
#[test]
fn a_ring_of_tomorrow_gives_no_tickets() {
    let site = site();
    new_ring(&site, "tomorrow.json", Some(&time(DAY)));
    let server = serve(&site, Some(&time(0)), &["--ring", "tomorrow.json"]);
    server.wait_for(" warning no_current_key reason=", 1);
    assert!(visit(&site, &server, 0).contains(NO_TICKET));
    let server = serve(&site, Some(&time(DAY)), &["--ring", "tomorrow.json"]);
    assert!(visit(&site, &server, 0).contains("the new ticket is good until"));
    assert_eq!(server.count("no_current_key"), 0);
}

#[test]
fn a_server_with_an_old_ring_is_refused_until_it_is_forgotten() {
    let site = site();
    copied(&site, "ring.json", "backup.json");
    ring(&site, 0, &["rotate", "--after", "1d"]);
    visit(&site, &serve(&site, Some(&time(DAY)), &[]), DAY);
    let before = tickets(&site);
    let restored = serve(&site, Some(&time(2 * DAY)), &["--ring", "backup.json"]);
    let said = refused(&site, restored.port, 2 * DAY);
    assert!(said.contains("with the alert handshake_failure, as one that cannot open its ticket"), "{said}");
    restored.wait_for(" warning ticket_refused client=127.0.0.1:", 1);
    restored.wait_for(" code=unknown_key key=", 1);
    refused(&site, restored.port, 3 * DAY);
    assert_eq!(tickets(&site), before);
    // Forgetting is what the message says.
    let (_, command) = said.split_once("If you know that it has, \"tack ").unwrap();
    let (command, _) = command.split_once('"').unwrap();
    ok(at(None).current_dir(site.path()).args(command.split(' ')));
    assert!(visit(&site, &restored, 3 * DAY).contains(FIRST));
    assert!(visit(&site, &restored, 4 * DAY).contains(PROVED));
}

#[test]
fn a_new_key_is_used_when_every_server_has_it() {
    let site = site();
    copied(&site, "ring.json", "early.json");
    ring(&site, 0, &["rotate", "--after", "1d"]);
    // A server that has the old ring still takes what the one with the new ring gives, for a day.
    let late = serve(&site, Some(&time(0)), &[]);
    let early = serve(&site, Some(&time(0)), &["--ring", "early.json"]);
    assert!(visit(&site, &late, 0).contains(FIRST));
    assert!(visit(&site, &early, 60).contains(PROVED));
    assert!(visit(&site, &late, 120).contains(PROVED));
    // Then it must have the new one.
    let late = serve(&site, Some(&time(2 * DAY)), &[]);
    assert!(visit(&site, &late, 2 * DAY).contains(PROVED));
    refused(&site, early.port, 2 * DAY);
    early.wait_for(" code=unknown_key ", 1);
}

#[test]
fn servers_with_one_ring_prove_for_each_other() {
    if !has("servers_with_one_ring_prove_for_each_other", &["haproxy"]) {
        return;
    }
    let site = site();
    let authority = Authority::of(&site);
    authority.issue(&site, "other-fullchain.pem", "other-privkey.pem");
    let others = ["--cert", "other-fullchain.pem", "--key", "other-privkey.pem"];
    let (one, other) = (answers("one\n"), answers("other\n"));
    let servers = [serve_to(one, &site, Some(&time(0)), &[]), serve_to(other, &site, Some(&time(0)), &others)];
    let balancer = haproxy(&site, &servers);
    let mut answers: Vec<_> = (0..6)
        .map(|number| {
            let ran = connect(&site, balancer.port, Some(&time(number * 60)), &[]);
            assert!(ran.status == Some(0) && ran.stderr.contains(if number == 0 { FIRST } else { PROVED }), "{ran:?}");
            ran.text().to_owned()
        })
        .collect();
    answers.sort_unstable();
    assert_eq!(answers, ["one\n", "one\n", "one\n", "other\n", "other\n", "other\n"]);
}

/// HAProxy, which passes connections on to the servers in turns.
fn haproxy(site: &Site, servers: &[Running]) -> Server {
    let lines: String = servers
        .iter()
        .enumerate()
        .map(|(number, one)| format!("    server s{number} 127.0.0.1:{}\n", one.port))
        .collect();
    Server::other(site.path(), |port| {
        let config = format!(
            "defaults\n    mode tcp\n    timeout connect 10s\n    timeout client 30s\n    timeout server 30s\n\
             listen tls\n    bind 127.0.0.1:{port}\n    balance roundrobin\n{lines}"
        );
        let mut command = Command::new(program("haproxy").unwrap());
        command.arg("-db").arg("-f").arg(write(site.path(), "balancer.cfg", config));
        command
    })
}
