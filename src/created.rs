//! When a file was made, as its lines "Created at" say.

use tack_core::Timestamp;

const PREFIX: &[u8] = b"Created at ";
/// No line with a time is longer, whatever blanks are at its end.
const MAX_LINE: usize = 64;

/// The newest time out of the lines "Created at" of a text that is read in pieces. tackpy writes such lines too.
#[derive(Default)]
pub struct Created {
    /// The beginning of the line that the last piece ends with.
    line: Vec<u8>,
    newest: Option<Timestamp>,
}

impl Created {
    /// Reads the next piece.
    pub fn read(&mut self, piece: &[u8]) {
        let mut lines = piece.split(|byte| *byte == b'\n');
        let last = lines.next_back().unwrap_or_default();
        for line in lines {
            self.add(line);
            self.end_line();
        }
        self.add(last);
    }

    /// The newest time in all that was read.
    pub fn newest(mut self) -> Option<Timestamp> {
        self.end_line();
        self.newest
    }

    /// The newest time in a text.
    pub fn of(text: &[u8]) -> Option<Timestamp> {
        let mut created = Self::default();
        created.read(text);
        created.newest()
    }

    fn add(&mut self, line: &[u8]) {
        let room = MAX_LINE - self.line.len();
        self.line.extend(line.iter().take(room));
    }

    fn end_line(&mut self) {
        let time = self.line.strip_prefix(PREFIX).and_then(|time| str::from_utf8(time).ok()?.trim().parse().ok());
        self.newest = self.newest.max(time);
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Created by tack\nCreated at 2026-01-02T03:04:05Z\n-----BEGIN X-----\nAAAA\n-----END X-----\n\
                        Created at never\n Created at 2029-01-01T00:00:00Z\nCreated at 2027-01-02T03:04:05Z \r\n\
                        Created at 2026-05-05T00:00:00Z";

    #[test]
    fn the_newest_in_whatever_pieces() {
        let newest = "2027-01-02T03:04:05Z".parse().ok();
        for size in 1..=TEXT.len() {
            let mut created = Created::default();
            TEXT.as_bytes().chunks(size).for_each(|piece| created.read(piece));
            assert_eq!(created.newest(), newest, "pieces of {size}");
        }
        assert_eq!(Created::of(b"Created at 2026-05-05T00:00:00Z"), "2026-05-05Z".parse().ok());
        assert_eq!(Created::of(b""), None);
    }

    #[test]
    fn long_lines_take_no_memory() {
        let mut created = Created::default();
        (0..9).for_each(|_| created.read(&[b'x'; 1 << 16]));
        assert!(created.line.capacity() <= 2 * MAX_LINE);
        created.read(b"\nCreated at 2026-05-05T00:00:00Z\n");
        assert_eq!(created.newest(), "2026-05-05Z".parse().ok());
    }
}
