//! Where a file is, or is to be: its directory, which stays open, and its name there.
//!
//! A path is looked up once, here, and all that is done to the file is done in the open directory. So nobody who can
//! rename the directory, or put a symbolic link in its place, makes one step of the work look at one file and the next
//! step write another.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{CWD, Mode, OFlags, PROC_SUPER_MAGIC, fstatfs, openat, readlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::display::Shown;

/// The most symbolic links on the way to a file, as in path_resolution(7).
const MAX_LINKS: u32 = 40;
const ROOT: u32 = 0;
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;
const SEARCH: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// An open directory and a name in it, of a file that may not be there yet.
pub struct Place {
    directory: Arc<File>,
    name: OsString,
    /// Whether the name is a descriptor of a process, such as /dev/fd/3, which leads where no path does.
    is_descriptor: bool,
}

/// What is to be done about a symbolic link that has the name itself. Links on the way to it are followed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LastLink {
    /// Finds the file that it leads to.
    Follow,
    /// Finds the link.
    Keep,
}

impl Place {
    /// Looks a path up. A symbolic link is followed only where [`is_trusted`] says that nobody else put it there.
    pub fn find(path: &Path, last_link: LastLink) -> io::Result<Self> {
        let mut directory = open_start(path)?;
        let mut rest = components(path);
        let mut walked = PathBuf::new();
        if path.is_absolute() {
            walked.push("/");
        }
        let mut links = 0;
        while let Some(name) = rest.pop() {
            let is_last = rest.is_empty();
            if !is_last {
                match openat(&directory, &name, SEARCH | OFlags::DIRECTORY, Mode::empty()) {
                    Ok(next) => {
                        directory = next.into();
                        walked.push(name);
                        continue;
                    }
                    // It may be a link to a directory.
                    Err(Errno::NOTDIR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            let entry = match openat(&directory, &name, SEARCH, Mode::empty()) {
                Err(Errno::NOENT) if is_last => return Ok(Self::new(directory, name, false)),
                entry => File::from(entry?),
            };
            let metadata = entry.metadata()?;
            if !metadata.is_symlink() {
                return if is_last { Ok(Self::new(directory, name, false)) } else { Err(Errno::NOTDIR.into()) };
            }
            if is_last && last_link == LastLink::Keep {
                return Ok(Self::new(directory, name, false));
            }
            if is_last && is_stream_of_proc(&directory, &name)? {
                return Ok(Self::new(directory, name, true));
            }
            walked.push(&name);
            links += 1;
            if links > MAX_LINKS {
                return Err(Errno::LOOP.into());
            }
            if !is_trusted(&Owned::of(&directory.metadata()?), &Owned::of(&metadata), geteuid().as_raw()) {
                let link = Shown(&walked);
                return Err(io::Error::other(format!(
                    "other users can change the symbolic link {link}; give the name of the file itself"
                )));
            }
            let target = PathBuf::from(OsString::from_vec(readlinkat(&entry, "", Vec::new())?.into_bytes()));
            rest.extend(components(&target));
            walked.pop();
            walked.push(&target);
            if target.is_absolute() {
                directory = open_start(&target)?;
            }
        }
        Err(Errno::NOENT.into())
    }

    fn new(directory: File, name: OsString, is_descriptor: bool) -> Self {
        Self { directory: Arc::new(directory), name, is_descriptor }
    }

    /// Another name in the same directory.
    pub fn sibling(&self, name: &OsStr) -> Self {
        Self { directory: Arc::clone(&self.directory), name: name.to_owned(), is_descriptor: false }
    }

    /// The open directory.
    pub fn directory(&self) -> &Arc<File> {
        &self.directory
    }

    /// The directory, open to be synced or locked.
    pub fn open_directory(&self) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(openat(&*self.directory, ".", flags, Mode::empty())?.into())
    }

    /// The name in the directory.
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// What has the name now: a descriptor to ask for its metadata, for nothing is opened to be read.
    pub fn entry(&self) -> io::Result<Option<File>> {
        match openat(&*self.directory, &self.name, self.flags() | OFlags::PATH, Mode::empty()) {
            Ok(entry) => Ok(Some(entry.into())),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens what has the name to read it, without waiting for anybody where it is a pipe.
    pub fn read(&self) -> io::Result<Option<File>> {
        let flags = self.flags() | OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        match openat(&*self.directory, &self.name, flags, Mode::empty()) {
            Ok(file) => Ok(Some(file.into())),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens what has the name to write over it.
    pub fn write(&self) -> io::Result<File> {
        let flags = self.flags() | OFlags::WRONLY | OFlags::NOCTTY;
        Ok(openat(&*self.directory, &self.name, flags, Mode::empty())?.into())
    }

    /// Opens what has the name to write at its end.
    pub fn append(&self) -> io::Result<File> {
        let flags = self.flags() | OFlags::WRONLY | OFlags::APPEND | OFlags::NOCTTY;
        Ok(openat(&*self.directory, &self.name, flags, Mode::empty())?.into())
    }

    fn flags(&self) -> OFlags {
        if self.is_descriptor { OFlags::CLOEXEC } else { OFlags::CLOEXEC | OFlags::NOFOLLOW }
    }
}

fn open_start(path: &Path) -> io::Result<File> {
    let start = if path.is_absolute() { "/" } else { "." };
    Ok(openat(CWD, start, SEARCH | OFlags::DIRECTORY, Mode::empty())?.into())
}

/// The names of a path, the last one first. A slash at the end asks for a directory, as "." does.
fn components(path: &Path) -> Vec<OsString> {
    let bytes = path.as_os_str().as_bytes();
    let names = bytes.split(|byte| *byte == b'/').filter(|name| !name.is_empty());
    let names = names.chain(bytes.ends_with(b"/").then_some(&b"."[..]));
    let mut names: Vec<_> = names.map(|name| OsStr::from_bytes(name).to_owned()).collect();
    names.reverse();
    names
}

/// Whether a link is the kernel's own, for a descriptor of a process, and leads to a pipe, a device or the like: what it
/// says then is no path.
fn is_stream_of_proc(directory: &File, name: &OsStr) -> io::Result<bool> {
    if fstatfs(directory)?.f_type != PROC_SUPER_MAGIC {
        return Ok(false);
    }
    let there = File::from(openat(directory, name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?).metadata()?;
    Ok(!there.is_file() && !there.is_dir())
}

/// Who may change a file or a directory.
#[derive(Clone, Copy)]
struct Owned {
    uid: u32,
    mode: u32,
}

impl Owned {
    fn of(metadata: &Metadata) -> Self {
        Self { uid: metadata.uid(), mode: metadata.mode() }
    }

    fn is_of(self, user: u32) -> bool {
        self.uid == ROOT || self.uid == user
    }
}

/// Whether a symbolic link can be followed for a user. In a directory of the user's own, or of root's, that nobody else can
/// write, it can. In one that others write too the link must be the user's or root's; where every user writes, the
/// directory must be sticky as well, so that nobody else renames such a link. In a directory of somebody else no link is
/// followed. The kernel's protected_symlinks asks for less, and of sticky directories alone: proc_sys_fs(5).
fn is_trusted(directory: &Owned, link: &Owned, user: u32) -> bool {
    let is_shared = directory.mode & (GROUP_WRITES | OTHERS_WRITE) != 0;
    let is_anybodys = directory.mode & OTHERS_WRITE != 0 && directory.mode & STICKY == 0;
    directory.is_of(user) && (!is_shared || (link.is_of(user) && !is_anybodys))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    const USER: u32 = 1000;
    const OTHER: u32 = 1001;

    #[test]
    fn a_link_is_followed_if_nobody_else_put_it_there() {
        for (directory, mode, link, is_followed) in [
            (USER, 0o755, USER, true),
            (ROOT, 0o755, USER, true),
            (ROOT, 0o755, OTHER, true),
            (USER, 0o775, USER, true),
            (USER, 0o775, ROOT, true),
            (USER, 0o775, OTHER, false),
            (ROOT, 0o1777, USER, true),
            (ROOT, 0o1777, ROOT, true),
            (ROOT, 0o1777, OTHER, false),
            (USER, 0o777, USER, false),
            (ROOT, 0o777, ROOT, false),
            (OTHER, 0o755, OTHER, false),
            (OTHER, 0o755, USER, false),
            (OTHER, 0o700, ROOT, false),
            (OTHER, 0o1777, USER, false),
        ] {
            let directory = Owned { uid: directory, mode };
            let trusted = is_trusted(&directory, &Owned { uid: link, mode: 0o777 }, USER);
            assert_eq!(trusted, is_followed, "link of {link} in a directory of {} of mode {mode:o}", directory.uid);
        }
    }

    /// The contents of the file that a path leads to, or the kind of error.
    fn found(path: &Path) -> Result<String, io::ErrorKind> {
        let place = Place::find(path, LastLink::Follow).map_err(|error| error.kind())?;
        let file = openat(&*place.directory, &place.name, OFlags::NOFOLLOW, Mode::empty());
        let file = file.map_err(|error| io::Error::from(error).kind())?;
        Ok(io::read_to_string(File::from(file)).unwrap())
    }

    #[test]
    fn a_path_leads_where_the_kernel_says() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::write(at("a/b/file"), "the file").unwrap();
        for (target, link) in [
            ("a/b/file", "link"),
            ("link", "link2"),
            ("b", "a/there"),
            ("../a/there/", "a/up"),
            (".", "a/b/here"),
            ("loop", "loop"),
            ("nothing", "dangling"),
            ("link/file", "through-a-file"),
        ] {
            symlink(target, at(link)).unwrap();
        }
        symlink(at("a/b"), at("absolute")).unwrap();
        for path in [
            "a/b/file",
            "a//b/./file",
            "link",
            "link2",
            "a/there/file",
            "a/up/file",
            "absolute/file",
            "a/b/../b/file",
            "absolute/here/here/../../a/up/here/file",
            "loop",
            "dangling",
            "through-a-file",
            "nothing",
            "nothing/file",
            "link/",
            "a/b/file/x",
            "a/b/file/",
        ] {
            let expected = fs::read_to_string(at(path)).map_err(|error| error.kind());
            assert_eq!(found(&at(path)), expected, "{path}");
        }
        let kept = Place::find(&at("link"), LastLink::Keep).unwrap();
        assert!(kept.entry().unwrap().unwrap().metadata().unwrap().is_symlink());
        let nothing = Place::find(&at("dangling"), LastLink::Follow).unwrap();
        assert_eq!((nothing.name(), nothing.entry().unwrap().is_none()), (OsStr::new("nothing"), true));
    }

    #[test]
    fn a_link_where_all_may_write_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("real")).unwrap();
        fs::write(directory.path().join("real/file"), "").unwrap();
        symlink("real", directory.path().join("link")).unwrap();
        symlink("real/file", directory.path().join("file")).unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o777)).unwrap();
        for (path, link) in [("link/file", "link"), ("file", "file")] {
            let error = Place::find(&directory.path().join(path), LastLink::Follow).err().unwrap().to_string();
            let link = directory.path().join(link);
            let words = format!("other users can change the symbolic link {}", link.display());
            assert!(error.starts_with(&words), "{error}");
        }
        assert!(Place::find(&directory.path().join("file"), LastLink::Keep).is_ok());
        assert!(Place::find(&directory.path().join("real/file"), LastLink::Follow).is_ok());
    }

    #[test]
    fn a_place_stays_in_its_directory() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::create_dir(at("a")).unwrap();
        fs::create_dir(at("victim")).unwrap();
        fs::write(at("a/file"), "").unwrap();
        let place = Place::find(&at("a/file"), LastLink::Follow).unwrap();
        fs::rename(at("a"), at("moved")).unwrap();
        symlink("victim", at("a")).unwrap();
        fs::write(at("victim/file"), "").unwrap();
        let [entry, moved] =
            [place.entry().unwrap().unwrap().metadata().unwrap(), fs::metadata(at("moved/file")).unwrap()];
        assert_eq!(entry.ino(), moved.ino());
        // The name may be a link later, and is not followed then either.
        fs::remove_file(at("moved/file")).unwrap();
        symlink("../victim/file", at("moved/file")).unwrap();
        assert!(place.entry().unwrap().unwrap().metadata().unwrap().is_symlink());
        assert!(place.append().is_err());
    }
}
