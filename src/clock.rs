//! The time of a command that runs for long.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};
use tack_core::Timestamp;

/// A clock: the system's, or one that began at a given time and goes on from there.
#[derive(Clone, Copy)]
pub enum Clock {
    /// The system's.
    System,
    /// One that showed this time at that instant.
    Given(Timestamp, Instant),
}

impl Clock {
    /// The system's, or one that shows a given time now.
    pub fn new(given: Option<Timestamp>) -> Self {
        given.map_or(Self::System, |given| Self::Given(given, Instant::now()))
    }

    /// The current time.
    pub fn now(self) -> Result<Timestamp> {
        let (seconds, since) = match self {
            Self::System => {
                let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
                (0, since_1970.map_err(|_| anyhow!("the system's clock is before 1970; set it"))?)
            }
            Self::Given(given, at) => (given.seconds(), at.elapsed()),
        };
        Ok(Timestamp::new(seconds.saturating_add(whole_seconds(since)?)))
    }
}

fn whole_seconds(span: Duration) -> Result<i64> {
    Ok(i64::try_from(span.as_secs())?)
}
