//! Every crate of the workspace keeps the promises that Cargo.toml makes for all of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use common::{has, ok, run, temp_dir, write};
use serde_json::Value;

/// What `cargo metadata` says of the packages that a manifest is about.
fn packages(manifest: &Path, options: &[&str]) -> Vec<Value> {
    let metadata = ["metadata", "--format-version", "1", "--locked", "--manifest-path"];
    let ran = ok(Command::new(env!("CARGO")).args(metadata).arg(manifest).args(options));
    let metadata: Value = serde_json::from_slice(&ran.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// The crates that are ours, but for those of fuzz/.
fn ours() -> Vec<Value> {
    let ours = packages(&root().join("Cargo.toml"), &["--no-deps"]);
    let folders = fs::read_dir(root().join("crates")).unwrap().count();
    assert_eq!(ours.len(), folders + 1);
    ours
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A version of Rust, as numbers that compare.
fn version(text: &str) -> Vec<u32> {
    let mut numbers: Vec<_> = text.split('.').map(|number| number.parse().unwrap()).collect();
    numbers.resize(3, 0);
    numbers
}

/// The oldest Rust that builds us is the one that Cargo.toml names: for what we use of the standard library clippy sees to
/// that, for what we depend on this test.
#[test]
fn no_dependency_needs_a_newer_rust() {
    let oldest = version(env!("CARGO_PKG_RUST_VERSION"));
    let all = packages(&root().join("Cargo.toml"), &[]);
    let newer =
        all.iter().filter(|package| package["rust_version"].as_str().is_some_and(|rust| version(rust) > oldest));
    let newer: Vec<_> = newer.map(|package| format!("{} {}", package["name"], package["rust_version"])).collect();
    assert!(newer.is_empty(), "need a newer Rust than {}: {}", env!("CARGO_PKG_RUST_VERSION"), newer.join(", "));
    assert!(all.len() > 50 && version("1.9") < version("1.89") && version("1.89") == version("1.89.0"));
}

#[test]
fn every_crate_has_the_versions_and_lints_of_the_workspace() {
    for package in ours() {
        let name = package["name"].as_str().unwrap();
        assert_eq!(package["version"], env!("CARGO_PKG_VERSION"), "{name}");
        assert_eq!(package["rust_version"], env!("CARGO_PKG_RUST_VERSION"), "{name}");
        assert_eq!(package["edition"], "2024", "{name}");
        let manifest = fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        assert!(manifest.contains("\n[lints]\nworkspace = true\n"), "{name} has no lints");
    }
}

/// The name `tack` on crates.io is another project's.
#[test]
fn nothing_is_published() {
    let fuzz = packages(&root().join("fuzz/Cargo.toml"), &["--no-deps"]);
    for package in ours().iter().chain(&fuzz) {
        // Cargo's word for "publish = false" is an empty list of registries.
        assert_eq!(package["publish"], Value::Array(Vec::new()), "{} does not say publish = false", package["name"]);
    }
}

/// `make features` runs each library without features and with each one alone, and fails when one of these runs fails.
#[test]
fn each_feature_has_a_run_of_its_own() {
    if !has("each_feature_has_a_run_of_its_own", &["python3"]) {
        return;
    }
    let directory = temp_dir();
    let cargo = format!(
        "#!/bin/sh\ntest \"$1\" != metadata || exec {} \"$@\"\necho \"$*\"\ntest \"$6\" != \"$FAILS\"\n",
        env!("CARGO")
    );
    let cargo = write(directory.path(), "cargo", cargo);
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let script = |fails| {
        let mut script = Command::new(root().join("tests/each-feature.sh"));
        run(script.args(["test", "--locked"]).env("CARGO", &cargo).env("FAILS", fails))
    };

    let mut expected = Vec::new();
    for package in ours().iter().filter(|package| package["name"] != "tack") {
        let name = package["name"].as_str().unwrap();
        let features = package["features"].as_object().unwrap().keys().map(String::as_str);
        for feature in features.filter(|feature| *feature != "default").chain([""]) {
            expected.push(format!("test --package {name} --no-default-features --features {feature} --locked"));
        }
    }
    expected.sort();
    let ran = script("none");
    let mut runs: Vec<_> = ran.text().lines().filter(|line| line.starts_with("test ")).collect();
    runs.sort_unstable();
    assert_eq!((ran.status, runs), (Some(0), expected.iter().map(String::as_str).collect()), "{}", ran.stderr);
    assert_eq!(script("key-file").status, Some(1));
}

/// `make install` builds what is not current, and asks for no cargo where all is.
#[test]
fn what_is_installed_is_current() {
    if !has("what_is_installed_is_current", &["make"]) {
        return;
    }
    let directory = temp_dir();
    let built = write(directory.path(), "tack", "");
    let make = |options: &[&str]| {
        let mut make = Command::new("make");
        make.current_dir(root()).env_remove("MAKEFLAGS").args(["--dry-run", "install", "CARGO=cargo"]);
        let ran = ok(make.arg(format!("BIN={}", built.display())).args(options));
        assert!(ran.text().contains("install -m 755"), "{}", ran.text());
        ran.text().contains("cargo build --release")
    };
    assert!(!make(&[]));
    // As if it had just been changed.
    for changed in ["src/main.rs", "src/command/view.rs", "crates/tack-core/src/lib.rs", "Cargo.lock"] {
        assert!(make(&["--what-if", changed]), "{changed}");
    }
    fs::remove_file(&built).unwrap();
    assert!(make(&[]));
}

/// Who looks for what was mended finds it in one place.
#[test]
fn the_changelog_has_each_heading_once() {
    let text = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    for version in text.split("\n## ").skip(1) {
        let mut headings: Vec<_> = version.lines().filter(|line| line.starts_with("### ")).collect();
        let count = headings.len();
        headings.sort_unstable();
        headings.dedup();
        assert!(count > 0 && headings.len() == count, "{:?}: {headings:?}", version.lines().next());
    }
}
