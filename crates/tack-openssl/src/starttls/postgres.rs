//! PostgreSQL: an SSLRequest, and one byte in answer.

use std::io::{Read, Write};

use crate::starttls::error::StartTlsError;
use crate::starttls::wire::read_byte;

/// Its length, itself included, and the number that stands in the place of a version: 1234 and 5679.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F];

pub(super) fn negotiate(stream: &mut (impl Read + Write)) -> Result<(), StartTlsError> {
    stream.write_all(&SSL_REQUEST)?;
    stream.flush()?;
    match read_byte(stream)? {
        b'S' => Ok(()),
        b'N' => Err(StartTlsError::NotOffered("TLS")),
        // The begin of an error message, whose text nobody vouches for: it is left alone, as PostgreSQL's own client does.
        b'E' => Err(StartTlsError::refused(b"E")),
        other => Err(StartTlsError::unexpected("PostgreSQL", &[other])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::starttls::StartTls::Postgres;
    use crate::starttls::test::{fails, talk};

    #[test]
    fn anything_but_s_is_a_no() {
        let heard = String::from_utf8_lossy(&SSL_REQUEST).into_owned();
        assert_eq!(talk(Postgres, "S"), (Ok(()), heard.clone()));
        fails(Postgres, "N", "the server does not offer TLS", &heard);
        fails(Postgres, "EFATAL", "the server refuses to begin TLS: E", &heard);
        for other in (0..=u8::MAX).filter(|byte| !b"SNE".contains(byte)) {
            let (outcome, _) = talk(Postgres, [other]);
            assert!(outcome.unwrap_err().starts_with("the server does not answer as PostgreSQL has it"));
        }
    }
}
