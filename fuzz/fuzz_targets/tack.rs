#![no_main]

use libfuzzer_sys::fuzz_target;
use tack_core::Tack;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(tack) = Tack::from_bytes(bytes) {
        assert_eq!(tack.to_bytes(), bytes);
        assert_eq!(Tack::from_pem(tack.to_pem().as_bytes()).as_ref(), Ok(&tack));
        let _ = tack.verify();
    }
});
