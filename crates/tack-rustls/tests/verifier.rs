//! What the verifier refuses, with which error and alert, with both providers and versions of TLS.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use tack_core::{Expiration, Fingerprint, Generations, Minute, Tack, TackExtension, TargetHash};
use tack_pin::{Change, HostName, Imported, Known, MemoryStore, Mode, Pin, PinStore, Query, StoreError};
use tack_rustls::{Pinning, Refused, Requirement, TackVerifier, TackVerifierBuilder, refusal};

use common::clock::Clock;
use common::{Ca, Kind, Leaf, NAME, NOW, carrier, client, each_kind, extension, handshake, signing_key};

/// What a server presents, and what a client that requires key 1 and keeps to its pins says to it.
struct Case {
    name: &'static str,
    others: Vec<CertificateDer<'static>>,
    pins: Vec<Pin>,
    expected: Option<&'static str>,
}

fn pin(seed: u8, min_generation: u8) -> Pin {
    let key = signing_key(seed).public_key().fingerprint();
    Pin { key, min_generation, initial: Minute::new(1), end: Minute::MAX }
}

fn carrying(extension: &TackExtension) -> Vec<CertificateDer<'static>> {
    vec![carrier(extension.to_bytes())]
}

fn cases(leaf: &Leaf) -> Vec<Case> {
    let (one, two) = (signing_key(1), signing_key(2));
    let good = leaf.tack(&one);
    let day = good.expiration();
    let elsewhere = |key| Tack::sign(key, Generations::default(), day, TargetHash::of(b"another key"));
    let mut damaged = extension(vec![good.clone()], 1).to_bytes();
    // The last byte of the signature, before the activation flags.
    let at = damaged.len() - 2;
    damaged[at] ^= 1;
    let case = |name, others, expected| Case { name, others, pins: Vec::new(), expected };
    let with = |name, tacks, expected| case(name, carrying(&extension(tacks, 1)), expected);
    vec![
        with("the right tack", vec![good.clone()], None),
        with("two right tacks", vec![leaf.tack(&two), good.clone()], None),
        case("no tack", vec![], Some("key_required")),
        with("a tack of another key", vec![leaf.tack(&two)], Some("key_required")),
        with("an expired tack", vec![leaf.tack_until(&one, NOW)], Some("expired")),
        with("a tack for another TLS key", vec![elsewhere(&one)], Some("target_hash")),
        with("two tacks of which one fits", vec![good.clone(), elsewhere(&two)], Some("target_hash")),
        case("a bad signature", vec![carrier(damaged)], Some("signature")),
        case("no TackExtension", vec![carrier(vec![0, 0, 0])], Some("malformed")),
        case(
            "two TackExtensions",
            [carrying(&extension(vec![good.clone()], 1)), carrying(&extension(vec![good.clone()], 0))].concat(),
            Some("two_extensions"),
        ),
        Case { pins: vec![pin(1, 1)], ..with("a revoked generation", vec![good.clone()], Some("revoked")) },
        Case { pins: vec![pin(2, 0)], ..with("a contradicted pin", vec![good.clone()], Some("contradicted")) },
        Case { pins: vec![pin(1, 0)], ..with("a confirmed pin", vec![good], None) },
    ]
}

/// A store with these pins of the server.
fn store(pins: &[Pin]) -> Arc<MemoryStore> {
    let store = MemoryStore::default();
    let pins: Vec<_> = pins.iter().map(|pin| (NAME.parse().unwrap(), *pin)).collect();
    store.import(&pins, NOW).unwrap();
    Arc::new(store)
}

fn require(seed: u8) -> Requirement {
    Requirement::new(signing_key(seed).public_key().fingerprint())
}

/// What a judgement said to the callback: the code of what refuses, and of what is reported.
type Seen = Arc<Mutex<Vec<(Option<&'static str>, Option<&'static str>)>>>;

fn watched(builder: TackVerifierBuilder) -> (TackVerifierBuilder, Seen) {
    let seen = Seen::default();
    let keep = Arc::clone(&seen);
    let builder = builder.on_judgement(move |judged| {
        let codes = (judged.refused().map(Refused::code), judged.reasons().next().map(Refused::code));
        keep.lock().unwrap().push(codes);
    });
    (builder, seen)
}

/// The code of what refuses a connection, the alert that the server received, and what the callback saw.
struct Tried {
    error: Option<Error>,
    alert: Option<u8>,
    seen: Vec<(Option<&'static str>, Option<&'static str>)>,
}

impl Tried {
    fn code(&self) -> Option<&'static str> {
        self.error.as_ref().map(|error| refusal(error).unwrap().code())
    }
}

fn try_at(
    kind: &Kind,
    builder: TackVerifierBuilder,
    leaf: &Leaf,
    others: &[CertificateDer<'static>],
    at: Minute,
) -> Tried {
    let (builder, seen) = watched(builder);
    let client = client(kind, builder.build(), Clock::at(at));
    let server = leaf.server(kind, others.to_vec());
    let ended = handshake(&Arc::new(client), &Arc::new(server), NAME);
    let alert = match ended.server {
        Err(Error::AlertReceived(alert)) => Some(u8::from(alert)),
        Err(error) => panic!("{error}"),
        Ok(()) => None,
    };
    let seen = seen.lock().unwrap().clone();
    Tried { error: ended.client.err(), alert, seen }
}

fn try_now(kind: &Kind, builder: TackVerifierBuilder, leaf: &Leaf, others: &[CertificateDer<'static>]) -> Tried {
    try_at(kind, builder, leaf, others, NOW)
}

#[test]
fn each_refusal_has_its_code_and_a_report_refuses_nothing() {
    let ca = Ca::new();
    let leaf = ca.issue(&[NAME]);
    for kind in each_kind() {
        for Case { name, others, pins, expected } in cases(&leaf) {
            let what = format!("{name}, {:?}", kind.version);
            let enforcing = ca.verifier(&kind).require(require(1)).pin_in(store(&pins));
            let tried = try_now(&kind, enforcing, &leaf, &others);
            assert_eq!(tried.code(), expected, "{what}");
            assert_eq!(tried.seen, [(expected, expected)], "{what}");
            assert_eq!(tried.alert, expected.map(|_| u8::from(AlertDescription::CertificateUnknown)), "{what}");

            let pinning = Pinning::new(store(&pins)).report_only();
            let reporting = ca.verifier(&kind).require(require(1).report_only()).pin(pinning);
            let tried = try_now(&kind, reporting, &leaf, &others);
            assert!(tried.error.is_none() && tried.alert.is_none(), "{what}");
            assert_eq!(tried.seen, [(None, expected)], "{what}");
        }
    }
}

#[test]
fn the_alerts_of_the_draft_are_sent_where_they_are_wanted() {
    let ca = Ca::new();
    let leaf = ca.issue(&[NAME]);
    for kind in each_kind() {
        for Case { name, others, pins, expected } in cases(&leaf) {
            let builder = ca.verifier(&kind).require(require(1)).pin_in(store(&pins)).draft_alerts();
            let tried = try_now(&kind, builder, &leaf, &others);
            let (alert, error) = match expected {
                None => (None, None),
                Some("expired") => (Some(45), Some(CertificateError::Expired)),
                Some("revoked") => (Some(44), Some(CertificateError::Revoked)),
                Some("contradicted" | "key_required") => {
                    (Some(49), Some(CertificateError::ApplicationVerificationFailure))
                }
                Some(_) => (Some(42), Some(CertificateError::BadEncoding)),
            };
            assert_eq!((tried.alert, tried.error), (alert, error.map(Error::InvalidCertificate)), "{name}");
            assert_eq!(tried.seen, [(expected, expected)], "{name}");
        }
    }
}

#[test]
fn what_the_inner_verifier_refuses_stays_refused() {
    let (ca, other) = (Ca::new(), Ca::new());
    let leaf = ca.issue(&[NAME]);
    let others = carrying(&extension(vec![leaf.tack(&signing_key(1))], 1));
    for kind in each_kind() {
        let tried = try_now(&kind, other.verifier(&kind).require(require(1)), &leaf, &others);
        // The two CAs have one name and different keys.
        let error = Error::InvalidCertificate(CertificateError::BadSignature);
        assert_eq!((tried.error, tried.alert, tried.seen), (Some(error), Some(51), vec![]));

        let stranger = ca.issue(&["other.example.com"]);
        let others = carrying(&extension(vec![stranger.tack(&signing_key(1))], 1));
        let tried = try_now(&kind, ca.verifier(&kind).require(require(1)), &stranger, &others);
        assert!(tried.error.is_some_and(|error| refusal(&error).is_none()) && tried.seen.is_empty());
    }
}

#[test]
fn one_policy_is_enforced_while_the_other_reports() {
    let (ca, kind) = (Ca::new(), Kind::of_one());
    let leaf = ca.issue(&[NAME]);
    let others = carrying(&extension(vec![leaf.tack(&signing_key(1))], 1));

    let reports_pins =
        |key| ca.verifier(&kind).require(require(key)).pin(Pinning::new(store(&[pin(3, 0)])).report_only());
    assert_eq!(try_now(&kind, reports_pins(1), &leaf, &others).seen, [(None, Some("contradicted"))]);
    assert_eq!(try_now(&kind, reports_pins(2), &leaf, &others).code(), Some("key_required"));

    let reports_keys = |key, pins: &[Pin]| ca.verifier(&kind).require(require(key).report_only()).pin_in(store(pins));
    assert_eq!(try_now(&kind, reports_keys(2, &[]), &leaf, &others).seen, [(None, Some("key_required"))]);
    assert_eq!(try_now(&kind, reports_keys(2, &[pin(3, 0)]), &leaf, &others).code(), Some("contradicted"));
}

#[test]
fn a_missing_key_keeps_pins_from_being_made_only_where_it_is_enforced() {
    let (ca, kind) = (Ca::new(), Kind::of_one());
    let leaf = ca.issue(&[NAME]);
    let others = carrying(&extension(vec![leaf.tack(&signing_key(1))], 1));
    for (requirement, expected) in [(require(1), 1), (require(2), 0), (require(2).report_only(), 1)] {
        let pins = store(&[]);
        try_now(&kind, ca.verifier(&kind).require(requirement).pin_in(pins.clone()), &leaf, &others);
        assert_eq!(pins.len(), expected);
    }
}

#[test]
fn pins_change_as_far_as_the_mode_allows() {
    let (ca, kind) = (Ca::new(), Kind::of_one());
    let leaf = ca.issue(&[NAME]);
    let others = carrying(&extension(vec![leaf.tack(&signing_key(1))], 1));
    for (mode, expected) in [(Mode::Activate, 1), (Mode::NoActivation, 0), (Mode::ReadOnly, 0)] {
        let pins = store(&[]);
        let builder = ca.verifier(&kind).pin(Pinning::new(pins.clone()).mode(mode));
        assert_eq!(try_now(&kind, builder, &leaf, &others).code(), None);
        assert_eq!(pins.len(), expected, "{mode:?}");
    }
}

#[test]
fn every_requirement_that_is_for_the_host_is_to_be_met() {
    let (ca, kind) = (Ca::new(), Kind::of_one());
    let leaf = ca.issue(&[NAME]);
    let others = carrying(&extension(vec![leaf.tack(&signing_key(1))], 1));
    let host = |name: &str| name.parse::<HostName>().unwrap();
    let backup = signing_key(1).public_key().fingerprint();
    for (requirements, expected) in [
        (vec![require(1)], None),
        (vec![require(2).or(backup)], None),
        (vec![require(1), require(2)], Some("key_required")),
        (vec![require(2), require(1)], Some("key_required")),
        (vec![require(1), require(2).for_host(host("example.com"))], None),
        (vec![require(1), require(2).for_domain(host("example.com"))], Some("key_required")),
        (vec![require(2).for_host(host(NAME))], Some("key_required")),
        (vec![require(2).until(NOW)], None),
        (vec![require(2).until(Minute::new(NOW.get() + 1))], Some("key_required")),
    ] {
        let builder = requirements.iter().cloned().fold(ca.verifier(&kind), TackVerifierBuilder::require);
        assert_eq!(try_now(&kind, builder, &leaf, &others).code(), expected, "{requirements:?}");
    }
}

#[test]
fn after_its_date_a_requirement_is_only_reported() {
    let (ca, kind) = (Ca::new(), Kind::of_one());
    let leaf = ca.issue(&[NAME]);
    let Expiration::At(date) = "2028-06-01Z".parse().unwrap() else { panic!("a span") };
    let builder = || ca.verifier(&kind).require(require(1).until(date));
    let before = Minute::new(date.get() - 1);
    // The tack that the server still sends has been expired for years.
    let expired = carrying(&extension(vec![leaf.tack(&signing_key(1))], 1));
    for (others, code) in [(vec![], "key_required"), (expired, "expired")] {
        assert_eq!(try_at(&kind, builder(), &leaf, &others, before).code(), Some(code));
        assert_eq!(try_at(&kind, builder(), &leaf, &others, date).seen, [(None, Some(code))]);
    }
}

#[test]
fn without_a_policy_tacks_must_be_valid_and_nothing_else() {
    let (ca, kind) = (Ca::new(), Kind::of_one());
    let leaf = ca.issue(&[NAME]);
    for Case { name, others, expected, .. } in cases(&leaf) {
        let expected = expected.filter(|code| !["key_required", "revoked", "contradicted"].contains(code));
        assert_eq!(try_now(&kind, ca.verifier(&kind), &leaf, &others).code(), expected, "{name}");
    }
}

#[test]
fn an_address_has_no_pins_and_required_keys_all_the_same() {
    let (ca, kind) = (Ca::new(), Kind::of_one());
    let leaf = ca.issue(&["192.0.2.1"]);
    let others = carrying(&extension(vec![leaf.tack(&signing_key(1))], 1));
    for (requirement, expected) in [(require(1), None), (require(2), Some("key_required"))] {
        let pins = store(&[]);
        let verifier = ca.verifier(&kind).require(requirement).pin_in(pins.clone()).build();
        let client = Arc::new(client(&kind, verifier, Clock::at(NOW)));
        let ended = handshake(&client, &Arc::new(leaf.server(&kind, others.clone())), "192.0.2.1");
        assert_eq!(ended.client.err().map(|error| refusal(&error).unwrap().code()), expected);
        assert!(pins.is_empty());
    }
}

/// A store that cannot be read or written.
struct Broken;

impl PinStore for Broken {
    fn look(&self, _: &Query<'_>) -> Result<Known, StoreError> {
        Err(StoreError::Busy)
    }

    fn update(&self, _: &Query<'_>, _: &mut dyn FnMut(&Known) -> Vec<Change>) -> Result<Vec<Pin>, StoreError> {
        Err(StoreError::Busy)
    }

    fn each(&self, _: Option<&HostName>, _: &mut dyn FnMut(&HostName, &Pin) -> bool) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }

    fn forget_name(&self, _: &HostName) -> Result<usize, StoreError> {
        Err(StoreError::Busy)
    }

    fn forget_key(&self, _: Fingerprint) -> Result<usize, StoreError> {
        Err(StoreError::Busy)
    }

    fn import(&self, _: &[(HostName, Pin)], _: Minute) -> Result<Imported, StoreError> {
        Err(StoreError::Busy)
    }
}

#[test]
fn without_its_store_a_client_that_pins_refuses_all() {
    let (ca, kind) = (Ca::new(), Kind::of_one());
    let leaf = ca.issue(&[NAME]);
    let others = carrying(&extension(vec![leaf.tack(&signing_key(1))], 1));
    let broken = || Pinning::new(Arc::new(Broken));
    let tried = try_now(&kind, ca.verifier(&kind).pin(broken()), &leaf, &others);
    assert_eq!((tried.code(), tried.seen), (Some("store"), vec![(Some("store"), Some("store"))]));

    // The required keys still count where pins are only reported.
    for (key, expected) in [(1, None), (2, Some("key_required"))] {
        for mode in [Mode::Activate, Mode::ReadOnly] {
            let builder = ca.verifier(&kind).require(require(key)).pin(broken().mode(mode).report_only());
            let tried = try_now(&kind, builder, &leaf, &others);
            assert_eq!((tried.code(), tried.seen), (expected, vec![(expected, Some("store"))]));
        }
    }
}

#[test]
fn a_clock_beyond_the_times_of_tack_refuses() {
    let (ca, kind) = (Ca::new(), Kind::of_one());
    let leaf = ca.issue(&[NAME]);
    let verify = |builder: TackVerifierBuilder| {
        let name = NAME.try_into().unwrap();
        let long_after = Duration::from_secs(u64::from(u32::MAX) * 60 + 60);
        let now = UnixTime::since_unix_epoch(long_after);
        builder.build().verify_server_cert(&leaf.certificate, &[], &name, &[], now)
    };
    // rustls' own verifier would find the certificate expired.
    let builder = || TackVerifier::builder(Arc::new(trusting(&ca, &kind)));
    let error = verify(builder()).unwrap_err();
    assert_eq!(refusal(&error).unwrap().code(), "clock");
    verify(builder().require(require(1).report_only())).unwrap();
}

/// Takes every certificate, and differs in all else from what there is without being asked.
#[derive(Debug)]
struct Trusting(Arc<WebPkiServerVerifier>, Vec<DistinguishedName>);

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED448]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        Some(&self.1)
    }
}

fn trusting(ca: &Ca, kind: &Kind) -> Trusting {
    Trusting(ca.webpki(&kind.provider), vec![DistinguishedName::in_sequence(b"a CA")])
}

#[test]
fn all_but_the_certificate_is_for_the_inner_verifier() {
    let (ca, kind) = (Ca::new(), Kind::of_one());
    let verifier = TackVerifier::builder(Arc::new(trusting(&ca, &kind))).build();
    assert_eq!(verifier.supported_verify_schemes(), [SignatureScheme::ED448]);
    assert!(verifier.requires_raw_public_keys());
    assert_eq!(verifier.root_hint_subjects().map(<[_]>::len), Some(1));
}

#[test]
fn a_certificate_that_tack_cannot_read_is_refused() {
    let (ca, kind) = (Ca::new(), Kind::of_one());
    let verify = |requirement| {
        let verifier = TackVerifier::builder(Arc::new(trusting(&ca, &kind))).require(requirement).build();
        let key = CertificateDer::from(b"a raw public key".to_vec());
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
        verifier.verify_server_cert(&key, &[], &NAME.try_into().unwrap(), &[], now)
    };
    assert_eq!(refusal(&verify(require(1)).unwrap_err()).unwrap().code(), "certificate");
    verify(require(1).report_only()).unwrap();
    verify(require(1).until(Minute::new(1))).unwrap();
}

#[test]
fn the_cause_is_found_within_errors_and_nothing_else_is() {
    #[derive(Debug, thiserror::Error)]
    #[error("outermost")]
    struct Outer(#[source] Box<dyn std::error::Error + Send + Sync>);

    let (ca, kind) = (Ca::new(), Kind::of_one());
    let leaf = ca.issue(&[NAME]);
    let error = try_now(&kind, ca.verifier(&kind).require(require(1)), &leaf, &[]).error.unwrap();
    let nested = Outer(io::Error::other(Outer(io::Error::other(error).into())).into());
    assert_eq!(refusal(&nested).unwrap().code(), "key_required");
    assert_eq!(refusal(refusal(&nested).unwrap()).unwrap().code(), "key_required");
    assert!(refusal(&Outer(io::Error::other("another").into())).is_none());
    assert!(refusal(&Error::InvalidCertificate(CertificateError::Revoked)).is_none());
}
