//! Clients and servers that know nothing of tickets go on as before.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use crate::client::{Slow, Tls, curl, python_ssl, rustls, s_client};
use crate::common::{has, ok, run, run_with, tack};
use crate::running::{HOST, Running, connect, connect_command, listed, new_ring, serve, serve_to, site, tickets};
use crate::server::{BODY, PATH, Server, backend};
use crate::site::Site;

/// The data of a large transfer: no two pieces of it are alike.
fn large() -> Vec<u8> {
    (0..2_000_000_u32).flat_map(u32::to_be_bytes).collect()
}

#[test]
fn stock_clients_before_our_server() {
    if !has("stock_clients_before_our_server", &["openssl", "curl", "python3"]) {
        return;
    }
    let site = Site::with_tacks();
    new_ring(&site, "ring.json", None);
    let server = serve(&site, None, &["--tack", "T1.pem"]);
    let root = site.file("root.pem");
    assert_eq!(ok(&mut curl(server.port, &root, Tls::V13)).text(), BODY);
    let trust = ["-verify_return_error", "-CAfile", root.to_str().unwrap()];
    let request = format!("GET {PATH} HTTP/1.0\r\n\r\n");
    let mut quiet = s_client(server.port, Tls::V13, &[&trust[..], &["-quiet", "-ign_eof"]].concat());
    assert!(run_with(&mut quiet, request.as_bytes()).text().ends_with(BODY));
    // Nothing is resumed: OpenSSL's client gets no session, and -reconnect makes new ones.
    let said = ok(&mut s_client(server.port, Tls::V13, &[&trust[..], &["-reconnect"]].concat()));
    assert!(!said.text().contains("Reused, TLS") && !said.text().contains("TLS session ticket:"), "{}", said.text());
    assert_eq!(python_ssl(server.port, &root, Tls::V13).text(), BODY);
    assert_eq!(rustls(server.port, &root, Tls::V13).unwrap().len(), 2);
    assert_eq!(server.count("handshake_failed"), 0, "{:?}", server.lines());
    assert!(server.end().success());
}

#[test]
fn clients_that_fail_end_no_other_connection() {
    if !has("clients_that_fail_end_no_other_connection", &["openssl", "curl"]) {
        return;
    }
    let site = site();
    let server = serve(&site, None, &[]);
    let (port, root) = (server.port, site.file("root.pem"));
    let slow = Slow::new(port, &root);

    assert_eq!(run(&mut curl(port, &root, Tls::V12)).status, Some(35));
    server.wait_for(" info handshake_failed client=127.0.0.1:", 1);
    // The root of another site.
    let other = Site::new();
    assert_eq!(run(&mut curl(port, &other.file("root.pem"), Tls::V13)).status, Some(60));
    server.wait_for(" reason=\"the client ended the handshake with the alert unknown_ca\"", 1);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    // It may be cut off.
    let _ = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"));
    server.wait_for(" reason=\"the client does not speak TLS\"", 1);
    drop(TcpStream::connect(("127.0.0.1", port)).unwrap());
    server.wait_for(" reason=\"the client closed the connection\"", 1);

    slow.end().unwrap();
    assert_eq!(ok(&mut curl(port, &root, Tls::V13)).text(), BODY);
    assert!(server.end().success());
}

#[test]
fn stock_servers_behind_our_client() {
    if !has("stock_servers_behind_our_client", &["openssl", "curl", "nginx", "apache2"]) {
        return;
    }
    let site = Site::with_tacks();
    for server in [
        Server::nginx(site.path(), "nginx.conf"),
        Server::apache(site.path(), "apache.conf"),
        Server::s_server(site.path()),
    ] {
        for _ in 0..2 {
            let ran = connect(&site, server.port, None, &[]);
            assert!(ran.status == Some(0) && ran.text().ends_with(BODY), "{ran:?}");
            let said = "tack: localhost:443: a first visit, nothing is proved; it gives no new ticket\n";
            assert_eq!(ran.stderr, said);
        }
        let mut command = connect_command(&site, server.port, None, &["--listen", "127.0.0.1:0"]);
        let client = Running::tack(&mut command);
        for _ in 0..2 {
            assert_eq!(ok(&mut plain_curl(client.port)).text(), BODY);
        }
        assert!(client.end().success());
        assert_eq!(listed(&site, 0).as_array().unwrap().len(), 0);
    }
}

fn plain_curl(port: u16) -> Command {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--fail", "--noproxy", "*", "--http1.0", "-H", "Host: localhost"]);
    command.arg(format!("http://127.0.0.1:{port}{PATH}"));
    command
}

/// Both of ours, between programs that know nothing of TLS.
#[test]
fn ours_between_programs_without_tls() {
    if !has("ours_between_programs_without_tls", &["openssl", "curl"]) {
        return;
    }
    let site = site();
    let server = serve(&site, None, &[]);
    let mut command = connect_command(&site, server.port, None, &["--listen", "127.0.0.1:0"]);
    let client = Running::tack(&mut command);
    let mut seen = tickets(&site);
    for _ in 0..3 {
        assert_eq!(ok(&mut plain_curl(client.port)).text(), BODY);
        // Each visit brings a new ticket.
        let now = tickets(&site);
        assert_ne!(now, seen);
        seen = now;
    }
    client.wait_for("the server proved who it is", 2);
    assert!(client.end().success() && server.end().success());
}

/// A command as the README shows it, with other words in the place of what is not here.
fn readme(command: &str, words: &[(&str, &str)]) -> Vec<String> {
    let text = fs::read_to_string("README.md").unwrap();
    let (_, rest) = text.split_once(&format!("\n    tack {command} ")).unwrap();
    let rest = rest.replace("\\\n", "");
    let shown: Vec<_> = rest.lines().next().unwrap().split_whitespace().collect();
    for (word, _) in words {
        assert!(shown.contains(word), "{word}: {shown:?}");
    }
    let here = |word: &str| words.iter().find(|(shown, _)| *shown == word).map_or(word, |(_, here)| *here).to_owned();
    command.split(' ').map(str::to_owned).chain(shown.into_iter().map(here)).collect()
}

#[test]
fn the_commands_of_the_readme() {
    if !has("the_commands_of_the_readme", &["openssl", "curl"]) {
        return;
    }
    let site = site();
    let service = format!("127.0.0.1:{}", backend());
    let files = [("CHAIN.pem", "fullchain.pem"), ("KEY.pem", "privkey.pem"), ("RING.json", "ring.json")];
    let addresses = [("0.0.0.0:443", "127.0.0.1:0"), ("127.0.0.1:8080", &*service)];
    let mut command = tack();
    command.current_dir(site.path()).args(readme("ticket serve", &[&files[..], &addresses].concat()));
    let server = Running::tack(&mut command);

    let address = format!("127.0.0.1:{}", server.port);
    let mut command = tack();
    let words = [("127.0.0.1:8443", "127.0.0.1:0"), ("www.example.com:443", HOST)];
    command.current_dir(site.path()).args(readme("ticket connect", &words));
    // Here the name leads elsewhere, and its CA is not one of the system's.
    let client = Running::tack(command.args(["--connect", &address, "--ca-file", "root.pem"]));
    for _ in 0..2 {
        assert_eq!(ok(&mut plain_curl(client.port)).text(), BODY);
    }
    let mut command = tack();
    command.current_dir(site.path()).args(["ticket", "list", "--tickets", "TICKETS.db"]);
    assert!(ok(&mut command).text().contains("localhost"));
    assert!(client.end().success() && server.end().success());
}

/// A service that reads to the end of the stream, and then sends back what came.
fn mirror() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut data = Vec::new();
            let _ = stream.read_to_end(&mut data).and_then(|_| stream.write_all(&data));
        }
    });
    port
}

/// The end of each direction is passed on, and not taken for the end of the other one.
#[test]
fn a_large_transfer_arrives_whole_in_both_directions() {
    let site = site();
    let server = serve_to(mirror(), &site, None, &[]);
    let mut command = connect_command(&site, server.port, None, &["--listen", "127.0.0.1:0"]);
    let client = Running::tack(&mut command);
    let data = large();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(("127.0.0.1", client.port)).unwrap();
        let mut back = Vec::new();
        stream.write_all(&data).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        stream.read_to_end(&mut back).unwrap();
        assert!(back == data, "{} bytes of {}", back.len(), data.len());
    }
    assert!(client.end().success() && server.end().success());
}
