//! Client processing (draft-02, section 4.3).

use tack_core::{Fingerprint, HostName, Minute, Tack, TackExtension, TargetHash};

use crate::judgement::{JudgedTack, Judgement};
use crate::pin::Pin;
use crate::policy::{Mode, Policy};
use crate::presented::{Carrier, Presented};
use crate::refusal::Refusal;
use crate::status::Status;
use crate::store::{Change, Known, PinStore, Query, StoreError};

/// Judges a connection to a host, and keeps the store up to date.
///
/// Signatures are checked before the store is asked, so no lock and no transaction is held meanwhile. Where there is no
/// store, or the host has an address instead of a name, no pin takes part, and the status is unpinned.
///
/// # Errors
/// [`StoreError`] if the store cannot be read or written. Then nothing is known of the pins, and the connection must end.
pub fn judge(
    presented: &Presented,
    store: Option<(&dyn PinStore, &HostName)>,
    now: Minute,
    policy: &Policy,
) -> Result<Judgement, StoreError> {
    Validated::new(presented, now).judge(store, policy)
}

/// What is presented, and whether it is valid: all that can be said without a store.
pub(crate) struct Validated {
    carrier: Option<Carrier>,
    now: Minute,
    tacks: Vec<JudgedTack>,
    /// The keys of the break signatures, each once.
    broken: Vec<Fingerprint>,
    refusal: Option<Refusal>,
}

impl Validated {
    /// Step 1 (draft-02, section 4.3.1). The refusal is that of the first tack or break signature that is not valid.
    pub(crate) fn new(presented: &Presented, now: Minute) -> Self {
        let carrier = presented.carrier();
        let nothing = |refusal| Self { carrier, now, tacks: Vec::new(), broken: Vec::new(), refusal };
        let extension = match presented.extension() {
            Ok(Some(extension)) => extension,
            Ok(None) => return nothing(None),
            Err(refusal) => return nothing(Some(refusal.clone())),
        };
        let tacks = judged_tacks(extension, presented.target_hash(), now);
        let bad_break_sig = || extension.break_sigs().iter().find_map(|sig| sig.verify().err()).map(Refusal::from);
        let refusal = tacks.iter().find_map(|tack| tack.refusal.clone()).or_else(bad_break_sig);
        let mut broken: Vec<_> = extension.break_sigs().iter().map(|sig| sig.public_key().fingerprint()).collect();
        broken.sort_unstable();
        broken.dedup();
        Self { carrier, now, tacks, broken, refusal }
    }

    /// All that follows, by what this store knows.
    pub(crate) fn judge(
        &self,
        store: Option<(&dyn PinStore, &HostName)>,
        policy: &Policy,
    ) -> Result<Judgement, StoreError> {
        let (decision, pins) = match store {
            Some((store, name)) => self.with_store(store, name, policy)?,
            None => (decide(self, &self.unknown(), None, &policy.clone().mode(Mode::ReadOnly)), Vec::new()),
        };
        let mut tacks = self.tacks.clone();
        for (tack, revoked) in tacks.iter_mut().zip(decision.revoked) {
            tack.refusal = tack.refusal.take().or(revoked);
        }
        Ok(Judgement {
            carrier: self.carrier,
            status: decision.status,
            refusals: decision.refusals,
            tacks,
            changes: decision.changes,
            pins,
            is_report_only: policy.is_report_only(),
        })
    }

    /// Decides in a transaction of the store, if something may change. Gives the pins of the name after it.
    fn with_store(
        &self,
        store: &dyn PinStore,
        name: &HostName,
        policy: &Policy,
    ) -> Result<(Decision, Vec<Pin>), StoreError> {
        let keys: Vec<_> = self.keys().collect();
        let query = Query { name, keys: &keys, now: self.now };
        if self.refusal.is_some() || policy.changes() == Mode::ReadOnly {
            let known = store.look(&query)?;
            return Ok((decide(self, &known, Some(name), policy), known.pins));
        }
        let mut decision = Decision::default();
        let pins = store.update(&query, &mut |known| {
            decision = decide(self, known, Some(name), policy);
            decision.changes.clone()
        })?;
        Ok((decision, pins))
    }

    /// The keys of the tacks, then those of the break signatures.
    fn keys(&self) -> impl Iterator<Item = Fingerprint> {
        self.tacks.iter().map(|tack| tack.key).chain(self.broken.iter().copied())
    }

    /// What an empty store knows.
    fn unknown(&self) -> Known {
        Known { pins: Vec::new(), min_generations: self.keys().map(|_| None).collect() }
    }

    fn has_tack_of(&self, key: Fingerprint) -> bool {
        self.tacks.iter().any(|tack| tack.key == key)
    }
}

fn judged_tacks(extension: &TackExtension, target_hash: TargetHash, now: Minute) -> Vec<JudgedTack> {
    let judged = |(index, tack): (usize, &Tack)| JudgedTack {
        key: tack.public_key().fingerprint(),
        generations: tack.generations(),
        expiration: tack.expiration(),
        is_active: extension.is_active(index),
        refusal: tack.validate(now, target_hash).err().map(Refusal::from),
    };
    extension.tacks().iter().enumerate().map(judged).collect()
}

/// What a client decides, by what the store knows.
#[derive(Default)]
struct Decision {
    status: Option<Status>,
    refusals: Vec<Refusal>,
    /// For each tack whether it is revoked.
    revoked: Vec<Option<Refusal>>,
    changes: Vec<Change>,
}

/// Steps 2 to 4 (draft-02, sections 4.3.2 to 4.3.4), and the break signatures of draft-00 (section 4.2.2).
fn decide(valid: &Validated, known: &Known, name: Option<&HostName>, policy: &Policy) -> Decision {
    let mut decision = Decision::default();
    if let Some(refusal) = &valid.refusal {
        decision.refusals.push(refusal.clone());
        return decision;
    }
    decision.check_generations(valid, known);
    if decision.refusals.is_empty() {
        decision.determine_status(valid, known, name);
        decision.check_required(valid, policy.required());
        // What is broken leaves its place to what is new.
        decision.break_pins(valid, known);
        if decision.refusals.is_empty() && policy.changes() == Mode::Activate {
            decision.activate(valid, known);
        }
    }
    if policy.changes() == Mode::ReadOnly {
        decision.changes.clear();
    }
    decision
}

impl Decision {
    /// Section 4.3.2. What the first tack raises stays raised when the second is revoked.
    fn check_generations(&mut self, valid: &Validated, known: &Known) {
        for (tack, stored) in valid.tacks.iter().zip(&known.min_generations) {
            let (key, generations) = (tack.key, tack.generations);
            let (generation, new) = (generations.generation(), generations.min_generation());
            let min_generation = stored.unwrap_or(0);
            let revoked = (generation < min_generation).then_some(Refusal::Revoked { key, generation, min_generation });
            if self.refusals.is_empty() && revoked.is_none() && stored.is_some_and(|stored| new > stored) {
                self.changes.push(Change::MinGeneration { key, min_generation: new });
            }
            if self.refusals.is_empty() {
                self.refusals.extend(revoked.clone());
            }
            self.revoked.push(revoked);
        }
    }

    /// Section 4.3.3. No TackExtension counts as one without tacks.
    fn determine_status(&mut self, valid: &Validated, known: &Known, name: Option<&HostName>) {
        let now = valid.now;
        let (matching, others): (Vec<_>, Vec<_>) =
            known.pins.iter().filter(|pin| pin.is_active(now)).partition(|pin| valid.has_tack_of(pin.key));
        self.status = Some(match (matching.is_empty(), others.is_empty()) {
            (_, false) => Status::Contradicted,
            (false, true) => Status::Confirmed,
            (true, true) => Status::Unpinned,
        });
        if let Some(name) = name {
            let refusal = |pin: &Pin| Refusal::Contradicted { name: name.clone(), key: pin.key, end: pin.end };
            self.refusals.extend(others.into_iter().map(refusal));
        }
    }

    fn check_required(&mut self, valid: &Validated, required: &[Fingerprint]) {
        if !required.is_empty() && !required.iter().any(|key| valid.has_tack_of(*key)) {
            self.refusals.push(Refusal::KeyRequired);
        }
    }

    /// Section 4.3.4, but for the keys that are broken: these lose every pin in the next step.
    fn activate(&mut self, valid: &Validated, known: &Known) {
        let now = valid.now;
        let is_broken = |key| valid.broken.contains(&key);
        let others = known.pins.iter().filter(|pin| !valid.has_tack_of(pin.key) && !is_broken(pin.key));
        self.changes.extend(others.filter(|pin| !pin.is_active(now)).map(|pin| Change::Remove(pin.key)));
        let mut added = Vec::new();
        for (tack, stored) in valid.tacks.iter().zip(&known.min_generations) {
            if !tack.is_active || is_broken(tack.key) {
                continue;
            }
            match known.pins.iter().find(|pin| pin.key == tack.key) {
                Some(pin) if pin.end == pin.extended(now) => {}
                Some(pin) => self.changes.push(Change::End { key: pin.key, end: pin.extended(now) }),
                None => {
                    let min_generation = stored.unwrap_or(0).max(tack.generations.min_generation());
                    added.push(Change::Add(Pin::new(tack.key, min_generation, now)));
                }
            }
        }
        // In a full store no new pin drives out one that becomes active in this connection.
        self.changes.append(&mut added);
    }

    /// Draft-00, section 4.2.2: all pins of a broken key go, for every name.
    fn break_pins(&mut self, valid: &Validated, known: &Known) {
        let stored = known.min_generations.iter().skip(valid.tacks.len());
        let known = valid.broken.iter().zip(stored).filter(|(_, stored)| stored.is_some());
        self.changes.extend(known.map(|(key, _)| Change::Break(*key)));
    }
}
