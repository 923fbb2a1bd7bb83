//! TACK: Trust Assertions for Certificate Keys
//! ([draft-perrin-tls-tack-02](https://datatracker.ietf.org/doc/html/draft-perrin-tls-tack-02)).
//!
//! An admin keeps a TACK signing key offline and signs the public keys of TLS servers with it. Clients pin a host to
//! that key: certificates, CAs and TLS keys may change freely, while a misissued certificate is caught. What is signed
//! is a *tack*: "this TACK key vouches for this TLS key until this minute".
//!
//! This library reads, writes, signs and verifies everything that takes part. It takes bytes and returns values; the
//! current time, randomness and passwords are handed to it. The command-line tool `tack` is made of it. A program that
//! depends on the library wants `default-features = false`, and compiles nothing of the tool.
//!
//! | need | type |
//! | --- | --- |
//! | a TACK key, its fingerprint | [`SigningKey`](key::SigningKey), [`PublicKey`](key::PublicKey), [`Fingerprint`](key::Fingerprint) |
//! | a key under a password | [`KeyFile`](key_file::KeyFile) |
//! | a tack, or many | [`Tack`](tack_core::Tack), [`Batch`](batch::Batch) |
//! | a break signature (draft-00) | [`BreakSig`](break_sig::BreakSig) |
//! | what a TLS server sends, in either draft | [`TackExtension`](extension::TackExtension) |
//! | the hash of a certificate's key, its notAfter; TACK certificates | [`Certificate`](certificate::Certificate) |
//! | a file for OpenSSL's serverinfo setting | [`ServerInfo`](serverinfo::ServerInfo) |
//! | any file of these kinds | [`Object`](object::Object) |
//! | times in minutes, and as people type them | [`Minutes`](time::Minutes), [`Expiration`](time::Expiration), [`Span`](time::Span) |
//!
//! # A key, and a key file
//!
//! ```
//! use getrandom::SysRng;
//! use tack_core::key::SigningKey;
//! use tack_core::key_file::KeyFile;
//!
//! let key = SigningKey::generate(&mut SysRng)?;
//! println!("key fingerprint {}", key.public_key().fingerprint());
//!
//! let salt = [7; 16]; // random in earnest
//! let file = KeyFile::encrypt(&key, b"password", KeyFile::DEFAULT_ITERATIONS, salt)?;
//! let pem = file.to_pem();
//!
//! let read = KeyFile::from_pem(pem.as_bytes())?;
//! let key = read.decrypt(b"password", KeyFile::MAX_ITERATIONS)?;
//! # assert_eq!(key.public_key(), read.public_key());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A tack for a certificate
//!
//! ```no_run
//! use tack_core::certificate::Certificate;
//! use tack_core::tack::Tack;
//! use tack_core::time::Minutes;
//! # let key = tack_core::key::SigningKey::from_bytes(&[7; 32])?;
//!
//! let file = std::fs::read("CERT.pem")?;
//! for certificate in Certificate::all_from_bytes(&file)? {
//!     let expiration = Minutes::from_seconds(certificate.not_after())?;
//!     let tack = Tack::sign(&key, 0, 0, expiration, certificate.target_hash())?;
//!     print!("{}", tack.to_pem());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Is a tack good?
//!
//! Parsing checks everything but the signature, the time and the TLS key:
//!
//! ```
//! use tack_core::certificate::TargetHash;
//! use tack_core::tack::Tack;
//! use tack_core::time::Minutes;
//! # let key = tack_core::key::SigningKey::from_bytes(&[7; 32])?;
//! # let pem = Tack::sign(&key, 0, 0, Minutes::new(30_000_000), TargetHash::of(b"key"))?.to_pem();
//!
//! let tack = Tack::from_pem(pem.as_bytes())?;
//! tack.verify()?;
//! let now = Minutes::new(29_000_000);
//! assert!(!tack.is_expired(now));
//! assert_eq!(tack.target_hash(), TargetHash::of(b"key"));
//! # Ok::<(), tack_core::error::Error>(())
//! ```
//!
//! # What a server sends
//!
//! ```
//! use tack_core::extension::{Draft02, TackExtension};
//! use tack_core::serverinfo::ServerInfo;
//! # use tack_core::certificate::TargetHash;
//! # use tack_core::tack::Tack;
//! # use tack_core::time::Minutes;
//! # let key = tack_core::key::SigningKey::from_bytes(&[7; 32])?;
//! # let tack = Tack::sign(&key, 0, 0, Minutes::new(30_000_000), TargetHash::of(b"key"))?;
//!
//! let extension = TackExtension::Draft02(Draft02::new(vec![tack], 1)?);
//! let wire = extension.to_bytes(); // 169 bytes, of the extension type 62208
//! assert_eq!(TackExtension::from_bytes(&wire)?, extension);
//! print!("{}", ServerInfo::new(extension).to_pem()); // for stock Apache and nginx
//! # Ok::<(), tack_core::error::Error>(())
//! ```
//!
//! # A year of daily tacks
//!
//! ```
//! use tack_core::batch::{Batch, Schedule};
//! # use tack_core::certificate::TargetHash;
//! # use tack_core::time::Minutes;
//! # let key = tack_core::key::SigningKey::from_bytes(&[7; 32])?;
//! # let target_hash = TargetHash::of(b"key");
//!
//! let schedule: Schedule = "365@1d".parse()?;
//! let batch = Batch::new(&key, 0, 0, Minutes::new(30_000_000), schedule, target_hash)?;
//! let tacks = (0..batch.number()).map(|index| batch.tack(index));
//! # assert_eq!(tacks.count(), 365);
//! # Ok::<(), tack_core::error::Error>(())
//! ```
//!
//! # Limits
//!
//! Times reach from 1970-01-01T00:00Z to 10136-02-16T04:15Z, in minutes. Generations are 0 to 255, and a tack of
//! generation 255 can never be revoked. A TackExtension holds two tacks (draft-02), or one tack and eight break
//! signatures (draft-00). A batch has 1,000,000 tacks at most. A key file is decrypted with at most as many iterations
//! of PBKDF2 as the caller allows. No input makes the library panic.

#![forbid(unsafe_code)]

pub mod batch;
pub mod break_sig;
pub mod certificate;
pub mod error;
pub mod extension;
pub mod key;
pub mod key_file;
pub mod object;
pub mod pem;
pub mod serverinfo;
pub mod tack;
pub mod time;
