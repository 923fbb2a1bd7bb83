//! The examples as programs: what they print, with which status they end, and that a server takes up new tacks.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(feature = "server")]

mod common;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::thread;
use std::time::{Duration, Instant};

use getrandom::SysRng;
use tack_core::{Certificate, Expiration, Minute, TackCertificate, TackExtension, pem};
use tack_pin::{Pin, PinStore, SqliteStore};
use tempfile::TempDir;

use common::{Ca, Leaf, NAME, extension, signing_key};

const DEADLINE: Duration = Duration::from_secs(60);

/// An example, which is built where the tests are run without it.
fn example(name: &str) -> PathBuf {
    static BUILD: Once = Once::new();
    BUILD.call_once(|| {
        let build = ["build", "--quiet", "--locked", "--package", "tack-rustls", "--examples"];
        assert!(Command::new(env!("CARGO")).args(build).status().unwrap().success());
    });
    env::current_exe().unwrap().ancestors().nth(2).unwrap().join("examples").join(name)
}

/// https_server before the files of a directory. It ends with this value.
struct Server {
    directory: TempDir,
    leaf: Leaf,
    child: Child,
    port: u16,
}

impl Server {
    /// With a tack of key 1.
    fn start() -> Self {
        let (directory, ca) = (tempfile::tempdir().unwrap(), Ca::new());
        let leaf = ca.issue(&[NAME, "localhost"]);
        let write = |name: &str, text: String| fs::write(directory.path().join(name), text).unwrap();
        write("ca.pem", pem::encode(Certificate::LABEL, &ca.certificate));
        write("chain.pem", leaf.certificate_pem());
        write("key.pem", leaf.key.serialize_pem());
        write("tack.pem", tack(&leaf, 1));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(example("https_server"))
            .args(["--chain", "chain.pem", "--key", "key.pem", "--tack", "tack.pem"])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .current_dir(directory.path())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self { directory, leaf, child, port };
        wait_until(|| {
            assert_eq!(server.child.try_wait().unwrap(), None, "the server ended");
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        server
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Replaces the tack by one of this key.
    fn install(&self, seed: u8) {
        fs::write(self.path().join("new.pem"), tack(&self.leaf, seed)).unwrap();
        fs::rename(self.path().join("new.pem"), self.path().join("tack.pem")).unwrap();
    }

    /// What a client prints who knows the CA, and its exit status.
    fn run(&self, client: &str, arguments: &[&str]) -> (String, Option<i32>) {
        let target = match client {
            "ureq_client" => format!("https://localhost:{}/", self.port),
            "line_client" => format!("{NAME}:1"),
            _ => format!("https://{NAME}/"),
        };
        let mut command = Command::new(example(client));
        command.current_dir(self.path()).args(["--ca", "ca.pem"]).args(arguments).arg(target);
        if client != "ureq_client" {
            command.args(["--connect", &format!("127.0.0.1:{}", self.port)]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap_or_default();
        let output = child.wait_with_output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(!stdout.is_empty(), "{client} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        (stdout, output.status.code())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait_until(mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < DEADLINE, "not within {DEADLINE:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// The file of a TackExtension, for this certificate.
fn tack(leaf: &Leaf, seed: u8) -> String {
    let Expiration::At(expiration) = "2100Z".parse().unwrap() else { panic!("a span") };
    extension(vec![leaf.tack_until(&signing_key(seed), expiration)], 1).to_pem()
}

/// A TACK certificate, for this certificate, by key 1.
fn tack_certificate(leaf: &Leaf) -> String {
    let extension = TackExtension::from_pem(tack(leaf, 1).as_bytes()).unwrap();
    TackCertificate::new(&extension, &mut SysRng).unwrap().to_pem()
}

fn fingerprint(seed: u8) -> String {
    signing_key(seed).public_key().fingerprint().to_string()
}

/// What each client prints of the server's page.
const CLIENTS: [(&str, &str); 3] = [
    ("https_client", "200 3\n"),
    ("ureq_client", "200 3\n"),
    ("line_client", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"),
];

#[test]
fn each_client_requires_keys() {
    let server = Server::start();
    let (one, two) = (fingerprint(1), fingerprint(2));
    let refused = ("refused: key_required\n".to_owned(), Some(1));
    for (client, page) in CLIENTS {
        let page = (page.to_owned(), Some(0));
        assert_eq!(server.run(client, &[]), page);
        assert_eq!(server.run(client, &["--require", &one]), page);
        assert_eq!(server.run(client, &["--require", &two, "--require", &one]), page);
        assert_eq!(server.run(client, &["--require", &two]), refused);
        assert_eq!(server.run(client, &["--require", &two, "--report-only"]), page);
    }
}

#[test]
fn each_client_pins_and_keeps_its_pins_in_a_file() {
    let server = Server::start();
    let refused = ("refused: contradicted\n".to_owned(), Some(1));
    for (client, page) in CLIENTS {
        let page = (page.to_owned(), Some(0));
        let file = format!("{client}.db");
        assert_eq!(server.run(client, &["--pins", &file]), page);
        let store = SqliteStore::open(server.path().join(&file)).unwrap();
        let mut pins = Vec::new();
        store
            .each(None, &mut |name, pin| {
                pins.push((name.clone(), pin.key.to_string()));
                true
            })
            .unwrap();
        let name = if client == "ureq_client" { "localhost" } else { NAME };
        assert_eq!(pins, [(name.parse().unwrap(), fingerprint(1))], "{client}");

        let key = signing_key(2).public_key().fingerprint();
        let pin = Pin { key, min_generation: 0, initial: Minute::new(1), end: Minute::MAX };
        store.import(&[(name.parse().unwrap(), pin)], Minute::new(1)).unwrap();
        assert_eq!(server.run(client, &["--pins", &file]), refused, "{client}");
        assert_eq!(server.run(client, &["--pins", &file, "--report-only"]), page, "{client}");
    }
}

#[test]
fn the_server_takes_up_a_new_tack() {
    let server = Server::start();
    let two = fingerprint(2);
    let is_new = || server.run("https_client", &["--require", &two]) == ("200 3\n".to_owned(), Some(0));
    assert!(!is_new());
    server.install(2);
    wait_until(is_new);
}

#[test]
fn each_address_has_its_line() {
    let server = Server::start();
    let target = format!("https://localhost:{}/", server.port);
    let (stdout, status) = server.run("https_client", &["--require", &fingerprint(2), &target]);
    assert_eq!((stdout.as_str(), status), ("refused: key_required\nrefused: key_required\n", Some(1)));
}

#[test]
fn a_client_and_a_server_in_memory() {
    let output = Command::new(example("in_memory")).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "hello, world; 1 tack, TLSv1_3\n");
}

/// A proxy that ends TLS, and the service behind it.
#[test]
fn a_proxy_ends_tls() {
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";
    let (directory, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let leaf = ca.issue(&[NAME]);
    let tack = Certificate::all_from_bytes(tack_certificate(&leaf).as_bytes()).unwrap();
    assert_eq!(tack.len(), 1);
    let files = [leaf.certificate_pem(), tack_certificate(&leaf), leaf.key.serialize_pem()];
    fs::write(directory.path().join("server.pem"), files.concat()).unwrap();
    fs::write(directory.path().join("ca.pem"), pem::encode(Certificate::LABEL, &ca.certificate)).unwrap();
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = service.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in service.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            // Whoever only looks whether the proxy listens asks nothing.
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let _ = stream.write_all(ANSWER);
        }
    });
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("127.0.0.1:{port}");
    let mut proxy = Command::new(example("terminating_proxy"));
    let proxy = proxy.current_dir(directory.path()).args(["server.pem", &listen, &to]).stderr(Stdio::null());
    let proxy = Server { directory, leaf, child: proxy.spawn().unwrap(), port };
    wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
    for (key, expected) in [(1, ("200 3\n", Some(0))), (2, ("refused: key_required\n", Some(1)))] {
        let (stdout, status) = proxy.run("https_client", &["--require", &fingerprint(key)]);
        assert_eq!((stdout.as_str(), status), expected);
    }
}
