//! The servers of a plan: what each presents on a day, with real keys and signatures.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use sha2::{Digest, Sha256};
use tack_core::{
    BreakSig, Draft00, Draft02, Fingerprint, HostName, Minute, SigningKey, Tack, TackExtension, TargetHash,
};

use crate::judgement::Judgement;
use crate::memory::MemoryStore;
use crate::pin::Pin;
use crate::policy::Policy;
use crate::presented::{Carrier, Presented};
use crate::process::Validated;
use crate::simulate::plan::{Plan, PlannedTack, Sent, since_start};
use crate::store::PinStore;

const INFALLIBLE: &str = "a store in memory does not fail";

/// What the servers present, day by day.
pub(crate) struct Servers<'a> {
    plan: &'a Plan,
    keys: Keys,
    /// Each different presentation once.
    presentations: Vec<Presented>,
    /// For each server, what it presents from which day on.
    servers: Vec<Vec<Change>>,
}

/// What a server presents from a day on.
struct Change {
    day: u32,
    /// The step that brings it; none before the first.
    step: Option<usize>,
    presentation: usize,
}

/// What a server presents on a day.
pub(crate) struct Today {
    /// The step that brought it; none before the first.
    pub(crate) step: Option<usize>,
    first_minute: Rc<Moment>,
    last_minute: Rc<Moment>,
}

/// What is presented in a minute.
pub(crate) struct Moment {
    pub(crate) now: Minute,
    /// Signatures are checked once for all clients.
    valid: Validated,
    /// What clients with these pins decide.
    judgements: RefCell<HashMap<Vec<Pin>, Rc<Judgement>>>,
}

impl Moment {
    fn new(presented: &Presented, now: Minute) -> Self {
        Self { now, valid: Validated::new(presented, now), judgements: RefCell::default() }
    }

    /// What a client with these pins decides. Clients with equal pins decide alike, and so it is judged for one of them.
    pub(crate) fn judge(&self, pins: &[Pin], name: &HostName) -> Rc<Judgement> {
        if let Some(judgement) = self.judgements.borrow().get(pins) {
            return Rc::clone(judgement);
        }
        let store = MemoryStore::default();
        let named: Vec<_> = pins.iter().map(|pin| (name.clone(), *pin)).collect();
        store.import(&named, self.now).expect(INFALLIBLE);
        let judgement = Rc::new(self.valid.judge(Some((&store, name)), &Policy::default()).expect(INFALLIBLE));
        self.judgements.borrow_mut().insert(pins.to_vec(), Rc::clone(&judgement));
        judgement
    }
}

impl Today {
    /// What it presents in the last, or the first minute of the day.
    pub(crate) fn at(&self, is_last_minute: bool) -> &Moment {
        if is_last_minute { &self.last_minute } else { &self.first_minute }
    }
}

impl<'a> Servers<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        let mut keys = Keys::default();
        let mut presentations = Vec::new();
        let servers = (1..=plan.servers).map(|server| changes(plan, server, &mut keys, &mut presentations)).collect();
        Self { plan, keys, presentations, servers }
    }

    /// The name of a key.
    pub(crate) fn key_name(&self, key: Fingerprint) -> Option<&str> {
        self.keys.names.get(&key).map(String::as_str)
    }

    /// What each server presents on a day. Equal presentations are validated once.
    pub(crate) fn on(&self, day: u32) -> Vec<Today> {
        let first = self.plan.minute_of(day);
        let last = Minute::new(self.plan.minute_of(day + 1).get() - 1);
        let mut moments = HashMap::new();
        let mut today = |change: &Change| {
            let presented = self.presentations.get(change.presentation)?;
            let (first_minute, last_minute) = moments.entry(change.presentation).or_insert_with(|| {
                let at = |now| Rc::new(Moment::new(presented, now));
                (at(first), at(last))
            });
            let (first_minute, last_minute) = (Rc::clone(first_minute), Rc::clone(last_minute));
            Some(Today { step: change.step, first_minute, last_minute })
        };
        let in_force =
            |changes: &'_ Vec<Change>| changes.iter().rev().find(|change| change.day <= day).and_then(&mut today);
        self.servers.iter().filter_map(in_force).collect()
    }
}

/// What a server presents, from which days on.
fn changes(plan: &Plan, server: usize, keys: &mut Keys, presentations: &mut Vec<Presented>) -> Vec<Change> {
    let mut certificate = "";
    let mut extension = None;
    let mut change = |day, step, certificate: &str, extension: &Option<TackExtension>| {
        let hash = TargetHash::of(certificate.as_bytes());
        let presented = match extension {
            Some(extension) => Presented::of(Carrier::Extension, extension.clone(), hash),
            None => Presented::new(None, hash),
        };
        let known = presentations.iter().position(|known| *known == presented);
        let presentation = known.unwrap_or_else(|| {
            presentations.push(presented);
            presentations.len() - 1
        });
        Change { day, step, presentation }
    };
    let mut changes = vec![change(0, None, certificate, &extension)];
    for step in plan.steps.iter().filter(|step| step.is_for(server)) {
        certificate = step.certificate.as_deref().unwrap_or(certificate);
        if let Some(sent) = &step.sent {
            extension = keys.extension(sent, certificate, plan);
        }
        changes.push(change(step.day, Some(step.number), certificate, &extension));
    }
    changes
}

/// The TACK keys, by their names.
#[derive(Default)]
struct Keys {
    keys: HashMap<String, SigningKey>,
    names: HashMap<Fingerprint, String>,
}

impl Keys {
    /// What is sent with this certificate; none if it is nothing.
    fn extension(&mut self, sent: &Sent, certificate: &str, plan: &Plan) -> Option<TackExtension> {
        let tacks: Vec<_> = sent.tacks.iter().map(|tack| self.sign(tack, certificate, plan)).collect();
        let is_active: Vec<_> = sent.tacks.iter().map(|tack| tack.is_active).collect();
        if !sent.broken.is_empty() {
            let break_sigs = sent.broken.iter().map(|name| BreakSig::sign(self.key(name))).collect();
            let draft = Draft00::new(tacks.into_iter().next(), break_sigs, is_active.contains(&true));
            return Some(draft.expect("a plan has as many break signatures as an extension at most").into());
        }
        if tacks.is_empty() {
            return None;
        }
        let flags = [1, 2].into_iter().zip(is_active).filter(|(_, is_active)| *is_active).map(|(flag, _)| flag).sum();
        Some(Draft02::new(tacks, flags).expect("a plan has one or two tacks, of different keys").into())
    }

    fn sign(&mut self, tack: &PlannedTack, certificate: &str, plan: &Plan) -> Tack {
        let certificate = tack.certificate.as_deref().unwrap_or(certificate);
        // One that is always fresh need not be signed anew: clients see whether it is expired, not when it will be.
        let expires = tack.expires.unwrap_or_else(|| since_start(plan.days + 1));
        let target_hash = TargetHash::of(certificate.as_bytes());
        Tack::sign(self.key(&tack.key), tack.generations, plan.minute_after(expires), target_hash)
    }

    /// The key of this name.
    fn key(&mut self, name: &str) -> &SigningKey {
        let names = &mut self.names;
        self.keys.entry(name.to_owned()).or_insert_with(|| {
            let key = derive(name);
            names.insert(key.public_key().fingerprint(), name.to_owned());
            key
        })
    }
}

/// A key that is made of its name.
fn derive(name: &str) -> SigningKey {
    let mut hash = Sha256::digest(name.as_bytes());
    loop {
        // One hash in 2^32 is no private key.
        match SigningKey::from_bytes(&hash) {
            Ok(key) => return key,
            Err(_) => hash = Sha256::digest(hash),
        }
    }
}
