//! The TLS key that a certificate file names: that of the server.

use std::path::Path;

use anyhow::{Result, anyhow};
use tack_core::{Certificate, TargetHash};

use crate::display::Shown;
use crate::input::{Inputs, SMALL};
use crate::message::refused;

/// The hash of the key of the first certificate in a file.
pub fn read(path: &Path, inputs: &mut Inputs) -> Result<TargetHash> {
    let certificates = Certificate::all_from_bytes(&inputs.read(path, SMALL)?);
    let first = certificates.map_err(|error| refused(path, &error))?.into_iter().next();
    first.map(|certificate| certificate.target_hash()).ok_or_else(|| anyhow!("{}: no certificate in it", Shown(path)))
}
