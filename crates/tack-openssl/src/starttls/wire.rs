//! Reading no more than is meant.

use std::io::{ErrorKind, Read};

use crate::starttls::error::StartTlsError;
use crate::starttls::limits::MAX_MESSAGE;

/// The next byte.
pub(crate) fn read_byte(stream: &mut impl Read) -> Result<u8, StartTlsError> {
    let mut byte = [0];
    read_exact(stream, &mut byte)?;
    let [byte] = byte;
    Ok(byte)
}

/// So many bytes.
pub(crate) fn read_exact(stream: &mut impl Read, buffer: &mut [u8]) -> Result<(), StartTlsError> {
    stream.read_exact(buffer).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => StartTlsError::Closed,
        _ => StartTlsError::Broken(error),
    })
}

/// A message of so many bytes, if it may have them.
pub(crate) fn read_message(stream: &mut impl Read, length: usize) -> Result<Vec<u8>, StartTlsError> {
    if length > MAX_MESSAGE {
        return Err(StartTlsError::TooLong);
    }
    let mut message = vec![0; length];
    read_exact(stream, &mut message)?;
    Ok(message)
}
