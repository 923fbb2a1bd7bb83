//! MySQL and MariaDB: the server greets, and the client asks for TLS by a packet after which it begins, without a go-ahead.

use std::io::{Read, Write};

use crate::starttls::error::StartTlsError;
use crate::starttls::wire::{read_exact, read_message};

const PROTOCOL: &str = "MySQL";

/// The only version of the protocol in use.
const VERSION: u8 = 10;
/// The first byte of an error instead.
const ERROR: u8 = 0xFF;

/// `CLIENT_SSL` among the capabilities.
const CLIENT_SSL: u16 = 0x0800;
/// `CLIENT_PROTOCOL_41`, `CLIENT_SSL`, `CLIENT_SECURE_CONNECTION`; in little-endian as all numbers here.
const CAPABILITIES: [u8; 4] = [0x00, 0x8A, 0x00, 0x00];
/// The largest packet that is taken, 16 MiB.
const MAX_PACKET: [u8; 4] = [0, 0, 0, 1];
/// utf8.
const CHARSET: u8 = 33;

pub(super) fn negotiate(stream: &mut (impl Read + Write)) -> Result<(), StartTlsError> {
    let mut header = [0; 4];
    read_exact(stream, &mut header)?;
    let [low, middle, high, _sequence] = header;
    let length = usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16;
    let greeting = read_message(stream, length)?;
    let unexpected = || StartTlsError::unexpected(PROTOCOL, &greeting);

    match greeting.split_first().ok_or_else(unexpected)? {
        (&VERSION, rest) => {
            let capabilities = capabilities(rest).ok_or_else(unexpected)?;
            if capabilities & CLIENT_SSL == 0 {
                return Err(StartTlsError::NotOffered("TLS"));
            }
        }
        // A number follows, then words.
        (&ERROR, rest) => return Err(StartTlsError::refused(rest.get(2..).unwrap_or_default())),
        _ => return Err(unexpected()),
    }

    let mut request = vec![32, 0, 0, 1];
    request.extend(CAPABILITIES);
    request.extend(MAX_PACKET);
    request.push(CHARSET);
    request.extend([0; 23]);
    stream.write_all(&request)?;
    Ok(stream.flush()?)
}

/// The lower half of the server's capabilities, in what follows the version of the protocol: the server's version up to a
/// zero, a number of 4 bytes, 8 bytes of a nonce, a zero, and they.
fn capabilities(greeting: &[u8]) -> Option<u16> {
    let end = greeting.iter().position(|byte| *byte == 0)?;
    let fields = greeting.get(end + 1..)?;
    let half = fields.get(13..15)?;
    Some(u16::from_le_bytes(half.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use crate::starttls::StartTls::Mysql;
    use crate::starttls::test::{fails, talk};

    /// A packet of these contents.
    fn packet(contents: &[&[u8]]) -> Vec<u8> {
        let contents = contents.concat();
        [&[u8::try_from(contents.len()).unwrap(), 0, 0, 0], &contents[..]].concat()
    }

    fn greeting(capabilities: u16) -> Vec<u8> {
        packet(&[b"\x0a8.0\0", &[0; 4], &[7; 8], &[0], &capabilities.to_le_bytes(), b"more"])
    }

    #[test]
    fn good() {
        let (outcome, heard) = talk(Mysql, greeting(0x0800));
        assert_eq!(outcome, Ok(()));
        assert_eq!((heard.len(), heard.starts_with("\u{20}\0\0\u{1}\0")), (38, true), "{heard:?}");
    }

    #[test]
    fn not_offered() {
        fails(Mysql, greeting(!0x0800), "the server does not offer TLS", "");
    }

    #[test]
    fn refused() {
        let said = packet(&[b"\xffab", b"Host is blocked"]);
        fails(Mysql, said, "the server refuses to begin TLS: Host is blocked", "");
    }

    #[test]
    fn unexpected() {
        let whole = greeting(0x0800);
        let short = (4..whole.len() - 4).map(|end| packet(&[&whole[4..end]]));
        for said in short.chain([packet(&[b"\x09old\0", &[0; 40]])]) {
            let (outcome, heard) = talk(Mysql, said);
            assert!(outcome.unwrap_err().starts_with("the server does not answer as MySQL has it"));
            assert_eq!(heard, "");
        }
    }
}
