//! Keeps what is secret to its owner: memory off the disk, files from other users.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use crate::message::warn;

/// The bits of a mode that let the group or all others read.
const OTHERS_READ: u32 = 0o044;
/// All that a mode lets anybody do.
const ALL: u32 = 0o777;

/// Has the system write no core file of this process, whatever signal ends it: it would hold the private key and the
/// password. To be called before either is read. Where the system will not have it, as under another system's emulation,
/// the work goes on.
pub fn write_no_core() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = setrlimit(Resource::Core, none);
    // A core_pattern that begins with "|" hands the core to a program, whatever the limit is: core(5).
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Warns of a file with a secret that is not its owner's alone.
pub fn warn_if_others_can_read(path: &Path) {
    if let Some(what) = readable_by_others(path) {
        warn(path, what);
    }
}

/// What is wrong with a file with a secret that is not its owner's alone.
pub fn readable_by_others(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    let mode = metadata.mode() & ALL;
    let is_open = metadata.is_file() && mode & OTHERS_READ != 0;
    is_open.then(|| format!("other users can read it (mode {mode:04o}); \"chmod 600\" it"))
}
