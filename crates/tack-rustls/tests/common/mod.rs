//! A CA, servers with tacks, and handshakes in memory.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

pub mod clock;

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CustomExtension, IsCa, Issuer, KeyPair};
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::time_provider::TimeProvider;
use rustls::{
    ClientConfig, ClientConnection, Error, HandshakeKind, RootCertStore, ServerConfig, ServerConnection,
    SupportedProtocolVersion,
};
use tack_core::{Certificate, Draft02, Generations, Minute, SigningKey, Span, Tack, TackExtension, TargetHash};
use tack_rustls::{TackVerifier, TackVerifierBuilder};

/// The time of most tests.
pub const NOW: Minute = Minute::new(29_900_000);
pub const NAME: &str = "www.example.com";

/// The providers and versions that everything is tried with.
pub fn each_kind() -> impl Iterator<Item = Kind> {
    let providers = [Arc::new(ring::default_provider()), Arc::new(aws_lc_rs::default_provider())];
    providers.into_iter().flat_map(|provider| {
        [&rustls::version::TLS12, &rustls::version::TLS13]
            .map(|version| Kind { provider: Arc::clone(&provider), version })
    })
}

#[derive(Clone, Debug)]
pub struct Kind {
    pub provider: Arc<CryptoProvider>,
    pub version: &'static SupportedProtocolVersion,
}

impl Kind {
    pub fn of_one() -> Self {
        each_kind().last().unwrap()
    }
}

/// A CA that clients trust.
pub struct Ca {
    pub certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Ca {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// A new certificate for these names, with a new key.
    pub fn issue(&self, names: &[&str]) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        Leaf { certificate: params.signed_by(&key, &self.issuer).unwrap().der().clone(), key }
    }

    pub fn webpki(&self, provider: &Arc<CryptoProvider>) -> Arc<WebPkiServerVerifier> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build().unwrap()
    }

    pub fn verifier(&self, kind: &Kind) -> TackVerifierBuilder {
        TackVerifier::builder(self.webpki(&kind.provider))
    }
}

/// A server's certificate and key.
pub struct Leaf {
    pub certificate: CertificateDer<'static>,
    pub key: KeyPair,
}

impl Leaf {
    pub fn target_hash(&self) -> TargetHash {
        Certificate::from_der(&self.certificate).unwrap().target_hash()
    }

    pub fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).unwrap()
    }

    pub fn certificate_pem(&self) -> String {
        tack_core::pem::encode(Certificate::LABEL, &self.certificate)
    }

    /// A tack of this key, which lasts a day from now.
    pub fn tack(&self, key: &SigningKey) -> Tack {
        self.tack_until(key, NOW.checked_add(Span::DAY).unwrap())
    }

    pub fn tack_until(&self, key: &SigningKey, expiration: Minute) -> Tack {
        Tack::sign(key, Generations::default(), expiration, self.target_hash())
    }

    /// A server that sends these certificates behind its own.
    pub fn server(&self, kind: &Kind, others: Vec<CertificateDer<'static>>) -> ServerConfig {
        let chain = [self.certificate.clone()].into_iter().chain(others).collect();
        ServerConfig::builder_with_provider(Arc::clone(&kind.provider))
            .with_protocol_versions(&[kind.version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, self.private_key())
            .unwrap()
    }
}

pub fn signing_key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32]).unwrap()
}

pub fn extension(tacks: Vec<Tack>, flags: u8) -> TackExtension {
    Draft02::new(tacks, flags).unwrap().into()
}

/// A certificate that carries this where a TackExtension should be.
pub fn carrier(content: Vec<u8>) -> CertificateDer<'static> {
    const TACK_OID: &[u64] = &[1, 3, 6, 1, 4, 1, 38964, 1];
    let mut params = CertificateParams::new([]).unwrap();
    params.custom_extensions.push(CustomExtension::from_oid_content(TACK_OID, content));
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
}

/// A client with a verifier, at this time.
pub fn client(kind: &Kind, verifier: TackVerifier, clock: Arc<dyn TimeProvider>) -> ClientConfig {
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&kind.provider))
        .with_protocol_versions(&[kind.version])
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    verifier.install(&mut config);
    config.time_provider = clock;
    config
}

/// How a handshake ended for either side.
#[derive(Debug)]
pub struct Ended {
    pub client: Result<Option<HandshakeKind>, Error>,
    pub server: Result<(), Error>,
    pub chain: Vec<CertificateDer<'static>>,
}

/// A handshake, and all that follows it: tickets, or the alert.
pub fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, name: &str) -> Ended {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::clone(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::clone(server)).unwrap();
    let (mut at_client, mut at_server) = (Ok(()), Ok(()));
    while client.wants_write() || server.wants_write() {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut bytes = &bytes[..];
        while !bytes.is_empty() && at_server.is_ok() {
            server.read_tls(&mut bytes).unwrap();
            at_server = server.process_new_packets().map(drop);
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut bytes = &bytes[..];
        while !bytes.is_empty() && at_client.is_ok() {
            client.read_tls(&mut bytes).unwrap();
            at_client = client.process_new_packets().map(drop);
        }
    }
    assert!(at_client.is_err() || at_server.is_err() || !client.is_handshaking(), "no end to the handshake");
    let chain = client.peer_certificates().unwrap_or_default().iter().map(|one| one.clone().into_owned()).collect();
    Ended { client: at_client.map(|()| client.handshake_kind()), server: at_server, chain }
}
