#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tack_core::{Draft02, Generations, Minute, SigningKey, Tack, TackExtension, TargetHash};
use tack_pin::{Change, HostName, MemoryStore, Mode, Pin, PinStore, Policy, Presented, judge};

const MODES: [Mode; 4] = [Mode::Activate, Mode::NoActivation, Mode::ReadOnly, Mode::Activate];
const TLS_KEY: TargetHash = TargetHash::new([7; 32]);

static NAMES: LazyLock<[HostName; 2]> =
    LazyLock::new(|| ["a.example", "b.example"].map(|name| name.parse().expect("it is a name")));
/// Of four keys, each of a generation of its own.
static TACKS: LazyLock<Vec<Tack>> = LazyLock::new(|| {
    let sign = |number: u8| {
        let key = SigningKey::from_bytes(&[number / 2 + 1; 32]).expect("it is in range");
        let generations = Generations::new(number % 2, number % 2).expect("they are equal");
        Tack::sign(&key, generations, Minute::MAX, TLS_KEY)
    };
    (0..8).map(sign).collect()
});

// Connections, one behind the other: a byte for the name, the mode and the way, one for the days that pass, two for the
// length of what is served, and this.
fuzz_target!(|bytes: &[u8]| {
    let store = MemoryStore::with_limit(3);
    let mut now = Minute::new(29_000_000);
    let mut rest = bytes;
    while let Some(([wishes, days, high, low], after)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(after.len());
        let (served, after) = after.split_at(length);
        rest = after;
        now = Minute::new(now.get() + u32::from(*days) * 24 * 60);
        if let Some(presented) = presented(wishes >> 3, served) {
            connect(&store, *wishes, now, &presented);
        }
    }
});

/// The bytes of the TLS extension, or of a certificate, or numbers of tacks and flags.
fn presented(way: u8, served: &[u8]) -> Option<Presented> {
    match (way & 3, served) {
        (0, _) => Some(Presented::new(Some(served), TLS_KEY)),
        (1, _) => Presented::from_connection(&[served, served], &[[0; 0]; 0]).ok(),
        (_, [tacks @ .., flags]) => {
            let tacks = tacks.iter().map(|number| TACKS[usize::from(number & 7)].clone()).collect();
            let extension = TackExtension::from(Draft02::new(tacks, flags & 3).ok()?);
            Some(Presented::new(Some(&extension.to_bytes()), TLS_KEY))
        }
        _ => Some(Presented::new(None, TLS_KEY)),
    }
}

fn connect(store: &MemoryStore, wishes: u8, now: Minute, presented: &Presented) {
    let (name, mode) = (&NAMES[usize::from(wishes & 1)], MODES[usize::from(wishes >> 1 & 3)]);
    let before = pins(store);
    let judgement = judge(presented, Some((store, name)), now, &Policy::default().mode(mode)).expect("memory is there");
    let after = pins(store);
    let is_added = judgement.changes().iter().any(|change| matches!(change, Change::Add(_)));
    assert!(judgement.pins().len() <= Pin::MAX_PER_NAME && after.len() <= 3);
    assert!(!is_added || judgement.verdict().is_ok() && mode == Mode::Activate);
    assert!(before == after || mode != Mode::ReadOnly && !judgement.changes().is_empty());
    assert!(after.iter().all(|pin| pin.end <= now.max(Pin { initial: Minute::new(0), ..*pin }.extended(now))));
}

fn pins(store: &MemoryStore) -> Vec<Pin> {
    let mut pins = Vec::new();
    let mut each = |_: &HostName, pin: &Pin| {
        pins.push(*pin);
        true
    };
    store.each(None, &mut each).expect("memory is there");
    pins
}
