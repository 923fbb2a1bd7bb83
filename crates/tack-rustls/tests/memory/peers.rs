//! OpenSSL's own client and server at the other end of a Unix socket.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs, io, thread};

use tack_rustls::memory::{Connection, TlsError};
use tempfile::TempDir;

use crate::wire::{Ca, NAME, accept, client, server};

/// For what hangs.
const DEADLINE: Duration = Duration::from_secs(30);

/// Whether openssl is there; if it is not, the test is skipped, and says so past the test harness.
fn has_openssl(test: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let is_there = env::split_paths(&path).any(|directory| directory.join("openssl").is_file());
    if !is_there {
        assert!(env::var_os("TACK_NO_SKIP").is_none(), "{test} needs openssl (run make setup)");
        let _ = writeln!(io::stderr(), "skipped: {test}: needs openssl (run make setup)");
    }
    is_there
}

/// A program that ends with its test.
struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn pem(directory: &TempDir, name: &str, ders: &[(&str, &[u8])]) -> PathBuf {
    let path = directory.path().join(name);
    fs::write(&path, ders.iter().map(|(label, der)| tack_core::pem::encode(label, der)).collect::<String>()).unwrap();
    path
}

/// Reads from the wire until so much has come for the application, or the peer has closed.
fn read(connection: &mut Connection, wire: &mut UnixStream, enough: &[u8]) -> Result<Vec<u8>, TlsError> {
    let mut received = Vec::new();
    let mut buffer = [0; 500];
    while !received.ends_with(enough) {
        let number = wire.read(&mut buffer).unwrap();
        if number == 0 {
            connection.wire_ended()?;
            break;
        }
        received.extend(connection.data_from_wire(&buffer[..number])?);
    }
    Ok(received)
}

fn to(wire: &UnixStream) -> impl FnMut(&[u8]) + Send + 'static {
    let mut wire = wire.try_clone().unwrap();
    move |bytes| wire.write_all(bytes).unwrap()
}

#[test]
fn s_client_is_served() {
    if !has_openssl("s_client_is_served") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let ca = Ca::new("ca");
    let root = pem(&directory, "root.pem", &[("CERTIFICATE", ca.certificate().as_der())]);
    let socket = directory.path().join("socket");
    for version in ["-tls1_2", "-tls1_3"] {
        let _ = fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).unwrap();
        let mut command = Command::new("openssl");
        command.args([
            "s_client",
            "-quiet",
            "-verify_return_error",
            "-servername",
            NAME,
            "-verify_hostname",
            NAME,
            version,
        ]);
        command.arg("-CAfile").arg(&root).arg("-unix").arg(&socket);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut peer = Peer(command.spawn().unwrap());
        let (mut wire, _) = listener.accept().unwrap();
        wire.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut connection = server(&ca).start(to(&wire), |_| {}, accept);
        peer.0.stdin.as_mut().unwrap().write_all(b"hello\n").unwrap();
        assert_eq!(read(&mut connection, &mut wire, b"hello\n").unwrap(), b"hello\n", "{version}");
        connection.data_from_application(b"goodbye\n").unwrap();
        connection.application_finished();
        let mut answer = [0; 8];
        peer.0.stdout.as_mut().unwrap().read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"goodbye\n");
        drop(peer.0.stdin.take());
        read(&mut connection, &mut wire, b"nothing more").unwrap();
        assert!(connection.peer_has_closed(), "{version}");
    }
}

#[test]
fn s_server_is_asked() {
    if !has_openssl("s_server_is_asked") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let ca = Ca::new("ca");
    let (leaf, key) = ca.issue_with_key(&[NAME]);
    let certificate = pem(&directory, "cert.pem", &[("CERTIFICATE", leaf.as_der())]);
    let key = pem(&directory, "key.pem", &[("PRIVATE KEY", &key)]);
    for version in ["-tls1_2", "-tls1_3"] {
        let socket = directory.path().join(format!("socket{version}"));
        let mut command = Command::new("openssl");
        command.args(["s_server", "-quiet", "-rev", "-naccept", "1", version, "-cert"]).arg(&certificate);
        command.arg("-key").arg(&key).arg("-unix").arg(&socket);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut peer = Peer(command.spawn().unwrap());
        let mut wire = connect(&socket, &mut peer);
        wire.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut connection = client(&ca).start(to(&wire), |_| {}, accept).unwrap();
        connection.data_from_application(b"abc\n").unwrap();
        assert_eq!(read(&mut connection, &mut wire, b"cba\n").unwrap(), b"cba\n", "{version}");
        connection.application_finished();
    }
}

/// Connects once the peer listens.
fn connect(socket: &Path, peer: &mut Peer) -> UnixStream {
    loop {
        if let Ok(stream) = UnixStream::connect(socket) {
            return stream;
        }
        assert!(peer.0.try_wait().unwrap().is_none(), "it does not start");
        thread::yield_now();
    }
}
