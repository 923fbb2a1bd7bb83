//! What may happen to a client, and how it is put to the library. Signing is dear, so few tacks are signed, once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use tack_core::{BreakSig, Draft00, Fingerprint, Minute, TackExtension, TargetHash};
use tack_pin::{Carrier, HostName, Mode, Pin, Policy, Presented};

use crate::common::{self, DAY, NOW, TLS_KEY};
use crate::model::Record;

/// The numbers of keys begin with 0, and are in the order of their fingerprints.
const KEYS: u8 = 3;
const GENERATIONS: [(u8, u8); 5] = [(0, 0), (0, 1), (1, 1), (0, 2), (2, 2)];
const EXPIRATIONS: [u32; 3] = [NOW.get(), NOW.get() + 40 * DAY, u32::MAX];
const WAITS: [i64; 12] = [0, 1, 60, 1_440, 1_440, 7_200, 14_400, 43_199, 43_200, 86_400, 400_000, -1_440];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    None,
    OtherTlsKey,
    Forged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tack {
    pub key: u8,
    pub min_generation: u8,
    pub generation: u8,
    pub expiration: u32,
    pub fault: Fault,
}

#[derive(Clone, Debug)]
pub enum Served {
    Nothing,
    Draft00 {
        tack: Option<Tack>,
        broken: Vec<u8>,
        is_active: bool,
    },
    /// Of one tack or two of different keys; the reserved bits of the flags are set as well.
    Draft02 {
        tacks: Vec<Tack>,
        flags: u8,
    },
}

#[derive(Clone, Debug)]
pub struct Connection {
    pub name: u8,
    pub served: Served,
    pub mode: Mode,
    pub is_report: bool,
    pub required: Vec<u8>,
}

#[derive(Clone, Debug)]
pub enum Step {
    Connect(Connection),
    Import(Record),
    ForgetName(u8),
    ForgetKey(u8),
}

#[derive(Clone, Debug)]
pub struct Event {
    pub now: u32,
    pub step: Step,
}

#[derive(Clone, Debug)]
pub struct History {
    /// The most pins of the store.
    pub limit: usize,
    pub events: Vec<Event>,
}

pub fn history() -> impl Strategy<Value = History> {
    let limit = prop_oneof![3 => Just(100), 1 => 0..5_usize];
    (limit, vec((select(&WAITS[..]), step()), 1..=6)).prop_map(|(limit, steps)| {
        let mut now = i64::from(NOW.get());
        let event = |(wait, step)| {
            now += wait;
            Event { now: u32::try_from(now).unwrap(), step }
        };
        History { limit, events: steps.into_iter().map(event).collect() }
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => connection().prop_map(Step::Connect),
        2 => record().prop_map(Step::Import),
        1 => name_number().prop_map(Step::ForgetName),
        1 => (0..KEYS).prop_map(Step::ForgetKey),
    ]
}

fn connection() -> impl Strategy<Value = Connection> {
    let mode = prop_oneof![8 => Just(Mode::Activate), 1 => Just(Mode::NoActivation), 1 => Just(Mode::ReadOnly)];
    let required = prop_oneof![8 => Just(Vec::new()), 1 => vec(0..KEYS, 1..=2)];
    (name_number(), served(), mode, proptest::bool::weighted(0.1), required)
        .prop_map(|(name, served, mode, is_report, required)| Connection { name, served, mode, is_report, required })
}

fn served() -> impl Strategy<Value = Served> {
    let two = subsequence((0..KEYS).collect::<Vec<_>>(), 2)
        .prop_shuffle()
        .prop_flat_map(|keys| keys.into_iter().map(tack_of).collect::<Vec<_>>());
    prop_oneof![
        3 => Just(Served::Nothing),
        4 => (tack(), any::<u8>()).prop_map(|(tack, flags)| Served::Draft02 { tacks: vec![tack], flags }),
        3 => (two, any::<u8>()).prop_map(|(tacks, flags)| Served::Draft02 { tacks, flags }),
        1 => (proptest::option::of(tack()), vec(0..KEYS, 0..=2), any::<bool>())
            .prop_map(|(tack, broken, is_active)| Served::Draft00 { tack, broken, is_active }),
    ]
}

fn tack() -> impl Strategy<Value = Tack> {
    (0..KEYS).prop_flat_map(tack_of)
}

fn tack_of(key: u8) -> impl Strategy<Value = Tack> {
    let expiration = prop_oneof![1 => select(&EXPIRATIONS[..]), 4 => Just(u32::MAX)];
    let fault = prop_oneof![18 => Just(Fault::None), 1 => Just(Fault::OtherTlsKey), 1 => Just(Fault::Forged)];
    (select(&GENERATIONS[..]), expiration, fault).prop_map(move |((min_generation, generation), expiration, fault)| {
        Tack { key, min_generation, generation, expiration, fault }
    })
}

fn record() -> impl Strategy<Value = Record> {
    let time = || NOW.get() - 40 * DAY..NOW.get() + 80 * DAY;
    let end = prop_oneof![1 => Just(0), 3 => time()];
    (name_number(), 0..KEYS, 0..3_u8, time(), end).prop_map(|(name, key, min_generation, initial, end)| Record {
        name,
        key,
        min_generation,
        initial,
        end,
    })
}

fn name_number() -> impl Strategy<Value = u8> {
    prop_oneof![3 => Just(0), 1 => Just(1)]
}

impl Connection {
    pub fn tacks(&self) -> Vec<Tack> {
        match &self.served {
            Served::Nothing => Vec::new(),
            Served::Draft00 { tack, .. } => tack.iter().copied().collect(),
            Served::Draft02 { tacks, .. } => tacks.clone(),
        }
    }

    pub fn broken(&self) -> &[u8] {
        if let Served::Draft00 { broken, .. } = &self.served { broken } else { &[] }
    }

    pub fn is_active(&self, index: usize) -> bool {
        match &self.served {
            Served::Nothing => false,
            Served::Draft00 { is_active, .. } => *is_active,
            Served::Draft02 { flags, .. } => flags >> index & 1 == 1,
        }
    }

    pub fn presented(&self) -> Presented {
        let signed = |tack: &Tack| TACKS[tack].clone();
        let extension = match &self.served {
            Served::Nothing => return Presented::new(None, TLS_KEY),
            Served::Draft00 { tack, broken, is_active } => {
                let sigs = broken.iter().map(|key| BREAK_SIGS[usize::from(*key)].clone()).collect();
                Draft00::new(tack.as_ref().map(signed), sigs, *is_active).unwrap().into()
            }
            Served::Draft02 { tacks, flags } => {
                let mut bytes = common::draft_02(&tacks.iter().map(signed).collect::<Vec<_>>(), 0).to_bytes();
                *bytes.last_mut().unwrap() = *flags;
                TackExtension::from_bytes(&bytes).unwrap()
            }
        };
        Presented::of(Carrier::Extension, extension, TLS_KEY)
    }

    pub fn policy(&self) -> Policy {
        let policy = Policy::default().mode(self.mode).require(self.required.iter().map(|key| fingerprint(*key)));
        if self.is_report { policy.report_only() } else { policy }
    }
}

pub fn name(number: u8) -> &'static HostName {
    &NAMES[usize::from(number)]
}

pub fn fingerprint(key: u8) -> Fingerprint {
    KEYS_IN_ORDER[usize::from(key)].0
}

pub fn pin(record: &Record) -> (HostName, Pin) {
    let Record { min_generation, initial, end, .. } = *record;
    let (initial, end) = (Minute::new(initial), Minute::new(end));
    (name(record.name).clone(), Pin { key: fingerprint(record.key), min_generation, initial, end })
}

static NAMES: LazyLock<[HostName; 2]> = LazyLock::new(|| ["a.example", "b.example"].map(common::name));

/// The keys as the other tests know them.
static KEYS_IN_ORDER: LazyLock<Vec<(Fingerprint, u8)>> = LazyLock::new(|| {
    let mut keys: Vec<_> = (1..=KEYS).map(|number| (common::fingerprint(number), number)).collect();
    keys.sort_unstable();
    keys
});

static BREAK_SIGS: LazyLock<Vec<BreakSig>> =
    LazyLock::new(|| KEYS_IN_ORDER.iter().map(|(_, number)| BreakSig::sign(&common::key(*number))).collect());

static TACKS: LazyLock<BTreeMap<Tack, tack_core::Tack>> = LazyLock::new(|| {
    let mut tacks = BTreeMap::new();
    for (key, (_, number)) in (0..).zip(KEYS_IN_ORDER.iter()) {
        for ((min_generation, generation), expiration) in
            GENERATIONS.into_iter().flat_map(|generations| EXPIRATIONS.map(|expiration| (generations, expiration)))
        {
            let sign = |hash| common::signed(*number, min_generation, generation, Minute::new(expiration), hash);
            let good = sign(TLS_KEY);
            let tack = |fault| Tack { key, min_generation, generation, expiration, fault };
            tacks.insert(tack(Fault::Forged), common::forged(&good));
            tacks.insert(tack(Fault::OtherTlsKey), sign(TargetHash::new([8; 32])));
            tacks.insert(tack(Fault::None), good);
        }
    }
    tacks
});
