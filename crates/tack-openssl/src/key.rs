//! Keys: that of a server's certificate, by whose signature it is certified, and the one of the moment.

use std::fmt;

use openssl::asn1::Asn1ObjectRef;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Id, PKeyRef};

/// What kind of key a server's certificate has, and how large it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeafKey {
    /// Its kind.
    pub kind: KeyKind,
    /// Its size in bits: of the modulus for RSA and DSA, of the field or order for curves.
    pub bits: u32,
}

/// The kinds of public keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA, also where it is for RSASSA-PSS only.
    Rsa,
    /// DSA.
    Dsa,
    /// ECDSA on the curve of this name: NIST's for its own (`P-256`), else OpenSSL's.
    Ec(String),
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// Ed448 (RFC 8032).
    Ed448,
    /// Another kind.
    Other,
}

impl LeafKey {
    pub(crate) fn new<T: HasPublic>(key: &PKeyRef<T>) -> Self {
        let kind = match key.id() {
            Id::RSA | Id::RSA_PSS => KeyKind::Rsa,
            Id::DSA => KeyKind::Dsa,
            Id::EC => KeyKind::Ec(curve(key)),
            Id::ED25519 => KeyKind::Ed25519,
            Id::ED448 => KeyKind::Ed448,
            _ => KeyKind::Other,
        };
        Self { kind, bits: key.bits() }
    }

    /// RSA below 2048 bits, a curve below 256, and DSA (NIST SP 800-131A; FIPS 186-5 has DSA no more).
    pub(crate) fn is_weak(&self) -> bool {
        match self.kind {
            KeyKind::Rsa => self.bits < 2048,
            KeyKind::Ec(_) => self.bits < 256,
            KeyKind::Dsa => true,
            KeyKind::Ed25519 | KeyKind::Ed448 | KeyKind::Other => false,
        }
    }
}

impl fmt::Display for LeafKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            KeyKind::Rsa => write!(f, "RSA {}", self.bits),
            KeyKind::Dsa => write!(f, "DSA {}", self.bits),
            KeyKind::Ec(curve) => write!(f, "EC {curve}"),
            KeyKind::Ed25519 => f.write_str("Ed25519"),
            KeyKind::Ed448 => f.write_str("Ed448"),
            KeyKind::Other => write!(f, "unknown kind, {} bits", self.bits),
        }
    }
}

/// A group in which keys are exchanged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Group {
    /// Its name: `X25519`, `P-256`, `DH`.
    pub name: String,
    /// Its size in bits.
    pub bits: u32,
}

impl Group {
    /// The group of an ephemeral key.
    pub(crate) fn new<T: HasPublic>(key: &PKeyRef<T>) -> Option<Self> {
        let name = match key.id() {
            Id::X25519 => "X25519".to_owned(),
            Id::X448 => "X448".to_owned(),
            Id::EC => curve(key),
            Id::DH | Id::DHX => DH.to_owned(),
            _ => return None,
        };
        Some(Self { name, bits: key.bits() })
    }

    /// DH below 2048 bits, a curve below P-256; X25519 counts 253 bits.
    pub(crate) fn is_weak(&self) -> bool {
        self.bits < if self.name == DH { 2048 } else { 253 }
    }
}

/// The name of all groups of numbers modulo a prime.
const DH: &str = "DH";

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name == DH { write!(f, "DH {}", self.bits) } else { f.write_str(&self.name) }
    }
}

/// The algorithm by which a certificate is signed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SignatureAlgorithm {
    /// Its name in OpenSSL's words, or its number: safe to print.
    pub name: String,
    /// Whether it goes by a hash for which collisions are known, such as SHA-1 and MD5.
    pub is_weak: bool,
}

impl SignatureAlgorithm {
    pub(crate) fn new(algorithm: &Asn1ObjectRef) -> Self {
        let digest = algorithm.nid().signature_algorithms().map(|algorithms| algorithms.digest);
        let is_weak = digest.is_some_and(|digest| WEAK_DIGESTS.contains(&digest));
        Self { name: algorithm.to_string(), is_weak }
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

const WEAK_DIGESTS: [Nid; 4] = [Nid::SHA1, Nid::MD5, Nid::MD5_SHA1, Nid::MD4];

/// The name of a curve; one with explicit parameters has none.
fn curve<T: HasPublic>(key: &PKeyRef<T>) -> String {
    let name = key.ec_key().ok().and_then(|key| key.group().curve_name());
    match name {
        Some(Nid::X9_62_PRIME192V1) => "P-192",
        Some(Nid::SECP224R1) => "P-224",
        Some(Nid::X9_62_PRIME256V1) => "P-256",
        Some(Nid::SECP384R1) => "P-384",
        Some(Nid::SECP521R1) => "P-521",
        Some(other) => other.short_name().unwrap_or("unknown curve"),
        None => "unnamed curve",
    }
    .to_owned()
}
