//! Tickets, as clients see them.

use std::fmt;

/// The longest ticket that fits a message, in bytes.
const MAX: usize = 0xffff;

/// A ticket: opaque to the client, which returns it as it came (RFC 8672, section 3). It has 1 to 65,535 bytes.
///
/// ```
/// use tack_ticket::Ticket;
///
/// let ticket = Ticket::new(vec![7; 73]).expect("so many bytes are a ticket");
/// assert_eq!(ticket.as_bytes().len(), 73);
/// assert_eq!(Ticket::new(Vec::new()), None);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket(Vec<u8>);

impl Ticket {
    /// A ticket of these bytes; none if there are none, or too many.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (1..=MAX).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Its length: what is in it is nobody's but the server's.
impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_has_bytes_that_fit_a_message() {
        assert!(Ticket::new(vec![0]).is_some() && Ticket::new(vec![0; 65_535]).is_some());
        assert!(Ticket::new(Vec::new()).is_none() && Ticket::new(vec![0; 65_536]).is_none());
        assert_eq!(format!("{:?}", Ticket::new(vec![5; 88]).unwrap()), "Ticket(88 bytes)");
    }
}
