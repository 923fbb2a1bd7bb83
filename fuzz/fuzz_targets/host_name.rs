#![no_main]

use libfuzzer_sys::fuzz_target;
use tack_core::HostName;

fuzz_target!(|text: &str| {
    let Ok(name) = text.parse::<HostName>() else { return };
    assert_eq!(name.as_str().parse().as_ref(), Ok(&name));
    assert_eq!(format!("{name}.").to_uppercase().parse().as_ref(), Ok(&name));
    assert!(name.as_str().is_ascii() && (1..=253).contains(&name.as_str().len()));
});
