//! What every dialogue promises, and a server that says what a test has it say.

use std::io::{self, Cursor, Read, Write};

use crate::starttls::{MAX_LINE, MAX_LINES, MAX_MESSAGE, StartTls, StartTlsError, negotiate};

/// A server that says this, and then these bytes for ever, whatever it is told.
struct Server {
    said: Cursor<Vec<u8>>,
    for_ever: &'static [u8],
    heard: Vec<u8>,
    given: usize,
}

impl Read for Server {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = self.said.read(buffer)?;
        if count == 0 && !self.for_ever.is_empty() {
            for (place, byte) in buffer.iter_mut().enumerate() {
                *byte = self.for_ever[(self.given + place) % self.for_ever.len()];
            }
            count = buffer.len();
        }
        self.given += count;
        Ok(count)
    }
}

impl Write for Server {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.heard.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn server(said: &[u8], for_ever: &'static [u8]) -> Server {
    Server { said: Cursor::new(said.to_vec()), for_ever, heard: Vec::new(), given: 0 }
}

fn ask(protocol: StartTls, server: &mut Server) -> Result<(), StartTlsError> {
    negotiate(protocol, server, &"Host.example".parse().unwrap())
}

/// What comes of a dialogue, and what the server heard.
pub(crate) fn talk(protocol: StartTls, said: impl AsRef<[u8]>) -> (Result<(), String>, String) {
    let mut server = server(said.as_ref(), b"");
    let outcome = ask(protocol, &mut server).map_err(|error| match error.said() {
        Some(said) => format!("{error}: {said}"),
        None => error.to_string(),
    });
    (outcome, String::from_utf8_lossy(&server.heard).into_owned())
}

/// A server says the first, and refuses or does not offer TLS: in these words, and having heard this.
pub(crate) fn fails(protocol: StartTls, said: impl AsRef<[u8]>, words: &str, heard: &str) {
    let said = said.as_ref();
    assert_eq!(talk(protocol, said), (Err(words.to_owned()), heard.to_owned()), "{}", String::from_utf8_lossy(said));
}

/// A good server of each protocol.
fn good(protocol: StartTls) -> Vec<u8> {
    match protocol {
        StartTls::Ftp => b"220 (vsFTPd 3.0.3)\r\n234 Proceed with negotiation.\r\n".to_vec(),
        StartTls::Imap => b"* OK hi\r\n* CAPABILITY IMAP4rev1 STARTTLS ID\r\na1 OK done\r\na2 OK begin\r\n".to_vec(),
        StartTls::Ldap => b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00".to_vec(),
        StartTls::Lmtp | StartTls::Smtp => {
            b"220-a\r\n220 b\r\n250-host\r\n250-STARTTLS\r\n250 8BITMIME\r\n220 go\r\n".to_vec()
        }
        StartTls::Mysql => {
            let fields = [&b"\x0a5.5.5-10.11\0"[..], &[1; 4], b"12345678\0", &[0xFE, 0xFF], b"more"].concat();
            let length = u8::try_from(fields.len()).unwrap();
            [&[length, 0, 0, 0], &fields[..]].concat()
        }
        StartTls::Pop3 => b"+OK\r\n+OK list\r\nUIDL\r\nSTLS\r\n.\r\n+OK begin\r\n".to_vec(),
        StartTls::Postgres => b"S".to_vec(),
        StartTls::Sieve => b"\"IMPLEMENTATION\" \"a\"\r\n\"STARTTLS\"\r\nOK \"hi\"\r\nOK \"begin\"\r\n".to_vec(),
        StartTls::Xmpp | StartTls::XmppServer => {
            b"<?xml version='1.0'?><stream:stream id='a>b' xmlns='jabber:client'><stream:features>\
              <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>\
              <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
                .to_vec()
        }
    }
}

#[test]
fn what_follows_the_go_ahead_is_left_in_the_stream() {
    for protocol in StartTls::ALL {
        let good = good(protocol);
        let mut server = server(&[&good[..], b"220 injected\r\n"].concat(), b"");
        ask(protocol, &mut server).unwrap();
        assert_eq!(server.given, good.len(), "{protocol}");
    }
}

#[test]
fn a_dialogue_that_is_cut_anywhere_is_no_go_ahead() {
    for protocol in StartTls::ALL {
        let good = good(protocol);
        for length in 0..good.len() {
            let outcome = ask(protocol, &mut server(&good[..length], b""));
            assert!(matches!(outcome, Err(StartTlsError::Closed)), "{protocol} after {length}: {outcome:?}");
        }
    }
}

/// Whatever a server does not stop to say, and wherever in the dialogue it begins: there is an end.
#[test]
fn what_a_server_says_for_ever_comes_to_an_end() {
    /// A dialogue of lines may have no more, and an XML stream or a message less than that.
    const MOST: usize = MAX_LINE * MAX_LINES;
    let for_ever: [&[u8]; 12] = [
        b"a",
        b"\n",
        b"\0",
        b"<",
        b"<a>",
        b" \r\n",
        b"220-\r\n",
        b"250-a\r\n",
        b"* OK\r\n",
        b"\"A\"\r\n",
        b"+OK\r\nA\r\n",
        &[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF],
    ];
    const { assert!(MAX_MESSAGE < MOST) };
    for protocol in StartTls::ALL {
        let good = good(protocol);
        for bytes in for_ever {
            // Four places do: an XML stream may be long.
            for length in (0..good.len()).step_by(good.len().div_ceil(4)) {
                let mut server = server(&good[..length], bytes);
                let outcome = ask(protocol, &mut server);
                assert!(server.given <= MOST, "{protocol} after {length}: {outcome:?}, {bytes:?}");
            }
        }
    }
}

#[test]
fn lines_and_messages_have_limits() {
    let too_long = StartTlsError::TooLong.to_string();
    assert!(too_long.contains(&MAX_LINE.to_string()) && too_long.contains(&MAX_LINES.to_string()));

    // The line as long as may be is taken.
    let line = |length: usize| [b"+OK ", &vec![b'a'; length - 6][..], b"\r\n", b"+OK\r\nSTLS\r\n.\r\n+OK\r\n"].concat();
    assert_eq!(talk(StartTls::Pop3, line(MAX_LINE)).0, Ok(()));
    assert_eq!(talk(StartTls::Pop3, line(MAX_LINE + 1)), (Err(too_long.clone()), String::new()));

    // So many lines as may be are.
    let lines = |count: usize| [b"+OK\r\n+OK\r\nSTLS\r\n", &b"A\r\n".repeat(count - 5)[..], b".\r\n+OK\r\n"].concat();
    assert_eq!(talk(StartTls::Pop3, lines(MAX_LINES)).0, Ok(()));
    assert_eq!(talk(StartTls::Pop3, lines(MAX_LINES + 1)).0, Err(too_long.clone()));

    let message = |length: u32| [&[0x30, 0x83], &length.to_be_bytes()[1..], &[0; MAX_MESSAGE + 1]].concat();
    assert_eq!(talk(StartTls::Ldap, message(u32::try_from(MAX_MESSAGE).unwrap() + 1)).0, Err(too_long.clone()));
    assert_ne!(talk(StartTls::Ldap, message(u32::try_from(MAX_MESSAGE).unwrap())).0, Err(too_long));
}

#[test]
fn the_wrong_protocol_is_named() {
    let http = b"HTTP/1.1 400 Bad Request\r\n\r\n<html>\r\n\x1b[31m";
    for protocol in StartTls::ALL {
        let outcome = ask(protocol, &mut server(http, b""));
        // MySQL and LDAP begin with a length.
        let is_named = match protocol {
            StartTls::Mysql => matches!(outcome, Err(StartTlsError::TooLong)),
            _ => matches!(outcome, Err(StartTlsError::Unexpected { .. })),
        };
        assert!(is_named, "{protocol}: {outcome:?}");
    }
}
