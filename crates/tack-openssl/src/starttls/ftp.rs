//! FTP (RFC 4217). Its servers need not list what they can do: one is asked, and refuses if it cannot.

use std::io::{Read, Write};

use crate::starttls::error::StartTlsError;
use crate::starttls::line::{Lines, Reply};

const PROTOCOL: &str = "FTP";

pub(super) fn negotiate(stream: &mut (impl Read + Write)) -> Result<(), StartTlsError> {
    let mut dialogue = Lines::new(stream);
    let mut greeting = FtpReply::read(&mut dialogue)?;
    // "Ready in a moment": the greeting is still to come (RFC 959, section 5.4).
    if greeting.code == *b"120" {
        greeting = FtpReply::read(&mut dialogue)?;
    }
    greeting.expect(b"220", PROTOCOL)?;
    dialogue.write("AUTH TLS")?;
    FtpReply::read(&mut dialogue)?.expect(b"234", PROTOCOL)?;
    Ok(())
}

/// Reads replies as FTP has them.
struct FtpReply;

impl FtpReply {
    /// Unlike in SMTP, the lines between the first and the last may begin with anything (RFC 959, section 4.2).
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
}
