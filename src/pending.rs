//! Whether the command of `deploy --run` still has to succeed: a marker beside OUTPUT says so.
//!
//! The marker is on the disk before OUTPUT changes, and goes when the command has succeeded. So a command that failed, or
//! that never began because the machine went down, is run again. Whoever runs the command holds a lock on the marker.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Error, Result, anyhow};
use rustix::fs::{AtFlags, unlinkat};
use tack_core::Timestamp;

use crate::created::Created;
use crate::display::{Shown, plain};
use crate::input::{FileId, SMALL};
use crate::message::provenance;
use crate::place::{LastLink, Place};
use crate::replace::sync_directory;
use crate::temporary::Temporary;

/// The mode of the marker, less the umask.
const MODE: u32 = 0o666;
/// Before the name of OUTPUT, in the name of its marker.
const PREFIX: &str = ".deploy-pending.";

/// The command has not succeeded since OUTPUT changed.
pub struct Pending {
    /// When OUTPUT changed, if the marker can be read.
    pub since: Option<Timestamp>,
}

impl Pending {
    /// What the marker of OUTPUT says, if there is one.
    pub fn find(output: &Path) -> Result<Option<Self>> {
        let read = || {
            let Some(mut file) = open(&Place::find(output, LastLink::Follow)?)? else { return Ok(None) };
            let mut text = Vec::new();
            file.by_ref().take(SMALL).read_to_end(&mut text)?;
            Ok::<_, io::Error>(Some(Self { since: Created::of(&text) }))
        };
        match read() {
            // Another user's marker is there all the same.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(Some(Self { since: None })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            result => result.map_err(|error| failed(output, &error)),
        }
    }
}

impl fmt::Display for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.since {
            Some(since) => write!(f, "the command of --run has not succeeded since it changed at {since}"),
            None => f.write_str("the command of --run has not succeeded since it changed"),
        }
    }
}

/// The marker of an OUTPUT, locked: no other run of ours runs the command for it. Whoever calls has locked the directory.
pub struct Marker {
    place: Place,
    file: File,
    /// Whether OUTPUT had no marker before.
    is_first: bool,
}

impl Marker {
    /// Makes the marker, before OUTPUT changes. An older one gives way: its command, which may be running still, does not
    /// know of this change.
    pub fn make(output: &Path, now: i64) -> io::Result<Self> {
        let text = format!(
            "The command of \"tack deploy --run\" has not succeeded since {} changed.\n{}",
            Shown(output),
            provenance(now)
        );
        let place = Place::find(output, LastLink::Follow)?;
        let is_first = open(&place)?.is_none();
        let mut temporary = Temporary::write(&place, text.as_bytes(), MODE)?;
        temporary.file().sync_all()?;
        // The lock goes with it. A file system without locks has markers too.
        let file = temporary.file().try_clone()?;
        temporary.take(&name(&place))?;
        sync_directory(&place);
        drop(temporary);
        Ok(Self { place, file, is_first })
    }

    /// The marker that an earlier run left. None if there is none, or if another run is running the command now.
    pub fn take_over(output: &Path) -> Result<Option<Self>> {
        let take_over = || {
            let place = Place::find(output, LastLink::Follow)?;
            let Some(file) = open(&place)? else { return Ok(None) };
            let is_taken = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
            Ok((!is_taken).then_some(Self { place, file, is_first: false }))
        };
        take_over().map_err(|error| failed(output, &error))
    }

    /// Removes the marker, since the command has succeeded. The marker of a later change stays.
    pub fn clear(self, output: &Path) -> Result<()> {
        let clear = || {
            let Some(there) = open(&self.place)? else { return Ok(()) };
            if FileId::of(&there.metadata()?) == FileId::of(&self.file.metadata()?) {
                unlinkat(self.place.directory(), name(&self.place), AtFlags::empty())?;
                sync_directory(&self.place);
            }
            Ok(())
        };
        clear().map_err(|error| failed(output, &error))
    }

    /// Removes the marker if it is new, since OUTPUT could not be changed after all.
    pub fn abandon(self, output: &Path) -> Result<()> {
        if self.is_first { self.clear(output) } else { Ok(()) }
    }
}

/// The path of the marker, for people.
pub fn path(output: &Path) -> PathBuf {
    let is_link = fs::symlink_metadata(output).is_ok_and(|metadata| metadata.is_symlink());
    let target = if is_link { fs::canonicalize(output).ok() } else { None };
    let output = target.as_deref().unwrap_or(output);
    let mut name = OsString::from(PREFIX);
    name.push(output.file_name().unwrap_or_default());
    output.with_file_name(name)
}

/// Opens the marker, if there is one.
fn open(place: &Place) -> io::Result<Option<File>> {
    place.sibling(&name(place)).read()
}

fn name(place: &Place) -> OsString {
    let mut name = OsString::from(PREFIX);
    name.push(place.name());
    name
}

fn failed(output: &Path, error: &io::Error) -> Error {
    let marker = path(output);
    anyhow!("{}: it marks a command of --run that has not succeeded: {}; remove it", Shown(&marker), plain(error))
}
