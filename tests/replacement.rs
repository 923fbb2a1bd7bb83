//! How a file is replaced: in the directory that was looked at, with all that it has, and never if it is a key.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use common::{PASSWORD, ok, run, tack};
use rustix::fs::{CWD, RenameFlags, XattrFlags, getxattr, renameat, renameat_with, setxattr};
use rustix::io::Errno;
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

/// A site with `old.pem` for an output, a key and another one, and what a batch and a break signature are made of.
fn site() -> TempDir {
    let directory = common::temp_dir();
    for name in ["KEY.pem", "KEY2.pem", "EC.pem", "TACK.pem", "TACKS.pem"] {
        let path = directory.path().join(name);
        fs::copy(fixture(name), &path).unwrap();
        fs::set_permissions(path, Permissions::from_mode(if name.starts_with("KEY") { 0o600 } else { 0o644 })).unwrap();
    }
    directory
}

#[test]
fn a_key_that_appears_at_the_prompt_is_not_written_over() {
    if !common::has("a_key_that_appears_at_the_prompt_is_not_written_over", &["python3"]) {
        return;
    }
    for existing in ["cp TACK.pem OUT.pem", "true"] {
        let site = site();
        let at = |name: &str| site.path().join(name);
        ok(Command::new("sh").args(["-c", existing]).current_dir(&site));
        let mut python = common::python();
        python
            .arg(common::script("pty_run.py"))
            .args(["Enter password", PASSWORD, "--"])
            .arg(env!("CARGO_BIN_EXE_tack"));
        python.args(["break", "-k", "KEY.pem", "-o", "OUT.pem"]).env_remove("TACK_PASSWORD");
        let ran = run(python.env("MEANWHILE", "cp KEY2.pem NEW.pem; mv NEW.pem OUT.pem").current_dir(&site));
        let message = "tack: OUT.pem: it holds a TACK key, which would be lost; choose another output\r\n";
        assert_eq!((ran.status, ran.text().ends_with(message)), (Some(1), true), "{existing}: {}", ran.text());
        assert_eq!(fs::read(at("OUT.pem")).unwrap(), fs::read(at("KEY2.pem")).unwrap());
        assert_eq!(fs::read_dir(&site).unwrap().count(), 6);
    }
}

#[test]
fn a_key_that_appears_during_a_batch_is_not_written_over() {
    let site = site();
    let at = |name: &str| site.path().join(name);
    let mut batch = tack();
    batch.args(["sign", "-k", "KEY.pem", "-p", PASSWORD, "-c", "EC.pem", "-n", "10000@1d", "-e", "2027Z", "-o", "T"]);
    batch.args(["--now", "2026Z"]).current_dir(&site).stderr(Stdio::piped());
    let mut child = batch.spawn().unwrap();
    while !at("T_0000.pem").exists() && child.try_wait().unwrap().is_none() {
        thread::yield_now();
    }
    fs::copy(at("KEY2.pem"), at("NEW.pem")).unwrap();
    fs::rename(at("NEW.pem"), at("T_9999.pem")).unwrap();
    let output = child.wait_with_output().unwrap();
    let message = "tack: T_9999.pem: it holds a TACK key, which would be lost; choose another output; 9999 of 10000 tacks are \
                   written; the same command completes them when that is mended\n";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), message);
    assert_eq!(fs::read(at("T_9999.pem")).unwrap(), fs::read(at("KEY2.pem")).unwrap());
}

/// An access control list as in linux/posix_acl_xattr.h: what the owner, one other user, the group, the mask and others may.
fn acl(user: u16, mask: u16) -> Vec<u8> {
    const ANYBODY: u32 = u32::MAX;
    let entries =
        [(0x01, 6, ANYBODY), (0x02, user, NOBODY), (0x04, 0, ANYBODY), (0x10, mask, ANYBODY), (0x20, 0, ANYBODY)];
    let entries = entries.iter().flat_map(|(tag, may, id): &(u16, u16, u32)| {
        [&tag.to_le_bytes()[..], &may.to_le_bytes(), &id.to_le_bytes()].concat()
    });
    2u32.to_le_bytes().into_iter().chain(entries).collect()
}

fn attribute(path: &Path, name: &str) -> Result<Vec<u8>, Errno> {
    let mut value = vec![0; 1024];
    let length = getxattr(path, name, &mut value[..])?;
    value.truncate(length);
    Ok(value)
}

#[test]
fn access_control_lists_and_attributes_are_kept() {
    const ACL: &str = "system.posix_acl_access";
    let test = "access_control_lists_and_attributes_are_kept";
    let site = site();
    let at = |name: &str| site.path().join(name);
    let passwd = ["passwd", "-p", PASSWORD, "--keep-password", "--iterations", "8192", "-k", "KEY.pem"];
    let deploy = ["--now", "2026-11-25Z", "deploy", "TACKS.pem", "-o", "TACK.pem"];
    for (name, command) in [("KEY.pem", &passwd[..]), ("TACK.pem", &deploy)] {
        // The group may nothing: what its bits of the mode say is the mask of the list.
        let list = acl(4, 4);
        let set = setxattr(at(name), ACL, &list, XattrFlags::empty())
            .and_then(|()| setxattr(at(name), "user.vault", b"7", XattrFlags::empty()));
        if set.is_err() {
            return common::skip(test, "a file system with access control lists");
        }
        let before = fs::metadata(at(name)).unwrap();
        assert_eq!(before.mode() & 0o777, 0o640);
        ok(tack().args(command).current_dir(&site));
        let after = fs::metadata(at(name)).unwrap();
        assert_ne!(after.ino(), before.ino(), "{name}");
        assert_eq!(after.mode(), before.mode(), "{name}");
        assert_eq!(attribute(&at(name), ACL), Ok(list), "{name}");
        assert_eq!(attribute(&at(name), "user.vault"), Ok(b"7".to_vec()), "{name}");
    }

    // Where there is no list the default of the directory gives nobody anything.
    let site = self::site();
    let at = |name: &str| site.path().join(name);
    fs::set_permissions(at("KEY.pem"), Permissions::from_mode(0o640)).unwrap();
    setxattr(site.path(), "system.posix_acl_default", &acl(6, 6), XattrFlags::empty()).unwrap();
    ok(tack().args(passwd).current_dir(&site));
    assert_eq!(fs::metadata(at("KEY.pem")).unwrap().mode() & 0o777, 0o640);
    assert_eq!(attribute(&at("KEY.pem"), ACL), Err(Errno::NODATA));
    // A new key is for its owner alone.
    ok(tack().args(["genkey", "-p", PASSWORD, "--iterations", "8192", "-o", "NEW.pem"]).current_dir(&site));
    assert_eq!(fs::metadata(at("NEW.pem")).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn what_killed_runs_left_is_removed_by_the_next_one() {
    let old = SystemTime::now() - Duration::from_secs(2 * 3600);
    let young = SystemTime::now() - Duration::from_secs(1800);
    let [left, other, fresh, locked] =
        [".tack-0123456789abcdef", ".tack-notes", ".tack-00000000000young", ".tack-fedcba9876543210"];
    let fresh = fresh.replace("young", "00000");
    for command in [
        &["break", "-k", "KEY.pem", "-p", PASSWORD, "-o", "OUT.pem"][..],
        &["break", "-k", "KEY.pem", "-p", PASSWORD, "-o", "TACK.pem"],
        &["genkey", "-p", PASSWORD, "--iterations", "8192", "-o", "NEW.pem"],
        &["passwd", "-p", PASSWORD, "--keep-password", "--iterations", "8192", "-k", "KEY.pem"],
        &["--now", "2026-11-25Z", "deploy", "TACKS.pem", "-o", "OUT.pem"],
        &[
            "--now", "2026Z", "sign", "-k", "KEY.pem", "-p", PASSWORD, "-c", "EC.pem", "-n", "2@1d", "-e", "2027Z",
            "-oT",
        ],
    ] {
        let site = site();
        let at = |name: &str| site.path().join(name);
        let make = |name: &str, modified| {
            let file = File::create(at(name)).unwrap();
            file.set_modified(modified).unwrap();
            file
        };
        make(left, old);
        make(other, old);
        make(&fresh, young);
        let running = make(locked, old);
        running.lock().unwrap();
        ok(tack().args(command).current_dir(&site));
        let is_there = [left, other, &fresh, locked].map(|name| at(name).exists());
        assert_eq!(is_there, [false, true, true, true], "{command:?}");
    }
}

#[test]
fn a_limit_for_the_size_of_files_is_like_a_full_disk() {
    let site = site();
    let shell = |command: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -f 0; \"$TACK\" --now 2026-11-25Z {command}")]).current_dir(&site);
        run(shell.env("TACK", env!("CARGO_BIN_EXE_tack")))
    };
    let words = "cannot be written: file too large; raise the limit for the size of files, ulimit -f";
    let unchanged = "; what was there is unchanged";
    for (command, name, what) in [
        (format!("break -k KEY.pem -p {PASSWORD} -o OUT.pem"), "OUT.pem", ""),
        (format!("genkey -p {PASSWORD} --iterations 8192 -o OUT.pem"), "OUT.pem", ""),
        (format!("passwd -k KEY.pem -p {PASSWORD} --keep-password --iterations 8192"), "KEY.pem", unchanged),
        ("deploy TACKS.pem -o TACK.pem".to_owned(), "TACK.pem", unchanged),
    ] {
        let ran = shell(&command);
        assert_eq!((ran.status, ran.stderr), (Some(1), format!("tack: {name}: {words}{what}\n")), "{command}");
        assert_eq!(fs::read_dir(&site).unwrap().count(), 5, "{command}");
    }
    let ran = shell("view TACK.pem > OUT.pem");
    assert_eq!((ran.status, &*ran.stderr), (Some(1), "tack: standard output: cannot be written: file too large\n"));
}

#[test]
fn a_file_that_is_mounted_by_itself_is_written_in_place_if_wanted() {
    let test = "a_file_that_is_mounted_by_itself_is_written_in_place_if_wanted";
    let site = site();
    let at = |name: &str| site.path().join(name);
    let shell = |command: &str| {
        let mut shell = Command::new("unshare");
        let script = format!("touch K O; mount --bind KEY.pem K && mount --bind TACK.pem O && {command}");
        shell.args(["--map-root-user", "--mount", "--propagation", "private", "sh", "-c", &script]);
        run(shell.current_dir(&site).env("TACK", env!("CARGO_BIN_EXE_tack")))
    };
    if !common::has(test, &["unshare", "mount"]) || shell("true").status != Some(0) {
        return common::skip(test, "the right to mount a file");
    }
    let before = ["KEY.pem", "TACK.pem"].map(|name| state(&at(name)));
    let passwd = format!("\"$TACK\" passwd -k K -p {PASSWORD} --keep-password --iterations 8192");
    let deploy = "\"$TACK\" --now 2026-11-25Z deploy TACKS.pem -o O";
    let words =
        "cannot be written: device or resource busy; if the file is mounted by itself, mount its directory instead";
    let offer = ", or give --in-place, which a crash can leave half written";
    for (command, name, offer) in [
        (&*passwd, "K", offer),
        (deploy, "O", offer),
        (&*format!("\"$TACK\" break -k KEY.pem -p {PASSWORD} -o O"), "O", ""),
        ("\"$TACK\" genkey -p x --iterations 8192 --force -o K", "K", ""),
    ] {
        let ran = shell(command);
        assert_eq!(
            (ran.status, ran.stderr),
            (Some(1), format!("tack: {name}: {words}{offer}; what was there is unchanged\n")),
            "{command}"
        );
    }
    assert_eq!(["KEY.pem", "TACK.pem"].map(|name| state(&at(name))), before);
    for command in [&*passwd, deploy] {
        let ran = shell(&format!("{command} --in-place"));
        assert_eq!((ran.status, &*ran.stderr), (Some(0), ""), "{command}");
    }
    let after = ["KEY.pem", "TACK.pem"].map(|name| state(&at(name)));
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((before.0, before.1, before.2, before.3), (after.0, after.1, after.2, after.3));
        assert_ne!(before.4, after.4);
    }
    ok(tack().args(["break", "-p", PASSWORD, "-o", "/dev/null", "-k", "KEY.pem"]).current_dir(&site));
    let current = ["--now", "2026-11-25Z", "deploy", "--dry-run", "TACKS.pem", "-o", "TACK.pem"];
    assert!(ok(tack().args(current).current_dir(&site)).text().contains("TACK.pem: holds the tack"));
    // Where nothing else can be written, as in a container whose other files are read-only.
    let ro =
        "mkdir -p ro; mount --bind ro ro && touch ro/O && mount --bind TACK.pem ro/O && mount -o remount,bind,ro ro";
    let deploy = "\"$TACK\" --now 2026-11-26Z deploy TACKS.pem -o ro/O";
    let ran = shell(&format!("{ro} && {deploy}"));
    assert!(ran.stderr.starts_with("tack: ro/O: cannot be written: read-only file system"), "{}", ran.stderr);
    let ran = shell(&format!("{ro} && {deploy} --in-place && {deploy} --in-place"));
    assert_eq!((ran.status, &*ran.stderr), (Some(0), ""));
    assert_ne!(state(&at("TACK.pem")).4, after[1].4);
    // There no marker can say that a command failed.
    let deploy = deploy.replace("26Z", "27Z");
    let ran = shell(&format!("{ro} && {deploy} --in-place --run 'echo run; false'"));
    let words = "installed, but the command of --run failed with status 1: echo run; false; run it by hand, for no marker \
                 can be made";
    let expected = format!("tack: ro/O: {words}\n");
    assert_eq!((ran.status, ran.text(), &*ran.stderr), (Some(1), "run\n", &*expected));
    // A file that is no mount point is not written to.
    let ran = shell(
        "mkdir d; cp TACK.pem d; mount --bind d d && mount -o remount,bind,ro d && \"$TACK\" deploy --now \
                     2026-11-28Z TACKS.pem -o d/TACK.pem --in-place",
    );
    assert!(ran.stderr.starts_with("tack: d/TACK.pem: cannot be written: read-only file system"), "{}", ran.stderr);
    // What can be replaced is, whatever may be.
    ok(tack().args(["passwd", "--in-place", "-p", PASSWORD, "--keep-password", "-k", "KEY.pem"]).current_dir(&site));
    assert_ne!(state(&at("KEY.pem")).0, after[0].0);
    let hidden = fs::read_dir(&site)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".tack-"));
    assert_eq!(hidden.count(), 0);
}

#[test]
fn a_descriptor_is_written_to_as_it_is() {
    let site = site();
    let shell = |script: &str| {
        let script = format!("tack() {{ \"$TACK\" --now 2026Z \"$@\"; }}\n{script}");
        run(Command::new("sh").args(["-c", &script]).current_dir(&site).env("TACK", env!("CARGO_BIN_EXE_tack")))
    };
    let break_ = format!("tack break -k KEY.pem -p {PASSWORD} -o");
    for script in [
        format!("{break_} /dev/fd/3 3>&1 >/dev/null | tack view -"),
        format!("{break_} /dev/stdout | tack view -"),
        format!("{break_} /proc/self/fd/1 | tack view -"),
        format!("{break_} /dev/fd/3 3>OUT.pem >/dev/null && tack view OUT.pem"),
        format!("{break_} /dev/null && {break_} /dev/null 1<>/dev/null && {break_} OUT.pem && tack view OUT.pem"),
    ] {
        let ran = shell(&script);
        assert_eq!((ran.status, &*ran.stderr), (Some(0), ""), "{script}");
        assert!(ran.text().starts_with("Breaks TACK ID = "), "{script}: {}", ran.text());
    }
}

#[test]
fn deploy_does_not_replace_standard_output() {
    let site = site();
    fs::write(site.path().join("LOG"), "precious\n").unwrap();
    let log = site.path().join("LOG");
    for output in ["/dev/stdout", "LOG"] {
        let stdout = File::options().append(true).open(&log).unwrap();
        let mut deploy = tack();
        deploy.args(["--now", "2026-11-25Z", "deploy", "TACKS.pem", "-o", output]).current_dir(&site);
        let ran = deploy.stdout(stdout).output().unwrap();
        let message =
            format!("tack: {output}: it is standard output, and what it holds would be lost; give OUTPUT a file\n");
        assert_eq!((ran.status.code(), String::from_utf8(ran.stderr).unwrap()), (Some(1), message));
        assert_eq!(fs::read_to_string(&log).unwrap(), "precious\n");
    }
}
