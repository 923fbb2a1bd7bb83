//! What must wait until all is known: texts that come in any order, and are wanted in theirs.

use std::io::{self, Read, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;

/// What is kept in memory; more goes to a temporary file, which nobody else can open.
const IN_MEMORY: usize = 1 << 20;

/// Texts by their places, in flat memory.
pub struct Spool {
    file: SpooledTempFile,
    end: u64,
    /// Where each text is, and its length, which is 0 for one that has not come.
    places: Vec<(u64, usize)>,
}

impl Spool {
    /// For so many texts.
    pub fn new(number: usize) -> Self {
        Self { file: SpooledTempFile::new(IN_MEMORY), end: 0, places: vec![(0, 0); number] }
    }

    /// Keeps the text of a place.
    pub fn put(&mut self, place: usize, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())?;
        if let Some(entry) = self.places.get_mut(place) {
            *entry = (self.end, text.len());
        }
        self.end += u64::try_from(text.len()).map_err(io::Error::other)?;
        Ok(())
    }

    /// Hands over each text that has come, in the order of their places.
    pub fn each(mut self, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut text = Vec::new();
        for (start, length) in self.places.into_iter().filter(|(_, length)| *length > 0) {
            text.resize(length, 0);
            self.file.seek(SeekFrom::Start(start))?;
            self.file.read_exact(&mut text)?;
            each(&text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_in_any_order_and_go_in_theirs() {
        // More than what is kept in memory.
        let text = |place: usize| format!("{place}:").repeat(40_000);
        let mut spool = Spool::new(10);
        for place in [3, 9, 0, 7] {
            spool.put(place, &text(place)).unwrap();
        }
        let mut texts = Vec::new();
        spool
            .each(|text| {
                texts.push(String::from_utf8(text.to_vec()).unwrap());
                Ok(())
            })
            .unwrap();
        assert!(texts == [0, 3, 7, 9].map(text));
    }
}
