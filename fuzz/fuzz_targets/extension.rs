#![no_main]

use libfuzzer_sys::fuzz_target;
use tack_core::TackExtension;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(extension) = TackExtension::from_bytes(bytes) {
        assert_eq!(extension.to_bytes(), bytes);
        assert_eq!(TackExtension::from_tls(&extension.to_tls()).as_ref(), Ok(&extension));
        let _ = extension.verify();
    }
    if let Ok(extension) = TackExtension::from_tls(bytes) {
        assert_eq!(extension.to_tls(), bytes);
        assert_eq!(TackExtension::from_bytes(&extension.to_bytes()), Ok(extension));
    }
    if let Ok(extension) = TackExtension::from_pem_body(bytes) {
        assert!(extension.to_bytes() == bytes || extension.to_tls() == bytes);
    }
});
