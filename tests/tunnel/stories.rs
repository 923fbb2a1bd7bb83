//! What happens to servers and their rings over time, and what clients see of it. The clock is given: nobody waits.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rustix::process::Signal;

use crate::common::{has, ok, run_with, tack, write};
use crate::running::{HOST, at, connect, connect_command, forget, new_ring, serve, site, tickets};
use crate::server::{BODY, PATH, Server, wait_until};
use crate::site::Site;

/// The site's certificates last for 30 days from now on: stories are told of the days around it.
fn day(days: i64) -> String {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    tack_core::Timestamp::new(i64::try_from(now).unwrap() + days * 86_400 + 3_600).to_string()
}

fn seconds_after(time: &str, seconds: i64) -> String {
    let time: tack_core::Timestamp = time.parse().unwrap();
    tack_core::Timestamp::new(time.seconds() + seconds).to_string()
}

/// A visit that must go well: whether the server proved who it is.
fn visit(site: &Site, port: u16, now: &str) -> bool {
    let ran = connect(site, port, Some(now), &[]);
    assert!(ran.status == Some(0) && ran.text().ends_with(BODY), "{ran:?}");
    ran.stderr.contains("proved who it is")
}

fn rotate(site: &Site, now: &str, after: &str) {
    ok(at(Some(now)).args(["ticket", "key", "rotate", "--after", after, "--ring"]).arg(site.file("ring.json")));
}

#[test]
fn a_ticket_counts_to_its_last_second() {
    let (start, site) = (day(0), site(Some(&day(0))));
    let server = serve(&site, Some(&start), &["--lifetime", "7d"]);
    assert!(!visit(&site, server.port, &start));
    let list = ok(tack().current_dir(site.path()).args(["ticket", "list", "--tickets", "tickets.db", "--json"]));
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    let expires = list[0]["expires"].as_i64().unwrap_or_else(|| {
        let text = list[0]["expires"].as_str().unwrap();
        text.parse::<tack_core::Timestamp>().unwrap().seconds()
    });
    let expires = tack_core::Timestamp::new(expires).to_string();
    let stored = fs::read(site.file("tickets.db")).unwrap();
    // The client takes a moment to begin: its clock goes on from the time that it is given.
    assert!(visit(&site, server.port, &seconds_after(&expires, -10)));
    fs::write(site.file("tickets.db"), stored).unwrap();
    assert!(!visit(&site, server.port, &expires), "it has expired, and is not sent");
}

#[test]
fn pins_fade_on_ramp_down() {
    let site = site(Some(&day(0)));
    assert!(!visit(&site, serve(&site, Some(&day(0)), &["--lifetime", "7d"]).port, &day(0)));
    let before = tickets(&site);
    let server = serve(&site, Some(&day(1)), &["--ramp-down"]);
    for time in [day(1), day(6)] {
        assert!(visit(&site, server.port, &time), "the client keeps working");
        assert_eq!(tickets(&site), before, "it gets nothing new");
    }
    // Then the feature may be given up: nobody is pinned any more.
    assert!(!visit(&site, server.port, &day(8)));
    let other = site_without_tickets(&site);
    assert!(!visit(&site, other.port, &day(8)));
}

/// A server with the site's certificate that knows nothing of tickets.
fn site_without_tickets(site: &Site) -> Server {
    Server::other(site.path(), |port| {
        let mut command = Command::new("openssl");
        command.args(["s_server", "-WWW", "-quiet", "-accept", &format!("127.0.0.1:{port}"), "-key", "privkey.pem"]);
        command.args(["-cert", "cert.pem", "-cert_chain", "intermediate.pem"]);
        command
    })
}

#[test]
fn a_ring_is_rotated_during_traffic_and_nobody_notices() {
    let start = day(0);
    let site = site(Some(&start));
    let server = serve(&site, Some(&start), &[]);
    assert!(!visit(&site, server.port, &start));
    let old = fs::read(site.file("tickets.db")).unwrap();
    let (is_done, visits) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                assert!(visit(&site, server.port, &start));
                visits.fetch_add(1, Ordering::Relaxed);
            }
        });
        for taken_up in 1..=3 {
            let seen = visits.load(Ordering::Relaxed);
            wait_until("a visit", || visits.load(Ordering::Relaxed) > seen);
            rotate(&site, &start, "0m");
            server.signal(Signal::HUP);
            wait_until("taken up", || {
                server.lines().iter().filter(|line| line.contains("taken_up")).count() >= taken_up
            });
        }
        let seen = visits.load(Ordering::Relaxed);
        wait_until("more visits", || visits.load(Ordering::Relaxed) > seen + 1);
        is_done.store(true, Ordering::Relaxed);
    });
    fs::write(site.file("tickets.db"), old).unwrap();
    assert!(visit(&site, server.port, &start), "the first ticket still proves");
    assert!(
        !server.lines().iter().any(|line| line.contains("refused") || line.contains("failed")),
        "{:?}",
        server.lines()
    );
}

#[test]
fn a_new_key_is_used_when_every_server_has_it() {
    let site = site(Some(&day(0)));
    let early = fs::read(site.file("ring.json")).unwrap();
    rotate(&site, &day(0), "1d");
    let late = serve(&site, Some(&day(0)), &[]);
    // A server that has the old ring still takes what the one with the new ring gives, for a day.
    write(site.path(), "early.json", early);
    let other = serve(&site, Some(&day(0)), &["--ring", "early.json"]);
    assert!(!visit(&site, late.port, &day(0)));
    assert!(visit(&site, other.port, &day(0)));
    assert!(visit(&site, late.port, &day(0)));
    drop((late, other));
    let late = serve(&site, Some(&day(2)), &[]);
    assert!(visit(&site, late.port, &day(2)));
    let other = serve(&site, Some(&day(2)), &["--ring", "early.json"]);
    let ran = connect(&site, other.port, Some(&day(2)), &[]);
    assert!(ran.status == Some(1) && ran.stderr.contains("handshake_failure"), "{ran:?}");
    other.wait_for("ticket_refused", 1);
}

#[test]
fn two_servers_behind_a_balancer_share_a_ring() {
    if !has("two_servers_behind_a_balancer_share_a_ring", &["haproxy"]) {
        return;
    }
    let site = site(None);
    let servers = [serve(&site, None, &[]), serve(&site, None, &[])];
    let balancer = Server::other(site.path(), |port| {
        let servers: String =
            servers.iter().map(|server| format!("    server s{0} 127.0.0.1:{0}\n", server.port)).collect();
        let config = format!(
            "defaults\n    mode tcp\n    timeout connect 10s\n    timeout client 10s\n    timeout server 10s\n\
             frontend all\n    bind 127.0.0.1:{port}\n    default_backend both\n\
             backend both\n    balance roundrobin\n{servers}"
        );
        let config = write(site.path(), "balancer.cfg", config);
        let mut command = Command::new(crate::common::program("haproxy").unwrap());
        command.arg("-db").arg("-f").arg(config);
        command
    });
    let proved: Vec<_> = (0..5).map(|_| connect(&site, balancer.port, None, &[])).collect();
    for (number, ran) in proved.iter().enumerate() {
        assert_eq!(ran.status, Some(0), "{ran:?}");
        assert_eq!(ran.stderr.contains("proved who it is"), number > 0, "{ran:?}");
    }
}

#[test]
fn a_server_that_was_restored_with_an_old_ring_is_refused_until_it_is_forgotten() {
    let site = site(Some(&day(0)));
    let backup = fs::read(site.file("ring.json")).unwrap();
    rotate(&site, &day(0), "0m");
    assert!(!visit(&site, serve(&site, Some(&day(0)), &[]).port, &day(0)));
    fs::write(site.file("ring.json"), backup).unwrap();
    let server = serve(&site, Some(&day(0)), &[]);
    let before = tickets(&site);
    for count in 1..=2 {
        let ran = connect(&site, server.port, Some(&day(0)), &[]);
        assert_eq!(ran.status, Some(1));
        assert!(ran.stdout.is_empty() && ran.stderr.contains("the alert handshake_failure"), "{ran:?}");
        assert!(ran.stderr.contains(&format!("tack ticket forget --tickets tickets.db {HOST}")), "{ran:?}");
        server.wait_for("ticket_refused", count);
        server.wait_for("code=unknown_key", count);
    }
    assert_eq!(tickets(&site), before);
    forget(&site);
    assert!(!visit(&site, server.port, &day(0)));
    assert!(visit(&site, server.port, &day(0)));
}

#[test]
fn clocks_may_be_a_day_off_in_either_direction() {
    let site = site(Some(&day(5)));
    let server = serve(&site, Some(&day(5)), &["--lifetime", "7d"]);
    for (first, second) in [(day(5), day(6)), (day(5), day(4)), (day(6), day(5)), (day(4), day(10))] {
        forget(&site);
        assert!(!visit(&site, server.port, &first));
        assert!(visit(&site, server.port, &second), "{first}, {second}");
    }
    // The key that sealed is kept for a day more than its tickets last, and as long as its successor was handed about.
    rotate(&site, &day(5), "1d");
    let kept =
        ok(tack().args(["--now", &day(37), "ticket", "key", "retire", "-v", "--ring"]).arg(site.file("ring.json")));
    assert_eq!(kept.stderr.matches("retired").count(), 0, "{kept:?}");
}

#[test]
fn a_certificate_is_renewed_during_traffic() {
    let start = day(0);
    let site = site(Some(&start));
    site.add_new();
    let server = serve(&site, Some(&start), &[]);
    assert!(!visit(&site, server.port, &start));
    // First one file, then the other: what does not fit together is not taken up.
    fs::rename(site.file("new-fullchain.pem"), site.file("fullchain.pem")).unwrap();
    server.wait_for("not_taken_up", 1);
    assert!(
        server.lines().iter().any(|line| line.contains("privkey.pem: the private key is not that of")),
        "{:?}",
        server.lines()
    );
    assert!(visit(&site, server.port, &start));
    fs::rename(site.file("new-privkey.pem"), site.file("privkey.pem")).unwrap();
    server.wait_for("info taken_up", 1);
    assert!(visit(&site, server.port, &start));
}

#[test]
fn a_ring_that_cannot_be_read_is_not_taken_up() {
    let start = day(0);
    let site = site(Some(&start));
    let server = serve(&site, Some(&start), &[]);
    let ring = fs::read(site.file("ring.json")).unwrap();
    for (count, contents) in [(1, &ring[..ring.len() / 2]), (2, b""), (3, b"{}")] {
        fs::write(site.file("ring.json"), contents).unwrap();
        server.signal(Signal::HUP);
        wait_until("not taken up", || {
            server.lines().iter().filter(|line| line.contains("not_taken_up")).count() >= count
        });
        assert_eq!(visit(&site, server.port, &start), count > 1);
    }
    fs::remove_file(site.file("ring.json")).unwrap();
    server.signal(Signal::HUP);
    wait_until("not there", || server.lines().iter().any(|line| line.contains("no such file")));
    assert!(visit(&site, server.port, &start));
    assert!(!server.lines().iter().any(|line| line.contains("info taken_up")));
}

#[test]
fn a_tack_is_served_while_it_is_good_for_the_certificate() {
    let site = Site::with_tacks();
    new_ring(&site, "ring.json", None);
    site.pack(&["T1.pem"], 1, "extension", "ext.pem");
    site.pack(&["T1.pem"], 1, "certificate", "tack-cert.pem");
    for file in ["ext.pem", "serverinfo.pem", "T1.pem", "tack-cert.pem"] {
        let server = serve(&site, None, &["--tack", file]);
        let host = format!("localhost:{}", server.port);
        let ran = ok(tack().current_dir(site.path()).args(["check", "--ca-file", "root.pem", &host]));
        assert!(ran.text().starts_with("TACK OK"), "{file}: {ran:?}");
    }
    site.add_new();
    let server = serve(&site, None, &["--tack", "T1.pem", "--cert", "new-fullchain.pem", "--key", "new-privkey.pem"]);
    server.wait_for("tack_left_out", 1);
    assert_eq!(connect(&site, server.port, None, &[]).status, Some(0));
}

#[test]
fn who_has_a_connection_when_the_server_ends_gets_all_of_it() {
    let site = site(None);
    let server = serve(&site, None, &[]);
    let mut command = connect_command(&site, server.port, None, &[]);
    let mut child = command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    wait_until("connected", || tickets(&site).contains("localhost"));
    server.signal(Signal::TERM);
    server.wait_for("ending open_connections=1", 1);
    let again = run_with(&mut connect_command(&site, server.port, None, &[]), b"");
    assert!(again.status == Some(1) && again.stderr.contains("connection refused"), "{again:?}");
    let request = format!("GET {PATH} HTTP/1.0\r\n\r\n");
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), request.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stdout.ends_with(BODY.as_bytes()));
    server.wait_for("ended cut_off=0", 1);
    assert!(server.wait().success());
}

#[test]
fn as_many_connections_as_there_are_places_are_taken_and_others_wait() {
    let site = site(None);
    let server = serve(&site, None, &["--max-connections", "1"]);
    let mut first = connect_command(&site, server.port, None, &[]);
    let mut first = first.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    wait_until("connected", || tickets(&site).contains("localhost"));
    let waiting = connect(&site, server.port, None, &["--timeout", "1s"]);
    assert!(
        waiting.status == Some(1) && waiting.stderr.contains("no answer in time in the TLS handshake"),
        "{waiting:?}"
    );
    std::io::Write::write_all(first.stdin.as_mut().unwrap(), b"GET / HTTP/1.0\r\n\r\n").unwrap();
    assert!(first.wait_with_output().unwrap().status.success());
    assert_eq!(connect(&site, server.port, None, &[]).status, Some(0));
}
