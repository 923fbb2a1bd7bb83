//! The core of TACK, Trust Assertions for Certificate Keys
//! ([draft-perrin-tls-tack-02](https://datatracker.ietf.org/doc/html/draft-perrin-tls-tack-02)).
//!
//! An admin keeps a TACK signing key offline and signs the public keys of TLS servers with it. Clients pin a host to
//! that key: certificates, CAs and TLS keys may change freely, while a misissued certificate is caught. What is signed
//! is a *tack*: "this TACK key vouches for this TLS key until this minute".
//!
//! This library reads, writes, signs and verifies everything that takes part. It takes bytes and returns values. It has
//! no I/O, no clock and no TLS: the current time, randomness and passwords are handed to it.
//!
//! | need | type |
//! | --- | --- |
//! | a TACK key, its fingerprint | [`SigningKey`], [`PublicKey`], [`Fingerprint`] |
//! | a key under a password | `KeyFile` (feature `key-file`) |
//! | a tack, or many | [`Tack`], [`Generations`], [`Batch`], [`Schedule`] |
//! | the tack that a server should send now, out of many | [`Chooser`] |
//! | from when to when many tacks last, and which are revoked | [`Coverages`], [`Revocations`] |
//! | a break signature (draft-00) | [`BreakSig`] |
//! | proof that signatures were checked | [`Verified`] |
//! | what a TLS server sends, in either draft | [`TackExtension`], [`Draft02`], [`Draft00`] |
//! | the hash of a certificate's key, its notAfter, the TackExtension in a TACK certificate | [`Certificate`], [`TargetHash`] |
//! | what a file holds of tacks for one server | [`TackFile`] |
//! | a new TACK certificate | `TackCertificate` (feature `tack-certificate`) |
//! | a file for OpenSSL's serverinfo setting | [`ServerInfo`] |
//! | any file of these kinds, at once or in pieces | [`Object`], [`ObjectReader`], [`pem`] |
//! | the name of a host, as clients pin it | [`HostName`] |
//! | an alert of TLS by its number | [`Alert`] |
//! | times in minutes and seconds, and as people type them | [`Minute`], [`Timestamp`], [`Span`], [`Expiration`] |
//!
//! # Is this server's tack good?
//!
//! ```
//! use tack_core::{Minute, TackExtension, TargetHash};
//! # use tack_core::{Draft02, Generations, SigningKey, Tack};
//! # let key = SigningKey::from_bytes(&[7; 32])?;
//! # let subject_public_key_info = b"key";
//! # let hash = TargetHash::of(subject_public_key_info);
//! # let tack = Tack::sign(&key, Generations::default(), Minute::new(30_000_000), hash);
//! # let received = TackExtension::from(Draft02::new(vec![tack], 1)?).to_bytes();
//! # let seconds_since_1970 = 1_795_195_875;
//!
//! let extension = TackExtension::from_bytes(&received)?;
//! let now = Minute::from_seconds_down(seconds_since_1970)?;
//! extension.validate(now, TargetHash::of(subject_public_key_info))?;
//! for tack in extension.tacks() {
//!     println!("vouched for by {}", tack.public_key().fingerprint());
//! }
//! # Ok::<(), tack_core::Error>(())
//! ```
//!
//! # A key, a tack, and what the server sends
//!
//! ```
//! use getrandom::SysRng;
//! use tack_core::{Draft02, Generations, Minute, ServerInfo, SigningKey, Tack, TargetHash};
//!
//! let key = SigningKey::generate(&mut SysRng)?;
//! let target_hash = TargetHash::of(b"the SubjectPublicKeyInfo of the server, in DER");
//! let tack = Tack::sign(&key, Generations::default(), Minute::new(30_000_000), target_hash);
//! let extension = Draft02::new(vec![tack], 1)?;
//! print!("{}", ServerInfo::new(extension.into()).to_pem()); // for stock Apache and nginx
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `key-file` | yes | `KeyFile`, with AES, HMAC and PBKDF2 |
//! | `precomputed-tables` | yes | faster signing, by tables that are computed once |
//! | `tack-certificate` | yes | `TackCertificate`, with x509-cert |
//! | `idna` | no | host names in Unicode, with idna |
//! | `serde` | no | `Serialize` and `Deserialize`: times as numbers, all else as text |
//!
//! A client that verifies needs none of them: `default-features = false`.
//!
//! # Limits
//!
//! Times reach from 1970-01-01T00:00Z to 10136-02-16T04:15Z, in minutes. Generations are 0 to 255, and a tack of
//! generation 255 can never be revoked. A TackExtension holds two tacks (draft-02), or one tack and eight break
//! signatures (draft-00). A batch has 1,000,000 tacks at most. A key file is decrypted with at most as many iterations
//! of PBKDF2 as the caller allows. A PEM block, or a certificate in DER, holds at most 1 MiB ([`pem::MAX_BODY`]); a file
//! that is read in pieces may be of any size. No input makes the library panic.

#![forbid(unsafe_code)]

mod alert;
mod batch;
mod break_sig;
mod calendar;
pub mod certificate;
mod choose;
mod coverage;
mod draft00;
mod draft02;
mod error;
mod extension;
mod fingerprint;
mod generations;
mod hex;
mod host_name;
mod key;
#[cfg(feature = "key-file")]
mod key_file;
mod object;
pub mod pem;
mod revocations;
mod schedule;
#[cfg(feature = "serde")]
mod serialize;
mod serverinfo;
mod tack;
#[cfg(feature = "tack-certificate")]
mod tack_certificate;
mod tack_file;
mod target_hash;
mod time;
mod verified;
mod wire;

/// The traits of random number generators that [`SigningKey::generate`] takes.
pub use p256::elliptic_curve::rand_core;

pub use crate::alert::Alert;
pub use crate::batch::Batch;
pub use crate::break_sig::BreakSig;
pub use crate::certificate::{Certificate, looks_like_der};
pub use crate::choose::{Best, Choice, ChooseError, Chooser};
pub use crate::coverage::{Coverage, CoverageError, Coverages};
pub use crate::draft00::Draft00;
pub use crate::draft02::Draft02;
pub use crate::error::{Error, ErrorKind};
pub use crate::extension::TackExtension;
pub use crate::fingerprint::{Fingerprint, ParseFingerprintError};
pub use crate::generations::Generations;
pub use crate::host_name::{HostName, NameError, NameErrorCause};
pub use crate::key::{PublicKey, SigningKey};
#[cfg(feature = "key-file")]
pub use crate::key_file::KeyFile;
pub use crate::object::{Object, ObjectReader};
pub use crate::revocations::{Revocations, TooManyRevocations};
pub use crate::schedule::Schedule;
pub use crate::serverinfo::ServerInfo;
pub use crate::tack::Tack;
#[cfg(feature = "tack-certificate")]
pub use crate::tack_certificate::TackCertificate;
pub use crate::tack_file::{TackFile, TackFileError};
pub use crate::target_hash::{ParseTargetHashError, TargetHash};
pub use crate::time::{Expiration, Minute, Span, TimeError, Timestamp};
pub use crate::verified::Verified;
