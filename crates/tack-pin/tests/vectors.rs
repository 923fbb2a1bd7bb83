//! The vectors of tests/vectors: each file says what it is, and what must come of the pin list after the comments.
//!
//! `# expect: ok` is followed by facts, all of which must be found; `# expect: error MESSAGE` has the whole message.
//! `# end: NUL` puts a NUL byte behind the list, as tackc does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tack_pin::{HostName, Pin, PinList};

type Facts<'a> = BTreeMap<&'a str, String>;

#[test]
fn every_vector_has_the_outcome_that_it_states() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut seen = 0;
    let mut failures = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        assert!(name.starts_with("pin_list_"), "{name}");
        if let Err(why) = check(&fs::read_to_string(entry.path()).unwrap()) {
            failures.push(format!("{name}: {why}"));
        }
        seen += 1;
    }
    failures.sort();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(seen >= 30, "vectors are missing: {seen}");
}

fn check(text: &str) -> Result<(), String> {
    let comments: Vec<_> = text.split_inclusive('\n').take_while(|line| line.starts_with("# ")).collect();
    let (_, input) = text.split_at(comments.iter().map(|line| line.len()).sum());
    let stated = comments.iter().filter_map(|line| line.strip_prefix("# ")?.trim_end().split_once(": "));
    let mut stated: BTreeMap<_, _> = stated.skip_while(|(key, _)| *key != "expect").collect();
    let expect = stated.remove("expect").ok_or("it states no expectation")?;
    let end = match stated.remove("end") {
        None => "",
        Some("NUL") => "\0",
        Some(other) => return Err(format!("end {other:?} is not understood")),
    };
    match (expect, PinList::from_bytes(format!("{input}{end}").as_bytes())) {
        ("ok", Ok(_)) if stated.is_empty() => Err("it states no facts".to_owned()),
        ("ok", Ok(list)) => {
            let facts = facts(input, &list);
            match stated.iter().find(|&(&key, &value)| facts.get(key).is_none_or(|found| found != value)) {
                Some((key, value)) => Err(format!("{key} is {:?} and not {value:?}", facts.get(key))),
                None => Ok(()),
            }
        }
        (expect, Err(error)) if expect.strip_prefix("error ") == Some(&error.to_string()) => Ok(()),
        (expect, Err(error)) => Err(format!("error {error}, where {expect} is expected")),
        (expect, found) => Err(format!("{found:?}, where {expect} is expected")),
    }
}

fn facts<'a>(input: &str, list: &PinList) -> Facts<'a> {
    let show = |(name, pin): &(HostName, Pin)| {
        let Pin { key, min_generation, initial, end } = pin;
        format!("{name} {key} {min_generation} {initial} {end}")
    };
    let written = list.to_string();
    assert_eq!(PinList::from_bytes(written.as_bytes()).as_ref(), Ok(list));
    Facts::from([
        ("pins", list.pins().len().to_string()),
        ("first", list.pins().first().map_or("none".to_owned(), show)),
        ("last", list.pins().last().map_or("none".to_owned(), show)),
        ("written", if written == input { "the same" } else { "otherwise" }.to_owned()),
    ])
}
