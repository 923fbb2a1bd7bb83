//! The messages of the ticket_pinning extension (RFC 8672, section 3).

use crate::ticket::Ticket;

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// It ends within a field.
    #[error("it ends within its {0}")]
    Truncated(&'static str),

    /// There are bytes after its last field.
    #[error("there are {0} bytes after its last field")]
    TrailingBytes(usize),
}

/// The message of a client, in a ClientHello: the ticket that it has, if any.
///
/// ```
/// use tack_ticket::ClientMessage;
///
/// let first_visit = ClientMessage { ticket: None };
/// assert_eq!(first_visit.to_bytes(), [0, 0]);
/// assert_eq!(ClientMessage::from_bytes(&[])?, first_visit, "some send nothing on a first visit");
/// # Ok::<(), tack_ticket::MessageError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ClientMessage {
    /// The ticket; none on a first visit.
    pub ticket: Option<Ticket>,
}

/// The message of a server, in EncryptedExtensions.
///
/// ```
/// use tack_ticket::ServerMessage;
///
/// let ramp_down = ServerMessage { proof: vec![7; 32], ticket: None, lifetime: 0 };
/// let bytes = ramp_down.to_bytes();
/// assert_eq!(bytes.len(), 1 + 32 + 2 + 4);
/// assert_eq!(ServerMessage::from_bytes(&bytes)?, ramp_down);
/// # Ok::<(), tack_ticket::MessageError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ServerMessage {
    /// The proof, of 255 bytes at most; empty if the client sent no ticket.
    pub proof: Vec<u8>,
    /// The new ticket; none on ramp-down.
    pub ticket: Option<Ticket>,
    /// For how long the server promises to take the new ticket, in seconds.
    pub lifetime: u32,
}

impl ClientMessage {
    /// Reads the body of the extension. A first visit may send an empty ticket, or nothing at all.
    ///
    /// # Errors
    /// [`MessageError`] if the body is not exactly one ticket.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MessageError> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let mut rest = bytes;
        let ticket = read_ticket(&mut rest)?;
        end(rest).map(|()| Self { ticket })
    }

    /// The body of the extension: `opaque ticket<0..2^16-1>`.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_ticket(&mut bytes, self.ticket.as_ref());
        bytes
    }
}

impl ServerMessage {
    /// Reads the body of the extension.
    ///
    /// # Errors
    /// [`MessageError`] if the body is not exactly a proof, a ticket and a lifetime.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MessageError> {
        let mut rest = bytes;
        let [length] = array(&mut rest, "proof")?;
        let proof = take(&mut rest, length.into(), "proof")?.to_vec();
        let ticket = read_ticket(&mut rest)?;
        let lifetime = u32::from_be_bytes(array(&mut rest, "lifetime")?);
        end(rest).map(|()| Self { proof, ticket, lifetime })
    }

    /// The body of the extension: `opaque proof<0..2^8-1>`, `opaque ticket<0..2^16-1>`, `uint32 lifetime`. A proof that is too
    /// long is cut off.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let length = u8::try_from(self.proof.len()).unwrap_or(u8::MAX);
        let mut bytes = vec![length];
        bytes.extend(self.proof.iter().take(length.into()));
        write_ticket(&mut bytes, self.ticket.as_ref());
        bytes.extend(self.lifetime.to_be_bytes());
        bytes
    }
}

fn read_ticket(rest: &mut &[u8]) -> Result<Option<Ticket>, MessageError> {
    let length = u16::from_be_bytes(array(rest, "ticket")?);
    Ok(Ticket::new(take(rest, length.into(), "ticket")?.to_vec()))
}

fn write_ticket(bytes: &mut Vec<u8>, ticket: Option<&Ticket>) {
    let ticket = ticket.map_or(&[][..], Ticket::as_bytes);
    let length = u16::try_from(ticket.len()).expect("a ticket has at most 65,535 bytes");
    bytes.extend(length.to_be_bytes());
    bytes.extend(ticket);
}

fn take<'a>(rest: &mut &'a [u8], length: usize, what: &'static str) -> Result<&'a [u8], MessageError> {
    let (taken, left) = rest.split_at_checked(length).ok_or(MessageError::Truncated(what))?;
    *rest = left;
    Ok(taken)
}

fn array<const N: usize>(rest: &mut &[u8], what: &'static str) -> Result<[u8; N], MessageError> {
    let (taken, left) = rest.split_first_chunk().ok_or(MessageError::Truncated(what))?;
    *rest = left;
    Ok(*taken)
}

fn end(rest: &[u8]) -> Result<(), MessageError> {
    match rest.len() {
        0 => Ok(()),
        extra => Err(MessageError::TrailingBytes(extra)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_cut_off_is_refused_wherever_it_is_cut() {
        let ticket = Ticket::new(vec![9; 300]);
        let server = ServerMessage { proof: vec![7; 48], ticket: ticket.clone(), lifetime: 0x0102_0304 };
        let bytes = server.to_bytes();
        assert_eq!(bytes[..1], [48]);
        assert_eq!(bytes[49..51], [1, 44]);
        assert_eq!(bytes[351..], [1, 2, 3, 4]);
        for (length, what) in
            [(0, "proof"), (48, "proof"), (49, "ticket"), (350, "ticket"), (351, "lifetime"), (354, "lifetime")]
        {
            assert_eq!(ServerMessage::from_bytes(&bytes[..length]), Err(MessageError::Truncated(what)), "{length}");
        }
        assert_eq!(ServerMessage::from_bytes(&[&bytes[..], &[0]].concat()), Err(MessageError::TrailingBytes(1)));
        let bytes = ClientMessage { ticket }.to_bytes();
        for length in 1..bytes.len() {
            assert_eq!(ClientMessage::from_bytes(&bytes[..length]), Err(MessageError::Truncated("ticket")), "{length}");
        }
        assert_eq!(ClientMessage::from_bytes(&[0, 0, 0, 0]), Err(MessageError::TrailingBytes(2)));
    }
}
