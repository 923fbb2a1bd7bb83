//! Keeps what is secret in memory off the disk.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Has the system write no core file of this process, whatever signal ends it: it would hold the private key and the
/// password. To be called before either is read. Where the system will not have it, as under another system's emulation,
/// the work goes on.
pub fn write_no_core() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = setrlimit(Resource::Core, none);
    // A core_pattern that begins with "|" hands the core to a program, whatever the limit is: core(5).
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}
