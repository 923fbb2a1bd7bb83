//! What the user reads when something is wrong.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use openssl::ssl::{SslAcceptor, SslConnector, SslFiletype, SslMethod};

use crate::common::{Ran, ok, run, run_with, tack, write};
use crate::running::{
    DAY, HOST, Running, at, connect, connect_command, new_ring, serve, serve_command, serve_to, site, time,
};
use crate::server::{Server, backend};
use crate::site::Site;

/// A service that nobody asks for.
const CLOSED: u16 = 9;

fn said(ran: &Ran, status: i32, words: &str) {
    assert!(ran.status == Some(status) && ran.stderr.contains(words), "{words}: {ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
}

#[test]
fn files_that_cannot_be_served() {
    let site = site();
    site.add_new();
    write(site.path(), "empty.pem", "");
    write(site.path(), "text.pem", "no PEM\n");
    let cipher = ["pkey", "-aes128", "-passout", "pass:x", "-in", "privkey.pem", "-out", "locked.pem"];
    ok(Command::new("openssl").current_dir(site.path()).args(cipher));
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
        said(&run(&mut serve_command(CLOSED, &site, None, &options)), 1, words);
    }
}

#[test]
fn command_lines_that_cannot_be_meant() {
    let site = site();
    let connect = |server: &str| run(tack().current_dir(site.path()).args(["ticket", "connect", server]));
    said(&connect("localhost"), 2, "tack: localhost: give the port too, as HOST:PORT");
    said(
        &connect("127.0.0.1:443"),
        2,
        "an address has no ticket; give the host's name, and the address with --connect",
    );
    let ran = run(tack().args(["ticket", "connect", "--listen", "localhost:1", HOST]));
    let words = "\"localhost:1\" is not an address and a port; give it in numbers, such as \"127.0.0.1:8443\"";
    assert!(ran.status == Some(2) && ran.stderr.contains(words), "{ran:?}");
    let mut command = serve_command(CLOSED, &site, None, &["--lifetime", "32d"]);
    let ran = run(&mut command);
    assert!(ran.status == Some(2) && ran.stderr.contains("\"32d\" is not a lifetime from 1s to 31d"), "{ran:?}");
}

#[test]
fn addresses_that_are_taken_or_lead_nowhere() {
    let site = site();
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
    let server = Running::tack(&mut command);
    said(&connect(&site, server.port, None, &[]).without_notes(), 1, "the connection was cut off");
    server.wait_for("service_unreachable", 1);
}

#[test]
fn servers_that_are_not_as_they_should_be() {
    let site = site();
    let server = serve(&site, None, &[]);
    let direct = format!("127.0.0.1:{}", server.port);
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
        "tack: localhost:443: the certificate is refused: unable to get local issuer certificate; if its CA is your own, give \
         --ca-file",
    );
    assert_eq!(connect(&site, strange.port, None, &["--insecure"]).status, Some(0));
    // For another name, and too late: that is no matter of the CA.
    let late = time(100_000 * DAY);
    for (options, words) in [
        (
            ["--connect", &direct, "other.example:443"].as_slice(),
            "other.example:443: the certificate is refused: hostname mismatch\n",
        ),
        (&["--connect", &direct, "--now", &late, HOST], "the certificate is refused: certificate has expired\n"),
    ] {
        let mut command = at(None);
        command.current_dir(site.path()).args(["ticket", "connect", "--ca-file", "root.pem"]).args(options);
        said(&run(&mut command), 1, words);
    }
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

/// What an administrator wants of OpenSSL's algorithms goes before what we prefer.
#[test]
fn a_configuration_of_openssl_that_wants_certain_algorithms() {
    let site = site();
    let configuration = site.file("openssl.cnf");
    let wants = |properties: &str| {
        let text = format!("openssl_conf = o\n[o]\nalg_section = a\n[a]\ndefault_properties = {properties}\n");
        fs::write(&configuration, text).unwrap();
    };
    let said_by_client = |configuration: Option<&Path>, port: u16| {
        let mut command = connect_command(&site, port, None, &[]);
        command.envs(configuration.map(|file| ("OPENSSL_CONF", file)));
        run_with(&mut command, b"GET / HTTP/1.0\r\n\r\n").without_notes()
    };
    let fault =
        "internal error: OpenSSL does not show how it derives secrets; has its configuration default_properties?";

    wants("provider=default");
    let mut command = serve_command(backend(), &site, None, &[]);
    let confined = Running::tack(command.env("OPENSSL_CONF", &configuration));
    said(&said_by_client(None, confined.port), 1, "the server ended the TLS handshake with the alert internal_error");
    confined.wait_for(" error handshake_failed client=127.0.0.1:", 1);
    confined.wait_for(fault, 1);

    let server = serve(&site, None, &[]);
    said(&said_by_client(Some(&configuration), server.port), 1, fault);
    // A preference for what is not there changes nothing.
    wants("?provider=elsewhere");
    assert_eq!(said_by_client(Some(&configuration), server.port).status, Some(0));
}

/// Neither is an attack, and the ticket that may be there is not to be forgotten for it.
#[test]
fn servers_that_close() {
    let site = site();
    let closing = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closing.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in closing.incoming().flatten() {
            // What is not read when it is dropped would make a reset of the end.
            stream.shutdown(Shutdown::Write).unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    for visit in 1..=2 {
        let ran = connect(&site, port, None, &[]);
        said(&ran, 1, "tack: localhost:443: the server closed the connection during the TLS handshake");
        assert!(!ran.stderr.contains("forget"), "{ran:?}");
        // The second time there is a ticket.
        if visit == 1 {
            assert_eq!(connect(&site, serve(&site, None, &[]).port, None, &[]).status, Some(0));
        }
    }
}

/// A TLS connection has an end. Without it what came is printed, and may not be all.
#[test]
fn what_is_cut_off_is_no_end() {
    const PART: &[u8] = b"a part\n";
    let site = site();
    let mut acceptor = SslAcceptor::mozilla_modern_v5(SslMethod::tls_server()).unwrap();
    acceptor.set_private_key_file(site.file("privkey.pem"), SslFiletype::PEM).unwrap();
    acceptor.set_certificate_chain_file(site.file("fullchain.pem")).unwrap();
    let acceptor = acceptor.build();
    let cutting = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = cutting.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in cutting.incoming().flatten() {
            let mut tls = acceptor.accept(stream).unwrap();
            tls.write_all(PART).unwrap();
            // Half of the connection, so that what was sent arrives.
            tls.get_ref().shutdown(Shutdown::Write).unwrap();
            let _ = tls.read_to_end(&mut Vec::new());
        }
    });
    let words = "the connection was cut off: the server did not close it as TLS has it; what came may not be all";
    let ran = connect(&site, port, None, &[]);
    assert_eq!(ran.stdout, PART);
    said(&ran.without_notes(), 1, words);

    let client = Running::tack(&mut connect_command(&site, port, None, &["--listen", "127.0.0.1:0"]));
    let mut stream = TcpStream::connect(("127.0.0.1", client.port)).unwrap();
    let end = stream.read_to_end(&mut Vec::new());
    assert_eq!(end.map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
    client.wait_for(words, 1);
    assert!(client.end().success());
}

/// Of a client, too: the service must not take half a request for a whole one.
#[test]
fn a_client_that_is_cut_off_ends_nothing_well() {
    let site = site();
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = serve_to(service.local_addr().unwrap().port(), &site, None, &[]);
    for says_goodbye in [true, false] {
        let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
        connector.set_ca_file(site.file("root.pem")).unwrap();
        let stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        let mut tls = connector.build().connect("localhost", stream).unwrap();
        tls.write_all(b"half").unwrap();
        let (mut stream, _) = service.accept().unwrap();
        let mut half = [0; 4];
        stream.read_exact(&mut half).unwrap();
        if says_goodbye {
            tls.shutdown().unwrap();
        } else {
            tls.get_ref().shutdown(Shutdown::Write).unwrap();
        }
        let end = stream.read(&mut half).map_err(|error| error.kind());
        assert_eq!(end, if says_goodbye { Ok(0) } else { Err(ErrorKind::ConnectionReset) });
    }
}

#[test]
fn stores_that_are_none() {
    let site = site();
    let server = serve(&site, None, &[]);
    write(site.path(), "tickets.db", "no store");
    let ran = connect(&site, server.port, None, &[]);
    said(&ran, 1, "tack: tickets.db: it is no ticket store");
    fs::remove_file(site.file("tickets.db")).unwrap();
    assert_eq!(connect(&site, server.port, None, &[]).status, Some(0));
}

#[test]
fn who_reads_no_more_is_no_error() {
    let site = site();
    let server = serve(&site, None, &[]);
    let mut command = connect_command(&site, server.port, None, &[]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = command.stdin(Stdio::piped()).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
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
