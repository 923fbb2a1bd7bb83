//! `tack sign -n` beyond tackpy: names, streams, several certificates, and what is refused before anything is written.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use common::{PASSWORD, Ran, certificate, genkey, ok, run, run_with, tack, target_hash, temp_dir};
use tack_core::{Object, Tack, TargetHash};
use tempfile::TempDir;

const NOW: &str = "2026-11-20T17:31:15Z";
const FIRST: &str = "2027-01-02Z";
const PROVENANCE: &str = concat!("Created by tack ", env!("CARGO_PKG_VERSION"), "\nCreated at 2026-11-20T17:31:15Z\n");

/// A directory `out` beside a key and certificates, and nothing in it.
struct Site {
    directory: TempDir,
}

impl Site {
    fn new(certificates: &[&str]) -> Self {
        let directory = temp_dir();
        genkey(directory.path(), "key.pem");
        fs::create_dir(directory.path().join("out")).unwrap();
        for name in certificates {
            certificate(directory.path(), name, "ec:P-256", 30);
        }
        Self { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn hash(&self, certificate: &str) -> TargetHash {
        target_hash(&self.path(certificate))
    }

    fn tack(&self) -> Command {
        let mut command = tack();
        command.current_dir(self.directory.path()).args(["--now", NOW]);
        command
    }

    /// `tack sign -k key.pem -e FIRST`, and more.
    fn sign(&self, arguments: &[&str]) -> Ran {
        run(self.tack().args(["sign", "-p", PASSWORD, "-k", "key.pem", "-e", FIRST]).args(arguments))
    }

    fn sign_ok(&self, arguments: &[&str]) -> Ran {
        let ran = self.sign(arguments);
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        ran
    }

    /// The names in `out`, sorted.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("out")).unwrap().map(Result::unwrap);
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn tacks(&self, name: &str) -> Vec<Tack> {
        tacks(&fs::read(self.path(name)).unwrap())
    }
}

/// The tacks in a text, each of which must hold.
fn tacks(text: &[u8]) -> Vec<Tack> {
    let objects = Object::all_from_bytes(text).collect::<Result<Vec<_>, _>>().unwrap();
    objects.iter().for_each(|object| object.verify().unwrap());
    objects.iter().flat_map(Object::tacks).cloned().collect()
}

fn expirations(tacks: &[Tack]) -> Vec<String> {
    tacks.iter().map(|tack| tack.expiration().to_string()).collect()
}

#[test]
fn files_are_named_by_at_least_four_digits_and_all_by_as_many() {
    let site = Site::new(&["www"]);
    site.sign_ok(&["-c", "www.pem", "-n", "3@1d", "-o", "out/T"]);
    assert_eq!(site.names(), ["T_0000.pem", "T_0001.pem", "T_0002.pem"]);
    let third = site.tacks("out/T_0002.pem");
    assert_eq!(expirations(&third), ["2027-01-04T00:00Z"]);
    assert_eq!(fs::read_to_string(site.path("out/T_0002.pem")).unwrap(), PROVENANCE.to_owned() + &third[0].to_pem());
    // One more than four digits can name: all get the fifth.
    fs::remove_dir_all(site.path("out")).unwrap();
    fs::create_dir(site.path("out")).unwrap();
    site.sign_ok(&["-c", "www.pem", "-n", "10001@1m", "-o", "out/T"]);
    let names = site.names();
    assert_eq!((names.len(), names[0].as_str(), names[10_000].as_str()), (10_001, "T_00000.pem", "T_10000.pem"));
    assert_eq!(expirations(&site.tacks("out/T_10000.pem")), ["2027-01-08T22:40Z"]);
}

#[test]
fn a_million_is_the_most() {
    let site = Site::new(&["www"]);
    // The million begins to come; nobody waits for the end of it.
    let mut command = site.tack();
    command.args(["sign", "-p", PASSWORD, "-k", "key.pem", "-c", "www.pem", "-e", FIRST, "-n", "1000000@1m"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut begin = vec![0; PROVENANCE.len()];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut begin).unwrap();
    drop(child.stdout.take());
    // A reader that goes away is no error to talk about.
    let output = child.wait_with_output().unwrap();
    assert_eq!((begin.as_slice(), String::from_utf8(output.stderr).unwrap().as_str()), (PROVENANCE.as_bytes(), ""));
    for number in ["1000001@1m", "0@1m", "5", "5@", "@1d", "5@1w", "-5@1d"] {
        let ran = site.sign(&["-c", "www.pem", &format!("-n{number}"), "-o", "out/T"]);
        assert_eq!(ran.status, Some(2), "{number}: {}", ran.stderr);
    }
    assert!(site.names().is_empty());
}

#[test]
fn without_an_output_the_tacks_are_one_stream() {
    let site = Site::new(&["www"]);
    let stream = site.sign_ok(&["-c", "www.pem", "-n", "5@12h"]).stdout;
    let tacks = tacks(&stream);
    let expected =
        ["2027-01-02T00:00Z", "2027-01-02T12:00Z", "2027-01-03T00:00Z", "2027-01-03T12:00Z", "2027-01-04T00:00Z"];
    assert_eq!(expirations(&tacks), expected);
    let text = PROVENANCE.to_owned() + &tacks.iter().map(Tack::to_pem).collect::<String>();
    assert_eq!(String::from_utf8(stream.clone()).unwrap(), text);
    assert_eq!(site.sign_ok(&["-c", "www.pem", "-n", "5@12h", "-o", "-"]).stdout, stream);
    // Whatever reads tacks reads the stream, from a pipe too.
    let read = |arguments: &[&str]| {
        let ran = run_with(site.tack().args(arguments), &stream);
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        ran
    };
    assert_eq!(read(&["view", "-"]).text().matches("2027-01-0").count(), 5);
    assert!(read(&["status", "-c", "www.pem", "-"]).text().starts_with("TACK OK - 5 tacks, 44 days left"));
    read(&["deploy", "-c", "www.pem", "-o", "out/tack.pem", "-"]);
    assert_eq!(site.tacks("out/tack.pem"), tacks[..1]);
    // A stream is of several portions that are signed one after the other, and none comes twice or out of order.
    let long = site.sign_ok(&["-c", "www.pem", "-n", "2500@1m"]).stdout;
    let objects: Vec<_> = Object::all_from_bytes(&long).map(Result::unwrap).collect();
    let minutes: Vec<_> = objects.iter().map(|object| object.tacks()[0].expiration().get()).collect();
    assert_eq!(minutes.len(), 2500);
    assert!(minutes.windows(2).all(|pair| pair[1] == pair[0] + 1));
}

#[test]
fn view_keeps_the_order_of_a_stream_and_finds_the_bad_tack_in_it() {
    let site = Site::new(&["www"]);
    let stream = String::from_utf8(site.sign_ok(&["-c", "www.pem", "-n", "5000@1m"]).stdout).unwrap();
    // The last bits of the signature are in this character; the other bits of it are 0.
    let mut blocks: Vec<_> = stream.split_inclusive("-----END TACK-----\n").map(str::to_owned).collect();
    let end = blocks[4321].find("\n-----END").unwrap();
    let byte = if &blocks[4321][end - 3..end - 2] == "A" { "Q" } else { "A" };
    blocks[4321].replace_range(end - 3..end - 2, byte);
    fs::write(site.path("batch.pem"), blocks.concat()).unwrap();

    let ran = run(site.tack().args(["view", "--json", "batch.pem"]));
    let seen: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let seen = seen.as_array().unwrap();
    assert_eq!((ran.status, seen.len()), (Some(1), 5000));
    let valid = |index: usize| seen[index]["signature_valid"].as_bool().unwrap();
    assert!((0..5000).all(|index| valid(index) == (index != 4321)));
    let expirations: Vec<_> = seen.iter().map(|tack| tack["expiration"].as_str().unwrap()).collect();
    assert!(expirations.is_sorted() && expirations[4999] == "2027-01-05T11:19Z", "{}", expirations[4999]);

    let ran = run(site.tack().args(["view", "batch.pem"]));
    let words = String::from_utf8(ran.stdout).unwrap();
    let expirations: Vec<_> = words.lines().filter(|line| line.starts_with("expiration")).collect();
    assert_eq!((ran.status, expirations.len(), ran.stderr.lines().count()), (Some(1), 4999, 1), "{}", ran.stderr);
    assert!(ran.stderr.contains("signature") && expirations.is_sorted(), "{}", ran.stderr);
}

#[test]
fn as_many_threads_work_as_are_wanted() {
    let site = Site::new(&["www"]);
    let stream = site.sign_ok(&["-c", "www.pem", "-n", "500@1m"]).stdout;
    for number in [1, 3, 7] {
        let mut view = site.tack();
        view.args(["view", "-"]).env("RAYON_NUM_THREADS", number.to_string());
        let mut view = view.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        // It has seen some of the stream, and waits for more.
        view.stdin.as_mut().unwrap().write_all(&stream).unwrap();
        view.stdout.as_mut().unwrap().read_exact(&mut [0; 4096]).unwrap();
        let threads = fs::read_dir(format!("/proc/{}/task", view.id())).unwrap().count();
        let shown = view.wait_with_output().unwrap();
        assert_eq!((shown.status.code(), threads), (Some(0), 1 + number));
    }
}

#[test]
fn what_takes_a_stream_gets_one() {
    let site = Site::new(&["www", "mail"]);
    let arguments = ["-c", "www.pem", "-c", "mail.pem", "-n", "3@1d"];
    let stream = site.sign_ok(&arguments).stdout;
    for output in ["-", "/dev/stdout"] {
        assert_eq!(site.sign_ok(&[&arguments[..], &["-o", output]].concat()).stdout, stream, "{output}");
    }
    assert_eq!(site.sign_ok(&[&arguments[..], &["-o", "/dev/null"]].concat()).stdout, b"");
    let strays = fs::read_dir("/dev").unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(strays.filter(|name| name.contains("-www") || name.ends_with("_0000.pem")).count(), 0);
}

#[test]
fn a_directory_in_the_place_of_a_tack_is_found_before_anything_is_written() {
    let site = Site::new(&["www"]);
    fs::create_dir(site.path("out/T_0002.pem")).unwrap();
    let ran = site.sign(&["-c", "www.pem", "-n", "3@1d", "-o", "out/T"]);
    let message = "tack: out/T_0002.pem: it is a directory, in the place of a tack; choose another -o\n";
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(1), message));
    assert_eq!(site.names(), ["T_0002.pem"]);
}

#[test]
fn what_is_written_is_counted_over_all_certificates() {
    let long = "m".repeat(200);
    let site = Site::new(&["www", &long]);
    // The second names are longer than a name may be, 255 bytes.
    let prefix = format!("out/{}", "T".repeat(60));
    let ran = site.sign(&["-c", "www.pem", "-c", &format!("{long}.pem"), "-n", "10@1d", "-o", &prefix]);
    let end = "cannot be written: file name too long; 10 of 20 tacks are written; the same command completes them when \
               that is mended\n";
    assert!(ran.status == Some(1) && ran.stderr.ends_with(end), "{}", ran.stderr);
    assert_eq!(site.names().len(), 10);
}

#[test]
fn a_batch_needs_its_first_expiration() {
    let site = Site::new(&["www"]);
    let ran = run(site.tack().args(["sign", "-p", PASSWORD, "-k", "key.pem", "-c", "www.pem", "-n", "5@1d"]));
    assert_eq!((ran.status, ran.stdout.len()), (Some(2), 0), "{}", ran.stderr);
}

#[test]
fn each_of_several_certificates_has_its_own() {
    let site = Site::new(&["www", "mail"]);
    let both = ["-c", "www.pem", "-c", "mail.pem"];
    let targets = [site.hash("www.pem"), site.hash("mail.pem")];
    let hashes = |tacks: &[Tack]| tacks.iter().map(Tack::target_hash).collect::<Vec<_>>();
    // One tack each.
    site.sign_ok(&[&both[..], &["-o", "out/TACK.pem"]].concat());
    assert_eq!(site.names(), ["TACK-mail.pem", "TACK-www.pem"]);
    assert_eq!(hashes(&site.tacks("out/TACK-www.pem")), targets[..1]);
    assert_eq!(hashes(&site.tacks("out/TACK-mail.pem")), targets[1..]);
    assert_eq!(hashes(&tacks(&site.sign_ok(&both).stdout)), targets);
    // A batch each.
    fs::create_dir(site.path("out/T")).unwrap();
    site.sign_ok(&[&both[..], &["-n", "2@1d", "-o", "out/T/T1"]].concat());
    fs::read_dir(site.path("out/T")).unwrap().for_each(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let target = if name.contains("www") { targets[0] } else { targets[1] };
        assert!(["T1-www_0000.pem", "T1-www_0001.pem", "T1-mail_0000.pem", "T1-mail_0001.pem"].contains(&&*name));
        assert_eq!(hashes(&site.tacks(&format!("out/T/{name}"))), [target]);
    });
    assert_eq!(fs::read_dir(site.path("out/T")).unwrap().count(), 4);
    let stream = tacks(&site.sign_ok(&[&both[..], &["-n", "2@1d"]].concat()).stdout);
    assert_eq!(hashes(&stream), [targets[0], targets[0], targets[1], targets[1]]);
    // And from a file with both: they are told apart by numbers.
    let files = ["www.pem", "mail.pem"].map(|name| fs::read(site.path(name)).unwrap());
    fs::write(site.path("both.pem"), files.concat()).unwrap();
    fs::create_dir(site.path("out/B")).unwrap();
    site.sign_ok(&["-c", "both.pem", "-n", "1@1d", "-o", "out/B/T"]);
    assert_eq!(hashes(&site.tacks("out/B/T-both-1_0000.pem")), targets[..1]);
    assert_eq!(hashes(&site.tacks("out/B/T-both-2_0000.pem")), targets[1..]);
}

#[test]
fn names_that_collide_are_refused_before_anything_is_written() {
    let site = Site::new(&["www"]);
    fs::create_dir(site.path("other")).unwrap();
    certificate(&site.path("other"), "www", "ec:P-256", 30);
    for more in [&["-o", "out/T.pem"][..], &["-n", "2@1d", "-o", "out/T"]] {
        let ran = site.sign(&[&["-c", "www.pem", "-c", "other/www.pem"], more].concat());
        assert_eq!(ran.status, Some(1));
        assert!(ran.stderr.contains("two certificates would have their tacks there"), "{}", ran.stderr);
    }
    assert!(site.names().is_empty());
    // The same certificate twice collides too; to standard output nothing does.
    assert_eq!(site.sign(&["-c", "www.pem", "-c", "www.pem", "-o", "out/T"]).status, Some(1));
    assert_eq!(tacks(&site.sign_ok(&["-c", "www.pem", "-c", "other/www.pem"]).stdout).len(), 2);
}

#[test]
fn a_batch_replaces_no_input() {
    let site = Site::new(&["www"]);
    for (name, option) in [("out/T_0001.pem", "-k"), ("out/T_0002.pem", "-c")] {
        let from = if option == "-k" { "key.pem" } else { "www.pem" };
        fs::copy(site.path(from), site.path(name)).unwrap();
        let (key, certificate) = if option == "-k" { (name, "www.pem") } else { ("key.pem", name) };
        for output in ["out/T", "./out/../out/T"] {
            let mut command = site.tack();
            command.args([
                "sign",
                "-p",
                PASSWORD,
                "-k",
                key,
                "-c",
                certificate,
                "-e",
                FIRST,
                "-n",
                "3@1d",
                "-o",
                output,
            ]);
            let ran = run(&mut command);
            assert_eq!(ran.status, Some(1));
            assert!(ran.stderr.contains("it is an input, and the batch would replace it"), "{}", ran.stderr);
        }
        assert_eq!(fs::read(site.path(from)).unwrap(), fs::read(site.path(name)).unwrap());
        fs::remove_file(site.path(name)).unwrap();
    }
    // Nor through a symbolic link of a batch file's name; and what is no input stays as it is behind such a link.
    symlink("../key.pem", site.path("out/T_0001.pem")).unwrap();
    let ran = site.sign(&["-c", "www.pem", "-n", "3@1d", "-o", "out/T"]);
    assert!(ran.stderr.contains("it is an input, and the batch would replace it"), "{}", ran.stderr);
    fs::remove_file(site.path("out/T_0001.pem")).unwrap();
    fs::write(site.path("other"), "somebody's").unwrap();
    symlink("../other", site.path("out/T_0001.pem")).unwrap();
    site.sign_ok(&["-c", "www.pem", "-n", "3@1d", "-o", "out/T"]);
    assert_eq!(fs::read(site.path("other")).unwrap(), b"somebody's");
    assert_eq!(site.tacks("out/T_0001.pem").len(), 1);
}

#[test]
fn a_rerun_replaces_what_is_there_and_leaves_the_rest() {
    let site = Site::new(&["www"]);
    fs::write(site.path("out/T_0001.pem"), "torn").unwrap();
    fs::write(site.path("out/T_0003.pem"), "not of the batch").unwrap();
    site.sign_ok(&["-c", "www.pem", "-n", "3@1d", "-o", "out/T"]);
    assert_eq!(expirations(&site.tacks("out/T_0001.pem")), ["2027-01-03T00:00Z"]);
    let inodes = || [0, 1, 2].map(|n| fs::metadata(site.path(&format!("out/T_000{n}.pem"))).unwrap().ino());
    let before = inodes();
    // Whoever reads the old file keeps on reading the old one.
    let mut open = fs::File::open(site.path("out/T_0001.pem")).unwrap();
    site.sign_ok(&["-c", "www.pem", "-n", "3@2d", "-o", "out/T"]);
    assert!(inodes().iter().zip(before).all(|(after, before)| *after != before));
    let mut old = Vec::new();
    std::io::Read::read_to_end(&mut open, &mut old).unwrap();
    assert_eq!(expirations(&tacks(&old)), ["2027-01-03T00:00Z"]);
    assert_eq!(expirations(&site.tacks("out/T_0001.pem")), ["2027-01-04T00:00Z"]);
    assert_eq!(fs::read_to_string(site.path("out/T_0003.pem")).unwrap(), "not of the batch");
    assert_eq!(site.names().len(), 4);
    let mode = fs::metadata(site.path("out/T_0001.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7111, 0, "{mode:o}");
}

#[test]
fn what_would_expire_too_late_is_refused_before_the_first_file() {
    let site = Site::new(&["www", "mail"]);
    // 2^32 - 1 minutes after 1970 is 10136-02-16T04:15Z; from 2027 on there are 4,264,986,495 minutes.
    for (number, status) in [("2@4264986495m", 0), ("2@4264986496m", 1), ("1000000@4265m", 1)] {
        let ran = site.sign(&["-c", "www.pem", "-c", "mail.pem", "-n", number, "-o", "out/T"]);
        assert_eq!(ran.status, Some(status), "{number}: {}", ran.stderr);
        let expected = if status == 0 { 4 } else { 0 };
        assert_eq!(site.names().len(), expected, "{number}");
        if status == 0 {
            assert_eq!(site.tacks("out/T-www_0001.pem")[0].expiration().get(), u32::MAX);
            site.names().iter().for_each(|name| fs::remove_file(site.path("out").join(name)).unwrap());
        } else {
            assert!(ran.stderr.contains("is beyond 10136-02-16T04:15Z"), "{}", ran.stderr);
        }
    }
}

#[test]
fn a_batch_in_the_past_is_made_with_a_warning() {
    let site = Site::new(&["www"]);
    let mut command = site.tack();
    command
        .args(["sign", "-p", PASSWORD, "-k", "key.pem", "-c", "www.pem", "-n", "2@1d", "-e", "2013Z", "-o", "out/T"]);
    let ran = run(&mut command);
    let warning = "tack: www.pem: warning: the first tack for it has expired already, at 2013-01-01T00:00Z\n";
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), warning));
    assert_eq!(site.names().len(), 2);
}

#[test]
fn a_chain_counts_as_its_first_certificate() {
    let site = Site::new(&[]);
    let openssl = |arguments: &[&str]| ok(Command::new("openssl").args(arguments).current_dir(site.directory.path()));
    // A CA that says so, unlike the certificates of common::certificate.
    openssl(&[
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=root",
        "-days",
        "9",
        "-addext",
        "basicConstraints=critical,CA:TRUE",
        "-keyout",
        "root.key",
        "-out",
        "root.pem",
    ]);
    openssl(&[
        "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=www", "-keyout", "www.key", "-out", "www.csr",
    ]);
    openssl(&[
        "x509", "-req", "-in", "www.csr", "-CA", "root.pem", "-CAkey", "root.key", "-days", "9", "-out", "www.pem",
    ]);
    let files = ["www.pem", "root.pem"].map(|name| fs::read(site.path(name)).unwrap());
    fs::write(site.path("fullchain.pem"), files.concat()).unwrap();
    site.sign_ok(&["-c", "fullchain.pem", "-n", "2@1d", "-o", "out/T"]);
    assert_eq!(site.names(), ["T_0000.pem", "T_0001.pem"]);
    assert_eq!(site.tacks("out/T_0000.pem")[0].target_hash(), site.hash("www.pem"));
    // status and deploy take it for the same.
    let ran = run(site.tack().args(["status", "-c", "fullchain.pem", "out/T_0000.pem", "out/T_0001.pem"]));
    assert_eq!(ran.status, Some(0), "{}", ran.text());
}

#[test]
fn certificates_from_standard_input_have_a_name_too() {
    let site = Site::new(&["www", "mail"]);
    let mut command = site.tack();
    command.args(["sign", "-p", PASSWORD, "-k", "key.pem", "-e", FIRST, "-c", "www.pem", "-c", "-", "-o", "out/T.pem"]);
    let ran = run_with(&mut command, &fs::read(site.path("mail.pem")).unwrap());
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""));
    assert_eq!(site.names(), ["T-stdin.pem", "T-www.pem"]);
    assert_eq!(site.tacks("out/T-stdin.pem")[0].target_hash(), site.hash("mail.pem"));
}
