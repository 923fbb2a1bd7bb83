//! PEM (RFC 7468): blocks in and out.
//!
//! The reading is as lenient as tackpy's: text before, between and after blocks, blanks anywhere in a body, base64 on
//! one line. It is stricter where data could get lost: a block without its END line is an error.

use base64ct::{Base64, Encoding};

use crate::error::Error;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
const COLUMNS: usize = 64;
const MAX_LABELS: usize = 5;

/// A PEM block, its body not yet decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    label: &'a str,
    body: &'a [u8],
}

impl<'a> Block<'a> {
    /// The words after `BEGIN`.
    #[must_use]
    pub fn label(&self) -> &'a str {
        self.label
    }

    /// The bytes that the block holds.
    ///
    /// # Errors
    /// [`Error::Base64`].
    pub fn decode(&self) -> Result<Vec<u8>, Error> {
        let body: Vec<u8> = self.body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let text = str::from_utf8(&body).ok();
        text.and_then(|text| Base64::decode_vec(text).ok())
            .ok_or_else(|| Error::Base64 { label: self.label.to_owned() })
    }
}

/// The blocks of a text, in its order. The first error ends them.
pub fn blocks(text: &[u8]) -> impl Iterator<Item = Result<Block<'_>, Error>> {
    let mut rest = Some(text);
    std::iter::from_fn(move || match split_block(rest.take()?) {
        Ok(Some((block, after))) => {
            rest = Some(after);
            Some(Ok(block))
        }
        Ok(None) => None,
        Err(error) => Some(Err(error)),
    })
}

/// The bytes of every block with this label.
///
/// # Errors
/// [`Error::Label`] or [`Error::NoBlock`] if there is none, and what [`blocks`] and [`Block::decode`] refuse.
pub fn decode_all(text: &[u8], label: &'static str) -> Result<Vec<Vec<u8>>, Error> {
    let blocks = blocks(text).collect::<Result<Vec<_>, _>>()?;
    let bodies =
        blocks.iter().filter(|block| block.label == label).map(Block::decode).collect::<Result<Vec<_>, _>>()?;
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
    match blocks.iter().find(|block| block.label == label) {
        Some(first) => first.decode(),
        None => Err(no_label(label, blocks.iter().map(Block::label))),
    }
}

/// The error for a text that has none of the `expected` blocks, but these. It names five kinds at most.
pub fn no_label<'a>(expected: &'static str, found: impl IntoIterator<Item = &'a str>) -> Error {
    let mut labels: Vec<&str> = Vec::new();
    let mut more = 0;
    for label in found {
        match labels.len() {
            _ if labels.contains(&label) => {}
            0..MAX_LABELS => labels.push(label),
            _ => more += 1,
        }
    }
    match (labels.as_slice(), more) {
        ([], _) => Error::NoBlock,
        (labels, 0) => Error::Label { expected, found: labels.join(", ") },
        (labels, more) => Error::Label { expected, found: format!("{} and {more} more", labels.join(", ")) },
    }
}

/// A block with `body`, in lines of 64 columns.
#[must_use]
pub fn encode(label: &str, body: &[u8]) -> String {
    let mut base64 = Base64::encode_string(body);
    let mut pem = String::with_capacity(base64.len() + base64.len() / COLUMNS + 2 * label.len() + 40);
    pem.push_str(&format!("-----BEGIN {label}-----\n"));
    while !base64.is_empty() {
        let rest = base64.split_off(base64.len().min(COLUMNS));
        pem.push_str(&base64);
        pem.push('\n');
        base64 = rest;
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

fn split_block(text: &[u8]) -> Result<Option<(Block<'_>, &[u8])>, Error> {
    let Some((_, rest)) = split(text, BEGIN) else {
        return Ok(None);
    };
    let (label, rest) = split_label(rest)?;
    let cut = || Error::PemEnd { label: label.to_owned() };
    let (body, rest) = split(rest, END).ok_or_else(cut)?;
    if split(body, BEGIN).is_some() {
        return Err(cut());
    }
    let (end, rest) = split_label(rest).map_err(|_| cut())?;
    if end != label {
        return Err(Error::PemLabels { label: label.to_owned(), end: end.to_owned() });
    }
    Ok(Some((Block { label, body }, rest)))
}

fn split_label(text: &[u8]) -> Result<(&str, &[u8]), Error> {
    let (label, rest) = split(text, DASHES).ok_or(Error::PemBegin)?;
    let label = str::from_utf8(label).map_err(|_| Error::PemBegin)?;
    if label.len() > COLUMNS || !label.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(Error::PemBegin);
    }
    Ok((label, rest))
}

/// What stands before and after the first `mark`.
fn split<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text.windows(mark.len()).position(|window| window == mark)?;
    let (before, rest) = text.split_at(at);
    Some((before, rest.get(mark.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lenient_where_tackpy_is() {
        let text = b"\xff before -----BEGIN A B-----\n  AAE\n\n C \r\n-----END A B----- between\n-----BEGIN C----- AQ== -----END C-----";
        let blocks: Vec<_> = blocks(text).map(Result::unwrap).map(|b| (b.label(), b.decode().unwrap())).collect();
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
            assert!(text.lines().all(|line| line.len() <= COLUMNS));
            assert_eq!(decode_all(text.as_bytes(), "TACK").unwrap(), [body]);
        }
    }
}
