//! FTP (RFC 4217). Its servers need not list what they can do: one is asked, and refuses if it cannot.

use std::io::{Read, Write};

use crate::starttls::error::StartTlsError;
use crate::starttls::line::{Lines, Reply};

const PROTOCOL: &str = "FTP";

pub(super) fn negotiate(stream: &mut (impl Read + Write)) -> Result<(), StartTlsError> {
    let mut dialogue = Lines::new(stream);
    let mut greeting = read(&mut dialogue)?;
    // "Ready in a moment": the greeting is still to come (RFC 959, section 5.4).
    if greeting.code == *b"120" {
        greeting = read(&mut dialogue)?;
    }
    greeting.expect(b"220", PROTOCOL)?;
    dialogue.write("AUTH TLS")?;
    read(&mut dialogue)?.expect(b"234", PROTOCOL)?;
    Ok(())
}

/// Reads a reply. Unlike in SMTP, the lines between the first and the last may begin with anything (RFC 959, section 4.2).
fn read<S: Read + Write>(dialogue: &mut Lines<'_, S>) -> Result<Reply, StartTlsError> {
    let first = dialogue.read()?;
    let unexpected = || StartTlsError::unexpected(PROTOCOL, &first);
    let (code, rest) = first.split_first_chunk::<3>().ok_or_else(unexpected)?;
    if !code.iter().all(u8::is_ascii_digit) {
        return Err(unexpected());
    }
    let mut lines = vec![rest.get(1..).unwrap_or_default().to_vec()];
    match rest.first() {
        None | Some(b' ') => {}
        Some(b'-') => loop {
            let line = dialogue.read()?;
            let is_last = line.strip_prefix(code).is_some_and(|rest| matches!(rest.first(), None | Some(b' ')));
            lines.push(line);
            if is_last {
                break;
            }
        },
        Some(_) => return Err(unexpected()),
    }
    Ok(Reply { code: *code, lines })
}

#[cfg(test)]
mod tests {
    use crate::starttls::StartTls::Ftp;
    use crate::starttls::test::{fails, talk};

    #[test]
    fn good() {
        for greeting in ["220 hi", "220", "220-hi\r\n 220 no\r\n220-no\r\n230 no\r\n220 hi", "120 soon\r\n220 hi"] {
            let said = format!("{greeting}\r\n234 go\r\n");
            assert_eq!(talk(Ftp, said), (Ok(()), "AUTH TLS\r\n".to_owned()), "{greeting}");
        }
    }

    #[test]
    fn refused() {
        let words = |said: &str| format!("the server refuses to begin TLS: {said}");
        fails(Ftp, "421 busy\r\n", &words("421 busy"), "");
        fails(Ftp, "220 a\r\n530 Please login\r\n", &words("530 Please login"), "AUTH TLS\r\n");
    }

    #[test]
    fn unexpected() {
        let words = |said: &str| format!("the server does not answer as FTP has it: is it the right port: {said}");
        fails(Ftp, "SSH-2.0-OpenSSH\r\n", &words("SSH-2.0-OpenSSH"), "");
        fails(Ftp, "220x\r\n", &words("220x"), "");
        // 334 is for AUTH with something else to come.
        fails(Ftp, "220 a\r\n334 more\r\n", &words("334 more"), "AUTH TLS\r\n");
    }
}
