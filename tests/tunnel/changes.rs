//! A server while its files change, and when it ends: no connection is lost.

use std::fs;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rustix::process::Signal;
use serde_json::Value;

use crate::client::{Slow, Tls, rustls};
use crate::common::{ok, run, tack, to_der};
use crate::running::{Running, connect, copied, new_ring, serve, site};
use crate::server::{BODY, wait_until};
use crate::site::Site;

const TAKEN_UP: &str = " info taken_up";
const NOT_TAKEN_UP: &str = " error not_taken_up reason=";

/// Visits a server that was visited before, which has to prove.
pub fn proved(site: &Site, server: &Running) {
    let ran = connect(site, server.port, None, &[]);
    let is_good = ran.status == Some(0) && ran.text().ends_with(BODY);
    assert!(is_good && ran.stderr.contains("the server proved who it is"), "{ran:?}");
}

/// Runs `change` while a client visits the server again and again, and another has a request open since before. After each
/// change the client has to be served, too.
fn during_traffic(site: &Site, server: &Running, change: impl FnOnce(&dyn Fn())) {
    connect(site, server.port, None, &[]);
    let slow = Slow::new(server.port, &site.file("root.pem"));
    let (is_over, visits) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let client = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                proved(site, server);
                visits.fetch_add(1, Ordering::Relaxed);
            }
        });
        let is_served = || {
            let before = visits.load(Ordering::Relaxed);
            // One may have begun before the change.
            wait_until("visits", || client.is_finished() || visits.load(Ordering::Relaxed) >= before + 2);
        };
        is_served();
        change(&is_served);
        is_over.store(true, Ordering::Relaxed);
        client.join().unwrap();
    });
    slow.end().unwrap();
    for failure in ["ticket_refused", "handshake_failed", "service_unreachable"] {
        assert_eq!(server.count(failure), 0, "{:?}", server.lines());
    }
}

#[test]
fn a_ring_is_rotated_during_traffic() {
    let site = site();
    let server = serve(&site, None, &[]);
    let key = |arguments: &[&str]| {
        let mut command = tack();
        command.current_dir(site.path()).args(["ticket", "key"]).args(arguments).args(["--ring", "ring.json"]);
        ok(&mut command).stdout
    };
    connect(&site, server.port, None, &[]);
    fs::copy(site.file("tickets.db"), site.file("old.db")).unwrap();
    during_traffic(&site, &server, |is_served| {
        for _ in 0..3 {
            key(&["rotate", "--after", "0m"]);
            server.reload(TAKEN_UP);
            is_served();
        }
    });
    let keys: Value = serde_json::from_slice(&key(&["list", "--json"])).unwrap();
    let stages: Vec<_> = keys.as_array().unwrap().iter().map(|key| key["stage"].as_str().unwrap()).collect();
    assert_eq!(stages, ["kept", "kept", "kept", "current"]);
    // The ticket of the first key, and that of the last one.
    proved(&site, &server);
    fs::copy(site.file("old.db"), site.file("tickets.db")).unwrap();
    proved(&site, &server);
    assert!(server.end().success());
}

#[test]
fn a_certificate_is_renewed_during_traffic() {
    let site = site();
    site.add_new();
    let server = serve(&site, None, &[]);
    let leaf = || rustls(server.port, &site.file("root.pem"), Tls::V13).unwrap().swap_remove(0);
    assert_eq!(leaf(), to_der(&site.file("cert.pem")));
    during_traffic(&site, &server, |is_served| {
        // Between the two the key does not fit.
        copied(&site, "new-fullchain.pem", "fullchain.pem");
        server.reload(NOT_TAKEN_UP);
        is_served();
        assert_eq!(leaf(), to_der(&site.file("cert.pem")));
        copied(&site, "new-privkey.pem", "privkey.pem");
        server.reload(TAKEN_UP);
        is_served();
    });
    assert_eq!(leaf(), to_der(&site.file("new-cert.pem")));
    assert!(server.end().success());
}

#[test]
fn files_that_cannot_be_used_are_not_taken_up() {
    let site = Site::with_tacks();
    new_ring(&site, "ring.json", None);
    let server = serve(&site, None, &["--tack", "T1.pem"]);
    connect(&site, server.port, None, &[]);
    for name in ["ring.json", "fullchain.pem", "privkey.pem", "T1.pem"] {
        let whole = fs::read(site.file(name)).unwrap();
        for half in [&whole[..whole.len() / 2], b""] {
            fs::write(site.file(name), half).unwrap();
            server.reload(&format!("{NOT_TAKEN_UP}\"{name}: "));
            proved(&site, &server);
        }
        fs::remove_file(site.file(name)).unwrap();
        server.reload(&format!("{NOT_TAKEN_UP}\"{name}: "));
        proved(&site, &server);
        fs::write(site.file(name), whole).unwrap();
        server.reload(TAKEN_UP);
        proved(&site, &server);
    }
    // No line has what is in the files.
    let said = server.lines().concat();
    assert!(!said.contains("BEGIN") && !said.contains("secret"), "{said}");
    assert!(server.end().success());
}

/// The keys of the tacks that `check` sees, and its exit status.
pub fn tacks(site: &Site, server: &Running) -> (Option<i32>, Vec<String>) {
    let mut check = tack();
    check.current_dir(site.path()).args(["check", "--json", "--ca-file", "root.pem"]);
    let ran = run(check.arg(format!("localhost:{}", server.port)));
    let said: Value = serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    let tacks = said["hosts"][0]["tacks"].as_array().cloned().unwrap_or_default();
    (ran.status, tacks.iter().map(|tack| tack["key_fingerprint"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn a_tack_is_served_and_taken_up() {
    let site = Site::with_tacks();
    site.add_new();
    new_ring(&site, "ring.json", None);
    site.sign("K1.pem", "new-cert.pem", "new-T1.pem");
    let server = serve(&site, None, &["--tack", "T1.pem"]);
    let (status, first) = tacks(&site, &server);
    assert_eq!((status, first.len()), (Some(0), 1));
    copied(&site, "T2.pem", "T1.pem");
    server.reload(TAKEN_UP);
    let (status, second) = tacks(&site, &server);
    assert!(status == Some(0) && second.len() == 1 && second != first, "{second:?}");
    // A TACK certificate goes behind the chain.
    site.pack(&["T2.pem"], 1, "certificate", "T1.pem");
    server.reload(TAKEN_UP);
    assert_eq!(tacks(&site, &server), (Some(0), second));
    // A tack for another certificate would have the server refused.
    copied(&site, "new-T1.pem", "T1.pem");
    server.reload(" warning tack_left_out reason=");
    assert_eq!(tacks(&site, &server).1, [""; 0]);
    connect(&site, server.port, None, &[]);
    proved(&site, &server);
    assert!(server.end().success());
}

#[test]
fn an_open_connection_is_served_to_its_end() {
    for signal in [Signal::TERM, Signal::INT] {
        let site = site();
        let server = serve(&site, None, &[]);
        let slow = Slow::new(server.port, &site.file("root.pem"));
        server.signal(signal);
        server.wait_for(" info ending open_connections=1", 1);
        assert!(TcpStream::connect(("127.0.0.1", server.port)).is_err());
        slow.end().unwrap();
        let (status, lines) = server.wait();
        assert!(status.success() && lines.last().unwrap().ends_with(" info ended cut_off=0"), "{lines:?}");
    }
}

/// Who will not end is cut off by a second signal.
#[test]
fn a_second_signal_cuts_off() {
    let site = site();
    let server = serve(&site, None, &[]);
    let slow = Slow::new(server.port, &site.file("root.pem"));
    server.signal(Signal::TERM);
    server.wait_for(" info ending open_connections=1", 1);
    server.signal(Signal::TERM);
    let (status, lines) = server.wait();
    assert!(status.success() && lines.last().unwrap().ends_with(" info ended cut_off=1"), "{lines:?}");
    assert!(slow.end().is_err());
}

#[test]
fn others_wait_while_every_place_is_taken() {
    let site = site();
    let server = serve(&site, None, &["--max-connections", "1"]);
    let slow = Slow::new(server.port, &site.file("root.pem"));
    let ran = connect(&site, server.port, None, &["--timeout", "1s"]);
    let words = "no answer in time in the TLS handshake";
    assert!(ran.status == Some(1) && ran.stderr.contains(words), "{ran:?}");
    slow.end().unwrap();
    assert_eq!(connect(&site, server.port, None, &[]).status, Some(0));
    assert!(server.end().success());
}
