//! The tacks of files, verified on all cores: what `deploy` and `status` read.

use std::path::Path;

use tack_core::{Error, Object, Tack, Timestamp, Verified};

use crate::created::Created;
use crate::few::Few;
use crate::input::Inputs;
use crate::objects;

/// How far the clock of the machine that signs may be ahead of this one, in seconds: a day. No wrong time zone makes more,
/// and by a clock that is behind by less than the default of `deploy --min-remaining` a tack is picked that is valid.
const MAX_SKEW: i64 = 24 * 60 * 60;

/// What a file says beside its tacks, and what is wrong with it. The rest of it counts.
#[derive(Default)]
pub struct Notes {
    /// When it was made, if it says so.
    pub created_at: Option<Timestamp>,
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
) -> Result<Notes, E> {
    let mut notes = Notes::default();
    let mut created = Created::default();
    objects::each(
        path,
        inputs,
        |piece| created.read(piece),
        verify,
        |tacks| {
            match tacks {
                Ok(tacks) => tacks.into_iter().try_for_each(|tack| match tack {
                    Ok(tack) => then(tack),
                    Err(error) => {
                        notes.bad_signature.get_or_insert(error);
                        notes.bad_signatures += 1;
                        Ok(())
                    }
                })?,
                Err(unreadable) => notes.unreadable.push(|| unreadable.message(path).to_string()),
            }
            Ok(())
        },
    )?;
    notes.created_at = created.newest();
    Ok(notes)
}

/// Whether a file was made so much later than now that the clock must be wrong, as of a machine whose battery is empty.
pub fn is_clock_wrong(created_at: Timestamp, now: i64) -> bool {
    created_at.seconds() > now.saturating_add(MAX_SKEW)
}

/// The tacks of an object, or in the place of one what is wrong with its signature.
fn verify(object: Object) -> Vec<Result<Verified<Tack>, Error>> {
    object.tacks().iter().map(|tack| tack.clone().into_verified()).collect()
}
