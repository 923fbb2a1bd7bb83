//! The commands while they run, and the independent peer.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tack_core::Timestamp;

use crate::common::{Ran, ok, peer, python, run, run_with, script, skip, tack};
use crate::server::{BODY, PATH, backend, wait_until};
use crate::site::Site;

/// What the tests connect to, wherever it is.
pub const HOST: &str = "localhost:443";

/// When stories begin: 2026-11-20T17:31:15Z.
pub const NOW: i64 = 1_795_195_875;
pub const DAY: i64 = 24 * 60 * 60;

/// A program whose lines are collected while it runs. It ends with this value.
pub struct Running {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
    pub port: u16,
}

impl Running {
    /// Starts a program, and waits until it says where it listens.
    fn start(command: &mut Command, port: impl Fn(&str) -> Option<u16>) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let streams: [Box<dyn Read + Send>; 2] = [Box::new(stdout), Box::new(stderr)];
        let collect = |stream: Box<dyn Read + Send>| {
            let lines = Arc::clone(&lines);
            thread::spawn(move || {
                BufReader::new(stream).lines().map_while(Result::ok).for_each(|line| lines.lock().unwrap().push(line));
            })
        };
        let readers = streams.map(collect).into();
        let mut running = Self { child, lines, readers, port: 0 };
        wait_until("listening", || {
            let found = running.lines().iter().find_map(|line| port(line));
            running.port = found.unwrap_or_default();
            assert!(running.child.try_wait().unwrap().is_none(), "it has ended: {:?}", running.lines());
            found.is_some()
        });
        running
    }

    /// Starts a command of ours that tells where it listens.
    pub fn tack(command: &mut Command) -> Self {
        Self::start(command, |line| {
            let (_, rest) = line.split_once(" listening address=127.0.0.1:")?;
            rest.split(' ').next()?.parse().ok()
        })
    }

    /// What it has said so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Waits for a line with this in it, `count` of them in all.
    pub fn wait_for(&self, text: &str, count: usize) {
        wait_until(text, || self.count(text) >= count);
        assert_eq!(self.count(text), count, "{text}: {:?}", self.lines());
    }

    /// Has it read its files again, and waits for what it says then: one more line with this in it.
    pub fn reload(&self, text: &str) {
        let before = self.count(text);
        self.signal(Signal::HUP);
        wait_until(text, || self.count(text) > before);
    }

    /// How many lines have this in them so far.
    pub fn count(&self, text: &str) -> usize {
        self.lines().iter().filter(|line| line.contains(text)).count()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// How it ends by itself, and all that it has said.
    pub fn wait(mut self) -> (ExitStatus, Vec<String>) {
        let status = self.child.wait().unwrap();
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        (status, self.lines())
    }

    /// Ends it by SIGTERM.
    pub fn end(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.child.wait().unwrap()
    }

    /// What the peer says of its connections.
    pub fn reports(&self) -> Vec<Value> {
        self.lines()
            .iter()
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(|line: &Value| line["port"].is_null())
            .collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A site with a ring, `ring.json`.
pub fn site() -> Site {
    let site = Site::new();
    new_ring(&site, "ring.json", None);
    site
}

pub fn new_ring(site: &Site, name: &str, now: Option<&str>) {
    ok(at(now).args(["ticket", "key", "new", "--ring"]).arg(site.file(name)));
}

/// Runs `ticket key` on `ring.json` so many seconds after [`NOW`], and gives what it says.
pub fn ring(site: &Site, seconds: i64, arguments: &[&str]) -> String {
    let mut command = at(Some(&time(seconds)));
    ok(command.current_dir(site.path()).args(["ticket", "key"]).args(arguments).args(["--ring", "ring.json"])).stderr
}

/// So many seconds after [`NOW`].
pub fn time(seconds: i64) -> String {
    Timestamp::new(NOW + seconds).to_string()
}

/// Our binary at a time.
pub fn at(now: Option<&str>) -> Command {
    let mut command = tack();
    if let Some(now) = now {
        command.args(["--now", now]);
    }
    command
}

/// `serve` with the files of a site, before a server of [`BODY`](crate::server::BODY).
pub fn serve(site: &Site, now: Option<&str>, options: &[&str]) -> Running {
    serve_to(backend(), site, now, options)
}

/// `serve` before a service at a port.
pub fn serve_to(service: u16, site: &Site, now: Option<&str>, options: &[&str]) -> Running {
    Running::tack(&mut serve_command(service, site, now, options))
}

pub fn serve_command(service: u16, site: &Site, now: Option<&str>, options: &[&str]) -> Command {
    let mut command = at(now);
    command.current_dir(site.path()).args(["ticket", "serve", "--listen", "127.0.0.1:0"]);
    command.args(["--to", &format!("127.0.0.1:{service}")]);
    for (option, file) in [("--cert", "fullchain.pem"), ("--key", "privkey.pem"), ("--ring", "ring.json")] {
        if !options.contains(&option) {
            command.args([option, file]);
        }
    }
    command.args(options);
    command
}

/// A service that says this to every request, and ends the connection.
pub fn answers(text: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // What is not read when it ends would cut the connection off.
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let _ = stream.write_all(text.as_bytes());
        }
    });
    port
}

/// Visits a server so many seconds after [`NOW`], and gives what the client says about it.
pub fn visit(site: &Site, server: &Running, seconds: i64) -> String {
    let ran = connect(site, server.port, Some(&time(seconds)), &[]);
    assert!(ran.status == Some(0) && ran.text().ends_with(BODY), "{ran:?}");
    ran.stderr
}

/// The same, where the server is refused.
pub fn refused(site: &Site, port: u16, seconds: i64) -> String {
    let ran = connect(site, port, Some(&time(seconds)), &[]);
    assert_eq!((ran.status, ran.text()), (Some(1), ""), "{}", ran.stderr);
    ran.stderr
}

/// `connect` to a port as [`HOST`], with the tickets in `tickets.db`.
pub fn connect(site: &Site, port: u16, now: Option<&str>, options: &[&str]) -> Ran {
    let request = format!("GET {PATH} HTTP/1.0\r\nHost: localhost\r\n\r\n");
    run_with(&mut connect_command(site, port, now, options), request.as_bytes())
}

pub fn connect_command(site: &Site, port: u16, now: Option<&str>, options: &[&str]) -> Command {
    let mut command = at(now);
    command.current_dir(site.path()).args(["ticket", "connect", "-v", "--tickets", "tickets.db"]);
    command.args(["--connect", &format!("127.0.0.1:{port}")]);
    if !options.contains(&"--insecure") && !options.contains(&"--ca-file") {
        command.args(["--ca-file", "root.pem"]);
    }
    command.args(options).arg(HOST);
    command
}

/// Forgets what there may be of [`HOST`].
pub fn forget(site: &Site) {
    run(tack().current_dir(site.path()).args(["ticket", "forget", "--tickets", "tickets.db", HOST]));
}

/// What `ticket list` says so many seconds after [`NOW`].
pub fn listed(site: &Site, seconds: i64) -> Value {
    let mut command = at(Some(&time(seconds)));
    command.current_dir(site.path()).args(["ticket", "list", "--json", "--tickets", "tickets.db"]);
    serde_json::from_slice(&ok(&mut command).stdout).unwrap()
}

/// Copies a file of a site over another one.
pub fn copied(site: &Site, from: &str, to: &str) {
    fs::copy(site.file(from), site.file(to)).unwrap();
}

/// The tickets of `tickets.db`, with their secrets.
pub fn tickets(site: &Site) -> String {
    let exported = run(tack().current_dir(site.path()).args(["ticket", "export", "--tickets", "tickets.db"]));
    exported.text().to_owned()
}

/// The independent peer; none, and the test is skipped, where tlslite-ng is not installed.
pub fn peer_script(test: &str) -> Option<PathBuf> {
    if peer("tlslite").is_none() {
        skip(test, "tlslite-ng");
        return None;
    }
    Some(script("ticket_peer.py"))
}

/// The peer as a server, with the certificate of these files.
pub fn peer_server(script: &Path, site: &Site, files: [&str; 2], options: &[&str]) -> Running {
    let mut command = python();
    command.current_dir(site.path()).arg(script).args(["serve", "--listen", "127.0.0.1:0"]);
    command.args(["--chain", files[0], "--key", files[1]]).args(options);
    Running::start(&mut command, |line| {
        let line: Value = serde_json::from_str(line).ok()?;
        line["port"].as_u64()?.try_into().ok()
    })
}

/// One connection of the peer as a client: its exit status and its report.
pub fn peer_client(script: &Path, site: &Site, port: u16, options: &[&str]) -> (i32, Value) {
    let mut command = python();
    command.current_dir(site.path()).arg(script).args(["connect", "--name", "localhost"]);
    command.args(["--connect", &format!("127.0.0.1:{port}")]).args(options);
    let ran = run(&mut command);
    let report = serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    (ran.status.unwrap(), report)
}
