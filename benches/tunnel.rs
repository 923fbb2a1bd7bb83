//! `tack ticket serve` as a server of many: 5,000 open connections below 512 MiB, and one big stream as fast as stunnel or
//! HAProxy pass it on, less a tenth.
//!
//! The service, the client and the server that is measured share the machine. The client is OpenSSL's, of TLS 1.3, with the
//! same suite for all.
//!
//! With `--strict` it exits with 1 if a goal is missed. The goals are for a machine that has nothing else to do.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a bench fails by panicking")]

#[path = "../tests/common/mod.rs"]
mod common;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/servers/server.rs"]
mod server;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/servers/site.rs"]
mod site;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use openssl::ssl::{SslConnector, SslMethod, SslStream, SslVersion};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::common::{ok, program, tack, write};
use crate::server::Server;
use crate::site::Site;

const CONNECTIONS: usize = 5_000;
const MOST_KIB: u64 = 512 << 10;
/// The bytes of the stream, and how often it is sent.
const STREAM: usize = 1 << 30;
const RUNS: usize = 5;
const LEAST: f64 = 0.9;
const PIECE: usize = 64 << 10;

fn main() -> ExitCode {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let site = Site::new();
    ok(tack().args(["ticket", "key", "new", "--ring"]).arg(site.file("ring.json")));
    let is_small = connections(&site);
    let is_fast = stream(&site);
    let is_strict = std::env::args().any(|argument| argument == "--strict");
    if !is_strict || (is_small && is_fast) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn connections(site: &Site) -> bool {
    let server = serve(site, echo());
    let connector = connector(site);
    let start = Instant::now();
    let mut streams: Vec<_> = (0..CONNECTIONS).map(|_| connect(&connector, server.port)).collect();
    let took = start.elapsed();
    for stream in &mut streams {
        stream.write_all(b"x").unwrap();
        stream.read_exact(&mut [0]).unwrap();
    }
    let kib = resident(server.id());
    let is_good = kib <= MOST_KIB;
    println!(
        "{}: {CONNECTIONS} open connections, each used: {} MiB, {} MiB at most; opened in {took:.1?}",
        verdict(is_good),
        kib >> 10,
        MOST_KIB >> 10
    );
    is_good
}

fn stream(site: &Site) -> bool {
    let source = source();
    let certificate =
        ["fullchain.pem", "privkey.pem"].map(|name| fs::read_to_string(site.file(name)).unwrap()).concat();
    write(site.path(), "all.pem", certificate);
    let mut servers = vec![("tack", serve(site, source))];
    if program("stunnel").is_some() {
        servers.push(("stunnel", stunnel(site, source)));
    }
    if program("haproxy").is_some() {
        servers.push(("HAProxy", haproxy(site, source)));
    }
    let connector = connector(site);
    let mut best = vec![Duration::MAX; servers.len()];
    for _ in 0..RUNS {
        for ((_, server), best) in servers.iter().zip(&mut best) {
            *best = receive(&connector, server.port).min(*best);
        }
    }
    let mebibytes = f64::from(u32::try_from(STREAM >> 20).unwrap());
    let rate = |time: &Duration| mebibytes / time.as_secs_f64();
    let mut is_good = servers.len() == 1;
    for ((name, _), time) in servers.iter().zip(&best).skip(1) {
        let ratio = time.as_secs_f64() / best[0].as_secs_f64();
        is_good |= ratio >= LEAST;
        println!("tack: {:.0} MiB/s; {name}: {:.0} MiB/s; ratio {ratio:.2}", rate(&best[0]), rate(time));
    }
    println!("{}: one stream, {LEAST} of the slower of the two at least", verdict(is_good));
    is_good
}

fn verdict(is_good: bool) -> &'static str {
    if is_good { "PASS" } else { "FAIL" }
}

fn serve(site: &Site, service: u16) -> Server {
    Server::other(site.path(), |port| {
        let mut command = tack();
        command.args(["ticket", "serve", "--cert", "fullchain.pem", "--key", "privkey.pem", "--ring", "ring.json"]);
        command.args(["--listen", &format!("127.0.0.1:{port}"), "--to", &format!("127.0.0.1:{service}")]);
        command
    })
}

fn stunnel(site: &Site, service: u16) -> Server {
    Server::other(site.path(), |port| {
        let config = format!(
            "foreground = yes\npid =\n[stream]\naccept = 127.0.0.1:{port}\nconnect = 127.0.0.1:{service}\ncert = all.pem\n"
        );
        let mut command = Command::new(program("stunnel").unwrap());
        command.arg(write(site.path(), "bench-stunnel.conf", config));
        command
    })
}

fn haproxy(site: &Site, service: u16) -> Server {
    Server::other(site.path(), |port| {
        let config = format!(
            "defaults\n    mode tcp\n    timeout connect 10s\n    timeout client 60s\n    timeout server 60s\n\
             frontend stream\n    bind 127.0.0.1:{port} ssl crt all.pem\n    default_backend stream\n\
             backend stream\n    server s 127.0.0.1:{service}\n"
        );
        let mut command = Command::new(program("haproxy").unwrap());
        command.arg("-db").arg("-f").arg(write(site.path(), "bench-haproxy.cfg", config));
        command
    })
}

fn connector(site: &Site) -> SslConnector {
    let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
    builder.set_ca_file(site.file("root.pem")).unwrap();
    builder.set_min_proto_version(Some(SslVersion::TLS1_3)).unwrap();
    builder.set_ciphersuites("TLS_AES_256_GCM_SHA384").unwrap();
    builder.build()
}

fn connect(connector: &SslConnector, port: u16) -> SslStream<TcpStream> {
    connector.connect("localhost", TcpStream::connect(("127.0.0.1", port)).unwrap()).unwrap()
}

/// How long the whole stream takes.
fn receive(connector: &SslConnector, port: u16) -> Duration {
    let mut stream = connect(connector, port);
    let start = Instant::now();
    stream.write_all(b"x").unwrap();
    let mut buffer = vec![0; PIECE];
    let mut left = STREAM;
    while left > 0 {
        left -= stream.read(&mut buffer).unwrap();
    }
    start.elapsed()
}

/// A service that sends the stream when it hears something.
fn source() -> u16 {
    service(|mut stream| {
        stream.read_exact(&mut [0])?;
        let piece = vec![7; PIECE];
        (0..STREAM / PIECE).try_for_each(|_| stream.write_all(&piece))
    })
}

/// A service that says what it hears.
fn echo() -> u16 {
    service(|mut stream| {
        let mut byte = [0];
        loop {
            stream.read_exact(&mut byte)?;
            stream.write_all(&byte)?;
        }
    })
}

fn service(serve: impl Fn(TcpStream) -> std::io::Result<()> + Send + Copy + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            thread::Builder::new().stack_size(64 << 10).spawn(move || serve(stream)).unwrap();
        }
    });
    port
}

/// The most memory that a process had, in KiB.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
