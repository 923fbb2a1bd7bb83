//! Files under a hidden name, until they are whole and take a name that is seen.

use std::ffi::OsStr;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, SystemTime};

use rustix::fs::{
    AtFlags, Dir, FlockOperation, Mode, OFlags, RenameFlags, flock, linkat, openat, renameat, renameat_with, unlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::place::Place;
use crate::signals::before_end;

const PREFIX: &str = ".tack-";
const DIGITS: usize = 16;
/// How long a file is left alone that may be of a run that goes on, where locks say nothing.
const OLD: Duration = Duration::from_secs(3600);

/// Those that are there now, which a signal that ends the program removes.
static LIVING: Mutex<Vec<Living>> = Mutex::new(Vec::new());

struct Living {
    directory: Arc<File>,
    name: String,
}

/// A file that is to take a name in its directory. Without one it is gone when it is dropped.
pub struct Temporary<'a> {
    directory: &'a Arc<File>,
    file: File,
    name: String,
    has_gone: bool,
}

impl<'a> Temporary<'a> {
    /// Makes a file of this mode, less the umask, in the directory of a place.
    pub fn write(place: &'a Place, bytes: &[u8], mode: u32) -> io::Result<Self> {
        static WATCH: Once = Once::new();
        WATCH.call_once(|| before_end(remove_living));
        let mut temporary = Self::create(place.directory(), Mode::from_raw_mode(mode))?;
        // So that no other run takes it for a dead one's. Not every file system has locks.
        let _ = flock(&temporary.file, FlockOperation::NonBlockingLockExclusive);
        temporary.file.write_all(bytes)?;
        Ok(temporary)
    }

    /// While the list is locked, so that a signal finds there what it has made.
    fn create(directory: &'a Arc<File>, mode: Mode) -> io::Result<Self> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut living = living();
        loop {
            // Any number will do that no other run has.
            let name = format!("{PREFIX}{:0DIGITS$x}", RandomState::new().hash_one(()));
            match openat(directory, &name, flags, mode) {
                Err(Errno::EXIST) => {}
                file => {
                    let file = file?.into();
                    living.push(Living { directory: Arc::clone(directory), name: name.clone() });
                    return Ok(Self { directory, file, name, has_gone: false });
                }
            }
        }
    }

    /// The open file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Takes a name if nothing has it, and says whether it did.
    pub fn become_new(&mut self, name: &OsStr) -> io::Result<bool> {
        match renameat_with(self.directory, &self.name, self.directory, name, RenameFlags::NOREPLACE) {
            Ok(()) => {
                self.has_gone = true;
                Ok(true)
            }
            Err(Errno::EXIST) => Ok(false),
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => self.link_new(name),
            Err(error) => Err(error.into()),
        }
    }

    /// As [`Self::become_new`], for a file system whose renaming always replaces.
    fn link_new(&mut self, name: &OsStr) -> io::Result<bool> {
        match linkat(self.directory, &self.name, self.directory, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            // It has no links either: a look is all that is left.
            Err(_) => match openat(self.directory, name, OFlags::PATH | OFlags::NOFOLLOW, Mode::empty()) {
                Err(Errno::NOENT) => self.take(name).map(|()| true),
                _ => Ok(false),
            },
        }
    }

    /// Takes a name, whatever has it.
    pub fn take(&mut self, name: &OsStr) -> io::Result<()> {
        renameat(self.directory, &self.name, self.directory, name)?;
        self.has_gone = true;
        Ok(())
    }

    /// Lets the file stay when a signal ends the program.
    pub fn outlive_signals(&self) {
        living().retain(|living| living.name != self.name);
    }

    /// Leaves the file under its hidden name, which is returned.
    pub fn leave(mut self) -> String {
        self.has_gone = true;
        self.name.clone()
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.has_gone {
            let _ = unlinkat(self.directory, &self.name, AtFlags::empty());
        }
        self.outlive_signals();
    }
}

fn living() -> MutexGuard<'static, Vec<Living>> {
    LIVING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The program ends. The list stays locked, so that no file is made after those are gone.
fn remove_living() {
    let living = living();
    living.iter().for_each(|Living { directory, name }| {
        let _ = unlinkat(directory, name, AtFlags::empty());
    });
    std::mem::forget(living);
}

/// Removes what killed runs have left in the directory of a place: old files of this user, or for root of any, that nobody
/// holds locked. What cannot be removed stays.
pub fn remove_left(place: &Place) {
    let Ok(mut entries) = place.open_directory().and_then(|directory| Ok(Dir::new(directory)?)) else { return };
    while let Some(Ok(entry)) = entries.read() {
        if is_temporary(entry.file_name().to_bytes()) {
            let _ = remove_if_left(place, OsStr::from_bytes(entry.file_name().to_bytes()));
        }
    }
}

fn is_temporary(name: &[u8]) -> bool {
    let digits = name.strip_prefix(PREFIX.as_bytes());
    digits.is_some_and(|digits| digits.len() == DIGITS && digits.iter().all(u8::is_ascii_hexdigit))
}

fn remove_if_left(place: &Place, name: &OsStr) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(openat(place.directory(), name, flags, Mode::empty())?);
    let metadata = file.metadata()?;
    let is_old = SystemTime::now().duration_since(metadata.modified()?).is_ok_and(|age| age > OLD);
    let user = geteuid();
    let is_mine = metadata.uid() == user.as_raw() || user.is_root();
    // Where there are no locks the age alone must do.
    let is_locked = || flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK);
    if metadata.is_file() && is_mine && is_old && !is_locked() {
        unlinkat(place.directory(), name, AtFlags::empty())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::place::LastLink;

    #[test]
    fn a_new_file_takes_no_name_that_is_taken() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "old").unwrap();
        let place = Place::find(&file, LastLink::Follow).unwrap();
        for is_by_link in [false, true] {
            let become_new = || {
                let mut temporary = Temporary::write(&place, b"new", 0o600).unwrap();
                let name = place.name();
                if is_by_link { temporary.link_new(name) } else { temporary.become_new(name) }.unwrap()
            };
            fs::write(&file, "old").unwrap();
            assert!(!become_new());
            assert_eq!(fs::read(&file).unwrap(), b"old");
            fs::remove_file(&file).unwrap();
            assert!(become_new());
            assert_eq!(fs::read(&file).unwrap(), b"new");
            fs::remove_file(&file).unwrap();
            symlink("nothing", &file).unwrap();
            assert!(!become_new());
            fs::remove_file(&file).unwrap();
            assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn only_names_of_ours_are_temporary() {
        assert!(is_temporary(b".tack-0123456789abcdef"));
        for name in
            [".tack-", ".tack-0123456789abcde", ".tack-0123456789abcdef0", ".tack-0123456789abcdeg", "0123456789abcdef"]
        {
            assert!(!is_temporary(name.as_bytes()), "{name}");
        }
    }
}
