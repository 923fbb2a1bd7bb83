//! The client side of TACK, Trust Assertions for Certificate Keys
//! ([draft-perrin-tls-tack-02](https://datatracker.ietf.org/doc/html/draft-perrin-tls-tack-02), section 4): whether a
//! connection may go on, and what of it is kept.
//!
//! A client that has seen a host under a TACK key pins the host to the key. Later connections must bring a tack of that
//! key. An application may also require keys that it knows beforehand. This library has no I/O but that of a store, no
//! clock and no TLS: it is handed what the server presented, the name, and the time.
//!
//! | need | type |
//! | --- | --- |
//! | judge a connection | [`judge`], [`Judgement`] |
//! | what the server presented, by the TLS extension or its chain | [`Presented`], [`Carrier`] |
//! | require keys, only report, activate nothing | [`Policy`], [`Mode`] |
//! | what the pins say; why a connection is refused, with the TLS alert | [`Status`], [`Refusal`], [`Alert`] |
//! | keep pins | [`PinStore`], [`MemoryStore`], [`Pin`], [`HostName`] |
//! | keep them in a file that threads and processes share | `SqliteStore`, `SqliteOptions`, with the feature `sqlite` |
//! | take pins to another client, and from one | [`PinList`] |
//! | try a rollout before it happens | `simulate::Plan` (feature `simulate`) |
//!
//! # May this connection go on?
//!
//! ```
//! use tack_core::Minute;
//! use tack_pin::{MemoryStore, Policy, Presented, judge};
//! # use tack_core::{Draft02, Generations, SigningKey, Tack, TackExtension, TargetHash};
//! # let key = SigningKey::from_bytes(&[7; 32])?;
//! # let target_hash = TargetHash::of(b"the server's SubjectPublicKeyInfo");
//! # let tack = Tack::sign(&key, Generations::default(), Minute::new(30_000_000), target_hash);
//! # let received = TackExtension::from(Draft02::new(vec![tack], 1)?).to_bytes();
//! # let seconds_since_1970 = 1_795_195_875;
//!
//! let store = MemoryStore::default();
//! let name = "www.example.com".parse()?;
//! let now = Minute::from_seconds_down(seconds_since_1970)?;
//!
//! let presented = Presented::new(Some(&received), target_hash);
//! let judgement = judge(&presented, Some((&store, &name)), now, &Policy::default())?;
//! match judgement.verdict() {
//!     Ok(()) => println!("go on"),
//!     Err(refusal) => println!("end it with the alert {}: {refusal}", refusal.alert()),
//! }
//! assert_eq!(judgement.pins().len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Decisions where the draft leaves it open
//!
//! - What the first of two tacks raised stays when the second is revoked.
//! - min_generation rises even in a connection that is then contradicted: section 4.3.2 comes before 4.3.3.
//! - A pin that is seen again in the minute of its creation gets this minute as its end, and so is never active by that.
//! - min_generation is a value of pins, and goes with the last pin of its key.
//! - A tack that is both expired and revoked is expired.
//! - A pin that begins later than now, since the clock went back, keeps its end.
//! - A required key that is missing counts like a contradiction: nothing is activated.
//! - A break signature that does not hold makes the extension invalid, like a tack that does not.
//!
//! # What always holds
//!
//! Random histories of connections, imports and clocks that go back, beside a second client that follows the draft word for
//! word, keep these:
//!
//! - A name has two pins at most, of different keys. All pins of a key have one min_generation, which never falls.
//! - An active pin goes only by a break signature of its key, or when it is forgotten.
//! - A connection changes the ends of pins of its own name alone, to 30 days ahead at most. A new pin is not active.
//! - A connection is contradicted if, and only if, an active pin of the name has no tack of its key.
//! - What is not valid changes nothing. What is revoked raises min_generations at most. Whatever is refused makes no pin and
//!   extends none.
//! - The same connection once more in the same minute changes nothing but the ends of pins that were made in it, if the store
//!   is not full and no pin was broken.
//! - An import neither shortens a pin nor removes an active one.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `idna` | no | host names in Unicode |
//! | `simulate` | no | `simulate`: what clients would see of a rollout, by a plan in TOML |
//! | `sqlite` | no | `SqliteStore`: pins in a file, by tack-sqlite; compiles SQLite, and needs a C compiler |
//!
//! # Limits
//!
//! A host name has two pins at most, and 253 characters. A store holds 1,000,000 pins unless it is told otherwise. When it is
//! full, a new pin takes the place of the one that ends first, if that is inactive; else there is no new pin. A pin is
//! active for 30 days at most after the last connection. No input makes the library panic.

#![forbid(unsafe_code)]

mod alert;
mod judgement;
mod memory;
mod merge;
mod pin;
mod pin_list;
mod policy;
mod presented;
mod process;
mod refusal;
#[cfg(feature = "simulate")]
pub mod simulate;
#[cfg(feature = "sqlite")]
mod sqlite;
mod status;
mod store;
mod tables;

/// The names of hosts, which ticket pinning shares.
pub use tack_core::{HostName, NameError, NameErrorCause};

pub use crate::alert::Alert;
pub use crate::judgement::{JudgedTack, Judgement};
pub use crate::memory::MemoryStore;
pub use crate::pin::Pin;
pub use crate::pin_list::{PinList, PinListError};
pub use crate::policy::{Mode, Policy};
pub use crate::presented::{Carrier, Presented};
pub use crate::process::judge;
pub use crate::refusal::Refusal;
#[cfg(feature = "sqlite")]
pub use crate::sqlite::{SqliteOptions, SqliteStore};
pub use crate::status::Status;
pub use crate::store::{Change, DEFAULT_LIMIT, Imported, Known, PinStore, Query, StoreError};
