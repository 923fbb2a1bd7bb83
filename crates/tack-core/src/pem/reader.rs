//! PEM blocks out of a text that comes in pieces.

use std::fmt;

use base64ct::{Base64, Encoding};

use crate::error::Error;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
const MAX_LABEL: usize = 64;

/// The most bytes that a block may hold: 1 MiB.
pub const MAX_BODY: usize = 1 << 20;
const MAX_BASE64: usize = MAX_BODY.div_ceil(3) * 4;

/// A PEM block, its body not yet decoded.
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    label: String,
    /// Without the blanks of the text.
    base64: Vec<u8>,
}

impl Block {
    /// The words after `BEGIN`.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The bytes that the block holds.
    ///
    /// # Errors
    /// [`Error::Base64`].
    pub fn decode(&self) -> Result<Vec<u8>, Error> {
        let text = str::from_utf8(&self.base64).ok();
        text.and_then(|text| Base64::decode_vec(text).ok()).ok_or_else(|| Error::Base64 { label: self.label.clone() })
    }
}

/// Without the body, which may be a private key.
impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block").field("label", &self.label).finish_non_exhaustive()
    }
}

/// Finds the blocks of a text that comes in pieces.
///
/// It keeps the block that it is in, and nothing of the text between blocks. A block that holds more than [`MAX_BODY`]
/// is refused as soon as it does. After a damaged block the reading goes on with the next BEGIN line. The time is linear
/// in the length of the text, whatever the text is.
///
/// ```
/// use tack_core::pem::Reader;
///
/// let mut labels = Vec::new();
/// let mut reader = Reader::default();
/// for mut piece in [&b"-----BEGIN CERTIFI"[..], b"CATE-----\nMAA=\n-----END CERTIFICATE-----\n"] {
///     while let Some(block) = reader.next_block(&mut piece) {
///         labels.push(block?.label().to_owned());
///     }
/// }
/// assert_eq!(reader.finish(), None);
/// assert_eq!(labels, ["CERTIFICATE"]);
/// # Ok::<(), tack_core::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Reader {
    state: State,
    /// What may become a mark: the start of one.
    held: Vec<u8>,
    /// Of the block that has begun.
    label: String,
    base64: Vec<u8>,
    /// Of the line that is being read, the label and what follows it.
    line: String,
    skipped: usize,
}

/// Where the text so far has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Between blocks.
    #[default]
    Between,
    /// In a BEGIN line.
    Begin,
    /// In the body of a block.
    Body,
    /// In an END line.
    End,
}

/// The marks that are looked for between blocks and in bodies.
enum Mark {
    Begin,
    End,
}

impl Reader {
    /// The next block that ends in `text`, or what is wrong with it. It takes what it has read from the front of `text`.
    /// None when all of that is read: then it wants the next piece.
    pub fn next_block(&mut self, text: &mut &[u8]) -> Option<Result<Block, Error>> {
        while let Some((&byte, rest)) = text.split_first() {
            let found = match self.state {
                // As marks do, but faster.
                State::Between if self.held.is_empty() && byte != b'-' => {
                    let length = text.iter().position(|byte| *byte == b'-').unwrap_or(text.len());
                    self.skipped = self.skipped.saturating_add(length);
                    *text = text.get(length..).unwrap_or_default();
                    None
                }
                State::Between | State::Body => {
                    *text = rest;
                    self.mark(byte)
                }
                State::Begin | State::End => {
                    *text = rest;
                    self.line(byte)
                }
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// How many bytes of text have come since the last block, or what looked like one. A caller may take too many for a
    /// sign that no other block will come.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// Says that no piece comes any more. The error is that of a block that has no end.
    #[must_use]
    pub fn finish(mut self) -> Option<Error> {
        match self.state {
            State::Between => None,
            State::Begin => Some(Error::PemBegin),
            State::Body | State::End => Some(self.cut()),
        }
    }

    /// Takes a byte that belongs to a mark, or ends what looked like one.
    fn mark(&mut self, byte: u8) -> Option<Result<Block, Error>> {
        self.held.push(byte);
        while ![BEGIN, END].iter().any(|mark| mark.as_bytes().starts_with(&self.held)) {
            let first = self.held.remove(0);
            if let Some(error) = self.keep(first) {
                return Some(Err(error));
            }
        }
        let mark = match self.held.as_slice() {
            held if held == BEGIN.as_bytes() => Mark::Begin,
            held if held == END.as_bytes() => Mark::End,
            _ => return None,
        };
        self.held.clear();
        match (mark, self.state) {
            (Mark::Begin, State::Body) => {
                let error = self.cut();
                self.state = State::Begin;
                Some(Err(error))
            }
            (Mark::Begin, _) => {
                self.state = State::Begin;
                self.skipped = 0;
                None
            }
            (Mark::End, State::Body) => {
                self.state = State::End;
                None
            }
            (Mark::End, _) => {
                self.skipped = self.skipped.saturating_add(END.len());
                None
            }
        }
    }

    /// Takes a byte of a BEGIN or END line, after its mark.
    fn line(&mut self, byte: u8) -> Option<Result<Block, Error>> {
        let is_text = (b' '..=b'~').contains(&byte);
        if is_text {
            self.line.push(char::from(byte));
            if let Some(label) = self.line.strip_suffix(DASHES) {
                let label = label.to_owned();
                self.line.clear();
                return self.label(label);
            }
        }
        if is_text && self.line.len() < MAX_LABEL + DASHES.len() {
            return None;
        }
        // The next mark may begin with these.
        let dashes = self.line.len() - self.line.trim_end_matches('-').len();
        let held = if is_text { dashes } else { 0 };
        let error = if self.state == State::Begin { Error::PemBegin } else { self.cut() };
        self.between();
        self.held = vec![b'-'; held];
        Some(Err(error))
    }

    /// Takes the label of a whole BEGIN or END line.
    fn label(&mut self, label: String) -> Option<Result<Block, Error>> {
        if self.state == State::Begin {
            self.label = label;
            self.state = State::Body;
            return None;
        }
        let block = Block { label: std::mem::take(&mut self.label), base64: std::mem::take(&mut self.base64) };
        self.between();
        Some(if block.label == label { Ok(block) } else { Err(Error::PemLabels { label: block.label, end: label }) })
    }

    /// Takes a byte that is no part of a mark.
    fn keep(&mut self, byte: u8) -> Option<Error> {
        if self.state == State::Between {
            self.skipped = self.skipped.saturating_add(1);
        } else if !byte.is_ascii_whitespace() {
            self.base64.push(byte);
        }
        if self.base64.len() <= MAX_BASE64 {
            return None;
        }
        let label = std::mem::take(&mut self.label);
        self.between();
        Some(Error::PemTooLarge { label })
    }

    /// The error for a block that has no END line, which ends here.
    fn cut(&mut self) -> Error {
        let label = std::mem::take(&mut self.label);
        self.between();
        Error::PemEnd { label }
    }

    /// Goes on between blocks.
    fn between(&mut self) {
        let held = std::mem::take(&mut self.held);
        *self = Self { held, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pem::{blocks, encode};

    /// What is found in a text that comes in pieces of this size: labels with the body's length, or errors.
    fn found(text: &[u8], size: usize) -> Vec<String> {
        let mut reader = Reader::default();
        let mut found = Vec::new();
        for mut piece in text.chunks(size) {
            while let Some(block) = reader.next_block(&mut piece) {
                found.push(block.and_then(|block| Ok(format!("{} {}", block.label(), block.decode()?.len()))));
            }
            assert!(piece.is_empty());
        }
        found.extend(reader.finish().map(Err));
        found.into_iter().map(|found| found.unwrap_or_else(|error| error.to_string())).collect()
    }

    #[test]
    fn after_a_damaged_block_the_reading_goes_on() {
        let end = "the A block has no END line: it is truncated";
        let malformed = "a line that begins a PEM block is malformed";
        for (damaged, message) in [
            ("-----BEGIN A-----\nAA\n", end),
            ("-----BEGIN A-----\nAA\n-----END A\n", end),
            ("-----BEGIN A-----\nAA\n-----END A----\n", end),
            ("-----BEGIN A-----\nAA\n-----END B-----\n", "the A block ends as B"),
            ("-----BEGIN A-----\nA-\n-----END A-----\n", "the body of the A block is not base64"),
            ("-----BEGIN A-----\nA-----EN\n-----END A-----\n", "the body of the A block is not base64"),
            ("-----BEGIN A\n", malformed),
            ("-----BEGIN A-\u{e9}-----\n", malformed),
            (&format!("-----BEGIN {}", "A".repeat(70)), malformed),
            (&format!("-----BEGIN {}", "A".repeat(65)), malformed),
        ] {
            let text = format!("{damaged}-{}", encode("C", &[1]));
            for size in [1, 2, 7, text.len()] {
                assert_eq!(found(text.as_bytes(), size), [message, "C 1"], "{damaged:?} in pieces of {size}");
            }
        }
        let longest = "A".repeat(MAX_LABEL);
        assert_eq!(found(encode(&longest, &[1]).as_bytes(), 1), [format!("{longest} 1")]);
    }

    #[test]
    fn a_block_holds_1_mib_and_no_more() {
        let after = encode("B", &[1]);
        let text = encode("A", &vec![0; MAX_BODY]) + &after;
        assert_eq!(found(text.as_bytes(), 1 << 16), ["A 1048576", "B 1"]);
        let text = encode("A", &vec![0; MAX_BODY + 3]) + &after;
        assert_eq!(found(text.as_bytes(), 1 << 16), ["the A block is larger than 1 MiB", "B 1"]);
        assert_eq!(found(text.as_bytes(), text.len()), ["the A block is larger than 1 MiB", "B 1"]);

        // It is refused before it ends, and what comes then is kept no more.
        let mut reader = Reader::default();
        let mut endless = vec![b'A'; 2 * MAX_BASE64];
        endless.splice(..0, *b"-----BEGIN A-----");
        let mut rest = &endless[..];
        assert_eq!(reader.next_block(&mut rest), Some(Err(Error::PemTooLarge { label: "A".to_owned() })));
        assert_eq!(rest.len(), MAX_BASE64 - 1);
        assert_eq!(reader.next_block(&mut rest), None);
        assert_eq!((reader.base64.capacity(), reader.skipped()), (0, MAX_BASE64 - 1));
        assert_eq!(reader.finish(), None);
    }

    #[test]
    fn text_between_blocks_is_counted() {
        let mut reader = Reader::default();
        for (piece, skipped) in [
            ("four", 4),
            ("-five", 9),
            ("-----BEGIN A-----AA==", 0),
            ("-----END A-----", 0),
            ("three\n-----END A-----\n", 22),
            ("-----BEGIN A\n", 0),
            ("two", 3),
        ] {
            let mut piece = piece.as_bytes();
            while reader.next_block(&mut piece).is_some() {}
            assert_eq!(reader.skipped(), skipped, "{piece:?}");
        }
    }

    #[test]
    fn bodies_are_not_shown() {
        let text = encode("PRIVATE KEY", &[7; 9]);
        let block = blocks(text.as_bytes()).next().unwrap().unwrap();
        assert_eq!(format!("{block:?}"), "Block { label: \"PRIVATE KEY\", .. }");
    }
}
