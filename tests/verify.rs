//! `tack verify`: it agrees with what makes and judges the same files, and no pin store comes to harm by it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Ran, certificate, copy_tree, ok, run, tack, temp_dir, to_der, write};
use serde_json::Value;
use tack_core::{Certificate, TackExtension};
use tempfile::TempDir;

const NOW: &str = "2026-11-25T17:31:15Z";

/// A copy of the fixtures of the golden cases, to work in.
struct Site(TempDir);

impl Site {
    fn new() -> Self {
        let site = Self(temp_dir());
        copy_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/fixtures"), site.0.path());
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = tack();
        command.current_dir(self.0.path()).args(["--now", NOW]).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        run(&mut self.command(arguments))
    }

    fn verify(&self, arguments: &[&str]) -> Ran {
        self.run(&[&["verify"], arguments].concat())
    }

    /// The exit status, and what is said of the host.
    fn host(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let ran = self.verify(&[arguments, &["--json"]].concat());
        assert_eq!(ran.stderr, "");
        let mut document: Value = serde_json::from_slice(&ran.stdout).unwrap();
        assert_eq!(document["state"], document["hosts"][0]["state"]);
        (ran.status, document["hosts"][0].take())
    }
}

fn codes(host: &Value) -> Vec<&str> {
    host["problems"].as_array().unwrap().iter().map(|problem| problem["code"].as_str().unwrap()).collect()
}

#[test]
fn what_view_and_status_say_of_a_tack_is_what_verify_says() {
    let site = Site::new();
    for (file, code, status, view) in [
        ("TACK.pem", None, 0, 0),
        ("TACK2.pem", None, 0, 0),
        ("TACK_2099.pem", None, 0, 0),
        ("TACK_EXPIRED.pem", Some("expired"), 2, 0),
        ("TACK_RSA.pem", Some("target_hash"), 2, 0),
        ("bad/tack_signature.pem", Some("signature"), 2, 1),
        ("bad/tack_changed.pem", Some("signature"), 2, 1),
        // What status and view cannot read a server may send.
        ("bad/tack_generation.pem", Some("generation"), 3, 1),
        ("bad/tack_not_on_curve.pem", Some("malformed"), 3, 1),
        ("bad/tack_r_zero.pem", Some("malformed"), 3, 1),
        ("bad/tack_truncated.pem", Some("file"), 3, 1),
        ("bad/tack_base64.pem", Some("file"), 3, 1),
        ("bad/tack_no_end.pem", Some("file"), 3, 1),
    ] {
        let (exit, host) = site.host(&["-c", "EC.pem", "-t", file]);
        assert_eq!(codes(&host), code.as_slice(), "{file}");
        let expected = match code {
            None => 0,
            Some("file") => 3,
            Some(_) => 2,
        };
        assert_eq!(exit, Some(expected), "{file}");
        assert_eq!(site.run(&["status", "-c", "EC.pem", file]).status, Some(status), "{file}");
        assert_eq!(site.run(&["view", file]).status, Some(view), "{file}");
    }
}

#[test]
fn what_pack_makes_is_what_verify_makes_of_the_same_tacks() {
    let site = Site::new();
    for (tacks, more, flags) in [
        (&["-t", "TACK.pem"][..], &[][..], "0"),
        (&["-t", "TACK.pem"], &[], "1"),
        (&["-t", "TACK2.pem", "-t", "TACK.pem"], &[], "2"),
        (&["-t", "TACK.pem", "-t", "TACK2.pem"], &[], "3"),
        (&["-t", "TACK.pem"], &["BREAK.pem"], "0"),
        (&["-t", "TACK.pem"], &["BREAK2.pem"], "1"),
    ] {
        let breaks = |option| more.iter().flat_map(|file| [option, *file]).collect::<Vec<_>>();
        let packed = ok(&mut site.command(&[&["pack", "-a", flags], tacks, &breaks("-b")].concat())).stdout;
        let packed = TackExtension::from_pem(&packed).unwrap().to_bytes();
        let hex: String = packed.iter().map(|byte| format!("{byte:02x}")).collect();
        let (_, host) = site.host(&[&["-c", "EC.pem", "-a", flags], tacks, &breaks("-t")].concat());
        assert_eq!(host["extension"], hex, "{tacks:?} {more:?} {flags}");
        assert_eq!(host["activation_flags"].to_string(), flags);
    }
}

#[test]
fn what_deploy_installs_verify_takes_in_every_format() {
    let site = Site::new();
    for (format, carrier) in
        [("pem", "extension"), ("extension", "extension"), ("serverinfo", "extension"), ("certificate", "certificate")]
    {
        let flags: &[&str] = if format == "pem" { &[] } else { &["-a", "1"] };
        ok(&mut site
            .command(&[&["deploy", "-c", "EC.pem", "--format", format, "-o", format, "TACKS.pem"], flags].concat()));
        let (exit, host) = site.host(&["-c", "EC.pem", "-t", format]);
        assert_eq!((exit, &host["carrier"]), (Some(0), &carrier.into()), "{format}");
        assert_eq!(host["tacks"][0]["expiration"], "2026-11-27T00:00Z", "{format}");
        // As a client meets it behind the server's certificate.
        if format == "certificate" {
            let chain = [fs::read(site.path("EC.pem")).unwrap(), fs::read(site.path(format)).unwrap()].concat();
            write(site.0.path(), "SENT.pem", chain);
            assert_eq!(site.host(&["-c", "SENT.pem"]), (exit, host));
        }
    }
}

/// The shortest tack that is usual: two days, renewed each day, and so a day left at least.
#[test]
fn the_default_warning_suits_daily_tacks() {
    let site = Site::new();
    for (at, state) in [
        ("2026-11-25T11:59:59Z", "OK"),
        ("2026-11-25T12:00:00Z", "OK"),
        ("2026-11-25T12:00:01Z", "WARNING"),
        ("2026-11-25T23:59:59Z", "WARNING"),
        ("2026-11-26T00:00:00Z", "CRITICAL"),
    ] {
        ok(&mut site.command(&[
            "deploy",
            "--now",
            "2026-11-24T00:00:00Z",
            "--min-remaining",
            "2d",
            "-o",
            "OUT.pem",
            "TACKS.pem",
        ]));
        let (_, host) = site.host(&["-c", "EC.pem", "-t", "OUT.pem", "--at", at]);
        assert_eq!(host["state"], state, "{at}");
    }
}

const PINNED: [&str; 8] = ["-c", "EC.pem", "-t", "TACK.pem", "--name", "www.example.com", "--pins", "PINS.db"];

#[test]
fn a_store_that_is_none_or_newer_is_unknown_and_stays_as_it_is() {
    let site = Site::new();
    ok(&mut site.command(&["pins", "import", "--pins", "PINS.db", "PINS.json"]));
    let mut newer = fs::read(site.path("PINS.db")).unwrap();
    let mut damaged = newer.clone();
    // All but the first page, which says what the file is.
    damaged[4096..].fill(0x55);
    // The user_version of the file format of SQLite.
    newer[60..64].copy_from_slice(&7_u32.to_be_bytes());
    for (store, said) in [
        (newer, "PINS.db: the pin store is of version 7, and the newest known is 1; use the newer tack that made it"),
        (
            damaged,
            "PINS.db: the pin store failed: database disk image is malformed; check the disk, or give another store",
        ),
        (b"garbage".repeat(1000), "PINS.db: it is no pin store; give a pin store, or a name that is not taken"),
        (b"{}".to_vec(), "PINS.db: it is no pin store; give a pin store, or a name that is not taken"),
    ] {
        fs::write(site.path("PINS.db"), &store).unwrap();
        for more in [&[][..], &["--read-only"], &["--no-activate"]] {
            let (exit, host) = site.host(&[&PINNED[..], more].concat());
            assert_eq!((exit, codes(&host)), (Some(3), vec!["store"]));
            assert_eq!((&host["problems"][0]["message"], &host["status"]), (&said.into(), &Value::Null));
            assert_eq!(host["tacks"][0]["status"], "valid");
        }
        for action in [&["list"][..], &["export"], &["forget", "www.example.com"], &["import", "PINS2.json"]] {
            let ran = site.run(&[&["pins", "--pins", "PINS.db"], action].concat());
            assert_eq!((ran.status, ran.stderr), (Some(1), format!("tack: {said}\n")), "{action:?}");
        }
        assert_eq!(fs::read(site.path("PINS.db")).unwrap(), store);
    }
}

#[test]
fn a_store_that_may_not_be_written_is_unknown_unless_it_is_only_read() {
    let site = Site::new();
    ok(&mut site.command(&["pins", "import", "--pins", "PINS.db", "PINS.json"]));
    let before = fs::read(site.path("PINS.db")).unwrap();
    // root may write everything, and becomes nobody.
    let is_root = fs::metadata(site.path("PINS.db")).unwrap().uid() == 0;
    let as_user = |arguments: &[&str]| {
        let tack = site.command(arguments);
        if !is_root {
            return run(&mut { tack });
        }
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(tack.get_program())
            .args(tack.get_args());
        run(command.current_dir(site.0.path()).env_remove("TACK_PINS"))
    };
    fs::set_permissions(site.path("PINS.db"), fs::Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(site.0.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let written = as_user(&[&["verify"], &PINNED[..]].concat());
    let read = as_user(&[&["verify", "--read-only"], &PINNED[..]].concat());
    let listed = as_user(&["pins", "list", "--pins", "PINS.db", "mail.example.com"]);
    let forgotten = as_user(&["pins", "forget", "--pins", "PINS.db", "mail.example.com"]);
    fs::set_permissions(site.path("PINS.db"), fs::Permissions::from_mode(0o000)).unwrap();
    let unreadable = as_user(&["pins", "list", "--pins", "PINS.db"]);
    fs::set_permissions(site.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(site.path("PINS.db"), fs::Permissions::from_mode(0o600)).unwrap();

    let said = "PINS.db: the pin store cannot be written; run as a user who may write it, or judge with --read-only";
    assert!(written.text().starts_with(&format!("TACK UNKNOWN - {said} | ")), "{written:?}");
    assert!(read.text().starts_with("TACK OK - confirmed, 1 tack, "), "{read:?}");
    assert_eq!((listed.status, listed.text().lines().count()), (Some(0), 2), "{listed:?}");
    assert_eq!((forgotten.status, forgotten.stderr), (Some(1), format!("tack: {said}\n")));
    assert!(unreadable.status == Some(1) && unreadable.stderr.starts_with("tack: PINS.db: "), "{unreadable:?}");
    assert_eq!(fs::read(site.path("PINS.db")).unwrap(), before);
}

#[test]
fn nothing_is_changed_where_nothing_should_be() {
    let site = Site::new();
    ok(&mut site.command(&["pins", "import", "--pins", "PINS.db", "PINS.json"]));
    let export = || ok(&mut site.command(&["pins", "export", "--pins", "PINS.db"])).stdout;
    let before = export();
    let active = ["-a", "1"];
    for nothing in [&["--read-only"][..], &["--no-activate"], &["--at", "1d"], &["--at", "1d", "--no-activate"]] {
        assert_eq!(site.verify(&[&PINNED[..], &active, nothing].concat()).status, Some(0), "{nothing:?}");
    }
    // The store of the environment is not for a host without a name.
    let unnamed = ["verify", "-c", "EC.pem", "-t", "TACK.pem", "-a", "1"];
    assert_eq!(run(site.command(&unnamed).env("TACK_PINS", "PINS.db")).status, Some(0));
    assert_eq!(export(), before);
    assert_eq!(site.verify(&[&PINNED[..], &active].concat()).status, Some(0));
    assert_ne!(export(), before);
}

#[test]
fn names_in_a_certificate_steer_nothing() {
    let site = Site::new();
    let (path, _) = certificate(site.0.path(), "hostile", "ec:P-256", 30);
    let mut der = to_der(&path);
    // The name of the certificate, and of the subjectAltName, has as many bytes.
    let places: Vec<_> = (0..der.len() - 9).filter(|at| der[*at..].starts_with(b"localhost")).collect();
    assert_eq!(places.len(), 3);
    for place in places {
        der[place..place + 9].copy_from_slice(b"\x1b[2J\nx|\x07\x7f");
    }
    assert!(Certificate::from_der(&der).is_ok());
    write(site.0.path(), "hostile.der", der);
    for more in [&[][..], &["--json"]] {
        let ran = site.verify(&[&["-c", "hostile.der"], more].concat());
        assert_eq!(ran.status, Some(2));
        assert!(!ran.text().contains(|c: char| c.is_control() && c != '\n'), "{}", ran.text());
        assert!(ran.text().lines().all(|line| !line.starts_with('x')), "{}", ran.text());
        // Monitoring systems take what is behind a bar, in any line, for performance data.
        assert!(!more.is_empty() || ran.text().matches('|').count() == 1, "{}", ran.text());
    }
}
