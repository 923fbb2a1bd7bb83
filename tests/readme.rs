//! The examples of the README, run as they stand there.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::process::Command;

use tack_core::{Expiration, Span};

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

/// A line of the README, where what is different each time may be anything. A command stays as it is.
fn with_wildcards(line: &str) -> String {
    let varies = |word: &str| {
        let is_fingerprint = word.len() == 29 && word.matches('.').count() == 4;
        let is_hash = (word.len() == 32 || word.len() == 64) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_time = word.parse::<Expiration>().is_ok() || word.parse::<Span>().is_ok();
        let is_timeline = word.starts_with('[') && word.ends_with(']') && word.contains("==");
        is_fingerprint || is_hash || is_time || is_timeline || word.starts_with("days_left=")
    };
    let words = line.split(' ').map(|word| if varies(word) { "[..]" } else { word });
    let line = if line.starts_with("$ ") { line.to_owned() } else { words.collect::<Vec<_>>().join(" ") };
    line.replace(" 4 days left", " [..] days left") + "\n"
}
