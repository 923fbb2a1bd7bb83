//! TACK, Trust Assertions for Certificate Keys
//! ([draft-perrin-tls-tack-02](https://datatracker.ietf.org/doc/html/draft-perrin-tls-tack-02)), for rustls.
//!
//! An app that pins the certificate or the TLS key of its server breaks with each renewal. An app that pins the TACK key
//! does not: certificates, CAs and TLS keys change freely, and a misissued certificate is caught. rustls gives a verifier
//! the whole chain, so a TACK certificate at the end of it is all that is needed, with no change to rustls. Any provider
//! of cryptography will do, TLS 1.2 and 1.3.
//!
//! | need | type |
//! | --- | --- |
//! | a client that judges tacks besides certificates | [`TackVerifier`] |
//! | keys that the app ships, for which hosts and until when | [`Requirement`] |
//! | pins that the client makes and keeps | [`Pinning`], with any [`PinStore`](tack_pin::PinStore) |
//! | why a connection was refused, out of the error of rustls, io, hyper, reqwest or ureq | [`refusal`], [`Refused`] |
//! | metrics and reports | [`TackVerifierBuilder::on_judgement`], [`Judged`] |
//! | a server that sends tacks, and takes up new ones while it runs | `TackResolver` (feature `server`) |
//! | TLS on buffers in memory, with TACK | [`memory`] |
//!
//! # From `tack genkey` to an app that pins, in ten minutes
//!
//! Make two TACK keys, the second as a backup that is kept elsewhere. Both are for this host alone.
//!
//! ```console
//! $ tack genkey -o KEY.pem
//! $ tack genkey -o BACKUP.pem
//! $ tack view KEY.pem BACKUP.pem
//! ```
//!
//! Sign the server's key, a tack for each of the next 90 days. What the server is to send is a TACK certificate:
//!
//! ```console
//! $ tack sign -k KEY.pem -c fullchain.pem -n 90@1d -e 2d -o T
//! $ tack deploy -c fullchain.pem --format certificate -o tack.pem T_*.pem
//! ```
//!
//! `deploy` belongs into cron. A server that is not made with rustls has the TACK certificate at the end of its chain; see
//! tack-deployment(7). One that is made with rustls has a resolver, and needs no restart for a new tack:
//!
//! ```no_run
//! # #[cfg(feature = "server")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use rustls::ServerConfig;
//! use tack_rustls::{HostFiles, TackResolver};
//!
//! let provider = Arc::new(rustls::crypto::ring::default_provider());
//! let resolver = TackResolver::builder(provider.clone())
//!     .default_host(HostFiles::new("fullchain.pem", "privkey.pem", "tack.pem"))
//!     .on_notice(|_, notice| eprintln!("{notice}"))
//!     .build()?;
//! let config = ServerConfig::builder_with_provider(provider)
//!     .with_safe_default_protocol_versions()?
//!     .with_no_client_auth()
//!     .with_cert_resolver(Arc::new(resolver));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "server"))]
//! # fn main() {}
//! ```
//!
//! The app ships both fingerprints, as `tack view` shows them. Begin with a report, and look at what comes in:
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use rustls::client::WebPkiServerVerifier;
//! use rustls::{ClientConfig, RootCertStore};
//! use tack_core::Minute;
//! use tack_rustls::{Requirement, TackVerifier};
//!
//! fn client_config(roots: RootCertStore, is_trial: bool) -> Result<ClientConfig, Box<dyn std::error::Error>> {
//!     let provider = Arc::new(rustls::crypto::ring::default_provider());
//!     let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build()?;
//!     let requirement = Requirement::new("t2vpc.dg3h4.qnvbf.nu335.zqdna".parse()?)
//!         .or("akslo.iqogr.tr4n7.ue5qr.sodsz".parse()?)
//!         .for_domain("example.com".parse()?)
//!         .until(Minute::from_seconds_up(1_830_297_600)?); // 2028-01-01: this build of the app is long replaced
//!     let config = TackVerifier::builder(webpki)
//!         .require(if is_trial { requirement.report_only() } else { requirement })
//!         .on_judgement(|judged| {
//!             for reason in judged.reasons() {
//!                 eprintln!("{}: {reason}", judged.server_name().to_str());
//!             }
//!         })
//!         .build()
//!         .client_config(provider)?;
//!     Ok(config)
//! }
//! ```
//!
//! Give the configuration to the HTTP client: reqwest takes it by `tls_backend_preconfigured`, tokio-rustls and hyper-rustls
//! as it is. When a request fails, [`refusal`] says whether TACK did it, and why:
//!
//! ```
//! # use std::sync::Arc;
//! # use tack_pin::Refusal;
//! # use tack_rustls::Refused;
//! # let refused = Arc::new(Refused::Tack(Refusal::KeyRequired));
//! # let error = rustls::Error::InvalidCertificate(rustls::CertificateError::Other(rustls::OtherError(refused)));
//! match tack_rustls::refusal(&error) {
//!     Some(refused) => println!("somebody else may be answering: {refused} ({})", refused.code()),
//!     None => println!("no connection: {error}"),
//! }
//! ```
//!
//! A client of hosts that it does not know beforehand pins instead: [`TackVerifierBuilder::pin_in`] with a store. The
//! crate's examples are whole programs: `https_client` (reqwest), `ureq_client`, `line_client` (tokio, no HTTP),
//! `https_server` (tokio-rustls), and on buffers in memory `in_memory` and `terminating_proxy`. `cargo run -p tack-rustls
//! --example https_client` runs one.
//!
//! # What is decided here
//!
//! - The other verifier is asked first. Nothing that it refuses is accepted.
//! - Resumption is off: see [`TackVerifier`].
//! - The alert is `certificate_unknown`, unless [`TackVerifierBuilder::draft_alerts`] is wanted, which costs the cause.
//! - Every requirement that is for a host is to be met. One whose date has come is only reported.
//! - The judgement is that of `tack check`, by the codes that `tack check --json` has. A store in SQLite may be its store too.
//! - An address has no pins. Requirements that are not for certain names count for it.
//! - A tack that is not valid is refused where anything is enforced for the host, or no policy is given at all.
//! - A store that cannot be read or written ends the connection, unless pins are only reported.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `server` | yes | `TackResolver`, with what makes a TACK certificate |
//!
//! A client needs none: `default-features = false`. rustls comes without a provider; enable yours in your own
//! dependencies.
//!
//! # Limits
//!
//! A file of a server has 1 MiB at most. Times are in minutes, and a clock beyond 10136 is refused. No input makes the
//! library panic.

#![forbid(unsafe_code)]

mod judge;
mod judged;
pub mod memory;
mod pinning;
mod refused;
mod requirement;
#[cfg(feature = "server")]
mod server;
mod signatures;
mod verifier;

pub use crate::judged::Judged;
pub use crate::pinning::Pinning;
pub use crate::refused::{Refused, refusal};
pub use crate::requirement::Requirement;
#[cfg(feature = "server")]
pub use crate::server::{HostError, HostErrorCause, HostFiles, Notice, TackResolver, TackResolverBuilder};
pub use crate::verifier::{TackVerifier, TackVerifierBuilder};
#[cfg(feature = "server")]
pub use tack_core::TackFileError;
