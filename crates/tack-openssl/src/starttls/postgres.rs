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
