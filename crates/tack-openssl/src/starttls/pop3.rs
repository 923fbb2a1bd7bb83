//! POP3 (RFC 2595, section 4; RFC 2449, section 5).

use std::io::{Read, Write};

use crate::starttls::error::StartTlsError;
use crate::starttls::line::{Lines, has_word};

const PROTOCOL: &str = "POP3";

pub(super) fn negotiate(stream: &mut (impl Read + Write)) -> Result<(), StartTlsError> {
    let mut dialogue = Lines::new(stream);
    expect_ok(&dialogue.read()?)?;

    dialogue.write("CAPA")?;
    match expect_ok(&dialogue.read()?) {
        // A server from before RFC 2449 lists nothing.
        Err(StartTlsError::Refused { .. }) => return Err(StartTlsError::NotOffered("STLS")),
        other => other?,
    }
    let mut is_offered = false;
    loop {
        let line = dialogue.read()?;
        if line == b"." {
            break;
        }
        is_offered |= has_word(&line, "STLS");
    }
    if !is_offered {
        return Err(StartTlsError::NotOffered("STLS"));
    }
    dialogue.write("STLS")?;
    expect_ok(&dialogue.read()?)
}

fn expect_ok(line: &[u8]) -> Result<(), StartTlsError> {
    if has_word(line, "+OK") {
        Ok(())
    } else if has_word(line, "-ERR") {
        Err(StartTlsError::refused(line))
    } else {
        Err(StartTlsError::unexpected(PROTOCOL, line))
    }
}
