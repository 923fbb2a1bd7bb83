//! Servers that send a TACK certificate.

mod files;
mod host;
mod notice;
mod resolver;
mod tack_file;

pub use self::files::{HostError, HostErrorCause, HostFiles};
pub use self::notice::Notice;
pub use self::resolver::{TackResolver, TackResolverBuilder};
