//! Servers that mean ill: whatever they do, there is an end, and a typed error.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use tack_core::Timestamp;
use tack_openssl::{
    Connector, MAX_BYTES, Phase, ProbeError, Seen, StartTls, StartTlsError, Target, TlsError, Trust, connect,
};

/// Nothing here takes so long, unless it hangs.
const DEADLINE: Duration = Duration::from_secs(60);

/// How long a server is given that would take for ever.
const SHORT: Duration = Duration::from_millis(300);

/// Probes a server that does this with its first connection.
fn probe(
    starttls: Option<StartTls>,
    time: Duration,
    serve: impl FnOnce(TcpStream) -> io::Result<()> + Send + 'static,
) -> Result<Seen, ProbeError> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // It ends when it is no longer listened to, or with the test.
    thread::spawn(move || serve(listener.accept()?.0));
    let connector = Connector::builder().trust(Trust::Nothing).build().unwrap();
    let start = Instant::now();
    let deadline = start + time;
    let target = Target { name: "host.example".parse().unwrap(), starttls };
    let outcome = connector.probe(connect(address, deadline).unwrap(), &target, Timestamp::new(0), deadline);
    assert!(start.elapsed() < DEADLINE, "{outcome:?}");
    outcome
}

/// Says this over and over.
fn repeat(mut stream: TcpStream, bytes: &[u8]) -> io::Result<()> {
    let bytes = bytes.repeat(65536 / bytes.len());
    loop {
        stream.write_all(&bytes)?;
    }
}

/// Says this over and over, a byte at a time, so that none comes late.
fn drip(mut stream: TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.set_nodelay(true)?;
    for byte in bytes.iter().cycle() {
        stream.write_all(&[*byte])?;
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

#[test]
fn banners_without_an_end() {
    for (protocol, banner) in [
        (StartTls::Smtp, &b"220-hello\r\n"[..]),
        (StartTls::Smtp, b"220 hello "),
        (StartTls::Imap, b"* OK hello "),
        (StartTls::Pop3, b"+OK\r\n"),
        (StartTls::Ftp, b"220-hello\r\n"),
        (StartTls::Sieve, b"\"A\" \"B\"\r\n"),
        (StartTls::Xmpp, b"<?xml?>"),
        (StartTls::Ldap, b"\x30\x84\xff\xff\xff\xff"),
    ] {
        let outcome = probe(Some(protocol), DEADLINE, |stream| repeat(stream, banner));
        assert!(matches!(outcome, Err(ProbeError::StartTls(StartTlsError::TooLong))), "{protocol}: {outcome:?}");
    }
}

/// What comes in time, byte by byte, does not put the deadline off.
#[test]
fn a_byte_at_a_time() {
    for (protocol, phase, bytes) in [
        (Some(StartTls::Smtp), Phase::StartTls, &b"220-a\r\n"[..]),
        (Some(StartTls::Xmpp), Phase::StartTls, b" "),
        (None, Phase::Handshake, b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"),
    ] {
        let outcome = probe(protocol, SHORT, |stream| drip(stream, bytes));
        assert!(matches!(outcome, Err(ProbeError::Timeout(found)) if found == phase), "{protocol:?}: {outcome:?}");
    }
}

#[test]
fn silence() {
    for (protocol, phase) in [(Some(StartTls::Postgres), Phase::StartTls), (None, Phase::Handshake)] {
        let outcome = probe(protocol, SHORT, |mut stream| stream.read_to_end(&mut Vec::new()).map(drop));
        assert!(matches!(outcome, Err(ProbeError::Timeout(found)) if found == phase), "{protocol:?}: {outcome:?}");
    }
}

/// A record of handshake messages in clear, of TLS 1.2.
fn record(messages: &[u8]) -> Vec<u8> {
    [&[0x16, 3, 3], &u16::try_from(messages.len()).unwrap().to_be_bytes()[..], messages].concat()
}

/// A ServerHello of TLS 1.2 for `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`, with secure renegotiation.
fn server_hello() -> Vec<u8> {
    let body = [&[3, 3][..], &[7; 32], &[0, 0xC0, 0x2F, 0], &[0, 5, 0xFF, 0x01, 0, 1, 0]].concat();
    record(&[&[2, 0, 0, u8::try_from(body.len()).unwrap()], &body[..]].concat())
}

#[test]
fn a_handshake_of_16_mib() {
    let outcome = probe(None, DEADLINE, |mut stream| {
        stream.write_all(&server_hello())?;
        // A Certificate message as long as there may be, of which the first certificate takes all.
        stream.write_all(&record(&[11, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFC, 0xFF, 0xFF, 0xF9]))?;
        repeat(stream, &record(&[0x30; 0x4000]))
    });
    assert!(matches!(outcome, Err(ProbeError::Tls(TlsError::TooLarge))), "{outcome:?}");
}

/// A client ignores a HelloRequest while it shakes hands (RFC 5246, section 7.4.1.1): without a limit, for ever.
#[test]
fn small_messages_without_an_end() {
    let outcome = probe(None, DEADLINE, |stream| repeat(stream, &record(&[0, 0, 0, 0])));
    let is_limited = matches!(outcome, Err(ProbeError::TooMuch { phase: Phase::Handshake, limit: MAX_BYTES }));
    assert!(is_limited, "{outcome:?}");
}

/// What was sent ahead of the handshake, to be taken for protected, breaks it.
#[test]
fn words_behind_the_go_ahead() {
    let said = b"220 a\r\n250-a\r\n250 STARTTLS\r\n220 go\r\n250 injected\r\n";
    let outcome = probe(Some(StartTls::Smtp), DEADLINE, |mut stream| {
        stream.write_all(said)?;
        stream.read_to_end(&mut Vec::new()).map(drop)
    });
    assert!(matches!(outcome, Err(ProbeError::Tls(TlsError::InClear))), "{outcome:?}");
}
