#![no_main]

use libfuzzer_sys::fuzz_target;
use tack_ticket::{ClientMessage, ServerMessage};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = ClientMessage::from_bytes(bytes) {
        // Nothing at all is an empty ticket too.
        assert_eq!(message.to_bytes(), if bytes.is_empty() { &[0, 0] } else { bytes });
    }
    if let Ok(message) = ServerMessage::from_bytes(bytes) {
        assert_eq!(message.to_bytes(), bytes);
    }
});
