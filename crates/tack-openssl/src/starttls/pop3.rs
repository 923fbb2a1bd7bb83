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

#[cfg(test)]
mod tests {
    use crate::starttls::StartTls::Pop3;
    use crate::starttls::test::{fails, talk};

    #[test]
    fn good() {
        let said = "+OK hi\r\n+OK\r\nUIDL\r\nstls\r\n.\r\n+OK begin\r\n";
        assert_eq!(talk(Pop3, said), (Ok(()), "CAPA\r\nSTLS\r\n".to_owned()));
    }

    #[test]
    fn not_offered() {
        let words = "the server does not offer STLS";
        fails(Pop3, "+OK STLS\r\n+OK STLS\r\nUIDL\r\nSTLSX\r\n.\r\n+OK\r\n", words, "CAPA\r\n");
        fails(Pop3, "+OK\r\n-ERR what\r\n", words, "CAPA\r\n");
    }

    #[test]
    fn refused() {
        let words = |said: &str| format!("the server refuses to begin TLS: {said}");
        fails(Pop3, "-ERR busy\r\n", &words("-ERR busy"), "");
        fails(Pop3, "+OK\r\n+OK\r\nSTLS\r\n.\r\n-ERR no\r\n", &words("-ERR no"), "CAPA\r\nSTLS\r\n");
    }

    #[test]
    fn unexpected() {
        let words = |said: &str| format!("the server does not answer as POP3 has it: is it the right port: {said}");
        fails(Pop3, "+OKAY\r\n", &words("+OKAY"), "");
        fails(Pop3, "+OK\r\n250 a\r\n", &words("250 a"), "CAPA\r\n");
    }
}
