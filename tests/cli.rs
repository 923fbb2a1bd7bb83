//! Golden cases of the command line: `tests/cli/*.trycmd` are run in a copy of `tests/cli/fixtures`, and what they
//! print is compared with what is written there. `TRYCMD=overwrite cargo test --test cli` brings them up to date.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// Besides `tack`, what the cases run. Any other program would be skipped without a word.
const PROGRAMS: [&str; 3] = ["cat", "cmp", "cp"];

#[test]
fn golden_cases() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    // trycmd takes the directory of a case and the files that must be there at its end from beside the case.
    let staged = tempfile::tempdir().unwrap();
    let mut names = 0;
    for entry in fs::read_dir(&cases).unwrap() {
        let path = entry.unwrap().path();
        if path.extension() != Some(OsStr::new("trycmd")) {
            continue;
        }
        only_known_programs(&path);
        let link = staged.path().join(path.file_name().unwrap());
        symlink(cases.join("fixtures"), link.with_extension("in")).unwrap();
        common::copy_tree(&cases.join("fixtures"), &link.with_extension("out"));
        symlink(path, link).unwrap();
        names += 1;
    }
    assert!(names > 0, "no cases in {}", cases.display());

    let tests = trycmd::TestCases::new();
    tests.env("COLUMNS", "100").env("TERM", "dumb").env("NO_COLOR", "1");
    tests.register_bins(PROGRAMS.map(|name| (name, Path::new("/bin").join(name))));
    tests.case(staged.path().join("*.trycmd"));
    tests.run();
}

fn only_known_programs(case: &Path) {
    for line in fs::read_to_string(case).unwrap().lines() {
        let Some(command) = line.strip_prefix("$ ") else { continue };
        let program = command.split(' ').find(|word| !word.contains('='));
        assert!(
            program.is_some_and(|program| program == "tack" || PROGRAMS.contains(&program)),
            "{}: unknown program: {line}",
            case.display()
        );
    }
}
