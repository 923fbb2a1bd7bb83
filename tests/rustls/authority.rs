//! A CA whose certificates outlive every test: only tacks and pins are to expire.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tack_core::{Certificate, pem};
use tack_rustls::{TackVerifier, TackVerifierBuilder};

use crate::client::Kind;
use crate::clock::Clock;

pub struct Ca {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Ca {
    /// One that signs itself.
    pub fn new(name: &str) -> Self {
        Self { issuer: CertifiedIssuer::self_signed(ca_params(name), KeyPair::generate().unwrap()).unwrap() }
    }

    /// One that this one issues.
    pub fn intermediate(&self, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        Self { issuer: CertifiedIssuer::signed_by(ca_params(name), key, &self.issuer).unwrap() }
    }

    pub fn certificate(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    pub fn certificate_pem(&self) -> String {
        pem::encode(Certificate::LABEL, &self.certificate())
    }

    /// A certificate for this name, with a new key.
    pub fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// A client that trusts this CA, as `set` has its verifier, by this clock.
    pub fn client(
        &self,
        kind: Kind,
        clock: &Arc<Clock>,
        set: impl FnOnce(TackVerifierBuilder) -> TackVerifierBuilder,
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate()).unwrap();
        let webpki = WebPkiServerVerifier::builder_with_provider(roots.into(), kind.provider()).build().unwrap();
        let mut config = kind.client_config(set(TackVerifier::builder(webpki)).build());
        config.time_provider = clock.clone();
        config
    }
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}
