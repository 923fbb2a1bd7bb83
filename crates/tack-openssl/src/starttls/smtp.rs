//! SMTP (RFC 3207), and LMTP, which differs by one word (RFC 2033, section 4.1).

use std::io::{Read, Write};

use crate::starttls::error::StartTlsError;
use crate::starttls::line::{Lines, Reply, has_word};

const PROTOCOL: &str = "SMTP";

/// Says hello by this word, and asks for TLS.
pub(super) fn negotiate(stream: &mut (impl Read + Write), hello: &str) -> Result<(), StartTlsError> {
    let mut dialogue = Lines::new(stream);
    Reply::read(&mut dialogue, PROTOCOL)?.expect(b"220", PROTOCOL)?;
    // Who we are does not matter: no mail will be sent.
    dialogue.write(&format!("{hello} localhost"))?;
    let offer = Reply::read(&mut dialogue, PROTOCOL)?.expect(b"250", PROTOCOL)?;
    // The first line is the server's name.
    if !offer.lines.iter().skip(1).any(|line| has_word(line, "STARTTLS")) {
        return Err(StartTlsError::NotOffered("STARTTLS"));
    }
    dialogue.write("STARTTLS")?;
    Reply::read(&mut dialogue, PROTOCOL)?.expect(b"220", PROTOCOL)?;
    Ok(())
}
