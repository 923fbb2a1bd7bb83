//! `tack pins`: lists of any size go in and out as they are.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use common::{ok, run, run_with, tack, temp_dir, write};
use serde_json::Value;

const KEYS: [&str; 2] = ["7h4mi.ovddw.f7aij.4qlz5.m2qa2", "o5bkz.47a4x.7jgk7.3gpnz.4bv76"];

/// A pin list of two keys for each of so many names.
fn pin_list(names: usize) -> String {
    let pins =
        (0..names).flat_map(|name| KEYS.map(|key| format!("[\"host{name:06}.example\", \"{key}\", 3, {name}, 0]")));
    format!("[\n{}\n]\n", pins.collect::<Vec<_>>().join(",\n"))
}

fn pins(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = tack();
    command.current_dir(directory).args(["pins", "--pins", "PINS.db"]).args(arguments);
    command
}

#[test]
fn a_long_list_comes_out_as_it_went_in() {
    let directory = temp_dir();
    let list = pin_list(5_000);
    let ran = run_with(&mut pins(directory.path(), &["import", "-"]), list.as_bytes());
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), "PINS.db: 10000 pins added, 0 changed, 0 unchanged\n"));
    assert_eq!(ok(&mut pins(directory.path(), &["export"])).text(), list);
    let listed = ok(&mut pins(directory.path(), &["list"]));
    assert_eq!(listed.text().lines().count(), 10_001);
    let document: Value = serde_json::from_slice(&ok(&mut pins(directory.path(), &["list", "--json"])).stdout).unwrap();
    let last = &document.as_array().unwrap()[9_999];
    assert_eq!((&last["name"], &last["initial"]), (&"host004999.example".into(), &4_999.into()));
}

#[test]
fn whoever_stops_reading_hears_nothing_of_it() {
    let directory = temp_dir();
    run_with(&mut pins(directory.path(), &["import", "-"]), pin_list(5_000).as_bytes());
    for arguments in [&["list"][..], &["list", "--json"], &["export"]] {
        let mut command = pins(directory.path(), arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait_with_output().unwrap().stderr, b"", "{arguments:?}");
    }
}

#[test]
fn a_pipe_is_no_store_and_is_not_waited_for() {
    let directory = temp_dir();
    ok(Command::new("mkfifo").arg(directory.path().join("PINS.db")));
    for arguments in [&["export"][..], &["list"]] {
        let ran = run(&mut pins(directory.path(), arguments));
        assert_eq!(ran.status, Some(1), "{arguments:?}");
        assert!(ran.stderr.starts_with("tack: PINS.db: it is no pin store; "), "{}", ran.stderr);
    }
}

#[test]
fn several_at_once_lose_nothing() {
    let directory = temp_dir();
    thread::scope(|scope| {
        for part in 0..4 {
            let directory = directory.path();
            scope.spawn(move || {
                for name in 0..10 {
                    let list = format!("[[\"host{part}{name}.example\", \"{}\", 0, 1, 2]]", KEYS[0]);
                    let list = write(directory, &format!("{part}.json"), list);
                    ok(pins(directory, &["import"]).arg(list));
                }
            });
        }
    });
    assert_eq!(ok(&mut pins(directory.path(), &["list"])).text().lines().count(), 41);
}
