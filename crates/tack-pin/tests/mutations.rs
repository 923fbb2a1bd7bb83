//! 10,000 damaged answers of servers through the judgement of a client that has the host pinned: none may panic, none is
//! accepted unless every byte that counts is as it was signed, and none ends the pin.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeMap;

use tack_core::{BreakSig, Tack, TackExtension};
use tack_pin::{Judgement, Policy, Presented, Refusal, Status, judge};

use common::{
    DAY, FAR, NOW, Random, certificate, draft_00, draft_02, earlier, fingerprint, key, later, name, pin, pins, signed,
    store, target_hash,
};

const ANSWERS: usize = 10_000;
const HOST: &str = "a.example";
/// The key of the server's own certificate.
const SERVER: u8 = 1;
/// The TACK key that the host is pinned to, another one, and one that is broken.
const PINNED: u8 = 1;
const OTHER: u8 = 2;
const BROKEN: u8 = 3;

/// What a server sends: its certificates, and each copy of the TLS extension.
#[derive(Clone, Debug)]
struct Answer {
    chain: Vec<Vec<u8>>,
    extensions: Vec<Vec<u8>>,
}

#[test]
fn damaged_answers_are_refused() {
    let originals = originals();
    for original in &originals {
        assert_eq!(verdict(&judged(original).unwrap()), "confirmed", "{original:?}");
    }
    let mut verdicts = BTreeMap::new();
    for number in 0..ANSWERS {
        let answer = damaged(&originals, number);
        let verdict = judged(&answer).map_or("no certificate", |judgement| verdict(&judgement));
        *verdicts.entry(verdict).or_insert(0) += 1;
    }
    // The damage is such that some answers pass, and that many get as far as each check.
    for verdict in ["confirmed", "malformed", "signature", "target_hash", "contradicted", "two_extensions"] {
        assert!(verdicts.get(verdict).is_some_and(|count| *count >= ANSWERS / 500), "{verdict}: {verdicts:?}");
    }
}

fn verdict(judgement: &Judgement) -> &'static str {
    match judgement.verdict() {
        Ok(()) => judgement.status().unwrap().word(),
        Err(refusal) => refusal.code(),
    }
}

/// The judgement, if the server's own certificate can be read.
fn judged(answer: &Answer) -> Option<Judgement> {
    let presented = Presented::from_connection(&answer.chain, &answer.extensions).ok()?;
    let old = pin(PINNED, 0, earlier(DAY), later(DAY / 2));
    let store = store(&[(HOST, old)]);
    let judgement = judge(&presented, Some((&store, &name(HOST))), NOW, &Policy::default()).unwrap();

    let ended = if judgement.changes().is_empty() { old.end } else { later(DAY) };
    let kept = pins(&store).into_iter().find(|(_, pin)| pin.key == old.key).map(|(_, pin)| (pin.initial, pin.end));
    assert!(kept == Some((old.initial, old.end)) || kept == Some((old.initial, ended)), "{answer:?}");
    match judgement.verdict() {
        Ok(()) => {
            assert_eq!(judgement.status(), Some(Status::Confirmed), "{answer:?}");
            assert_signed(&presented, answer);
        }
        Err(Refusal::Contradicted { key, .. }) => assert_eq!(*key, fingerprint(PINNED), "{answer:?}"),
        Err(_) => assert_eq!((judgement.status(), judgement.changes()), (None, &[][..]), "{answer:?}"),
    }
    Some(judgement)
}

/// What is accepted is of the server's key, and each tack and break signature in it is one that was signed.
fn assert_signed(presented: &Presented, answer: &Answer) {
    assert_eq!(presented.target_hash(), target_hash(SERVER), "{answer:?}");
    let extension = presented.extension().unwrap().unwrap();
    assert!(extension.tacks().contains(&tack(PINNED)), "{answer:?}");
    assert!(extension.tacks().iter().all(|found| [tack(PINNED), tack(OTHER)].contains(found)), "{answer:?}");
    assert!(extension.break_sigs().iter().all(|found| *found == BreakSig::sign(&key(BROKEN))), "{answer:?}");
}

fn tack(key: u8) -> Tack {
    signed(key, 0, 1, FAR, target_hash(SERVER))
}

/// An answer of each kind.
fn originals() -> Vec<Answer> {
    let one = draft_02(&[tack(PINNED)], 1);
    let two = draft_02(&[tack(OTHER), tack(PINNED)], 3);
    let old = draft_00(Some(tack(PINNED)), &[BROKEN], true);
    let by_extension = |extension: &TackExtension| Answer {
        chain: vec![certificate(SERVER, &[]), certificate(2, &[])],
        extensions: vec![extension.to_bytes(); 2],
    };
    let by_certificate = |extension: &TackExtension| Answer {
        chain: vec![certificate(SERVER, &[]), certificate(2, &[&extension.to_bytes()])],
        extensions: vec![],
    };
    let by_both = Answer { extensions: vec![one.to_bytes()], ..by_certificate(&one) };
    let single = Answer { extensions: vec![two.to_bytes()], ..by_extension(&two) };
    let all = [&one, &two, &old];
    all.iter()
        .flat_map(|extension| [by_extension(extension), by_certificate(extension)])
        .chain([by_both, single])
        .collect()
}

/// One of the originals, of which one to four parts are damaged, left out or exchanged.
fn damaged(originals: &[Answer], number: usize) -> Answer {
    let mut random = Random(u64::try_from(number).unwrap());
    let mut answer = originals[number % originals.len()].clone();
    let other = &originals[random.below(originals.len())];
    for _ in 0..=random.below(4) {
        let is_of_chain = answer.extensions.is_empty() || random.below(3) == 0;
        let (parts, others) = match is_of_chain {
            true => (&mut answer.chain, &other.chain),
            false => (&mut answer.extensions, &other.extensions),
        };
        if parts.is_empty() {
            continue;
        }
        let at = random.below(parts.len());
        let foreign = others.get(random.below(2)).cloned().unwrap_or_default();
        match random.below(12) {
            0 => drop(parts.remove(at)),
            1 => parts.swap(0, at),
            2 => parts[at] = foreign,
            3 => parts.insert(at, foreign),
            _ => damage(&mut parts[at], &foreign, &mut random),
        }
    }
    answer
}

fn damage(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    const TELLING: [u8; 8] = [0, 1, 0x4c, 0x80, 0xa6, 0xff, 0x30, 0x04];
    if bytes.is_empty() {
        bytes.push(random.byte());
    }
    let at = random.below(bytes.len());
    let length = random.below((bytes.len() - at).min(64)) + 1;
    match random.below(9) {
        0 | 1 => bytes[at] ^= 1 << random.below(8),
        2 => bytes[at] = TELLING[random.below(TELLING.len())],
        3 => bytes[at] = bytes[at].wrapping_add(1),
        4 => bytes.truncate(at),
        5 => drop(bytes.drain(at..at + length)),
        6 => bytes.insert(at, random.byte()),
        7 => *bytes.last_mut().unwrap() = random.byte(),
        _ => {
            let end = other.len().min(at + length);
            if let Some(part) = other.get(at..end) {
                bytes.splice(at..at + part.len(), part.iter().copied());
            }
        }
    }
}
