//! Pins in a file: `tack pins`, `tack check` and clients of rustls have the same, from one run to the next.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};
use tack_core::{Certificate, Draft02, Fingerprint, Generations, Minute, Span, Tack, TackCertificate, TackExtension};
use tack_pin::SqliteStore;
use tack_rustls::refusal;

use crate::authority::Ca;
use crate::client::{KINDS, NAME, connect};
use crate::clock::Clock;
use crate::common::{ok, run, tack, temp_dir, write};
use crate::listener::Listener;
use crate::{example, key};

/// A site whose TACK key changes, and who come to it.
struct Site {
    root: Ca,
    listener: Listener,
    directory: tempfile::TempDir,
    /// The programs of the crate have no clock but the system's.
    now: Minute,
}

impl Site {
    fn new() -> Self {
        let (root, directory) = (Ca::new("root"), temp_dir());
        write(directory.path(), "root.pem", root.certificate_pem());
        let now = i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
        Self { root, listener: Listener::start(), directory, now: Minute::from_seconds_down(now).unwrap() }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Serves a tack of this key from now on.
    fn serve(&self, seed: u8) {
        let (certificate, tls_key) = self.root.issue(NAME);
        let hash = Certificate::from_der(certificate.der()).unwrap().target_hash();
        let tack = Tack::sign(&key(seed), Generations::default(), Minute::MAX, hash);
        let extension = TackExtension::from(Draft02::new(vec![tack], 1).unwrap());
        let tack = TackCertificate::new(&extension, &mut getrandom::SysRng).unwrap();
        let chain = vec![certificate.der().clone(), CertificateDer::from(tack.as_der().to_vec())];
        self.listener.install(NAME, chain, &tls_key);
    }

    fn days_ago(&self, days: u32) -> Minute {
        Minute::new(self.now.get() - days * u32::try_from(Span::DAY.minutes()).unwrap())
    }

    /// The code for which `check` finds fault with the site, so many days ago.
    fn check(&self, days: u32, pins: &str) -> Option<String> {
        let mut command = tack();
        command.current_dir(self.path()).args(["--now", &self.days_ago(days).to_string(), "check", "--json"]);
        command.args(["--ca-file", "root.pem", "--pins", pins, "--connect"]);
        let ran = run(command.args([&format!("127.0.0.1:{}", self.listener.port), NAME]));
        let document: Value = serde_json::from_slice(&ran.stdout).unwrap();
        document["hosts"][0]["problems"][0]["code"].as_str().map(str::to_owned)
    }

    /// The code for which a client refuses the site, so many days ago. It opens its store anew.
    fn connect(&self, days: u32, pins: &str) -> Option<String> {
        let store = Arc::new(SqliteStore::open(self.path().join(pins)).unwrap());
        let kind = KINDS[usize::try_from(days).unwrap() % KINDS.len()];
        let config = self.root.client(kind, &Clock::at(self.days_ago(days)), |builder| builder.pin_in(store));
        let error = connect(config, NAME, self.listener.port).err()?;
        Some(refusal(&error).unwrap().code().to_owned())
    }

    /// What the example says today, a program with a store in a file.
    fn https_client(&self, pins: &str) -> String {
        let mut command = Command::new(example("https_client"));
        command.current_dir(self.path()).args(["--ca", "root.pem", "--pins", pins, "--connect"]);
        command.args([format!("127.0.0.1:{}", self.listener.port), format!("https://{NAME}/")]);
        run(&mut command).text().to_owned()
    }

    /// The keys that `tack pins list` has, and whether each is active.
    fn listed(&self, pins: &str) -> Vec<(String, bool)> {
        let mut command = tack();
        let ran = ok(command.current_dir(self.path()).args(["pins", "list", "--json", "--pins", pins, NAME]));
        let document: Value = serde_json::from_slice(&ran.stdout).unwrap();
        let pin = |pin: &Value| {
            assert_eq!(pin["name"], json!(NAME));
            (pin["key_fingerprint"].as_str().unwrap().to_owned(), pin["active"].as_bool().unwrap())
        };
        document.as_array().unwrap().iter().map(pin).collect()
    }

    /// Nobody takes the other key while the pin is in the file; when it is forgotten, everybody does.
    fn expect_pinned(&self, pins: &str) {
        assert_eq!(self.listed(pins), [(fingerprint(1).to_string(), true)]);
        let contradicted = Some("contradicted".to_owned());
        self.serve(2);
        assert_eq!((self.check(0, pins), self.connect(0, pins)), (contradicted.clone(), contradicted));
        assert_eq!(self.https_client(pins), "refused: contradicted\n");
        assert_eq!(self.listed(pins), [(fingerprint(1).to_string(), true)]);

        ok(tack().current_dir(self.path()).args(["pins", "forget", "--pins", pins, NAME]));
        assert_eq!(self.https_client(pins), "200 3\n");
        assert_eq!((self.check(0, pins), self.connect(0, pins)), (None, None));
        assert_eq!(self.listed(pins), [(fingerprint(2).to_string(), false)]);
    }
}

fn fingerprint(seed: u8) -> Fingerprint {
    key(seed).public_key().fingerprint()
}

#[test]
fn what_check_pins_a_client_enforces() {
    let site = Site::new();
    site.serve(1);
    assert_eq!((site.check(20, "PINS.db"), site.check(5, "PINS.db")), (None, None));
    site.expect_pinned("PINS.db");
}

#[test]
fn what_a_client_pins_check_enforces() {
    let site = Site::new();
    site.serve(1);
    assert_eq!((site.connect(20, "PINS.db"), site.connect(5, "PINS.db")), (None, None));
    site.expect_pinned("PINS.db");
}
