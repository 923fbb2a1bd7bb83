//! A CA whose certificates outlive every test, and a clock that tests set: only tacks and pins are to expire.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use tack_core::{Certificate, Minute, pem};
use tack_rustls::{TackVerifier, TackVerifierBuilder};

use crate::client::Kind;

#[derive(Debug)]
pub struct Clock(AtomicU64);

impl Clock {
    pub fn at(now: Minute) -> Arc<Self> {
        let clock = Self(AtomicU64::new(0));
        clock.set(now);
        Arc::new(clock)
    }

    pub fn set(&self, now: Minute) {
        self.0.store(now.seconds().try_into().unwrap(), Ordering::Relaxed);
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0.load(Ordering::Relaxed))))
    }
}

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
