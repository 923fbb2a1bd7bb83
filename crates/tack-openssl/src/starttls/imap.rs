//! IMAP (RFC 3501, section 6.2.1).

use std::io::{Read, Write};

use crate::starttls::error::StartTlsError;
use crate::starttls::line::{Lines, has_word};

const PROTOCOL: &str = "IMAP";

pub(super) fn negotiate(stream: &mut (impl Read + Write)) -> Result<(), StartTlsError> {
    let mut dialogue = Lines::new(stream);
    let greeting = dialogue.read()?;
    match greeting.strip_prefix(b"* ") {
        Some(rest) if has_word(rest, "OK") => {}
        // STARTTLS is for a client that is not logged in yet, and BYE turns everyone away.
        Some(rest) if has_word(rest, "PREAUTH") || has_word(rest, "BYE") => {
            return Err(StartTlsError::refused(&greeting));
        }
        _ => return Err(StartTlsError::unexpected(PROTOCOL, &greeting)),
    }

    let mut is_offered = false;
    command(&mut dialogue, "a1", "CAPABILITY", |line| {
        if has_word(line, "CAPABILITY") {
            is_offered |= line.split(|byte| *byte == b' ').any(|word| word.eq_ignore_ascii_case(b"STARTTLS"));
        }
    })?;
    if !is_offered {
        return Err(StartTlsError::NotOffered("STARTTLS"));
    }
    command(&mut dialogue, "a2", "STARTTLS", |_| {})
}

/// Says a command under a tag, takes the untagged lines, and waits for the tagged one that completes it.
fn command<S: Read + Write>(
    dialogue: &mut Lines<'_, S>,
    tag: &str,
    command: &str,
    mut untagged: impl FnMut(&[u8]),
) -> Result<(), StartTlsError> {
    dialogue.write(&format!("{tag} {command}"))?;
    loop {
        let line = dialogue.read()?;
        if let Some(rest) = line.strip_prefix(b"* ") {
            untagged(rest);
            continue;
        }
        let completion = line.strip_prefix(tag.as_bytes()).and_then(|rest| rest.strip_prefix(b" "));
        return match completion {
            Some(rest) if has_word(rest, "OK") => Ok(()),
            Some(rest) if has_word(rest, "NO") || has_word(rest, "BAD") => Err(StartTlsError::refused(rest)),
            _ => Err(StartTlsError::unexpected(PROTOCOL, &line)),
        };
    }
}
