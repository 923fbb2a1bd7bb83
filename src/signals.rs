//! What is put right before a signal ends the program.

use std::fs;
use std::io;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// The signals that end a program which does nothing about them.
const ENDING: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/// What is to be done, in this order.
static BEFORE_END: Mutex<Vec<fn()>> = Mutex::new(Vec::new());

/// Has this done before a signal ends the program, by one thread for all. A signal that is ignored, as SIGHUP is under nohup,
/// ends nothing. Where no thread can be had, signals end the program as they always do.
pub fn before_end(put_right: fn()) {
    static WATCH: Once = Once::new();
    BEFORE_END.lock().unwrap_or_else(PoisonError::into_inner).push(put_right);
    WATCH.call_once(|| {
        let (started, is_started) = sync_channel(1);
        // The signals are caught by the thread that is there to handle them, and not before.
        let watch = move || {
            let signals = catch();
            let _ = started.send(());
            signals.into_iter().for_each(end);
        };
        if thread::Builder::new().spawn(watch).is_ok() {
            let _ = is_started.recv();
        }
    });
}

/// Lets a write fail that is beyond the limit for the size of files. Without this, SIGXFSZ ends the program without a word.
pub fn outlive_file_size_limit() {
    // The default action is gone once there is any other.
    let _ = flag::register(SIGXFSZ, Arc::default());
}

fn catch() -> io::Result<Signals> {
    Signals::new(ENDING.into_iter().filter(|signal| !is_ignored(*signal)))
}

/// Waits for a signal, and ends the program by it. The list stays locked, so that nothing new begins that were to be put
/// right.
fn end(mut signals: Signals) {
    for signal in signals.forever() {
        let before_end = BEFORE_END.lock().unwrap_or_else(PoisonError::into_inner);
        before_end.iter().for_each(|put_right| put_right());
        let _ = emulate_default_handler(signal);
    }
}

/// Whether this process ignores a signal: proc_pid_status(5). Where there is no such file it does not.
pub fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    // A bit for each signal from 1 on.
    mask >> (signal - 1) & 1 == 1
}
