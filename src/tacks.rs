//! The tacks of files, verified on all cores: what `deploy` and `status` read.

use std::path::Path;

use tack_core::{Error, Object, Tack, Verified};

use crate::few::Few;
use crate::input::{Inputs, LARGE};
use crate::message::refused;
use crate::objects;

/// What is wrong with a file of tacks. The rest of it counts.
#[derive(Default)]
pub struct Flaws {
    /// The file, or blocks of it, that cannot be read.
    pub unreadable: Few,
    /// The first signature that does not hold.
    pub bad_signature: Option<Error>,
    /// How many signatures do not hold.
    pub bad_signatures: usize,
}

/// Gives each tack of a file whose signature holds to `then`, in the order of the file, until that fails.
pub fn each<E>(
    path: &Path,
    inputs: &mut Inputs,
    mut then: impl FnMut(Verified<Tack>) -> Result<(), E>,
) -> Result<Flaws, E> {
    let mut flaws = Flaws::default();
    let bytes = match inputs.read(path, LARGE) {
        Ok(bytes) => bytes,
        Err(error) => {
            flaws.unreadable.push(|| format!("{error:#}"));
            return Ok(flaws);
        }
    };
    objects::each(&bytes, verify, |tacks| {
        match tacks {
            Ok(tacks) => tacks.into_iter().try_for_each(|tack| match tack {
                Ok(tack) => then(tack),
                Err(error) => {
                    flaws.bad_signature.get_or_insert(error);
                    flaws.bad_signatures += 1;
                    Ok(())
                }
            })?,
            Err(error) => flaws.unreadable.push(|| refused(path, &error).to_string()),
        }
        Ok(())
    })?;
    Ok(flaws)
}

/// The tacks of an object, or in the place of one what is wrong with its signature.
fn verify(object: Result<Object, Error>) -> Result<Vec<Result<Verified<Tack>, Error>>, Error> {
    Ok(object?.tacks().iter().map(|tack| tack.clone().into_verified()).collect())
}
