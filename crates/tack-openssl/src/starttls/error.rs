//! Why TLS does not begin.

use std::io;

use crate::starttls::limits::{MAX_LINE, MAX_LINES, MAX_MESSAGE};

/// Why a server did not agree to begin TLS. The messages hold nothing that the server said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartTlsError {
    /// The server does not list what the protocol has it list.
    #[error("the server does not offer {0}")]
    NotOffered(&'static str),

    /// The server refuses, or turns every client away.
    #[error("the server refuses to begin TLS")]
    Refused {
        /// What it said: escape it before it is shown.
        said: String,
    },

    /// The server says what the protocol does not have it say: it may speak another one.
    #[error("the server does not answer as {protocol} has it: is it the right port")]
    Unexpected {
        /// The protocol.
        protocol: &'static str,
        /// What it said: escape it before it is shown.
        said: String,
    },

    /// The server says more than a dialogue has.
    #[error(
        "the server says too much before TLS: a line may have {MAX_LINE} bytes, a dialogue {MAX_LINES} lines, a message {MAX_MESSAGE} bytes"
    )]
    TooLong,

    /// The server closed the connection.
    #[error("the server closed the connection before TLS")]
    Closed,

    /// The stream failed.
    #[error("the connection broke before TLS: {0}")]
    Broken(#[from] io::Error),
}

impl StartTlsError {
    /// What the server said that led to this: escape it before it is shown.
    #[must_use]
    pub fn said(&self) -> Option<&str> {
        match self {
            Self::Refused { said } | Self::Unexpected { said, .. } => Some(said),
            _ => None,
        }
    }

    /// A refusal in these words.
    pub(crate) fn refused(said: &[u8]) -> Self {
        Self::Refused { said: excerpt(said) }
    }

    /// Words that the protocol does not have.
    pub(crate) fn unexpected(protocol: &'static str, said: &[u8]) -> Self {
        Self::Unexpected { protocol, said: excerpt(said) }
    }
}

/// More of what a server said is not kept.
const EXCERPT: usize = 200;

fn excerpt(said: &[u8]) -> String {
    let said = said.get(..EXCERPT).unwrap_or(said);
    String::from_utf8_lossy(said).trim().to_owned()
}
