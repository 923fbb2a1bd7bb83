#![no_main]

use libfuzzer_sys::fuzz_target;
use tack_core::{Expiration, Span, Timestamp};

fuzz_target!(|text: &str| {
    if let Ok(span) = text.parse::<Span>() {
        assert_eq!(span.to_string().parse(), Ok(span));
        assert_eq!(text.parse(), Ok(Expiration::In(span)));
    }
    if let Ok(Expiration::At(minutes)) = text.parse() {
        assert_eq!(minutes.to_string().parse(), Ok(Expiration::At(minutes)));
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        assert_eq!(time.to_string().parse(), Ok(time));
    }
});
