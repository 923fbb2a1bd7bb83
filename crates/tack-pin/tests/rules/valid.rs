//! Step 1 (section 4.3.1): what is presented is valid.

use tack_core::{BreakSig, Draft00, Minute, Tack, TackExtension, TargetHash};
use tack_pin::{Alert, MemoryStore, Policy, Presented, Refusal, Status};

use crate::common::*;
use crate::{HOST, accepted, connect, connect_at, connect_with, refused};

/// The tack with n - s in the place of s, which is as valid: n is the order of P-256.
fn with_other_s(tack: &Tack) -> Tack {
    const N: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
        0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut bytes = tack.to_bytes();
    let mut is_borrowed = false;
    for (byte, n) in bytes[134..].iter_mut().zip(N).rev() {
        let difference = i16::from(n) - i16::from(*byte) - i16::from(is_borrowed);
        is_borrowed = difference < 0;
        *byte = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    Tack::from_bytes(&bytes).unwrap()
}

#[test]
fn a_valid_tack_is_accepted() {
    let judgement = connect(&MemoryStore::default(), draft_02(&[tack(1)], 0));
    assert_eq!(accepted(&judgement), Status::Unpinned);
    let [judged] = judgement.tacks() else { panic!("{judgement:?}") };
    assert_eq!((judged.key, judged.expiration, judged.is_active), (fingerprint(1), FAR, false));
    assert_eq!(judged.refusal, None);
}

#[test]
fn what_is_no_extension_is_malformed() {
    let store = MemoryStore::default();
    let valid = draft_02(&[tack(1)], 1).to_bytes();
    for bytes in [&[][..], &[0, 0, 0], &valid[1..], &valid[..168], &[&valid[..], &[0]].concat()] {
        let presented = Presented::new(Some(bytes), TLS_KEY);
        let judgement = connect_with(&store, NOW, &presented, &Policy::default());
        assert_eq!(refused(&judgement), ("malformed", Alert::BadCertificate), "{bytes:?}");
        assert_eq!((judgement.status(), judgement.tacks(), judgement.carrier()), (None, &[][..], None));
    }
}

#[test]
fn two_tacks_of_one_key_are_refused() {
    let [one, other] = [tack_of(1, 0, 0).to_bytes(), tack_of(1, 0, 1).to_bytes()];
    let presented = Presented::new(Some(&[&[0x01, 0x4c][..], &one, &other, &[3]].concat()), TLS_KEY);
    let judgement = connect_with(&MemoryStore::default(), NOW, &presented, &Policy::default());
    assert_eq!(refused(&judgement), ("same_key", Alert::BadCertificate));
    assert_eq!(judgement.refusal(), Some(&Refusal::SameKey(fingerprint(1))));
}

#[test]
fn a_tack_that_revokes_itself_is_refused() {
    let mut bytes = draft_02(&[tack_of(1, 0, 2)], 1).to_bytes();
    bytes[2 + 64] = 3;
    let presented = Presented::new(Some(&bytes), TLS_KEY);
    let judgement = connect_with(&MemoryStore::default(), NOW, &presented, &Policy::default());
    assert_eq!(refused(&judgement), ("generation", Alert::BadCertificate));
    assert_eq!(judgement.refusal(), Some(&Refusal::Generation { generation: 2, min_generation: 3 }));
}

#[test]
fn a_tack_in_the_minute_of_its_expiration_is_expired() {
    let store = MemoryStore::default();
    let judge = |now| connect_at(&store, now, draft_02(&[expiring(1, NOW)], 1));
    assert_eq!(accepted(&judge(earlier(1))), Status::Unpinned);
    assert_eq!(refused(&judge(NOW)), ("expired", Alert::CertificateExpired));
    let expired = Refusal::Expired { key: fingerprint(1), expiration: NOW };
    assert_eq!((judge(NOW).refusal(), judge(NOW).tacks()[0].refusal.as_ref()), (Some(&expired), Some(&expired)));
}

#[test]
fn in_the_last_minute_of_time_every_tack_is_expired() {
    let store = MemoryStore::default();
    let judge = |now| connect_at(&store, now, draft_02(&[expiring(1, Minute::MAX)], 1));
    assert_eq!(accepted(&judge(Minute::new(u32::MAX - 1))), Status::Unpinned);
    assert_eq!(refused(&judge(Minute::MAX)), ("expired", Alert::CertificateExpired));
}

#[test]
fn a_tack_for_another_tls_key_is_refused() {
    let found = TargetHash::new([8; 32]);
    let judgement = connect(&MemoryStore::default(), draft_02(&[signed(1, 0, 0, FAR, found)], 1));
    assert_eq!(refused(&judgement), ("target_hash", Alert::BadCertificate));
    let expected = Refusal::TargetHash { key: fingerprint(1), expected: TLS_KEY, found };
    assert_eq!(judgement.refusal(), Some(&expected));
}

#[test]
fn a_forged_signature_is_refused() {
    let judgement = connect(&MemoryStore::default(), draft_02(&[forged(&tack(1))], 1));
    assert_eq!(refused(&judgement), ("signature", Alert::BadCertificate));
    assert_eq!(judgement.refusal(), Some(&Refusal::Signature { key: fingerprint(1) }));
}

#[test]
fn a_signature_with_either_s_is_valid() {
    let (one, other) = (tack(1), with_other_s(&tack(1)));
    assert_ne!(one, other);
    for tack in [one, other] {
        assert_eq!(accepted(&connect(&MemoryStore::default(), draft_02(&[tack], 1))), Status::Unpinned);
    }
}

#[test]
fn both_tacks_must_be_valid() {
    let (good, bad) = (tack(1), expiring(2, NOW));
    for (tacks, bad) in [([good.clone(), bad.clone()], 1), ([bad, good], 0)] {
        let judgement = connect(&MemoryStore::default(), draft_02(&tacks, 3));
        assert_eq!(refused(&judgement), ("expired", Alert::CertificateExpired));
        let are_good: Vec<_> = judgement.tacks().iter().map(|tack| tack.refusal.is_none()).collect();
        assert_eq!((are_good[bad], are_good[1 - bad]), (false, true));
    }
}

#[test]
fn the_reason_is_that_of_the_first_tack_that_is_not_valid() {
    let judgement = connect(&MemoryStore::default(), draft_02(&[forged(&tack(1)), expiring(2, NOW)], 3));
    assert_eq!(refused(&judgement), ("signature", Alert::BadCertificate));
    assert_eq!(judgement.tacks()[1].refusal.as_ref().map(Refusal::code), Some("expired"));
}

#[test]
fn an_expired_and_revoked_tack_is_expired() {
    let store = store(&[(HOST, pin(1, 5, earlier(DAY), later(DAY)))]);
    let judgement = connect(&store, draft_02(&[expiring(1, NOW)], 1));
    assert_eq!(refused(&judgement), ("expired", Alert::CertificateExpired));
    assert_eq!(judgement.tacks()[0].refusal.as_ref().map(Refusal::code), Some("expired"));
}

#[test]
fn a_break_signature_that_does_not_hold_is_refused() {
    let mut bytes = BreakSig::sign(&key(1)).to_bytes();
    bytes[127] ^= 1;
    let sig = BreakSig::from_bytes(&bytes).unwrap();
    let extension = TackExtension::from(Draft00::new(Some(tack(2)), vec![BreakSig::sign(&key(3)), sig], true).unwrap());
    let store = store(&[("b.example", pin(1, 0, earlier(DAY), NOW)), ("b.example", pin(3, 0, earlier(DAY), NOW))]);
    let before = pins(&store);
    let judgement = connect(&store, extension);
    assert_eq!(refused(&judgement), ("signature", Alert::BadCertificate));
    assert_eq!(judgement.refusal(), Some(&Refusal::Signature { key: fingerprint(1) }));
    assert_eq!(pins(&store), before);
}

#[test]
fn the_store_is_untouched_when_a_tack_is_not_valid() {
    let active = (HOST, pin(1, 0, earlier(DAY), later(DAY)));
    let store = store(&[active, (HOST, pin(2, 0, earlier(DAY), NOW))]);
    let before = pins(&store);
    let raising = tack_of(1, 9, 9);
    for bad in [expiring(3, NOW), forged(&tack(3)), signed(3, 0, 0, FAR, TargetHash::new([8; 32]))] {
        for tacks in [[raising.clone(), bad.clone()], [bad, raising.clone()]] {
            let judgement = connect(&store, draft_02(&tacks, 3));
            assert!(judgement.verdict().is_err() && judgement.status().is_none() && judgement.changes().is_empty());
            let of_host: Vec<_> = before.iter().map(|(_, pin)| *pin).collect();
            assert_eq!((pins(&store), judgement.pins()), (before.clone(), &of_host[..]));
        }
    }
}
