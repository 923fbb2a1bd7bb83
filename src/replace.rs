//! Files that are replaced: whole or not at all, in the directory that was looked at.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use anyhow::{Error, Result, anyhow, bail};
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, linkat, openat, renameat, renameat_with, unlinkat};
use rustix::io::Errno;

use crate::display::{Shown, plain};
use crate::input::{FileId, Inputs};
use crate::place::{LastLink, Place};

/// Of a new output that anybody may read, less the umask.
const PUBLIC: u32 = 0o666;
/// Of a new key file.
const SECRET: u32 = 0o600;
/// Of the permissions those that are kept: to read, to write, to execute.
const ALL_MAY_ALL: u32 = 0o777;
/// The most times that a file is looked at anew, when another took its name since the last look.
const TRIES: u32 = 16;
const TEMPORARY_PREFIX: &str = ".tack-";

/// What an output is if it was not there before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum New {
    /// A file that others may read, as far as the umask lets them.
    Public,
    /// A file for its owner's eyes.
    Secret,
}

/// When an output must be on the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sync {
    /// When it is written.
    Now,
    /// When its caller sees to it.
    Later,
}

/// Puts `bytes` into a file as a whole: into a temporary file beside it, which then takes its place, mode and owner. What
/// was there survives any failure. A device or a pipe is written to as it is.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    put(path, bytes, |_| Ok(()))
}

/// As [`replace`], for a key file that was read. A file that took its place since stays.
pub fn replace_key(path: &Path, bytes: &[u8], inputs: &Inputs) -> Result<()> {
    put(path, bytes, |there| {
        if there.is_some_and(|there| inputs.contain_file(there)) {
            return Ok(());
        }
        bail!("{}: it was replaced by another program meanwhile; run passwd again", Shown(path))
    })
}

/// Replaces what a path names, if a look at it finds nothing against that.
fn put(path: &Path, bytes: &[u8], check: impl Fn(Option<&fs::Metadata>) -> Result<()>) -> Result<()> {
    let failed = |error: io::Error| cannot_write(path, &error);
    for _ in 0..TRIES {
        let place = Place::find(path, LastLink::Follow).map_err(failed)?;
        let entry = place.entry().map_err(failed)?;
        let there = entry.as_ref().map(File::metadata).transpose().map_err(failed)?;
        check(there.as_ref())?;
        let is_done = match there {
            None => {
                let temporary = Temporary::write(&place, bytes, New::Public, Sync::Now).map_err(failed)?;
                temporary.become_new().map_err(failed)?
            }
            Some(there) if there.is_file() => {
                let temporary = Temporary::write(&place, bytes, New::Secret, Sync::Later).map_err(failed)?;
                keep_owner(path, &temporary.file, &there)?;
                temporary.file.set_permissions(permissions(&there)).map_err(failed)?;
                temporary.file.sync_all().map_err(failed)?;
                temporary.replace(&FileId::of(&there)).map_err(failed)?
            }
            Some(there) if there.is_dir() => bail!("{}: it is a directory; give a file name", Shown(path)),
            // A link took the name between two looks at it.
            Some(there) if there.is_symlink() => false,
            Some(_) => return append(path).and_then(|mut stream| stream.write_all(bytes).map_err(failed)),
        };
        if is_done {
            sync_directory(&place);
            return Ok(());
        }
    }
    Err(changing(path))
}

/// Gives a file the owner of the one that it is to replace, which was looked at by a descriptor.
fn keep_owner(path: &Path, file: &File, there: &fs::Metadata) -> Result<()> {
    let owner = file.metadata().map_err(|error| cannot_write(path, &error))?;
    let (uid, gid) = (there.uid(), there.gid());
    if (owner.uid(), owner.gid()) == (uid, gid) {
        return Ok(());
    }
    fchown(file, Some(uid), Some(gid)).map_err(|error| {
        anyhow!(
            "{}: its owner, {uid}:{gid}, cannot be kept: {}; run as that owner or as root",
            Shown(path),
            plain(&error)
        )
    })
}

/// The permissions of a file, but for the bits that would let it run as its owner.
fn permissions(there: &fs::Metadata) -> Permissions {
    Permissions::from_mode(there.mode() & ALL_MAY_ALL)
}

/// A stream, which takes what is written one after the other.
pub fn append(path: &Path) -> Result<File> {
    let failed = |error: io::Error| cannot_write(path, &error);
    let stream = Place::find(path, LastLink::Follow).and_then(|place| place.append()).map_err(failed)?;
    if stream.metadata().map_err(failed)?.is_file() {
        return Err(changing(path));
    }
    Ok(stream)
}

/// The directory of many files that are written one after the other.
pub struct Names(Place);

impl Names {
    /// The directory of a file.
    pub fn beside(path: &Path) -> Result<Self> {
        let place = Place::find(&directory(path).join("."), LastLink::Follow);
        place.map(Self).map_err(|error| cannot_write(path, &error))
    }

    /// As [`replace`], for one of many files: with the fewest steps, and on the disk when [`Self::sync`] has been called.
    /// What had the name gives way with its mode and owner, and so does a symbolic link: the file that it names may be
    /// anybody's.
    pub fn replace(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let name = path.file_name().unwrap_or_default();
        Temporary::write(&self.0, bytes, New::Public, Sync::Later)
            .and_then(|temporary| temporary.take(name))
            .map_err(|error| cannot_write(path, &error))
    }

    /// Brings what [`Self::replace`] wrote to the disk. Where the directory cannot be opened for that, the system does it
    /// in its own time.
    pub fn sync(&self) -> io::Result<()> {
        match self.0.open_directory() {
            Ok(directory) => Ok(rustix::fs::syncfs(directory)?),
            Err(_) => Ok(()),
        }
    }
}

/// Makes a file for its owner's eyes, as a whole: in the place of another one only with `force`, and then without that
/// one's mode and owner.
pub fn create_secret(path: &Path, bytes: &[u8], force: bool) -> Result<()> {
    let failed = |error: io::Error| cannot_write(path, &error);
    if is_special(path) {
        return append(path)?.write_all(bytes).map_err(failed);
    }
    let last_link = if force { LastLink::Follow } else { LastLink::Keep };
    for _ in 0..TRIES {
        let place = Place::find(path, last_link).map_err(failed)?;
        let there = place.entry().and_then(|entry| entry.map(|entry| entry.metadata()).transpose()).map_err(failed)?;
        if there.as_ref().is_some_and(|there| force && !there.is_file()) {
            continue;
        }
        let temporary = Temporary::write(&place, bytes, New::Secret, Sync::Now).map_err(failed)?;
        let is_done = match there.filter(|_| force) {
            Some(there) => temporary.replace(&FileId::of(&there)).map_err(failed)?,
            None => temporary.become_new().map_err(failed)?,
        };
        if is_done {
            sync_directory(&place);
            return Ok(());
        }
        if !force {
            return Err(exists(path));
        }
    }
    Err(changing(path))
}

/// The error for a name that stands for another file at each look.
fn changing(path: &Path) -> Error {
    anyhow!("{}: another program keeps replacing it; end that one first", Shown(path))
}

/// Whether a path names something that is not replaced but written to, such as a device or a pipe; or a directory.
pub fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file())
}

/// Whether a path names a device, a pipe or the like, which takes what is written one after the other.
pub fn is_stream(path: &Path) -> bool {
    is_special(path) && !path.is_dir()
}

/// The error for a file that must not be there.
pub fn exists(path: &Path) -> Error {
    anyhow!("{}: it exists already; choose another name, or replace it with --force", Shown(path))
}

/// A file that is to take a name in its directory. Without one it is gone when it is dropped.
struct Temporary<'a> {
    place: &'a Place,
    file: File,
    name: String,
    has_gone: bool,
}

impl<'a> Temporary<'a> {
    fn write(place: &'a Place, bytes: &[u8], new: New, sync: Sync) -> io::Result<Self> {
        let mode = Mode::from_raw_mode(if new == New::Public { PUBLIC } else { SECRET });
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut temporary = loop {
            // Any number will do that no other run has.
            let name = format!("{TEMPORARY_PREFIX}{:016x}", RandomState::new().hash_one(()));
            match openat(place.directory(), &name, flags, mode) {
                Err(Errno::EXIST) => {}
                file => break Self { place, file: file?.into(), name, has_gone: false },
            }
        };
        temporary.file.write_all(bytes)?;
        if sync == Sync::Now {
            temporary.file.sync_all()?;
        }
        Ok(temporary)
    }

    /// Takes the name of the place if nothing has it, and says whether it did.
    fn become_new(mut self) -> io::Result<bool> {
        let (directory, name) = (self.place.directory(), self.place.name());
        match renameat_with(directory, &self.name, directory, name, RenameFlags::NOREPLACE) {
            Ok(()) => {
                self.has_gone = true;
                Ok(true)
            }
            Err(Errno::EXIST) => Ok(false),
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => self.link_new(),
            Err(error) => Err(error.into()),
        }
    }

    /// As [`Self::become_new`], for a file system whose renaming always replaces.
    fn link_new(self) -> io::Result<bool> {
        let (directory, name) = (self.place.directory(), self.place.name());
        match linkat(directory, &self.name, directory, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            // It has no links either: a look is all that is left.
            Err(_) if self.place.entry()?.is_none() => self.take(name).map(|()| true),
            Err(_) => Ok(false),
        }
    }

    /// Takes the name of the place if this file still has it, and says whether it did.
    fn replace(self, there: &FileId) -> io::Result<bool> {
        let now = self.place.entry()?.map(|entry| entry.metadata()).transpose()?;
        if now.is_none_or(|now| FileId::of(&now) != *there) {
            return Ok(false);
        }
        let name = self.place.name();
        self.take(name).map(|()| true)
    }

    /// Takes a name, whatever has it.
    fn take(mut self, name: &OsStr) -> io::Result<()> {
        let directory = self.place.directory();
        renameat(directory, &self.name, directory, name)?;
        self.has_gone = true;
        Ok(())
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.has_gone {
            let _ = unlinkat(self.place.directory(), &self.name, AtFlags::empty());
        }
    }
}

/// So that the new name is on the disk. Not every file system can, and nothing is lost then but time.
fn sync_directory(place: &Place) {
    let _ = place.open_directory().and_then(|directory| directory.sync_all());
}

/// The directory that a file is in.
pub fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The error for a file that is not written.
pub fn cannot_write(path: &Path, error: &io::Error) -> Error {
    let words = plain(error);
    let advice = match error.kind() {
        io::ErrorKind::NotFound if directory(path).is_dir() => "; choose another place",
        io::ErrorKind::NotFound => "; make its directory first",
        io::ErrorKind::NotADirectory => "; choose another name",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; choose another place, or another user"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room first",
        _ => "",
    };
    let unchanged =
        if fs::metadata(path).is_ok_and(|there| there.is_file()) { "; what was there is unchanged" } else { "" };
    anyhow!("{}: cannot be written: {words}{advice}{unchanged}", Shown(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use super::*;
    use crate::input::SMALL;

    /// A directory with a file, and that file's place and identity.
    struct Site {
        directory: tempfile::TempDir,
        place: Place,
        there: FileId,
    }

    impl Site {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            fs::write(directory.path().join("file"), "old").unwrap();
            let place = Place::find(&directory.path().join("file"), LastLink::Follow).unwrap();
            let there = FileId::of(&place.entry().unwrap().unwrap().metadata().unwrap());
            Self { directory, place, there }
        }

        fn at(&self, name: &str) -> PathBuf {
            self.directory.path().join(name)
        }

        fn temporary(&self) -> Temporary<'_> {
            Temporary::write(&self.place, b"new", New::Secret, Sync::Now).unwrap()
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(self.directory.path()).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    #[test]
    fn a_file_is_replaced_if_it_was_looked_at() {
        let site = Site::new();
        assert!(site.temporary().replace(&site.there).unwrap());
        assert_eq!(fs::read(site.at("file")).unwrap(), b"new");
        // Now another has the name.
        assert!(!site.temporary().replace(&site.there).unwrap());
        fs::remove_file(site.at("file")).unwrap();
        assert!(!site.temporary().replace(&site.there).unwrap());
        // The very file, but behind a link.
        fs::write(site.at("victim"), "old").unwrap();
        let there = FileId::of(&fs::metadata(site.at("victim")).unwrap());
        symlink("victim", site.at("file")).unwrap();
        assert!(!site.temporary().replace(&there).unwrap());
        assert_eq!(
            (site.names(), fs::read(site.at("victim")).unwrap()),
            (vec!["file".into(), "victim".into()], b"old".into())
        );
    }

    #[test]
    fn a_new_file_takes_no_name_that_is_taken() {
        let site = Site::new();
        assert!(!site.temporary().become_new().unwrap());
        assert!(!site.temporary().link_new().unwrap());
        assert_eq!(fs::read(site.at("file")).unwrap(), b"old");
        for become_new in [Temporary::become_new, Temporary::link_new] {
            fs::remove_file(site.at("file")).unwrap();
            assert!(become_new(site.temporary()).unwrap());
            assert_eq!(fs::read(site.at("file")).unwrap(), b"new");
        }
        fs::remove_file(site.at("file")).unwrap();
        symlink("nothing", site.at("file")).unwrap();
        assert!(!site.temporary().become_new().unwrap());
        assert!(!site.temporary().link_new().unwrap());
        assert_eq!(site.names(), ["file"]);
    }

    #[test]
    fn what_is_replaced_leaves_no_right_to_be_another_user() {
        let site = Site::new();
        fs::set_permissions(site.at("file"), Permissions::from_mode(0o4755)).unwrap();
        replace(&site.at("file"), b"new").unwrap();
        assert_eq!(fs::metadata(site.at("file")).unwrap().mode() & 0o7777, 0o755);
    }

    #[test]
    fn a_key_file_that_was_not_read_stays() {
        let site = Site::new();
        let mut inputs = Inputs::default();
        inputs.read(&site.at("file"), SMALL).unwrap();
        fs::write(site.at("other"), "other").unwrap();
        fs::rename(site.at("other"), site.at("file")).unwrap();
        assert!(replace_key(&site.at("file"), b"new", &inputs).is_err());
        fs::remove_file(site.at("file")).unwrap();
        assert!(replace_key(&site.at("file"), b"new", &inputs).is_err());
        assert!(site.names().is_empty());
    }
}
