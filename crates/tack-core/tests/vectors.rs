//! The vectors of tests/vectors: each file says what it is, and what must come of it.
//!
//! `# expect: ok` is followed by facts, all of which must be found; `# expect: error MESSAGE` has the whole message.
//! A name begins with the kind of thing in the file. `# password:` is what a key file is opened with; `# input: der`
//! hands over the bytes of the PEM block in the place of the text.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[cfg(feature = "key-file")]
use tack_core::KeyFile;
use tack_core::{BreakSig, Certificate, Error, PublicKey, ServerInfo, Tack, TackExtension, pem};

/// Half of n, the order of P-256: above it is the upper half of the values of s.
const HALF_ORDER: &str = "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8";

type Facts = BTreeMap<&'static str, String>;
type Read = fn(&[u8], &BTreeMap<&str, &str>) -> Result<Facts, Error>;

const KINDS: [(&str, Read); 6] = [
    ("tack_", tack),
    ("break_sig_", break_sigs),
    ("key_file_", key_file),
    ("extension_", extension),
    ("serverinfo_", serverinfo),
    ("certificate_", certificates),
];

#[test]
fn every_vector_has_the_outcome_that_it_states() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut seen = [0; KINDS.len()];
    let mut failures = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let kind = KINDS.iter().position(|(prefix, _)| name.starts_with(prefix)).unwrap_or_else(|| panic!("{name}"));
        seen[kind] += 1;
        if name.starts_with("key_file_") && cfg!(not(feature = "key-file")) {
            continue;
        }
        if let Err(why) = check(KINDS[kind].1, &fs::read_to_string(entry.path()).unwrap()) {
            failures.push(format!("{name}: {why}"));
        }
    }
    failures.sort();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(seen.iter().all(|&count| count >= 8), "vectors are missing: {seen:?}");
}

fn check(read: Read, text: &str) -> Result<(), String> {
    let comments = text.lines().map_while(|line| line.strip_prefix("# "));
    let stated = comments.skip_while(|line| !line.starts_with("expect: "));
    let mut stated: BTreeMap<_, _> = stated.map(|line| line.split_once(": ").unwrap()).collect();
    let expect = stated.remove("expect").ok_or("it states no expectation")?;
    let given: BTreeMap<_, _> = ["password", "input"].iter().filter_map(|&key| stated.remove_entry(key)).collect();
    let block = pem::blocks(text.as_bytes()).next().and_then(Result::ok).map(|block| block.decode());
    let found = match (given.get("input"), block) {
        (None, _) => read(text.as_bytes(), &given),
        (Some(&"der"), Some(Ok(der))) => read(&der, &given),
        (input, _) => return Err(format!("input {input:?} is not understood")),
    };
    match (expect, found) {
        ("ok", Ok(_)) if stated.is_empty() => Err("it states no facts".to_owned()),
        ("ok", Ok(facts)) => match stated.iter().find(|&(&key, &value)| facts.get(key).is_none_or(|v| v != value)) {
            Some((key, value)) => Err(format!("{key} is {:?} and not {value:?}", facts.get(key))),
            None => Ok(()),
        },
        (expect, Err(error)) if expect.strip_prefix("error ") == Some(error.to_string().as_str()) => Ok(()),
        (expect, found) => Err(format!("{found:?}, where {expect} is expected")),
    }
}

fn tack(text: &[u8], _: &BTreeMap<&str, &str>) -> Result<Facts, Error> {
    let tack = Tack::from_pem(text)?;
    tack.verify()?;
    assert_eq!(pem::decode_first(text, Tack::LABEL)?, tack.to_bytes());
    Ok(Facts::from([
        ("fingerprint", tack.public_key().fingerprint().to_string()),
        ("min-generation", tack.min_generation().to_string()),
        ("generation", tack.generation().to_string()),
        ("expiration", tack.expiration().to_string()),
        ("target-hash", tack.target_hash().to_string()),
        ("s", if hex(&tack.signature()[32..]).as_str() > HALF_ORDER { "high" } else { "low" }.to_owned()),
    ]))
}

fn break_sigs(text: &[u8], _: &BTreeMap<&str, &str>) -> Result<Facts, Error> {
    let sigs = BreakSig::all_from_pem(text)?;
    sigs.iter().try_for_each(BreakSig::verify)?;
    assert_eq!(pem::decode_all(text, BreakSig::LABEL)?, sigs.iter().map(BreakSig::to_bytes).collect::<Vec<_>>());
    Ok(Facts::from([("fingerprint", join(sigs.iter().map(|sig| id(sig.public_key()))))]))
}

#[cfg(not(feature = "key-file"))]
fn key_file(_: &[u8], _: &BTreeMap<&str, &str>) -> Result<Facts, Error> {
    unreachable!("key files are left out without their feature")
}

#[cfg(feature = "key-file")]
fn key_file(text: &[u8], given: &BTreeMap<&str, &str>) -> Result<Facts, Error> {
    let file = KeyFile::from_pem(text)?;
    assert_eq!(pem::decode_first(text, KeyFile::LABEL)?, file.to_bytes());
    let key = file.decrypt(given["password"].as_bytes(), KeyFile::MAX_ITERATIONS)?;
    Ok(Facts::from([("fingerprint", id(key.public_key())), ("iterations", file.iterations().to_string())]))
}

fn extension(text: &[u8], _: &BTreeMap<&str, &str>) -> Result<Facts, Error> {
    let extension = TackExtension::from_pem(text)?;
    extension.verify()?;
    let body = pem::decode_first(text, TackExtension::LABEL)?;
    assert!(body == extension.to_bytes() || body == extension.to_tls());
    Ok(extension_facts(&extension))
}

fn serverinfo(text: &[u8], _: &BTreeMap<&str, &str>) -> Result<Facts, Error> {
    let block = pem::blocks(text).next().unwrap()?;
    assert!(ServerInfo::is_label(block.label()));
    let info = ServerInfo::from_bytes(block.label(), &block.decode()?)?;
    info.extension().verify()?;
    assert_eq!(block.decode()?, info.to_bytes());
    let mut facts = extension_facts(info.extension());
    facts.insert("context", info.context().map_or("none".to_owned(), |context| format!("{context:08x}")));
    Ok(facts)
}

fn certificates(bytes: &[u8], _: &BTreeMap<&str, &str>) -> Result<Facts, Error> {
    let all = Certificate::all_from_bytes(bytes)?;
    let mut facts = Facts::new();
    for extension in all.iter().filter_map(Certificate::extension) {
        extension.verify()?;
        facts.extend(extension_facts(extension));
    }
    let draft = facts.remove("draft");
    facts.insert("extension", join(all.iter().map(|one| one.extension().and(draft.clone()).unwrap_or("none".into()))));
    facts.insert("target-hash", join(all.iter().map(|one| one.target_hash().to_string())));
    facts.insert("not-after", join(all.iter().map(|one| one.not_after().to_string())));
    Ok(facts)
}

fn extension_facts(extension: &TackExtension) -> Facts {
    let draft = if matches!(extension, TackExtension::Draft00(_)) { "00" } else { "02" };
    let active = [extension.is_active(0), extension.is_active(1)];
    let active = ["first", "second"].iter().zip(active).filter(|(_, active)| *active);
    Facts::from([
        ("draft", draft.to_owned()),
        ("tacks", join(extension.tacks().iter().map(|tack| id(tack.public_key())))),
        ("break-sigs", join(extension.break_sigs().iter().map(|sig| id(sig.public_key())))),
        ("active", join(active.map(|(name, _)| (*name).to_owned()))),
    ])
}

fn id(key: &PublicKey) -> String {
    key.fingerprint().to_string()
}

fn join(items: impl Iterator<Item = String>) -> String {
    let all = items.collect::<Vec<_>>().join(" ");
    if all.is_empty() { "none".to_owned() } else { all }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
