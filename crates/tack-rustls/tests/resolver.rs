//! What a server sends as its files change.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![cfg(feature = "server")]

mod common;

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tack_core::{Certificate, Minute, ServerInfo, Span, TackCertificate, TackExtension};
use tack_rustls::{HostErrorCause, HostFiles, TackFileError, TackResolver, TackResolverBuilder};
use tempfile::TempDir;

use common::clock::Clock;
use common::{Ca, Kind, Leaf, NAME, NOW, carrier, client, each_kind, extension, handshake, signing_key};

/// A directory with the files of hosts.
struct Site {
    directory: TempDir,
    ca: Ca,
    clock: Arc<Clock>,
    notices: Arc<Mutex<Vec<String>>>,
}

impl Site {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory, ca: Ca::new(), clock: Clock::at(NOW), notices: Arc::default() }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn files(&self, host: &str) -> HostFiles {
        let file = |name: &str| self.path().join(format!("{host}-{name}.pem"));
        HostFiles::new(file("chain"), file("key"), file("tack"))
    }

    /// Replaces a file as a whole, as `tack deploy` does.
    fn install(&self, host: &str, name: &str, content: impl AsRef<[u8]>) {
        let new = self.path().join("new");
        fs::write(&new, content).unwrap();
        fs::rename(new, self.path().join(format!("{host}-{name}.pem"))).unwrap();
    }

    fn install_key(&self, host: &str, leaf: &Leaf) {
        self.install(host, "chain", leaf.certificate_pem());
        self.install(host, "key", leaf.key.serialize_pem());
    }

    fn install_all(&self, host: &str, leaf: &Leaf) -> TackExtension {
        let extension = extension(vec![leaf.tack(&signing_key(1))], 1);
        self.install_key(host, leaf);
        self.install(host, "tack", tack_certificate(&extension));
        extension
    }

    fn builder(&self, kind: &Kind) -> TackResolverBuilder {
        let (notices, path) = (Arc::clone(&self.notices), format!("{}/", self.path().display()));
        TackResolver::builder(Arc::clone(&kind.provider))
            .clock(self.clock.clone())
            .check_every(Duration::ZERO)
            .on_notice(move |name, notice| {
                let name = name.map_or("default", |name| name.as_str());
                notices.lock().unwrap().push(format!("{name}: {notice}").replace(&path, ""));
            })
    }

    fn server(&self, kind: &Kind, builder: TackResolverBuilder) -> Arc<ServerConfig> {
        let config = ServerConfig::builder_with_provider(Arc::clone(&kind.provider))
            .with_protocol_versions(&[kind.version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(builder.build().unwrap()));
        Arc::new(config)
    }

    /// A server of one host, whose files are those of `a`.
    fn default_server(&self, kind: &Kind) -> Arc<ServerConfig> {
        self.server(kind, self.builder(kind).default_host(self.files("a")))
    }

    /// The chain that a client receives who takes every tack that is valid.
    fn sent(&self, kind: &Kind, server: &Arc<ServerConfig>, name: &str) -> Vec<CertificateDer<'static>> {
        let client = client(kind, self.ca.verifier(kind).build(), self.clock.clone());
        let ended = handshake(&Arc::new(client), server, name);
        ended.client.unwrap();
        ended.chain
    }

    /// What the last certificate carries.
    fn tack(&self, kind: &Kind, server: &Arc<ServerConfig>) -> Option<TackExtension> {
        let chain = self.sent(kind, server, NAME);
        Certificate::from_der(chain.last().unwrap()).unwrap().extension().cloned()
    }

    fn notices(&self) -> Vec<String> {
        std::mem::take(&mut *self.notices.lock().unwrap())
    }
}

fn tack_certificate(extension: &TackExtension) -> String {
    TackCertificate::new(extension, &mut getrandom::SysRng).unwrap().to_pem()
}

#[test]
fn the_tack_certificate_is_behind_the_chain() {
    for kind in each_kind() {
        let site = Site::new();
        let leaf = site.ca.issue(&[NAME]);
        let extension = site.install_all("a", &leaf);
        let file = fs::read(site.path().join("a-tack.pem")).unwrap();
        let der = tack_core::pem::decode_first(&file, Certificate::LABEL).unwrap();
        let server = site.default_server(&kind);
        assert_eq!(site.sent(&kind, &server, NAME), [leaf.certificate, der.into()], "{:?}", kind.version);
        assert_eq!(site.tack(&kind, &server), Some(extension));
        assert_eq!(site.notices(), Vec::<String>::new());
    }
}

#[test]
fn a_file_of_any_form_is_taken() {
    let (site, kind) = (Site::new(), Kind::of_one());
    let leaf = site.ca.issue(&[NAME]);
    let active = site.install_all("a", &leaf);
    let tack = &active.tacks()[0];
    let other = leaf.tack(&signing_key(2));
    let tacks = |tacks: &[&tack_core::Tack]| extension(tacks.iter().copied().cloned().collect(), 0);
    let certificate = tack_core::pem::decode_first(tack_certificate(&active).as_bytes(), Certificate::LABEL).unwrap();
    for (file, expected) in [
        (tack.to_pem().into_bytes(), tacks(&[tack])),
        ((tack.to_pem() + &other.to_pem()).into_bytes(), tacks(&[tack, &other])),
        (active.to_pem().into_bytes(), active.clone()),
        (ServerInfo::new(active.clone()).to_pem().into_bytes(), active.clone()),
        ((leaf.certificate_pem() + &tack_certificate(&active)).into_bytes(), active.clone()),
        (certificate, active.clone()),
    ] {
        site.install("a", "tack", file);
        let server = site.default_server(&kind);
        assert_eq!(site.tack(&kind, &server), Some(expected));
    }
}

#[test]
fn what_is_no_tack_is_refused_at_the_beginning() {
    let (site, kind) = (Site::new(), Kind::of_one());
    let leaf = site.ca.issue(&[NAME]);
    let active = site.install_all("a", &leaf);
    let build = || site.builder(&kind).default_host(site.files("a")).build().map(drop);
    build().unwrap();

    let two = tack_certificate(&active) + &extension(active.tacks().to_vec(), 0).to_pem();
    site.install("a", "tack", two);
    let cause = |error: &tack_rustls::HostError| format!("{:?}", error.cause());
    assert!(matches!(build().unwrap_err().cause(), HostErrorCause::Tack(TackFileError::Two)));
    for nothing in [String::new(), leaf.certificate_pem()] {
        site.install("a", "tack", nothing);
        assert!(matches!(build().unwrap_err().cause(), HostErrorCause::Tack(TackFileError::Nothing)));
    }
    site.install("a", "tack", "-----BEGIN TACK-----\nAAAA\n-----END TACK-----\n");
    assert!(matches!(build().unwrap_err().cause(), HostErrorCause::Tack(TackFileError::Tack(_))));
    site.install("a", "tack", vec![b'\n'; (1 << 20) + 1]);
    assert!(matches!(build().unwrap_err().cause(), HostErrorCause::Length));
    fs::remove_file(site.path().join("a-tack.pem")).unwrap();
    let error = build().unwrap_err();
    assert!(matches!(error.cause(), HostErrorCause::Read(_)) && error.file().ends_with("a-tack.pem"), "{error}");

    site.install("a", "tack", tack_certificate(&active));
    site.install("a", "key", site.ca.issue(&[NAME]).key.serialize_pem());
    let error = build().unwrap_err();
    assert!(matches!(error.cause(), HostErrorCause::Key(_)), "{}", cause(&error));
    site.install("a", "chain", "");
    assert!(build().is_err());
}

#[test]
fn a_new_tack_is_taken_up_and_a_broken_one_is_not() {
    for kind in each_kind() {
        let site = Site::new();
        let leaf = site.ca.issue(&[NAME]);
        let first = site.install_all("a", &leaf);
        let server = site.default_server(&kind);
        assert_eq!(site.tack(&kind, &server), Some(first));

        let second = extension(vec![leaf.tack(&signing_key(2))], 1);
        site.install("a", "tack", tack_certificate(&second));
        assert_eq!(site.tack(&kind, &server), Some(second.clone()));
        assert_eq!(site.notices(), ["default: the files have changed, and are served"]);

        site.install("a", "tack", "-----BEGIN TACK-----\nhalf");
        for _ in 0..2 {
            assert_eq!(site.tack(&kind, &server), Some(second.clone()));
        }
        fs::remove_file(site.path().join("a-tack.pem")).unwrap();
        assert_eq!(site.tack(&kind, &server), Some(second.clone()));
        let notices = site.notices();
        assert_eq!(notices.len(), 2, "{notices:?}");
        assert!(notices.iter().all(|one| one.starts_with("default: what was served before is kept: a-tack.pem: ")));
    }
}

#[test]
fn files_are_looked_at_once_in_a_while_or_when_told_to() {
    let (site, kind) = (Site::new(), Kind::of_one());
    let leaf = site.ca.issue(&[NAME]);
    let first = site.install_all("a", &leaf);
    let builder = site.builder(&kind).default_host(site.files("a")).check_every(Duration::MAX);
    let resolver = Arc::new(builder.build().unwrap());
    let server = ServerConfig::builder_with_provider(Arc::clone(&kind.provider))
        .with_protocol_versions(&[kind.version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(resolver.clone());
    let server = Arc::new(server);
    let second = extension(vec![leaf.tack(&signing_key(2))], 1);
    site.install("a", "tack", tack_certificate(&second));
    assert_eq!(site.tack(&kind, &server), Some(first));
    resolver.reload();
    assert_eq!(site.tack(&kind, &server), Some(second));
}

#[test]
fn a_tack_that_does_not_fit_is_never_sent() {
    let (site, kind) = (Site::new(), Kind::of_one());
    let leaf = site.ca.issue(&[NAME]);
    site.install_key("a", &leaf);
    let mut damaged = extension(vec![leaf.tack(&signing_key(1))], 1).to_bytes();
    let at = damaged.len() - 2;
    damaged[at] ^= 1;
    let damaged = tack_core::pem::encode(Certificate::LABEL, &carrier(damaged));
    let stranger = tack_certificate(&extension(vec![site.ca.issue(&[NAME]).tack(&signing_key(1))], 1));
    for (file, words) in [(stranger, "target hash"), (damaged, "signature")] {
        site.install("a", "tack", file);
        let server = site.default_server(&kind);
        for _ in 0..2 {
            assert_eq!(site.sent(&kind, &server, NAME), std::slice::from_ref(&leaf.certificate));
        }
        let notices = site.notices();
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert!(notices[0].starts_with("default: the chain is served without the tack: "), "{notices:?}");
        assert!(notices[0].contains(words), "{notices:?}");
    }
}

#[test]
fn a_tack_in_the_chain_gives_way_to_the_file() {
    let (site, kind) = (Site::new(), Kind::of_one());
    let leaf = site.ca.issue(&[NAME]);
    let extension = site.install_all("a", &leaf);
    let old = common::extension(vec![leaf.tack_until(&signing_key(1), Minute::new(1))], 1);
    site.install("a", "chain", leaf.certificate_pem() + &tack_certificate(&old));
    let server = site.default_server(&kind);
    assert_eq!(site.sent(&kind, &server, NAME).len(), 2);
    assert_eq!(site.tack(&kind, &server), Some(extension));
}

#[test]
fn an_expiring_tack_is_said_once_and_an_expired_one_is_not_sent() {
    let (site, kind) = (Site::new(), Kind::of_one());
    let leaf = site.ca.issue(&[NAME]);
    let extension = site.install_all("a", &leaf);
    let server = site.server(&kind, site.builder(&kind).default_host(site.files("a")).warn_before(Span::new(60)));
    let expiration = NOW.checked_add(Span::DAY).unwrap();
    let minutes = |left| expiration.checked_sub(Span::new(left)).unwrap();
    let soon = format!("default: the tack expires soon, at {expiration}");
    let expired = format!("default: the chain is served without the tack, which expired at {expiration}");
    for (left, is_sent, notices) in
        [(61, true, vec![]), (60, true, vec![soon]), (1, true, vec![]), (0, false, vec![expired]), (0, false, vec![])]
    {
        site.clock.set(minutes(left));
        assert_eq!(site.tack(&kind, &server), is_sent.then(|| extension.clone()), "{left}");
        assert_eq!(site.notices(), notices, "{left}");
    }
    let new = common::extension(vec![leaf.tack_until(&signing_key(1), minutes(0).checked_add(Span::DAY).unwrap())], 1);
    site.install("a", "tack", tack_certificate(&new));
    assert_eq!(site.tack(&kind, &server), Some(new));
}

/// The tack first, then the chain, then the key: at no time is there a chain without a tack that fits it.
#[test]
fn a_renewal_in_the_right_order_leaves_no_gap() {
    let (site, kind) = (Site::new(), Kind::of_one());
    let (old, new) = (site.ca.issue(&[NAME]), site.ca.issue(&[NAME]));
    let first = site.install_all("a", &old);
    let server = site.default_server(&kind);
    let second = extension(vec![new.tack(&signing_key(1))], 1);
    site.install("a", "tack", tack_certificate(&second));
    assert_eq!(site.tack(&kind, &server), Some(first.clone()));
    site.install("a", "chain", new.certificate_pem());
    assert_eq!(site.tack(&kind, &server), Some(first));
    site.install("a", "key", new.key.serialize_pem());
    assert_eq!(site.sent(&kind, &server, NAME)[0], new.certificate);
    assert_eq!(site.tack(&kind, &server), Some(second));
    let notices = site.notices();
    assert!(notices[0].contains("kept: a-tack.pem: ") && notices[1].contains("kept: a-key.pem: "), "{notices:?}");
    assert_eq!(notices.last().unwrap(), "default: the files have changed, and are served");
}

#[test]
fn a_renewal_in_the_wrong_order_sends_no_tack_that_does_not_fit() {
    let (site, kind) = (Site::new(), Kind::of_one());
    let (old, new) = (site.ca.issue(&[NAME]), site.ca.issue(&[NAME]));
    site.install_all("a", &old);
    let server = site.default_server(&kind);
    site.install_key("a", &new);
    assert_eq!(site.sent(&kind, &server, NAME), std::slice::from_ref(&new.certificate));
    let second = site.install_all("a", &new);
    assert_eq!(site.tack(&kind, &server), Some(second));
}

#[test]
fn each_host_has_its_own_tack() {
    for kind in each_kind() {
        let site = Site::new();
        let hosts = ["a", "b", "c"].map(|host| site.ca.issue(&[&format!("{host}.example.com")]));
        let extensions = ["a", "b", "c"].iter().zip(&hosts).map(|(host, leaf)| site.install_all(host, leaf));
        let extensions: Vec<_> = extensions.collect();
        let host = |builder: TackResolverBuilder, host: &str| {
            builder.host(format!("{host}.example.com").parse().unwrap(), site.files(host))
        };
        let named = || host(host(site.builder(&kind), "a"), "b");
        let server = site.server(&kind, named().default_host(site.files("c")));
        for (index, name) in ["a.example.com", "b.example.com", "c.example.com", "B.Example.Com"].iter().enumerate() {
            let index = if index == 3 { 1 } else { index };
            let chain = site.sent(&kind, &server, name);
            assert_eq!(chain[0], hosts[index].certificate, "{name}");
            let last = Certificate::from_der(&chain[1]).unwrap();
            assert_eq!(last.extension(), Some(&extensions[index]), "{name}");
        }

        // Without a default an unknown name is refused.
        let server = site.server(&kind, named());
        let client = Arc::new(client(&kind, site.ca.verifier(&kind).build(), site.clock.clone()));
        assert!(handshake(&client, &server, "c.example.com").client.is_err());
    }
}

/// Connections by many threads while files are replaced: none fails, and each has the old tack or the new one.
#[test]
fn no_connection_is_lost_while_files_change() {
    let (site, kind) = (Site::new(), Kind::of_one());
    let leaf = site.ca.issue(&[NAME]);
    let first = site.install_all("a", &leaf);
    let second = extension(vec![leaf.tack(&signing_key(2))], 1);
    let files = [&first, &second].map(tack_certificate);
    let server = site.default_server(&kind);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..25).map(|_| site.tack(&kind, &server).unwrap()).collect::<Vec<_>>()))
            .collect();
        let mut rounds = files.iter().cycle();
        while !clients.iter().all(thread::ScopedJoinHandle::is_finished) {
            site.install("a", "tack", rounds.next().unwrap());
        }
        for sent in clients.into_iter().flat_map(|client| client.join().unwrap()) {
            assert!(sent == first || sent == second);
        }
    });
}
