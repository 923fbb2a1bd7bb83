//! The command line against the real tackpy, 0.9.7 and 0.9.9: each reads what the other writes, and says the same of it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{PASSWORD, Ran, Tackpy, certificate, genkey, has, ok, run, run_with, tack, temp_dir, to_der, write};
use tempfile::TempDir;

/// 2026-11-20T17:31:15Z, for both tools when the time matters.
const NOW: i64 = 1_795_195_875;
const NOW_TEXT: &str = "2026-11-20T17:31:15Z";

/// Both tools, which take the same arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    Ours,
    Tackpy,
}

/// A directory with what a test starts from: a key of each tool, and a certificate.
struct Bench {
    directory: TempDir,
    tackpy: Tackpy,
    our_key: PathBuf,
    tackpy_key: PathBuf,
    certificate: PathBuf,
}

impl Bench {
    /// None if something is missing: the test is skipped, and is to return.
    fn new(test: &str) -> Option<Self> {
        let tackpy = Tackpy::find(test, "0.9.7")?;
        if !has(test, &["openssl"]) {
            return None;
        }
        let directory = temp_dir();
        let our_key = genkey(directory.path(), "our-key.pem");
        let tackpy_key = directory.path().join("tackpy-key.pem");
        ok(tackpy.command().args(["genkey", "-p", PASSWORD, "-o"]).arg(&tackpy_key));
        let (certificate, _) = certificate(directory.path(), "certificate", "ec:P-256", 30);
        Some(Self { directory, tackpy, our_key, tackpy_key, certificate })
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        write(self.path(), name, contents)
    }

    /// One of the tools, at [`NOW`].
    fn tool(&self, tool: Tool) -> Command {
        match tool {
            Tool::Ours => {
                let mut command = tack();
                command.args(["--now", NOW_TEXT]);
                command
            }
            Tool::Tackpy => self.tackpy.command_at(NOW),
        }
    }

    /// `sign` by one of the tools, with the key and the certificate of the bench and these options besides.
    fn sign(&self, tool: Tool, options: &[&str]) -> Command {
        let mut command = self.tool(tool);
        command.args(["sign", "-p", PASSWORD, "-k"]).arg(&self.our_key).arg("-c").arg(&self.certificate).args(options);
        command
    }

    /// What our `view` says of some file's contents, which tackpy's says as well: see
    /// `view_prints_what_tackpy_prints`.
    fn view(&self, contents: &[u8]) -> String {
        let ran = run_with(self.tool(Tool::Ours).args(["view", "-"]), contents);
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
        ran.text().to_owned()
    }

    /// Both tools' `view` of a file must print the same and call it good.
    fn same_view(&self, file: &Path) {
        let [ours, theirs] =
            [Tool::Ours, Tool::Tackpy].map(|tool| ok(self.tool(tool).arg("view").arg(file)).text().to_owned());
        assert_eq!(ours, theirs, "{}", file.display());
        assert!(ours.contains(" = "), "{}", file.display());
    }
}

/// A value for each tool.
fn both<T>(mut make: impl FnMut(Tool) -> T) -> [T; 2] {
    [Tool::Ours, Tool::Tackpy].map(&mut make)
}

/// Text without the lines that name the cryptography.
fn without_crypto(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !line.starts_with("Crypto ")).collect()
}

#[test]
fn tackpys_own_tests_pass() {
    let test = "tackpys_own_tests_pass";
    let Some(tackpy) = Tackpy::find(test, "0.9.7") else { return };
    if !has(test, &["make"]) {
        return;
    }
    let directory = temp_dir();
    let (source, output) = (directory.path().join("source"), directory.path().join("source/testoutput"));
    ok(Command::new("cp").arg("-r").args([tackpy.tree(), &source]));
    let mut make = Command::new("make");
    // Not the flags of a make that runs these tests.
    make.env_remove("MAKEFLAGS").env_remove("TACK_PASSWORD").arg("-C").arg(&source);
    let ran = ok(make.arg("test").arg(format!("EXEC={}", env!("CARGO_BIN_EXE_tack"))));
    assert!(ran.text().contains("\nOK\n"), "{}", ran.text());

    let view = |name: &str| ok(tackpy.command().arg("view").arg(output.join(name))).stdout;
    let mut seen = 0;
    for entry in fs::read_dir(&output).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".pem") {
            assert!(!view(&name).is_empty(), "{name}");
            seen += 1;
        }
    }
    assert_eq!(seen, 18);
    for (text, viewed) in [
        ("TACK_View_Key1.txt", "TACK_Key1.pem"),
        ("TACK_View1.txt", "TACK1.pem"),
        ("TACK_View_Break_Sigs.txt", "TACK_Break_Sigs.pem"),
        ("TACK_View_Cert1.txt", "../testdata/serverX509Cert.pem"),
        ("TACK_View_Cert2.txt", "../testdata/serverX509Cert.der"),
        ("TACK_View_TACK_Cert3.txt", "TACK_Cert3.pem"),
    ] {
        assert_eq!(fs::read(output.join(text)).unwrap(), view(viewed), "{text}");
    }
    let last = view("T6_0002.pem");
    assert!(String::from_utf8(last).unwrap().contains("generation     = 251\nexpiration     = 2013-01-04T00:00Z\n"));
}

#[test]
fn view_prints_what_tackpy_prints() {
    let Some(bench) = Bench::new("view_prints_what_tackpy_prints") else { return };
    bench.same_view(&bench.our_key);
    bench.same_view(&bench.tackpy_key);

    let tacks = [
        bench.write("tack-0", ok(&mut bench.sign(Tool::Ours, &["-e", "1970Z"])).stdout),
        bench.write("tack-1", ok(&mut bench.sign(Tool::Tackpy, &["-m2", "-g255", "-e", "9999-12-31T23:59Z"])).stdout),
    ];
    tacks.iter().for_each(|file| bench.same_view(file));

    let breaks = both(|tool| {
        let key = if tool == Tool::Ours { &bench.tackpy_key } else { &bench.our_key };
        ok(bench.tool(tool).args(["break", "-p", PASSWORD, "-k"]).arg(key)).stdout
    });
    let break_sigs = bench.write("break-sigs", breaks.concat());
    bench.same_view(&bench.write("break-0", &breaks[0]));
    bench.same_view(&bench.write("break-1", &breaks[1]));
    bench.same_view(&break_sigs);

    for tack in &tacks {
        for (index, cert) in both(|tool| ok(bench.tool(tool).args(["cert", "-i"]).arg(tack))).iter().enumerate() {
            bench.same_view(&bench.write(&format!("tack-cert-{index}"), &cert.stdout));
        }
    }
    let with_breaks = [
        ok(bench.tool(Tool::Ours).args(["cert", "-i"]).args([&tacks[1], Path::new("-b"), &break_sigs])),
        tackpy_cert_with_breaks(&bench.tackpy, &tacks[1], &break_sigs),
    ];
    for (index, cert) in with_breaks.iter().enumerate() {
        let file = bench.write(&format!("tack-cert-with-breaks-{index}"), &cert.stdout);
        bench.same_view(&file);
        assert_eq!(bench.view(&cert.stdout).matches("Breaks TACK ID").count(), 2);
        // And taken apart, both give the same PEM, without provenance, and with -v the same words.
        let apart = both(|tool| ok(bench.tool(tool).args(["cert", "-v", "-i"]).arg(&file)));
        assert_eq!(apart[0], apart[1]);
        let blocks = [&fs::read(&tacks[1]).unwrap(), &breaks[0], &breaks[1]].map(|pem| without_provenance(pem));
        assert_eq!(apart[0].text(), blocks.concat());
    }
}

/// What tackpy's `cert -b` was meant to do: it loses the break signatures.
fn tackpy_cert_with_breaks(tackpy: &Tackpy, tack: &Path, break_sigs: &Path) -> Ran {
    const CODE: &str = "
import sys
sys.path.insert(0, sys.argv[1])
from tack.structures.Tack import Tack
from tack.structures.TackBreakSig import TackBreakSig
from tack.structures.TackExtension import TackExtension
from tack.tls.TlsCertificate import TlsCertificate
tack = Tack.createFromPem(open(sys.argv[2]).read())
break_sigs = TackBreakSig.createFromPemList(open(sys.argv[3]).read())
sys.stdout.write(TlsCertificate.create(TackExtension.create(tack, break_sigs, 1)).serializeAsPem())
";
    ok(common::python().args(["-c", CODE]).args([tackpy.tree(), tack, break_sigs]))
}

/// The first block of a PEM text and all after it.
fn without_provenance(pem: &[u8]) -> String {
    let text = std::str::from_utf8(pem).unwrap();
    text[text.find("-----BEGIN").unwrap()..].to_owned()
}

#[test]
fn certificates_are_viewed_as_by_tackpy() {
    let Some(bench) = Bench::new("certificates_are_viewed_as_by_tackpy") else { return };
    for kind in ["rsa:2048", "ec:P-384", "ed25519"] {
        let (cert, key) = certificate(bench.path(), "made", kind, 20_000); // beyond 2050: a GeneralizedTime
        bench.same_view(&cert);
        bench.same_view(&bench.write("made.der", to_der(&cert)));
        let public_key = common::public_key(&key);
        for (v3, not_after) in [
            (true, "491231235959Z"),
            (false, "500101000000Z"),
            (true, "991231235959Z"),
            (true, "2611201731Z"),
            (false, "20500101000001Z"),
            (true, "99991231235959Z"),
        ] {
            let der = common::unsigned_certificate(v3, &public_key, not_after);
            let file = bench.write("unsigned.der", der);
            // OpenSSL reads the same version.
            let openssl =
                ok(Command::new("openssl").args(["x509", "-inform", "DER", "-noout", "-text", "-in"]).arg(&file));
            let version = if v3 { "Version: 3 " } else { "Version: 1 " };
            assert!(openssl.text().contains(version), "{}", openssl.text());
            bench.same_view(&file);
        }
    }
    bench.same_view(&bench.certificate);
    let from_stdin = both(|tool| run_with(bench.tool(tool).args(["view", "-"]), &to_der(&bench.certificate)));
    assert_eq!(from_stdin[0], from_stdin[1]);
}

#[test]
fn bad_signatures_are_refused_by_both() {
    let Some(bench) = Bench::new("bad_signatures_are_refused_by_both") else { return };
    let tack = ok(&mut bench.sign(Tool::Ours, &["-e1d"]));
    let break_sig = ok(bench.tool(Tool::Ours).args(["break", "-p", PASSWORD, "-k"]).arg(&bench.our_key));
    for good in [tack.text(), break_sig.text()] {
        // Another letter in the middle of the last whole line of base64, which belongs to the signature.
        let at = good.len() - good.lines().rev().take(2).map(|line| line.len() + 1).sum::<usize>() - 33;
        let other = if &good[at..=at] == "A" { "B" } else { "A" };
        let bad = [&good[..at], other, &good[at + 1..]].concat();
        for contents in [good, &bad] {
            let file = bench.write("signed", contents);
            for ran in both(|tool| run(bench.tool(tool).arg("view").arg(&file))) {
                assert_eq!(
                    (ran.status == Some(0), ran.stdout.is_empty()),
                    (contents == good, contents != good),
                    "{ran:?}"
                );
            }
        }
    }
}

#[test]
fn keys_go_both_ways() {
    let test = "keys_go_both_ways";
    let Some(bench) = Bench::new(test) else { return };
    let Some(later) = Tackpy::find(test, "0.9.9") else { return };
    // The default of 600,000 iterations takes tackpy some seconds, so it is tried once.
    let slow_key = bench.path().join("slow-key.pem");
    ok(tack().args(["genkey", "-p", PASSWORD, "-o"]).arg(&slow_key));
    let broken = ok(bench.tool(Tool::Tackpy).args(["break", "-p", PASSWORD, "-k"]).arg(&slow_key)).stdout;
    assert_eq!(
        bench.view(&broken),
        format!("Breaks {}", bench.view(&fs::read(&slow_key).unwrap())).replace("        =", " =")
    );

    let later_key = bench.path().join("later-key.pem");
    ok(later.command().args(["genkey", "-p", PASSWORD, "-o"]).arg(&later_key));
    for key in [&bench.our_key, &bench.tackpy_key, &later_key] {
        let signers = [bench.tool(Tool::Ours), bench.tool(Tool::Tackpy), later.command()];
        let tacks = signers.map(|mut signer| {
            signer.args(["sign", "-p", PASSWORD, "-m3", "-g", "5", "-e", "2030-06-06Z", "-k"]).arg(key);
            ok(signer.arg("-c").arg(&bench.certificate)).stdout
        });
        let views = tacks.each_ref().map(|tack| bench.view(tack));
        assert_eq!(views[0], views[1]);
        assert_eq!(views[0], views[2]);
        assert!(views[0].starts_with(&bench.view(&fs::read(key).unwrap())));
        // 0.9.9 verifies our tack and reads our key, in words of its own.
        let tack = bench.write("tack", &tacks[0]);
        assert_eq!(fields(ok(later.command().arg("view").arg(&tack)).text()), fields(&views[0]));
        assert_eq!(fields(ok(later.command().arg("view").arg(key)).text()), fields(&views[0])[..1]);
    }
}

/// The labels and values of a view, in the labels of 0.9.7 and without the columns, which are others in 0.9.9.
fn fields(text: &str) -> Vec<Vec<String>> {
    let text = text.replace("key fingerprint", "TACK ID");
    text.lines().map(|line| line.split('=').map(|part| part.trim().to_owned()).collect()).collect()
}

#[test]
fn passwords_mean_the_same() {
    let Some(bench) = Bench::new("passwords_mean_the_same") else { return };
    let printable: String = (b' '..=b'~').map(char::from).collect();
    for password in [&printable, "-x", "--", " ", "\t"] {
        for tool in [Tool::Ours, Tool::Tackpy] {
            let other = if tool == Tool::Ours { Tool::Tackpy } else { Tool::Ours };
            let mut genkey = bench.tool(tool);
            genkey.args(["genkey", "-p", password]);
            if tool == Tool::Ours {
                genkey.args(["--iterations", "8192"]);
            }
            let key = bench.write("key", ok(&mut genkey).stdout);
            ok(bench.tool(other).args(["break", "-p", password, "-k"]).arg(&key));
            ok(bench.tool(other).args(["break", &format!("-p{password}"), "-k"]).arg(&key));
        }
    }
    let file = bench.write("password", format!("{PASSWORD}\r\n"));
    ok(tack().args(["break", "--password-file"]).args([&file, Path::new("-k"), &bench.tackpy_key]));
    ok(tack().args(["break", "-k"]).arg(&bench.tackpy_key).env("TACK_PASSWORD", PASSWORD));
}

/// What a tack of either tool expires at, in words.
fn expiration(bench: &Bench, ran: &Ran) -> String {
    let view = bench.view(&ran.stdout);
    view.lines().find_map(|line| line.strip_prefix("expiration     = ")).unwrap().to_owned()
}

#[test]
fn expirations_are_tackpys() {
    let Some(bench) = Bench::new("expirations_are_tackpys") else { return };
    let times = [
        ("2013Z", "2013-01-01T00:00Z"),
        ("2013-02Z", "2013-02-01T00:00Z"),
        ("2013-2Z", "2013-02-01T00:00Z"),
        ("2013-02-03Z", "2013-02-03T00:00Z"),
        ("2013-2-3Z", "2013-02-03T00:00Z"),
        ("2013-02-03T04Z", "2013-02-03T04:00Z"),
        ("2013-02-03T4Z", "2013-02-03T04:00Z"),
        ("2013-02-03T04:05Z", "2013-02-03T04:05Z"),
        ("2013-2-3t4:5z", "2013-02-03T04:05Z"),
        ("2013z", "2013-01-01T00:00Z"),
        ("1970Z", "1970-01-01T00:00Z"),
        ("2016-02-29Z", "2016-02-29T00:00Z"),
        ("9999-12-31T23:59Z", "9999-12-31T23:59Z"),
        // From 2026-11-20T17:31:15Z, rounded up to 17:32.
        ("0m", "2026-11-20T17:32Z"),
        ("5m", "2026-11-20T17:37Z"),
        ("5M", "2026-11-20T17:37Z"),
        ("2h", "2026-11-20T19:32Z"),
        ("30d", "2026-12-20T17:32Z"),
        ("1d12h", "2026-11-22T05:32Z"),
        ("1D5m", "2026-11-21T17:37Z"),
        ("12h5m", "2026-11-21T05:37Z"),
        ("1d12h5m", "2026-11-22T05:37Z"),
        ("1D12H5M", "2026-11-22T05:37Z"),
        ("0d0h0m", "2026-11-20T17:32Z"),
        ("007d48h120m", "2026-11-29T19:32Z"),
        ("1000000m", "2028-10-15T04:12Z"),
    ];
    for (text, expected) in times {
        let found = both(|tool| expiration(&bench, &ok(&mut bench.sign(tool, &["-e", text]))));
        assert_eq!(found, [expected, expected], "{text}");
    }
}

#[test]
fn spans_count_from_the_next_minute() {
    let Some(bench) = Bench::new("spans_count_from_the_next_minute") else { return };
    for (now, seconds, expected) in [
        ("2026-11-20T17:31:00Z", NOW - 15, "2026-11-20T17:32Z"),
        ("2026-11-20T17:31:01Z", NOW - 14, "2026-11-20T17:33Z"),
        ("2026-11-20T17:31:59Z", NOW + 44, "2026-11-20T17:33Z"),
    ] {
        let found =
            [(tack(), now.to_owned()), (bench.tackpy.command_at(seconds), String::new())].map(|(mut command, now)| {
                command
                    .args(["sign", "-e1m", "-p", PASSWORD, "-k"])
                    .arg(&bench.our_key)
                    .arg("-c")
                    .arg(&bench.certificate);
                if !now.is_empty() {
                    command.args(["--now", &now]);
                }
                let ran = ok(&mut command);
                assert!(ran.text().contains(&format!("Created at {}", &NOW_TEXT[..16])));
                expiration(&bench, &ran)
            });
        assert_eq!(found, [expected, expected], "{now}");
    }
}

#[test]
fn a_tack_lasts_as_long_as_the_certificate() {
    let Some(bench) = Bench::new("a_tack_lasts_as_long_as_the_certificate") else { return };
    let (_, key) = certificate(bench.path(), "server", "ed25519", 1);
    let public_key = common::public_key(&key);
    for (v3, not_after, expected) in [
        (true, "301120173100Z", "2030-11-20T17:31Z"),
        (true, "301120173101Z", "2030-11-20T17:32Z"),
        (false, "301231235959Z", "2031-01-01T00:00Z"),
        (false, "20601120173100Z", "2060-11-20T17:31Z"),
        (true, "20601120173159Z", "2060-11-20T17:32Z"),
    ] {
        let file = bench.write("certificate.der", common::unsigned_certificate(v3, &public_key, not_after));
        let found = both(|tool| {
            let mut sign = bench.tool(tool);
            sign.args(["sign", "-p", PASSWORD, "-k"]).arg(&bench.tackpy_key).arg("-c").arg(&file);
            bench.view(&ok(&mut sign).stdout)
        });
        assert_eq!(found[0], found[1], "{not_after}");
        assert!(found[0].contains(&format!("expiration     = {expected}\n")), "{not_after}: {}", found[0]);
    }
}

#[test]
fn bad_times_and_numbers_are_refused_by_both() {
    let Some(bench) = Bench::new("bad_times_and_numbers_are_refused_by_both") else { return };
    let prefix = bench.path().join("batch");
    let refused = |options: &[&str]| {
        let [ours, theirs] = both(|tool| run(bench.sign(tool, options).arg("-o").arg(&prefix)));
        assert!(matches!(ours.status, Some(1 | 2)), "{options:?}: {ours:?}");
        assert!(matches!(theirs.status, Some(1..)), "{options:?}: {theirs:?}");
    };
    for time in [
        "",
        "Z",
        "2013",
        "13Z",
        "2013-13Z",
        "2013-00Z",
        "2013-02-30Z",
        "2013-01-02T24Z",
        "2013-01-02T03:60Z",
        "2013-01-02T03:04:05Z",
        "2013-01-02 03:04Z",
        "2013T03Z",
        "2013-1-2-3Z",
        "1969Z",
        "1969-12-31T23:59Z",
        "now",
        "5",
        "d",
        "1h2d",
        "5m1h",
        "1m1m",
        "1.5d",
        "1w",
        "5s",
        "1d2",
        "3000000d",
    ] {
        refused(&["-e", time]);
    }
    for number in ["", "3", "@1d", "3@", "0@1d", "-1@1d", "a@1d", "3@1", "3@1d@1d", "3@2013Z", "1.5@1d"] {
        refused(&["-e", "1d", "-n", number]);
    }
    refused(&["-n", "3@1d"]);
    for generations in [["-m2", "-g1"], ["-m256", "-g256"], ["-m0", "-g256"], ["-m-1", "-g0"], ["-ma", "-g1"]] {
        refused(&generations);
    }
    // tackpy leaves an empty file behind for a time beyond 2^32 minutes; we never do.
    fs::remove_file(&prefix).unwrap();
    let ran = run(bench.sign(Tool::Ours, &["-e", "3000000d"]).arg("-o").arg(&prefix));
    assert!(matches!(ran.status, Some(1 | 2)) && !prefix.exists(), "{ran:?}");
}

#[test]
fn batches_are_tackpys() {
    let Some(bench) = Bench::new("batches_are_tackpys") else { return };
    for (index, options) in [
        ["-e", "2013-01-02Z", "-n", "3@1d"],
        ["-e", "30d", "-n", "12@1h5m"],
        ["-e", "2027-1-2T3Z", "-n", "2@0m"],
        ["-e0m", "-v", "-n", "2@1D1H1M"],
    ]
    .iter()
    .enumerate()
    {
        let made = both(|tool| {
            let directory = bench.path().join(format!("{tool:?}-{index}"));
            fs::create_dir(&directory).unwrap();
            let ran = ok(bench.sign(tool, options).args(["-m1", "-g2", "-o"]).arg(directory.join("T")));
            assert!(ran.stdout.is_empty());
            let files = fs::read_dir(&directory).unwrap().map(|entry| {
                let path = entry.unwrap().path();
                let contents = fs::read(&path).unwrap();
                assert_eq!(shape(&contents).len(), 8);
                (path.file_name().unwrap().to_owned(), bench.view(&contents))
            });
            let files = files.collect::<BTreeMap<_, _>>();
            assert!(files.contains_key(OsStr::new("T_0000.pem")));
            // Only we warn of a tack that has expired.
            let said = ran.stderr.lines().filter(|line| !line.starts_with("tack: "));
            let said = said.map(|line| if line.starts_with("Crypto         = ") { "Crypto" } else { line }.to_owned());
            (files, said.collect::<Vec<_>>())
        });
        assert_eq!(made[0], made[1], "{options:?}");
        assert_eq!(made[0].1.is_empty(), options[1] != "-v");
    }
}

/// The lines of a PEM file, but for the name of who made it and what is in the body.
fn shape(pem: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(pem).unwrap();
    assert!(text.ends_with('\n'));
    let line = |line: &str| match line.strip_prefix("Created by ") {
        Some(_) => "Created by".to_owned(),
        None if line.starts_with("-----") || line.starts_with("Created at ") => line.to_owned(),
        None => format!("{} columns", line.len()),
    };
    text.lines().map(line).collect()
}

#[test]
fn files_look_alike_and_verbose_says_the_same() {
    let Some(bench) = Bench::new("files_look_alike_and_verbose_says_the_same") else { return };
    for (command, options, lines) in [
        ("sign", &["-v", "-m7", "-e5d", "-p", PASSWORD, "-k"][..], 8),
        ("break", &["-v", "-p", PASSWORD, "-k"], 7),
        ("genkey", &["-v", "-p", PASSWORD], 8),
    ] {
        let made = both(|tool| {
            let mut command_line = bench.tool(tool);
            command_line.arg(command).args(options);
            match command {
                "sign" => command_line.arg(&bench.tackpy_key).arg("-c").arg(&bench.certificate),
                "break" => command_line.arg(&bench.tackpy_key),
                _ => &mut command_line,
            };
            let ran = ok(&mut command_line);
            let words = without_crypto(&ran.stderr);
            // One line of the cryptography's name, first, and then what view says.
            assert_eq!(words.lines().count() + 1, ran.stderr.lines().count(), "{}", ran.stderr);
            assert!(ran.stderr.starts_with("Crypto         = "), "{}", ran.stderr);
            assert_eq!(words, bench.view(&ran.stdout));
            (shape(&ran.stdout), (command != "genkey").then_some(words))
        });
        assert_eq!(made[0], made[1], "{command}");
        assert_eq!(made[0].0[1], format!("Created at {NOW_TEXT}"), "{command}");
        assert_eq!(made[0].0.len(), lines, "{command}");
    }

    let tack = bench.write("tack", ok(&mut bench.sign(Tool::Tackpy, &["-e5d"])).stdout);
    let certs = both(|tool| ok(bench.tool(tool).args(["cert", "-v", "-i"]).arg(&tack)));
    assert_eq!(certs[0].stderr, certs[1].stderr);
    for cert in &certs {
        let shape = shape(&cert.stdout);
        let (last, body) = shape[1..shape.len() - 1].split_last().unwrap();
        assert_eq!([&shape[0], shape.last().unwrap()], ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"]);
        assert!(body.iter().all(|line| line == "64 columns") && last.ends_with(" columns"), "{shape:?}");
    }
}

#[test]
fn options_are_getopts() {
    let Some(bench) = Bench::new("options_are_getopts") else { return };
    let key = fs::read(&bench.our_key).unwrap();
    let certificate = format!("-c{}", bench.certificate.display());
    for options in [
        ["-k-", "-xvpasdf", &certificate, "-m2", "-g", "3", "-e1d", "-x"],
        ["-vx", "-e", "1d", "-g3", "-m2", &certificate, "-pasdf", "-k-"],
        ["-x", "-p", "asdf", "-g3", "-k", "-", "-m2", &certificate],
    ] {
        let ran = both(|tool| {
            let ran = run_with(bench.tool(tool).arg("sign").args(options), &key);
            assert_eq!(ran.status, Some(0), "{options:?}: {}", ran.stderr);
            (bench.view(&ran.stdout), without_crypto(&ran.stderr))
        });
        assert_eq!(ran[0], ran[1], "{options:?}");
    }
}

#[test]
fn commands_may_be_shortened_as_in_tackpy() {
    let help = |arguments: &[&str]| {
        let text = ok(tack().args(arguments)).text().to_owned();
        assert!(text.contains("Usage:"), "{text}");
        text
    };
    // Of prefixes that fit several, tackpy's own commands come first.
    for command in ["genkey", "sign", "break", "view", "cert"] {
        for end in 1..command.len() {
            assert_eq!(help(&[&command[..end], "--help"]), help(&[command, "--help"]), "{}", &command[..end]);
        }
        assert_eq!(help(&["h", command]), help(&[command, "--help"]));
    }
    for prefix in ["h", "he", "hel"] {
        assert_eq!(help(&[prefix]), help(&["help"]));
    }
}

/// Our tool, or tackpy, on a terminal where these prompts get these answers.
fn on_terminal(command: &Command, steps: &[(&str, &str)]) -> Ran {
    let mut terminal = common::python();
    terminal.arg(common::script("pty_run.py")).env_remove("TACK_PASSWORD");
    terminal.args(steps.iter().flat_map(|(prompt, answer)| [prompt, answer])).arg("--");
    run(terminal.arg(command.get_program()).args(command.get_args()))
}

#[test]
fn genkey_asks_twice_until_the_answers_agree() {
    let Some(bench) = Bench::new("genkey_asks_twice_until_the_answers_agree") else { return };
    let [choose, again] = ["Choose password for key file: ", "Re-enter password for key file: "];
    let steps = [(choose, "first one"), (again, "another"), (choose, PASSWORD), (again, PASSWORD)];
    let shown = both(|tool| {
        let file = bench.path().join(format!("{tool:?}"));
        let ran = on_terminal(bench.tool(tool).args(["genkey", "-o"]).arg(&file), &steps);
        assert_eq!(ran.status, Some(0), "{}", ran.text());
        ok(bench.tool(Tool::Ours).args(["break", "-p", PASSWORD, "-k"]).arg(&file));
        ran.text().to_owned()
    });
    assert_eq!(shown[0], shown[1]);
    assert!(["first one", "another", PASSWORD].iter().all(|password| !shown[0].contains(password)), "{}", shown[0]);
}

#[test]
fn a_wrong_password_asks_again_three_times_at_most() {
    let Some(bench) = Bench::new("a_wrong_password_asks_again_three_times_at_most") else { return };
    let output = bench.path().join("tack");
    let prompt = "Enter password for ";
    let mut sign = bench.tool(Tool::Ours);
    sign.arg("sign").arg("-k").arg(&bench.tackpy_key).arg("-c").arg(&bench.certificate).arg("-o").arg(&output);
    for (last, status) in [("wrong too", 1), (PASSWORD, 0)] {
        let ran = on_terminal(&sign, &[(prompt, "wrong"), (prompt, "false"), (prompt, last)]);
        assert_eq!(ran.status, Some(status), "{}", ran.text());
        assert_eq!(ran.text().matches(prompt).count(), 3);
        assert_eq!(ran.text().matches("Password incorrect!").count(), 2);
        assert_eq!(output.exists(), status == 0);
    }
    // From an option it is an error at once, though there is a terminal.
    let ran = on_terminal(sign.args(["-p", "wrong"]), &[]);
    assert_eq!((ran.status, ran.text().contains(prompt)), (Some(1), false), "{}", ran.text());
}

#[test]
fn without_a_terminal_the_message_names_the_option() {
    let test = "without_a_terminal_the_message_names_the_option";
    if !has(test, &["openssl", "setsid"]) {
        return;
    }
    let directory = temp_dir();
    let key = genkey(directory.path(), "key.pem");
    let (certificate, _) = certificate(directory.path(), "certificate", "ed25519", 1);
    let output = directory.path().join("output");
    let detached = |arguments: &[&Path]| {
        let mut command = Command::new("setsid");
        command.arg("--wait").arg(env!("CARGO_BIN_EXE_tack")).env_remove("TACK_PASSWORD").stdin(Stdio::null());
        let ran = command.args(arguments).arg("-o").arg(&output).output().unwrap();
        let message = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(1), "{message}");
        assert!(message.contains("--password-file") && message.contains("TACK_PASSWORD"), "{message}");
        assert!(!output.exists());
    };
    detached(&[Path::new("genkey")]);
    detached(&[Path::new("break"), Path::new("-k"), &key]);
    detached(&[Path::new("sign"), Path::new("-k"), &key, Path::new("-c"), &certificate]);
}
