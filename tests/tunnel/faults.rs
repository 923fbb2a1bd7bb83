//! What goes wrong around a server: nobody else is held up, and nothing that was cut off looks whole.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::changes::{proved, tacks};
use crate::common::{PASSWORD, ok, run, tack};
use crate::running::{Running, connect, connect_command, new_ring, serve, serve_command, site};
use crate::server::wait_until;
use crate::site::Site;

/// How long a test waits for what does come, before it fails.
const LONG: Duration = Duration::from_secs(60);

/// What a pipe holds that nobody reads.
const PIPE: usize = 64 << 10;

#[test]
fn a_log_that_nobody_reads_holds_up_nobody() {
    let site = site();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&vec![b'\n'; PIPE]).unwrap();
    let mut command = serve_command(crate::server::backend(), &site, None, &[]);
    let arguments: Vec<_> =
        command.get_args().map(|argument| argument.to_str().unwrap().replace(":0", &format!(":{port}"))).collect();
    command = tack();
    command.current_dir(site.path()).args(arguments).stdin(Stdio::null()).stderr(writer);
    let mut server = Killed(command.spawn().unwrap());
    wait_until("listening", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    // More than one for each thread, none of which speaks TLS.
    for _ in 0..20 {
        TcpStream::connect(("127.0.0.1", port)).unwrap().write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    }
    assert_eq!(connect(&site, port, None, &[]).status, Some(0));
    kill_process(Pid::from_child(&server.0), Signal::TERM).unwrap();
    assert_eq!(server.end(), Some(0));
    drop(reader);
}

/// A program that does not outlive the test, whatever it waits for.
struct Killed(Child);

impl Killed {
    /// Its exit status, when it has ended by itself.
    fn end(&mut self) -> Option<i32> {
        let mut status = None;
        wait_until("the end", || {
            status = self.0.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap().code()
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A service that waits for more than it gets. It says when it has something, and how its connection ended.
struct Service {
    port: u16,
    has_something: Receiver<()>,
    end: Receiver<io::Result<usize>>,
}

impl Service {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (has_something, end) = (channel(), channel());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; 4]).unwrap();
            has_something.0.send(()).unwrap();
            end.0.send(stream.read(&mut [0; 100])).unwrap();
        });
        Self { port, has_something: has_something.1, end: end.1 }
    }
}

#[test]
fn what_is_cut_off_at_the_end_does_not_look_whole() {
    let site = site();
    let service = Service::new();
    let server = Running::tack(&mut serve_command(service.port, &site, None, &[]));
    let mut client = Killed(connect_command(&site, server.port, None, &[]).stdin(Stdio::piped()).spawn().unwrap());
    client.0.stdin.as_mut().unwrap().write_all(b"half").unwrap();
    service.has_something.recv_timeout(LONG).unwrap();
    server.signal(Signal::TERM);
    server.wait_for(" info ending ", 1);
    server.signal(Signal::TERM);
    let (status, _) = server.wait();
    assert!(status.success());
    let end = service.end.recv_timeout(LONG).unwrap();
    assert!(end.as_ref().is_err_and(|error| error.kind() == ErrorKind::ConnectionReset), "{end:?}");
    assert_eq!(client.end(), Some(1));
}

#[test]
fn who_says_nothing_is_ended_after_a_while() {
    let site = site();
    let service = Service::new();
    let server = Running::tack(&mut serve_command(service.port, &site, None, &["--idle", "1s"]));
    let mut client = Killed(connect_command(&site, server.port, None, &[]).stdin(Stdio::piped()).spawn().unwrap());
    client.0.stdin.as_mut().unwrap().write_all(b"half").unwrap();
    assert_eq!(client.end(), Some(1));
    assert!(service.end.recv_timeout(LONG).unwrap().is_err());
    assert!(server.end().success());
}

#[test]
fn a_pipe_is_no_file_to_be_served() {
    let site = site();
    let fifo = |name: &str| {
        let _ = fs::remove_file(site.file(name));
        ok(Command::new("mkfifo").arg(site.file(name)));
    };
    for (option, name) in [("--cert", "fullchain.pem"), ("--key", "privkey.pem"), ("--ring", "ring.json")] {
        let whole = fs::read(site.file(name)).unwrap();
        let server = serve(&site, None, &[]);
        connect(&site, server.port, None, &[]);
        fifo(name);
        server.reload(&format!(" error not_taken_up reason=\"{name}: it is no regular file"));
        proved(&site, &server);
        assert!(server.end().success());
        let ran = run(&mut serve_command(1, &site, None, &[option, name]));
        assert!(
            ran.status == Some(1) && ran.stderr.contains(&format!("tack: {name}: it is no regular file")),
            "{ran:?}"
        );
        fs::remove_file(site.file(name)).unwrap();
        fs::write(site.file(name), whole).unwrap();
    }
}

#[test]
fn a_tack_ends_though_another_file_is_broken() {
    let site = Site::with_tacks();
    new_ring(&site, "ring.json", None);
    let mut sign = tack();
    sign.current_dir(site.path()).args(["sign", "-p", PASSWORD, "-k", "K1.pem", "-c", "cert.pem"]);
    ok(sign.args(["-e", "2026-12-01T00:00Z", "-o", "T1.pem"]));
    let server = serve(&site, Some("2026-11-30T23:59:55Z"), &["--tack", "T1.pem"]);
    fs::rename(site.file("privkey.pem"), site.file("away.pem")).unwrap();
    server.wait_for(" error not_taken_up reason=\"privkey.pem: ", 1);
    server.wait_for(" warning tack_left_out reason=", 1);
    assert_eq!(tacks(&site, &server).1, [""; 0]);
    // It is said once, and the file is tried again when it changes.
    fs::rename(site.file("away.pem"), site.file("privkey.pem")).unwrap();
    server.wait_for(" info taken_up", 1);
    server.wait_for(" error not_taken_up", 1);
    assert!(server.end().success());
}

#[test]
fn a_ring_that_has_lost_a_key_is_told_of() {
    let site = site();
    let server = serve(&site, None, &[]);
    fs::rename(site.file("ring.json"), site.file("old.json")).unwrap();
    new_ring(&site, "new.json", None);
    fs::rename(site.file("new.json"), site.file("ring.json")).unwrap();
    server.wait_for(" warning key_missing key=", 1);
    fs::rename(site.file("ring.json"), site.file("new.json")).unwrap();
    assert!(server.end().success());
}

#[test]
fn secrets_that_others_can_read_are_told_of_as_events() {
    let site = site();
    ok(Command::new("chmod").arg("644").args([site.file("ring.json"), site.file("privkey.pem")]));
    let server = serve(&site, None, &["--lifetime", "1d"]);
    server.wait_for(" warning readable_by_others file=ring.json ", 1);
    server.wait_for(" warning readable_by_others file=privkey.pem ", 1);
    server.wait_for(" warning short_lifetime lifetime=1d ", 1);
    assert!(server.lines().iter().all(|line| line.starts_with("20")), "{:?}", server.lines());
    assert!(server.end().success());
}
