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

#[cfg(test)]
mod tests {
    use crate::starttls::StartTls::Imap;
    use crate::starttls::test::{fails, talk};

    const CAPABILITY: &str = "a1 CAPABILITY\r\n";
    const BOTH: &str = "a1 CAPABILITY\r\na2 STARTTLS\r\n";

    #[test]
    fn good() {
        let said = "* OK [CAPABILITY IMAP4rev1] hi\r\n* capability IMAP4rev1 starttls\r\n* OK note\r\na1 OK\r\n* OK x\r\na2 ok go\r\n";
        assert_eq!(talk(Imap, said), (Ok(()), BOTH.to_owned()));
    }

    /// Neither by the greeting, which is not the answer to the question, nor in other words.
    #[test]
    fn not_offered() {
        let words = "the server does not offer STARTTLS";
        fails(Imap, "* OK [CAPABILITY STARTTLS]\r\n* CAPABILITY IMAP4rev1\r\na1 OK\r\n", words, CAPABILITY);
        fails(Imap, "* OK\r\n* OK STARTTLS\r\n* CAPABILITY XSTARTTLS\r\na1 OK\r\n", words, CAPABILITY);
    }

    #[test]
    fn refused() {
        let words = |said: &str| format!("the server refuses to begin TLS: {said}");
        fails(Imap, "* BYE busy\r\n", &words("* BYE busy"), "");
        fails(Imap, "* PREAUTH welcome\r\n", &words("* PREAUTH welcome"), "");
        fails(Imap, "* OK\r\na1 BAD what\r\n", &words("BAD what"), CAPABILITY);
        fails(Imap, "* OK\r\n* CAPABILITY STARTTLS\r\na1 OK\r\na2 NO not now\r\n", &words("NO not now"), BOTH);
    }

    #[test]
    fn unexpected() {
        let words = |said: &str| format!("the server does not answer as IMAP has it: is it the right port: {said}");
        fails(Imap, "220 mail\r\n", &words("220 mail"), "");
        fails(Imap, "* OK\r\na10 OK\r\n", &words("a10 OK"), CAPABILITY);
        // The go-ahead to come is not taken for the answer to the first question.
        fails(Imap, "* OK\r\n* CAPABILITY STARTTLS\r\na2 OK\r\n", &words("a2 OK"), CAPABILITY);
    }
}
