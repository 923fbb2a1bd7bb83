//! The plans of examples/plans: those of tack-deployment(7) go well, and each mistake is found in the step that makes it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Ran, run, run_with, tack};
use serde_json::Value;

/// Those that go well.
const GOOD: [&str; 5] = ["activation", "deactivation", "renewal", "revocation", "rollover"];

/// Mistakes: the reason and the day of the first refusal, and the step that is the cause.
const BAD: [(&str, &str, u64, u64); 7] = [
    ("activation-one-server-missing", "contradicted", 9, 2),
    ("batch-stopped", "expired", 366, 1),
    ("certificate-renewed-not-signed", "target_hash", 60, 2),
    ("deactivation-too-early", "contradicted", 180, 2),
    ("revocation-min-generation-first", "revoked", 91, 2),
    ("rollover-too-short", "contradicted", 270, 4),
    ("rollover-without-overlap", "contradicted", 180, 2),
];

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/plans")
}

fn simulate(name: &str, option: &[&str]) -> Ran {
    run(tack().arg("simulate").args(option).arg(directory().join(format!("{name}.toml"))))
}

#[test]
fn each_plan_is_tried() {
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut names: Vec<_> = fs::read_dir(directory()).unwrap().map(|entry| stem(entry.unwrap().path())).collect();
    names.sort();
    let mut tried: Vec<_> = GOOD.into_iter().chain(BAD.iter().map(|(name, ..)| *name)).collect();
    tried.sort_unstable();
    assert_eq!(names, tried);
}

#[test]
fn what_the_manual_says_goes_well() {
    for name in GOOD {
        let ran = simulate(name, &[]);
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{name}: {ran:?}");
        assert!(ran.text().contains("\ngood: in ") && !ran.text().contains("\nbad: "), "{name}: {}", ran.text());
        // None is good because nothing happens.
        assert!(ran.text().contains("\ndaily      protected from "), "{name}: {}", ran.text());
    }
}

#[test]
fn each_mistake_is_found_in_its_step() {
    for (name, code, day, step) in BAD {
        let ran = simulate(name, &[]);
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(1), ""), "{name}: {ran:?}");
        for line in [format!("\nbad: on day {day}"), format!("\nreason: {code}: "), format!("\ncause: step {step} on ")]
        {
            assert!(ran.text().contains(&line), "{name}: {line:?} is not in {}", ran.text());
        }
        let document: Value = serde_json::from_slice(&simulate(name, &["--json"]).stdout).unwrap();
        let refusal = &document["first_refusal"];
        let found = (refusal["code"].as_str(), refusal["day"].as_u64(), refusal["cause"].as_u64());
        assert_eq!((document["good"].as_bool(), found), (Some(false), (Some(code), Some(day), Some(step))), "{name}");
    }
}

/// What the manual asks for is needed: a day less, and someone is refused.
#[test]
fn the_days_of_the_manual_are_the_fewest() {
    for (name, from, to) in [("deactivation", "day = 210", "day = 209"), ("rollover", "2027-09-29", "2027-09-28")] {
        let text = fs::read_to_string(directory().join(format!("{name}.toml"))).unwrap();
        assert!(text.contains(from), "{name}");
        let shorter = run_with(tack().args(["simulate", "-"]), text.replace(from, to).as_bytes());
        assert_eq!(shorter.status, Some(1), "{name}: {}", shorter.text());
    }
}
