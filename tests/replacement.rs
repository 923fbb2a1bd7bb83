//! How a file is replaced: in the directory that was looked at, whatever others do to the way there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::{PASSWORD, run, tack};
use rustix::fs::{CWD, RenameFlags, renameat, renameat_with};
use tempfile::TempDir;

const NOBODY: u32 = 65534;
/// Runs against which a directory is swapped. Of the same number before a directory stayed open, half wrote through a link.
const RACES: usize = 100;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/fixtures").join(name)
}

/// A directory that anybody may enter.
fn open_dir() -> TempDir {
    let directory = common::temp_dir();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    directory
}

/// What must not change of a file that is none of the attacker's.
fn state(path: &Path) -> (u64, u32, u32, u32, String) {
    let metadata = fs::symlink_metadata(path).unwrap();
    (metadata.ino(), metadata.uid(), metadata.gid(), metadata.mode(), fs::read_to_string(path).unwrap())
}

/// The race that gave files away: a user who owns the directory of OUTPUT swaps it for a link to a directory of root's.
#[test]
fn a_directory_that_becomes_a_link_gives_no_file_away() {
    let test = "a_directory_that_becomes_a_link_gives_no_file_away";
    let directory = open_dir();
    if chown(directory.path(), Some(NOBODY), Some(NOBODY)).is_err() {
        return common::skip(test, "the right to give a directory to another user");
    }
    let [real, link, victims] = ["real", "link", "victims"].map(|name| directory.path().join(name));
    fs::create_dir(&real).unwrap();
    fs::create_dir(&victims).unwrap();
    symlink(&victims, &link).unwrap();
    chown(&real, Some(NOBODY), Some(NOBODY)).unwrap();
    lchown(&link, Some(NOBODY), Some(NOBODY)).unwrap();
    let opened = File::open(&real).unwrap();
    let victim = victims.join("tack.pem");
    fs::copy(fixture("TACK.pem"), &victim).unwrap();
    fs::set_permissions(&victim, Permissions::from_mode(0o600)).unwrap();
    let before = state(&victim);

    let is_over = AtomicBool::new(false);
    let after = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                renameat_with(CWD, &real, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            }
        });
        let commands = [["deploy", "TACKS.pem"], ["pack", "-tTACK.pem"]];
        let after = commands.iter().cycle().take(RACES).map(|command| {
            // Each time there is a file of the attacker's, whose owner and mode must not become another file's.
            let mine = directory.path().join("mine");
            fs::copy(fixture("TACK.pem"), &mine).unwrap();
            fs::set_permissions(&mine, Permissions::from_mode(0o666)).unwrap();
            chown(&mine, Some(NOBODY), Some(NOBODY)).unwrap();
            renameat(CWD, &mine, &opened, "tack.pem").unwrap();
            let mut command_line = tack();
            command_line.args(["--now", "2026-11-25Z"]).args(command).arg("-o").arg(real.join("tack.pem"));
            run(command_line.current_dir(fixture("")));
            state(&victim)
        });
        let after = after.enumerate().find(|(_, after)| *after != before);
        is_over.store(true, Ordering::Relaxed);
        after
    });
    assert_eq!(after, None, "{before:?}");
}

#[test]
fn a_link_where_others_write_is_not_followed() {
    let directory = common::temp_dir();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("shared")).unwrap();
    fs::create_dir(at("mine")).unwrap();
    fs::write(at("mine/file"), "mine").unwrap();
    common::genkey(&at("mine"), "KEY.pem");
    symlink("../mine", at("shared/directory")).unwrap();
    symlink("../mine/file", at("shared/file")).unwrap();
    symlink("../mine/KEY.pem", at("shared/KEY.pem")).unwrap();
    fs::set_permissions(at("shared"), Permissions::from_mode(0o777)).unwrap();
    let key = state(&at("mine/KEY.pem"));
    let break_ = ["break", "-p", PASSWORD, "-k", "mine/KEY.pem", "-o"];
    let tack_ = fixture("TACK.pem");
    let pack = ["pack", "-t", tack_.to_str().unwrap(), "-o"];
    let batch = fixture("TACKS.pem");
    let deploy = ["--now", "2026-11-25Z", "deploy", batch.to_str().unwrap(), "-o"];
    let genkey = ["genkey", "-p", PASSWORD, "--iterations", "8192", "-o"];
    let force = ["genkey", "-p", PASSWORD, "--iterations", "8192", "--force", "-o"];
    let passwd = ["passwd", "-p", PASSWORD, "--keep-password", "--iterations", "8192", "-k"];
    for (command, path, link) in [
        (&break_[..], "shared/file", "shared/file"),
        (&break_, "shared/directory/file", "shared/directory"),
        (&break_, "shared/directory/new", "shared/directory"),
        (&pack, "shared/file", "shared/file"),
        (&deploy, "shared/file", "shared/file"),
        (&deploy, "shared/directory/new", "shared/directory"),
        (&genkey, "shared/directory/new", "shared/directory"),
        (&force, "shared/KEY.pem", "shared/KEY.pem"),
        (&passwd, "shared/KEY.pem", "shared/KEY.pem"),
        (&passwd, "shared/directory/KEY.pem", "shared/directory"),
    ] {
        let ran = run(tack().args(command).arg(path).current_dir(&directory));
        let words = format!("other users can change the symbolic link {link}; give the name of the file itself");
        let message = format!("tack: {path}: cannot be written: {words}");
        assert!(ran.stderr.starts_with(&message), "{command:?} {path}: {}", ran.stderr);
        assert_eq!(ran.status, Some(1), "{command:?} {path}");
    }
    assert_eq!(fs::read(at("mine/file")).unwrap(), b"mine");
    assert_eq!(state(&at("mine/KEY.pem")), key);
    assert_eq!(fs::read_dir(at("mine")).unwrap().count(), 2);

    // A link of one's own in a directory like /tmp is followed, and stays.
    fs::set_permissions(at("shared"), Permissions::from_mode(0o1777)).unwrap();
    common::ok(tack().args(passwd).arg("shared/KEY.pem").current_dir(&directory));
    common::ok(tack().args(break_).arg("shared/directory/new").current_dir(&directory));
    assert_ne!(state(&at("mine/KEY.pem")), key);
    assert!(at("mine/new").is_file() && at("shared/KEY.pem").is_symlink());
}

#[test]
fn nobody_leads_root_elsewhere_by_a_link() {
    let test = "nobody_leads_root_elsewhere_by_a_link";
    let directory = open_dir();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("theirs")).unwrap();
    if chown(at("theirs"), Some(NOBODY), Some(NOBODY)).is_err() {
        return common::skip(test, "the right to give a directory to another user");
    }
    fs::write(at("victim"), "root's").unwrap();
    let break_ = |output: &str| {
        let mut command = tack();
        command.args(["break", "-p", PASSWORD, "-o", output, "-k"]).arg(fixture("KEY.pem"));
        run(command.current_dir(&directory))
    };
    // Whoever owns the directory may have moved root's own link there.
    for owner in [NOBODY, 0] {
        let link = at("theirs").join(owner.to_string());
        symlink("../victim", &link).unwrap();
        lchown(&link, Some(owner), Some(owner)).unwrap();
        let ran = break_(&format!("theirs/{owner}"));
        assert!(ran.stderr.contains("other users can change the symbolic link"), "{}", ran.stderr);
    }
    assert_eq!(fs::read(at("victim")).unwrap(), b"root's");
    // A file there is replaced, with its owner.
    fs::write(at("theirs/file"), "").unwrap();
    chown(at("theirs/file"), Some(NOBODY), Some(NOBODY)).unwrap();
    assert_eq!(break_("theirs/file").stderr, "");
    assert_eq!(fs::metadata(at("theirs/file")).unwrap().uid(), NOBODY);
}
