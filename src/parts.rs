//! The parts of a TackExtension: read from files, and written out of one.

use std::path::Path;

use anyhow::Result;
use tack_core::{BreakSig, Tack, TackExtension, pem};

use crate::input::{Inputs, SMALL};
use crate::message::refused;

/// The tacks of a file. Their signatures verify.
pub fn read_tacks(path: &Path, inputs: &mut Inputs) -> Result<Vec<Tack>> {
    let text = inputs.read(path, SMALL)?;
    let read = |body: &Vec<u8>| Tack::from_bytes(body).and_then(|tack| tack.verify().map(|()| tack));
    let tacks = pem::decode_all(&text, Tack::LABEL).and_then(|bodies| bodies.iter().map(read).collect());
    tacks.map_err(|error| refused(path, &error))
}

/// The break signatures of a file. They verify.
pub fn read_break_sigs(path: &Path, inputs: &mut Inputs) -> Result<Vec<BreakSig>> {
    let sigs = BreakSig::all_from_pem(&inputs.read(path, SMALL)?).and_then(|sigs| {
        sigs.iter().try_for_each(BreakSig::verify)?;
        Ok(sigs)
    });
    sigs.map_err(|error| refused(path, &error))
}

/// The tacks of a TackExtension, then its break signatures, in PEM.
pub fn to_pem(extension: &TackExtension) -> String {
    let tacks = extension.tacks().iter().map(Tack::to_pem);
    tacks.chain(extension.break_sigs().iter().map(BreakSig::to_pem)).collect()
}
