//! No session is resumed that would be refused now.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::{ClientConfig, HandshakeKind, ServerConfig};
use tack_core::{Minute, Span};
use tack_pin::{MemoryStore, Pin, PinStore};
use tack_rustls::refusal;

use common::clock::Clock;
use common::{Ca, Kind, NAME, NOW, carrier, client, each_kind, extension, handshake, signing_key};

/// What ends the trust in a session: each comes after a first connection, and would refuse a second one.
#[derive(Clone, Copy, Debug)]
enum Change {
    Expired,
    Revoked,
    Contradicted,
}

struct Setting {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    clock: Arc<Clock>,
    pins: Arc<MemoryStore>,
}

fn setting(kind: &Kind, resumes: bool) -> Setting {
    let ca = Ca::new();
    let leaf = ca.issue(&[NAME]);
    let (pins, clock) = (Arc::new(MemoryStore::default()), Clock::at(NOW));
    let extension = extension(vec![leaf.tack(&signing_key(1))], 1);
    let mut server = leaf.server(kind, vec![carrier(extension.to_bytes())]);
    // The server resumes by tickets in TLS 1.3, and by the session's number in TLS 1.2.
    server.time_provider = clock.clone();
    let mut client = client(kind, ca.verifier(kind).pin_in(pins.clone()).build(), clock.clone());
    if resumes {
        client.resumption = Resumption::in_memory_sessions(32);
    }
    Setting { client: client.into(), server: server.into(), clock, pins }
}

impl Setting {
    fn connect(&self) -> Result<HandshakeKind, String> {
        let ended = handshake(&self.client, &self.server, NAME);
        ended.client.map(|kind| kind.unwrap()).map_err(|error| refusal(&error).unwrap().code().to_owned())
    }

    fn apply(&self, change: Change) {
        let pin = |seed, min_generation| {
            let key = signing_key(seed).public_key().fingerprint();
            (NAME.parse().unwrap(), Pin { key, min_generation, initial: Minute::new(1), end: Minute::MAX })
        };
        match change {
            Change::Expired => self.clock.set(NOW.checked_add(Span::DAY).unwrap()),
            Change::Revoked => drop(self.pins.import(&[pin(1, 1)], NOW).unwrap()),
            Change::Contradicted => drop(self.pins.import(&[pin(2, 0)], NOW).unwrap()),
        }
    }
}

const CHANGES: [(Change, &str); 3] =
    [(Change::Expired, "expired"), (Change::Revoked, "revoked"), (Change::Contradicted, "contradicted")];

#[test]
fn every_connection_is_judged() {
    for kind in each_kind() {
        for (change, code) in CHANGES {
            let setting = setting(&kind, false);
            assert_eq!(setting.connect(), Ok(HandshakeKind::Full));
            assert_eq!(setting.connect(), Ok(HandshakeKind::Full), "{change:?} {:?}", kind.version);
            setting.apply(change);
            assert_eq!(setting.connect(), Err(code.to_owned()), "{change:?} {:?}", kind.version);
        }
    }
}

/// What the verifier turns resumption off for: if rustls began to judge resumed sessions this test would say so.
#[test]
fn rustls_alone_would_resume_what_is_refused_now() {
    for kind in each_kind() {
        for (change, _) in CHANGES {
            let setting = setting(&kind, true);
            assert_eq!(setting.connect(), Ok(HandshakeKind::Full));
            setting.apply(change);
            assert_eq!(setting.connect(), Ok(HandshakeKind::Resumed), "{change:?} {:?}", kind.version);
        }
    }
}

#[test]
fn a_ready_configuration_resumes_nothing() {
    let kind = Kind::of_one();
    let ca = Ca::new();
    let leaf = ca.issue(&[NAME]);
    let server = Arc::new(leaf.server(&kind, vec![]));
    let client = Arc::new(ca.verifier(&kind).build().client_config(kind.provider.clone()).unwrap());
    for _ in 0..2 {
        assert_eq!(handshake(&client, &server, NAME).client, Ok(Some(HandshakeKind::Full)));
    }
}
