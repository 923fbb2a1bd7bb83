//! A rustls client with a TACK verifier.

use std::fs;
use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, SupportedProtocolVersion};
use tack_core::{Fingerprint, Minute, SigningKey};
use tack_pin::{MemoryStore, Pin, PinStore};
use tack_rustls::{Pinning, Refused, Requirement, TackVerifier, TackVerifierBuilder, refusal};

use crate::site::Site;

pub const NAME: &str = "www.example.com";
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A provider and a version of TLS.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    is_ring: bool,
    is_13: bool,
}

pub const KINDS: [Kind; 4] = [
    Kind { is_ring: true, is_13: true },
    Kind { is_ring: true, is_13: false },
    Kind { is_ring: false, is_13: true },
    Kind { is_ring: false, is_13: false },
];

impl Kind {
    pub fn provider(self) -> Arc<CryptoProvider> {
        Arc::new(if self.is_ring { ring::default_provider() } else { aws_lc_rs::default_provider() })
    }

    pub fn version(self) -> &'static SupportedProtocolVersion {
        if self.is_13 { &rustls::version::TLS13 } else { &rustls::version::TLS12 }
    }

    /// The version, as `check --tls` has it.
    pub fn tls(self) -> &'static str {
        if self.is_13 { "1.3" } else { "1.2" }
    }

    pub fn client_config(self, verifier: TackVerifier) -> ClientConfig {
        let mut config = ClientConfig::builder_with_provider(self.provider())
            .with_protocol_versions(&[self.version()])
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        verifier.install(&mut config);
        config
    }
}

/// Connects to a server of this machine by this name, and ends the connection after the handshake.
pub fn connect(config: ClientConfig, name: &str, port: u16) -> io::Result<()> {
    let mut tls = ClientConnection::new(Arc::new(config), name.to_owned().try_into().unwrap()).unwrap();
    let mut tcp = TcpStream::connect(("127.0.0.1", port)).unwrap();
    tcp.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut result = Ok(());
    while tls.is_handshaking() && result.is_ok() {
        result = tls.complete_io(&mut tcp).map(drop);
    }
    // Servers do not like clients that go without a word.
    tls.send_close_notify();
    let _ = tls.write_tls(&mut tcp).and_then(|_| tcp.flush());
    result
}

/// A client of a site.
pub struct Client {
    kind: Kind,
    builder: TackVerifierBuilder,
}

/// What a client makes of a server.
#[derive(Debug)]
pub struct Judged {
    /// The code of what refused the connection.
    pub refused: Option<String>,
    /// The code of what refused it, or would have.
    pub seen: Option<String>,
    /// The keys of the tacks.
    pub keys: Vec<Fingerprint>,
}

impl Client {
    pub fn new(site: &Site, kind: Kind) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&fs::read(site.file("root.pem")).unwrap()).unwrap()).unwrap();
        let webpki = WebPkiServerVerifier::builder_with_provider(roots.into(), kind.provider()).build().unwrap();
        Self { kind, builder: TackVerifier::builder(webpki) }
    }

    pub fn requiring(mut self, key: &SigningKey, reports: bool) -> Self {
        let requirement = Requirement::new(key.public_key().fingerprint());
        self.builder = self.builder.require(if reports { requirement.report_only() } else { requirement });
        self
    }

    pub fn pinning(mut self, pin: Option<Pin>, reports: bool) -> Self {
        let store = MemoryStore::default();
        let pins: Vec<_> = pin.into_iter().map(|pin| (NAME.parse().unwrap(), pin)).collect();
        store.import(&pins, Minute::new(1)).unwrap();
        let pinning = Pinning::new(Arc::new(store));
        self.builder = self.builder.pin(if reports { pinning.report_only() } else { pinning });
        self
    }

    pub fn with_draft_alerts(mut self) -> Self {
        self.builder = self.builder.draft_alerts();
        self
    }

    /// Connects, and is judged once.
    pub fn connect(self, port: u16) -> Judged {
        let seen = Arc::new(Mutex::new(None));
        let keep = Arc::clone(&seen);
        let builder = self.builder.on_judgement(move |judged| {
            let tacks = judged.judgement().unwrap().tacks();
            let keys: Vec<_> = tacks.iter().map(|tack| tack.key).collect();
            *keep.lock().unwrap() = Some((judged.reasons().next().map(|one| one.code().to_owned()), keys));
        });
        let result = connect(self.kind.client_config(builder.build()), NAME, port);
        let refused = result.err().map(|error| refusal(&error).map(Refused::code).unwrap_or("other").to_owned());
        let (seen, keys) = seen.lock().unwrap().take().unwrap();
        Judged { refused, seen, keys }
    }
}
