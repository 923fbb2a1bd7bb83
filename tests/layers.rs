//! Within a crate no two files import each other in a circle, and the crates keep to DESIGN's layers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file of a crate by its module, such as `command::sign`, and the modules that it imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_two_files_import_each_other_in_a_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = fs::read_dir(root.join("crates")).unwrap().map(|entry| entry.unwrap().path());
    for package in crates.chain([root.to_owned()]) {
        let imports = imports(&package.join("src"));
        assert!(imports.len() > 1, "no sources in {}", package.display());
        if let Some(circle) = circle(&imports) {
            panic!("{}: {} import each other in a circle", package.display(), circle.join(" -> "));
        }
    }
}

#[test]
fn what_commands_share_is_no_commands() {
    let imports = imports(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(imports.contains_key("command::sign"));
    for (module, imported) in imports {
        let command = imported.iter().find(|imported| imported.starts_with("command"));
        assert_eq!(command, None, "imported by {module}");
    }
}

#[test]
fn a_circle_is_found() {
    let imports = |edges: &[(&str, &str)]| {
        let mut imports = Imports::new();
        for (from, to) in edges {
            imports.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        imports
    };
    assert_eq!(circle(&imports(&[("a", "b"), ("a", "c"), ("b", "c")])), None);
    assert_eq!(circle(&imports(&[("a", "b"), ("b", "c"), ("c", "b")])).unwrap(), ["b", "c", "b"]);
    let source = "use crate::a::{B, C};\nfn f() { crate::d::e::f(); }\n#[cfg(test)]\nmod tests { use crate::z; }";
    let known = ["a", "d::e", "z"].map(ToOwned::to_owned).into();
    assert_eq!(imported(source, &known), ["a", "d::e"].map(ToOwned::to_owned).into());
}

/// The imports of every file but the root of the crate, which names them all.
fn imports(src: &Path) -> Imports {
    let mut files = Vec::new();
    collect(src, &mut files);
    let module = |path: &Path| {
        let path = path.strip_prefix(src).unwrap().with_extension("");
        path.to_str().unwrap().replace('/', "::").trim_end_matches("::mod").to_owned()
    };
    let files: BTreeMap<_, _> = files
        .iter()
        .map(|path| (module(path), fs::read_to_string(path).unwrap()))
        .filter(|(module, _)| !["main", "lib"].contains(&module.as_str()))
        .collect();
    let known = files.keys().cloned().collect();
    files.iter().map(|(module, source)| (module.clone(), imported(source, &known))).collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The modules that a source names after `crate::`, before its tests begin.
fn imported(source: &str, known: &BTreeSet<String>) -> BTreeSet<String> {
    let code = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let paths = lines.flat_map(|line| line.split("crate::").skip(1).map(|rest| rest.to_owned()).collect::<Vec<_>>());
    let longest = |path: String| {
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '#';
        let path: String = path.replace("r#", "").chars().take_while(|c| is_name(*c)).collect();
        known
            .iter()
            .filter(|module| path == **module || path.starts_with(&format!("{module}::")))
            .max_by_key(|m| m.len())
            .cloned()
    };
    paths.filter_map(longest).collect()
}

/// Modules that lead back to the first of them.
fn circle(imports: &Imports) -> Option<Vec<String>> {
    fn visit(
        module: &str,
        imports: &Imports,
        trail: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<Vec<String>> {
        if let Some(start) = trail.iter().position(|before| before == module) {
            let mut circle = trail.split_off(start);
            circle.push(module.to_owned());
            return Some(circle);
        }
        if !done.insert(module.to_owned()) {
            return None;
        }
        trail.push(module.to_owned());
        let found = imports.get(module).into_iter().flatten().find_map(|next| visit(next, imports, trail, done));
        trail.pop();
        found
    }
    let mut done = BTreeSet::new();
    imports.keys().find_map(|module| visit(module, imports, &mut Vec::new(), &mut done))
}

/// The most crates that a program compiles which only verifies, tack-core included; and with rustls, but for a provider.
const MOST_CRATES_TO_VERIFY: usize = 40;
const MOST_CRATES_WITH_RUSTLS: usize = 60;

#[test]
fn who_only_verifies_compiles_little() {
    let crates = crates_of("tack-core");
    assert!(crates.len() > 5 && crates.len() <= MOST_CRATES_TO_VERIFY, "{} crates: {crates:#?}", crates.len());
    for heavy in ["aes", "cbc", "clap", "getrandom", "pbkdf2", "time", "x509-cert"] {
        assert!(!crates.contains(heavy), "{heavy} is compiled by who only verifies");
    }
}

#[test]
fn who_verifies_with_rustls_compiles_no_command_line_store_openssl_or_runtime() {
    let crates = crates_of("tack-rustls");
    assert!(crates.contains("rustls") && crates.contains("tack-pin"));
    assert!(crates.len() <= MOST_CRATES_WITH_RUSTLS, "{} crates: {crates:#?}", crates.len());
    let heavy = ["clap", "rusqlite", "libsqlite3-sys", "openssl", "openssl-sys", "tokio", "async-std", "smol"];
    // The application chooses its provider, and a client makes no certificate.
    for heavy in heavy.into_iter().chain(["ring", "aws-lc-rs", "x509-cert", "reqwest", "rcgen"]) {
        assert!(!crates.contains(heavy), "{heavy} is compiled by who only verifies");
    }
}

/// The names of all crates that one compiles, without its features.
fn crates_of(package: &str) -> BTreeSet<String> {
    let cargo = env!("CARGO");
    let tree = ["tree", "--package", package, "--no-default-features", "--edges", "normal", "--prefix", "none"];
    let output = Command::new(cargo).args(tree).args(["--format", "{p}", "--locked"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    tree.lines().filter_map(|line| line.split(' ').next()).map(ToOwned::to_owned).collect()
}
