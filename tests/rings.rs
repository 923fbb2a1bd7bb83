//! `tack ticket key`: rings as files, whoever else is at them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use common::{ok, run, run_with, tack, temp_dir};
use tack_ticket::KeyRing;

/// Runs that rotate at the same time.
const RUNS: usize = 24;

/// `tack ticket key` with these arguments, for the ring in `RING` of a directory.
fn key(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = tack();
    command.current_dir(directory).args(["ticket", "key"]).args(arguments).args(["--ring", "RING"]);
    command
}

fn ids(directory: &Path) -> BTreeSet<String> {
    let ring = KeyRing::from_json(&fs::read(directory.join("RING")).unwrap()).ok().unwrap();
    ring.keys().iter().map(|key| key.key().id().to_string()).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn of_many_that_rotate_at_once_none_loses_the_key_of_another() {
    let directory = temp_dir();
    ok(&mut key(directory.path(), &["new"]));
    let mut expected = ids(directory.path());
    let runs: Vec<_> = (0..RUNS)
        .map(|_| {
            let mut rotate = key(directory.path(), &["rotate", "--after", "0m", "-v"]);
            rotate.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        expected.insert(said.split(' ').nth(2).unwrap().to_owned());
    }
    assert_eq!(expected.len(), 1 + RUNS);
    assert_eq!(ids(directory.path()), expected);
}

#[test]
fn of_many_that_make_a_ring_at_once_one_does() {
    let directory = temp_dir();
    let runs: Vec<_> =
        (0..RUNS).map(|_| key(directory.path(), &["new", "-v"]).stderr(Stdio::piped()).spawn().unwrap()).collect();
    let said: Vec<_> = runs
        .into_iter()
        .map(|run| run.wait_with_output().unwrap())
        .filter(|output| output.status.success())
        .map(|output| String::from_utf8(output.stderr).unwrap().split(' ').nth(2).unwrap().to_owned())
        .collect();
    assert_eq!(said.len(), 1);
    assert_eq!(ids(directory.path()), said.into_iter().collect());
}

#[test]
fn a_ring_keeps_its_mode_and_a_link_to_it_stays() {
    let directory = temp_dir();
    let path = directory.path().join("RING");
    ok(&mut key(directory.path(), &["new"]));
    assert_eq!(mode(&path), 0o600);
    for (given, warning) in [(0o600, ""), (0o640, "0640"), (0o604, "0604")] {
        fs::set_permissions(&path, Permissions::from_mode(given)).unwrap();
        for arguments in [&["rotate", "--after", "0m"][..], &["retire"], &["list", "--json"]] {
            let words = format!("tack: RING: warning: other users can read it (mode {warning}); \"chmod 600\" it\n");
            let expected = if warning.is_empty() { String::new() } else { words };
            assert_eq!(ok(&mut key(directory.path(), arguments)).stderr, expected);
        }
        assert_eq!(mode(&path), given);
    }
    fs::rename(&path, directory.path().join("REAL")).unwrap();
    symlink("REAL", &path).unwrap();
    ok(&mut key(directory.path(), &["rotate", "--after", "0m"]));
    assert!(path.is_symlink());
    assert_eq!(ids(directory.path()).len(), 5);
}

#[test]
fn what_has_nothing_to_do_leaves_the_file_as_it_is() {
    let directory = temp_dir();
    ok(&mut key(directory.path(), &["new"]));
    let state = || {
        let metadata = fs::metadata(directory.path().join("RING")).unwrap();
        (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
    };
    let before = state();
    let ran = ok(&mut key(directory.path(), &["retire"]));
    assert_eq!((ran.text(), ran.stderr.as_str()), ("", ""));
    ok(&mut key(directory.path(), &["list"]));
    assert_eq!(state(), before);
}

#[test]
fn a_link_that_leads_nowhere_is_there_already() {
    let directory = temp_dir();
    symlink("NOWHERE", directory.path().join("RING")).unwrap();
    let ran = run(&mut key(directory.path(), &["new"]));
    assert_eq!(ran.status, Some(1));
    assert_eq!(ran.stderr, "tack: RING: it exists already; choose another name\n");
    assert!(!directory.path().join("NOWHERE").exists());
}

#[test]
fn a_file_that_is_too_large_is_refused_unread() {
    let directory = temp_dir();
    let path = directory.path().join("RING");
    File::create(&path).unwrap().set_len(2 << 20).unwrap();
    for arguments in [&["list"][..], &["rotate"], &["retire"]] {
        let ran = run(&mut key(directory.path(), arguments));
        let expected = "tack: RING: it is larger than 1 MiB, too large for what it should hold; give the right file\n";
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(1), expected));
    }
    assert_eq!(fs::metadata(&path).unwrap().len(), 2 << 20);
}

#[test]
fn a_pipe_is_listed_and_not_changed() {
    let directory = temp_dir();
    let ring = fs::read("tests/cli/fixtures/RING.json").unwrap();
    let mut list = tack();
    let ran = run_with(list.args(["ticket", "key", "list", "--ring", "-"]), &ring);
    assert_eq!((ran.status, ran.text().lines().count(), ran.stderr.as_str()), (Some(0), 5, ""));
    ok(Command::new("mkfifo").arg(directory.path().join("RING")));
    for arguments in [&["rotate"][..], &["retire"]] {
        let ran = run(&mut key(directory.path(), arguments));
        let expected = "tack: RING: it is no regular file, which could be replaced; give the ring itself\n";
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(1), expected));
    }
    let ran = run(&mut key(directory.path(), &["new"]));
    assert_eq!(ran.stderr, "tack: RING: it exists already; choose another name\n");
}

#[test]
fn no_key_is_shown() {
    let ring = fs::read_to_string("tests/cli/fixtures/RING.json").unwrap();
    let key = ring.split('"').find(|text| text.ends_with('=')).unwrap();
    for arguments in [&["list"][..], &["list", "--json"]] {
        let mut list = tack();
        let ran = run_with(list.args(["ticket", "key"]).args(arguments).args(["--ring", "-"]), ring.as_bytes());
        assert!(ran.text().contains("0123456789abcdef") && !ran.text().contains(key));
    }
    // Nor where a key is in the wrong place.
    let ran = run_with(
        tack().args(["ticket", "key", "list", "--ring", "-"]),
        ring.replace("0123456789abcdef", key).as_bytes(),
    );
    assert_eq!(ran.status, Some(1));
    assert!(ran.stderr.contains("it is no key ring: line ") && !ran.stderr.contains(key), "{}", ran.stderr);
}

/// After a leak the key that waits is in the same hands.
#[test]
fn who_rotates_at_once_is_told_of_the_key_that_waits() {
    let directory = temp_dir();
    ok(&mut key(directory.path(), &["new"]));
    let old = ids(directory.path());
    let quiet = ok(&mut key(directory.path(), &["rotate"]));
    assert_eq!(quiet.stderr, "");
    let waiting: Vec<_> = ids(directory.path()).difference(&old).cloned().collect();
    let said = ok(&mut key(directory.path(), &["rotate", "--after", "0m"])).stderr;
    let advice = format!("if it leaked too, run \"tack ticket key retire --force {}\"", waiting[0]);
    assert!(
        said.contains(&format!("RING: warning: key {} is used from ", waiting[0])) && said.contains(&advice),
        "{said}"
    );
    ok(&mut key(directory.path(), &["retire", "--force", &waiting[0]]));
    assert!(!ids(directory.path()).contains(&waiting[0]));
}
