//! What is seen of a handshake, as its secrets depend on it: the messages, and a line of the key log to check them by.

use std::sync::{Mutex, PoisonError};

use openssl::error::ErrorStack;
use openssl::ssl::{Ssl, SslContextBuilder, SslRef};
use tack_ticket::Transcript;
use zeroize::Zeroizing;

use crate::slot::Slot;

/// The line of the key log that is wanted, before the client's random and the secret.
const LABEL: &str = "SERVER_HANDSHAKE_TRAFFIC_SECRET";

/// The type of a Certificate message (RFC 8446, section 4).
const CERTIFICATE: u8 = 11;

/// What was seen of one connection.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) transcript: Transcript,
    pub(crate) server_handshake_traffic_secret: Option<Zeroizing<Vec<u8>>>,
}

static SLOT: Slot<Mutex<Seen>> = Slot::new();

/// Has a context note its key log.
pub(crate) fn keep_key_log(context: &mut SslContextBuilder) {
    context.set_keylog_callback(note_key_log);
}

/// Notes a line of the key log, if it is the one.
pub(crate) fn note_key_log(ssl: &SslRef, line: &str) {
    let mut words = line.split(' ');
    if words.next() == Some(LABEL)
        && let Some(secret) = words.nth(1).and_then(from_hex)
    {
        with(ssl, |seen| seen.server_handshake_traffic_secret = Some(secret));
    }
}

/// Prepares a connection for what will be seen of it.
pub(crate) fn listen(ssl: &mut Ssl) -> Result<(), ErrorStack> {
    ssl.set_ex_data(SLOT.index()?, Mutex::default());
    Ok(())
}

/// Notes a handshake message. The server's certificate comes after EncryptedExtensions, where the secrets were taken, if they
/// were: then nothing is kept any more, as a connection may last.
pub(crate) fn note(ssl: &SslRef, message: &[u8]) {
    with(ssl, |seen| match message.first() {
        Some(&CERTIFICATE) => *seen = Seen::default(),
        _ => seen.transcript.add(message),
    });
}

/// Does something with what was seen; none if the connection was not prepared.
pub(crate) fn with<T>(ssl: &SslRef, action: impl FnOnce(&mut Seen) -> T) -> Option<T> {
    let seen = ssl.ex_data(SLOT.index().ok()?)?;
    Some(action(&mut seen.lock().unwrap_or_else(PoisonError::into_inner)))
}

/// The bytes of so many pairs of digits.
fn from_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let nibble = |digit: &u8| char::from(*digit).to_digit(16).and_then(|nibble| u8::try_from(nibble).ok());
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    for pair in text.as_bytes().chunks(2) {
        let [high, low] = pair else { return None };
        bytes.push(nibble(high)? << 4 | nibble(low)?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_pairs_of_digits() {
        assert_eq!(*from_hex("00ff7A").unwrap(), [0, 0xff, 0x7a]);
        assert!(from_hex("0").is_none() && from_hex("0g").is_none());
    }
}
