//! What an admin should know.

use std::fmt;

use tack_core::{Error, Minute};

use crate::server::files::HostError;

/// What a resolver says of a host, each once for the files that it is about. As text it is a line for a log.
///
/// ```
/// use tack_core::Minute;
/// use tack_rustls::Notice;
///
/// let notice = Notice::ExpiresSoon { expiration: Minute::new(29_919_931) };
/// assert_eq!(notice.to_string(), "the tack expires soon, at 2026-11-20T17:31Z");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice {
    /// The files have changed, and are served from now on.
    TakenUp,

    /// A file has changed, and cannot be used. What was served before is kept.
    Kept(HostError),

    /// The tack does not fit the certificate, or a signature does not hold: the chain is served without it.
    Unfit(Error),

    /// The tack expires soon.
    ExpiresSoon {
        /// The minute from which on it is not valid any more.
        expiration: Minute,
    },

    /// The tack is expired: the chain is served without it.
    Expired {
        /// The minute from which on it is not valid any more.
        expiration: Minute,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TakenUp => f.write_str("the files have changed, and are served"),
            Self::Kept(error) => write!(f, "what was served before is kept: {error}"),
            Self::Unfit(error) => write!(f, "the chain is served without the tack: {error}"),
            Self::ExpiresSoon { expiration } => write!(f, "the tack expires soon, at {expiration}"),
            Self::Expired { expiration } => {
                write!(f, "the chain is served without the tack, which expired at {expiration}")
            }
        }
    }
}
