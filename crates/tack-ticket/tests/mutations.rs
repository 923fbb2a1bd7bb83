//! 21,600 mutated messages, tickets, proofs, sessions and lifetimes: nothing panics, and nothing is accepted that is not genuine.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::convert::Infallible;

use tack_core::rand_core::{TryCryptoRng, TryRng};
use tack_core::{Alert, Timestamp};
use tack_ticket::{
    ClientMessage, ClientRefusal, KeyRing, Lifetime, PinningSecret, ProofKind, ProtectionKey, Server, ServerMessage,
    ServerRefusal, Session, Ticket, TicketPin, Visit,
};

const NOW: Timestamp = Timestamp::new(1_795_195_875);
const KEY_INFO: &[u8] = b"SubjectPublicKeyInfo";
/// Of the hashes of TLS 1.3, in bytes.
const LENGTHS: [usize; 2] = [32, 48];
/// In each test, with each length and kind of proof.
const CASES: u32 = 900;

/// Numbers that look random, and are the same in each run: SplitMix64, which is no source of secrets.
struct Numbers(u64);

impl TryRng for Numbers {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::try_from(self.next() >> 32).unwrap())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill_with(|| self.byte());
        Ok(())
    }
}

impl TryCryptoRng for Numbers {}

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.byte()).collect()
    }

    /// Other bytes than these: changed, cut, longer, or all new.
    fn mutated(&mut self, bytes: &[u8]) -> Vec<u8> {
        loop {
            let mut mutated = bytes.to_vec();
            for _ in 0..=self.below(3) {
                let at = self.below(mutated.len().max(1));
                match self.below(8) {
                    0..3 if at < mutated.len() => mutated[at] ^= 1 << self.below(8),
                    // The lengths and the version are at the beginning.
                    3 if mutated.len() > 3 => mutated[at % 3] = self.byte(),
                    4 => mutated.truncate(at),
                    5 => mutated.insert(at.min(mutated.len()), self.byte()),
                    6 => {
                        let length = self.below(40);
                        mutated.extend(self.bytes(length));
                    }
                    7 => {
                        let length = self.below(300);
                        mutated = self.bytes(length);
                    }
                    _ => {}
                }
            }
            if mutated != bytes {
                return mutated;
            }
        }
    }
}

/// A second visit: of a client that has a ticket, to a server that can open it.
struct SecondVisit {
    server: Server,
    pin: TicketPin,
    visit: Visit,
    kind: ProofKind,
    length: usize,
    answer: ServerMessage,
}

impl SecondVisit {
    fn new(length: usize, kind: ProofKind, numbers: &mut Numbers) -> Self {
        let mut ring = KeyRing::new(ProtectionKey::generate(numbers).unwrap(), NOW);
        let server = |ring: &KeyRing| Server::new(ring.clone(), Lifetime::MAX).proof(kind);
        let first = session(&vec![1; length], &vec![1; length]);
        let received = server(&ring).receive(&ClientMessage::default().to_bytes()).unwrap();
        let answer = server(&ring).answer(&received, &first, KEY_INFO, NOW, numbers).unwrap();
        let welcome = Visit::new(None, kind).judge(Some((&answer, &first)), KEY_INFO).ok().unwrap();
        let pin = welcome.into_offer().unwrap().into_pin(NOW);
        // There is another key since.
        ring.rotate(ProtectionKey::generate(numbers).unwrap(), NOW, NOW).unwrap();

        let server = server(&ring);
        let visit = Visit::new(Some(pin.clone()), kind);
        let received = server.receive(&visit.message().to_bytes()).unwrap();
        let answer = server.answer(&received, &second(length), KEY_INFO, NOW, numbers).unwrap();
        assert!(visit.judge(Some((&answer, &second(length))), KEY_INFO).is_ok_and(|welcome| welcome.is_proved()));
        Self { server, pin, visit, kind, length, answer }
    }

    fn session(&self) -> Session {
        second(self.length)
    }
}

fn second(length: usize) -> Session {
    session(&vec![2; length], &vec![2; length])
}

fn session(handshake_secret: &[u8], transcript_hash: &[u8]) -> Session {
    Session::new(handshake_secret, transcript_hash).unwrap()
}

/// Runs a case with each length and kind of proof.
fn each(seed: u64, case: impl Fn(&mut Numbers, &SecondVisit)) {
    let mut numbers = Numbers(seed);
    for length in LENGTHS {
        for kind in [ProofKind::Rfc8672, ProofKind::Draft04] {
            let second_visit = SecondVisit::new(length, kind, &mut numbers);
            (0..CASES).for_each(|_| case(&mut numbers, &second_visit));
        }
    }
}

#[test]
fn no_other_message_of_a_client_opens_anything() {
    each(1, |numbers, second_visit| {
        let body = numbers.mutated(&second_visit.visit.message().to_bytes());
        match second_visit.server.receive(&body) {
            // On a first visit there is nothing, or a ticket of no length.
            Ok(received) => assert!(!received.has_ticket() && [&b""[..], &[0, 0]].contains(&&body[..]), "{body:?}"),
            Err(refusal @ ServerRefusal::Malformed(_)) => assert_eq!(refusal.alert(), Alert::DECODE_ERROR),
            Err(refusal) => assert_eq!(refusal.alert(), Alert::HANDSHAKE_FAILURE),
        }
    });
}

#[test]
fn no_other_ticket_opens_anything() {
    each(2, |numbers, second_visit| {
        let ticket = Ticket::new(numbers.mutated(second_visit.pin.ticket().as_bytes()));
        let message = ClientMessage { ticket };
        let body = message.to_bytes();
        assert_eq!(ClientMessage::from_bytes(&body), Ok(message.clone()));
        assert_eq!(second_visit.server.receive(&body).is_ok(), message.ticket.is_none(), "{body:?}");
    });
}

#[test]
fn no_other_message_of_a_server_proves() {
    each(3, |numbers, second_visit| {
        let genuine = &second_visit.answer;
        let body = numbers.mutated(&genuine.to_bytes());
        let message = ServerMessage::from_bytes(&body);
        let Ok(message) = message else { return };
        assert_eq!(message.to_bytes(), body, "it is read as it is written");
        match second_visit.visit.judge(Some((&message, &second_visit.session())), KEY_INFO) {
            // What changed is the new ticket or its lifetime, which TLS protects. It lasts for 31 days at most.
            Ok(welcome) => {
                assert!(welcome.is_proved() && message.proof == genuine.proof, "{body:?}");
                let pin = welcome.into_offer().map(|offer| offer.into_pin(NOW));
                let most = NOW.seconds() + i64::from(Lifetime::MAX.seconds());
                assert!(pin.is_none_or(|pin| pin.is_valid(NOW) && pin.expires().seconds() <= most), "{body:?}");
            }
            Err(refusal) => assert_eq!(refusal.alert(), Alert::HANDSHAKE_FAILURE),
        }
    });
}

#[test]
fn no_other_proof_proves_whatever_comes_with_it() {
    each(4, |numbers, second_visit| {
        let mut proof = numbers.mutated(&second_visit.answer.proof);
        proof.truncate(255);
        let length = numbers.below(200);
        let message = ServerMessage {
            proof,
            ticket: Ticket::new(numbers.bytes(length)),
            lifetime: [0, 1, 604_800, u32::MAX][numbers.below(4)],
        };
        let refusal = second_visit.visit.judge(Some((&message, &second_visit.session())), KEY_INFO).err();
        let expected = if message.proof.is_empty() { ClientRefusal::NoProof } else { ClientRefusal::WrongProof };
        assert_eq!(refusal, Some(expected), "{message:?}");
    });
}

/// A proof is of one session, of one certificate, and of one secret. A proof of the draft is not of the hash of the messages.
#[test]
fn a_proof_proves_nothing_elsewhere() {
    each(5, |numbers, second_visit| {
        let SecondVisit { pin, kind, length, answer, .. } = second_visit;
        let (mut handshake_secret, mut transcript_hash) = (vec![2; *length], vec![2; *length]);
        let (mut key_info, mut secret) = (KEY_INFO.to_vec(), pin.secret().as_bytes().to_vec());
        let mut other_kind = *kind;
        let what = numbers.below(6);
        let changed = match what {
            0 => Some(&mut transcript_hash),
            1 => Some(&mut handshake_secret),
            2 => Some(&mut secret),
            _ => None,
        };
        if let Some(changed) = changed {
            changed[numbers.below(32)] ^= 1 << numbers.below(8);
        }
        match what {
            3 => key_info = numbers.mutated(&key_info),
            4 => (handshake_secret, transcript_hash) = (vec![2; 80 - length], vec![2; 80 - length]),
            5 => other_kind = if *kind == ProofKind::Draft04 { ProofKind::Rfc8672 } else { ProofKind::Draft04 },
            _ => {}
        }
        let secret = PinningSecret::from_bytes(&secret).unwrap();
        let pin = TicketPin::new(pin.ticket().clone(), secret, NOW, Lifetime::MAX);
        let session = session(&handshake_secret, &transcript_hash);
        let is_same_to_the_draft = *kind == ProofKind::Draft04 && what == 0;
        let refusal = Visit::new(Some(pin), other_kind).judge(Some((answer, &session)), &key_info).err();
        assert_eq!(refusal, (!is_same_to_the_draft).then_some(ClientRefusal::WrongProof), "{what}, {kind:?}");
    });
}

#[test]
fn promises_are_of_seconds_and_last_for_31_days_at_most() {
    each(6, |numbers, second_visit| {
        let most = 31 * 86_400;
        let lifetime = match numbers.below(4) {
            0 => u32::try_from(numbers.below(40 * 86_400)).unwrap(),
            1 => numbers.try_next_u32().unwrap(),
            2 => [0, 1, most - 1, most, most + 1, u32::MAX][numbers.below(6)],
            _ => 1 << numbers.below(32),
        };
        let length = 1 + numbers.below(100);
        let message = ServerMessage { proof: Vec::new(), ticket: Ticket::new(numbers.bytes(length)), lifetime };
        let message = ServerMessage::from_bytes(&message.to_bytes()).unwrap();
        let visit = Visit::new(None, second_visit.kind);
        let welcome = visit.judge(Some((&message, &second_visit.session())), KEY_INFO).ok().unwrap();
        let expires = welcome.into_offer().map(|offer| offer.into_pin(NOW).expires().seconds());
        let expected = (lifetime > 0).then(|| NOW.seconds() + i64::from(lifetime.min(most)));
        assert_eq!(expires, expected, "{lifetime}");
    });
}
