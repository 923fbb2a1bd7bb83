//! Files that are replaced: whole or not at all, in the directory that was looked at.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Error, Result, anyhow, bail};
use rustix::fs::{AtFlags, StatxFlags, statx};
use rustix::io::Errno;

use crate::attributes;
use crate::display::{Shown, plain};
use crate::guard::{hidden, refuse_key};
use crate::input::{FileId, Inputs};
use crate::place::{LastLink, Place};
use crate::temporary::{Temporary, remove_left};

/// The mode of a new output that anybody may read, less the umask.
const PUBLIC: u32 = 0o666;
/// The mode of a new key file, and of any file that has no owner and mode yet.
const SECRET: u32 = 0o600;
/// The most times that a file is looked at anew, when another took its name since the last look.
const TRIES: u32 = 16;
const MOUNTED: &str = "; if the file is mounted by itself, mount its directory instead";

/// What is done where a file is a mount point by itself, as in containers: no other file can take its place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum IfMounted {
    /// The error says what to do.
    Fail,
    /// The error says that there is --in-place, too.
    Offer,
    /// The file is written to, and is not whole in between.
    WriteInPlace,
}

impl IfMounted {
    /// What the option --in-place asks for.
    pub fn new(in_place: bool) -> Self {
        if in_place { Self::WriteInPlace } else { Self::Offer }
    }
}

/// Replaces a file: writes a temporary file beside it, which then takes its place, owner, mode and access control list. What
/// was there survives any failure, and a key survives in any case. A device or a pipe is written to as it is.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    replace_if(path, bytes, IfMounted::Fail, |old| refuse_key(path, old))
}

/// As [`replace`], if there is no file, or a look into it finds nothing that must stay.
pub fn replace_if(path: &Path, bytes: &[u8], if_mounted: IfMounted, check: impl Fn(&File) -> Result<()>) -> Result<()> {
    Replacement { path, bytes, if_mounted, check: |old: Option<&File>| old.map_or(Ok(()), &check) }.run()
}

/// As [`replace`], for a key file that was read, and for nothing that has its name since. `command` is what is to be run again
/// then.
pub fn replace_key(path: &Path, bytes: &[u8], inputs: &Inputs, if_mounted: IfMounted, command: &str) -> Result<()> {
    let check = |old: Option<&File>| match old.map(File::metadata) {
        Some(Ok(old)) if inputs.contain_unchanged(&old) => Ok(()),
        _ => bail!("{}: it was changed by another program meanwhile; run {command} again", Shown(path)),
    };
    Replacement { path, bytes, if_mounted, check }.run()
}

struct Replacement<'a, C> {
    path: &'a Path,
    bytes: &'a [u8],
    if_mounted: IfMounted,
    /// Whether what is there may be replaced, or that nothing is there.
    check: C,
}

/// A whole file beside the one that it is to replace.
struct Prepared<'a> {
    place: &'a Place,
    old: File,
    /// None if the old one can only be written to.
    temporary: Option<Temporary<'a>>,
}

impl<C: Fn(Option<&File>) -> Result<()>> Replacement<'_, C> {
    fn run(&self) -> Result<()> {
        for _ in 0..TRIES {
            let place = Place::find(self.path, LastLink::Follow).map_err(|error| self.failed(&error))?;
            remove_left(&place);
            let there = place.entry().and_then(|entry| entry.map(|entry| entry.metadata()).transpose());
            let is_done = match there.map_err(|error| self.failed(&error))? {
                None => self.create(&place)?,
                Some(there) if there.is_file() => match self.prepare(&place)? {
                    Some(prepared) => self.finish(prepared)?,
                    None => false,
                },
                Some(there) if there.is_dir() => bail!("{}: it is a directory; give a file name", Shown(self.path)),
                // A link took the name between two looks at it.
                Some(there) if there.is_symlink() => false,
                Some(_) => return append(self.path)?.write_all(self.bytes).map_err(|error| self.failed(&error)),
            };
            if is_done {
                sync_directory(&place);
                return Ok(());
            }
        }
        Err(changing(self.path))
    }

    /// Makes the file if there is none yet, and says whether it did.
    fn create(&self, place: &Place) -> Result<bool> {
        (self.check)(None)?;
        let mut temporary = Temporary::write(place, self.bytes, PUBLIC).map_err(|error| self.failed(&error))?;
        let is_synced = temporary.file().sync_all();
        is_synced.and_then(|()| temporary.become_new(place.name())).map_err(|error| self.failed(&error))
    }

    /// Makes the file that is to replace the one that has the name. None if there is no such file any more.
    fn prepare<'a>(&self, place: &'a Place) -> Result<Option<Prepared<'a>>> {
        let old = match place.read() {
            Ok(Some(old)) => old,
            Ok(None) => return Ok(None),
            Err(error) => return Err(hidden(self.path, &error)),
        };
        let temporary = match Temporary::write(place, self.bytes, SECRET) {
            Ok(temporary) => temporary,
            // Such as in a container whose other files are read-only.
            Err(_) if self.if_mounted == IfMounted::WriteInPlace && is_mounted(place, &old) => {
                return Ok(Some(Prepared { place, old, temporary: None }));
            }
            Err(error) => return Err(self.failed(&error)),
        };
        attributes::keep(self.path, temporary.file(), &old)?;
        temporary.file().sync_all().map_err(|error| self.failed(&error))?;
        Ok(Some(Prepared { place, old, temporary: Some(temporary) }))
    }

    /// Replaces the old file if it still has the name, and says whether it did.
    fn finish(&self, Prepared { place, old, temporary }: Prepared<'_>) -> Result<bool> {
        // As late as can be: a password, or a slow disk, may have taken its time.
        (self.check)(Some(&old))?;
        if !is_at(&old, place).map_err(|error| self.failed(&error))? {
            return Ok(false);
        }
        let Some(mut temporary) = temporary else { return self.write_in_place(place, &old, None) };
        match temporary.take(place.name()) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => match self.if_mounted {
                IfMounted::Fail => Err(self.failed(&error)),
                IfMounted::Offer => bail!(
                    "{}: cannot be written: {}{MOUNTED}, or give --in-place, which a crash can leave half written; what \
                     was there is unchanged",
                    Shown(self.path),
                    plain(&error)
                ),
                IfMounted::WriteInPlace => self.write_in_place(place, &old, Some(temporary)),
            },
            result => result.map(|()| true).map_err(|error| self.failed(&error)),
        }
    }

    /// Writes to the old file. Until that is on the disk the temporary file has the whole, if there is one.
    fn write_in_place(&self, place: &Place, old: &File, temporary: Option<Temporary<'_>>) -> Result<bool> {
        let mut file = place.write().map_err(|error| self.failed(&error))?;
        if !is_same(old, &file).map_err(|error| self.failed(&error))? {
            return Ok(false);
        }
        temporary.iter().for_each(Temporary::outlive_signals);
        let length = u64::try_from(self.bytes.len()).expect("a length in memory has at most 64 bits");
        let written = file.write_all(self.bytes).and_then(|()| file.set_len(length)).and_then(|()| file.sync_all());
        written.map(|()| true).map_err(|error| {
            let left =
                temporary.map(|temporary| format!("; what it should hold is beside it, in {}", temporary.leave()));
            anyhow!("{}: it is half written: {}{}", Shown(self.path), plain(&error), left.unwrap_or_default())
        })
    }

    fn failed(&self, error: &io::Error) -> Error {
        cannot_write(self.path, error)
    }
}

/// Whether a file still has its name.
fn is_at(file: &File, place: &Place) -> io::Result<bool> {
    match place.entry()? {
        Some(entry) => is_same(file, &entry),
        None => Ok(false),
    }
}

fn is_same(one: &File, other: &File) -> io::Result<bool> {
    Ok(FileId::of(&one.metadata()?) == FileId::of(&other.metadata()?))
}

/// Whether a file is a mount point by itself. A system that does not tell the number of a mount says no.
fn is_mounted(place: &Place, file: &File) -> bool {
    let mount = |of: &File| {
        let known = statx(of, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID).ok()?;
        let is_known = StatxFlags::from_bits_retain(known.stx_mask).contains(StatxFlags::MNT_ID);
        is_known.then_some(known.stx_mnt_id)
    };
    match (mount(place.directory()), mount(file)) {
        (Some(directory), Some(file)) => directory != file,
        _ => false,
    }
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
        let place = place.map_err(|error| cannot_write(path, &error))?;
        remove_left(&place);
        Ok(Self(place))
    }

    /// As [`replace`], for one of many files: with the fewest steps, and on the disk when [`Self::sync`] has been called.
    /// What had the name gives way with its mode and owner, and so does a symbolic link: the file that it names may be
    /// anybody's.
    pub fn replace(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let failed = |error: io::Error| cannot_write(path, &error);
        let name = path.file_name().unwrap_or_default();
        let mut temporary = Temporary::write(&self.0, bytes, PUBLIC).map_err(failed)?;
        if temporary.become_new(name).map_err(failed)? {
            return Ok(());
        }
        self.refuse_key(path, name)?;
        temporary.take(name).map_err(failed)
    }

    fn refuse_key(&self, path: &Path, name: &OsStr) -> Result<()> {
        match self.0.sibling(name).read() {
            Ok(Some(file)) => refuse_key(path, &file),
            Ok(None) => Ok(()),
            Err(error) if is_no_file(&error) => Ok(()),
            Err(error) => Err(hidden(path, &error)),
        }
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

/// Whether a file was not opened because the name is a symbolic link's, a socket's or that of a device without a driver.
fn is_no_file(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::LOOP | Errno::NXIO))
}

/// Atomically creates a file with mode 0600. With `force` it replaces another one, whose owner and mode do not matter. Says
/// whether it did: without `force` not where a file is already.
pub fn create_secret(path: &Path, bytes: &[u8], force: bool) -> Result<bool> {
    let failed = |error: io::Error| cannot_write(path, &error);
    if is_special(path) {
        return append(path)?.write_all(bytes).map(|()| true).map_err(failed);
    }
    let last_link = if force { LastLink::Follow } else { LastLink::Keep };
    for _ in 0..TRIES {
        let place = Place::find(path, last_link).map_err(failed)?;
        remove_left(&place);
        let mut temporary = Temporary::write(&place, bytes, SECRET).map_err(failed)?;
        temporary.file().sync_all().map_err(failed)?;
        let mut is_done = temporary.become_new(place.name()).map_err(failed)?;
        if !is_done && !force {
            return Ok(false);
        }
        if !is_done && place.entry().and_then(is_regular).map_err(failed)? {
            temporary.take(place.name()).map_err(failed)?;
            is_done = true;
        }
        if is_done {
            sync_directory(&place);
            return Ok(true);
        }
    }
    Err(changing(path))
}

fn is_regular(entry: Option<File>) -> io::Result<bool> {
    entry.map_or(Ok(false), |entry| Ok(entry.metadata()?.is_file()))
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

/// So that names are on the disk, or gone from it. Not every file system can, and nothing is lost then but time.
pub fn sync_directory(place: &Place) {
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
        io::ErrorKind::FileTooLarge => "; raise the limit for the size of files, ulimit -f",
        io::ErrorKind::ResourceBusy => MOUNTED,
        _ => "",
    };
    let unchanged =
        if fs::metadata(path).is_ok_and(|there| there.is_file()) { "; what was there is unchanged" } else { "" };
    anyhow!("{}: cannot be written: {words}{advice}{unchanged}", Shown(path))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::path::PathBuf;

    use super::*;
    use crate::input::SMALL;

    const KEY: &str = "-----BEGIN TACK PRIVATE KEY-----\n-----END TACK PRIVATE KEY-----\n";

    /// A directory with a file.
    struct Site(tempfile::TempDir);

    impl Site {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            fs::write(directory.path().join("file"), "old").unwrap();
            Self(directory)
        }

        fn at(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn read(&self, name: &str) -> String {
            fs::read_to_string(self.at(name)).unwrap()
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(self.0.path()).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }

        /// Replaces the file, after something else was done at the last moment.
        fn replaced(&self, meanwhile: impl Fn()) -> Result<bool> {
            let path = self.at("file");
            let check = |old: Option<&File>| refuse_key(&path, old.unwrap());
            let replacement = Replacement { path: &path, bytes: b"new", if_mounted: IfMounted::Fail, check };
            let place = Place::find(&path, LastLink::Follow).unwrap();
            let prepared = replacement.prepare(&place).unwrap().unwrap();
            meanwhile();
            replacement.finish(prepared)
        }
    }

    #[test]
    fn a_file_that_was_not_looked_at_stays() {
        let site = Site::new();
        assert!(site.replaced(|| ()).unwrap());
        assert_eq!(site.read("file"), "new");
        let another = || {
            fs::write(site.at("other"), "other").unwrap();
            fs::rename(site.at("other"), site.at("file")).unwrap();
        };
        assert!(!site.replaced(another).unwrap());
        assert_eq!(site.read("file"), "other");
        // The very file, but behind a link.
        let link = || {
            fs::rename(site.at("file"), site.at("victim")).unwrap();
            symlink("victim", site.at("file")).unwrap();
        };
        assert!(!site.replaced(link).unwrap());
        assert_eq!((site.names(), site.read("victim")), (vec!["file".into(), "victim".into()], "other".into()));
        fs::remove_file(site.at("file")).unwrap();
        fs::rename(site.at("victim"), site.at("file")).unwrap();
        assert!(!site.replaced(|| fs::remove_file(site.at("file")).unwrap()).unwrap());
        assert!(site.names().is_empty());
    }

    #[test]
    fn a_key_that_appears_at_the_last_moment_stays() {
        let site = Site::new();
        let is_refused = |result: Result<bool>| result.unwrap_err().to_string().contains("it holds a TACK key");
        assert!(is_refused(site.replaced(|| fs::write(site.at("file"), KEY).unwrap())));
        assert_eq!((site.names(), site.read("file")), (vec!["file".into()], KEY.into()));
        // One that was there when the output was looked up first is seen by whoever looks last, too.
        assert!(replace(&site.at("file"), b"new").is_err());
        // In a new file's place.
        let names = Names::beside(&site.at("file")).unwrap();
        assert!(is_refused(names.replace(&site.at("file"), b"new").map(|()| true)));
        assert_eq!((site.names(), site.read("file")), (vec!["file".into()], KEY.into()));
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
        let is_refused = || replace_key(&site.at("file"), b"new", &inputs, IfMounted::Fail, "it").is_err();
        fs::write(site.at("file"), "newer").unwrap();
        assert!(is_refused());
        fs::write(site.at("other"), "other").unwrap();
        fs::rename(site.at("other"), site.at("file")).unwrap();
        assert!(is_refused());
        assert_eq!(site.read("file"), "other");
        fs::remove_file(site.at("file")).unwrap();
        assert!(is_refused());
        assert!(site.names().is_empty());
    }
}
