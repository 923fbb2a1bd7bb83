//! How a TackExtension reaches a client: by the TLS extension, by a TACK certificate, by both.

use std::slice;

use tack_core::{Certificate, Error, TackExtension};
use tack_pin::{Alert, Carrier, MemoryStore, Policy, Presented, Refusal, Status};

use crate::common::*;
use crate::{accepted, connect_with, refused};

/// The key of the server's own certificate.
const SERVER: u8 = 1;

/// The server's certificate, then these.
fn chain(others: &[Vec<u8>]) -> Vec<Vec<u8>> {
    [&[certificate(SERVER, &[])], others].concat()
}

fn extension(number: u8) -> TackExtension {
    draft_02(&[signed(number, 0, 0, FAR, target_hash(SERVER))], 1)
}

fn tack_certificate(extension: &TackExtension) -> Vec<u8> {
    certificate(2, &[&extension.to_bytes()])
}

fn from_connection(others: &[Vec<u8>], extensions: &[Vec<u8>]) -> Presented {
    Presented::from_connection(&chain(others), extensions).unwrap()
}

#[track_caller]
fn assert_found(presented: &Presented, carrier: Carrier, extension: &TackExtension) {
    assert_eq!((presented.extension(), presented.carrier()), (Ok(Some(extension)), Some(carrier)));
    let judgement = connect_with(&MemoryStore::default(), NOW, presented, &Policy::default());
    assert_eq!((accepted(&judgement), judgement.carrier()), (Status::Unpinned, Some(carrier)));
}

#[track_caller]
fn assert_refused(presented: &Presented, code: &'static str) {
    assert_eq!((presented.extension().map_err(Refusal::code), presented.carrier()), (Err(code), None));
    let judgement = connect_with(&MemoryStore::default(), NOW, presented, &Policy::default());
    assert_eq!(refused(&judgement), (code, Alert::BadCertificate));
}

#[test]
fn the_target_hash_is_that_of_the_first_certificate() {
    let presented = from_connection(&[certificate(2, &[])], &[]);
    assert_eq!((presented.target_hash(), presented.extension()), (target_hash(SERVER), Ok(None)));
    let presented = from_connection(&[], &[draft_02(&[tack(1)], 1).to_bytes()]);
    let judgement = connect_with(&MemoryStore::default(), NOW, &presented, &Policy::default());
    assert_eq!(refused(&judgement), ("target_hash", Alert::BadCertificate));
}

#[test]
fn by_the_tls_extension() {
    let one = extension(1);
    assert_found(&from_connection(&[certificate(2, &[])], &[one.to_bytes()]), Carrier::Extension, &one);
    assert_found(&Presented::new(Some(&one.to_bytes()), target_hash(SERVER)), Carrier::Extension, &one);
}

#[test]
fn by_a_tack_certificate_at_any_place_behind_the_first() {
    let (one, other) = (extension(1), certificate(3, &[]));
    let tack = tack_certificate(&one);
    for others in [vec![tack.clone()], vec![tack.clone(), other.clone()], vec![other.clone(), other, tack]] {
        assert_found(&from_connection(&others, &[]), Carrier::Certificate, &one);
    }
    let old = draft_00(Some(signed(1, 0, 0, FAR, target_hash(SERVER))), &[2], true);
    assert_found(&from_connection(&[tack_certificate(&old)], &[]), Carrier::Certificate, &old);
}

#[test]
fn the_first_certificate_is_no_tack_certificate() {
    let own = certificate(SERVER, &[&extension(1).to_bytes()]);
    assert_eq!(Presented::from_connection(&[own], &[[0; 0]; 0]).unwrap().extension(), Ok(None));
}

#[test]
fn equal_copies_count_once() {
    let one = extension(1);
    let (bytes, tack) = (one.to_bytes(), tack_certificate(&one));
    assert_found(&from_connection(&[], &[bytes.clone(), bytes.clone()]), Carrier::Extension, &one);
    assert_found(&from_connection(slice::from_ref(&tack), &[bytes]), Carrier::Extension, &one);
    assert_found(&from_connection(&[tack.clone(), tack], &[]), Carrier::Certificate, &one);
}

#[test]
fn different_copies_are_refused() {
    let (one, other) = (extension(1), extension(2));
    let (bytes, tack) = (one.to_bytes(), tack_certificate(&one));
    assert_refused(&from_connection(&[], &[bytes.clone(), other.to_bytes()]), "two_extensions");
    assert_refused(&from_connection(&[], &[bytes.clone(), bytes.clone(), vec![]]), "two_extensions");
    assert_refused(&from_connection(slice::from_ref(&tack), &[other.to_bytes()]), "two_extensions");
    assert_refused(&from_connection(&[tack, tack_certificate(&other)], &[]), "two_extensions");
    let other_flags = draft_02(one.tacks(), 0);
    assert_refused(&from_connection(&[tack_certificate(&one)], &[other_flags.to_bytes()]), "two_extensions");
}

#[test]
fn one_certificate_with_two_extensions_is_refused() {
    let bytes = extension(1).to_bytes();
    assert_refused(&from_connection(&[certificate(2, &[&bytes, &bytes])], &[]), "two_extensions");
}

#[test]
fn a_damaged_extension_is_refused_by_either_carrier() {
    let one = extension(1);
    let cut = &one.to_bytes()[..100];
    for good in [vec![], vec![tack_certificate(&one)]] {
        assert_refused(&from_connection(&good, &[cut.to_vec()]), "malformed");
    }
    for good in [vec![], vec![one.to_bytes()]] {
        assert_refused(&from_connection(&[certificate(2, &[cut])], &good), "malformed");
    }
}

#[test]
fn a_certificate_that_cannot_be_read_carries_no_tack() {
    let one = extension(1);
    let tack = tack_certificate(&one);
    let unreadable = [vec![], b"no certificate".to_vec(), tack[..200].to_vec(), [&tack[..], &[0]].concat()];
    for bad in unreadable {
        assert_eq!(from_connection(slice::from_ref(&bad), &[]).extension(), Ok(None), "{bad:?}");
        assert_found(&from_connection(&[bad.clone(), tack.clone()], &[]), Carrier::Certificate, &one);
        assert_found(&from_connection(&[bad], &[one.to_bytes()]), Carrier::Extension, &one);
    }
}

#[test]
fn without_a_certificate_of_the_server_there_is_no_judgement() {
    let nothing: [Vec<u8>; 0] = [];
    assert_eq!(Presented::from_connection(&nothing, &nothing), Err(Error::NoBlock));
    let error = Certificate::from_der(b"no certificate").unwrap_err();
    assert_eq!(Presented::from_connection(&[b"no certificate"], &nothing), Err(error));
}

#[test]
fn a_draft_00_extension_that_says_nothing_is_no_error() {
    let nothing = draft_00(None, &[], false);
    assert_found(&from_connection(&[tack_certificate(&nothing)], &[]), Carrier::Certificate, &nothing);
}
