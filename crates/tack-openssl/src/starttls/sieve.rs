//! ManageSieve (RFC 5804, section 2.2).

use std::io::{Read, Write};

use crate::starttls::error::StartTlsError;
use crate::starttls::line::{Lines, has_word};

const PROTOCOL: &str = "ManageSieve";

pub(super) fn negotiate(stream: &mut (impl Read + Write)) -> Result<(), StartTlsError> {
    let mut dialogue = Lines::new(stream);
    // The server begins with what it can do.
    let mut is_offered = false;
    loop {
        let line = dialogue.read()?;
        if line.starts_with(b"\"") {
            is_offered |= has_word(&line, "\"STARTTLS\"");
        } else {
            expect_ok(&line)?;
            break;
        }
    }
    if !is_offered {
        return Err(StartTlsError::NotOffered("STARTTLS"));
    }
    dialogue.write("STARTTLS")?;
    expect_ok(&dialogue.read()?)
}

fn expect_ok(line: &[u8]) -> Result<(), StartTlsError> {
    // A literal, whose lines would follow, is not for what is said here.
    if line.ends_with(b"}") {
        return Err(StartTlsError::unexpected(PROTOCOL, line));
    }
    if has_word(line, "OK") {
        Ok(())
    } else if has_word(line, "NO") || has_word(line, "BYE") {
        Err(StartTlsError::refused(line))
    } else {
        Err(StartTlsError::unexpected(PROTOCOL, line))
    }
}
