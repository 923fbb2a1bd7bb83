#![no_main]

use libfuzzer_sys::fuzz_target;
use tack_core::Timestamp;
use tack_ticket::{KeyRing, ProtectionKey, Stage};

const TIMES: [i64; 4] = [i64::MIN, 0, 1_795_195_875, i64::MAX];

fuzz_target!(|bytes: &[u8]| {
    let Ok(ring) = KeyRing::from_json(bytes) else { return };
    let json = ring.to_json();
    let again = KeyRing::from_json(&json).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(*again.to_json(), *json);

    for now in TIMES.map(Timestamp::new) {
        let stages = ring.keys().iter().map(|key| ring.stage(key.key().id(), now).expect("the key is there"));
        let current = stages.filter(|stage| *stage == Stage::Current).count();
        assert_eq!(current, usize::from(ring.current(now).is_some()));
        let mut later = ring.clone();
        later.retire(now);
        assert_eq!(later.current(now).map(ProtectionKey::id), ring.current(now).map(ProtectionKey::id));
        assert!(later.retire(now).is_empty() && !later.keys().is_empty());
    }
});
