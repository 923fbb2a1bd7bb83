//! PEM (RFC 7468): blocks in and out.
//!
//! The reading is as lenient as tackpy's: text before, between and after blocks, blanks anywhere in a body, base64 on
//! one line. It is stricter where data could get lost: a block without its END line is an error.

mod reader;

use std::iter;

use base64ct::{Base64, Encoding};

use crate::error::Error;

pub use reader::{Block, MAX_BODY, Reader};

/// The bytes of a line: 64 columns of base64.
const LINE: usize = 48;
const MAX_LABELS: usize = 5;

/// The blocks of a text, in its order. Of a damaged one it gives the error, and goes on with the next BEGIN line.
pub fn blocks(text: &[u8]) -> impl Iterator<Item = Result<Block, Error>> {
    let mut rest = text;
    let mut reader = Some(Reader::default());
    iter::from_fn(move || match reader.as_mut()?.next_block(&mut rest) {
        Some(block) => Some(block),
        None => reader.take()?.finish().map(Err),
    })
}

/// The bytes of every block with this label.
///
/// # Errors
/// [`Error::Label`] or [`Error::NoBlock`] if there is none, and what [`blocks`] and [`Block::decode`] refuse.
pub fn decode_all(text: &[u8], label: &'static str) -> Result<Vec<Vec<u8>>, Error> {
    let blocks = blocks(text).collect::<Result<Vec<_>, _>>()?;
    let bodies =
        blocks.iter().filter(|block| block.label() == label).map(Block::decode).collect::<Result<Vec<_>, _>>()?;
    if bodies.is_empty() {
        return Err(no_label(label, blocks.iter().map(Block::label)));
    }
    Ok(bodies)
}

/// The bytes of the first block with this label. The others are not decoded.
///
/// # Errors
/// [`Error::Label`] or [`Error::NoBlock`] if there is none, and what [`blocks`] and [`Block::decode`] refuse.
pub fn decode_first(text: &[u8], label: &'static str) -> Result<Vec<u8>, Error> {
    let blocks = blocks(text).collect::<Result<Vec<_>, _>>()?;
    match blocks.iter().find(|block| block.label() == label) {
        Some(first) => first.decode(),
        None => Err(no_label(label, blocks.iter().map(Block::label))),
    }
}

/// The error for a text that has none of the `expected` blocks, but these. It names five kinds at most.
pub fn no_label<'a>(expected: &'static str, found: impl IntoIterator<Item = &'a str>) -> Error {
    let mut labels = Labels::default();
    found.into_iter().for_each(|label| labels.add(label));
    labels.error(expected)
}

/// The labels of a text's blocks: the first few kinds, and how many more blocks are of others.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    first: Vec<String>,
    more: usize,
}

impl Labels {
    /// Adds the label of a block.
    pub(crate) fn add(&mut self, label: &str) {
        match self.first.len() {
            _ if self.first.iter().any(|first| first == label) => {}
            0..MAX_LABELS => self.first.push(label.to_owned()),
            _ => self.more += 1,
        }
    }

    /// The error for a text that has none of the `expected` blocks, but these.
    pub(crate) fn error(&self, expected: &'static str) -> Error {
        let first = self.first.join(", ");
        match (self.first.len(), self.more) {
            (0, _) => Error::NoBlock,
            (_, 0) => Error::Label { expected, found: first },
            (_, more) => Error::Label { expected, found: format!("{first} and {more} more") },
        }
    }
}

/// A block with `body`, in lines of 64 columns.
#[must_use]
pub fn encode(label: &str, body: &[u8]) -> String {
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in body.chunks(LINE) {
        pem.push_str(&Base64::encode_string(line));
        pem.push('\n');
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lenient_where_tackpy_is() {
        let text = b"\xff before -----BEGIN A B-----\n  AAE\n\n C \r\n-----END A B----- between\n-----BEGIN C----- AQ== -----END C-----";
        let blocks: Vec<_> = blocks(text).map(Result::unwrap).collect();
        let blocks: Vec<_> = blocks.iter().map(|block| (block.label(), block.decode().unwrap())).collect();
        assert_eq!(blocks, [("A B", vec![0, 1, 2]), ("C", vec![1])]);
    }

    #[test]
    fn strict_where_data_would_get_lost() {
        let error = |text: &str| blocks(text.as_bytes()).find_map(Result::err).map(|error| error.to_string());
        assert_eq!(error("no block").as_deref(), None);
        for (text, message) in [
            ("-----BEGIN A-----\nAAEC\n", "the A block has no END line: it is truncated"),
            ("-----BEGIN A-----\nAAEC\n-----END A", "the A block has no END line: it is truncated"),
            (
                "-----BEGIN A-----\nAA\n-----BEGIN A-----\nAAEC\n-----END A-----",
                "the A block has no END line: it is truncated",
            ),
            ("-----BEGIN A-----\nAAEC\n-----END B-----", "the A block ends as B"),
            ("-----BEGIN A", "a line that begins a PEM block is malformed"),
            ("-----BEGIN A\nB-----", "a line that begins a PEM block is malformed"),
        ] {
            assert_eq!(error(text).as_deref(), Some(message), "{text}");
        }
        for bad in ["AAE", "AA=E", "AA*C", "AAE\u{e9}", "AAECAAEC=", "AAF="] {
            let text = format!("-----BEGIN A-----\n{bad}\n-----END A-----");
            assert!(decode_all(text.as_bytes(), "A").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_wrong_label_is_named() {
        let text = format!("{}{}", encode("A", &[1]), encode("B", &[2]));
        assert_eq!(decode_first(text.as_bytes(), "C").unwrap_err().to_string(), "no C block found; it holds A, B");
        assert_eq!(decode_first(b"text", "C"), Err(Error::NoBlock));
        let many: String = (0..9).flat_map(|n| [n, n / 2]).map(|n| encode(&format!("L{n}"), &[])).collect();
        let message = decode_first(many.as_bytes(), "C").unwrap_err().to_string();
        assert_eq!(message, "no C block found; it holds L0, L1, L2, L3, L4 and 4 more");
    }

    #[test]
    fn only_the_first_block_is_decoded() {
        let text = format!("{}-----BEGIN A-----\n*\n-----END A-----\n", encode("A", &[1]));
        assert_eq!(decode_first(text.as_bytes(), "A"), Ok(vec![1]));
        assert!(matches!(decode_all(text.as_bytes(), "A"), Err(Error::Base64 { .. })));
    }

    #[test]
    fn written_blocks_read_back() {
        for length in [0, 1, 47, 48, 49, 166] {
            let body: Vec<u8> = (0..length).collect();
            let text = encode("TACK", &body);
            assert!(text.lines().all(|line| line.len() <= 64));
            assert_eq!(decode_all(text.as_bytes(), "TACK").unwrap(), [body]);
        }
    }
}
