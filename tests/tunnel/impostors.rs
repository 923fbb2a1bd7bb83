//! Who stands between, with a valid certificate of the same CA.

use crate::common::ok;
use crate::common::tack;
use crate::running::{HOST, Running, connect, connect_command, new_ring, serve, site, tickets};

/// An impostor: a key and a certificate of its own, by the same CA, and a ring of its own.
fn impostor(site: &crate::site::Site, options: &[&str]) -> Running {
    site.add_new();
    new_ring(site, "impostor.json", None);
    let mut all = vec!["--cert", "new-fullchain.pem", "--key", "new-privkey.pem", "--ring", "impostor.json"];
    all.extend(options);
    serve(site, None, &all)
}

#[test]
fn an_impostor_is_refused_on_the_second_visit_and_makes_nobody_forget() {
    let site = site(None);
    let server = serve(&site, None, &[]);
    assert_eq!(connect(&site, server.port, None, &[]).status, Some(0));
    let before = tickets(&site);
    let impostor = impostor(&site, &[]);
    for count in 1..=3 {
        let ran = connect(&site, impostor.port, None, &[]);
        assert!(ran.status == Some(1) && ran.stdout.is_empty(), "{ran:?}");
        assert!(ran.stderr.contains("it is an impostor, or has lost its keys"), "{ran:?}");
        // Once for each run: it is never asked again without the ticket.
        impostor.wait_for("ticket_refused", count);
        assert!(!impostor.lines().iter().any(|line| line.contains("handshake_failed")));
        assert_eq!(tickets(&site), before);
    }
    let ran = connect(&site, server.port, None, &[]);
    assert!(ran.status == Some(0) && ran.stderr.contains("proved who it is"), "{ran:?}");
}

#[test]
fn an_impostor_on_ramp_down_is_refused_as_well() {
    let site = site(None);
    assert_eq!(connect(&site, serve(&site, None, &[]).port, None, &[]).status, Some(0));
    let before = tickets(&site);
    assert_eq!(connect(&site, impostor(&site, &["--ramp-down"]).port, None, &[]).status, Some(1));
    assert_eq!(tickets(&site), before);
}

#[test]
fn a_forwarder_passes_on_nothing_to_an_impostor() {
    let site = site(None);
    assert_eq!(connect(&site, serve(&site, None, &[]).port, None, &[]).status, Some(0));
    let impostor = impostor(&site, &[]);
    let mut command = connect_command(&site, impostor.port, None, &["--listen", "127.0.0.1:0"]);
    let forwarder = Running::tack(&mut command);
    let ran = crate::common::run(
        std::process::Command::new("curl").args(["-sS", &format!("http://127.0.0.1:{}/", forwarder.port)]),
    );
    assert!(ran.status != Some(0) && ran.stdout.is_empty(), "{ran:?}");
    forwarder.wait_for("connection_failed", 1);
    assert!(forwarder.lines().iter().any(|line| line.contains("impostor")), "{:?}", forwarder.lines());
    impostor.wait_for("ticket_refused", 1);
    assert!(forwarder.end().success());
}

#[test]
fn ports_are_servers_of_their_own() {
    let site = site(None);
    let server = serve(&site, None, &[]);
    assert_eq!(connect(&site, server.port, None, &[]).status, Some(0));
    let impostor = impostor(&site, &[]);
    let mut command = connect_command(&site, impostor.port, None, &[]);
    let arguments: Vec<_> =
        command.get_args().map(|argument| argument.to_str().unwrap().replace(HOST, "localhost:8443")).collect();
    command = tack();
    let ran = crate::common::run_with(command.current_dir(site.path()).args(arguments), b"GET / HTTP/1.0\r\n\r\n");
    assert!(ran.status == Some(0) && ran.stderr.contains("a first visit"), "{ran:?}");
    ok(tack().current_dir(site.path()).args(["ticket", "forget", "--tickets", "tickets.db", "localhost:8443"]));
    assert!(connect(&site, server.port, None, &[]).stderr.contains("proved who it is"));
}
