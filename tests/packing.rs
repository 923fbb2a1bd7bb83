//! `pack` and `unpack`: held against tackpy, and what they refuse and warn of.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tack_core::{Certificate, TackExtension};
use tempfile::TempDir;

use common::{PASSWORD, Ran, Tackpy, certificate, genkey, has, ok, run, run_with, tack, temp_dir};

const NOW: &str = "2026-11-20T17:31:15Z";
const NOW_SECONDS: i64 = 1_795_195_875;

/// A directory with `K1.pem` to `K3.pem`; the tacks of each for one certificate, `T1.pem` to `T3.pem`, and `T12.pem` of two;
/// `OTHER.pem`, a tack of K2 for another certificate; and break signatures, `B1.pem` to `B3.pem`.
struct Files {
    directory: TempDir,
}

impl Files {
    /// None, and the test is skipped, if openssl is not installed.
    fn new(test: &str) -> Option<Self> {
        has(test, &["openssl"]).then(|| {
            let files = Self { directory: temp_dir() };
            let directory = files.directory.path();
            certificate(directory, "cert", "ec:P-256", 30);
            certificate(directory, "other", "ed25519", 30);
            for number in 1..=3 {
                let key = format!("K{number}.pem");
                genkey(directory, &key);
                let sign = ["sign", "-p", PASSWORD, "-k", &key, "-e", "2027-01-02Z"];
                ok(files.tack(&sign).args(["-c", "cert.pem", "-o", &format!("T{number}.pem")]));
                ok(&mut files.tack(&["break", "-p", PASSWORD, "-k", &key, "-o", &format!("B{number}.pem")]));
            }
            ok(&mut files.tack(&[
                "sign",
                "-p",
                PASSWORD,
                "-k",
                "K2.pem",
                "-e",
                "2027Z",
                "-c",
                "other.pem",
                "-o",
                "OTHER.pem",
            ]));
            files.join(&["T1.pem", "T2.pem"], "T12.pem");
            files
        })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.file(name)).unwrap()
    }

    fn join(&self, names: &[&str], to: &str) {
        fs::write(self.file(to), names.iter().flat_map(|name| self.read(name)).collect::<Vec<_>>()).unwrap();
    }

    /// Our binary, in the directory.
    fn tack(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = tack();
        command.current_dir(self.directory.path()).args(["--now", NOW]).args(arguments);
        command
    }

    /// The same at another time.
    fn ok_at(&self, now: &str, arguments: &str) -> Ran {
        let mut command = tack();
        ok(command.current_dir(self.directory.path()).args(["--now", now]).args(arguments.split_whitespace()))
    }

    fn run(&self, arguments: &str) -> Ran {
        run(&mut self.tack(&arguments.split_whitespace().collect::<Vec<_>>()))
    }

    fn ok(&self, arguments: &str) -> Ran {
        ok(&mut self.tack(&arguments.split_whitespace().collect::<Vec<_>>()))
    }

    fn tackpy(&self, tackpy: &Tackpy, arguments: &str) -> Ran {
        ok(tackpy.command_at(NOW_SECONDS).current_dir(self.directory.path()).args(arguments.split_whitespace()))
    }

    /// The TackExtension of a file with a TACK certificate.
    fn carried(&self, name: &str) -> TackExtension {
        Certificate::all_from_bytes(&self.read(name)).unwrap()[0].extension().unwrap().clone()
    }
}

/// All but the line that says who made it.
fn after_creator(text: &[u8]) -> &str {
    str::from_utf8(text).unwrap().split_once('\n').unwrap().1
}

#[test]
fn as_tackpy_0_9_9() {
    let test = "as_tackpy_0_9_9";
    let (Some(files), Some(tackpy)) = (Files::new(test), Tackpy::find(test, "0.9.9")) else {
        return;
    };
    for (tacks, flags) in [("T1.pem", 0), ("T1.pem", 1), ("T12.pem", 0), ("T12.pem", 1), ("T12.pem", 2), ("T12.pem", 3)]
    {
        let ours = files.ok(&format!("pack -v -t {tacks} -a {flags} -o OURS.pem"));
        let theirs = files.tackpy(&tackpy, &format!("pack -v -t {tacks} -a {flags} -o THEIRS.pem"));
        assert_eq!(after_creator(&files.read("OURS.pem")), after_creator(&files.read("THEIRS.pem")));
        assert!(
            files.read("THEIRS.pem").starts_with(b"Created by tack.py 0.9.9\nCreated at 2026-11-20T17:31:15Z\n---")
        );
        assert!(ours.stderr.starts_with("Crypto          = ") && theirs.stderr.starts_with("Crypto          = "));
        assert_eq!(after_creator(ours.stderr.as_bytes()), after_creator(theirs.stderr.as_bytes()));

        for file in ["OURS.pem", "THEIRS.pem"] {
            let (ours, theirs) =
                (files.ok(&format!("unpack -v -E {file}")), files.tackpy(&tackpy, &format!("unpack -v -E {file}")));
            assert_eq!(ours.text(), theirs.text());
            assert_eq!(after_creator(ours.stderr.as_bytes()), after_creator(theirs.stderr.as_bytes()));
            let theirs = files.tackpy(&tackpy, &format!("view {file}"));
            assert_eq!(files.ok(&format!("view {file}")).text(), theirs.text());
            assert!(theirs.text().ends_with(&format!("activation_flags = {flags}\n")));
        }

        // A TACK certificate is ours alone to make, and tackpy's to see.
        files.ok(&format!("pack -t {tacks} -a {flags} --format certificate -o CERT.pem"));
        assert_eq!(files.ok("view CERT.pem").text(), files.tackpy(&tackpy, "view CERT.pem").text());
    }
}

#[test]
fn as_cert_of_tackpy_0_9_7() {
    let test = "as_cert_of_tackpy_0_9_7";
    let (Some(files), Some(tackpy)) = (Files::new(test), Tackpy::find(test, "0.9.7")) else {
        return;
    };
    files.tackpy(&tackpy, "cert -i T1.pem -o THEIRS.pem");
    files.ok("cert -i T1.pem -o OURS.pem");
    files.ok("pack -t T1.pem --draft 00 --format certificate -o PACKED.pem");
    let theirs = files.carried("THEIRS.pem");
    assert_eq!(theirs.to_bytes().len(), 170);
    for name in ["OURS.pem", "PACKED.pem"] {
        assert_eq!(files.carried(name), theirs);
        assert_eq!(files.ok(&format!("view {name}")).text(), files.tackpy(&tackpy, &format!("view {name}")).text());
        assert_eq!(
            files.tackpy(&tackpy, &format!("cert -i {name}")).text(),
            files.ok(&format!("unpack {name}")).text()
        );
    }
    assert_eq!(files.ok("unpack THEIRS.pem").text(), files.tackpy(&tackpy, "cert -i THEIRS.pem").text());

    // With break signatures, which tackpy can see but not make a certificate of.
    files.join(&["B1.pem", "B2.pem"], "B12.pem");
    files.ok("pack -t T1.pem -b B12.pem -a 1 --format certificate -o BROKEN.pem");
    let ours = files.ok("view BROKEN.pem");
    assert_eq!(ours.text(), files.tackpy(&tackpy, "view BROKEN.pem").text());
    assert!(ours.text().ends_with("pin_activation = enabled\n"), "{}", ours.text());
}

#[test]
fn every_form_gives_back_what_went_in() {
    let Some(files) = Files::new("every_form_gives_back_what_went_in") else {
        return;
    };
    files.join(&["B1.pem", "B3.pem", "B2.pem"], "B132.pem");
    for (options, inputs) in [
        ("-t T1.pem", &["T1.pem"][..]),
        ("-t T2.pem -t T1.pem -a 3", &["T2.pem", "T1.pem"]),
        ("-t T12.pem -a 2", &["T1.pem", "T2.pem"]),
        ("-t T1.pem -a 1 --draft 00", &["T1.pem"]),
        ("-t T1.pem -b B132.pem -a 1", &["T1.pem", "B1.pem", "B3.pem", "B2.pem"]),
    ] {
        let blocks = |name: &&str| {
            let text = String::from_utf8(files.read(name)).unwrap();
            text[text.find("-----BEGIN").unwrap()..].to_owned()
        };
        let expected: String = inputs.iter().map(blocks).collect();
        for (format, label) in [
            ("extension", "TACK EXTENSION"),
            ("extender", "TACK EXTENSION"),
            ("serverinfo", "SERVERINFOV2 FOR TACK"),
            ("certificate", "CERTIFICATE"),
        ] {
            let packed = files.ok(&format!("pack {options} --format {format}"));
            assert!(packed.text().contains(&format!("-----BEGIN {label}-----\n")));
            let created = format!("Created by tack {}\nCreated at {NOW}\n-----BEGIN", env!("CARGO_PKG_VERSION"));
            assert_eq!(packed.text().starts_with(&created), format != "certificate", "{}", packed.text());
            let unpacked = ok_with(&mut files.tack(&["unpack", "-"]), &packed.stdout);
            assert_eq!(unpacked.text(), expected, "{options} {format}");
            // The end of a server's chain, where there are other certificates.
            let chain = [files.read("cert.pem"), packed.stdout].concat();
            assert_eq!(ok_with(&mut files.tack(&["unpack", "-"]), &chain).text(), expected, "{options} {format}");
        }
    }
    // An older serverinfo file, for TLS 1.2 alone.
    let packed = files.ok("pack -t T1.pem --format serverinfo").stdout;
    let body = tack_core::pem::decode_first(&packed, "SERVERINFOV2 FOR TACK").unwrap();
    let old = tack_core::pem::encode("SERVERINFO FOR X", &body[4..]);
    assert!(files.read("T1.pem").ends_with(&ok_with(&mut files.tack(&["unpack", "-"]), old.as_bytes()).stdout));
}

fn ok_with(command: &mut Command, input: &[u8]) -> Ran {
    let ran = run_with(command, input);
    assert_eq!(ran.status, Some(0), "{command:?}\n{}", ran.stderr);
    ran
}

#[test]
fn refusals_say_what_is_wrong_and_write_nothing() {
    let Some(files) = Files::new("refusals_say_what_is_wrong_and_write_nothing") else {
        return;
    };
    files.join(&["T1.pem", "T2.pem", "T3.pem"], "T123.pem");
    files.join(&["B1.pem"; 9], "B9.pem");
    for (name, label, from) in [("BAD_T.pem", "TACK", "T1.pem"), ("BAD_B.pem", "TACK BREAK SIG", "B1.pem")] {
        let mut body = tack_core::pem::decode_first(&files.read(from), label).unwrap();
        *body.last_mut().unwrap() ^= 1;
        fs::write(files.file(name), tack_core::pem::encode(label, &body)).unwrap();
    }
    let fingerprint = files.ok("view K1.pem").text().rsplit(' ').next().unwrap().trim().to_owned();
    let bad = |what: &str| {
        format!("{what} has a bad signature: it was changed, or never signed by key {fingerprint}; do not use it")
    };
    let same = format!(
        "both tacks are of key {fingerprint}, and the two tacks of a TackExtension must be of different keys; \
         give one tack, or two of different keys"
    );
    let mut extension = tack_core::pem::decode_first(&files.ok("pack -t T1.pem").stdout, "TACK EXTENSION").unwrap();
    extension[167] ^= 1;
    fs::write(files.file("BAD_E.pem"), tack_core::pem::encode("TACK EXTENSION", &extension)).unwrap();

    for (arguments, message) in [
        ("pack -t cert.pem", "cert.pem: no TACK block found; it holds CERTIFICATE; give the right file".to_owned()),
        (
            "pack -t T123.pem",
            "T123.pem: 3 tacks, and a TackExtension holds two at most; give one tack, or two of different keys".to_owned(),
        ),
        (
            "pack -t T12.pem -t T3.pem",
            "T12.pem, T3.pem: 3 tacks, and a TackExtension holds two at most; give one tack, or two of different keys"
                .to_owned(),
        ),
        ("pack -t T1.pem -t T1.pem", format!("T1.pem: {same}")),
        (
            "pack -t T1.pem -a 2",
            "T1.pem: activation flags 2 name a tack that is not there, with 1 in the extension; give a lower -a, or the \
             other tack as well"
                .to_owned(),
        ),
        (
            "pack -t T1.pem -a 3 --draft 00",
            "T1.pem: activation flags 3 name a tack that is not there, with 1 in the extension; give a lower -a, or the \
             other tack as well"
                .to_owned(),
        ),
        ("pack -t T1.pem -t BAD_T.pem", format!("BAD_T.pem: {}", bad("the tack"))),
        ("pack -t T1.pem -b BAD_B.pem", format!("BAD_B.pem: {}", bad("the break signature"))),
        (
            "pack -t T1.pem -b B9.pem",
            "B9.pem: 9 break signatures, and a TackExtension holds eight at most; leave some out".to_owned(),
        ),
        (
            "pack -t T12.pem -b B1.pem",
            "T12.pem: 2 tacks, and draft 00, which break signatures need, holds one; leave out the others".to_owned(),
        ),
        ("pack -t T12.pem --draft 00", "T12.pem: 2 tacks, and draft 00 holds one; leave out the others".to_owned()),
        (
            "pack -t T1.pem -b B1.pem --draft 02",
            "B1.pem: draft 02 has no break signatures; leave out -b or --draft 02".to_owned(),
        ),
        ("unpack BAD_E.pem", format!("BAD_E.pem: {}", bad("the tack"))),
        (
            "unpack cert.pem",
            "cert.pem: there is no TackExtension in it; give an extension, a serverinfo file or a TACK certificate".to_owned(),
        ),
        (
            "unpack T1.pem",
            "T1.pem: there is no TackExtension in it; give an extension, a serverinfo file or a TACK certificate".to_owned(),
        ),
    ] {
        fs::write(files.file("OUT.pem"), "as it was").unwrap();
        let ran = files.run(&format!("{arguments} -o OUT.pem"));
        assert_eq!((ran.status, ran.stderr), (Some(1), format!("tack: {message}\n")), "{arguments}");
        assert_eq!(files.read("OUT.pem"), b"as it was", "{arguments}");
        assert_eq!(files.run(arguments).text(), "", "{arguments}");
    }
    let ran = files.run("pack -t T1.pem -o T1.pem");
    assert_eq!(ran.stderr, "tack: T1.pem: it is an input too, and would be lost; choose another output\n");
    for usage in ["pack", "pack -t T1.pem -a 4", "unpack", "unpack T1.pem -E T1.pem", "pack -t T1.pem --draft 01"] {
        assert_eq!(files.run(usage).status, Some(2), "{usage}");
    }
}

#[test]
fn warnings_do_not_keep_it_from_the_work() {
    let Some(files) = Files::new("warnings_do_not_keep_it_from_the_work") else {
        return;
    };
    let ran = files.ok_at("2027-01-02T00:00:00Z", "pack -t T12.pem -o E.pem");
    let shown = files.ok("view T12.pem").text().to_owned();
    let keys = shown.lines().filter_map(|line| line.strip_prefix("TACK ID        = "));
    let expired = |key| format!("tack: T12.pem: warning: the tack of key {key} expired at 2027-01-02T00:00Z\n");
    assert_eq!(ran.stderr, keys.map(expired).collect::<String>());
    assert_eq!(files.ok_at("2027-01-01T23:59:59Z", "pack -t T12.pem").stderr, "");

    let ran = files.ok("pack -t T1.pem -t OTHER.pem");
    let warning = "its tack is for another TLS key than that of T1.pem; clients will refuse the two together";
    assert_eq!(ran.stderr, format!("tack: OTHER.pem: warning: {warning}\n"));
    files.join(&["T1.pem", "OTHER.pem"], "BOTH.pem");
    let ran = files.ok("pack -t BOTH.pem");
    assert!(ran.stderr.contains("BOTH.pem: warning: its tack is for another TLS key than the other tack there"));
}
