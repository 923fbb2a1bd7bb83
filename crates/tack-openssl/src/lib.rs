//! Connects to TLS servers, and reports what they serve of TACK, Trust Assertions for Certificate Keys
//! ([draft-perrin-tls-tack-02](https://datatracker.ietf.org/doc/html/draft-perrin-tls-tack-02)).
//!
//! It asks for the TACK extension in every place where a server may answer, keeps the chain as it was sent, and says what
//! OpenSSL thinks of chain and name. It judges nothing about TACK: what it returns is for `tack-core` and its callers.
//!
//! | need | type |
//! | --- | --- |
//! | a client, built once and shared by threads | [`Connector`], [`ConnectorBuilder`], [`Trust`], [`Versions`] |
//! | what to talk to, and how | [`Target`], [`ServerName`], [`StartTls`] |
//! | a connection within a deadline | [`resolve`], [`connect`] |
//! | what a server serves | [`Seen`], [`Extension`], [`Verification`], [`LeafKey`] |
//! | what is weak by today's rules | [`Weakness`] |
//! | why nothing can be said | [`ProbeError`], [`StartTlsError`], [`TlsError`] |
//! | the dialogues before TLS, on any stream | [`starttls::negotiate`] |
//! | pinning with tickets, of clients and servers | `ticket` (feature `ticket`) |
//!
//! # What does this host serve?
//!
//! ```no_run
//! use std::time::{Duration, Instant};
//!
//! use tack_core::Timestamp;
//! use tack_openssl::{Connector, StartTls, Target, Trust, connect, resolve};
//!
//! let connector = Connector::builder().trust(Trust::System).build()?;
//! let target = Target { name: "mail.example.com".parse()?, starttls: Some(StartTls::Smtp) };
//! let deadline = Instant::now() + Duration::from_secs(10);
//! let now = Timestamp::new(1_795_195_875);
//!
//! for address in resolve("mail.example.com", 25, deadline)? {
//!     let seen = connector.probe(connect(address, deadline)?, &target, now, deadline)?;
//!     for extension in &seen.extensions {
//!         println!("{address}: {} bytes of TACK in the {}", extension.body.len(), extension.place);
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! All that a probe does ends by its deadline, however slowly a server drips. Until the handshake is done a server may
//! send [`MAX_BYTES`], of which the certificates have 100 KiB at most (OpenSSL's limit); a dialogue before TLS has limits
//! of its own ([`starttls`]). Name resolution is the system's and cannot be interrupted: past the deadline its thread is
//! left to end by itself. What a server sends never makes the library panic.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `ticket` | no | [`ticket`](mod@ticket): ticket pinning (RFC 8672); the only code here that is not safe Rust is in one module of it |
//! | `vendored` | no | OpenSSL is compiled along, instead of the system's |

#![cfg_attr(not(feature = "ticket"), forbid(unsafe_code))]

mod bounded;
mod cipher;
mod connector;
mod error;
mod expected;
mod handshake;
mod key;
mod protocol;
mod resolve;
mod seen;
mod server_name;
mod slot;
pub mod starttls;
mod target;
#[cfg(feature = "ticket")]
pub mod ticket;
mod verification;
mod weakness;

pub use tack_core::Alert;

pub use crate::bounded::MAX_BYTES;
pub use crate::cipher::CipherFlaw;
pub use crate::connector::{Connector, ConnectorBuilder, ConnectorError, Trust, Versions};
pub use crate::error::{Phase, ProbeError, TlsError};
pub use crate::key::{Group, KeyKind, LeafKey, SignatureAlgorithm};
pub use crate::protocol::Protocol;
pub use crate::resolve::{connect, resolve};
pub use crate::seen::{Extension, Place, Seen};
pub use crate::server_name::{DnsName, ParseServerNameError, ServerName};
pub use crate::starttls::{StartTls, StartTlsError};
pub use crate::target::Target;
pub use crate::verification::{ChainProblem, ChainProblemKind, Verification};
pub use crate::weakness::Weakness;
