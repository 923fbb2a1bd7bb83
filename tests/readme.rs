//! The examples of the README, run as they stand there, and the demo.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use tack_core::{Span, Timestamp};

#[test]
fn readme() {
    let directory = tempfile::tempdir().unwrap();
    let readme = directory.path().join("README.md");
    let text = fs::read_to_string("README.md").unwrap();
    fs::write(&readme, text.lines().map(with_wildcards).collect::<String>()).unwrap();
    let sandbox = directory.path().join("README.in");
    fs::create_dir(&sandbox).unwrap();
    let subject = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-subj",
        "/CN=www.example.com",
        "-addext",
        "basicConstraints=CA:FALSE",
    ];
    let made = Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-days", "90", "-keyout", "/dev/null", "-out", "CERT.pem"])
        .args(subject)
        .current_dir(&sandbox)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    trycmd::TestCases::new().env("TACK_PASSWORD", "asdf").case(readme);
}

/// The demo is its quick start.
#[test]
fn the_demo_says_where_its_files_are_and_leaves_them() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("tests/demo.sh");
    fs::create_dir(directory.path().join("tests")).unwrap();
    fs::copy("tests/demo.sh", &script).unwrap();
    let tack = Path::new(env!("CARGO_BIN_EXE_tack")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let demo = Command::new("sh").arg(&script).env("PATH", format!("{}:{path}", tack.display())).output().unwrap();
    assert!(demo.status.success(), "{demo:?}");
    let shown = String::from_utf8(demo.stdout).unwrap();
    let left = directory.path().canonicalize().unwrap().join("target/demo");
    let last = shown.lines().last().unwrap();
    assert!(last.contains(&format!("All of these files are in {}.", left.display())), "{last}");
    for file in ["KEY.pem", "CERT.pem", "TACK.pem", "TACK_SERVERINFO.pem", "TACKS/T_0089.pem"] {
        assert!(left.join(file).is_file(), "{file}");
    }
}

/// A line of the README, where what is different each time may be anything. A command stays as it is.
fn with_wildcards(line: &str) -> String {
    let varies = |word: &str| {
        let is_fingerprint = word.len() == 29 && word.matches('.').count() == 4;
        let is_number = [16, 32, 64].contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_time = word.parse::<Timestamp>().is_ok() || word.parse::<Span>().is_ok();
        let is_timeline = word.starts_with('[') && word.ends_with(']') && word.contains("==");
        is_fingerprint || is_number || is_time || is_timeline || word.starts_with("days_left=")
    };
    let words = line.split(' ').map(|word| if varies(word) { "[..]" } else { word });
    let line = if line.starts_with("$ ") { line.to_owned() } else { words.collect::<Vec<_>>().join(" ") };
    line.replace(" 4 days left", " [..] days left") + "\n"
}
