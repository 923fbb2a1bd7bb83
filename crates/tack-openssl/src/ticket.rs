//! Ticket pinning ([RFC 8672](https://www.rfc-editor.org/rfc/rfc8672), experimental) over TLS 1.3, by OpenSSL.
//!
//! OpenSSL does not know the extension, and no function of it gives the Handshake Secret. This module adds the extension, and has
//! OpenSSL derive the secrets of these connections by a provider of its own, which passes each derivation on and sees what goes
//! in and comes out: the key exchange is not computed a second time. In each connection the server_handshake_traffic_secret, which
//! OpenSSL would write to a key log, is derived from what was seen, and compared with that of OpenSSL. What does not agree ends the
//! handshake as an internal error, and is never called an attack.
//!
//! The provider is loaded at the first context, as "tack-openssl", into the OpenSSL that the process shares, and stays: code that has this
//! module must not be unloaded. Contexts of this module prefer it, and others do not ask for it. OpenSSL must be 3.0 or later. Where
//! its configuration wants or prefers algorithms with certain properties (`default_properties`, such as `provider=default`), OpenSSL
//! may take another one: then each handshake of a client that asks for a ticket ends as [`Fault::NotShown`].
//!
//! Both sides speak TLS 1.3 alone, without resumption and 0-RTT, where a ticket could not be proved. The groups are X25519, P-256
//! and P-384: RFC 8672 knows no KEM.
//!
//! A connection is prepared, then made by whoever has the stream, blocking or not, and finished:
//!
//! ```no_run
//! use std::io::Write;
//! use std::net::TcpStream;
//!
//! use tack_core::Timestamp;
//! use tack_openssl::ticket::TicketClient;
//! use tack_ticket::{MemoryTickets, Origin, TicketStore};
//!
//! let client = TicketClient::builder().build()?;
//! let store = MemoryTickets::default();
//! let origin = Origin::tls("www.example.com".parse()?, 443);
//! let now = Timestamp::new(1_795_195_875);
//!
//! let (ssl, handshake) = client.prepare(&origin.name, store.find(&origin, now)?, now)?;
//! let connected = ssl.connect(TcpStream::connect(("www.example.com", 443))?);
//! let mut stream = connected.map_err(|error| match handshake.failure() {
//!     Some(why) => why.to_string(),
//!     None => error.to_string(),
//! })?;
//! let welcome = handshake.finish(stream.ssl())?;
//! let is_proved = welcome.is_proved();
//! if let Some(offer) = welcome.into_offer() {
//!     let pin = offer.into_pin(now);
//!     if is_proved { store.keep(&origin, &pin, now)? } else { _ = store.add(&origin, &pin, now)? }
//! }
//! stream.write_all(b"hello")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod client;
mod context;
mod fault;
mod native;
mod server;
mod watch;

use openssl::ssl::SslRef;

pub use crate::ticket::client::{ClientHandshake, TicketClient, TicketClientBuilder, TicketError};
pub use crate::ticket::fault::Fault;
pub use crate::ticket::server::{
    ServerHandshake, ServerTicketError, TicketServer, TicketServerBuilder, TicketServerError,
};

/// Whether the other side has said that it sends no more, by a close_notify (RFC 8446, section 6.1). A connection that ends
/// without was cut off, which a read of the `openssl` crate does not tell.
#[must_use]
pub fn is_closed_well(ssl: &SslRef) -> bool {
    native::is_closed_well(ssl)
}
