//! Kills and full disks: what is there is whole, what was there survives, and the same command again completes the work.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::collections::HashMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{PASSWORD, certificate, genkey, ok, run, tack};
use rustix::process::{Pid, Signal};
use tack_core::{Expiration, KeyFile, Span, Tack, Timestamp};
use tack_ticket::KeyRing;
use tempfile::TempDir;

const NOW: &str = "2026-11-20T17:31:15Z";
const FIRST: &str = "2027-01-02Z";
const NUMBER: u64 = 10_000;
const KILLS: u64 = 50;
/// More runs than it should ever take to hit a run so many times.
const MOST_RUNS: u64 = 500;
/// Signals of each kind.
const ROUNDS: usize = 10;
const NEW_PASSWORD: &str = "a new one";

/// A directory in memory if there is such a place: a batch is killed between system calls, whatever the file system is.
fn quick_dir() -> TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| common::temp_dir())
}

/// `tack sign` of the batch into `T_0000.pem` and so on of the current directory, with key and certificate from `inputs`.
fn batch(inputs: &Path) -> Command {
    let mut command = tack();
    command.args(["--now", NOW, "sign", "-p", PASSWORD, "-n", &format!("{NUMBER}@1d"), "-e", FIRST, "-o", "T", "-k"]);
    command.arg(inputs.join("key.pem")).arg("-c").arg(inputs.join("www.pem"));
    // Whatever the machine has: several threads, of which only one writes at a time.
    command.env("RAYON_NUM_THREADS", "4");
    command
}

fn inputs() -> TempDir {
    let inputs = quick_dir();
    genkey(inputs.path(), "key.pem");
    certificate(inputs.path(), "www", "ec:P-256", 30);
    inputs
}

/// What is in a directory of the batch.
struct Found {
    tacks: u64,
    hidden: usize,
}

/// The files that were found to hold one tack whose signature holds. The same file is not looked into twice.
#[derive(Default)]
struct Verified(HashMap<Vec<u8>, Tack>);

impl Verified {
    /// Asserts that every visible file is whole, verifies, and expires when its number says.
    fn look(&mut self, directory: &Path) -> Found {
        let first = FIRST.parse::<Expiration>().unwrap().resolve(Timestamp::new(0)).unwrap();
        let mut found = Found { tacks: 0, hidden: 0 };
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if name.starts_with(".tack-") {
                found.hidden += 1;
                continue;
            }
            let number: u64 = name.strip_prefix("T_").unwrap().strip_suffix(".pem").unwrap().parse().unwrap();
            let bytes = fs::read(entry.path()).unwrap();
            let tack = self.0.entry(bytes).or_insert_with_key(|bytes| {
                let tack = Tack::from_pem(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
                tack.verify().unwrap();
                tack
            });
            assert_eq!(tack.expiration(), first.checked_add(Span::DAY.checked_mul(number).unwrap()).unwrap(), "{name}");
            found.tacks += 1;
        }
        found
    }
}

/// Waits until it is so or the process has ended.
fn wait_until(child: &mut Child, is_so: impl Fn() -> bool) {
    while !is_so() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
}

/// Sends SIGKILL, and says whether that was what ended the process.
fn kill(mut child: Child) -> bool {
    child.kill().unwrap();
    child.wait().unwrap().signal() == Some(9)
}

#[test]
fn a_killed_batch_leaves_whole_files_and_is_completed_by_the_same_command() {
    let inputs = inputs();
    let mut verified = Verified::default();
    let (mut kills, mut runs) = (0, 0);
    while kills < KILLS {
        runs += 1;
        assert!(runs < MOST_RUNS, "the batch ends before it can be killed");
        let directory = quick_dir();
        let mut child = batch(inputs.path()).current_dir(directory.path()).spawn().unwrap();
        let file = directory.path().join(format!("T_{:04}.pem", kills * (NUMBER / KILLS)));
        wait_until(&mut child, || file.exists());
        if !kill(child) {
            continue;
        }
        let left = verified.look(directory.path());
        if left.tacks == NUMBER && left.hidden == 0 {
            continue; // It was about to end by itself.
        }
        kills += 1;
        assert!(left.hidden <= 1, "{} temporary files", left.hidden);
        if kills % 10 == 0 {
            ok(batch(inputs.path()).current_dir(directory.path()));
            let after = verified.look(directory.path());
            assert_eq!((after.tacks, after.hidden), (NUMBER, left.hidden));
        }
    }
}

/// A signal that ends a program lets it put right what it has begun.
#[test]
fn a_signal_leaves_no_temporary_file() {
    let inputs = inputs();
    let mut verified = Verified::default();
    for (signal, name) in [(Signal::TERM, "TERM"), (Signal::HUP, "HUP"), (Signal::INT, "INT")].repeat(ROUNDS) {
        // Whatever the tests themselves were started to ignore, as in the background.
        let mut command = Command::new("env");
        command.arg(format!("--default-signal={name}")).arg(env!("CARGO_BIN_EXE_tack"));
        command.args(batch(inputs.path()).get_args()).env("RAYON_NUM_THREADS", "4");
        let directory = quick_dir();
        let mut child = command.current_dir(directory.path()).spawn().unwrap();
        wait_until(&mut child, || directory.path().join("T_0100.pem").exists());
        rustix::process::kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(signal.as_raw()), "{name}");
        let left = verified.look(directory.path());
        assert!(left.tacks < NUMBER && left.hidden == 0, "{name}: {} and {}", left.tacks, left.hidden);
    }
}

/// Runs a script on a file system of 1 MiB, which is its current directory and goes with it: `mount`, before it, needs a
/// name space of its own. Without one the test is skipped.
fn on_small_disk(test: &str, script: &str, arguments: &[&Path]) -> Option<common::Ran> {
    let mount_point = quick_dir();
    let shell = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "--propagation", "private", "sh", "-ec"]);
        command.arg(format!("mount -t tmpfs -o size=1m tack \"$0\"\ncd \"$0\"\n{script}")).arg(mount_point.path());
        command.args(arguments).env("TACK_PASSWORD", PASSWORD).env("TACK", env!("CARGO_BIN_EXE_tack"));
        command
    };
    if common::program("unshare").is_none() || run(&mut shell("")).status != Some(0) {
        common::skip(test, "the right to mount a tmpfs");
        return None;
    }
    Some(run(&mut shell(script)))
}

#[test]
fn a_batch_on_a_full_disk_says_how_much_is_written_and_is_completed_by_the_same_command() {
    let (inputs, outputs) = (inputs(), quick_dir());
    let script = format!(
        "sign() {{ \"$TACK\" --now {NOW} sign -k \"$1/key.pem\" -c \"$1/www.pem\" -n {NUMBER}@1d -e {FIRST} -o T; }}
        if sign \"$1\"; then exit 3; else test $? = 1; fi
        mkdir \"$2/full\" \"$2/larger\"
        cp -a . \"$2/full\"
        mount -o remount,size=100m tack .
        sign \"$1\"
        cp -a . \"$2/larger\""
    );
    let test = "a_batch_on_a_full_disk_says_how_much_is_written_and_is_completed_by_the_same_command";
    let Some(ran) = on_small_disk(test, &script, &[inputs.path(), outputs.path()]) else { return };
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let mut verified = Verified::default();
    let full = verified.look(&outputs.path().join("full"));
    assert!((1..=256).contains(&full.tacks) && full.hidden == 0, "{} and {}", full.tacks, full.hidden);
    let words =
        format!("{} of {NUMBER} tacks are written; the same command completes them when that is mended\n", full.tacks);
    assert!(ran.stderr.ends_with(&words), "{words}: {}", ran.stderr);
    assert!(ran.stderr.contains("no space left on device"), "{}", ran.stderr);
    let larger = verified.look(&outputs.path().join("larger"));
    assert_eq!((larger.tacks, larger.hidden), (NUMBER, 0));
}

#[test]
fn a_batch_in_an_unwritable_directory_says_so() {
    let inputs = inputs();
    let ran = run(batch(inputs.path()).current_dir("/proc"));
    assert_eq!(ran.status, Some(1));
    assert!(ran.stderr.contains(&format!("; 0 of {NUMBER} tacks are written")), "{}", ran.stderr);
}

#[test]
fn whatever_is_replaced_survives_a_full_disk() {
    let (inputs, outputs) = (inputs(), quick_dir());
    fs::copy("tests/cli/fixtures/TICKETS.json", inputs.path().join("tickets.json")).unwrap();
    let script = format!(
        "cp \"$1/key.pem\" key.pem
        \"$TACK\" --now {NOW} sign -k key.pem -c \"$1/www.pem\" -e 30d -o tack.pem
        cp tack.pem installed.pem
        \"$TACK\" ticket key new --ring ring.json
        \"$TACK\" ticket import --tickets \"$1/tickets.db\" \"$1/tickets.json\"
        printf '{NEW_PASSWORD}' >\"$1/password\"
        mkdir \"$2/before\" \"$2/after\"
        cp -a . \"$2/before\"
        if cat /dev/zero >fill 2>/dev/null; then exit 3; fi
        refused() {{ if \"$TACK\" \"$@\"; then exit 4; else test $? = 1; fi; }}
        refused passwd -k key.pem --new-password-file \"$1/password\" --iterations 8192
        refused genkey --iterations 8192 -o new.pem
        refused genkey --iterations 8192 --force -o key.pem
        refused ticket key new --ring new.json
        refused ticket key rotate --ring ring.json
        refused ticket export --tickets \"$1/tickets.db\" -o tack.pem
        refused --now {NOW} sign -k key.pem -c \"$1/www.pem\" -e 60d -o tack.pem
        refused --now {NOW} sign -k key.pem -c \"$1/www.pem\" -e 60d -o new.pem
        \"$TACK\" --now {NOW} sign -k key.pem -c \"$1/www.pem\" -e 60d >\"$1/newer.pem\"
        refused --now {NOW} deploy -o installed.pem \"$1/newer.pem\"
        rm fill
        cp -a . \"$2/after\""
    );
    let test = "whatever_is_replaced_survives_a_full_disk";
    let Some(ran) = on_small_disk(test, &script, &[inputs.path(), outputs.path()]) else { return };
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("no space left on device").count(), 9, "{}", ran.stderr);
    let files = |name: &str| -> HashMap<_, _> {
        let entries = fs::read_dir(outputs.path().join(name)).unwrap().map(Result::unwrap);
        entries.map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap())).collect()
    };
    assert_eq!(files("before").len(), 4);
    assert_eq!(files("before"), files("after"));
}

#[test]
fn a_killed_passwd_leaves_the_old_key_or_the_new_one() {
    let directory = quick_dir();
    let path = genkey(directory.path(), "key.pem");
    common::write(directory.path(), "new", NEW_PASSWORD);
    let old = fs::read(&path).unwrap();
    let public_key = KeyFile::from_pem(&old).unwrap().decrypt(PASSWORD.as_bytes(), 8192).unwrap().public_key().clone();
    let passwd = || {
        let mut command = tack();
        command.args(["passwd", "-p", PASSWORD, "--iterations", "8192", "-k"]).arg(&path);
        command.arg("--new-password-file").arg(directory.path().join("new")).stdout(Stdio::null());
        command
    };
    let started = Instant::now();
    ok(&mut passwd());
    let whole = started.elapsed();
    assert_ne!(fs::read(&path).unwrap(), old);
    let hidden = || fs::read_dir(directory.path()).unwrap().map(Result::unwrap).filter(is_hidden).count();

    for moment in 0..KILLS {
        fs::write(&path, &old).unwrap();
        let before = hidden();
        let started = Instant::now();
        let mut child = passwd().spawn().unwrap();
        // At moments all over the run, and in between at the moment that matters: when the temporary file is there.
        let share = whole * u32::try_from(moment).unwrap() / u32::try_from(KILLS).unwrap();
        let is_time = || if moment % 2 == 0 { is_past(started, share) } else { hidden() > before };
        // What a reader sees is what a kill at that moment leaves.
        let is_whole = || KeyFile::from_pem(&fs::read(&path).unwrap()).is_ok();
        wait_until(&mut child, || {
            assert!(is_whole(), "moment {moment}");
            is_time()
        });
        kill(child);
        let now = fs::read(&path).unwrap();
        let password = if now == old { PASSWORD } else { NEW_PASSWORD };
        let key = KeyFile::from_pem(&now).unwrap().decrypt(password.as_bytes(), 8192).unwrap();
        assert_eq!(key.public_key(), &public_key, "moment {moment}");
    }
}

#[test]
fn a_killed_rotation_leaves_the_old_ring_or_the_new_one() {
    let directory = quick_dir();
    let path = directory.path().join("ring.json");
    let ring = |what: &str| {
        let mut command = tack();
        command.args(["ticket", "key", what, "--ring"]).arg(&path).stdout(Stdio::null());
        command
    };
    ok(&mut ring("new"));
    let keys = || KeyRing::from_json(&fs::read(&path).unwrap()).ok().map(|ring| ring.keys().len());
    let started = Instant::now();
    ok(ring("rotate").args(["--after", "0m"]));
    let whole = started.elapsed();
    let hidden = || fs::read_dir(directory.path()).unwrap().map(Result::unwrap).filter(is_hidden).count();
    for moment in 0..KILLS {
        let (before, left) = (keys().unwrap(), hidden());
        let started = Instant::now();
        let mut child = ring("rotate").args(["--after", "0m"]).spawn().unwrap();
        let share = whole * u32::try_from(moment).unwrap() / u32::try_from(KILLS).unwrap();
        wait_until(&mut child, || if moment % 2 == 0 { is_past(started, share) } else { hidden() > left });
        kill(child);
        let after = keys().unwrap_or_else(|| panic!("moment {moment}: no ring is left"));
        assert!(after == before || after == before + 1, "moment {moment}: {after} keys after {before}");
    }
}

fn is_hidden(entry: &fs::DirEntry) -> bool {
    entry.file_name().to_string_lossy().starts_with(".tack-")
}

fn is_past(started: Instant, span: Duration) -> bool {
    started.elapsed() >= span
}
