//! Files in and out: standard input once, sizes capped, outputs whole or not at all.

use std::fmt::{self, Write as _};
use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Error, Result, anyhow, bail};

/// The most that is read of a key, a certificate or a password: 1 MiB.
pub const SMALL: u64 = 1 << 20;
/// The most that is read of a file of tacks: 512 MiB, nearly twice what 1,000,000 tacks take.
pub const LARGE: u64 = 512 << 20;

const MIB: u64 = 1 << 20;
/// Before the label of a PEM block.
pub const PEM_BEGIN: &[u8] = b"-----BEGIN ";
const KEY_BEGIN: &[u8] = b"-----BEGIN TACK PRIVATE KEY-----";
/// Of a new output that anybody may read, less the umask.
const PUBLIC: u32 = 0o666;
/// Of a new key file.
const SECRET: u32 = 0o600;
const TEMPORARY_PREFIX: &str = ".tack-";
const LOCK_PATIENCE: Duration = Duration::from_secs(10);
const LOCK_PAUSE: Duration = Duration::from_millis(10);

static STDOUT_IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// The Rust runtime opens /dev/null in the place of a closed standard output before `main`, and what is written would be
/// lost without a word. So this looks before the runtime does.
#[ctor::ctor(unsafe)]
fn see_whether_stdout_is_closed() {
    let closed = rustix::io::fcntl_getfd(rustix::stdio::stdout()).is_err();
    STDOUT_IS_CLOSED.store(closed, Ordering::Relaxed);
}

/// A file's name as the user gave it, safe to print: control characters are escaped, "-" is called what it is.
pub struct Shown<'a>(pub &'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_dash(self.0) {
            return f.write_str("standard input");
        }
        let name = self.0.to_string_lossy();
        name.chars().try_for_each(|c| {
            if c.is_control() || is_format(c) { write!(f, "{}", c.escape_default()) } else { f.write_char(c) }
        })
    }
}

/// Whether a character changes the order or the look of those around it (Unicode, bidirectional and invisible ones).
fn is_format(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The system's words for an error, in lowercase and without its number.
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split_once(" (os error").map_or(text.as_str(), |(words, _)| words);
    let mut letters = words.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// What a run has read, so that standard input is read once and no output replaces an input.
#[derive(Default)]
pub struct Inputs {
    stdin_taken: bool,
    read: Vec<FileId>,
}

#[derive(PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(metadata: &fs::Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

impl Inputs {
    /// Reads a file, or standard input for "-". More than `limit` bytes are refused, and so is nothing at all. A `limit`
    /// above [`SMALL`] is for PEM alone, so that no other file costs the memory.
    pub fn read(&mut self, path: &Path, limit: u64) -> Result<Vec<u8>> {
        let shown = Shown(path);
        let failed = |error: io::Error| {
            let advice = match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "; check its name",
                io::ErrorKind::PermissionDenied => "; run as a user who may read it",
                _ => "",
            };
            anyhow!("{shown}: cannot be read: {}{advice}", plain(&error))
        };
        let file = if is_dash(path) { self.take_stdin()? } else { File::open(path).map_err(failed)? };
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            bail!("{shown}: it is a directory; give a file");
        }
        self.read.push(FileId::of(&metadata));
        let mut bytes = Vec::new();
        (&file).take(SMALL).read_to_end(&mut bytes).map_err(failed)?;
        let limit = if contains(&bytes, PEM_BEGIN) { limit } else { SMALL };
        if metadata.len() <= limit {
            file.take(limit - SMALL + 1).read_to_end(&mut bytes).map_err(failed)?;
        }
        if metadata.len().max(bytes.len().try_into()?) > limit {
            bail!(
                "{shown}: it is larger than {} MiB, too large for what it should hold; give the right file",
                limit / MIB
            );
        }
        if bytes.is_empty() {
            bail!("{shown}: it is empty; give the right file");
        }
        Ok(bytes)
    }

    /// Whether a path names a file that was read.
    pub fn contain(&self, path: &Path) -> bool {
        let is_read = |metadata: fs::Metadata| self.read.contains(&FileId::of(&metadata));
        fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && is_read(metadata))
    }

    fn take_stdin(&mut self) -> Result<File> {
        if std::mem::replace(&mut self.stdin_taken, true) {
            bail!("standard input: it can be read only once; give a file for all but one \"-\"");
        }
        let stdin = io::stdin();
        if stdin.is_terminal() {
            eprintln!("tack: reading standard input; end it with Ctrl-D");
        }
        Ok(stdin.as_fd().try_clone_to_owned()?.into())
    }
}

/// Where a command writes what it makes.
#[derive(Clone, Debug)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// A file, which appears whole or not at all.
    File(PathBuf),
}

impl Output {
    /// The output for an `-o`, which must be neither one of the inputs nor a key file.
    pub fn new(path: Option<&Path>, inputs: &Inputs) -> Result<Self> {
        let output = Self::for_key(path, inputs)?;
        if let Self::File(path) = &output {
            refuse_key_file(path)?;
        }
        Ok(output)
    }

    /// The output for a new key file, which must not be one of the inputs.
    pub fn for_key(path: Option<&Path>, inputs: &Inputs) -> Result<Self> {
        match path {
            None => Ok(Self::Stdout),
            Some(path) if is_dash(path) || is_stdout(path) => Ok(Self::Stdout),
            Some(path) => {
                if inputs.contain(path) {
                    bail!("{}: it is an input too, and would be lost; choose another output", Shown(path));
                }
                if path.is_dir() {
                    bail!("{}: it is a directory; give a file name", Shown(path));
                }
                check_directory(path)?;
                Ok(Self::File(path.to_owned()))
            }
        }
    }

    /// Writes all of it.
    pub fn write(&self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Stdout => {
                let mut stdout = stdout()?;
                stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(stdout_failed)
            }
            Self::File(path) => replace(path, bytes, New::Public),
        }
    }
}

/// Refuses to write over a TACK key, which nothing but `genkey --force` and `passwd` may do; and over what cannot be looked
/// into, as it may be one.
pub fn refuse_key_file(path: &Path) -> Result<()> {
    if is_special(path) {
        return Ok(());
    }
    let mut start = Vec::new();
    match File::open(path).and_then(|file| file.take(SMALL).read_to_end(&mut start)) {
        Ok(_) if contains(&start, KEY_BEGIN) => {
            bail!("{}: it holds a TACK key, which would be lost; choose another output", Shown(path))
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => bail!(
            "{}: it may hold a key, and cannot be looked into: {}; choose another output, or another user",
            Shown(path),
            plain(&error)
        ),
    }
}

/// Whether a path names the very file that standard output goes to, such as /dev/stdout: what is there already, before
/// the place where standard output is, must stay.
pub fn is_stdout(path: &Path) -> bool {
    let stdout = io::stdout().as_fd().try_clone_to_owned().and_then(|stdout| File::from(stdout).metadata());
    match (fs::metadata(path), stdout) {
        (Ok(file), Ok(stdout)) => FileId::of(&file) == FileId::of(&stdout),
        _ => false,
    }
}

/// Refuses a file name in a directory that is not there, before anything is asked or computed for it.
pub fn check_directory(path: &Path) -> Result<()> {
    match fs::metadata(directory(path)) {
        Ok(parent) if !parent.is_dir() => Err(cannot_write(path, &io::ErrorKind::NotADirectory.into())),
        Ok(_) => Ok(()),
        Err(error) => Err(cannot_write(path, &error)),
    }
}

/// Standard output, if it is open.
pub fn stdout() -> Result<io::StdoutLock<'static>> {
    if STDOUT_IS_CLOSED.load(Ordering::Relaxed) {
        bail!("standard output: it is closed; give a file with -o, or redirect it");
    }
    Ok(io::stdout().lock())
}

/// Whether standard output is a terminal with colours, whose user has not asked for none: <https://no-color.org>.
pub fn is_coloured() -> bool {
    let is_unset = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    io::stdout().is_terminal() && is_unset && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// The error for a write to standard output that failed.
pub fn stdout_failed(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return ClosedPipe.into();
    }
    anyhow!("standard output: cannot be written: {}", plain(&error))
}

/// Whoever read standard output reads no more. It is not worth a message.
#[derive(Debug, thiserror::Error)]
#[error("closed pipe")]
pub struct ClosedPipe;

/// What an output is if it was not there before. One that was keeps its mode and owner, in [`replace`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum New {
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

/// Puts `bytes` into a file as a whole: into a temporary file beside it, which then takes its place. What was there
/// survives any failure. A device or a pipe is written to as it is.
pub fn replace(path: &Path, bytes: &[u8], new: New) -> Result<()> {
    let failed = |error: io::Error| cannot_write(path, &error);
    let existing = match fs::metadata(path) {
        Ok(existing) => existing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A symbolic link to nothing yet: it ends somewhere, or the error were another.
            if let Ok(target) = fs::read_link(path) {
                return replace(&directory(path).join(target), bytes, new);
            }
            return write_temporary(path, bytes, new, Sync::Now)
                .and_then(|temporary| rename(temporary, path, Sync::Now))
                .map_err(failed);
        }
        Err(error) => return Err(failed(error)),
    };
    if existing.is_dir() {
        bail!("{}: it is a directory; give a file name", Shown(path));
    }
    if !existing.is_file() {
        return File::options().write(true).open(path).and_then(|mut file| file.write_all(bytes)).map_err(failed);
    }
    // A symbolic link stays one: the file that it names is replaced.
    let target = fs::canonicalize(path).map_err(failed)?;
    let temporary = write_temporary(&target, bytes, New::Secret, Sync::Later).map_err(failed)?;
    let file = temporary.as_file();
    let owner = file.metadata().map_err(failed)?;
    if (owner.uid(), owner.gid()) != (existing.uid(), existing.gid()) {
        fchown(file, Some(existing.uid()), Some(existing.gid())).map_err(|error| {
            let (uid, gid) = (existing.uid(), existing.gid());
            anyhow!(
                "{}: its owner, {uid}:{gid}, cannot be kept: {}; run as that owner or as root",
                Shown(path),
                plain(&error)
            )
        })?;
    }
    file.set_permissions(existing.permissions()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    rename(temporary, &target, Sync::Now).map_err(failed)
}

/// As [`replace`], for one of many files: with the fewest steps, and on the disk when [`sync_file_system`] has been called.
/// What had the name gives way with its mode and owner, and so does a symbolic link: the file that it names may be
/// anybody's.
pub fn replace_name(path: &Path, bytes: &[u8]) -> Result<()> {
    write_temporary(path, bytes, New::Public, Sync::Later)
        .and_then(|temporary| rename(temporary, path, Sync::Later))
        .map_err(|error| cannot_write(path, &error))
}

/// Makes a file for its owner's eyes, as a whole: in the place of another one only with `force`, and then without that
/// one's mode and owner.
pub fn create_secret(path: &Path, bytes: &[u8], force: bool) -> Result<()> {
    if is_special(path) {
        return replace(path, bytes, New::Secret);
    }
    let target = if force { fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()) } else { path.to_owned() };
    let failed = |error: io::Error| cannot_write(path, &error);
    let temporary = write_temporary(&target, bytes, New::Secret, Sync::Now).map_err(failed)?;
    if force {
        return rename(temporary, &target, Sync::Now).map_err(failed);
    }
    match temporary.persist_noclobber(path) {
        Ok(_) => {
            sync_directory(path);
            Ok(())
        }
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
        Err(error) => Err(failed(error.error)),
    }
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

/// Brings what [`replace_name`] wrote beside `path`, and that itself, to the disk. Where it cannot be opened for that, the
/// system does it in its own time.
pub fn sync_file_system(path: &Path) -> io::Result<()> {
    match File::open(path) {
        Ok(file) => Ok(rustix::fs::syncfs(file)?),
        Err(_) => Ok(()),
    }
}

/// Locks the directory of a file until what is returned is dropped, so that of two runs of ours the second sees what the
/// first did. Whoever can read the directory can hold the lock, and not every file system has locks: so after some
/// seconds the work is done without, for the replacing is safe by itself. Nothing is left behind.
pub fn lock_beside(path: &Path) -> Option<File> {
    let target = fs::canonicalize(path);
    let directory = File::open(directory(target.as_deref().unwrap_or(path))).ok()?;
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        match directory.try_lock() {
            Ok(()) => return Some(directory),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(LOCK_PAUSE),
            Err(_) => return None,
        }
    }
}

/// Whether a path is the "-" that stands for standard input or output.
pub fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn write_temporary(path: &Path, bytes: &[u8], new: New, sync: Sync) -> io::Result<tempfile::NamedTempFile> {
    let mode = if new == New::Public { PUBLIC } else { SECRET };
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY_PREFIX).permissions(Permissions::from_mode(mode));
    let mut temporary = builder.tempfile_in(directory(path))?;
    temporary.write_all(bytes)?;
    if sync == Sync::Now {
        temporary.as_file().sync_all()?;
    }
    Ok(temporary)
}

fn rename(temporary: tempfile::NamedTempFile, path: &Path, sync: Sync) -> io::Result<()> {
    temporary.persist(path).map_err(|error| error.error)?;
    if sync == Sync::Now {
        sync_directory(path);
    }
    Ok(())
}

/// So that the new name is on the disk. Not every file system can, and nothing is lost then but time.
fn sync_directory(path: &Path) {
    let _ = File::open(directory(path)).and_then(|directory| directory.sync_all());
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
    // The message of a temporary file names that file, which nobody knows: its kind says enough.
    let words = error.get_ref().and_then(|inner| inner.source()).map_or_else(
        || plain(error),
        |source| source.downcast_ref::<io::Error>().map_or_else(|| source.to_string(), plain),
    );
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

/// Whether bytes hold these within them.
pub fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}
