//! What the structures of TLS have in common.

use crate::error::Error;

/// Refuses bytes that follow the end of a structure.
pub(crate) fn no_more(what: &'static str, extra: &[u8]) -> Result<(), Error> {
    if extra.is_empty() { Ok(()) } else { Err(Error::TrailingBytes { what, extra: extra.len() }) }
}

/// The length of a body in two bytes.
pub(crate) fn length(body: &[u8]) -> [u8; 2] {
    u16::try_from(body.len()).expect("the longest TackExtension has 1,194 bytes").to_be_bytes()
}
