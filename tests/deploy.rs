//! `tack deploy`: the right tack, whole at every moment, and the server's reload only when it changed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::{PASSWORD, Ran, certificate, genkey, ok, run, tack, temp_dir, to_der};
use tack_core::{Generations, Minute, Object, SigningKey, Tack, TackExtension, TargetHash, Timestamp};
use tempfile::TempDir;

const DAY: i64 = 24 * 60 * 60;
/// The first of a year of daily deploys, at the minute of Debian's cron.daily.
const FIRST_DEPLOY: &str = "2026-12-31T06:25:00Z";
/// The first expiration of the year: with a day to spare it is for the first deploy.
const FIRST: &str = "2027-01-02Z";
/// Where the fields of a tack begin, and its last byte.
const MIN_GENERATION: usize = 64;
const GENERATION: usize = 65;
const TARGET_HASH: usize = 70;
const SIGNATURE: usize = 165;

/// A directory with a key, a certificate and a year of daily tacks for it.
struct Site {
    directory: TempDir,
}

impl Site {
    fn new() -> Self {
        let directory = temp_dir();
        genkey(directory.path(), "key.pem");
        certificate(directory.path(), "www", "ec:P-256", 30);
        let site = Self { directory };
        site.sign("key.pem", "www.pem", "365@1d", FIRST, "tacks.pem");
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Writes a batch as a stream into a file.
    fn sign(&self, key: &str, certificate: &str, number: &str, first: &str, output: &str) {
        let mut sign = self.tack(FIRST_DEPLOY);
        sign.args(["sign", "-p", PASSWORD, "-k", key, "-c", certificate, "-n", number, "-e", first]);
        fs::write(self.path(output), ok(&mut sign).stdout).unwrap();
    }

    /// Writes a tack into a file.
    fn sign_with(&self, key: &str, certificate: &str, options: &[&str], output: &str) {
        let mut sign = self.tack(FIRST_DEPLOY);
        sign.args(["sign", "-p", PASSWORD, "-k", key, "-c", certificate, "-o", output]);
        ok(sign.args(options));
    }

    fn tack(&self, now: &str) -> Command {
        let mut command = tack();
        command.args(["--now", now]).current_dir(self.directory.path());
        command
    }

    /// `tack deploy` into `out.pem`, which appends a line to `changes` when it changed.
    fn deploy(&self, now: &str) -> Command {
        let mut command = self.tack(now);
        command.args(["deploy", "-o", "out.pem", "--run", "echo >>changes"]);
        command
    }

    /// How often `out.pem` changed, by the commands that were run.
    fn changes(&self) -> usize {
        fs::read(self.path("changes")).map_or(0, |lines| lines.len())
    }

    /// The tacks of a file, whatever its form. Each must hold.
    fn tacks(&self, name: &str) -> Vec<Tack> {
        tacks(&self.read(name))
    }

    /// The expirations of the tacks in `out.pem`.
    fn installed(&self) -> Vec<String> {
        self.tacks("out.pem").iter().map(|tack| tack.expiration().to_string()).collect()
    }

    /// What is there beside the files of that name.
    fn names(&self) -> HashSet<String> {
        let entries = fs::read_dir(self.directory.path()).unwrap().map(Result::unwrap);
        entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
    }
}

fn tacks(bytes: &[u8]) -> Vec<Tack> {
    let objects = Object::all_from_bytes(bytes).collect::<Result<Vec<_>, _>>().unwrap();
    objects.iter().for_each(|object| object.verify().unwrap());
    objects.iter().flat_map(Object::tacks).cloned().collect()
}

fn later(now: &str, seconds: i64) -> String {
    Timestamp::new(now.parse::<Timestamp>().unwrap().seconds() + seconds).to_string()
}

fn assert_silent(ran: &Ran) {
    assert_eq!((ran.status, ran.stdout.as_slice(), ran.stderr.as_str()), (Some(0), &b""[..], ""));
}

#[test]
fn daily_deploys_install_each_tack_with_a_day_and_more_left() {
    const DAYS: usize = 100;
    let site = Site::new();
    site.sign("key.pem", "www.pem", &format!("{DAYS}@1d"), FIRST, "tacks.pem");
    let mut seen = HashSet::new();
    let last = i64::try_from(DAYS).unwrap() - 1;
    for day in 0..=last {
        let now = later(FIRST_DEPLOY, day * DAY);
        assert_silent(&run(site.deploy(&now).args(["-c", "www.pem", "tacks.pem"])));
        let installed = site.tacks("out.pem");
        let [tack] = installed.as_slice() else { panic!("{} tacks", installed.len()) };
        let left = tack.expiration().seconds() - now.parse::<Timestamp>().unwrap().seconds();
        assert!((DAY..2 * DAY).contains(&left), "{now}: {left} s left");
        seen.insert(tack.to_bytes());
    }
    assert_eq!((seen.len(), site.changes()), (DAYS, DAYS));
    // The hours of the last day bring nothing new, but in the end a warning, and then a refusal.
    for (hours, status, stderr) in [
        (1, 0, ""),
        (
            24,
            0,
            "tack: tacks.pem: warning: the best tack expires at 2027-04-11T00:00Z, in less than 1d; sign new ones\n",
        ),
    ] {
        let now = later(FIRST_DEPLOY, last * DAY + hours * 60 * 60);
        let ran = run(site.deploy(&now).args(["-c", "www.pem", "tacks.pem"]));
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(status), stderr), "{now}");
    }
    let before = site.read("out.pem");
    let ran = run(site.deploy("2027-04-11T00:00:00Z").args(["-c", "www.pem", "tacks.pem"]));
    assert_eq!(ran.status, Some(1));
    assert!(ran.stderr.contains("no tack there is valid now; sign new ones; out.pem is as it was"), "{}", ran.stderr);
    assert_eq!((site.read("out.pem"), site.changes()), (before, DAYS));
}

#[test]
fn readers_see_a_whole_file_whatever_runs_at_once() {
    const RUNS: usize = 200;
    let site = Site::new();
    // Each run has another tack to install, and so has to change the file.
    let batch = site.tacks("tacks.pem");
    let all: HashSet<_> = batch.iter().map(Tack::to_bytes).collect();
    fs::create_dir(site.path("days")).unwrap();
    let file = |day: usize| format!("days/{day}.pem");
    for (day, tack) in batch.iter().take(RUNS).enumerate() {
        fs::write(site.path(&file(day)), tack.to_pem()).unwrap();
    }
    fs::write(site.path("last.pem"), batch.last().unwrap().to_pem()).unwrap();
    assert_silent(&run(site.deploy(FIRST_DEPLOY).arg("last.pem")));
    let (done, seen) = (AtomicBool::new(false), &mut HashSet::new());
    thread::scope(|scope| {
        let (site, done) = (&site, &done);
        let reader = scope.spawn(move || {
            let mut contents = HashSet::new();
            while !done.load(Ordering::Relaxed) {
                contents.insert(site.read("out.pem"));
            }
            contents
        });
        let spawn = |day| site.deploy(FIRST_DEPLOY).arg(file(day)).stderr(Stdio::piped()).spawn();
        let running: Vec<_> = (0..RUNS).map(|day| spawn(day).unwrap()).collect();
        for child in running {
            let output = child.wait_with_output().unwrap();
            assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
        }
        done.store(true, Ordering::Relaxed);
        *seen = reader.join().unwrap();
    });
    assert!(seen.len() > 1, "the reader saw one file alone");
    for contents in seen.iter() {
        let tacks = tacks(contents);
        assert!(tacks.len() == 1 && all.contains(&tacks[0].to_bytes()));
    }
    assert_eq!(site.changes(), 1 + RUNS);
    let expected = ["key.pem", "www.pem", "www.key", "tacks.pem", "days", "last.pem", "out.pem", "changes"];
    assert_eq!(site.names(), expected.map(str::to_owned).into());
}

#[test]
fn of_runs_at_once_with_one_choice_one_changes_the_file() {
    let site = Site::new();
    let running: Vec<_> = (0..40).map(|_| site.deploy(FIRST_DEPLOY).arg("tacks.pem").spawn().unwrap()).collect();
    for mut child in running {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(site.changes(), 1);
}

#[test]
fn nothing_to_do_is_silent_and_changes_nothing_in_any_format() {
    let site = Site::new();
    let (hour, tomorrow) = (later(FIRST_DEPLOY, 60 * 60), later(FIRST_DEPLOY, DAY));
    let mut changes = 0;
    for (format, label) in [
        ("pem", "TACK"),
        ("extension", "TACK EXTENSION"),
        ("serverinfo", "SERVERINFOV2 FOR TACK"),
        ("certificate", "CERTIFICATE"),
    ] {
        let deploy = |now: &str| run(site.deploy(now).args(["--format", format, "tacks.pem"]));
        // The clock goes back to the first deploy, which would be refused.
        let _ = fs::remove_file(site.path("out.pem"));
        assert_silent(&deploy(FIRST_DEPLOY));
        changes += 1;
        assert_eq!(site.installed(), ["2027-01-02T00:00Z"], "{format}");
        let before = site.read("out.pem");
        assert!(String::from_utf8(before.clone()).unwrap().contains(&format!("-----BEGIN {label}-----")), "{format}");
        assert_silent(&deploy(&hour));
        assert_eq!((site.read("out.pem"), site.changes()), (before, changes), "{format}");
        assert_silent(&deploy(&tomorrow));
        changes += 1;
        assert_eq!((site.installed(), site.changes()), (vec!["2027-01-03T00:00Z".to_owned()], changes), "{format}");
        if format != "pem" {
            assert_silent(&run(site.deploy(&tomorrow).args(["-a", "1", "--format", format, "tacks.pem"])));
            changes += 1;
            assert_eq!(site.changes(), changes, "{format}: another flag is another file");
        }
    }
    let ran = run(site.deploy(FIRST_DEPLOY).args(["-a", "1", "tacks.pem"]));
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
}

#[test]
fn mode_owner_and_link_are_kept() {
    let site = Site::new();
    fs::create_dir(site.path("etc")).unwrap();
    fs::write(site.path("etc/tack.pem"), "").unwrap();
    symlink("etc/tack.pem", site.path("out.pem")).unwrap();
    fs::set_permissions(site.path("etc/tack.pem"), fs::Permissions::from_mode(0o640)).unwrap();
    let is_root = chown(site.path("etc/tack.pem"), Some(12345), Some(23456)).is_ok();
    assert_silent(&run(site.deploy(FIRST_DEPLOY).arg("tacks.pem")));
    assert_eq!((site.installed(), site.changes()), (vec!["2027-01-02T00:00Z".to_owned()], 1));
    assert_eq!(fs::read_link(site.path("out.pem")).unwrap(), PathBuf::from("etc/tack.pem"));
    let metadata = fs::symlink_metadata(site.path("etc/tack.pem")).unwrap();
    assert_eq!(metadata.mode() & 0o7777, 0o640);
    if is_root {
        assert_eq!((metadata.uid(), metadata.gid()), (12345, 23456));
    }
    // A link to nothing yet is followed too.
    symlink("etc/new.pem", site.path("link.pem")).unwrap();
    assert_silent(&run(site.tack(FIRST_DEPLOY).args(["deploy", "-o", "link.pem", "tacks.pem"])));
    assert_eq!(fs::read_link(site.path("link.pem")).unwrap(), PathBuf::from("etc/new.pem"));
    assert_eq!(site.tacks("etc/new.pem").len(), 1);
}

#[test]
fn a_tack_that_lasts_too_short_is_installed_with_a_warning() {
    let site = Site::new();
    let warning =
        "tack: tacks.pem: warning: the best tack expires at 2028-01-01T00:00Z, in less than 400d; sign new ones\n";
    let ran = run(site.deploy(FIRST_DEPLOY).args(["--min-remaining", "400d", "tacks.pem"]));
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), warning));
    assert_eq!(site.installed(), ["2028-01-01T00:00Z"]);
    // To the second: a tack that lasts exactly so long is long enough, and one that lasts a second less is not.
    for (now, expiration) in
        [("2027-01-01T00:00:00Z", "2027-01-02T00:00Z"), ("2027-01-01T00:00:01Z", "2027-01-03T00:00Z")]
    {
        assert_silent(&run(site.deploy(now).arg("tacks.pem")));
        assert_eq!(site.installed(), [expiration], "{now}");
    }
    assert_silent(&run(site.deploy("2027-01-01T23:59:59Z").args(["--min-remaining", "0m", "tacks.pem"])));
    assert_eq!(site.installed(), ["2027-01-02T00:00Z"]);
    let ran = run(site.deploy(FIRST_DEPLOY).args(["--min-remaining", "1w", "tacks.pem"]));
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
}

#[test]
fn a_bad_signature_is_passed_over() {
    let site = Site::new();
    let batch = site.tacks("tacks.pem");
    let mut forged = batch[0].to_bytes();
    // A later expiration than was signed: still an earlier one than that of the next tack.
    forged[69] += 1;
    let text = Tack::from_bytes(&forged).unwrap().to_pem() + &batch[1].to_pem();
    fs::write(site.path("forged.pem"), text).unwrap();
    let ran = run(site.deploy(FIRST_DEPLOY).arg("forged.pem"));
    assert_eq!(ran.status, Some(0));
    assert!(ran.stderr.starts_with("tack: forged.pem: warning: the tack has a bad signature"), "{}", ran.stderr);
    assert_eq!(site.installed(), ["2027-01-03T00:00Z"]);
    // Nor is it installed when there is no other.
    fs::write(site.path("forged.pem"), Tack::from_bytes(&forged).unwrap().to_pem()).unwrap();
    let before = site.read("out.pem");
    let ran = run(site.deploy(FIRST_DEPLOY).arg("forged.pem"));
    assert_eq!((ran.status, site.read("out.pem"), site.changes()), (Some(1), before, 1), "{}", ran.stderr);
}

/// A tack with one bit changed after it was signed.
fn forged(tack: &Tack, byte: usize) -> Tack {
    let mut bytes = tack.to_bytes();
    bytes[byte] ^= 1;
    Tack::from_bytes(&bytes).unwrap()
}

#[test]
fn a_tack_with_a_bad_signature_counts_for_nothing() {
    let site = Site::new();
    for name in ["second", "third", "fourth"] {
        genkey(site.directory.path(), &format!("{name}-key.pem"));
        site.sign(&format!("{name}-key.pem"), "www.pem", "2@1d", FIRST, &format!("{name}.pem"));
    }
    let good = site.tacks("tacks.pem")[0].clone();
    let foreign = ["second", "third", "fourth"].map(|name| forged(&site.tacks(&format!("{name}.pem"))[0], SIGNATURE));
    let [one, two, three] = &foreign;
    let mut revoking = good.to_bytes();
    revoking[MIN_GENERATION] = 1;
    revoking[GENERATION] = 1;
    let revoking = Tack::from_bytes(&revoking).unwrap();
    for (what, bad) in [
        ("the flags' positions", vec![one]),
        ("the number of keys", vec![one, two, three]),
        ("the number of TLS keys", vec![&forged(&good, TARGET_HASH)]),
        ("min_generation", vec![&revoking]),
    ] {
        // First, so that nothing that is good comes before it.
        let text: String = bad.iter().chain([&&good]).map(|tack| tack.to_pem()).collect();
        fs::write(site.path("mixed.pem"), text).unwrap();
        let ran = run(site.deploy(FIRST_DEPLOY).args(["-a", "1", "--format", "extension", "mixed.pem"]));
        assert_eq!(ran.status, Some(0), "{what}: {}", ran.stderr);
        let lines: Vec<_> = ran.stderr.lines().collect();
        assert!(lines[0].starts_with("tack: mixed.pem: warning: the tack has a bad signature"), "{what}: {lines:?}");
        assert_eq!(lines.len(), bad.len().min(2), "{what}: {lines:?}");
        let TackExtension::Draft02(extension) = TackExtension::from_pem(&site.read("out.pem")).unwrap() else {
            panic!("draft 02 expected");
        };
        assert_eq!((site.tacks("out.pem"), extension.activation_flags()), (vec![good.clone()], 1), "{what}");
        fs::remove_file(site.path("out.pem")).unwrap();
    }
}

#[test]
fn bad_signatures_are_counted_by_file() {
    let site = Site::new();
    let batch = site.tacks("tacks.pem");
    for (name, number) in [("one.pem", 1), ("two.pem", 2), ("three.pem", 3)] {
        let text: String = batch.iter().take(number).map(|tack| forged(tack, SIGNATURE).to_pem()).collect();
        fs::write(site.path(name), text).unwrap();
    }
    let ran = run(site.deploy(FIRST_DEPLOY).args(["one.pem", "two.pem", "three.pem", "tacks.pem"]));
    let first = format!(
        "the tack has a bad signature: it was changed, or never signed by key {}; it is passed over",
        batch[0].public_key().fingerprint()
    );
    let expected = [
        format!("tack: one.pem: warning: {first}"),
        format!("tack: two.pem: warning: {first}"),
        "tack: two.pem: warning: 1 more tack has a bad signature and is passed over".to_owned(),
        format!("tack: three.pem: warning: {first}"),
        "tack: three.pem: warning: 2 more tacks have bad signatures and are passed over".to_owned(),
    ];
    assert_eq!(
        (ran.status, ran.stderr.lines().collect::<Vec<_>>()),
        (Some(0), expected.iter().map(String::as_str).collect())
    );
}

#[test]
fn tacks_for_another_certificate_are_not_installed() {
    let site = Site::new();
    certificate(site.directory.path(), "mail", "ec:P-256", 30);
    let ran = run(site.deploy(FIRST_DEPLOY).args(["-c", "mail.pem", "tacks.pem"]));
    assert_eq!(ran.status, Some(1));
    assert!(ran.stderr.contains("no tack there vouches for the key of mail.pem"), "{}", ran.stderr);
    assert!(!site.path("out.pem").exists() && site.changes() == 0);
    // Where there are both, -c chooses; without it there is no telling.
    site.sign("key.pem", "mail.pem", "2@1d", FIRST, "mail-tacks.pem");
    let ran = run(site.deploy(FIRST_DEPLOY).args(["tacks.pem", "mail-tacks.pem"]));
    assert_eq!(ran.status, Some(1));
    assert!(ran.stderr.contains("are for several TLS keys; say with -c"), "{}", ran.stderr);
    assert_silent(&run(site.deploy(FIRST_DEPLOY).args(["-c", "mail.pem", "tacks.pem", "mail-tacks.pem"])));
    assert_eq!(site.tacks("out.pem")[0], site.tacks("mail-tacks.pem")[0]);
}

#[test]
fn of_two_keys_each_has_its_tack_in_the_order_of_the_files() {
    let site = Site::new();
    genkey(site.directory.path(), "new-key.pem");
    site.sign("new-key.pem", "www.pem", "10@12h", FIRST, "new.pem");
    let (old, new) = (site.tacks("tacks.pem"), site.tacks("new.pem"));
    let now = "2027-01-01T06:00:00Z";
    for (files, expected) in
        [(["tacks.pem", "new.pem"], [&old[1], &new[1]]), (["new.pem", "tacks.pem"], [&new[1], &old[1]])]
    {
        for format in ["pem", "extension", "serverinfo", "certificate"] {
            assert_silent(&run(site.deploy(now).args(["--format", format]).args(files)));
            assert_eq!(site.tacks("out.pem").iter().collect::<Vec<_>>(), expected, "{format}");
        }
    }
    assert_eq!(new[1].expiration().to_string(), "2027-01-02T12:00Z");
    genkey(site.directory.path(), "third-key.pem");
    site.sign("third-key.pem", "www.pem", "10@12h", FIRST, "third.pem");
    let ran = run(site.deploy(now).args(["tacks.pem", "new.pem", "third.pem"]));
    assert_eq!(ran.status, Some(1));
    assert!(ran.stderr.starts_with("tack: third.pem: the tacks are of more than 2 TACK keys"), "{}", ran.stderr);
}

#[test]
fn a_key_without_a_valid_tack_does_not_hold_up_the_other() {
    let site = Site::new();
    genkey(site.directory.path(), "old-key.pem");
    site.sign("old-key.pem", "www.pem", "2@1d", FIRST, "old.pem");
    let now = "2027-02-01T00:00:00Z";
    for (flags, moved) in [("3", 1), ("2", 1), ("1", 0), ("0", 0)] {
        let ran = run(site.deploy(now).args(["-a", flags, "--format", "extension", "old.pem", "tacks.pem"]));
        assert_eq!(ran.status, Some(1), "it is to be noticed");
        assert!(ran.stderr.starts_with("tack: old.pem: warning: no tack of key "), "{}", ran.stderr);
        let TackExtension::Draft02(extension) = TackExtension::from_pem(&site.read("out.pem")).unwrap() else {
            panic!("draft 02 expected");
        };
        assert_eq!(extension.activation_flags(), moved, "the flags go with their tacks: {flags}");
        assert_eq!(site.tacks("out.pem")[0].public_key(), site.tacks("tacks.pem")[0].public_key());
    }
    let ran = run(site.deploy(now).args(["-a", "2", "--format", "extension", "tacks.pem"]));
    assert!(ran.stderr.contains("activation flags 2 name a tack that is not there"), "{}", ran.stderr);
}

/// The active keys of `out.pem`.
fn active(site: &Site) -> Vec<String> {
    let extension = TackExtension::from_pem(&site.read("out.pem")).unwrap();
    let tacks = extension.tacks().iter().enumerate().filter(|(index, _)| extension.is_active(*index));
    tacks.map(|(_, tack)| tack.public_key().fingerprint().to_string()).collect()
}

#[test]
fn keys_are_activated_by_their_names_in_whatever_order() {
    let site = Site::new();
    genkey(site.directory.path(), "new-key.pem");
    site.sign("new-key.pem", "www.pem", "20@1d", FIRST, "NEW.pem");
    site.sign("key.pem", "www.pem", "9@1d", FIRST, "OLD.pem");
    let key = |name: &str| site.tacks(name)[0].public_key().fingerprint().to_string();
    let (old, new) = (key("OLD.pem"), key("NEW.pem"));
    let deploy = |now: &str, options: &[&str]| {
        run(site.deploy(now).args(["--format", "extension", "NEW.pem", "OLD.pem"]).args(options))
    };
    for (options, expected) in [
        (&["--activate", &old][..], vec![&old]),
        (&["--activate", &new], vec![&new]),
        (&["--activate", &old, "--activate", &new], vec![&new, &old]),
    ] {
        let _ = fs::remove_file(site.path("out.pem"));
        assert_silent(&deploy(FIRST_DEPLOY, options));
        assert_eq!(active(&site).iter().collect::<Vec<_>>(), expected);
    }
    // Where a key has no valid tack any more, the other one's flag goes with its tack.
    let ran = deploy(&later(FIRST_DEPLOY, 12 * DAY), &["--activate", &new]);
    assert_eq!((ran.status, active(&site)), (Some(1), vec![new.clone()]), "{}", ran.stderr);
    // A key that is not there.
    let stranger = "t2vpc.dg3h4.qnvbf.nu335.zqdna";
    let ran = deploy(FIRST_DEPLOY, &["--activate", &new, "--activate", stranger]);
    let message = format!(
        "tack: NEW.pem, OLD.pem: no tack there of key {stranger}, which --activate names; give it too, or leave the key out\n"
    );
    assert_eq!((ran.status, ran.stderr), (Some(1), message));
}

#[test]
fn a_key_that_was_active_and_no_longer_is_is_warned_of_once() {
    let site = Site::new();
    genkey(site.directory.path(), "new-key.pem");
    site.sign("new-key.pem", "www.pem", "20@1d", FIRST, "NEW.pem");
    let key = |name: &str| site.tacks(name)[0].public_key().fingerprint().to_string();
    let (old, new) = (key("tacks.pem"), key("NEW.pem"));
    let deploy = |options: &[&str]| run(site.deploy(FIRST_DEPLOY).args(["--format", "serverinfo"]).args(options));
    assert_silent(&deploy(&["-a", "1", "tacks.pem"]));
    // The rollover that the shell's order turns round: the new key's flag, and not the old one's.
    let both = ["-a", "1", "NEW.pem", "tacks.pem"];
    let inactive = format!(
        "tack: out.pem: warning: key {old} was active and no longer is: pins to it run out; if it should be active, give \
         --activate {old}\n"
    );
    let dry_run = deploy(&[&["--dry-run"], &both[..]].concat());
    assert_eq!((dry_run.status, dry_run.stderr), (Some(0), inactive.clone()));
    let ran = deploy(&both);
    assert_eq!((ran.status, ran.stderr), (Some(0), inactive));
    assert_silent(&deploy(&both));
    // To raise flags is no harm, nor is another tack of an active key.
    assert_silent(&deploy(&["-a", "3", "NEW.pem", "tacks.pem"]));
    assert_silent(&deploy(&["-a", "3", "--min-remaining", "3d", "NEW.pem", "tacks.pem"]));
    // A key that goes while it is active.
    let gone = format!(
        "tack: out.pem: warning: key {new} was active and is left out: clients with a pin to it refuse the server; if it \
         should stay, give its tacks too\n"
    );
    let ran = deploy(&["-a", "1", "--min-remaining", "5d", "tacks.pem"]);
    assert_eq!((ran.status, ran.stderr), (Some(0), gone));
}

#[test]
fn of_tacks_that_expire_together_the_highest_generation_is_installed() {
    let site = Site::new();
    let sign = |generation: &str| {
        let mut sign = site.tack(FIRST_DEPLOY);
        sign.args(["sign", "-p", PASSWORD, "-k", "key.pem", "-c", "www.pem", "-e", FIRST, "-g", generation]);
        ok(&mut sign).stdout
    };
    fs::write(site.path("both.pem"), [sign("1"), sign("3"), sign("2")].concat()).unwrap();
    assert_silent(&run(site.deploy(FIRST_DEPLOY).arg("both.pem")));
    assert_eq!(site.tacks("out.pem")[0].generation(), 3);
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let site = Site::new();
    let key = site.tacks("tacks.pem")[0].public_key().fingerprint();
    let before = site.names();
    let dry_run = || run(site.deploy(FIRST_DEPLOY).args(["--dry-run", "tacks.pem"]));
    let ran = dry_run();
    let would = format!(
        "out.pem: would install the tack of key {key} that expires at 2027-01-02T00:00Z\nwould run: echo >>changes\n"
    );
    assert_eq!((ran.status, ran.text(), ran.stderr.as_str()), (Some(0), would.as_str(), ""));
    assert_eq!(site.names(), before);
    assert_silent(&run(site.deploy(FIRST_DEPLOY).arg("tacks.pem")));
    let ran = dry_run();
    let holds = format!("out.pem: holds the tack of key {key} that expires at 2027-01-02T00:00Z\n");
    assert_eq!((ran.status, ran.text(), ran.stderr.as_str()), (Some(0), holds.as_str(), ""));
    assert_eq!(site.changes(), 1);
}

/// Beside `out.pem` while its command has to succeed.
const MARKER: &str = ".deploy-pending.out.pem";

#[test]
fn a_command_that_fails_is_repeated_until_it_succeeds() {
    let site = Site::new();
    // Succeeds when the file is there.
    let command = "echo run >>runs; test -e reloaded";
    let deploy = |now: &str, options: &[&str]| {
        run(site.tack(now).args(["deploy", "-o", "out.pem", "--run", command, "tacks.pem"]).args(options))
    };
    let runs = || site.read("runs").len() / "run\n".len();
    let failed = format!(
        "tack: out.pem: installed, but the command of --run failed with status 1: {command}; the next run repeats it\n"
    );
    let hour = later(FIRST_DEPLOY, 60 * 60);
    for (now, number) in [(FIRST_DEPLOY, 1), (&hour, 2), (&hour, 3), (&later(FIRST_DEPLOY, DAY), 4)] {
        let ran = deploy(now, &[]);
        assert_eq!((ran.status, ran.stderr.as_str(), runs()), (Some(1), failed.as_str(), number), "{now}");
        assert!(site.path(MARKER).exists());
    }
    assert_eq!(site.installed(), ["2027-01-03T00:00Z"]);
    // A dry run says so, and so does a run without --run.
    let pending = format!("the command of --run has not succeeded since it changed at {}", later(FIRST_DEPLOY, DAY));
    let ran = deploy(&later(FIRST_DEPLOY, DAY), &["--dry-run"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""));
    assert!(ran.text().contains(&format!("out.pem: {pending}\nwould run: {command}\n")), "{}", ran.text());
    let ran = run(site.tack(&later(FIRST_DEPLOY, DAY)).args(["deploy", "-o", "out.pem", "tacks.pem"]));
    let warning = format!("tack: out.pem: warning: {pending}; give --run, or reload the server and remove {MARKER}\n");
    assert_eq!((ran.status, ran.stderr, runs()), (Some(0), warning, 4));
    // In the end it succeeds, and is not run again before the next change.
    fs::write(site.path("reloaded"), "").unwrap();
    for _ in 0..2 {
        assert_silent(&deploy(&later(FIRST_DEPLOY, DAY + 1), &[]));
        assert_eq!((runs(), site.path(MARKER).exists()), (5, false));
    }
    assert_silent(&deploy(&later(FIRST_DEPLOY, 2 * DAY), &[]));
    assert_eq!((runs(), site.path(MARKER).exists()), (6, false));
}

#[test]
fn a_command_that_never_began_is_run() {
    let site = Site::new();
    // It ends the run that started it, as a machine that goes down would: OUTPUT has changed, and that is all.
    let mut deploy = site.tack(FIRST_DEPLOY);
    let ran = run(deploy.args(["deploy", "-o", "out.pem", "--run", "kill -9 $PPID", "tacks.pem"]));
    assert_eq!((ran.status, site.installed().len()), (None, 1));
    let text = String::from_utf8(site.read(MARKER)).unwrap();
    let expected = "The command of \"tack deploy --run\" has not succeeded since out.pem changed.\nCreated by tack ";
    assert!(text.starts_with(expected) && text.ends_with(&format!("Created at {FIRST_DEPLOY}\n")), "{text}");
    assert_silent(&run(site.deploy(FIRST_DEPLOY).arg("tacks.pem")));
    assert_eq!((site.changes(), site.path(MARKER).exists()), (1, false));
}

#[test]
fn the_marker_is_there_before_the_change_and_goes_if_there_is_none() {
    let site = Site::new();
    // The marker cannot take its name: OUTPUT does not change.
    fs::create_dir_all(site.path(MARKER).join("full")).unwrap();
    let ran = run(site.deploy(FIRST_DEPLOY).arg("tacks.pem"));
    assert_eq!((ran.status, site.path("out.pem").exists()), (Some(1), false));
    assert!(ran.stderr.starts_with("tack: out.pem: cannot be written: "), "{}", ran.stderr);
    fs::remove_dir_all(site.path(MARKER)).unwrap();
    // While the command runs, the marker is there.
    let mut deploy = site.tack(FIRST_DEPLOY);
    ok(deploy.args(["deploy", "-o", "out.pem", "--run", &format!("cp {MARKER} seen"), "tacks.pem"]));
    assert!(site.path("seen").exists() && !site.path(MARKER).exists());
}

#[test]
fn one_run_at_a_time_runs_the_command_and_that_of_a_later_change_stays_pending() {
    let site = Site::new();
    // The command waits for the file that the test writes when it has looked.
    ok(Command::new("mkfifo").arg(site.path("go")));
    let mut deploy = site.tack(FIRST_DEPLOY);
    deploy.args(["deploy", "-o", "out.pem", "--run", "echo >>changes; : >begun; cat go", "tacks.pem"]);
    let mut first = deploy.spawn().unwrap();
    while !site.path("begun").exists() {
        assert!(first.try_wait().unwrap().is_none(), "it ended early");
        thread::yield_now();
    }
    assert_silent(&run(site.deploy(FIRST_DEPLOY).arg("tacks.pem")));
    assert_eq!(site.changes(), 1, "the command is running already");
    // Another change, whose command fails: the first one's success does not count for it.
    let tomorrow = later(FIRST_DEPLOY, DAY);
    let mut deploy = site.tack(&tomorrow);
    assert_eq!(run(deploy.args(["deploy", "-o", "out.pem", "--run", "false", "tacks.pem"])).status, Some(1));
    fs::write(site.path("go"), "").unwrap();
    assert!(first.wait().unwrap().success());
    assert!(site.path(MARKER).exists());
    assert_silent(&run(site.deploy(&tomorrow).arg("tacks.pem")));
    assert_eq!((site.changes(), site.path(MARKER).exists()), (2, false));
}

#[test]
fn the_marker_is_beside_the_file_that_a_link_names() {
    let site = Site::new();
    fs::create_dir(site.path("etc")).unwrap();
    symlink("etc/tack.pem", site.path("out.pem")).unwrap();
    let fail =
        |now: &str, options: &[&str]| run(site.tack(now).args(["deploy", "-o", "out.pem", "tacks.pem"]).args(options));
    assert_eq!(fail(FIRST_DEPLOY, &["--run", "false"]).status, Some(1));
    let marker = site.path("etc/.deploy-pending.tack.pem");
    assert!(marker.exists() && !site.path(MARKER).exists());
    let ran = fail(FIRST_DEPLOY, &[]);
    let marker = fs::canonicalize(marker).unwrap();
    assert!(ran.stderr.ends_with(&format!("remove {}\n", marker.display())), "{}", ran.stderr);
}

#[test]
fn a_command_knows_what_changed_and_no_password() {
    let site = Site::new();
    let command = r#"cd / && echo "$TACK_OUTPUT,$TACK_CERTIFICATE,$TACK_PASSWORD""#;
    let said = |options: &[&str], input: &[u8]| {
        let _ = fs::remove_file(site.path("out.pem"));
        let mut deploy = site.tack(FIRST_DEPLOY);
        deploy.args(["deploy", "-o", "out.pem", "--run", command, "tacks.pem"]).args(options);
        deploy.env("TACK_PASSWORD", "secret").env("TACK_CERTIFICATE", "another");
        let ran = common::run_with(&mut deploy, input);
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""));
        ran.text().trim_end().to_owned()
    };
    let (output, certificate) = (site.path("out.pem"), site.path("www.pem"));
    let (output, certificate) = (output.display(), certificate.display());
    assert_eq!(said(&["-c", "www.pem"], b""), format!("{output},{certificate},"));
    assert_eq!(said(&[], b""), format!("{output},,"));
    assert_eq!(said(&["-c", "-"], &site.read("www.pem")), format!("{output},,"));
}

#[test]
fn the_end_of_a_command_is_reported_and_the_tack_stays() {
    let site = Site::new();
    for (now, command, status) in [
        (FIRST_DEPLOY.to_owned(), "exit 7", "status 7"),
        (later(FIRST_DEPLOY, DAY), "kill -9 $$", "signal: 9 (SIGKILL)"),
    ] {
        let mut deploy = site.tack(&now);
        let ran = run(deploy.args(["deploy", "-o", "out.pem", "--run", command, "tacks.pem"]));
        let words = format!(
            "tack: out.pem: installed, but the command of --run failed with {status}: {command}; the next run repeats it\n"
        );
        assert_eq!((ran.status, ran.stderr), (Some(1), words));
        assert_eq!(site.tacks("out.pem").len(), 1);
    }
    assert_eq!(site.installed(), ["2027-01-03T00:00Z"]);
}

#[test]
fn many_files_are_as_good_as_one() {
    let site = Site::new();
    let mut sign = site.tack(FIRST_DEPLOY);
    sign.args(["sign", "-p", PASSWORD, "-k", "key.pem", "-c", "www.pem", "-n", "12@1d", "-e", FIRST, "-o", "T"]);
    ok(&mut sign);
    let files: Vec<_> = (0..12).rev().map(|number| format!("T_{number:04}.pem")).collect();
    assert_silent(&run(site.deploy(&later(FIRST_DEPLOY, 5 * DAY)).args(&files)));
    assert_eq!(site.installed(), ["2027-01-07T00:00Z"]);
    assert!(site.read("out.pem").ends_with(site.tacks("T_0005.pem")[0].to_pem().as_bytes()));
}

#[test]
fn an_output_that_is_an_input_is_refused() {
    let site = Site::new();
    fs::copy(site.path("tacks.pem"), site.path("out.pem")).unwrap();
    let ran = run(site.deploy(FIRST_DEPLOY).args(["tacks.pem", "out.pem"]));
    assert_eq!((ran.status, site.changes()), (Some(1), 0));
    assert!(ran.stderr.contains("it is an input too"), "{}", ran.stderr);
    assert_eq!(site.read("out.pem"), site.read("tacks.pem"));
}

#[test]
fn revoked_tacks_are_not_installed() {
    let site = Site::new();
    // The tacks of generation 0 would often expire sooner.
    fs::create_dir(site.path("new")).unwrap();
    ok(tack()
        .current_dir(site.directory.path())
        .args(["--now", FIRST_DEPLOY, "sign", "-k", "key.pem", "-p", PASSWORD, "-c", "www.pem", "-m", "1"])
        .args(["-n", "20@12h", "-e", "2027-01-02T12Z", "-o"])
        .arg(site.path("new/T")));
    let new: Vec<_> = (0..20).map(|number| format!("new/T_{number:04}.pem")).collect();
    for hours in 0..48 {
        let now = later(FIRST_DEPLOY, hours * 60 * 60);
        assert_eq!(run(site.deploy(&now).arg("tacks.pem").args(&new)).status, Some(0), "{now}");
        assert_eq!(site.tacks("out.pem")[0].generation(), 1, "{now}");
    }
}

#[test]
fn a_tack_for_another_certificate_revokes_too() {
    let site = Site::new();
    certificate(site.directory.path(), "mail", "ec:P-256", 30);
    site.sign_with("key.pem", "mail.pem", &["-m", "1", "-e", FIRST], "mail-tack.pem");
    let files = ["-c", "www.pem", "tacks.pem", "mail-tack.pem"];
    let ran = run(site.deploy(FIRST_DEPLOY).args(files));
    assert_eq!((ran.status, site.path("out.pem").exists()), (Some(1), false));
    let message = "tacks.pem, mail-tack.pem: no tack there is valid now; sign new ones; out.pem is as it was";
    assert_eq!(ran.stderr, format!("tack: {message}\n"));
    // status says the same, by the same rule.
    let ran = run(site.tack(FIRST_DEPLOY).arg("status").args(files));
    assert_eq!(ran.status, Some(2));
    assert!(
        ran.text().contains(" are of generations below 1, which other tacks revoke | days_left=0;"),
        "{}",
        ran.text()
    );
    // A tack of the new generation is chosen, though those of the old one expire sooner.
    site.sign_with("key.pem", "www.pem", &["-g", "1", "-e", "2027-06-01Z"], "new.pem");
    assert_silent(&run(site.deploy(FIRST_DEPLOY).args(files).arg("new.pem")));
    assert_eq!(site.installed(), ["2027-06-01T00:00Z"]);
}

#[test]
fn tacks_for_different_tls_keys_are_not_installed_together() {
    let site = Site::new();
    genkey(site.directory.path(), "other-key.pem");
    certificate(site.directory.path(), "mail", "ec:P-256", 30);
    site.sign("other-key.pem", "mail.pem", "10@1d", FIRST, "other.pem");
    for format in ["pem", "serverinfo"] {
        let ran = run(site.deploy(FIRST_DEPLOY).args(["--format", format, "tacks.pem", "other.pem"]));
        let message = "other.pem: the tacks are for several TLS keys; say with -c which is the server's";
        assert_eq!((ran.status, ran.stderr), (Some(1), format!("tack: {message}\n")), "{format}");
        assert!(!site.path("out.pem").exists());
    }
}

#[test]
fn a_tack_is_valid_to_its_last_second_for_every_command() {
    let site = Site::new();
    site.sign_with("key.pem", "www.pem", &["-e", FIRST], "tack.pem");
    for (now, is_valid) in [("2027-01-01T23:59:59Z", true), ("2027-01-02T00:00:00Z", false)] {
        let ran = run(site.deploy(now).args(["--min-remaining", "0m", "tack.pem"]));
        assert_eq!(ran.status, Some(if is_valid { 0 } else { 1 }), "{now}: {}", ran.stderr);
        let ran = run(site.tack(now).args(["view", "tack.pem"]));
        assert_eq!(ran.stderr.is_empty(), is_valid, "{now}: {}", ran.stderr);
        let ran = run(site.tack(now).args(["status", "--warn", "0m", "tack.pem"]));
        assert_eq!(ran.status, Some(if is_valid { 0 } else { 2 }), "{now}: {}", ran.text());
        assert_eq!(ran.text().contains(" expired at "), !is_valid, "{now}: {}", ran.text());
    }
}

#[test]
fn a_clock_before_the_batch_was_made_installs_nothing() {
    let site = Site::new();
    let refused = |now: &str, options: &[&str]| {
        let ran = run(site.deploy(now).args(["new.pem", "tacks.pem"]).args(options));
        let message = format!(
            "tacks.pem: it was created at {FIRST_DEPLOY}, and the clock says {now}; set the clock; out.pem is as it was"
        );
        assert_eq!((ran.status, ran.stderr), (Some(1), format!("tack: {message}\n")));
    };
    // Of two files the one that was made later counts. The other one is of 2020.
    let older = "Created by tack\nCreated at 2020-01-02T03:04:05Z\n".to_owned() + &site.tacks("tacks.pem")[5].to_pem();
    fs::write(site.path("new.pem"), older).unwrap();
    refused("1970-01-01T00:00:07Z", &[]);
    refused("1970-01-01T00:00:07Z", &["--dry-run"]);
    assert!(!site.path("out.pem").exists());
    // A day is what the machine that signs may be ahead.
    refused(&later(FIRST_DEPLOY, -DAY - 1), &[]);
    assert_silent(&run(site.deploy(&later(FIRST_DEPLOY, -DAY)).args(["new.pem", "tacks.pem"])));
    let before = site.read("out.pem");
    refused("1970-01-01T00:00:07Z", &[]);
    assert_eq!((site.read("out.pem"), site.changes()), (before, 1));
}

#[test]
fn a_clock_that_went_back_keeps_a_tack_that_lasts_longer() {
    let site = Site::new();
    // The batch does not say when it was made.
    let text: String = site.tacks("tacks.pem").iter().map(Tack::to_pem).collect();
    fs::write(site.path("tacks.pem"), text).unwrap();
    let (made, back) = (later(FIRST_DEPLOY, 9 * DAY), later(FIRST_DEPLOY, 3 * DAY));
    assert_silent(&run(site.deploy(&made).arg("tacks.pem")));
    let before = site.read("out.pem");
    for options in [&["tacks.pem"][..], &["--dry-run", "tacks.pem"], &["--format", "serverinfo", "tacks.pem"]] {
        let ran = run(site.deploy(&back).args(options));
        let message = format!(
            "out.pem: it was created at {made}, and the clock says {back}; set the clock, or remove out.pem if the clock is \
             right; it is as it was"
        );
        assert_eq!((ran.status, ran.stderr), (Some(1), format!("tack: {message}\n")), "{options:?}");
        assert_eq!((site.read("out.pem"), site.changes()), (before.clone(), 1));
    }
    // What lasts longer than the one installed is no harm, whatever the clock says.
    assert_silent(&run(site.deploy(&back).args(["--min-remaining", "30d", "tacks.pem"])));
    assert_eq!((site.installed(), site.changes()), (vec!["2027-02-03T00:00Z".to_owned()], 2));
    // Nor is a tack of the key for a renewed certificate: the old one is good for nothing.
    fs::write(site.path("out.pem"), before).unwrap();
    certificate(site.directory.path(), "renewed", "ec:P-256", 30);
    site.sign_with("key.pem", "renewed.pem", &["-e", "2027-01-08Z"], "renewed-tack.pem");
    assert_silent(&run(site.deploy(&back).args(["-c", "renewed.pem", "renewed-tack.pem"])));
    assert_eq!(site.installed(), ["2027-01-08T00:00Z"]);
}

#[test]
fn of_much_damage_a_few_blocks_are_named() {
    let site = Site::new();
    let damaged = "-----BEGIN TACK-----\nAAAA\n-----END TACK-----\n";
    let text = [damaged.repeat(4), site.tacks("tacks.pem")[0].to_pem(), damaged.repeat(5)].concat();
    fs::write(site.path("damaged.pem"), text).unwrap();
    let line = "damaged.pem: the tack has 3 bytes instead of 166; copy or make it again, it is damaged";
    let ran = run(site.deploy(FIRST_DEPLOY).arg("damaged.pem"));
    let expected = format!("tack: {line}\n").repeat(5) + "tack: damaged.pem: 4 more blocks cannot be read\n";
    assert_eq!((ran.status, ran.stderr), (Some(1), expected));
    assert_eq!(site.installed(), ["2027-01-02T00:00Z"]);
    let ran = run(site.tack(FIRST_DEPLOY).args(["status", "damaged.pem"]));
    let expected = format!("TACK UNKNOWN - {}and 2 more | days_left=1;7:;0:", format!("{line}; ").repeat(5));
    assert_eq!((ran.status, ran.text().lines().next()), (Some(3), Some(expected.as_str())));
    assert!(ran.text().contains("\ntacks            1\n"), "what is not damaged counts: {}", ran.text());
}

#[test]
fn of_many_keys_that_do_not_fit_a_few_are_named() {
    let site = Site::new();
    let stranger = |key: u8| {
        let key = SigningKey::from_bytes(&[key; 32]).unwrap();
        Tack::sign(&key, Generations::default(), Minute::new(u32::MAX), TargetHash::new([7; 32]))
    };
    // The key that fits was seen with another certificate's tacks too.
    certificate(site.directory.path(), "mail", "ec:P-256", 30);
    site.sign("key.pem", "mail.pem", "3@1d", FIRST, "mail-tacks.pem");
    let texts: String = (1..=9).map(|key| stranger(key).to_pem()).collect();
    fs::write(site.path("strangers.pem"), texts.repeat(2)).unwrap();
    let mut deploy = site.deploy(FIRST_DEPLOY);
    let ran = run(deploy.args(["-c", "www.pem", "mail-tacks.pem", "strangers.pem", "tacks.pem"]));
    let warning = |key: u8| {
        let key = stranger(key).public_key().fingerprint();
        format!("tack: strangers.pem: warning: no tack of key {key} vouches for the key of www.pem; it is left out\n")
    };
    let more = "tack: www.pem: warning: 8 more tacks of other keys do not vouch for its key; they are left out\n";
    let expected = (1..=5).map(warning).collect::<String>() + more;
    assert_eq!((ran.status, ran.stderr), (Some(1), expected));
    assert_eq!(site.installed(), ["2027-01-02T00:00Z"]);
}

#[test]
fn a_damaged_file_does_not_hold_up_the_rest() {
    let site = Site::new();
    fs::write(site.path("damaged.pem"), "-----BEGIN TACK-----\nAAAA\n-----END TACK-----\n").unwrap();
    let ran = run(site.deploy(FIRST_DEPLOY).args(["absent.pem", "damaged.pem", "tacks.pem"]));
    assert_eq!(ran.status, Some(1), "it is to be noticed");
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert!(lines[0].starts_with("tack: absent.pem: cannot be read"), "{}", ran.stderr);
    assert!(lines[1].starts_with("tack: damaged.pem: the tack has 3 bytes"), "{}", ran.stderr);
    assert_eq!((lines.len(), site.tacks("out.pem").len()), (2, 1));
}

#[test]
fn a_key_that_has_not_signed_the_certificate_is_named() {
    let site = Site::new();
    genkey(site.directory.path(), "other-key.pem");
    certificate(site.directory.path(), "mail", "ec:P-256", 30);
    site.sign("other-key.pem", "mail.pem", "10@1d", FIRST, "other.pem");
    let ran = run(site.deploy(FIRST_DEPLOY).args(["-c", "www.pem", "tacks.pem", "other.pem"]));
    assert_eq!(ran.status, Some(1), "it is to be noticed");
    assert!(ran.stderr.starts_with("tack: other.pem: warning: no tack of key "), "{}", ran.stderr);
    assert!(ran.stderr.ends_with(" vouches for the key of www.pem; it is left out\n"), "{}", ran.stderr);
    assert_eq!(site.tacks("out.pem").len(), 1);
}

#[test]
fn what_is_none_of_ours_is_not_replaced() {
    let site = Site::new();
    let ours = ok(site.deploy(FIRST_DEPLOY).args(["--format", "serverinfo", "tacks.pem"]));
    assert_eq!(ours.stderr, "");
    let both = [
        &site.read("out.pem")[..],
        b"-----BEGIN SERVERINFOV2 FOR SCT-----\nAAAB0AASAAA=\n-----END SERVERINFOV2 FOR SCT-----\n",
    ]
    .concat();
    fs::write(site.path("out.pem"), &both).unwrap();
    let ran = run(site.deploy(&later(FIRST_DEPLOY, 3 * DAY)).args(["--format", "serverinfo", "tacks.pem"]));
    assert_eq!(ran.status, Some(1));
    let message = "it holds a SERVERINFOV2 FOR SCT block, which would be lost; give OUTPUT a file of its own";
    assert_eq!(ran.stderr, format!("tack: out.pem: {message}\n"));
    assert_eq!(site.read("out.pem"), both);

    let (pem, key) = (site.read("www.pem"), site.read("www.key"));
    let damaged = [&b"-----BEGIN TACK-----\n"[..], &key].concat();
    let large = [&pem[..], &vec![b'x'; 1 << 20]].concat();
    let configuration = "server {\n    listen 443 ssl;\n}\n".to_owned();
    let with_tack = site.tacks("tacks.pem")[0].to_pem() + &configuration;
    for (held, what) in [
        (pem, "a CERTIFICATE block"),
        (to_der(&site.path("www.pem")), "binary data"),
        (damaged, "a PRIVATE KEY block"),
        (large, "more than 1048576 bytes"),
        (configuration.into_bytes(), "other text"),
        (with_tack.into_bytes(), "other text"),
        (b"-----BEGIN TACK BREAK SIG-----\n".to_vec(), "a TACK BREAK SIG block"),
    ] {
        fs::write(site.path("out.pem"), &held).unwrap();
        let ran = run(site.deploy(FIRST_DEPLOY).arg("tacks.pem"));
        let message = format!("tack: out.pem: it holds {what}, which would be lost; give OUTPUT a file of its own\n");
        assert_eq!((ran.status, ran.stderr), (Some(1), message));
        assert_eq!(site.read("out.pem"), held, "{what}");
    }
    // A file that is empty, or its own and damaged, is replaced.
    for held in ["", "\n", "-----BEGIN TACK-----\nAAAA", "Created by tack 0.1.0\n-----BEGIN TACK EXTENSION-----\n"] {
        fs::write(site.path("out.pem"), held).unwrap();
        assert_silent(&run(site.deploy(FIRST_DEPLOY).arg("tacks.pem")));
        assert_eq!(site.installed().len(), 1, "{held}");
    }

    let ran = run(site.tack(FIRST_DEPLOY).args(["deploy", "-o", "/dev/null", "tacks.pem"]));
    let message = "tack: /dev/null: it is no regular file, which could be compared; give OUTPUT a file\n";
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(1), message));
}
