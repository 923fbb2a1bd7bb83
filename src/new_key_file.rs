//! Key files with a new salt.

use anyhow::{Result, anyhow};
use getrandom::SysRng;
use getrandom::rand_core::TryRng;
use tack_core::{KeyFile, SigningKey};

/// Encrypts a key under a password.
pub fn encrypt(key: &SigningKey, password: &[u8], iterations: u32) -> Result<KeyFile> {
    let mut salt = [0; KeyFile::SALT_LENGTH];
    SysRng.try_fill_bytes(&mut salt).map_err(no_randomness)?;
    Ok(KeyFile::encrypt(key, password, iterations, salt)?)
}

/// The error for a system without randomness.
pub fn no_randomness(error: getrandom::Error) -> anyhow::Error {
    anyhow!("the system gives no randomness: {error}; nothing has changed")
}
