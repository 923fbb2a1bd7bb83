//! What `deploy` selects from files of tacks, and what it says about the rest.

use std::path::{Path, PathBuf};

use anyhow::{Error, Result, anyhow, bail};
use tack_core::{ChooseError, Chooser, Fingerprint, Tack, Timestamp, Verified};

use crate::cli::Deploy;
use crate::display::Shown;
use crate::input::Inputs;
use crate::message::{say, warn};
use crate::packing;
use crate::tacks::{self, Notes};
use crate::target;

/// What is to be installed.
pub struct Selection<'a> {
    /// The tacks of the hour, with their files.
    pub tacks: Vec<(&'a Path, Verified<Tack>)>,
    /// The activation flags of the tacks, at their places.
    pub flags: u8,
    /// Whether nothing is left out.
    pub is_whole: bool,
}

impl<'a> Selection<'a> {
    /// Selects the tack of the hour of each key. There may be none, if something could not be read.
    pub fn new(args: &'a Deploy, inputs: &mut Inputs, now: i64) -> Result<Self> {
        let target = args.certificate.as_deref().map(|path| target::read(path, inputs)).transpose()?;
        let mut found = Found {
            chooser: Chooser::new(Timestamp::new(now), args.min_remaining, target),
            unfit: Unfit::default(),
            bad_signatures: 0,
            newest: None,
            is_whole: true,
        };
        for path in &args.tacks {
            found.read(path, inputs)?;
        }
        found.check_clock(args, now)?;
        found.select(args)
    }
}

/// What the files hold.
struct Found<'a> {
    chooser: Chooser<&'a Path>,
    unfit: Unfit<'a>,
    /// How many tacks have a bad signature. They count for nothing.
    bad_signatures: usize,
    /// The time that a file gives as its own, the latest of all, and the file.
    newest: Option<(Timestamp, &'a Path)>,
    /// Whether everything could be read.
    is_whole: bool,
}

impl<'a> Found<'a> {
    /// Considers the tacks of a file. What is wrong with it is reported, and does not hold up the rest.
    fn read(&mut self, path: &'a Path, inputs: &mut Inputs) -> Result<()> {
        let notes = tacks::each(path, inputs, |tack| {
            let key = tack.public_key().fingerprint();
            if !self.chooser.push(tack, path).map_err(|error| cannot_choose(path, error))? {
                self.unfit.push(path, key);
            }
            Ok::<_, Error>(())
        })?;
        report(path, &notes);
        self.is_whole &= notes.unreadable.number() == 0;
        self.bad_signatures += notes.bad_signatures;
        self.newest = self.newest.max(notes.created_at.map(|time| (time, path)));
        Ok(())
    }

    /// Refuses a clock that must be wrong, such as that of a machine whose battery is empty: by it a tack is picked that is
    /// long expired.
    fn check_clock(&self, args: &Deploy, now: i64) -> Result<()> {
        match self.newest {
            Some((time, path)) if tacks::is_clock_wrong(time, now) => bail!(
                "{}: it was created at {time}, and the clock says {}; set the clock; {} is as it was",
                Shown(path),
                Timestamp::new(now),
                Shown(&args.output)
            ),
            _ => Ok(()),
        }
    }

    /// What is to be installed: the tack of the hour of each key that has one. A key that has none does not hold up the
    /// other one, whose tack would expire as well.
    fn select(self, args: &Deploy) -> Result<Selection<'a>> {
        let choices: Vec<_> = self.chooser.choices().collect();
        let (files, output) = (names(&args.tacks), Shown(&args.output));
        let mut selection = Selection { tacks: Vec::new(), flags: 0, is_whole: self.is_whole };
        if choices.is_empty() {
            return match args.certificate.as_deref().filter(|_| !self.unfit.is_empty()) {
                _ if !self.is_whole => Ok(selection),
                Some(certificate) => bail!(
                    "{files}: no tack there vouches for the key of {}; sign it with \"tack sign\"; {output} is as it was",
                    Shown(certificate),
                ),
                None if self.bad_signatures > 0 => Err(none_is_valid(args)),
                None => bail!("{files}: no tack there; give a batch; {output} is as it was"),
            };
        }
        if choices.iter().all(|choice| choice.best.is_none()) {
            return Err(none_is_valid(args));
        }
        let keys: Vec<_> = choices.iter().map(|choice| choice.key.fingerprint()).collect();
        if let Some(certificate) = &args.certificate {
            selection.is_whole &= !self.unfit.report(certificate, &keys);
        }
        packing::check_keys(&args.activate, &keys, &files)?;
        let given = args.activation.unwrap_or_else(|| packing::flags(&args.activate, &keys));
        for (flag, choice) in [1, 2].into_iter().zip(&choices) {
            let Some(best) = &choice.best else {
                let key = choice.key.fingerprint();
                warn(choice.place, format_args!("no tack of key {key} is valid now; it is left out; sign new ones"));
                selection.is_whole = false;
                continue;
            };
            if !best.is_lasting {
                let expiration = best.tack.expiration();
                warn(
                    best.place,
                    format_args!(
                        "the best tack expires at {expiration}, in less than {}; sign new ones",
                        args.min_remaining
                    ),
                );
            }
            // The flags go with their tacks.
            let place = if selection.tacks.is_empty() { 1 } else { 2 };
            selection.flags |= if given & flag != 0 { place } else { 0 };
            selection.tacks.push((*best.place, best.tack.clone()));
        }
        // A flag of a key that is not in the files at all stays, to be refused.
        if choices.len() == 1 {
            selection.flags |= given & 2;
        }
        Ok(selection)
    }
}

/// Says what is wrong with a file.
fn report(path: &Path, notes: &Notes) {
    notes.unreadable.first().iter().for_each(|message| say(format_args!("tack: {message}")));
    if let more @ 1.. = notes.unreadable.more() {
        say(format_args!("tack: {}: {more} more blocks cannot be read", Shown(path)));
    }
    let Some(first) = &notes.bad_signature else { return };
    warn(path, format_args!("{first}; it is passed over"));
    match notes.bad_signatures - 1 {
        0 => {}
        1 => warn(path, "1 more tack has a bad signature and is passed over"),
        more => warn(path, format_args!("{more} more tacks have bad signatures and are passed over")),
    }
}

fn cannot_choose(path: &Path, error: ChooseError) -> Error {
    let advice = match error {
        ChooseError::TlsKeys => "say with -c which is the server's",
        _ => "leave a file out",
    };
    anyhow!("{}: {error}; {advice}", Shown(path))
}

fn none_is_valid(args: &Deploy) -> Error {
    let (files, output) = (names(&args.tacks), Shown(&args.output));
    anyhow!("{files}: no tack there is valid now; sign new ones; {output} is as it was")
}

fn names(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| Shown(path).to_string()).collect::<Vec<_>>().join(", ")
}

/// The TACK keys whose tacks are for other certificates than the server's.
#[derive(Default)]
struct Unfit<'a> {
    /// The first of them: where each was first seen, and how many tacks it has.
    keys: Vec<(&'a Path, Fingerprint, usize)>,
    /// How many tacks are of more keys.
    more: usize,
}

impl<'a> Unfit<'a> {
    const MAX: usize = 5;

    fn push(&mut self, path: &'a Path, key: Fingerprint) {
        if let Some((_, _, number)) = self.keys.iter_mut().find(|(_, known, _)| *known == key) {
            *number += 1;
        } else if self.keys.len() < Self::MAX + Chooser::<&Path>::MAX_KEYS {
            // Some of the first may turn out to have tacks that fit.
            self.keys.push((path, key, 1));
        } else {
            self.more += 1;
        }
    }

    fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Names the keys that have not signed the certificate, and says whether there are any. Clients that are pinned to one
    /// miss its tack, as when the certificate was renewed and only the other key has signed it.
    fn report(&self, certificate: &Path, fitting: &[Fingerprint]) -> bool {
        let mut unfit = self.keys.iter().filter(|(_, key, _)| !fitting.contains(key));
        let mut any = false;
        for (path, key, _) in unfit.by_ref().take(Self::MAX) {
            let certificate = Shown(certificate);
            warn(path, format_args!("no tack of key {key} vouches for the key of {certificate}; it is left out"));
            any = true;
        }
        if let more @ 1.. = self.more + unfit.map(|(_, _, number)| number).sum::<usize>() {
            warn(
                certificate,
                format_args!("{more} more tacks of other keys do not vouch for its key; they are left out"),
            );
        }
        any
    }
}
