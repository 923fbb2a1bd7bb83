//! TLS server identity pinning with tickets: [RFC 8672](https://www.rfc-editor.org/rfc/rfc8672), which is experimental, and
//! [draft-sheffer-tls-pinning-ticket-04](https://datatracker.ietf.org/doc/html/draft-sheffer-tls-pinning-ticket-04) before it.
//!
//! On the first connection a server hands out an opaque, sealed ticket. On the next the client returns it, and the server
//! proves that it can open it. An impostor with a certificate of a trusted CA cannot. No CA takes part, and no key of an
//! admin's; the servers of a cluster share one symmetric key.
//!
//! This library has no I/O, no clock and no TLS. It is handed what TLS 1.3 has: the Handshake Secret, the hash of the messages, the
//! server's key. `tack-openssl` gets them from OpenSSL.
//!
//! | need | type |
//! | --- | --- |
//! | the secrets of a session, and proofs | [`Session`], [`ProofKind`], [`PinningSecret`] |
//! | the messages of the extension | [`ClientMessage`], [`ServerMessage`], [`EXTENSION`] |
//! | a server: what it answers | [`Server`], [`Received`], [`ServerRefusal`], [`Lifetime`] |
//! | its keys, from their making to their end | [`KeyRing`], [`RingKey`], [`Stage`], [`ProtectionKey`], [`KeyId`] |
//! | a client: what it makes of the answer | [`Visit`], [`Welcome`], [`Offer`], [`ClientRefusal`] |
//! | what a client keeps | [`TicketStore`], [`MemoryTickets`], [`TicketPin`], [`Ticket`], [`Origin`] |
//! | keep it in a file that threads and processes share | `SqliteTickets`, `SqliteTicketsOptions`, with the feature `sqlite` |
//! | take it to another client, and from one | [`TicketList`] |
//!
//! # A first visit, and a second
//!
//! ```
//! use getrandom::SysRng;
//! use tack_core::Timestamp;
//! use tack_ticket::{KeyRing, Lifetime, ProofKind, ProtectionKey, Server, ServerMessage, Visit};
//! # use tack_ticket::Session;
//! # let session = |secret: u8| Session::new(&[secret; 32], &[7; 32]).expect("both have 32 bytes");
//! # let (first, second) = (session(1), session(2));
//! # let key_info = b"SubjectPublicKeyInfo";
//!
//! let now = Timestamp::new(1_795_195_875);
//! let server = Server::new(KeyRing::new(ProtectionKey::generate(&mut SysRng)?, now), Lifetime::MAX);
//!
//! let visit = Visit::new(None, ProofKind::Rfc8672);
//! let received = server.receive(&visit.message().to_bytes())?;
//! let answer = server.answer(&received, &first, key_info, now, &mut SysRng)?.to_bytes();
//! let welcome = visit.judge(Some((&ServerMessage::from_bytes(&answer)?, &first)), key_info)?;
//! let pin = welcome.into_offer().map(|offer| offer.into_pin(now));
//! assert!(pin.is_some());
//!
//! let visit = Visit::new(pin, ProofKind::Rfc8672);
//! let received = server.receive(&visit.message().to_bytes())?;
//! let answer = server.answer(&received, &second, key_info, now, &mut SysRng)?.to_bytes();
//! let welcome = visit.judge(Some((&ServerMessage::from_bytes(&answer)?, &second)), key_info)?;
//! assert!(welcome.is_proved());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Decisions where the texts leave it open
//!
//! - The first ClientHello carries an empty ticket, `00 00`. An extension without a body counts as the same.
//! - A vector has one length. (The structures of both texts have a vector within a vector.)
//! - Secret and proof are computed after the ServerHello, and sent in EncryptedExtensions.
//! - On ramp-down the lifetime is 0. A ticket with lifetime 0 is no ticket.
//! - The original pinning secret has 32 or 48 bytes, by the session that made it, and is just a key of HMAC in the next.
//!   HMAC and the hash of the server's key are of the current session's hash.
//! - The server's key is hashed as its certificate has it, and not encoded anew.
//! - A client keeps no ticket for more than 31 days, whatever the server promises.
//! - A server takes a ticket as long as its ring has the key: it is the client that lets tickets expire.
//! - What cannot be read ends the handshake with decode_error, all else with handshake_failure.
//! - A proof that nobody asked for is refused.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `sqlite` | no | `SqliteTickets`: tickets in a file, by tack-sqlite; compiles SQLite, and needs a C compiler |
//!
//! # Limits
//!
//! A ticket has 65,535 bytes at most; those of this library have 89 or 105. A lifetime is of 1 second to 31 days. A ring has 1,000
//! keys at most, a store [`MAX_PINS`] tickets. Proofs are compared in constant time. Secrets are overwritten when they are
//! dropped, and have no `Debug`. No input makes the library panic.

#![forbid(unsafe_code)]

mod client;
mod hash;
mod lifetime;
mod list;
mod memory;
mod message;
mod origin;
mod pin;
mod protection_key;
mod ring;
mod secret;
mod server;
mod session;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
mod text;
mod ticket;

/// The number of the ticket_pinning extension of TLS (RFC 8672, section 9).
pub const EXTENSION: u16 = 32;

pub use crate::client::{ClientRefusal, Offer, Visit, Welcome};
pub use crate::lifetime::Lifetime;
pub use crate::list::{TicketList, TicketListError};
pub use crate::memory::MemoryTickets;
pub use crate::message::{ClientMessage, MessageError, ServerMessage};
pub use crate::origin::{Origin, ParseProtocolError, Protocol};
pub use crate::pin::TicketPin;
pub use crate::protection_key::{KeyId, ParseKeyIdError, ProtectionKey};
pub use crate::ring::{KeyRing, RingError, RingKey, Stage, TicketFlaw};
pub use crate::secret::PinningSecret;
pub use crate::server::{Received, Server, ServerRefusal};
pub use crate::session::{ProofKind, Session};
#[cfg(feature = "sqlite")]
pub use crate::sqlite::{SqliteTickets, SqliteTicketsOptions};
pub use crate::store::{ImportedTickets, MAX_PINS, TicketStore, TicketStoreError};
pub use crate::ticket::Ticket;
