#![no_main]

use libfuzzer_sys::fuzz_target;
use tack_core::Minute;
use tack_pin::{HostName, MemoryStore, Pin, PinList, PinStore};

fuzz_target!(|bytes: &[u8]| {
    let Ok(list) = PinList::from_bytes(bytes) else { return };
    let text = list.to_string();
    assert_eq!(PinList::from_bytes(text.as_bytes()).as_ref(), Ok(&list));
    assert_eq!(PinList::new(list.pins().to_vec()), list);

    let store = MemoryStore::default();
    let imported = store.import(list.pins(), Minute::new(29_000_000)).expect("memory can be written");
    assert_eq!(imported.added, list.pins().len());
    let mut pins = list.pins().iter();
    let mut each = |name: &HostName, pin: &Pin| {
        assert!(pins.next().is_some_and(|(of, listed)| (of, listed.key) == (name, pin.key)));
        true
    };
    store.each(None, &mut each).expect("memory can be read");
    assert_eq!(pins.next(), None);
});
