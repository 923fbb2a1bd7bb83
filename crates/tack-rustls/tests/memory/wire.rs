//! Certificates, and two connections with a wire between them.

use std::error::Error;
use std::mem;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::CipherSuite;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tack_rustls::memory::{
    Certificate, ClientTls, Connection, Handshake, ServerCertificateChain, ServerTls, TlsError, TrustStore,
};

pub type Verified = Result<(), Box<dyn Error + Send + Sync>>;

pub const NAME: &str = "www.example.com";

/// Every cipher suite that the tests may use, of both versions.
pub const SUITES: [CipherSuite; 2] =
    [CipherSuite::TLS13_AES_128_GCM_SHA256, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256];

/// A CA, which issues certificates.
pub struct Ca {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Ca {
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        Self { issuer: CertifiedIssuer::self_signed(params(name, &[], true), key).unwrap() }
    }

    /// A CA that this one issues.
    pub fn intermediate(&self, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        Self { issuer: CertifiedIssuer::signed_by(params(name, &[], true), key, &self.issuer).unwrap() }
    }

    pub fn certificate(&self) -> Certificate {
        Certificate::from_der(self.issuer.der().clone())
    }

    /// With its private key, which belongs nowhere.
    pub fn certificate_with_key(&self) -> Certificate {
        self.certificate().with_private_key(PrivateKeyDer::Pkcs8(self.issuer.key().serialize_der().into()))
    }

    /// A leaf for these names, without its key and with it.
    pub fn issue(&self, names: &[&str]) -> (Certificate, Certificate) {
        let (leaf, key) = self.issue_with_key(names);
        (leaf.clone(), leaf.with_private_key(PrivateKeyDer::Pkcs8(key.into())))
    }

    /// A leaf for these names, and its key (PKCS #8).
    pub fn issue_with_key(&self, names: &[&str]) -> (Certificate, Vec<u8>) {
        let key = KeyPair::generate().unwrap();
        let leaf = params(names.first().unwrap(), names, false).signed_by(&key, &self.issuer).unwrap();
        (Certificate::from_der(leaf.der().clone()), key.serialize_der())
    }

    pub fn trust(&self) -> TrustStore {
        TrustStore::new([self.certificate()]).unwrap()
    }
}

/// The private key of nobody.
pub fn key_pem() -> Vec<u8> {
    KeyPair::generate().unwrap().serialize_pem().into_bytes()
}

fn params(name: &str, names: &[&str], is_ca: bool) -> CertificateParams {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = if is_ca { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::ExplicitNoCa };
    params
}

pub fn provider() -> CryptoProvider {
    ring::default_provider()
}

pub fn client(ca: &Ca) -> ClientTls {
    ClientTls::new(&provider(), NAME, &SUITES, ca.trust()).unwrap()
}

pub fn server(ca: &Ca) -> ServerTls {
    let chain = ServerCertificateChain::new([ca.issue(&[NAME]).1]).unwrap();
    ServerTls::new(Arc::new(provider()), Arc::new(chain))
}

pub fn accept(_: &[CertificateDer<'_>], _: &mut Handshake) -> Verified {
    Ok(())
}

/// What a connection has handed to its wire.
#[derive(Clone, Default)]
pub struct Wire {
    bytes: Arc<Mutex<Vec<u8>>>,
    closed: Arc<Mutex<Vec<bool>>>,
}

impl Wire {
    pub fn write(&self) -> impl FnMut(&[u8]) + Send + 'static {
        let bytes = Arc::clone(&self.bytes);
        move |more| bytes.lock().unwrap().extend_from_slice(more)
    }

    pub fn close(&self) -> impl FnMut(bool) + Send + 'static {
        let closed = Arc::clone(&self.closed);
        move |immediate| closed.lock().unwrap().push(immediate)
    }

    pub fn take(&self) -> Vec<u8> {
        mem::take(&mut self.bytes.lock().unwrap())
    }

    /// How the transport was to be closed, each time.
    pub fn closed(&self) -> Vec<bool> {
        self.closed.lock().unwrap().clone()
    }
}

/// One side, its wire, and what it received.
pub struct Side {
    pub connection: Connection,
    pub wire: Wire,
    pub received: Vec<u8>,
}

impl Side {
    pub fn client(tls: &ClientTls) -> Self {
        Self::client_with(tls, accept)
    }

    pub fn client_with(
        tls: &ClientTls,
        verify: impl FnMut(&[CertificateDer<'_>], &mut Handshake) -> Verified + Send + 'static,
    ) -> Self {
        let wire = Wire::default();
        let connection = tls.start(wire.write(), wire.close(), verify).unwrap();
        Self { connection, wire, received: Vec::new() }
    }

    pub fn server(tls: &ServerTls) -> Self {
        let wire = Wire::default();
        let connection = tls.start(wire.write(), wire.close(), accept);
        Self { connection, wire, received: Vec::new() }
    }

    /// Takes bytes in pieces of these sizes, over and over.
    pub fn take(&mut self, bytes: &[u8], sizes: &[usize]) -> Result<(), TlsError> {
        let mut rest = bytes;
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, more) = rest.split_at(rest.len().min(*size));
            self.received.extend(self.connection.data_from_wire(piece)?);
            rest = more;
        }
        Ok(())
    }
}

/// Carries bytes between the two, in pieces of these sizes, until neither has more.
pub fn carry(client: &mut Side, server: &mut Side, sizes: &[usize]) -> Result<(), TlsError> {
    loop {
        let (to_server, to_client) = (client.wire.take(), server.wire.take());
        if to_server.is_empty() && to_client.is_empty() {
            return Ok(());
        }
        let outcome = server.take(&to_server, sizes);
        client.take(&to_client, sizes)?;
        outcome?;
    }
}

/// Two sides whose handshake is done.
pub fn connected(ca: &Ca) -> (Side, Side) {
    let (mut one, mut other) = (Side::client(&client(ca)), Side::server(&server(ca)));
    carry(&mut one, &mut other, &[usize::MAX]).unwrap();
    (one, other)
}
