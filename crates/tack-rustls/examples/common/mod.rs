//! What the clients among the examples share: their options, and a verifier as these want it.

use std::env;
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tack_core::Fingerprint;
use tack_pin::SqliteStore;
use tack_rustls::{Pinning, Requirement, TackVerifier};

/// [--ca FILE] [--connect ADDRESS:PORT] [--require FINGERPRINT]... [--pins FILE] [--report-only] TARGET...
#[derive(Default)]
pub struct Options {
    ca: Option<PathBuf>,
    pub connect: Option<SocketAddr>,
    required: Vec<Fingerprint>,
    pins: Option<PathBuf>,
    is_report_only: bool,
    pub targets: Vec<String>,
}

impl Options {
    pub fn from_arguments() -> Result<Self, Box<dyn Error>> {
        let mut options = Self::default();
        let mut arguments = env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--ca" => options.ca = Some(value()?.into()),
                "--connect" => options.connect = Some(value()?.parse()?),
                "--require" => options.required.push(value()?.parse()?),
                "--pins" => options.pins = Some(value()?.into()),
                "--report-only" => options.is_report_only = true,
                _ => options.targets.push(argument),
            }
        }
        Ok(options)
    }

    /// A configuration that asks TACK after the CA's verifier, or the system's.
    pub fn client_config(&self) -> Result<ClientConfig, Box<dyn Error>> {
        let provider = Arc::new(ring::default_provider());
        let mut builder = TackVerifier::builder(self.inner(&provider)?).on_judgement(|judged| {
            for reason in judged.reasons() {
                eprintln!("{}: {reason}", judged.server_name().to_str());
            }
        });
        if let Some(requirement) = Requirement::any_of(self.required.iter().copied()) {
            builder = builder.require(if self.is_report_only { requirement.report_only() } else { requirement });
        }
        if let Some(path) = &self.pins {
            let pinning = Pinning::new(Arc::new(SqliteStore::open(path)?));
            builder = builder.pin(if self.is_report_only { pinning.report_only() } else { pinning });
        }
        Ok(builder.build().client_config(provider)?)
    }

    fn inner(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Box<dyn Error>> {
        let Some(ca) = &self.ca else { return Ok(Arc::new(Verifier::new(Arc::clone(provider))?)) };
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca)?)?;
        Ok(WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(provider)).build()?)
    }
}
