//! The objects of a file, looked at on all cores.

use rayon::prelude::*;
use tack_core::{Error, Object};

use crate::threads::on_all_cores;

/// Objects that are in memory at a time; at first fewer, so that the first are seen soon.
const CHUNK: usize = 4096;
const FIRST_CHUNK: usize = 64;
/// As many objects take longer than to start threads.
const WORTH_THREADS: usize = 4;

/// Gives each object of a file, or what is wrong in its place, to `look` on all cores, such as to verify it; and what
/// `look` makes of it to `then`, in the order of the file, until that fails.
pub fn each<T: Send, E>(
    bytes: &[u8],
    look: impl Fn(Result<Object, Error>) -> T + Sync,
    mut then: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let mut objects = Object::all_from_bytes(bytes);
    let mut size = FIRST_CHUNK;
    loop {
        let chunk: Vec<_> = objects.by_ref().take(size).collect();
        size = CHUNK.min(size * 2);
        if chunk.is_empty() {
            return Ok(());
        }
        let looked: Vec<_> = if chunk.len() < WORTH_THREADS {
            chunk.into_iter().map(&look).collect()
        } else {
            on_all_cores(|| chunk.into_par_iter().map(&look).collect())
        };
        looked.into_iter().try_for_each(&mut then)?;
    }
}
