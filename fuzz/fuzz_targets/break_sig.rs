#![no_main]

use libfuzzer_sys::fuzz_target;
use tack_core::BreakSig;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(sig) = BreakSig::from_bytes(bytes) {
        assert_eq!(sig.to_bytes(), bytes);
        let _ = sig.verify();
        assert_eq!(BreakSig::all_from_pem(sig.to_pem().as_bytes()), Ok(vec![sig]));
    }
});
