//! Choosing and coverage give what a plain look at all tacks at once gives, in whatever order the tacks come.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cmp::Reverse;
use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use tack_core::{
    ChooseError, Chooser, Coverages, Generations, Minute, SigningKey, Span, Tack, TargetHash, Timestamp, Verified,
};

/// Two TLS keys, three TACK keys, few generations and minutes, so that they meet.
fn tacks() -> impl Strategy<Value = Vec<Verified<Tack>>> {
    let tack = (1..=3u8, 0..=2u8, 0..=2u8, 0..30u32, 0..=1u8).prop_map(|(key, one, other, expiration, host)| {
        let key = SigningKey::from_bytes(&[key; 32]).unwrap();
        let generations = Generations::new(one.min(other), one.max(other)).unwrap();
        let tack = Tack::sign(&key, generations, Minute::new(expiration), TargetHash::new([host; 32]));
        tack.into_verified().unwrap()
    });
    vec(tack, 0..16)
}

fn is_revoked(tack: &Tack, all: &[Verified<Tack>]) -> bool {
    all.iter().any(|other| other.public_key() == tack.public_key() && other.min_generation() > tack.generation())
}

/// What the chooser should choose for each key, by index; none where it should refuse.
fn choose(
    all: &[Verified<Tack>],
    now: i64,
    min_remaining: i64,
    target: Option<TargetHash>,
) -> Option<Vec<Option<usize>>> {
    let target = target.or_else(|| all.first().map(|tack| tack.target_hash()))?;
    let mut keys = Vec::new();
    for tack in all.iter().filter(|tack| tack.target_hash() == target) {
        if !keys.contains(tack.public_key()) {
            keys.push(tack.public_key().clone());
        }
    }
    let choose = |key| {
        let good = |(_, tack): &(usize, &Verified<Tack>)| {
            let fits = tack.public_key() == key && tack.target_hash() == target;
            fits && tack.expiration().seconds() > now && !is_revoked(tack, all)
        };
        let candidates: Vec<_> = all.iter().enumerate().filter(good).collect();
        let newest = |tack: &Tack| (Reverse(tack.min_generation()), Reverse(tack.generation()));
        let lasts = |tack: &Tack| tack.expiration().seconds() - now >= min_remaining * 60;
        let soonest = candidates.iter().filter(|(_, tack)| lasts(tack));
        let soonest = soonest.min_by_key(|(_, tack)| (tack.expiration(), newest(tack)));
        let longest = candidates.iter().min_by_key(|(_, tack)| (Reverse(tack.expiration()), newest(tack)));
        soonest.or(longest).map(|(index, _)| *index)
    };
    (keys.len() <= 2).then(|| keys.iter().map(choose).collect())
}

proptest! {
    #[test]
    fn the_tack_of_the_hour(all in tacks(), now in 0..1_800i64, min_remaining in 0..20u32, host in 0..3u8) {
        let target = (host < 2).then(|| TargetHash::new([host; 32]));
        let mut chooser = Chooser::new(Timestamp::new(now), Span::new(min_remaining.into()), target);
        let pushed = all.iter().enumerate().try_for_each(|(index, tack)| chooser.push(tack.clone(), index).map(drop));
        let hosts: BTreeSet<_> = all.iter().map(|tack| tack.target_hash()).collect();
        if target.is_none() && hosts.len() > 1 {
            // Or a third TACK key came first.
            prop_assert!(matches!(pushed, Err(ChooseError::TlsKeys | ChooseError::TackKeys)));
            return Ok(());
        }
        match choose(&all, now, min_remaining.into(), target) {
            Some(expected) => {
                prop_assert_eq!(pushed, Ok(()));
                let chosen: Vec<_> = chooser.choices().map(|choice| choice.best.map(|best| *best.place)).collect();
                prop_assert_eq!(chosen, expected);
            }
            None => prop_assert!(pushed == Err(ChooseError::TackKeys) || all.is_empty()),
        }
    }

    #[test]
    fn what_is_covered(all in tacks(), now in 0..1_800i64) {
        let mut coverages = Coverages::default();
        all.iter().for_each(|tack| coverages.push(tack).unwrap());
        let coverages = coverages.finish(Timestamp::new(now));
        prop_assert_eq!(coverages.iter().map(|coverage| coverage.number()).sum::<usize>(), all.len());
        for coverage in coverages {
            let is_of = |tack: &&Verified<Tack>| {
                tack.public_key() == coverage.key() && tack.target_hash() == coverage.target_hash()
            };
            let mine: Vec<_> = all.iter().filter(is_of).collect();
            let good: BTreeSet<_> =
                mine.iter().filter(|tack| !is_revoked(tack, &all)).map(|tack| tack.expiration()).collect();
            prop_assert_eq!(coverage.number(), mine.len());
            prop_assert_eq!(coverage.revoked(), mine.iter().filter(|tack| is_revoked(tack, &all)).count());
            prop_assert_eq!((coverage.first(), coverage.last()), (good.first().copied(), good.last().copied()));
            prop_assert_eq!(coverage.is_over(), good.iter().all(|expiration| expiration.seconds() <= now));
            let left = good.last().map_or(0, |last| (last.seconds() - now).max(0) / 60);
            prop_assert_eq!(coverage.left().minutes(), u64::try_from(left).unwrap());
            // Some span between neighbours is the interval; longer ones that are not past are the gaps.
            let spans: Vec<_> = good.iter().zip(good.iter().skip(1)).map(|(one, next)| (*one, *next)).collect();
            prop_assert_eq!(coverage.interval().is_some(), !spans.is_empty());
            let gaps: Vec<_> = spans
                .iter()
                .filter(|(one, next)| next.since(*one) > coverage.interval() && next.seconds() > now)
                .copied()
                .collect();
            prop_assert_eq!(coverage.gaps().collect::<Vec<_>>(), gaps);
            prop_assert!(spans.is_empty() || spans.iter().any(|(one, next)| next.since(*one) == coverage.interval()));
        }
    }
}
