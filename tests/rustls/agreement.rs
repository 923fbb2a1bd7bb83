//! `tack check` and the verifier judge the same servers, by wishes and pins that are the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tack_core::Fingerprint;
use tack_pin::{PinStore, SqliteStore};
use tack_rustls::{Judged, Pinning, Requirement, refusal};

use crate::authority::Ca;
use crate::cases::{Case, Cases, NOW, Wish};
use crate::client::connect;
use crate::clock::Clock;
use crate::common::{run_with, tack, tack_ok, temp_dir, write};
use crate::listener::Listener;

const CASES: usize = 500;

/// What is decided of a case, by the codes and words of `tack check --json`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    /// Chain or name do not hold, so that TACK has no say.
    Untrusted,
    Judged {
        /// Of every refusal, the one that counts first.
        codes: Vec<String>,
        status: Option<String>,
        /// Of each tack, `valid` or what is wrong with it.
        tacks: Vec<String>,
        /// The pins of the name when all is done: key, min_generation, beginning and end.
        pins: Vec<(String, u64, u64, u64)>,
    },
}

#[test]
fn check_and_the_verifier_judge_alike() {
    let directory = temp_dir();
    let path = directory.path();
    let (root, listener) = (Ca::new("root"), Listener::start());
    write(path, "root.pem", root.certificate_pem());
    let mut made = Cases::new(&root, &listener);
    let cases: Vec<_> = (0..CASES).map(|number| made.case(number)).collect();

    let pins: Vec<_> = cases.iter().flat_map(|case| case.pins.iter().map(|pin| (case.name.clone(), *pin))).collect();
    for file in ["check.db", "verifier.db"] {
        SqliteStore::open(path.join(file)).unwrap().import(&pins, NOW).unwrap();
    }
    let store: Arc<dyn PinStore> = Arc::new(SqliteStore::open(path.join("verifier.db")).unwrap());
    let clock = Clock::at(NOW);
    let mut counts = BTreeMap::new();
    for tls in ["1.2", "1.3"] {
        for wish in Wish::ALL {
            let cases: Vec<_> = cases.iter().filter(|case| case.kind.tls() == tls && case.wish == wish).collect();
            let required: Vec<_> = cases.iter().map(|case| case.required).filter(|_| wish.requires()).collect();
            let checked = check(path, listener.port, tls, wish, &required, &cases);
            assert_eq!(checked.len(), cases.len());
            for (case, checked) in cases.iter().zip(checked) {
                let store = wish.pins().then(|| Arc::clone(&store));
                let verified = verify(&root, &clock, listener.port, store, &required, case);
                assert_eq!(verified, checked, "{} {wish:?} {:?}", case.name, case.kind);
                count(&checked, &mut counts);
            }
        }
    }
    let export = |file: &str| tack_ok(["pins".into(), "export".into(), "--pins".into(), path.join(file)]).stdout;
    assert!(export("check.db") == export("verifier.db"), "what the two have in their stores differs");

    // Each judgement is among the cases, and none is nearly alone.
    for (what, at_least) in [
        ("untrusted", 20),
        ("accepted", 100),
        ("confirmed", 15),
        ("malformed", 15),
        ("two_extensions", 8),
        ("same_key", 8),
        ("generation", 8),
        ("expired", 8),
        ("target_hash", 8),
        ("signature", 8),
        ("revoked", 8),
        ("contradicted", 15),
        ("key_required", 30),
    ] {
        assert!(counts.get(what).is_some_and(|count| *count >= at_least), "{what}: {counts:?}");
    }
}

/// What `check` says of each case.
fn check(directory: &Path, port: u16, tls: &str, wish: Wish, required: &[Fingerprint], cases: &[&Case]) -> Vec<Said> {
    let mut command = tack();
    command.current_dir(directory).args(["--now", &NOW.to_string(), "check", "--json", "--ca-file", "root.pem"]);
    command.args(["--tls", tls, "--warn", "0m", "--jobs", "16", "--connect", &format!("127.0.0.1:{port}")]);
    command.args(required.iter().flat_map(|key| ["--require", key.as_str()]));
    if wish.pins() {
        command.args(["--pins", "check.db"]);
    }
    let hosts: String = cases.iter().map(|case| format!("{}\n", case.name)).collect();
    let ran = run_with(command.args(["--hosts", "-"]), hosts.as_bytes());
    let document: Value = serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    document["hosts"].as_array().unwrap().iter().map(said_by_check).collect()
}

fn said_by_check(host: &Value) -> Said {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let number = |value: &Value| value.as_u64().unwrap();
    let each = |what: &str| host[what].as_array().unwrap().iter();
    let codes: Vec<_> = each("problems").map(|problem| text(&problem["code"])).collect();
    if codes.iter().any(|code| ["chain", "name"].contains(&code.as_str())) {
        return Said::Untrusted;
    }
    let pin = |pin: &Value| {
        let numbers = ["min_generation", "initial", "end"].map(|name| number(&pin[name]));
        (text(&pin["key_fingerprint"]), numbers[0], numbers[1], numbers[2])
    };
    Said::Judged {
        // That there is no tack at all is no refusal of a client's.
        codes: codes.into_iter().filter(|code| code != "no_tack").collect(),
        status: host["status"].as_str().map(str::to_owned),
        tacks: each("tacks").map(|tack| text(&tack["status"])).collect(),
        pins: each("pins").map(pin).collect(),
    }
}

/// What a client with the verifier says of a case.
fn verify(
    root: &Ca,
    clock: &Arc<Clock>,
    port: u16,
    store: Option<Arc<dyn PinStore>>,
    required: &[Fingerprint],
    case: &Case,
) -> Said {
    let said = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&said);
    let config = root.client(case.kind, clock, |mut builder| {
        if let Some(requirement) = Requirement::any_of(required.iter().copied()) {
            builder = builder.require(requirement);
        }
        if let Some(store) = store {
            builder = builder.pin(Pinning::new(store));
        }
        builder.on_judgement(move |judged| *keep.lock().unwrap() = Some(said_by_verifier(judged)))
    });
    let ended = connect(config, case.name.as_str(), port);
    let said = said.lock().unwrap().take();
    match (&said, &ended) {
        (Some(Said::Judged { codes, .. }), Ok(())) => assert!(codes.is_empty(), "{codes:?} {}", case.name),
        (Some(Said::Judged { codes, .. }), Err(error)) => {
            assert_eq!(refusal(error).map(|refused| refused.code()), codes.first().map(String::as_str));
        }
        (_, error) => assert!(refusal(error.as_ref().unwrap_err()).is_none(), "{error:?}"),
    }
    said.unwrap_or(Said::Untrusted)
}

fn said_by_verifier(judged: &Judged<'_>) -> Said {
    let judgement = judged.judgement().unwrap();
    let mut codes: Vec<_> = judged.reasons().map(|reason| reason.code().to_owned()).collect();
    let mut tacks = Vec::new();
    for tack in judgement.tacks() {
        // As check does, says of a refused connection what is wrong with the other tack.
        if let Some(other) = tack.refusal.as_ref().filter(|refusal| !judgement.refusals().contains(refusal)) {
            codes.push(other.code().to_owned());
        }
        tacks.push(tack.refusal.as_ref().map_or("valid", |refusal| refusal.code()).to_owned());
    }
    let pins = judgement.pins().iter().map(|pin| {
        let [min_generation, initial, end] = [pin.min_generation.into(), pin.initial.get(), pin.end.get()];
        (pin.key.to_string(), min_generation.into(), initial.into(), end.into())
    });
    let status = judgement.status().map(|status| status.word().to_owned());
    Said::Judged { codes, status, tacks, pins: pins.collect() }
}

fn count(said: &Said, counts: &mut BTreeMap<String, usize>) {
    let mut add = |what: &str| *counts.entry(what.to_owned()).or_default() += 1;
    match said {
        Said::Untrusted => add("untrusted"),
        Said::Judged { codes, status, .. } => {
            if codes.is_empty() {
                add("accepted");
            }
            if status.as_deref() == Some("confirmed") {
                add("confirmed");
            }
            codes.iter().for_each(|code| add(code));
        }
    }
}
