//! What OUTPUT of `deploy` should hold.

use anyhow::{Result, bail};
use tack_core::{Fingerprint, Tack, Timestamp};

use crate::cli::{Deploy, DeployFormat, PackFormat};
use crate::display::Shown;
use crate::installed::Installed;
use crate::message::{provenance, warn};
use crate::packing::{self, Parts};
use crate::selection::Selection;

/// What OUTPUT should hold.
pub struct Content {
    /// The tacks in it.
    pub tacks: Vec<Tack>,
    /// The text of the file.
    pub text: String,
    /// The TACK keys that are active; none where there are no flags.
    active: Option<Vec<Fingerprint>>,
}

impl Content {
    /// Puts the selected tacks into the format that is wanted.
    pub fn new(args: &Deploy, selection: Selection<'_>, now: i64) -> Result<Self> {
        let Selection { tacks: chosen, flags, .. } = selection;
        let chosen: Vec<_> = chosen.into_iter().map(|(path, tack)| (path, tack.into_inner())).collect();
        let tacks: Vec<_> = chosen.iter().map(|(_, tack)| tack.clone()).collect();
        let format = match args.format {
            DeployFormat::Pem => {
                let blocks = tacks.iter().map(Tack::to_pem);
                let text = std::iter::once(provenance(now)).chain(blocks).collect();
                return Ok(Self { text, tacks, active: None });
            }
            DeployFormat::Extension => PackFormat::Extension,
            DeployFormat::Serverinfo => PackFormat::Serverinfo,
            DeployFormat::Certificate => PackFormat::Certificate,
        };
        let extension = Parts { tacks: chosen, break_sigs: None, activation: flags, draft: None }.assemble(now)?;
        let is_active =
            |(index, tack): (usize, &Tack)| extension.is_active(index).then(|| tack.public_key().fingerprint());
        let active = Some(tacks.iter().enumerate().filter_map(is_active).collect());
        Ok(Self { tacks, active, text: packing::text(extension, format, now)? })
    }
    /// Whether this is to replace what is installed. Not if a clock that went back picked it: then OUTPUT was made later
    /// than now, and its tack is valid and lasts longer.
    pub fn is_new(&self, args: &Deploy, installed: &Installed, now: i64) -> Result<bool> {
        if installed.is_same(&self.text) {
            return Ok(false);
        }
        let outlives = |old: &Tack| {
            let same = |new: &&Tack| new.public_key() == old.public_key() && new.target_hash() == old.target_hash();
            self.tacks.iter().find(same).is_some_and(|new| old.expiration() > new.expiration())
        };
        match installed.created_at().filter(|time| time.seconds() > now) {
            Some(time) if installed.tacks().iter().any(|(old, _)| outlives(old)) => {
                let (output, now) = (Shown(&args.output), Timestamp::new(now));
                bail!(
                    "{output}: it was created at {time}, and the clock says {now}; set the clock, or remove {output} if \
                     the clock is right; it is as it was"
                )
            }
            _ => Ok(true),
        }
    }

    /// Warns of the keys that are active in what this is to replace, and not here.
    pub fn warn_of_inactive(&self, args: &Deploy, installed: &Installed) {
        let Some(active) = &self.active else { return };
        for (old, _) in installed.tacks().iter().filter(|(_, is_active)| *is_active) {
            let key = old.public_key().fingerprint();
            let is_sent = self.tacks.iter().any(|tack| tack.public_key() == old.public_key());
            let what = match (active.contains(&key), is_sent) {
                (true, _) => continue,
                (false, true) => format!(
                    "key {key} was active and no longer is: pins to it run out; if it should be active, give --activate {key}"
                ),
                (false, false) => format!(
                    "key {key} was active and is left out: clients with a pin to it refuse the server; if it should stay, \
                     give its tacks too"
                ),
            };
            warn(&args.output, what);
        }
    }
}
