//! What pins say of a connection.

use std::fmt;

/// What the pins of a host name say of a connection (draft-02, section 4.3.3).
///
/// ```
/// use tack_pin::Status;
///
/// assert_eq!(Status::Contradicted.to_string(), "contradicted");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// No pin of the name is active.
    Unpinned,
    /// Every active pin of the name has a matching tack, and there is one.
    Confirmed,
    /// An active pin of the name has no matching tack.
    Contradicted,
}

impl Status {
    /// Its word in draft-02.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unpinned => "unpinned",
            Self::Confirmed => "confirmed",
            Self::Contradicted => "contradicted",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
