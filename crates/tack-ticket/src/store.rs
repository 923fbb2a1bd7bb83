//! What keeps tickets: the interface of every store.

use std::error::Error;

use tack_core::{HostName, Timestamp};

use crate::origin::Origin;
use crate::pin::TicketPin;

/// The most pins that a store keeps.
pub const MAX_PINS: usize = 100_000;

/// Keeps the ticket of each server, one at most. Threads may share it.
///
/// Nothing that a server does takes a pin away: a later ticket of a server that proved who it is takes its place, when the
/// handshake has finished. It goes when it has expired, or is forgotten.
///
/// ```
/// use tack_core::Timestamp;
/// use tack_ticket::{Lifetime, MemoryTickets, Origin, PinningSecret, Ticket, TicketPin, TicketStore};
///
/// let store = MemoryTickets::default();
/// let origin = Origin::tls("www.example.com".parse()?, 443);
/// let (ticket, secret) = Ticket::new(vec![7; 89]).zip(PinningSecret::from_bytes(&[7; 32])).expect("both are long enough");
/// let now = Timestamp::new(1_795_195_875);
/// assert!(store.add(&origin, &TicketPin::new(ticket, secret, now, Lifetime::MAX), now)?);
///
/// assert!(store.find(&origin, now)?.is_some());
/// let other_port = Origin { port: 8443, ..origin.clone() };
/// assert!(store.find(&other_port, now)?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait TicketStore: Send + Sync {
    /// The pin of a server, if it has one that is still valid.
    ///
    /// # Errors
    /// [`TicketStoreError`] if the store cannot be read. Then nobody knows whether the server is pinned, and the client must
    /// not connect.
    fn find(&self, origin: &Origin, now: Timestamp) -> Result<Option<TicketPin>, TicketStoreError>;

    /// Keeps the pin of a server that proved nothing, as the visit began without a ticket; and lets go of those that have
    /// expired. A server that is pinned by now stays as it is: whoever is met first, and slow, must not take the place of the
    /// one that was met meanwhile. Says whether it was kept.
    ///
    /// # Errors
    /// [`TicketStoreError`] if the store cannot be written, or is full.
    fn add(&self, origin: &Origin, pin: &TicketPin, now: Timestamp) -> Result<bool, TicketStoreError>;

    /// Keeps the new pin of a server that proved who it is, in the place of any before, and lets go of those that have expired.
    ///
    /// # Errors
    /// [`TicketStoreError`] if the store cannot be written, or is full.
    fn keep(&self, origin: &Origin, pin: &TicketPin, now: Timestamp) -> Result<(), TicketStoreError>;

    /// Hands every pin to `each`, in the order of the servers, until it says false; those that have expired too.
    ///
    /// # Errors
    /// [`TicketStoreError`] if the store cannot be read.
    fn each(&self, each: &mut dyn FnMut(&Origin, &TicketPin) -> bool) -> Result<(), TicketStoreError>;

    /// Removes the pins of a name, at one port or at all. Gives their number.
    ///
    /// # Errors
    /// [`TicketStoreError`] if the store cannot be written.
    fn forget(&self, name: &HostName, port: Option<u16>) -> Result<usize, TicketStoreError>;

    /// Merges pins into it, all or none. Where a server has a pin already, the one that was received later stays. Pins that have
    /// expired are left out.
    ///
    /// # Errors
    /// [`TicketStoreError`] if the store cannot be written, or is full.
    fn import(&self, pins: &[(Origin, TicketPin)], now: Timestamp) -> Result<ImportedTickets, TicketStoreError>;
}

/// What an import came to, in numbers of pins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportedTickets {
    /// Those of servers that had none.
    pub added: usize,
    /// Those that were received later than what was there.
    pub changed: usize,
    /// Those that were received no later than what was there.
    pub unchanged: usize,
    /// Those that have expired.
    pub expired: usize,
}

/// Why a store cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TicketStoreError {
    /// It was made by a newer version.
    #[error("the ticket store is of version {found}, and the newest known is {known}")]
    Version {
        /// The version of its schema.
        found: i64,
        /// The newest version that is known here.
        known: i64,
    },

    /// It is a file of another kind.
    #[error("it is no ticket store")]
    NotAStore,

    /// Another process kept it locked for too long.
    #[error("another process keeps the ticket store locked")]
    Busy,

    /// It is to be changed, and is open for reading only, or the system allows no more.
    #[error("the ticket store cannot be written")]
    ReadOnly,

    /// It has [`MAX_PINS`] pins that are valid.
    #[error("the ticket store is full: it has {MAX_PINS} tickets")]
    Full,

    /// Anything else.
    #[error(transparent)]
    Other(Box<dyn Error + Send + Sync>),
}
