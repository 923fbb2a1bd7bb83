//! A CA whose certificates are good at any time.

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use crate::common::write;
use crate::site::Site;

pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// Becomes the CA of a site: `root.pem`. The certificate of the site's server is a new one: `fullchain.pem`, `privkey.pem`.
    pub fn of(site: &Site) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "root");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let authority = Self { issuer };
        fs::write(site.file("root.pem"), authority.issuer.pem()).unwrap();
        authority.issue(site, "fullchain.pem", "privkey.pem");
        authority
    }

    /// Issues a certificate for localhost, with a new key.
    pub fn issue(&self, site: &Site, chain: &str, private_key: &str) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        write(site.path(), chain, certificate.pem());
        write(site.path(), private_key, key.serialize_pem());
    }
}
