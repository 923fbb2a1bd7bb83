//! Ten thousand damaged proofs, tickets, lengths and lifetimes: none is accepted, none makes the library panic.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use tack_core::Timestamp;
use tack_core::rand_core::{TryCryptoRng, TryRng};
use tack_ticket::{
    ClientMessage, KeyRing, Lifetime, PinningSecret, ProofKind, ProtectionKey, Server, ServerMessage, Session, Ticket,
    TicketPin, Transcript, Visit,
};

const CASES: usize = 10_000;
const KEY_INFO: &[u8] = b"SubjectPublicKeyInfo";

/// The same numbers in every run: SplitMix64, which is no source of secrets.
struct Seeded(u64);

impl TryRng for Seeded {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(u32::try_from(self.next() >> 32).unwrap())
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        bytes.fill_with(|| self.next().to_be_bytes()[0]);
        Ok(())
    }
}

impl TryCryptoRng for Seeded {}

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    /// Other bytes than these: with one bit, byte, length or part changed.
    fn damage(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut damaged = bytes.to_vec();
        while damaged == bytes {
            let place = self.below(bytes.len());
            match self.below(6) {
                0 => damaged[place] ^= 1 << self.below(8),
                1 => damaged[place] = u8::try_from(self.below(256)).unwrap(),
                2 => damaged.truncate(place),
                3 => damaged.insert(place, 0),
                4 => damaged.extend(vec![7; 1 + self.below(300)]),
                _ => _ = damaged.remove(place),
            }
        }
        damaged
    }
}

fn session(number: u8, suite: u8) -> Session {
    let mut transcript = Transcript::default();
    transcript.add(&[1, 0, 0, 1, number]);
    transcript.add(&[&[2, 0, 0, 40, 3, 3][..], &[number; 32], &[0, 0x13, suite, 0, 0, 0]].concat());
    Session::new(&transcript, &[number; 32]).unwrap()
}

#[test]
fn no_damaged_answer_is_taken_for_a_proof() {
    let mut random = Seeded(7);
    let now = Timestamp::new(1_795_195_875);
    let server = Server::new(KeyRing::new(ProtectionKey::generate(&mut random).unwrap(), now), Lifetime::MAX);
    let mut proofs_that_hold = 0;
    for case in 0..CASES {
        let (first, second) = (session(1, 1 + u8::from(case % 2 == 0)), session(2, 1 + u8::from(case % 3 == 0)));
        let secret = first.pinning_secret();
        let ticket = server.ring().current(now).unwrap().seal(&secret, &mut random).unwrap();
        let visit = Visit::new(Some(TicketPin::new(ticket, secret, now, Lifetime::MAX)), ProofKind::Rfc8672);
        let received = server.receive(&visit.message().to_bytes()).ok().unwrap();
        let answer = server.answer(&received, &second, KEY_INFO, now, &mut random).unwrap();
        let damaged = random.damage(&answer.to_bytes());
        let Ok(read) = ServerMessage::from_bytes(&damaged) else { continue };
        match visit.judge(Some((&read, &second)), KEY_INFO) {
            // What is behind the proof is the server's to choose, and protected by TLS: the proof is whole.
            Ok(welcome) => {
                assert_eq!(read.proof, answer.proof);
                proofs_that_hold += 1;
                if let Some(offer) = welcome.into_offer() {
                    assert!(
                        offer.into_pin(now).expires().seconds() <= now.seconds() + i64::from(Lifetime::MAX.seconds())
                    );
                }
            }
            Err(_) => assert_ne!(read.proof, answer.proof),
        }
        assert!(visit.judge(Some((&answer, &first)), KEY_INFO).is_err(), "the proof of another session");
        assert!(visit.judge(Some((&answer, &second)), b"another key").is_err());
    }
    assert!(proofs_that_hold > CASES / 20, "{proofs_that_hold}");
}

#[test]
fn no_damaged_ticket_opens() {
    let mut random = Seeded(7);
    let now = Timestamp::new(0);
    let mut ring = KeyRing::new(ProtectionKey::generate(&mut random).unwrap(), now);
    ring.rotate(ProtectionKey::generate(&mut random).unwrap(), now, Timestamp::new(1)).unwrap();
    let server = Server::new(ring.clone(), Lifetime::MAX);
    let mut read_but_refused = 0;
    for case in 0..CASES {
        let secret = PinningSecret::from_bytes(&vec![9; if case % 2 == 0 { 32 } else { 48 }]).unwrap();
        let ticket = ring.keys()[case % 3 / 2].key().seal(&secret, &mut random).unwrap();
        let message = ClientMessage { ticket: Some(ticket.clone()) }.to_bytes();
        assert!(server.receive(&message).is_ok_and(|received| received.has_ticket()));

        let damaged = random.damage(ticket.as_bytes());
        if let Some(damaged) = Ticket::new(damaged) {
            assert!(server.receive(&ClientMessage { ticket: Some(damaged) }.to_bytes()).is_err());
            read_but_refused += 1;
        }
        // Within the message, lengths too: a first visit is all that may come of it.
        let damaged = random.damage(&message);
        assert!(server.receive(&damaged).map_or(true, |received| !received.has_ticket()), "{damaged:x?}");
    }
    assert!(read_but_refused > CASES * 9 / 10, "{read_but_refused}");
}

#[test]
fn lifetimes_are_of_seconds_and_capped() {
    let mut random = Seeded(7);
    let now = Timestamp::new(1_000);
    let session = session(1, 1);
    for case in 0..CASES {
        let lifetime = match case % 4 {
            0 => u32::try_from(random.below(40 * 86_400)).unwrap(),
            1 => random.try_next_u32().unwrap(),
            2 => [0, 1, 2_678_399, 2_678_400, 2_678_401, u32::MAX][random.below(6)],
            _ => 1 << random.below(32),
        };
        let message =
            ServerMessage { proof: Vec::new(), ticket: Ticket::new(vec![7; 1 + random.below(100)]), lifetime };
        let message = ServerMessage::from_bytes(&message.to_bytes()).unwrap();
        let welcome = Visit::new(None, ProofKind::Rfc8672).judge(Some((&message, &session)), KEY_INFO).ok().unwrap();
        let expires = welcome.into_offer().map(|offer| offer.into_pin(now).expires().seconds());
        let expected = (lifetime > 0).then(|| 1_000 + i64::from(lifetime.min(2_678_400)));
        assert_eq!(expires, expected, "{lifetime}");
    }
}
