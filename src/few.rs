//! Of many messages the first, and how many more there are.

/// Messages, of which only the first `MAX` are kept, so that no input makes them fill the memory, the log or the mailbox.
#[derive(Debug, Default)]
pub struct Few<const MAX: usize = 5> {
    first: Vec<String>,
    number: usize,
}

impl<const MAX: usize> Few<MAX> {
    /// Adds a message, which is made only if it is kept.
    pub fn push(&mut self, message: impl FnOnce() -> String) {
        if self.first.len() < MAX {
            self.first.push(message());
        }
        self.number += 1;
    }

    /// The first messages.
    pub fn first(&self) -> &[String] {
        &self.first
    }

    /// How many messages there are.
    pub fn number(&self) -> usize {
        self.number
    }

    /// How many are not kept.
    pub fn more(&self) -> usize {
        self.number - self.first.len()
    }
}
