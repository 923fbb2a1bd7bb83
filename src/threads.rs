//! The threads that work for this process: as many as there are cores, or as RAYON_NUM_THREADS says.

use std::sync::OnceLock;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Does work that rayon divides. Where no thread can be had, as under a limit of processes, this one does it all.
pub fn on_all_cores<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    let alone = || ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
    match POOL.get_or_init(|| ThreadPoolBuilder::new().build().or_else(|_| alone()).ok()) {
        Some(pool) => pool.install(work),
        None => work(),
    }
}
