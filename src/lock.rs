//! Locks: of two runs of ours the second sees what the first did.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::place::{LastLink, Place};

const LOCK_PATIENCE: Duration = Duration::from_secs(10);
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Locks the directory of a file until what is returned is dropped, so that of two runs of ours the second sees what the
/// first did. Whoever can read the directory can hold the lock, and not every file system has locks: so after some
/// seconds the work is done without, for the replacing is safe by itself. Nothing is left behind.
pub fn lock_beside(path: &Path) -> Option<File> {
    let directory = Place::find(path, LastLink::Follow).and_then(|place| place.open_directory()).ok()?;
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        match directory.try_lock() {
            Ok(()) => return Some(directory),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(LOCK_PAUSE),
            Err(_) => return None,
        }
    }
}
