//! What a client makes of the answer.

use tack_core::{Alert, Timestamp};

use crate::lifetime::Lifetime;
use crate::message::{ClientMessage, MessageError, ServerMessage};
use crate::pin::TicketPin;
use crate::secret::PinningSecret;
use crate::session::{ProofKind, Session};
use crate::ticket::Ticket;

/// One visit of a client to a server (RFC 8672, section 2): the first, or one with a ticket from before.
///
/// ```
/// use tack_ticket::{ClientRefusal, ProofKind, Visit};
///
/// let first = Visit::new(None, ProofKind::Rfc8672);
/// assert_eq!(first.message().to_bytes(), [0, 0]);
/// assert!(first.judge(None, b"SubjectPublicKeyInfo").is_ok(), "the server does not take part");
/// # use tack_ticket::{Lifetime, PinningSecret, Ticket, TicketPin};
/// # let (ticket, secret) = (Ticket::new(vec![7; 89]).expect("89 bytes"), PinningSecret::from_bytes(&[7; 32]).expect("32 bytes"));
/// # let pin = TicketPin::new(ticket, secret, tack_core::Timestamp::new(0), Lifetime::MAX);
///
/// let second = Visit::new(Some(pin), ProofKind::Rfc8672);
/// let refusal = second.judge(None, b"SubjectPublicKeyInfo").err();
/// assert_eq!(refusal, Some(ClientRefusal::NoAnswer), "a server that takes part no more is an attack");
/// ```
#[derive(Clone)]
pub struct Visit {
    pin: Option<TicketPin>,
    proof: ProofKind,
}

/// A visit that may go on.
#[derive(Clone)]
pub struct Welcome {
    is_proved: bool,
    offer: Option<Offer>,
}

/// A new ticket. It counts when the handshake has finished, and not before (RFC 8672, section 2.1).
#[derive(Clone)]
pub struct Offer {
    ticket: Ticket,
    secret: PinningSecret,
    lifetime: Lifetime,
}

/// Why a client ends the handshake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientRefusal {
    /// The message of the server cannot be read.
    #[error("the ticket_pinning extension is malformed: {0}")]
    Malformed(#[from] MessageError),

    /// The server was pinned, and does not answer the ticket.
    #[error("the server does not answer the ticket that it gave before")]
    NoAnswer,

    /// The server was pinned, and answers the ticket without a proof.
    #[error("the server proves nothing by the ticket that it gave before")]
    NoProof,

    /// The proof is not the right one.
    #[error("the server's proof is wrong: it does not know the ticket that was given before")]
    WrongProof,

    /// There is a proof, and no ticket was sent.
    #[error("the server sends a proof without a ticket to prove by")]
    UnaskedProof,
}

impl Visit {
    /// A visit with the pin of the server, which must be valid still, or none if there is none.
    #[must_use]
    pub fn new(pin: Option<TicketPin>, proof: ProofKind) -> Self {
        Self { pin, proof }
    }

    /// What the client sends in its ClientHello.
    #[must_use]
    pub fn message(&self) -> ClientMessage {
        ClientMessage { ticket: self.pin.as_ref().map(|pin| pin.ticket().clone()) }
    }

    /// Judges what the server sent, and the session in which it did; none if it sent no such extension. `key_info` is the
    /// SubjectPublicKeyInfo of its certificate, in DER. Chain and name have been verified before (RFC 8672, section 2).
    ///
    /// # Errors
    /// [`ClientRefusal`]: the client ends the handshake with its [`alert`](ClientRefusal::alert), and does not try again without
    /// the ticket (RFC 8672, section 8.5).
    pub fn judge(&self, answer: Option<(&ServerMessage, &Session)>, key_info: &[u8]) -> Result<Welcome, ClientRefusal> {
        let Some((message, session)) = answer else {
            return match self.pin {
                Some(_) => Err(ClientRefusal::NoAnswer),
                None => Ok(Welcome { is_proved: false, offer: None }),
            };
        };
        match &self.pin {
            None if !message.proof.is_empty() => return Err(ClientRefusal::UnaskedProof),
            Some(_) if message.proof.is_empty() => return Err(ClientRefusal::NoProof),
            Some(pin) if !session.is_proof(&message.proof, self.proof, pin.secret(), key_info) => {
                return Err(ClientRefusal::WrongProof);
            }
            _ => {}
        }
        let lifetime = Lifetime::promised(message.lifetime);
        let offer = message.ticket.clone().zip(lifetime);
        let offer = offer.map(|(ticket, lifetime)| Offer { ticket, secret: session.pinning_secret(), lifetime });
        Ok(Welcome { is_proved: self.pin.is_some(), offer })
    }
}

impl Welcome {
    /// Whether the server proved who it is. On a first visit it does not.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        self.is_proved
    }

    /// The new ticket; none if the server takes no part, or is ramping down. Then the pin that there is stays until it ends.
    #[must_use]
    pub fn into_offer(self) -> Option<Offer> {
        self.offer
    }
}

impl Offer {
    /// The pin that the ticket makes, of a handshake that has finished now.
    #[must_use]
    pub fn into_pin(self, now: Timestamp) -> TicketPin {
        TicketPin::new(self.ticket, self.secret, now, self.lifetime)
    }
}

impl ClientRefusal {
    /// The alert that ends the handshake.
    #[must_use]
    pub fn alert(&self) -> Alert {
        match self {
            Self::Malformed(_) => Alert::DECODE_ERROR,
            Self::NoAnswer | Self::NoProof | Self::WrongProof | Self::UnaskedProof => Alert::HANDSHAKE_FAILURE,
        }
    }

    /// A word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::NoAnswer => "no_answer",
            Self::NoProof => "no_proof",
            Self::WrongProof => "wrong_proof",
            Self::UnaskedProof => "unasked_proof",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY_INFO: &[u8] = b"SubjectPublicKeyInfo";

    fn judge(pin: Option<TicketPin>, answer: Option<&ServerMessage>) -> Result<bool, &'static str> {
        let session = Session::new(&[1; 32], &[2; 32]).unwrap();
        let visit = Visit::new(pin, ProofKind::Rfc8672);
        let judged = visit.judge(answer.map(|message| (message, &session)), KEY_INFO);
        judged.map(|welcome| welcome.is_proved()).map_err(|refusal| refusal.code())
    }

    #[test]
    fn what_a_server_sends_is_judged_by_what_was_asked() {
        let secret = PinningSecret::from_bytes(&[3; 32]).unwrap();
        let right = Session::new(&[1; 32], &[2; 32]).unwrap().proof(ProofKind::Rfc8672, &secret, KEY_INFO);
        let pin = TicketPin::new(Ticket::new(vec![7]).unwrap(), secret, Timestamp::new(0), Lifetime::MAX);
        let message = |proof: &[u8]| ServerMessage { proof: proof.to_vec(), ticket: None, lifetime: 0 };
        for (sent, first, second) in [
            (None, Ok(false), Err("no_answer")),
            (Some(message(&[])), Ok(false), Err("no_proof")),
            (Some(message(&right)), Err("unasked_proof"), Ok(true)),
            (Some(message(&right[1..])), Err("unasked_proof"), Err("wrong_proof")),
        ] {
            assert_eq!(judge(None, sent.as_ref()), first, "{sent:?}");
            assert_eq!(judge(Some(pin.clone()), sent.as_ref()), second, "{sent:?}");
        }
        let malformed = ClientRefusal::from(ServerMessage::from_bytes(&[]).err().unwrap());
        assert_eq!(malformed.code(), "malformed");
    }
}
