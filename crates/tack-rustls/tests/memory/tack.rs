//! TACK decides, besides chain and name.

use std::sync::Arc;

use getrandom::SysRng;
use rustls::AlertDescription;
use tack_core::{Draft02, Generations, Minute, SigningKey, Tack, TackCertificate, TackExtension};
use tack_pin::{MemoryStore, Status};
use tack_rustls::memory::{Certificate, ServerCertificateChain, ServerTls, TlsError};
use tack_rustls::{Pinning, Requirement, refusal};

use crate::wire::{Ca, NAME, Side, carry, client, provider};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32]).unwrap()
}

/// A server whose chain ends with a tack of this key.
fn server(ca: &Ca, seed: u8, expiration: Minute) -> ServerTls {
    let (bare, leaf) = ca.issue(&[NAME]);
    let target_hash = tack_core::Certificate::from_der(bare.as_der()).unwrap().target_hash();
    let tack = Tack::sign(&key(seed), Generations::default(), expiration, target_hash);
    let extension = TackExtension::from(Draft02::new(vec![tack], 1).unwrap());
    let tack = TackCertificate::new(&extension, &mut SysRng).unwrap();
    let chain = [Certificate::from_der(tack.as_der().to_vec()), leaf];
    ServerTls::new(Arc::new(provider()), Arc::new(ServerCertificateChain::new(chain).unwrap()))
}

fn requirement(seed: u8) -> Requirement {
    Requirement::new(key(seed).public_key().fingerprint())
}

#[test]
fn a_required_key_is_found_in_the_chain() {
    let ca = Ca::new("ca");
    let mut one = Side::client(&client(&ca).require(requirement(1)));
    assert_eq!(one.connection.judgement(), None);
    carry(&mut one, &mut Side::server(&server(&ca, 1, Minute::MAX)), &[7]).unwrap();
    let judgement = one.connection.judgement().unwrap();
    assert_eq!((judgement.status(), judgement.tacks().len()), (Some(Status::Unpinned), 1));
    // A client that does not ask TACK has no judgement.
    let mut one = Side::client(&client(&ca));
    carry(&mut one, &mut Side::server(&server(&ca, 1, Minute::MAX)), &[7]).unwrap();
    assert_eq!(one.connection.judgement(), None);
}

#[test]
fn what_tack_refuses_ends_with_the_alert_of_the_draft() {
    let ca = Ca::new("ca");
    for (server, code, alert) in [
        (server(&ca, 2, Minute::MAX), "key_required", AlertDescription::AccessDenied),
        (server(&ca, 1, Minute::new(1)), "expired", AlertDescription::CertificateExpired),
    ] {
        let mut one = Side::client_with(&client(&ca).require(requirement(1)), |_, _| panic!("TACK comes first"));
        let mut other = Side::server(&server);
        let to_server = one.wire.take();
        other.take(&to_server, &[usize::MAX]).unwrap();
        let error = one.take(&other.wire.take(), &[usize::MAX]).unwrap_err();
        assert!(matches!(error, TlsError::Tack(_)), "{error}");
        assert_eq!(refusal(&error).map(|refused| refused.code()), Some(code));
        assert!(one.connection.judgement().is_some());
        assert_eq!(one.wire.closed(), [true]);
        let error = other.take(&one.wire.take(), &[usize::MAX]).unwrap_err();
        assert!(matches!(error, TlsError::TlsAlert { code, .. } if code == alert), "{error}");
    }
}

#[test]
fn pins_are_made_and_kept() {
    let ca = Ca::new("ca");
    let tls = client(&ca).pin(Pinning::new(Arc::new(MemoryStore::default())));
    let mut one = Side::client(&tls);
    carry(&mut one, &mut Side::server(&server(&ca, 1, Minute::MAX)), &[7]).unwrap();
    assert_eq!(one.connection.judgement().unwrap().pins().len(), 1);
}
