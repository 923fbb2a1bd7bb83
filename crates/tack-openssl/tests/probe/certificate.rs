//! Certificates of every kind, with times that do not depend on today.

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509NameBuilder};

/// When the tests take place, in seconds since 1970.
pub const NOW: i64 = 1_795_195_875;
pub const DAY: i64 = 86_400;

/// A certificate and its key.
#[derive(Clone)]
pub struct Identity {
    pub certificate: X509,
    pub key: PKey<Private>,
}

/// What a certificate is to say.
pub struct Plan<'a> {
    pub common_name: &'a str,
    pub dns_names: &'a [&'a str],
    pub addresses: &'a [&'a str],
    pub is_ca: bool,
    pub not_before: i64,
    pub not_after: i64,
    pub digest: MessageDigest,
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Self {
            common_name: "leaf",
            dns_names: &["host.example"],
            addresses: &["127.0.0.1"],
            is_ca: false,
            not_before: NOW - DAY,
            not_after: NOW + DAY,
            digest: MessageDigest::sha256(),
        }
    }
}

pub fn ec(curve: &str) -> PKey<Private> {
    PKey::ec_gen(curve).unwrap()
}

pub fn rsa(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
}

impl Plan<'_> {
    /// A certificate for this key, by an issuer or else by itself.
    pub fn issue(&self, key: PKey<Private>, issuer: Option<&Identity>) -> Identity {
        let mut name = X509NameBuilder::new().unwrap();
        name.append_entry_by_text("CN", self.common_name).unwrap();
        let name = name.build();
        let mut serial = BigNum::new().unwrap();
        serial.rand(64, MsbOption::ONE, false).unwrap();
        let mut builder = X509Builder::new().unwrap();
        builder.set_version(2).unwrap();
        builder.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
        builder.set_subject_name(&name).unwrap();
        builder.set_issuer_name(issuer.map_or(&*name, |issuer| issuer.certificate.subject_name())).unwrap();
        builder.set_not_before(&Asn1Time::from_unix(self.not_before).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::from_unix(self.not_after).unwrap()).unwrap();
        builder.set_pubkey(&key).unwrap();
        if self.is_ca {
            builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        } else if !self.dns_names.is_empty() || !self.addresses.is_empty() {
            let mut names = SubjectAlternativeName::new();
            self.dns_names.iter().for_each(|name| _ = names.dns(name));
            self.addresses.iter().for_each(|address| _ = names.ip(address));
            let names = names.build(&builder.x509v3_context(None, None)).unwrap();
            builder.append_extension(names).unwrap();
        }
        builder.sign(issuer.map_or(&key, |issuer| &issuer.key), self.digest).unwrap();
        Identity { certificate: builder.build(), key }
    }
}

/// A root that lasts for ten years before and after now.
pub fn root() -> Identity {
    let (not_before, not_after) = (NOW - 3650 * DAY, NOW + 3650 * DAY);
    Plan { common_name: "root", is_ca: true, not_before, not_after, ..Plan::default() }.issue(ec("P-256"), None)
}

impl Identity {
    pub fn pem(&self) -> Vec<u8> {
        self.certificate.to_pem().unwrap()
    }

    pub fn der(&self) -> Vec<u8> {
        self.certificate.to_der().unwrap()
    }
}
