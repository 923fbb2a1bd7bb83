//! What the user reads when something is wrong.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use crate::common::{Ran, run, tack, write};
use crate::running::{HOST, at, connect, connect_command, new_ring, serve, serve_command, site};
use crate::server::Server;
use crate::site::Site;

fn said(ran: &Ran, status: i32, words: &str) {
    assert!(ran.status == Some(status) && ran.stderr.contains(words), "{words}: {ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
}

#[test]
fn files_that_cannot_be_served() {
    let site = site(None);
    site.add_new();
    write(site.path(), "empty.pem", "");
    write(site.path(), "text.pem", "no PEM\n");
    let cipher = ["pkey", "-aes128", "-passout", "pass:x", "-in", "privkey.pem", "-out", "locked.pem"];
    crate::common::ok(Command::new("openssl").current_dir(site.path()).args(cipher));
    for (options, words) in [
        (["--cert", "none.pem"], "tack: none.pem: cannot be read: no such file or directory; check its name"),
        (["--cert", "empty.pem"], "tack: empty.pem: it is empty"),
        (["--cert", "text.pem"], "tack: text.pem: there is no certificate in PEM"),
        (["--cert", "privkey.pem"], "tack: privkey.pem: there is no certificate in PEM"),
        (["--key", "cert.pem"], "tack: cert.pem: the private key cannot be read; give one in PEM without a password"),
        (
            ["--key", "locked.pem"],
            "tack: locked.pem: the private key cannot be read; give one in PEM without a password",
        ),
        (["--key", "new-privkey.pem"], "tack: new-privkey.pem: the private key is not that of the first certificate"),
        (["--ring", "cert.pem"], "tack: cert.pem: it is no key ring"),
        (["--tack", "cert.pem"], "tack: cert.pem: it holds no tack"),
        (["--cert", "-"], "tack: standard input: it cannot be read again when it changes; give files"),
    ] {
        said(&run(&mut serve_command(&site, None, &options)), 1, words);
    }
}

#[test]
fn command_lines_that_cannot_be_meant() {
    let site = site(None);
    let connect = |server: &str| run(tack().current_dir(site.path()).args(["ticket", "connect", server]));
    said(&connect("localhost"), 2, "tack: localhost: give the port too, as HOST:PORT");
    said(
        &connect("127.0.0.1:443"),
        2,
        "an address has no ticket; give the host's name, and the address with --connect",
    );
    let mut command = serve_command(&site, None, &["--lifetime", "32d"]);
    let ran = run(&mut command);
    assert!(ran.status == Some(2) && ran.stderr.contains("\"32d\" is not a lifetime from 1s to 31d"), "{ran:?}");
}

#[test]
fn addresses_that_are_taken_or_lead_nowhere() {
    let site = site(None);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let mut command = at(None);
    command.current_dir(site.path()).args(["ticket", "serve", "--to", "127.0.0.1:1", "--listen", &address]);
    command.args(["--cert", "fullchain.pem", "--key", "privkey.pem", "--ring", "ring.json"]);
    said(&run(&mut command), 1, &format!("tack: {address}: cannot be listened at: address already in use"));
    said(&connect(&site, port, None, &["--listen", &address]), 1, "cannot be listened at: address already in use");
    drop(taken);
    said(&connect(&site, port, None, &[]), 1, &format!("tack: {HOST}: no connection to {address}: connection refused"));
    // A service that is not there.
    let server = serve(&site, None, &[]);
    drop(server);
    let mut command = at(None);
    command.current_dir(site.path()).args(["ticket", "serve", "--listen", "127.0.0.1:0", "--to", &address]);
    command.args(["--cert", "fullchain.pem", "--key", "privkey.pem", "--ring", "ring.json"]);
    let server = crate::running::Running::tack(&mut command);
    said(&connect(&site, server.port, None, &[]).without_notes(), 1, "the connection was cut off");
    server.wait_for("service_unreachable", 1);
}

#[test]
fn servers_that_are_not_as_they_should_be() {
    let site = site(None);
    let server = serve(&site, None, &[]);
    said(
        &connect(&site, server.port, None, &["--ca-file", "K1.pem"]),
        1,
        "tack: K1.pem: the trust anchors hold no certificate",
    );
    let stranger = Site::new();
    new_ring(&stranger, "ring.json", None);
    let strange = serve(&stranger, None, &[]);
    said(
        &connect(&site, strange.port, None, &[]),
        1,
        "tack: localhost:443: the certificate is refused: unable to get local issuer certificate",
    );
    assert_eq!(connect(&site, strange.port, None, &["--insecure"]).status, Some(0));
    let clear = Server::other(site.path(), |port| {
        let mut python = Command::new("python3");
        python.args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string()]);
        python
    });
    said(&connect(&stranger, clear.port, None, &[]), 1, "the server does not speak TLS here");
    let old = Server::other(site.path(), |port| {
        let mut openssl = Command::new("openssl");
        openssl.args(["s_server", "-quiet", "-tls1_2", "-accept", &format!("127.0.0.1:{port}")]);
        openssl.args(["-key", "privkey.pem", "-cert", "cert.pem"]);
        openssl
    });
    said(&connect(&stranger, old.port, None, &[]), 1, "protocol_version");
}

#[test]
fn stores_that_are_none() {
    let site = site(None);
    let server = serve(&site, None, &[]);
    write(site.path(), "tickets.db", "no store");
    let ran = connect(&site, server.port, None, &[]);
    said(&ran, 1, "tack: tickets.db: it is no ticket store");
    fs::remove_file(site.file("tickets.db")).unwrap();
    assert_eq!(connect(&site, server.port, None, &[]).status, Some(0));
}

#[test]
fn who_reads_no_more_is_no_error() {
    let site = site(None);
    let server = serve(&site, None, &[]);
    let mut command = connect_command(&site, server.port, None, &[]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = command.stdin(Stdio::piped()).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("standard output"), "{stderr}");
}

impl Ran {
    /// Without what -v says.
    fn without_notes(mut self) -> Self {
        self.stderr = self
            .stderr
            .lines()
            .filter(|line| !line.contains("a first visit"))
            .map(|line| format!("{line}\n"))
            .collect();
        self
    }
}
