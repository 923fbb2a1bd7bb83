//! A clock that tests set.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use tack_core::Minute;

/// A clock that tests set.
#[derive(Debug)]
pub struct Clock(AtomicU64);

impl Clock {
    pub fn at(now: Minute) -> Arc<Self> {
        let clock = Self(AtomicU64::new(0));
        clock.set(now);
        Arc::new(clock)
    }

    pub fn set(&self, now: Minute) {
        self.0.store(now.seconds().try_into().unwrap(), Ordering::Relaxed);
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0.load(Ordering::Relaxed))))
    }
}
