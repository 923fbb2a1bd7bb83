//! Writes the seeds: the bodies of the test vectors for the targets that read bytes, the vectors of tacks as they are for `pem`,
//! pin lists without their comments, the plans of examples/, a good server of each protocol for `starttls`, edits of records for
//! `memory_client` and `memory_server`, the key rings and ticket lists of the command line's tests with their tickets, and a few
//! lines of text or bytes for the others.

use std::fs;
use std::io;
use std::path::Path;

use tack_core::pem;
use tack_ticket::{ClientMessage, ServerMessage, TicketList};

const BINARY: [&str; 6] = ["tack", "break_sig", "key_file", "extension", "serverinfo", "certificate"];
const TEXTS: [(&str, &[&str]); 3] = [
    (
        "time",
        &["1d12h5m", "0m", "2H", "2013Z", "2013-01-02Z", "2013-1-2t3:4z", "2026-11-20T17:31:15Z", "9999-12-31T23:59Z"],
    ),
    ("schedule", &["365@1d", "1000000@1m", "3@1d12h5m"]),
    (
        "host_name",
        &["WWW.Example.com.", "_25._tcp.a-b.example", "192.0.2.1", "[::1]", "b\u{fc}cher.example", "xn--bcher-kva.a"],
    ),
];
/// The wishes of a client in `process` to be served the bytes that follow, as one or the other.
const BY_EXTENSION: u8 = 0;
const BY_CERTIFICATE: u8 = 8;
/// What passes between connections in `process`: the wishes, the days, the length, and numbers of tacks before the flags.
const HISTORIES: [(&str, &[u8]); 4] = [
    ("pinned", &[16, 0, 0, 2, 0, 1, 16, 9, 0, 2, 0, 1, 16, 9, 0, 0]),
    ("rollover", &[16, 0, 0, 3, 0, 2, 3, 16, 20, 0, 3, 0, 2, 3, 16, 20, 0, 3, 0, 2, 2, 16, 60, 0, 2, 2, 1]),
    ("revoked", &[16, 0, 0, 2, 0, 1, 17, 1, 0, 2, 1, 1, 16, 1, 0, 2, 0, 1]),
    ("read_only", &[16, 0, 0, 2, 0, 1, 20, 9, 0, 2, 4, 1, 18, 9, 0, 2, 4, 1]),
];

/// The settings of a connection in `memory_client` and `memory_server`, in TLS 1.2 (even) and 1.3 (odd), and edits: the kind,
/// the place in two bytes, the value, and what is inserted.
const EDITS: [(&str, &[u8]); 8] = [
    ("none_12", &[0]),
    ("none_13", &[0xFF]),
    ("set", &[0xFE, 0, 0, 0, 0, 1, 0, 20, 7]),
    ("flip", &[0xFF, 2, 0, 9, 3]),
    ("cut", &[0xFE, 0, 0, 0, 0, 3, 0, 30, 0]),
    ("drop", &[0xFF, 0, 0, 0, 0, 4, 0, 5, 2, 6, 0, 0, 0]),
    ("twice", &[0xFE, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0]),
    ("insert", &[0xFF, 7, 0, 0, 15, 21, 3, 3, 0, 2, 1, 0]),
];

/// What a good server says, in the order of `StartTls::ALL`.
const STARTTLS: [(&str, &[u8]); 11] = [
    ("ftp", b"220-hello\r\n220 hello\r\n234 go\r\n"),
    ("imap", b"* OK hello\r\n* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK done\r\na2 OK go\r\n"),
    ("ldap", b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"),
    ("lmtp", b"220 hello\r\n250-host\r\n250 STARTTLS\r\n220 go\r\n"),
    ("mysql", b"\x16\x00\x00\x00\x0a10.11\x0012345678abcd\x00\xff\xff"),
    ("pop3", b"+OK hello\r\n+OK\r\nUIDL\r\nSTLS\r\n.\r\n+OK go\r\n"),
    ("postgres", b"S"),
    ("sieve", b"\"IMPLEMENTATION\" \"a\"\r\n\"STARTTLS\"\r\nOK \"hello\"\r\nOK\r\n"),
    ("smtp", b"220 hello\r\n250-host\r\n250 STARTTLS\r\n220 go\r\n"),
    ("xmpp", XMPP),
    ("xmpp_server", XMPP),
];
const XMPP: &[u8] = b"<?xml version='1.0'?><stream:stream id='a'><stream:features>\
<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>\
<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

fn main() -> io::Result<()> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in fs::read_dir(fuzz.join("../crates/tack-core/tests/vectors"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(target) = BINARY.iter().find(|target| name.starts_with(&format!("{target}_"))) else { continue };
        let text = fs::read(&path)?;
        if let Some(Ok(body)) = pem::blocks(&text).next().and_then(Result::ok).map(|block| block.decode()) {
            write(fuzz, target, &name, &body)?;
            let wishes = match *target {
                "extension" => BY_EXTENSION,
                "certificate" => BY_CERTIFICATE,
                _ => continue,
            };
            let [high, low] = u16::try_from(body.len()).unwrap_or(u16::MAX).to_be_bytes();
            write(fuzz, "process", &name, &[&[wishes, 0, high, low], &body[..]].concat())?;
        }
        if *target == "tack" {
            write(fuzz, "pem", &name, &text)?;
        }
    }
    for entry in fs::read_dir(fuzz.join("../crates/tack-pin/tests/vectors"))? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        let list: String = text.split_inclusive('\n').skip_while(|line| line.starts_with("# ")).collect();
        write(fuzz, "pin_list", &path.file_name().unwrap_or_default().to_string_lossy(), list.as_bytes())?;
    }
    for (name, bytes) in HISTORIES {
        write(fuzz, "process", name, bytes)?;
    }
    for entry in fs::read_dir(fuzz.join("../examples/plans"))? {
        let path = entry?.path();
        write(fuzz, "plan", &path.file_name().unwrap_or_default().to_string_lossy(), &fs::read(&path)?)?;
    }
    for (target, texts) in TEXTS {
        for (index, text) in texts.iter().enumerate() {
            write(fuzz, target, &index.to_string(), text.as_bytes())?;
        }
    }
    for (name, edits) in EDITS {
        write(fuzz, "memory_client", name, edits)?;
        write(fuzz, "memory_server", name, edits)?;
    }
    for (number, (name, said)) in (0..).zip(STARTTLS) {
        write(fuzz, "starttls", name, &[&[number], said].concat())?;
    }
    write_tickets(fuzz)
}

fn write_tickets(fuzz: &Path) -> io::Result<()> {
    let fixtures = fuzz.join("../tests/cli/fixtures");
    for (target, name) in [
        ("ring", "RING.json"),
        ("ring", "bad/ring_cut.json"),
        ("ring", "bad/ring_none.json"),
        ("ring", "bad/ring_twice.json"),
        ("ring", "bad/ring_version.json"),
        ("ticket_list", "TICKETS.json"),
        ("ticket_list", "TICKETS2.json"),
        ("ticket_list", "bad/tickets_lifetime.json"),
        ("ticket_list", "bad/tickets_version.json"),
    ] {
        write(fuzz, target, name.trim_start_matches("bad/"), &fs::read(fixtures.join(name))?)?;
    }
    let list = TicketList::from_json(&fs::read(fixtures.join("TICKETS.json"))?).map_err(io::Error::other)?;
    for (index, (_, pin)) in list.pins().iter().enumerate() {
        let ticket = pin.ticket();
        write(fuzz, "ticket", &index.to_string(), ticket.as_bytes())?;
        let client = ClientMessage { ticket: Some(ticket.clone()) };
        write(fuzz, "ticket_message", &format!("client_{index}"), &client.to_bytes())?;
        let server = ServerMessage { proof: vec![7; 32], ticket: Some(ticket.clone()), lifetime: 2_592_000 };
        write(fuzz, "ticket_message", &format!("server_{index}"), &server.to_bytes())?;
    }
    write(fuzz, "ticket_message", "first_visit", &ClientMessage::default().to_bytes())?;
    let ramp_down = ServerMessage { proof: vec![7; 48], ticket: None, lifetime: 0 };
    write(fuzz, "ticket_message", "ramp_down", &ramp_down.to_bytes())
}

fn write(fuzz: &Path, target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let directory = fuzz.join("seeds").join(target);
    fs::create_dir_all(&directory)?;
    fs::write(directory.join(name), bytes)
}
