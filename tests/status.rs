//! `tack status`: what it says of a batch, to people, programs and monitoring systems.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use common::{Ran, certificate, has, run, tack, target_hash, temp_dir};
use tack_core::{Generations, Minute, SigningKey, Tack, TargetHash};
use tempfile::TempDir;

const NOW: &str = "2026-12-31T06:25:00Z";
/// 2026-12-31T00:00Z.
const TODAY: u32 = 29_977_920;
const DAY: u32 = 24 * 60;
const KEY: u8 = 1;
const FINGERPRINT: &str = "b6inl.s6byd.akd3x.stryk.t6pfy";
const HASH: &str = "0707070707070707070707070707070707070707070707070707070707070707";

struct Site {
    directory: TempDir,
}

impl Site {
    fn new() -> Self {
        Self { directory: temp_dir() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes tacks for these expirations, in days from today.
    fn write(&self, name: &str, key: u8, hash: TargetHash, days: impl IntoIterator<Item = i32>) {
        let key = SigningKey::from_bytes(&[key; 32]).unwrap();
        let expiration = |day: i32| Minute::new(TODAY.checked_add_signed(day * DAY.cast_signed()).unwrap());
        let tacks =
            days.into_iter().map(|day| Tack::sign(&key, Generations::default(), expiration(day), hash).to_pem());
        fs::write(self.path(name), tacks.collect::<String>()).unwrap();
    }

    fn status(&self, arguments: &[&str]) -> Ran {
        run(self.command().args(["--now", NOW, "status"]).args(arguments))
    }

    fn command(&self) -> Command {
        let mut command = tack();
        command.current_dir(self.directory.path()).env_remove("NO_COLOR");
        command
    }
}

fn hash() -> TargetHash {
    TargetHash::new([7; 32])
}

/// The status, and the line that a monitoring system shows.
fn headline(ran: &Ran) -> (Option<i32>, &str) {
    assert_eq!(ran.stderr, "");
    (ran.status, ran.text().lines().next().unwrap())
}

#[test]
fn in_words() {
    let site = Site::new();
    site.write("tacks.pem", KEY, hash(), -10..20);
    let expected = format!(
        "TACK OK - 30 tacks, 18 days left | days_left=18;7:;0:\n\
         \n\
         key fingerprint  {FINGERPRINT}\n\
         target hash      {HASH}\n\
         tacks            30\n\
         first expiration 2026-12-21T00:00Z\n\
         last expiration  2027-01-19T00:00Z\n\
         interval         1d\n\
         gaps             none\n\
         left             18d17h35m\n\
         timeline         [.....................=======================================]\n"
    );
    let ran = site.status(&["tacks.pem"]);
    assert_eq!((ran.status, ran.text(), ran.stderr.as_str()), (Some(0), expected.as_str(), ""));
}

#[test]
fn in_json() {
    let site = Site::new();
    site.write("tacks.pem", KEY, hash(), [1, 2, 3, 6, 7]);
    let expected = format!(
        r#"{{
  "status": "CRITICAL",
  "problems": [
    "the tacks of key {FINGERPRINT} have a gap from 2027-01-03T00:00Z to 2027-01-06T00:00Z",
    "the tacks of key {FINGERPRINT} last 6d17h35m more"
  ],
  "batches": [
    {{
      "key_fingerprint": "{FINGERPRINT}",
      "target_hash": "{HASH}",
      "fits": null,
      "revoked": 0,
      "tacks": 5,
      "first_expiration": "2027-01-01T00:00Z",
      "last_expiration": "2027-01-07T00:00Z",
      "interval_minutes": 1440,
      "gaps": [
        [
          "2027-01-03T00:00Z",
          "2027-01-06T00:00Z"
        ]
      ],
      "minutes_left": 9695
    }}
  ]
}}
"#
    );
    let ran = site.status(&["--json", "tacks.pem"]);
    assert_eq!((ran.status, ran.text(), ran.stderr.as_str()), (Some(2), expected.as_str(), ""));
    let ran = site.status(&["--json", "absent.pem"]);
    let expected = "{\n  \"status\": \"UNKNOWN\",\n  \"problems\": [\n    \
                    \"absent.pem: cannot be read: no such file or directory; check its name\"\n  ],\n  \"batches\": []\n}\n";
    assert_eq!((ran.status, ran.text(), ran.stderr.as_str()), (Some(3), expected, ""));
}

#[test]
fn every_exit_status() {
    let site = Site::new();
    certificate(site.directory.path(), "www", "ec:P-256", 30);
    let www = target_hash(&site.path("www.pem"));
    site.write("tacks.pem", KEY, hash(), 1..=10);
    site.write("www-tacks.pem", KEY, www, 1..=10);
    site.write("past.pem", KEY, hash(), -10..=0);
    let text = fs::read_to_string(site.path("www-tacks.pem")).unwrap();
    let mut forged = Tack::from_pem(text.as_bytes()).unwrap().to_bytes();
    forged.last_mut().map(|byte| *byte ^= 1).unwrap();
    fs::write(site.path("forged.pem"), text.clone() + &Tack::from_bytes(&forged).unwrap().to_pem()).unwrap();
    fs::write(site.path("cut.pem"), text.strip_suffix("-----END TACK-----\n").unwrap()).unwrap();
    fs::write(site.path("empty.pem"), "").unwrap();

    let ok = "TACK OK - 10 tacks, 9 days left | days_left=9;7:;0:";
    let key = format!("key {FINGERPRINT}");
    for (arguments, status, expected) in [
        (&["tacks.pem"][..], 0, ok.to_owned()),
        (&["-c", "www.pem", "www-tacks.pem"], 0, ok.to_owned()),
        // Exactly as much as --warn asks for is enough, and a minute less is not.
        (&["--warn", "9d17h35m", "tacks.pem"], 0, ok.replace(";7", ";9")),
        (
            &["--warn", "9d17h36m", "tacks.pem"],
            1,
            format!("TACK WARNING - the tacks of {key} last 9d17h35m more | days_left=9;9:;0:"),
        ),
        (
            &["past.pem"],
            2,
            format!("TACK CRITICAL - the last tack of {key} expired at 2026-12-31T00:00Z | days_left=0;7:;0:"),
        ),
        (
            &["-c", "www.pem", "tacks.pem"],
            2,
            format!("TACK CRITICAL - the tacks of {key} do not fit the certificate in www.pem | days_left=9;7:;0:"),
        ),
        (
            &["forged.pem"],
            2,
            format!(
                "TACK CRITICAL - forged.pem: the tack has a bad signature: it was changed, or never signed by {key}; \
                 do not use it | days_left=9;7:;0:"
            ),
        ),
        (
            &["absent.pem"],
            3,
            "TACK UNKNOWN - absent.pem: cannot be read: no such file or directory; check its name".to_owned(),
        ),
        (
            &["cut.pem"],
            3,
            "TACK UNKNOWN - cut.pem: the TACK block has no END line: it is truncated; copy or make it again, \
             it is damaged | days_left=8;7:;0:"
                .to_owned(),
        ),
        (&["empty.pem"], 3, "TACK UNKNOWN - empty.pem: it is empty; give the right file".to_owned()),
        (&["www.pem"], 3, "TACK UNKNOWN - www.pem: no tack in it; give a batch".to_owned()),
        (
            &["tacks.pem", "absent.pem"],
            3,
            "TACK UNKNOWN - absent.pem: cannot be read: no such file or directory; check its name \
             | days_left=9;7:;0:"
                .to_owned(),
        ),
        (
            &["absent.pem", "past.pem"],
            2,
            format!(
                "TACK CRITICAL - the last tack of {key} expired at 2026-12-31T00:00Z; absent.pem: cannot be read: \
                 no such file or directory; check its name | days_left=0;7:;0:"
            ),
        ),
        (
            &["-c", "tacks.pem", "tacks.pem"],
            3,
            "TACK UNKNOWN - tacks.pem: no CERTIFICATE block found; it holds TACK; give the right file".to_owned(),
        ),
    ] {
        assert_eq!(headline(&site.status(arguments)), (Some(status), expected.as_str()), "{arguments:?}");
    }
    // A command line that is wrong tells nothing about the tacks.
    for arguments in [&["--warn", "soon", "tacks.pem"][..], &["--wrong", "tacks.pem"], &[]] {
        let ran = run(site.command().arg("status").args(arguments));
        assert_eq!(ran.status, Some(3), "{}", ran.stderr);
        assert!(ran.text().starts_with("TACK UNKNOWN - "), "{}", ran.text());
    }
}

#[test]
fn batches_that_overlap_have_no_gaps() {
    let site = Site::new();
    let key = SigningKey::from_bytes(&[KEY; 32]).unwrap();
    let tacks = |hour: u32| {
        let expirations = (1..30).map(move |day| Minute::new(TODAY + day * DAY + hour * 60));
        expirations
            .map(|expiration| Tack::sign(&key, Generations::default(), expiration, hash()).to_pem())
            .collect::<String>()
    };
    fs::write(site.path("a.pem"), tacks(0)).unwrap();
    fs::write(site.path("b.pem"), tacks(4)).unwrap();
    assert_eq!(site.status(&["a.pem", "b.pem"]).status, Some(0));
}

#[test]
fn a_batch_for_the_next_certificate_does_no_harm() {
    let site = Site::new();
    certificate(site.directory.path(), "www", "ec:P-256", 30);
    let target = target_hash(&site.path("www.pem"));
    site.write("old.pem", KEY, hash(), 1..=3);
    site.write("new.pem", KEY, target, 1..=20);
    let ran = site.status(&["-c", "www.pem", "old.pem", "new.pem"]);
    assert_eq!(headline(&ran), (Some(0), "TACK OK - 23 tacks, 19 days left | days_left=19;7:;0:"));
    assert!(ran.text().contains(" (another certificate's)\n") && ran.text().contains(" (fits)\n"), "{}", ran.text());
}

#[test]
fn revoked_tacks_are_a_warning() {
    let site = Site::new();
    site.write("old.pem", KEY, hash(), 1..=10);
    let key = SigningKey::from_bytes(&[KEY; 32]).unwrap();
    let tack = Tack::sign(&key, Generations::new(1, 1).unwrap(), Minute::new(TODAY + 11 * DAY), hash());
    fs::write(site.path("new.pem"), tack.to_pem()).unwrap();
    let ran = site.status(&["old.pem", "new.pem"]);
    let warning = format!(
        "TACK WARNING - 10 tacks of key {FINGERPRINT} of generations below 1, which other tacks revoke \
         | days_left=10;7:;0:"
    );
    assert_eq!(headline(&ran), (Some(1), warning.as_str()));
}

#[test]
fn a_batch_that_is_revoked_has_nothing_left() {
    let site = Site::new();
    certificate(site.directory.path(), "www", "ec:P-256", 30);
    site.write("tacks.pem", KEY, target_hash(&site.path("www.pem")), 1..=300);
    // For another TLS key, and expired: it revokes all the same.
    let key = SigningKey::from_bytes(&[KEY; 32]).unwrap();
    let tack = Tack::sign(&key, Generations::new(3, 3).unwrap(), Minute::new(TODAY - DAY), hash());
    fs::write(site.path("other.pem"), tack.to_pem()).unwrap();
    let ran = site.status(&["-c", "www.pem", "tacks.pem", "other.pem"]);
    let critical = format!(
        "TACK CRITICAL - all tacks of key {FINGERPRINT} for target hash {:.16} are of generations below 3, \
         which other tacks revoke | days_left=0;7:;0:",
        target_hash(&site.path("www.pem")).to_string()
    );
    assert_eq!(headline(&ran), (Some(2), critical.as_str()));
    let lines = "tacks            300\nfirst expiration none\nlast expiration  none\ninterval         none\n\
                 gaps             none\nleft             0m\ntimeline         [!!!!!!!!";
    assert!(ran.text().contains(lines), "{}", ran.text());
    let ran = site.status(&["--json", "-c", "www.pem", "tacks.pem", "other.pem"]);
    let json: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let batch = &json["batches"][0];
    let expected = serde_json::json!([300, 300, null, null, null, [], 0]);
    let fields =
        ["tacks", "revoked", "first_expiration", "last_expiration", "interval_minutes", "gaps", "minutes_left"];
    assert_eq!(fields.map(|field| batch[field].clone()).to_vec(), *expected.as_array().unwrap());
}

#[test]
fn of_many_problems_the_first_are_kept() {
    let site = Site::new();
    site.write("tacks.pem", KEY, hash(), (0..1_200).filter(|day| day % 10 != 9));
    let json: serde_json::Value = serde_json::from_slice(&site.status(&["--json", "tacks.pem"]).stdout).unwrap();
    let problems = json["problems"].as_array().unwrap();
    assert_eq!((problems.len(), problems.last().unwrap().as_str()), (101, Some("and 19 more")));
    assert_eq!(json["batches"][0]["gaps"].as_array().unwrap().len(), 119);
}

#[test]
fn a_clock_before_the_batch_was_made_knows_nothing() {
    let site = Site::new();
    site.write("tacks.pem", KEY, hash(), 1..=10);
    let text = fs::read_to_string(site.path("tacks.pem")).unwrap();
    fs::write(site.path("tacks.pem"), format!("Created at {NOW}\n{text}")).unwrap();
    for (now, status) in [("2026-12-30T06:24:59Z", 3), ("2026-12-30T06:25:00Z", 0)] {
        let ran = run(site.command().args(["--now", now, "status", "tacks.pem"]));
        assert_eq!(ran.status, Some(status), "{}", ran.text());
        let words =
            format!("TACK UNKNOWN - tacks.pem: it was created at {NOW}, and the clock says {now}; set the clock |");
        assert_eq!(ran.text().starts_with(&words), status == 3, "{}", ran.text());
    }
}

#[test]
fn what_deploy_keeps_up_to_date_is_judged_too() {
    let site = Site::new();
    certificate(site.directory.path(), "www", "ec:P-256", 30);
    let www = target_hash(&site.path("www.pem"));
    site.write("tacks.pem", KEY, www, 1..=10);
    let key = SigningKey::from_bytes(&[KEY; 32]).unwrap();
    let sign = |day: u32, generation: u8, hash: TargetHash| {
        Tack::sign(&key, Generations::new(generation, generation).unwrap(), Minute::new(TODAY + day * DAY), hash)
    };
    // It revokes nothing of the batch, whose generation is 0, unless it is read.
    fs::write(site.path("revoking.pem"), sign(20, 1, www).to_pem()).unwrap();
    let mut forged = sign(1, 0, www).to_bytes();
    forged[165] ^= 1;
    let forged = Tack::from_bytes(&forged).unwrap().to_pem();
    let status = |files: &[&str]| {
        let ran = site.status(&[&["-c", "www.pem", "-o", "out.pem", "tacks.pem"], files].concat());
        (ran.status, headline(&ran).1.to_owned())
    };
    let bad =
        format!("the tack has a bad signature: it was changed, or never signed by key {FINGERPRINT}; do not use it");
    let truncated = "the TACK block has no END line: it is truncated; copy or make it again, it is damaged";
    for (held, problem) in [
        (sign(1, 0, www).to_pem(), None),
        (String::new(), Some("there is no tack")),
        (forged, Some(bad.as_str())),
        ("-----BEGIN TACK-----\n".to_owned(), Some(truncated)),
        (sign(0, 0, www).to_pem(), Some("the tack of key {} expired at 2026-12-31T00:00Z")),
        (sign(1, 0, hash()).to_pem(), Some("the tack of key {} does not fit the certificate in www.pem")),
    ] {
        fs::write(site.path("out.pem"), &held).unwrap();
        let expected = match problem {
            None => (Some(0), "TACK OK - 10 tacks, 9 days left | days_left=9;7:;0:".to_owned()),
            Some(problem) => {
                let problem = problem.replace("{}", FINGERPRINT);
                let line = format!("TACK CRITICAL - out.pem: {problem}; run \"tack deploy\" | days_left=9;7:;0:");
                (Some(2), line)
            }
        };
        assert_eq!(status(&[]), expected, "{held}");
    }
    fs::write(site.path("out.pem"), sign(1, 0, www).to_pem()).unwrap();
    let (exit, line) = status(&["revoking.pem"]);
    let problem = format!(
        "TACK CRITICAL - out.pem: the tack of key {FINGERPRINT} is of a generation below 1, which other tacks revoke; run \
         \"tack deploy\"; 10 tacks of key {FINGERPRINT} of generations below 1, which other tacks revoke | "
    );
    assert!(exit == Some(2) && line.starts_with(&problem), "{line}");
    fs::write(site.path("out.pem"), "server {}\n").unwrap();
    let line = "TACK UNKNOWN - out.pem: it holds other text, which would be lost; give OUTPUT a file of its own \
                | days_left=9;7:;0:";
    assert_eq!(status(&[]), (Some(3), line.to_owned()));
}

#[test]
fn a_command_that_has_not_succeeded_is_a_warning_for_an_hour() {
    let site = Site::new();
    site.write("tacks.pem", KEY, hash(), 1..=10);
    let made = "2026-12-31T06:25:00Z";
    let mut deploy = site.command();
    deploy.args(["--now", made, "deploy", "--min-remaining", "2d", "-o", "out.pem", "--run", "false", "tacks.pem"]);
    assert_eq!(run(&mut deploy).status, Some(1));
    let problem = format!("out.pem: the command of --run has not succeeded since it changed at {made}");
    for (now, status, word) in
        [(made, 1, "WARNING"), ("2026-12-31T07:24:59Z", 1, "WARNING"), ("2026-12-31T07:25:00Z", 2, "CRITICAL")]
    {
        let ran = run(site.command().args(["--now", now, "status", "-o", "out.pem", "tacks.pem"]));
        let line = format!("TACK {word} - {problem} | days_left=9;7:;0:");
        assert_eq!(headline(&ran), (Some(status), line.as_str()));
    }
    // A marker that cannot be read may be old.
    fs::write(site.path(".deploy-pending.out.pem"), "").unwrap();
    let ran = site.status(&["-o", "out.pem", "tacks.pem"]);
    let line = "TACK CRITICAL - out.pem: the command of --run has not succeeded since it changed | days_left=9;7:;0:";
    assert_eq!(headline(&ran), (Some(2), line));
}

#[test]
fn the_first_line_stays_short() {
    let site = Site::new();
    let absent: Vec<_> = (0..9).map(|number| format!("absent{number}.pem")).collect();
    let ran = site.status(&absent.iter().map(String::as_str).collect::<Vec<_>>());
    let line = ran.text().lines().next().unwrap().to_owned();
    assert!(line.contains("absent4.pem") && !line.contains("absent5.pem") && line.ends_with("; and 4 more"), "{line}");
}

#[test]
fn the_worst_comes_first_and_gaps_are_named() {
    let site = Site::new();
    // Of the gaps that before -2 is over, and that after it is not.
    site.write("tacks.pem", KEY, hash(), [-9, -8, -4, -3, -2, 2, 3, 5, 6]);
    let ran = site.status(&["tacks.pem"]);
    let expected = format!(
        "TACK CRITICAL - the tacks of key {FINGERPRINT} have a gap from 2026-12-29T00:00Z to 2027-01-02T00:00Z; \
         the tacks of key {FINGERPRINT} have a gap from 2027-01-03T00:00Z to 2027-01-05T00:00Z; \
         the tacks of key {FINGERPRINT} last 5d17h35m more | days_left=5;7:;0:"
    );
    assert_eq!(headline(&ran), (Some(2), expected.as_str()));
    let timeline = "timeline         [.....................................!!!!!!!====!!!!!!!!====]\n";
    assert!(ran.text().contains(timeline), "{}", ran.text());
    assert!(
        ran.text().contains(
            "gaps             2026-12-29T00:00Z to 2027-01-02T00:00Z, 2027-01-03T00:00Z to 2027-01-05T00:00Z\n"
        )
    );
}

#[test]
fn of_many_gaps_a_few_are_named() {
    let site = Site::new();
    // Of each ten days one has no tack.
    site.write("tacks.pem", KEY, hash(), (0..100).filter(|day| day % 10 != 9));
    let ran = site.status(&["tacks.pem"]);
    let gaps = ran.text().lines().find(|line| line.starts_with("gaps ")).unwrap();
    assert_eq!((gaps.matches(" to ").count(), gaps.ends_with(", and 4 more")), (5, true), "{gaps}");
    let json: serde_json::Value = serde_json::from_slice(&site.status(&["--json", "tacks.pem"]).stdout).unwrap();
    assert_eq!(json["batches"][0]["gaps"].as_array().unwrap().len(), 9);
}

#[test]
fn keys_and_certificates_are_kept_apart() {
    let site = Site::new();
    site.write("old.pem", KEY, hash(), 1..=10);
    site.write("new.pem", 2, hash(), 1..=20);
    site.write("mail.pem", KEY, TargetHash::new([8; 32]), 1..=30);
    let parts = |ran: &Ran| -> Vec<String> {
        let wanted = ["key fingerprint", "target hash", "tacks  "];
        let lines = ran.text().lines().filter(|line| wanted.iter().any(|word| line.starts_with(word)));
        lines.map(|line| line.split_whitespace().next_back().unwrap().to_owned()).collect()
    };
    let new = SigningKey::from_bytes(&[2; 32]).unwrap().public_key().fingerprint();
    let (new, mail) = (new.as_str(), "08".repeat(32));
    let expected = [FINGERPRINT, HASH, "10", new, HASH, "20", FINGERPRINT, &mail, "30"];
    // In many files, in the order of the command line.
    let many = site.status(&["old.pem", "new.pem", "mail.pem"]);
    assert_eq!(headline(&many), (Some(0), "TACK OK - 60 tacks, 9 days left | days_left=9;7:;0:"));
    assert_eq!(parts(&many), expected);
    // And in one.
    let texts = ["old.pem", "new.pem", "mail.pem"].map(|name| fs::read(site.path(name)).unwrap());
    fs::write(site.path("all.pem"), texts.concat()).unwrap();
    assert_eq!(site.status(&["all.pem"]), many);
    // What the one has too little of, the other has not to answer for.
    let ran = site.status(&["--warn", "15d", "all.pem"]);
    let short = |hash: &str| format!("the tacks of key {FINGERPRINT} for target hash {hash} last 9d17h35m more");
    let warning = format!("TACK WARNING - {} | days_left=9;15:;0:", short("0707070707070707"));
    assert_eq!(headline(&ran), (Some(1), warning.as_str()));
    // Two batches of one key have each its own problem.
    site.write("www.pem", KEY, TargetHash::new([9; 32]), 1..=10);
    let ran = site.status(&["--warn", "15d", "all.pem", "www.pem"]);
    let both = [short("0707070707070707"), short("0909090909090909")].join("; ");
    assert_eq!(headline(&ran), (Some(1), format!("TACK WARNING - {both} | days_left=9;15:;0:").as_str()));
}

#[test]
fn a_single_tack_and_one_that_is_there_twice() {
    let site = Site::new();
    site.write("one.pem", KEY, hash(), [30]);
    let ran = site.status(&["one.pem"]);
    assert_eq!(headline(&ran), (Some(0), "TACK OK - 1 tack, 29 days left | days_left=29;7:;0:"));
    assert!(ran.text().contains("\ninterval         none\ngaps             none\n"), "{}", ran.text());
    let ran = site.status(&["one.pem", "one.pem"]);
    assert_eq!(headline(&ran), (Some(0), "TACK OK - 2 tacks, 29 days left | days_left=29;7:;0:"));
}

#[test]
fn standard_input_and_the_files_that_deploy_writes_are_read() {
    let site = Site::new();
    site.write("tacks.pem", KEY, hash(), 1..=10);
    let tacks = fs::read(site.path("tacks.pem")).unwrap();
    let ran = common::run_with(site.command().args(["--now", NOW, "status", "-"]), &tacks);
    assert_eq!(headline(&ran), (Some(0), "TACK OK - 10 tacks, 9 days left | days_left=9;7:;0:"));
    for format in ["pem", "extension", "serverinfo", "certificate"] {
        let mut deploy = site.command();
        deploy.args([
            "--now",
            NOW,
            "deploy",
            "--min-remaining",
            "8d",
            "--format",
            format,
            "-o",
            "out.pem",
            "tacks.pem",
        ]);
        common::ok(&mut deploy);
        let expected = (Some(0), "TACK OK - 1 tack, 8 days left | days_left=8;7:;0:");
        assert_eq!(headline(&site.status(&["out.pem"])), expected, "{format}");
    }
}

#[test]
fn colour_is_for_terminals_whose_users_want_it() {
    let site = Site::new();
    if !has("colour_is_for_terminals_whose_users_want_it", &["script"]) {
        return;
    }
    site.write("tacks.pem", KEY, hash(), [-1, 0, 1, 2, 3, 6, 7, 8, 9]);
    let on_terminal = |variables: &[(&str, &str)]| {
        let line = format!("'{}' --now {NOW} status tacks.pem", env!("CARGO_BIN_EXE_tack"));
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).current_dir(site.directory.path());
        let ran = run(script.env_remove("NO_COLOR").envs(variables.iter().copied()));
        assert_eq!(ran.status, Some(2));
        let timeline = ran.text().lines().find(|line| line.starts_with("timeline")).unwrap();
        timeline.trim_end().to_owned()
    };
    let plain = "timeline         [.......=================!!!!!!!!!!!!!!!!!!==================]";
    let coloured = "timeline         [\x1b[0m\x1b[2m.......\x1b[0m\x1b[32m=================\x1b[0m\x1b[31m!!!!!!!!!!!!!!!!!!\
                    \x1b[0m\x1b[32m==================\x1b[0m]";
    assert_eq!(on_terminal(&[]), coloured);
    assert_eq!(on_terminal(&[("NO_COLOR", "")]), coloured);
    assert_eq!(on_terminal(&[("NO_COLOR", "1")]), plain);
    let ran = site.status(&["tacks.pem"]);
    assert!(ran.text().ends_with(&format!("{plain}\n")), "{}", ran.text());
}
