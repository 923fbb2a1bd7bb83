//! What a server answers.

use tack_core::rand_core::TryCryptoRng;
use tack_core::{Alert, Timestamp};

use crate::lifetime::Lifetime;
use crate::message::{ClientMessage, MessageError, ServerMessage};
use crate::ring::{KeyRing, TicketFlaw};
use crate::secret::PinningSecret;
use crate::session::{ProofKind, Session};

/// A server that takes part (RFC 8672, section 2): with its key ring, and what it promises.
///
/// ```
/// use getrandom::SysRng;
/// use tack_core::Timestamp;
/// use tack_ticket::{ClientMessage, KeyRing, Lifetime, ProtectionKey, Server, Session};
/// # let session = Session::new(&[7; 32], &[8; 32]).expect("both have 32 bytes");
///
/// let now = Timestamp::new(1_795_195_875);
/// let ring = KeyRing::new(ProtectionKey::generate(&mut SysRng)?, now);
/// let server = Server::new(ring, Lifetime::MAX);
///
/// let received = server.receive(&ClientMessage::default().to_bytes())?;
/// let answer = server.answer(&received, &session, b"SubjectPublicKeyInfo", now, &mut SysRng)?;
/// assert!(answer.proof.is_empty() && answer.ticket.is_some());
/// assert_eq!(answer.lifetime, 2_678_400);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Server {
    ring: KeyRing,
    lifetime: Lifetime,
    is_ramping_down: bool,
    proof: ProofKind,
}

/// What a client sent, once it was read and found good.
#[derive(Clone)]
pub struct Received {
    original: Option<PinningSecret>,
}

/// Why a server ends the handshake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerRefusal {
    /// The message of the client cannot be read.
    #[error("the ticket_pinning extension is malformed: {0}")]
    Malformed(#[from] MessageError),

    /// The ticket opens nothing. The client may have met an impostor before (RFC 8672, section 8.3).
    #[error("the ticket is refused: {0}")]
    Ticket(#[from] TicketFlaw),
}

impl Server {
    /// A server that hands out tickets of this lifetime, and proves as RFC 8672 has it.
    #[must_use]
    pub fn new(ring: KeyRing, lifetime: Lifetime) -> Self {
        Self { ring, lifetime, is_ramping_down: false, proof: ProofKind::Rfc8672 }
    }

    /// On ramp-down it proves, and hands out no ticket: pins fade (RFC 8672, section 5.5).
    #[must_use]
    pub fn ramp_down(mut self, is_ramping_down: bool) -> Self {
        self.is_ramping_down = is_ramping_down;
        self
    }

    /// How it proves.
    #[must_use]
    pub fn proof(mut self, kind: ProofKind) -> Self {
        self.proof = kind;
        self
    }

    /// Reads what a client sent in its ClientHello, and opens the ticket.
    ///
    /// # Errors
    /// [`ServerRefusal`]: the server ends the handshake with its [`alert`](ServerRefusal::alert), and should log it.
    pub fn receive(&self, body: &[u8]) -> Result<Received, ServerRefusal> {
        let message = ClientMessage::from_bytes(body)?;
        let original = message.ticket.map(|ticket| self.ring.open(&ticket)).transpose()?;
        Ok(Received { original })
    }

    /// What it sends in EncryptedExtensions: the proof if the client sent a ticket, and a new ticket unless it is ramping down, or
    /// no key may be used yet. `key_info` is the SubjectPublicKeyInfo of its certificate, in DER.
    ///
    /// # Errors
    /// What `rng` fails with.
    pub fn answer<R: TryCryptoRng + ?Sized>(
        &self,
        received: &Received,
        session: &Session,
        key_info: &[u8],
        now: Timestamp,
        rng: &mut R,
    ) -> Result<ServerMessage, R::Error> {
        let proof = received.original.as_ref().map(|original| session.proof(self.proof, original, key_info));
        let key = self.ring.current(now).filter(|_| !self.is_ramping_down);
        let ticket = key.map(|key| key.seal(&session.pinning_secret(), rng)).transpose()?;
        let lifetime = ticket.as_ref().map_or(0, |_| self.lifetime.seconds());
        Ok(ServerMessage { proof: proof.unwrap_or_default(), ticket, lifetime })
    }
}

impl Received {
    /// Whether there was a ticket.
    #[must_use]
    pub fn has_ticket(&self) -> bool {
        self.original.is_some()
    }
}

impl ServerRefusal {
    /// The alert that ends the handshake.
    #[must_use]
    pub fn alert(&self) -> Alert {
        match self {
            Self::Malformed(_) => Alert::DECODE_ERROR,
            Self::Ticket(_) => Alert::HANDSHAKE_FAILURE,
        }
    }

    /// A word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Ticket(TicketFlaw::Foreign) => "foreign_ticket",
            Self::Ticket(TicketFlaw::UnknownKey(_)) => "unknown_key",
            Self::Ticket(TicketFlaw::Damaged(_)) => "damaged_ticket",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protection_key::ProtectionKey;
    use crate::ticket::Ticket;

    #[test]
    fn what_a_client_sends_is_told_apart() {
        let secret = PinningSecret::from_bytes(&[1; 32]).unwrap();
        let keys = [1, 2].map(|byte| ProtectionKey::new(format!("{byte:016x}").parse().unwrap(), &[byte; 32]));
        let tickets = keys.each_ref().map(|key| key.seal(&secret, &mut getrandom::SysRng).unwrap());
        let [key, _] = keys;
        let server = Server::new(KeyRing::new(key, Timestamp::new(0)), Lifetime::MAX);
        let receive = |ticket: Option<&Ticket>| {
            let body = ClientMessage { ticket: ticket.cloned() }.to_bytes();
            server.receive(&body).map(|received| received.has_ticket()).map_err(|refusal| refusal.code())
        };
        let mut damaged = tickets[0].as_bytes().to_vec();
        *damaged.last_mut().unwrap() ^= 1;
        assert_eq!(receive(None), Ok(false));
        assert_eq!(receive(Some(&tickets[0])), Ok(true));
        assert_eq!(receive(Some(&tickets[1])), Err("unknown_key"));
        assert_eq!(receive(Ticket::new(damaged).as_ref()), Err("damaged_ticket"));
        assert_eq!(receive(Ticket::new(vec![7]).as_ref()), Err("foreign_ticket"));
        assert_eq!(server.receive(&[0]).err().map(|refusal| refusal.code()), Some("malformed"));
    }
}
