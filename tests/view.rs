//! `tack view`: the names in a certificate, and that whatever they are they are safe to print.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{has, ok, run, tack, target_hash, temp_dir, write};
use serde_json::Value;
use tack_core::{Generations, Minute, SigningKey, Tack, TargetHash};

/// What would steer a terminal: an escape of C0, one of C1, a change of direction.
const HOSTILE: &str = "x\x1b[2J\u{9b}2J\u{202e}z";
/// RFC 4514 has an escape of its own for C0.
const BY_RFC_4514: &str = "x\\1b[2J\u{9b}2J\u{202e}z";

/// Makes a self-signed certificate with these names.
fn certificate(directory: &Path, subject: &str, names: &str) -> PathBuf {
    let path = directory.join("CERT.pem");
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-nodes", "-utf8", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    openssl.args(["-subj", subject, "-addext", &format!("subjectAltName={names}"), "-keyout", "/dev/null", "-out"]);
    ok(openssl.arg(&path));
    path
}

fn view(path: &Path, options: &[&str]) -> String {
    ok(view_command().args(options).arg(path)).text().to_owned()
}

#[test]
fn the_names_of_a_certificate_are_shown_where_they_are_wanted() {
    if !has("the_names_of_a_certificate_are_shown_where_they_are_wanted", &["openssl"]) {
        return;
    }
    let directory = temp_dir();
    let path = certificate(directory.path(), "/O=Example/CN=www.example.com", "DNS:www.example.com,IP:192.0.2.1");
    let plain = view(&path, &[]);
    assert_eq!(plain.lines().count(), 3, "tackpy's words alone: {plain}");
    let name = "CN=www.example.com,O=Example";
    let names =
        format!("subject        = {name}\nnames          = www.example.com, 192.0.2.1\nissuer         = {name}\n");
    assert_eq!(view(&path, &["-v"]), plain + &names);
    let json: Value = serde_json::from_str(&view(&path, &["--json"])).unwrap();
    assert_eq!((&json[0]["subject"], &json[0]["issuer"]), (&name.into(), &name.into()));
    assert_eq!(json[0]["names"], serde_json::json!(["www.example.com", "192.0.2.1"]));
}

#[test]
fn no_name_steers_a_terminal() {
    if !has("no_name_steers_a_terminal", &["openssl"]) {
        return;
    }
    let directory = temp_dir();
    let path = certificate(directory.path(), &format!("/CN={HOSTILE}"), "DNS:x\x1b[2Jz");
    let words = view(&path, &["-v"]);
    let escaped = BY_RFC_4514.replace('\u{9b}', "\\u{9b}").replace('\u{202e}', "\\u{202e}");
    assert!(words.contains(&format!("subject        = CN={}\nnames          = x\\u{{1b}}[2Jz\n", escaped)), "{words}");
    let json = view(&path, &["--json"]);
    let read: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read[0]["subject"], format!("CN={BY_RFC_4514}"));
    for text in [&words, &json] {
        assert!(!text.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text:?}");
    }
    assert!(words.contains(&target_hash(&path).to_string()[..32]));
}

#[test]
fn of_many_messages_about_a_file_the_first_are_shown() {
    let directory = temp_dir();
    let expired = Tack::sign(
        &SigningKey::from_bytes(&[7; 32]).unwrap(),
        Generations::default(),
        Minute::new(1),
        TargetHash::new([7; 32]),
    );
    let mut forged = expired.to_bytes();
    forged[165] ^= 1;
    let forged = Tack::from_bytes(&forged).unwrap().to_pem();
    let file = |name: &str, block: &str, number: usize| write(directory.path(), name, block.repeat(number));
    let damaged = "-----BEGIN TACK-----\n";
    for (name, block, is_bad) in
        [("damaged", damaged, true), ("forged", &forged, true), ("expired", &expired.to_pem(), false)]
    {
        let (few, many) = (file(&format!("{name}-10.pem"), block, 10), file(&format!("{name}-13.pem"), block, 13));
        for options in [&[][..], &["--json"]] {
            let ran = run(view_command().args(options).args([&few, &many]));
            let lines: Vec<_> = ran.stderr.lines().collect();
            assert_eq!((ran.status, lines.len()), (Some(i32::from(is_bad)), 10 + 11), "{name}: {}", ran.stderr);
            let last = format!("tack: {}: 3 more messages are left out; --json tells of each object", many.display());
            assert_eq!(lines[20], last, "{name}");
            if let [_] = options {
                let json: Value = serde_json::from_str(ran.text()).unwrap();
                assert_eq!(json.as_array().unwrap().len(), 10 + 13, "{name}");
            }
        }
    }
}

fn view_command() -> Command {
    let mut command = tack();
    command.arg("view");
    command
}
