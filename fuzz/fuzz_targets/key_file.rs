#![no_main]

use libfuzzer_sys::fuzz_target;
use tack_core::KeyFile;

/// Few, that the fuzzer does not spend its time on them.
const MAX_ITERATIONS: u32 = 16;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(file) = KeyFile::from_bytes(bytes) {
        assert_eq!(file.to_bytes(), bytes);
        let _ = file.decrypt(b"asdf", MAX_ITERATIONS);
        assert_eq!(KeyFile::from_pem(file.to_pem().as_bytes()), Ok(file));
    }
});
