#![no_main]

use libfuzzer_sys::fuzz_target;
use tack_core::{Certificate, TackExtension};

fuzz_target!(|bytes: &[u8]| {
    let _ = Certificate::all_from_bytes(bytes);
    let Ok(certificate) = Certificate::from_der(bytes) else { return };
    if let Some(extension) = certificate.extension() {
        assert_eq!(TackExtension::from_bytes(&extension.to_bytes()).as_ref(), Ok(extension));
        assert!(bytes.windows(extension.to_bytes().len()).any(|window| window == extension.to_bytes()));
        let _ = extension.verify();
    }
});
