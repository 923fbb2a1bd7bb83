//! Servers that mean no good: they get their time and their bytes, and no more, and steer no terminal.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{Ran, has, ok, run, tack};
use crate::server::Server;
use crate::site::Site;
use crate::{check, check_server};

/// The most memory that a check takes, in KiB: a third of it are the system's CAs and the debug build.
const MOST_MEMORY: u64 = 64 << 10;
/// No check here takes so long, unless it hangs.
const DEADLINE: Duration = Duration::from_secs(60);

/// A server that does this on each connection.
fn serve(behave: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            behave(&mut stream.unwrap());
        }
    });
    port
}

/// Sends this again and again until the client closes the connection.
fn for_ever(stream: &mut TcpStream, what: &[u8]) {
    while stream.write_all(what).is_ok() {}
}

/// Sends one byte every now and then, until the client closes the connection.
fn drip(stream: &mut TcpStream, what: &[u8]) {
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    for byte in what.iter().cycle() {
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
        match stream.read(&mut [0; 512]) {
            Ok(0) => return,
            Err(error) if error.kind() != ErrorKind::WouldBlock => return,
            _ => {}
        }
    }
}

/// Checks a server, within limits of time and memory, and gives the codes.
fn checked(port: u16, arguments: &[&str]) -> Vec<String> {
    let start = Instant::now();
    let mut command = Command::new("time");
    command.args(["-f", "%M"]).arg(env!("CARGO_BIN_EXE_tack")).args(["check", "--json", "--timeout", "1s"]);
    let ran = run(command.args(arguments).arg(format!("localhost:{port}")));
    assert!(start.elapsed() < DEADLINE, "{:?}", start.elapsed());
    assert_eq!(ran.status, Some(2), "{ran:?}");
    let memory = ran.stderr.lines().find_map(|line| line.parse::<u64>().ok()).unwrap();
    assert!(memory < MOST_MEMORY, "{memory} KiB");
    let document: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let problems = document["hosts"][0]["problems"].as_array().unwrap();
    problems.iter().map(|problem| problem["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn endless_banners() {
    if !has("endless_banners", &["time"]) {
        return;
    }
    for banner in ["220-welcome\r\n", "a", "<stream:features>", "* OK\r\n", "\0\0\0\u{1}"] {
        let port = serve(move |stream| for_ever(stream, banner.repeat(1000).as_bytes()));
        for protocol in ["smtp", "imap", "pop3", "ldap", "xmpp", "postgres"] {
            assert_eq!(checked(port, &["--starttls", protocol]), ["starttls"], "{protocol} {banner:?}");
        }
        assert_eq!(checked(port, &[]), ["tls"], "{banner:?}");
    }
}

#[test]
fn one_byte_now_and_then() {
    if !has("one_byte_now_and_then", &["time"]) {
        return;
    }
    let port = serve(|stream| drip(stream, b"220-welcome\r\n"));
    assert_eq!(checked(port, &["--starttls", "smtp"]), ["timeout"]);
    // A record of TLS that is never complete.
    let port = serve(|stream| drip(stream, &[22, 3, 3, 3, 3]));
    assert_eq!(checked(port, &[]), ["timeout"]);
    let port = serve(|stream| drip(stream, b""));
    assert!(["tls", "timeout"].contains(&checked(port, &[])[0].as_str()));
}

/// A server that accepts, and is silent.
#[test]
fn silence() {
    if !has("silence", &["time"]) {
        return;
    }
    let port = serve(|stream| while stream.read(&mut [0; 512]).is_ok_and(|count| count > 0) {});
    assert_eq!(checked(port, &[]), ["timeout"]);
    assert_eq!(checked(port, &["--starttls", "imap"]), ["timeout"]);
}

/// A ServerHello that says it has 16 MiB, and comes.
#[test]
fn a_handshake_of_16_mib() {
    if !has("a_handshake_of_16_mib", &["time"]) {
        return;
    }
    let port = serve(|stream| {
        let record = |body: &[u8]| [&[22, 3, 3, 0x40, 0][..], body].concat();
        let first = record(&[&[2, 0xff, 0xff, 0xff][..], &[0; 0x4000 - 4]].concat());
        if stream.write_all(&first).is_ok() {
            for_ever(stream, &record(&[0; 0x4000]));
        }
    });
    assert_eq!(checked(port, &[]), ["tls"]);
    assert_eq!(checked(port, &["--tls", "1.2"]), ["tls"]);
}

#[test]
fn a_flood_of_certificates() {
    if !has("a_flood_of_certificates", &["openssl", "time"]) {
        return;
    }
    let site = Site::with_tacks();
    site.join(&["intermediate.pem"; 400], "flood.pem");
    let server = Server::other(site.path(), |port| {
        let mut server = Command::new("openssl");
        server.args(["s_server", "-www", "-accept", &format!("127.0.0.1:{port}"), "-key", "privkey.pem"]);
        server.args(["-cert", "cert.pem", "-cert_chain", "flood.pem"]);
        server
    });
    for version in ["1.2", "1.3"] {
        assert_eq!(checked(server.port, &["--tls", version]), ["tls"], "{version}");
    }
}

/// Whether nothing in what was said steers a terminal.
fn is_safe(ran: &Ran) -> bool {
    let is_bad = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    !ran.text().contains(is_bad) && !ran.stderr.contains(is_bad)
}

#[test]
fn what_servers_say_is_escaped() {
    if !has("what_servers_say_is_escaped", &["openssl"]) {
        return;
    }
    let port = serve(|stream| {
        let _ = stream.write_all("554 \u{1b}[31mno\u{7}\u{202e}|\n\u{1b}]0;x\r\n".as_bytes());
        while stream.read(&mut [0; 512]).is_ok_and(|count| count > 0) {}
    });
    let host = format!("localhost:{port}");
    let arguments = ["check", "--starttls", "smtp", &host];
    let ran = run(tack().args(arguments));
    assert!(is_safe(&ran) && ran.text().contains("\\u{1b}[31mno"), "{ran:?}");
    assert!(is_safe(&run(tack().args(arguments).arg(&host))));
    let said = check(&arguments[1..]);
    assert!(is_safe(&said.ran) && said.codes(0) == ["starttls"], "{:?}", said.ran);

    // The names in a certificate.
    let site = Site::with_tacks();
    let mut openssl = Command::new("openssl");
    openssl.current_dir(site.path()).args(["req", "-x509", "-utf8", "-key", "privkey.pem", "-out", "cert.pem"]);
    ok(openssl.args(["-days", "30", "-subj", "/CN=a\u{1b}[31m\u{202e}b"]));
    let server = Server::s_server(site.path());
    let ran = run(tack().args(["check", &format!("localhost:{}", server.port)]));
    assert!(is_safe(&ran) && ran.text().contains("CN=a\\1b[31m\\u{202e}b"), "{}", ran.text());
    assert!(is_safe(&check_server(&server, &site, &[]).ran));
}
