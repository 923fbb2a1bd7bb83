//! Several servers: of one host, and of many hosts.

use std::fmt::Write as _;
use std::io::Read;
use std::net::{TcpListener, ToSocketAddrs};
use std::process::Command;
use std::thread;

use serde_json::json;

use crate::common::{has, ok, run, run_with, tack, write};
use crate::server::Server;
use crate::site::Site;
use crate::{check, check_server};

/// A port on which nobody ever answers.
fn silent_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || while stream.as_ref().unwrap().read(&mut [0; 512]).is_ok_and(|count| count > 0) {});
        }
    });
    port
}

/// A port that nobody listens on.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn servers_of_one_name_that_differ() {
    if !has("servers_of_one_name_that_differ", &["openssl"]) {
        return;
    }
    let site = Site::with_tacks();
    let root = site.file("root.pem").display().to_string();
    let server = |tacks: &[&str], flags| {
        site.pack(tacks, flags, "serverinfo", "serverinfo.pem");
        Server::s_server(site.path())
    };
    let first = server(&["T1.pem"], 1);
    let both = |other: u16| {
        let [first, other] = [first.port, other].map(|port| format!("127.0.0.1:{port}"));
        check(["--ca-file", &root, "--connect", &first, "--connect", &other, "www.example.com:443"])
    };
    let same = server(&["T1.pem"], 1);
    let said = both(same.port);
    assert_eq!((said.ran.status, said.hosts().len()), (Some(0), 2), "{}", said.document);
    assert_eq!((&said.host(1)["name"], &said.host(1)["port"]), (&json!("www.example.com"), &json!(same.port)));

    for (tacks, flags) in [(&["T1.pem"][..], 0), (&["T2.pem"], 1), (&["T1.pem", "T2.pem"], 1)] {
        let other = server(tacks, flags);
        let said = both(other.port);
        assert_eq!((said.ran.status, &said.document["state"]), (Some(1), &json!("WARNING")));
        assert_eq!([said.codes(0), said.codes(1)], [["differs"], ["differs"]], "{tacks:?} {flags}");
    }
    // Tacks in another order, with flags that say the same.
    let (one, other) = (server(&["T1.pem", "T2.pem"], 1), server(&["T2.pem", "T1.pem"], 2));
    let connect = [one.port, other.port].map(|port| format!("127.0.0.1:{port}"));
    let said = check(["--ca-file", &root, "--connect", &connect[0], "--connect", &connect[1], "localhost"]);
    assert_eq!(said.ran.status, Some(0), "{}", said.document);
    // A server that is down serves nothing to compare.
    let said = both(closed_port());
    assert_eq!((said.codes(0), said.codes(1)), (vec![], vec!["connect"]));
}

/// Each address is a line of its own with --all; else the first that connects is enough.
#[test]
fn every_address_of_a_name() {
    let test = "every_address_of_a_name";
    if !has(test, &["openssl", "unshare"]) {
        return;
    }
    let site = Site::with_tacks();
    let hosts =
        write(site.path(), "hosts", "127.0.0.2 www.example.com\n127.0.0.1 www.example.com\n127.0.0.1 localhost\n");
    let server = Server::s_server(site.path());
    // A mount of its own has the names.
    let check = |arguments: &str| {
        let script = format!(
            "mount --bind {} /etc/hosts && exec {} check --ca-file {} {arguments} www.example.com:{}",
            hosts.display(),
            env!("CARGO_BIN_EXE_tack"),
            site.file("root.pem").display(),
            server.port
        );
        run(Command::new("unshare").args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]))
    };
    let ran = check("");
    if ran.text().is_empty() {
        return crate::common::skip(test, "a mount namespace");
    }
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.text().contains("\naddress          127.0.0.1\n"), "{ran:?}");
    let ran = check("--all");
    let lines: Vec<_> = ran.text().lines().collect();
    assert!(lines[0].starts_with("TACK CRITICAL - 1 CRITICAL, 1 OK: www.example.com:"), "{ran:?}");
    assert_eq!((ran.status, lines.len()), (Some(2), 3));
    for (address, state) in [("127.0.0.2", "CRITICAL"), ("127.0.0.1", "OK")] {
        let line = lines.iter().find(|line| line.contains(&format!("({address}):"))).unwrap();
        assert!(line.starts_with(state), "{line}");
    }
}

#[test]
fn a_list_is_gone_through_in_its_order() {
    if !has("a_list_is_gone_through_in_its_order", &["openssl"]) {
        return;
    }
    let site = Site::with_tacks();
    let server = Server::s_server(site.path());
    let (silent, closed) = (silent_port(), closed_port());
    let mut list = format!("# all of them\nlocalhost:{silent} # holds up nobody\n\nnot a host\n");
    let good = 40;
    for _ in 0..good {
        writeln!(list, "127.0.0.1:{}", server.port).unwrap();
    }
    writeln!(list, "localhost:{closed}").unwrap();
    let root = site.file("root.pem").display().to_string();
    let arguments = ["--ca-file", &root, "--timeout", "2s", "--jobs", "2", "--hosts", "-"];
    let first = format!("localhost:{}", server.port);
    let check = |more: &[&str]| {
        run_with(tack().env_remove("TACK_PINS").arg("check").args(arguments).args(more).arg(&first), list.as_bytes())
    };
    let ran = check(&[]);
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(2), ""));
    let lines: Vec<_> = ran.text().lines().collect();
    let summary = format!("TACK CRITICAL - 2 CRITICAL, 1 UNKNOWN, {} OK: localhost:{silent} (127.0.0.1), ", good + 1);
    assert!(lines[0].starts_with(&summary), "{}", lines[0]);
    assert!(
        lines[0].ends_with(&format!(
            " ok={0};;;0;{1} warning=0;;;0;{1} critical=2;;;0;{1} unknown=1;;;0;{1}",
            good + 1,
            good + 4
        )),
        "{}",
        lines[0]
    );
    assert!(lines[1].starts_with(&format!("OK {first} (127.0.0.1): unpinned, 1 tack, ")), "{}", lines[1]);
    assert!(
        lines[2].starts_with(&format!("CRITICAL localhost:{silent} (127.0.0.1): no answer in time")),
        "{}",
        lines[2]
    );
    assert!(lines[3].starts_with("UNKNOWN standard input: line 4: \"not a host\" is neither"), "{}", lines[3]);
    assert!(lines[4..4 + good].iter().all(|line| line.starts_with(&format!("OK 127.0.0.1:{}: ", server.port))));
    assert!(
        lines[4 + good]
            .starts_with(&format!("CRITICAL localhost:{closed} (127.0.0.1): no connection: connection refused"))
    );
    assert_eq!(lines.len(), good + 5);

    let ran = check(&["--json"]);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.starts_with("tack: standard input: line 4: "), "{}", ran.stderr);
    let document: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(document["hosts"].as_array().unwrap().len(), good + 3);
    assert_eq!((&document["state"], &document["hosts"][1]["port"]), (&json!("CRITICAL"), &json!(silent)));
    // The document is laid out as that of one host is.
    assert_eq!(ran.text(), serde_json::to_string_pretty(&document).unwrap() + "\n");
}

/// The one line of an unresolved, an unreachable and a good host in JSON and their states.
#[test]
fn the_document_of_one_host_and_of_none() {
    if !has("the_document_of_one_host_and_of_none", &["openssl"]) {
        return;
    }
    let site = Site::with_tacks();
    let server = Server::s_server(site.path());
    let said = check_server(&server, &site, &[]);
    assert_eq!(said.ran.text(), serde_json::to_string_pretty(&said.document).unwrap() + "\n");
    let ran = run_with(tack().args(["check", "--json", "--hosts", "-"]), b"not a host\n");
    assert_eq!((ran.status, ran.text()), (Some(3), "{\n  \"state\": \"UNKNOWN\",\n  \"hosts\": []\n}\n"));
    let addresses = ("localhost", 1).to_socket_addrs().unwrap().count();
    assert!(addresses > 0, "localhost has an address");
    let said = check(["nobody.invalid"]);
    assert_eq!((said.outcome(), &said.host(0)["address"]), ((2, vec!["connect"]), &json!(null)));
    assert!(said.message(0, "connect").starts_with("the name cannot be resolved: "));
}

/// Whoever reads no more, ends it without a word.
#[test]
fn a_closed_pipe_is_no_message() {
    let hosts = vec![format!("localhost:{}", closed_port()); 400].join(" ");
    let script = format!("{} check {hosts} | true", env!("CARGO_BIN_EXE_tack"));
    let ran = ok(Command::new("sh").args(["-c", &script]));
    assert_eq!(ran.stderr, "");
}
