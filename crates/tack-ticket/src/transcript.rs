//! The messages from ClientHello to ServerHello, as secrets depend on them.

use crate::hash::Hash;

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const MESSAGE_HASH: u8 = 254;
/// Type and length, before the body of a message.
const HEADER: usize = 4;

/// The random of a ServerHello that is a HelloRetryRequest (RFC 8446, section 4.1.3): the SHA-256 of "HelloRetryRequest".
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// The messages of a handshake from the first ClientHello to the ServerHello (RFC 8446, section 4.4.1), collected as they are
/// sent and received. What comes after the ServerHello is left out.
///
/// ```
/// use tack_ticket::Transcript;
///
/// let mut transcript = Transcript::default();
/// transcript.add(b"\x01\x00\x00\x00");
/// assert!(transcript.hash().is_none(), "the ServerHello is still to come");
/// ```
#[derive(Clone, Default)]
pub struct Transcript {
    first_hello: Vec<u8>,
    /// A HelloRetryRequest, and the ClientHello after it.
    retry: Vec<u8>,
    server_hello: Vec<u8>,
}

impl Transcript {
    /// Adds a handshake message as it is sent: its type, a byte; the length of its body, three bytes; and its body.
    pub fn add(&mut self, message: &[u8]) {
        if !self.server_hello.is_empty() {
            return;
        }
        match message.first() {
            Some(&CLIENT_HELLO) if self.first_hello.is_empty() => self.first_hello = message.to_vec(),
            Some(&SERVER_HELLO) if !is_retry(message) => self.server_hello = message.to_vec(),
            Some(&(CLIENT_HELLO | SERVER_HELLO)) => self.retry.extend_from_slice(message),
            _ => {}
        }
    }

    /// The hash of the cipher suite that the server chose, and the hash of the messages by it; none before the ServerHello.
    #[must_use]
    pub fn hash(&self) -> Option<(Hash, Vec<u8>)> {
        let hash = Hash::of_suite(suite(&self.server_hello)?)?;
        let digest = if self.retry.is_empty() {
            hash.digest(&[&self.first_hello, &self.server_hello])
        } else {
            let length = u8::try_from(hash.length()).ok()?;
            let first = hash.digest(&[&self.first_hello]);
            hash.digest(&[&[MESSAGE_HASH, 0, 0, length], &first, &self.retry, &self.server_hello])
        };
        Some((hash, digest))
    }
}

/// The random of a ServerHello, after its legacy_version.
fn is_retry(message: &[u8]) -> bool {
    message.get(HEADER + 2..HEADER + 34) == Some(RETRY.as_slice())
}

/// The cipher_suite of a ServerHello, after the legacy_session_id_echo.
fn suite(message: &[u8]) -> Option<u16> {
    let (&length, rest) = message.get(HEADER + 34..)?.split_first()?;
    rest.get(usize::from(length)..)?.first_chunk().copied().map(u16::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, random: [u8; 32], suite: u16) -> Vec<u8> {
        let body = [&[3, 3][..], &random, &[2, 7, 7], &suite.to_be_bytes(), &[0, 0, 0]].concat();
        [&[kind, 0, 0, u8::try_from(body.len()).unwrap()][..], &body].concat()
    }

    #[test]
    fn after_a_retry_the_first_hello_counts_by_its_hash() {
        for (suite, hash) in [(0x1301, Hash::Sha256), (0x1302, Hash::Sha384)] {
            let first = message(CLIENT_HELLO, [1; 32], suite);
            let retry = message(SERVER_HELLO, RETRY, suite);
            let second = message(CLIENT_HELLO, [2; 32], suite);
            let hello = message(SERVER_HELLO, [3; 32], suite);
            let mut transcript = Transcript::default();
            for message in [&first, &retry, &second] {
                transcript.add(message);
                assert_eq!(transcript.hash(), None);
            }
            transcript.add(&hello);
            let length = u8::try_from(hash.length()).unwrap();
            let synthetic = [&[254, 0, 0, length][..], &hash.digest(&[&first])].concat();
            let expected = hash.digest(&[&synthetic, &retry, &second, &hello]);
            assert_eq!(transcript.hash(), Some((hash, expected)));
        }
    }

    #[test]
    fn what_comes_after_the_server_hello_is_left_out() {
        let mut transcript = Transcript::default();
        let (client, server) = (message(CLIENT_HELLO, [1; 32], 0x1301), message(SERVER_HELLO, [3; 32], 0x1301));
        transcript.add(&[11, 0, 0, 0]);
        transcript.add(&client);
        transcript.add(&server);
        transcript.add(&server);
        transcript.add(&client);
        assert_eq!(transcript.hash(), Some((Hash::Sha256, Hash::Sha256.digest(&[&client, &server]))));
    }

    #[test]
    fn a_damaged_server_hello_has_no_hash() {
        let hello = message(SERVER_HELLO, [3; 32], 0x1301);
        for length in 0..hello.len() - 3 {
            let mut transcript = Transcript::default();
            transcript.add(&hello[..length]);
            assert_eq!(transcript.hash(), None, "{length} bytes");
        }
    }
}
