//! What is on the disk when a command says that it is done: the system calls of replacing a file, in their order, as strace
//! sees them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use common::{PASSWORD, certificate, genkey, has, ok, temp_dir};
use tempfile::TempDir;

const CALLS: &str = "trace=openat,fsync,syncfs,renameat,renameat2,linkat,flock";

/// A directory with a key, a certificate and a tack.
fn site() -> TempDir {
    let directory = temp_dir();
    genkey(directory.path(), "KEY.pem");
    certificate(directory.path(), "www", "ec:P-256", 30);
    ok(tack(directory.path(), &format!("sign -p {PASSWORD} -k KEY.pem -c www.pem -e 2036Z -o TACK.pem")));
    directory
}

fn tack<'a>(directory: &Path, arguments: &'a str) -> &'a mut Command {
    let mut command = common::tack();
    command.current_dir(directory).args(arguments.split(' '));
    Box::leak(Box::new(command))
}

/// The calls of a command that end well, one a line, without the number of the process. The umask is open.
fn trace(directory: &Path, arguments: &str) -> Vec<String> {
    let log = directory.join("TRACE");
    let script =
        format!("umask 0; exec strace -f -e {CALLS} -o {} {} {arguments}", log.display(), env!("CARGO_BIN_EXE_tack"));
    ok(Command::new("sh").current_dir(directory).args(["-c", &script]));
    let text = fs::read_to_string(log).unwrap();
    let calls = text.lines().filter_map(|line| line.split_once(' ')).map(|(_, call)| call.trim_start().to_owned());
    // A thread that ends with the process is gone before strace knows what it was about to call: a call without a name, which is not made.
    calls.filter(|call| !call.contains(" = -1 ") && !call.starts_with("???")).collect()
}

/// Where the first call is that begins so, and holds that, from a place on.
fn find(calls: &[String], from: usize, begin: &str, within: &str) -> usize {
    let found = calls.iter().skip(from).position(|call| call.starts_with(begin) && call.contains(within));
    from + found.unwrap_or_else(|| panic!("no {begin} with {within} after call {from} of {calls:#?}"))
}

/// The number of the file that a call opened.
fn descriptor(call: &str) -> &str {
    call.rsplit(" = ").next().unwrap()
}

/// Checks that a file is made in a temporary one that is on the disk before it gets the name, which is then on the disk.
fn is_durable(calls: &[String], name: &str) {
    let opened = find(calls, 0, "openat(", "\".tack-");
    let synced = find(calls, opened, &format!("fsync({})", descriptor(&calls[opened])), "");
    let renamed = find(calls, synced, "renameat", &format!("\"{name}\""));
    let directory = find(calls, renamed, "openat(", "O_DIRECTORY");
    find(calls, directory, &format!("fsync({})", descriptor(&calls[directory])), "");
}

#[test]
fn a_new_key_file_is_its_owners_and_on_the_disk() {
    if !has("a_new_key_file_is_its_owners_and_on_the_disk", &["strace"]) {
        return;
    }
    let directory = temp_dir();
    for (arguments, name) in [
        (format!("genkey -p {PASSWORD} --iterations 8192 -o NEW.pem"), "NEW.pem"),
        ("ticket key new --ring RING.json".to_owned(), "RING.json"),
    ] {
        let calls = trace(directory.path(), &arguments);
        is_durable(&calls, name);
        // Nobody else can have opened it before it was whole.
        find(&calls, 0, "openat(", "O_EXCL|O_LARGEFILE|O_NOFOLLOW|O_CLOEXEC, 0600)");
        assert_eq!(fs::metadata(directory.path().join(name)).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_replaced_file_is_on_the_disk() {
    if !has("a_replaced_file_is_on_the_disk", &["strace"]) {
        return;
    }
    let site = site();
    let sign = format!("sign -p {PASSWORD} -k KEY.pem -c www.pem -o");
    for (arguments, name) in [
        (format!("{sign} NEW.pem"), "NEW.pem"),
        (format!("{sign} NEW.pem -e 2037Z"), "NEW.pem"),
        (format!("passwd -p {PASSWORD} -k KEY.pem --keep-password --iterations 8192"), "KEY.pem"),
        ("deploy -o OUTPUT.pem TACK.pem".to_owned(), "OUTPUT.pem"),
        ("deploy -o OUTPUT.pem NEW.pem".to_owned(), "OUTPUT.pem"),
        ("ticket key new --ring RING.json".to_owned(), "RING.json"),
        ("ticket key rotate --ring RING.json".to_owned(), "RING.json"),
    ] {
        is_durable(&trace(site.path(), &arguments), name);
    }
}

#[test]
fn a_batch_is_on_the_disk_when_it_is_done() {
    if !has("a_batch_is_on_the_disk_when_it_is_done", &["strace"]) {
        return;
    }
    let site = site();
    let sign = format!("sign -p {PASSWORD} -k KEY.pem -c www.pem -n 3@1d -e 2036Z -o T");
    let calls = trace(site.path(), &sign);
    let last = find(&calls, 0, "renameat", "\"T_0002.pem\"");
    find(&calls, last, "syncfs(", "= 0");
}

/// A million files are made so: of each step there is one.
#[test]
fn a_file_of_a_batch_takes_the_fewest_steps() {
    if !has("a_file_of_a_batch_takes_the_fewest_steps", &["strace"]) {
        return;
    }
    let site = site();
    let sign = format!("sign -p {PASSWORD} -k KEY.pem -c www.pem -n 3@1d -e 2036Z -o T");
    let calls = trace(site.path(), &sign);
    let begin = find(&calls, 0, "openat(", "\".tack-");
    let name = |call: &String| call.split('(').next().unwrap().to_owned();
    let steps: Vec<_> = calls.iter().skip(begin).map(name).filter(|name| !name.starts_with('+')).collect();
    let mut expected = ["openat", "flock", "renameat2"].repeat(3);
    expected.extend(["openat", "syncfs"]);
    assert_eq!(steps, expected);
}

#[test]
fn who_replaces_what_it_compared_locks_it_first() {
    if !has("who_replaces_what_it_compared_locks_it_first", &["strace"]) {
        return;
    }
    let site = site();
    ok(tack(site.path(), "ticket key new --ring RING.json"));
    for (arguments, name) in [
        (format!("passwd -p {PASSWORD} -k KEY.pem --keep-password --iterations 8192"), "KEY.pem"),
        ("deploy -o OUTPUT.pem TACK.pem".to_owned(), "OUTPUT.pem"),
        ("ticket key rotate --ring RING.json".to_owned(), "RING.json"),
    ] {
        let calls = trace(site.path(), &arguments);
        // The temporary file has a lock too, but later.
        let made = find(&calls, 0, "openat(", "\".tack-");
        let locked = find(&calls, 0, "flock(", "LOCK_EX");
        assert!(locked < made, "{calls:#?}");
        find(&calls, made, "renameat", &format!("\"{name}\""));
    }
}

#[test]
fn a_pending_command_is_on_the_disk_before_the_output_changes() {
    if !has("a_pending_command_is_on_the_disk_before_the_output_changes", &["strace"]) {
        return;
    }
    let site = site();
    let marker = ".deploy-pending.OUTPUT.pem";
    let calls = trace(site.path(), "deploy -o OUTPUT.pem --run true TACK.pem");
    is_durable(&calls, marker);
    let marked = find(&calls, 0, "renameat", &format!("\"{marker}\""));
    let directory = find(&calls, marked, "openat(", "O_DIRECTORY");
    let synced = find(&calls, directory, &format!("fsync({})", descriptor(&calls[directory])), "");
    find(&calls, synced, "renameat", "\"OUTPUT.pem\"");
}
