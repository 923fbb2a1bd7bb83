//! Protocols that talk in lines.

use std::io::{Read, Write};

use crate::starttls::error::StartTlsError;
use crate::starttls::limits::{MAX_LINE, MAX_LINES};
use crate::starttls::wire::read_byte;

/// A dialogue in lines.
pub(crate) struct Lines<'a, S> {
    stream: &'a mut S,
    left: usize,
}

impl<'a, S: Read + Write> Lines<'a, S> {
    pub(crate) fn new(stream: &'a mut S) -> Self {
        Self { stream, left: MAX_LINES }
    }

    /// The server's next line, without its end. Nothing behind the end is read.
    pub(crate) fn read(&mut self) -> Result<Vec<u8>, StartTlsError> {
        self.left = self.left.checked_sub(1).ok_or(StartTlsError::TooLong)?;
        let mut line = Vec::new();
        for _ in 0..MAX_LINE {
            match read_byte(self.stream)? {
                b'\n' => {
                    if line.last() == Some(&b'\r') {
                        line.pop();
                    }
                    return Ok(line);
                }
                byte => line.push(byte),
            }
        }
        Err(StartTlsError::TooLong)
    }

    /// Says a line.
    pub(crate) fn write(&mut self, line: &str) -> Result<(), StartTlsError> {
        // One call: a line in two packets confuses some servers.
        self.stream.write_all(format!("{line}\r\n").as_bytes())?;
        Ok(self.stream.flush()?)
    }
}

/// A reply of SMTP or FTP: three digits, and the text of its lines.
pub(crate) struct Reply {
    pub(crate) code: [u8; 3],
    pub(crate) lines: Vec<Vec<u8>>,
}

impl Reply {
    /// Reads a reply (RFC 5321, section 4.2.1): every line begins with the code, and a hyphen follows it but in the last.
    pub(crate) fn read<S: Read + Write>(
        dialogue: &mut Lines<'_, S>,
        protocol: &'static str,
    ) -> Result<Self, StartTlsError> {
        let mut reply: Option<Self> = None;
        loop {
            let line = dialogue.read()?;
            let unexpected = || StartTlsError::unexpected(protocol, &line);
            let (code, rest) = line.split_first_chunk::<3>().ok_or_else(unexpected)?;
            if !code.iter().all(u8::is_ascii_digit) {
                return Err(unexpected());
            }
            let (is_last, text) = match rest.split_first() {
                None => (true, rest),
                Some((b' ', text)) => (true, text),
                Some((b'-', text)) => (false, text),
                Some(_) => return Err(unexpected()),
            };
            let reply = reply.get_or_insert_with(|| Self { code: *code, lines: Vec::new() });
            if reply.code != *code {
                return Err(unexpected());
            }
            reply.lines.push(text.to_vec());
            if is_last {
                return Ok(Self { code: *code, lines: std::mem::take(&mut reply.lines) });
            }
        }
    }

    /// Refuses every reply but the one of this code.
    pub(crate) fn expect(self, code: &[u8; 3], protocol: &'static str) -> Result<Self, StartTlsError> {
        if self.code == *code {
            return Ok(self);
        }
        let said = [&self.code[..], b" ", &self.lines.join(&b" "[..])].concat();
        match self.code {
            [b'4' | b'5', ..] => Err(StartTlsError::refused(&said)),
            _ => Err(StartTlsError::unexpected(protocol, &said)),
        }
    }
}

/// Whether a line begins with this word, in any case, and a blank or its end follows.
pub(crate) fn has_word(line: &[u8], word: &str) -> bool {
    line.split(|byte| *byte == b' ').next().is_some_and(|first| first.eq_ignore_ascii_case(word.as_bytes()))
}
