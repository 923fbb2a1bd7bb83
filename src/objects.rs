//! The objects of a file, on all cores.

use rayon::prelude::*;
use tack::error::Error;
use tack::object::Object;

/// Objects that are in memory at a time.
const CHUNK: usize = 4096;
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
    loop {
        let chunk: Vec<_> = objects.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            return Ok(());
        }
        let looked: Vec<_> = if chunk.len() < WORTH_THREADS {
            chunk.into_iter().map(&look).collect()
        } else {
            chunk.into_par_iter().map(&look).collect()
        };
        looked.into_iter().try_for_each(&mut then)?;
    }
}
