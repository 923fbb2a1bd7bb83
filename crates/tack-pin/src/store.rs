//! What keeps pins: the interface of every store.

use std::error::Error;

use tack_core::{Fingerprint, HostName, Minute};

use crate::pin::Pin;

/// The most pins that a store keeps, unless it is told otherwise.
pub const DEFAULT_LIMIT: usize = 1_000_000;

/// Keeps pins (draft-02, section 4.1).
///
/// A store holds [`DEFAULT_LIMIT`] pins, or as many as it is told. When it is full, a new pin takes the place of the one
/// that ends first, if that is inactive. If all are active there is no new pin: who makes many pins cannot drive out those
/// that protect someone. A store that was opened with a lower limit than it has pins keeps them, but adds none without one
/// that gives way.
///
/// All pins of a key have one min_generation, which goes with the last of them.
///
/// ```
/// use tack_core::Minute;
/// use tack_pin::{Change, HostName, MemoryStore, Pin, PinStore, Query};
///
/// let store = MemoryStore::default();
/// let name: HostName = "www.example.com".parse()?;
/// let pin = Pin::new("t2vpc.dg3h4.qnvbf.nu335.zqdna".parse()?, 0, Minute::new(100));
///
/// let query = Query { name: &name, keys: &[pin.key], now: Minute::new(100) };
/// let pins = store.update(&query, &mut |known| {
///     assert!(known.pins.is_empty());
///     vec![Change::Add(pin)]
/// })?;
/// assert_eq!(pins, [pin]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait PinStore: Send + Sync {
    /// What it knows of a name and of keys.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    fn look(&self, query: &Query<'_>) -> Result<Known, StoreError>;

    /// Has `decide` say what to change, with what the store knows, and changes that: in one transaction, so that nothing of
    /// another process or thread comes between. Gives the pins of the name after it.
    ///
    /// A store may ask `decide` twice, as a first look may show that there is nothing to change. The last answer counts.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read or written. Then nothing has changed.
    fn update(&self, query: &Query<'_>, decide: &mut dyn FnMut(&Known) -> Vec<Change>) -> Result<Vec<Pin>, StoreError>;

    /// Hands every pin, or those of one name, to `each`, by name and then fingerprint, until it says false.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    fn each(&self, name: Option<&HostName>, each: &mut dyn FnMut(&HostName, &Pin) -> bool) -> Result<(), StoreError>;

    /// Removes every pin of a name. Gives their number.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be written.
    fn forget_name(&self, name: &HostName) -> Result<usize, StoreError>;

    /// Removes every pin of a key. Gives their number.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be written.
    fn forget_key(&self, key: Fingerprint) -> Result<usize, StoreError>;

    /// Merges pins into it, in one transaction. A pin that is there already gets the earlier beginning, the later end and
    /// the higher min_generation of the two: none is shortened. A third pin of a name takes the place of an inactive one if
    /// it is active itself; else it is left out, as is every pin for which a full store has no place.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be written. Then nothing has changed.
    fn import(&self, pins: &[(HostName, Pin)], now: Minute) -> Result<Imported, StoreError>;
}

/// What a store is asked.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The name of the host.
    pub name: &'a HostName,
    /// The keys whose min_generation is wanted, ten at most.
    pub keys: &'a [Fingerprint],
    /// The current time.
    pub now: Minute,
}

/// What a store knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The pins of the name, two at most, by fingerprint.
    pub pins: Vec<Pin>,
    /// The min_generation of each key of the query; none if no pin is of this key.
    pub min_generations: Vec<Option<u8>>,
}

/// A change to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Raises the min_generation of every pin of this key.
    MinGeneration {
        /// The key.
        key: Fingerprint,
        /// The new value, which is higher than the old one.
        min_generation: u8,
    },
    /// Removes the pin of the name to this key.
    Remove(Fingerprint),
    /// Gives the pin of the name to this key another end.
    End {
        /// The key.
        key: Fingerprint,
        /// The new end.
        end: Minute,
    },
    /// Adds a pin to the name, unless it has one of this key already, or two.
    Add(Pin),
    /// Removes every pin of this key, of whatever name.
    Break(Fingerprint),
}

/// What an import came to, in numbers of pins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Those that were not there.
    pub added: usize,
    /// Those that were there, and begin earlier, end later or have a higher min_generation now.
    pub changed: usize,
    /// Those that were there just so, or are stronger than what was given.
    pub unchanged: usize,
    /// Those for which the name, or the store, has no place.
    pub left_out: usize,
}

/// Why a store cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It was made by a newer version.
    #[error("the pin store is of version {found}, and the newest known is {known}")]
    Version {
        /// The version of its schema.
        found: i64,
        /// The newest version that is known here.
        known: i64,
    },

    /// It is a file of another kind.
    #[error("it is no pin store")]
    NotAStore,

    /// Another process kept it locked for too long.
    #[error("another process keeps the pin store locked")]
    Busy,

    /// It is to be changed, and is open for reading only, or the system allows no more.
    #[error("the pin store cannot be written")]
    ReadOnly,

    /// Anything else.
    #[error(transparent)]
    Other(Box<dyn Error + Send + Sync>),
}
