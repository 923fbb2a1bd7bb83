//! What a client keeps of a server.

use tack_core::Timestamp;

use crate::lifetime::Lifetime;
use crate::secret::PinningSecret;
use crate::ticket::Ticket;

/// A server's ticket, with the secret that belongs to it, and its dates. As it holds a secret, it has no `Debug`.
///
/// ```
/// use tack_core::Timestamp;
/// use tack_ticket::{Lifetime, PinningSecret, Ticket, TicketPin};
///
/// let (ticket, secret) = (Ticket::new(vec![7; 89]), PinningSecret::from_bytes(&[7; 32]));
/// let (ticket, secret) = ticket.zip(secret).expect("both are long enough");
/// let lifetime = Lifetime::new(604_800).expect("7 days");
/// let pin = TicketPin::new(ticket, secret, Timestamp::new(1_000_000), lifetime);
/// assert!(pin.is_valid(Timestamp::new(1_604_799)));
/// assert!(!pin.is_valid(Timestamp::new(1_604_800)));
/// ```
#[derive(Clone)]
pub struct TicketPin {
    ticket: Ticket,
    secret: PinningSecret,
    received: Timestamp,
    expires: Timestamp,
}

impl TicketPin {
    /// The pin of a ticket that was received at a time, and lasts so long.
    #[must_use]
    pub fn new(ticket: Ticket, secret: PinningSecret, received: Timestamp, lifetime: Lifetime) -> Self {
        let expires = Timestamp::new(received.seconds().saturating_add(lifetime.seconds().into()));
        Self { ticket, secret, received, expires }
    }

    /// A pin as it was kept; none if it lasts for no time, or longer than any ticket.
    #[must_use]
    pub fn kept(ticket: Ticket, secret: PinningSecret, received: Timestamp, expires: Timestamp) -> Option<Self> {
        let seconds = expires.seconds().checked_sub(received.seconds())?;
        let lifetime = u32::try_from(seconds).ok().and_then(Lifetime::new)?;
        Some(Self::new(ticket, secret, received, lifetime))
    }

    /// The ticket.
    #[must_use]
    pub fn ticket(&self) -> &Ticket {
        &self.ticket
    }

    /// The secret of the session that gave the ticket.
    #[must_use]
    pub fn secret(&self) -> &PinningSecret {
        &self.secret
    }

    /// When it was received.
    #[must_use]
    pub fn received(&self) -> Timestamp {
        self.received
    }

    /// The second from which on it is not sent any more.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Whether it is still sent, and the server must prove. There is no grace.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        now < self.expires
    }
}
