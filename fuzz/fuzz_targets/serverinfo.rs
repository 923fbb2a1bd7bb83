#![no_main]

use libfuzzer_sys::fuzz_target;
use tack_core::ServerInfo;

fuzz_target!(|bytes: &[u8]| {
    for label in ["SERVERINFO FOR TACK", "SERVERINFOV2 FOR TACK"] {
        if let Ok(info) = ServerInfo::from_bytes(label, bytes) {
            assert_eq!(info.to_bytes(), bytes);
            assert_eq!(info.context().is_some(), label == ServerInfo::LABEL);
            let _ = info.extension().verify();
        }
    }
});
