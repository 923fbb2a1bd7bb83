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

#[cfg(test)]
mod tests {
    use crate::starttls::StartTls::{Lmtp, Smtp};
    use crate::starttls::test::{fails, talk};

    #[test]
    fn good() {
        for (protocol, hello) in [(Smtp, "EHLO"), (Lmtp, "LHLO")] {
            let heard = format!("{hello} localhost\r\nSTARTTLS\r\n");
            for offer in ["250-host\r\n250-SIZE 1\r\n250 starttls\r\n", "250-host\n250-STARTTLS x\n250\n"] {
                let said = format!("220-mail\r\n220 mail\r\n{offer}220 2.0.0 go\r\n");
                assert_eq!(talk(protocol, said), (Ok(()), heard.clone()));
            }
        }
    }

    #[test]
    fn not_offered() {
        // Not in the name of the host, and not as a part of another word.
        for offer in ["250 STARTTLS\r\n", "250-host\r\n250-STARTTLS2\r\n250 XSTARTTLS\r\n"] {
            let words = "the server does not offer STARTTLS";
            fails(Smtp, format!("220 a\r\n{offer}220 go\r\n"), words, "EHLO localhost\r\n");
        }
    }

    #[test]
    fn refused() {
        let words = |said: &str| format!("the server refuses to begin TLS: {said}");
        fails(Smtp, "554-no\r\n554 way\r\n", &words("554 no way"), "");
        fails(Smtp, "220 a\r\n502 what\r\n", &words("502 what"), "EHLO localhost\r\n");
        let said = "220 a\r\n250-a\r\n250 STARTTLS\r\n454 TLS not available\r\n";
        fails(Smtp, said, &words("454 TLS not available"), "EHLO localhost\r\nSTARTTLS\r\n");
    }

    #[test]
    fn unexpected() {
        let words = |said: &str| format!("the server does not answer as SMTP has it: is it the right port: {said}");
        for said in ["+OK hi", "22", "220x", "220-a\r\n250 b", "250 a", "999 a"] {
            let last = said.split("\r\n").last().unwrap();
            fails(Smtp, format!("{said}\r\n"), &words(last), "");
        }
    }
}
