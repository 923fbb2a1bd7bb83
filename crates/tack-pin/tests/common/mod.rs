//! What the tests of this crate share: keys, tacks, and what servers present.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses its part, and fails by panicking")]

use tack_core::{
    BreakSig, Draft00, Draft02, Fingerprint, Generations, Minute, SigningKey, Tack, TackExtension, TargetHash,
};
use tack_pin::{Carrier, HostName, MemoryStore, Pin, PinStore, Presented};

pub const DAY: u32 = 24 * 60;
pub const NOW: Minute = Minute::new(29_000_000);
/// Where no test gets to.
pub const FAR: Minute = Minute::new(60_000_000);
/// The hash of the TLS key that every server has.
pub const TLS_KEY: TargetHash = TargetHash::new([7; 32]);

pub fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32]).unwrap()
}

pub fn fingerprint(number: u8) -> Fingerprint {
    key(number).public_key().fingerprint()
}

pub fn name(text: &str) -> HostName {
    text.parse().unwrap()
}

/// So many minutes after `NOW`.
pub fn later(minutes: u32) -> Minute {
    Minute::new(NOW.get() + minutes)
}

pub fn earlier(minutes: u32) -> Minute {
    Minute::new(NOW.get() - minutes)
}

/// A valid tack of generation 0.
pub fn tack(key: u8) -> Tack {
    tack_of(key, 0, 0)
}

/// A valid tack.
pub fn tack_of(key: u8, min_generation: u8, generation: u8) -> Tack {
    signed(key, min_generation, generation, FAR, TLS_KEY)
}

pub fn expiring(key: u8, expiration: Minute) -> Tack {
    signed(key, 0, 0, expiration, TLS_KEY)
}

pub fn signed(number: u8, min_generation: u8, generation: u8, expiration: Minute, hash: TargetHash) -> Tack {
    Tack::sign(&key(number), Generations::new(min_generation, generation).unwrap(), expiration, hash)
}

/// The same tack with one bit of its signature changed.
pub fn forged(tack: &Tack) -> Tack {
    let mut bytes = tack.to_bytes();
    bytes[165] ^= 1;
    Tack::from_bytes(&bytes).unwrap()
}

pub fn draft_02(tacks: &[Tack], flags: u8) -> TackExtension {
    Draft02::new(tacks.to_vec(), flags).unwrap().into()
}

pub fn draft_00(tack: Option<Tack>, broken: &[u8], is_active: bool) -> TackExtension {
    let sigs = broken.iter().map(|number| BreakSig::sign(&key(*number))).collect();
    Draft00::new(tack, sigs, is_active).unwrap().into()
}

pub fn present(extension: TackExtension) -> Presented {
    Presented::of(Carrier::Extension, extension, TLS_KEY)
}

pub fn pin(key: u8, min_generation: u8, initial: Minute, end: Minute) -> Pin {
    Pin { key: fingerprint(key), min_generation, initial, end }
}

/// A store with these pins.
pub fn store(pins: &[(&str, Pin)]) -> MemoryStore {
    let store = MemoryStore::default();
    let pins: Vec<_> = pins.iter().map(|(text, pin)| (name(text), *pin)).collect();
    assert_eq!(store.import(&pins, NOW).unwrap().added, pins.len());
    store
}

/// Every pin of a store.
pub fn pins(store: &dyn PinStore) -> Vec<(HostName, Pin)> {
    let mut pins = Vec::new();
    let mut each = |name: &HostName, pin: &Pin| {
        pins.push((name.clone(), *pin));
        true
    };
    store.each(None, &mut each).unwrap();
    pins
}

/// A certificate in DER, with a key of its own and these TackExtensions, one or none if it is as it should be.
pub fn certificate(key: u8, extensions: &[&[u8]]) -> Vec<u8> {
    const ALGORITHM: &[u8] = &[0x30, 10, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    const TACK: &[u8] = &[0x06, 9, 0x2b, 6, 1, 4, 1, 0x82, 0xb0, 0x34, 1];
    const NAME: &[u8] = &[0x30, 12, 0x31, 10, 0x30, 8, 0x06, 3, 0x55, 4, 3, 0x0c, 1, b'A'];
    let time = |text: &str| der(0x17, &[text.as_bytes()]);
    let validity = der(0x30, &[&time("250101000000Z"), &time("350101000000Z")]);
    let extensions = extensions.iter().flat_map(|bytes| der(0x30, &[TACK, &der(0x04, &[bytes])]));
    let extensions = der(0xa3, &[&der(0x30, &[&extensions.collect::<Vec<_>>()])]);
    let version: &[u8] = &[0xa0, 3, 0x02, 1, 2];
    let tbs = [version, &[0x02, 1, 7], ALGORITHM, NAME, &validity, NAME, &key_info(key), &extensions];
    der(0x30, &[&der(0x30, &tbs), ALGORITHM, &[0x03, 3, 0, 1, 2]])
}

/// The hash of the key of such a certificate.
pub fn target_hash(key: u8) -> TargetHash {
    TargetHash::of(&key_info(key))
}

/// SubjectPublicKeyInfo with an algorithm that nobody knows.
fn key_info(key: u8) -> Vec<u8> {
    der(0x30, &[&[0x30, 3, 0x06, 1, 42], &[0x03, 2, 0, key]])
}

/// A DER element of these contents.
fn der(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let contents = contents.concat();
    let length = u16::try_from(contents.len()).unwrap();
    let [high, low] = length.to_be_bytes();
    let header = match length {
        0..0x80 => vec![tag, low],
        0x80..0x100 => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [header, contents].concat()
}

/// SplitMix64, which gives the same numbers for ever.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    pub fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}
