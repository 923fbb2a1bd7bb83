//! A TackExtension from tacks, in the form that a server takes: what `pack` and `deploy` have in common.

use std::path::Path;

use anyhow::{Error, Result, anyhow};
use getrandom::SysRng;
use tack_core::Error as Refusal;
use tack_core::{BreakSig, Draft00, Draft02, Fingerprint, ServerInfo, Tack, TackCertificate, TackExtension};

use crate::cli::{Draft, PackFormat};
use crate::display::Shown;
use crate::message::{provenance, warn, warn_expired};

/// What goes into a TackExtension, with the files that it is from. The signatures hold.
pub struct Parts<'a> {
    /// The tacks, in the order in which they are sent.
    pub tacks: Vec<(&'a Path, Tack)>,
    /// The break signatures, all of one file.
    pub break_sigs: Option<(&'a Path, Vec<BreakSig>)>,
    /// Flag 1 activates the first tack, flag 2 the second, 3 both.
    pub activation: u8,
    /// None for 02, or 00 if there are break signatures.
    pub draft: Option<Draft>,
}

impl Parts<'_> {
    /// Puts them together, and warns of what a client would not take.
    pub fn assemble(self, now: i64) -> Result<TackExtension> {
        let extension = self.extension()?;
        for (path, tack) in &self.tacks {
            warn_expired(path, tack, now);
        }
        if let [(first, one), (second, two)] = self.tacks.as_slice()
            && one.target_hash() != two.target_hash()
        {
            let other =
                if first == second { "the other tack there".to_owned() } else { format!("that of {}", Shown(first)) };
            warn(
                second,
                format_args!("its tack is for another TLS key than {other}; clients will refuse the two together"),
            );
        }
        Ok(extension)
    }

    fn extension(&self) -> Result<TackExtension> {
        let tacks: Vec<_> = self.tacks.iter().map(|(_, tack)| tack.clone()).collect();
        let extension = match (self.draft, &self.break_sigs) {
            (Some(Draft::Draft02), Some((path, _))) => {
                return Err(anyhow!("{}: draft 02 has no break signatures; leave out -b or --draft 02", Shown(path)));
            }
            (Some(Draft::Draft02), None) | (None, None) => {
                Draft02::new(tacks, self.activation).map(TackExtension::Draft02)
            }
            (Some(Draft::Draft00), _) | (None, Some(_)) => self.draft_00(tacks)?.map(TackExtension::Draft00),
        };
        extension.map_err(|error| self.refused(&error))
    }

    fn draft_00(&self, mut tacks: Vec<Tack>) -> Result<Result<Draft00, Refusal>> {
        if let more @ 2.. = tacks.len() {
            let why = if self.draft.is_none() { ", which break signatures need," } else { "" };
            return Err(anyhow!("{}: {more} tacks, and draft 00{why} holds one; leave out the others", self.names()));
        }
        if self.activation > 1 {
            return Ok(Err(Refusal::ActivationFlags { flags: self.activation, tacks: 1 }));
        }
        let break_sigs = self.break_sigs.as_ref().map(|(_, sigs)| sigs.clone()).unwrap_or_default();
        Ok(Draft00::new(tacks.pop(), break_sigs, self.activation == 1))
    }

    fn refused(&self, error: &Refusal) -> Error {
        match (error, &self.break_sigs) {
            (Refusal::TooManyBreakSigs(_), Some((path, _))) => anyhow!("{}: {error}; leave some out", Shown(path)),
            (Refusal::ActivationFlags { .. }, _) => {
                anyhow!("{}: {error}; give a lower -a, or the other tack as well", self.names())
            }
            _ => anyhow!("{}: {error}; give one tack, or two of different keys", self.names()),
        }
    }

    /// The files of the tacks, each once.
    pub fn names(&self) -> String {
        let mut paths: Vec<_> = self.tacks.iter().map(|(path, _)| path).collect();
        paths.dedup();
        paths.iter().map(|path| Shown(path).to_string()).collect::<Vec<_>>().join(", ")
    }
}

/// The activation flags for tacks of these keys, when those that `--activate` names shall be active.
pub fn flags(activate: &[Fingerprint], keys: &[Fingerprint]) -> u8 {
    let places = [1, 2].into_iter().zip(keys);
    places.filter(|(_, key)| activate.contains(key)).map(|(flag, _)| flag).sum()
}

/// Refuses a key of `--activate` that has no tack in these files.
pub fn check_keys(activate: &[Fingerprint], keys: &[Fingerprint], files: &str) -> Result<()> {
    match activate.iter().find(|key| !keys.contains(key)) {
        Some(key) => Err(anyhow!(
            "{files}: no tack there of key {key}, which --activate names; give it too, or leave the key out"
        )),
        None => Ok(()),
    }
}

/// The text of a file with the TackExtension. Like tackpy, it does not say who made a certificate.
pub fn text(extension: TackExtension, format: PackFormat, now: i64) -> Result<String> {
    let pem = match format {
        PackFormat::Extension => extension.to_pem(),
        PackFormat::Extender => extension.to_tls_pem(),
        PackFormat::Serverinfo => ServerInfo::new(extension).to_pem(),
        PackFormat::Certificate => return Ok(TackCertificate::new(&extension, &mut SysRng)?.to_pem()),
    };
    Ok(provenance(now) + &pem)
}
