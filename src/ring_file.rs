//! The key ring of servers, as a file.

use std::path::Path;

use anyhow::{Error, Result, anyhow, bail};
use getrandom::SysRng;
use tack_ticket::{KeyRing, ProtectionKey, RingError};

use crate::display::{Shown, is_dash};
use crate::input::{Inputs, SMALL};
use crate::lock::lock_beside;
use crate::new_key_file::no_randomness;
use crate::replace::{IfMounted, create_secret, is_special, is_stream, replace_key};
use crate::secrets::{warn_if_others_can_read, write_no_core};

/// A new key for a ring.
pub fn new_key() -> Result<ProtectionKey> {
    write_no_core();
    ProtectionKey::generate(&mut SysRng).map_err(no_randomness)
}

/// Makes the file of a ring, with mode 0600, where none is.
pub fn create(path: &Path, ring: &KeyRing) -> Result<()> {
    if is_dash(path) {
        bail!("standard output: a ring there cannot be rotated; give it a name with --ring");
    }
    if is_special(path) || !create_secret(path, &ring.to_json(), false)? {
        bail!("{}: it exists already; choose another name", Shown(path));
    }
    Ok(())
}

/// Reads a ring from a file, or from standard input for "-". Warns if others can read it.
pub fn read(path: &Path, inputs: &mut Inputs) -> Result<KeyRing> {
    let ring = read_quietly(path, inputs)?;
    warn_if_others_can_read(path);
    Ok(ring)
}

/// As [`read`], for who warns in a way of its own.
pub fn read_quietly(path: &Path, inputs: &mut Inputs) -> Result<KeyRing> {
    write_no_core();
    let bytes = inputs.read_secret(path, SMALL)?;
    KeyRing::from_json(&bytes).map_err(|error| failed(path, &error))
}

/// Changes a ring, whose file is replaced as a whole: by one run after the other, so that none loses what another did. What is
/// not changed is not written. `command` is the one that does it.
pub fn change<T>(path: &Path, command: &str, change: impl FnOnce(&mut KeyRing) -> Result<T, RingError>) -> Result<T> {
    if is_dash(path) {
        bail!("standard input: a ring there cannot be replaced; give its name with --ring");
    }
    if is_stream(path) {
        bail!("{}: it is no regular file, which could be replaced; give the ring itself", Shown(path));
    }
    let _locked = lock_beside(path);
    let mut inputs = Inputs::default();
    let mut ring = read(path, &mut inputs)?;
    let before = ring.to_json();
    let result = change(&mut ring).map_err(|error| failed(path, &error))?;
    let after = ring.to_json();
    if *after != *before {
        replace_key(path, &after, &inputs, IfMounted::Fail, command)?;
    }
    Ok(result)
}

/// What the user is told of an error of a ring.
fn failed(path: &Path, error: &RingError) -> Error {
    let path = Shown(path);
    let advice = match error {
        RingError::Json { .. } => "give the right file, or restore a backup",
        RingError::Version(_) => "use the newer tack that made it",
        RingError::Number(0) | RingError::SameNumber(_) | RingError::Length(_) | RingError::Dates(_) => {
            "do not use it, restore a backup"
        }
        RingError::Number(_) => "retire those that are spent",
        RingError::Waiting { .. } => "wait until then, or, after a leak, give --after 0m",
        RingError::UnknownKey(_) => "\"tack ticket key list\" shows those that are there",
        RingError::Needed { .. } => "wait until then, or give --force, and who has a ticket of it is refused",
        RingError::InUse(_) => "rotate first",
        RingError::ToBeUsed { .. } => "give --force if it is not wanted any more",
        _ => return anyhow!("{path}: {error}"),
    };
    anyhow!("{path}: {error}; {advice}")
}
