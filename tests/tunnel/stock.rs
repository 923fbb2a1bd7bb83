//! Clients and servers that know nothing of tickets.

use std::process::Command;

use crate::client::{Tls, curl, python_ssl, rustls, s_client};
use crate::common::{has, ok, run};
use crate::running::{Running, connect, connect_command, new_ring, serve, tickets};
use crate::server::{BODY, PATH, Server};
use crate::site::Site;

fn site() -> Site {
    let site = Site::with_tacks();
    new_ring(&site, "ring.json", None);
    site
}

#[test]
fn stock_clients_go_on_as_before() {
    if !has("stock_clients_go_on_as_before", &["curl"]) {
        return;
    }
    let site = site();
    let server = serve(&site, None, &["--tack", "T1.pem"]);
    let root = site.file("root.pem");
    assert_eq!(ok(&mut curl(server.port, &root, Tls::V13)).text(), BODY);
    ok(&mut s_client(server.port, Tls::V13, &["-verify_return_error", "-CAfile", root.to_str().unwrap()]));
    assert_eq!(python_ssl(server.port, &root, Tls::V13).text(), BODY);
    rustls(server.port, &root, Tls::V13).unwrap();
    assert_ne!(run(&mut curl(server.port, &root, Tls::V12)).status, Some(0), "TLS 1.2 is not spoken");
    assert!(!server.lines().iter().any(|line| line.contains("ticket_refused")));
    assert!(server.end().success());
}

#[test]
fn stock_servers_are_visited_as_before() {
    if !has("stock_servers_are_visited_as_before", &["apache2", "nginx", "haproxy", "curl"]) {
        return;
    }
    let site = site();
    for (name, server) in [
        ("apache2", Server::apache(site.path(), "apache.conf")),
        ("nginx", Server::nginx(site.path(), "nginx.conf")),
        ("openssl", Server::s_server(site.path())),
    ] {
        for _ in 0..2 {
            let ran = connect(&site, server.port, None, &[]);
            assert!(ran.status == Some(0) && ran.text().ends_with(BODY), "{name}: {ran:?}");
            assert!(ran.stderr.contains("a first visit, nothing is proved; it gives no new ticket"), "{name}: {ran:?}");
        }
        let forwarder = Running::tack(&mut connect_command(&site, server.port, None, &["--listen", "127.0.0.1:0"]));
        let url = format!("http://127.0.0.1:{}{PATH}", forwarder.port);
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail", "--noproxy", "*", "--http1.0", &url]);
        for _ in 0..3 {
            assert_eq!(ok(&mut curl).text(), BODY, "{name}");
        }
        assert!(forwarder.end().success());
    }
    assert!(!tickets(&site).contains("localhost"));
}
