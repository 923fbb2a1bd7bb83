#![no_main]

use libfuzzer_sys::fuzz_target;
use tack_core::Schedule;

fuzz_target!(|text: &str| {
    if let Ok(schedule) = text.parse::<Schedule>() {
        assert!((1..=Schedule::MAX).contains(&schedule.number()));
        assert_eq!(schedule.to_string().parse(), Ok(schedule));
    }
});
