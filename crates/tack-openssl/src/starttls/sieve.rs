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

#[cfg(test)]
mod tests {
    use crate::starttls::StartTls::Sieve;
    use crate::starttls::test::{fails, talk};

    #[test]
    fn good() {
        let said = "\"IMPLEMENTATION\" \"a\"\r\n\"starttls\"\r\n\"VERSION\" \"1.0\"\r\nOK \"hi\"\r\nok\r\n";
        assert_eq!(talk(Sieve, said), (Ok(()), "STARTTLS\r\n".to_owned()));
    }

    #[test]
    fn not_offered() {
        let said = "\"IMPLEMENTATION\" \"STARTTLS\"\r\n\"SASL\" \"STARTTLS \"\r\nOK \"STARTTLS\"\r\nOK\r\n";
        fails(Sieve, said, "the server does not offer STARTTLS", "");
    }

    #[test]
    fn refused() {
        let words = |said: &str| format!("the server refuses to begin TLS: {said}");
        fails(Sieve, "BYE \"busy\"\r\n", &words("BYE \"busy\""), "");
        fails(Sieve, "\"STARTTLS\"\r\nOK\r\nNO \"no\"\r\n", &words("NO \"no\""), "STARTTLS\r\n");
    }

    #[test]
    fn unexpected() {
        let words =
            |said: &str| format!("the server does not answer as ManageSieve has it: is it the right port: {said}");
        fails(Sieve, "* OK imap\r\n", &words("* OK imap"), "");
        fails(Sieve, "\"STARTTLS\"\r\nOK\r\nOK {9}\r\n", &words("OK {9}"), "STARTTLS\r\n");
    }
}
