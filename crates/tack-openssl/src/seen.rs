//! What a server serves.

use std::fmt;
use std::time::Duration;

use tack_core::Timestamp;

use crate::cipher::flaws;
use crate::key::{Group, LeafKey, SignatureAlgorithm};
use crate::protocol::Protocol;
use crate::verification::Verification;
use crate::weakness::Weakness;

/// What a TLS server served in one handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Every copy of the TACK extension (62208), in the order of arrival: one at most in TLS 1.2, two in TLS 1.3.
    pub extensions: Vec<Extension>,
    /// The certificates in DER as the server sent them, its own first.
    pub chain: Vec<Vec<u8>>,
    /// What OpenSSL thinks of chain and name; none where no trust anchors were given.
    pub verification: Option<Verification>,
    /// The version of TLS.
    pub protocol: Protocol,
    /// The cipher suite, by its name in IANA's registry.
    pub cipher: String,
    /// The group of the key exchange; none in an exchange by RSA, and where OpenSSL does not tell.
    pub group: Option<Group>,
    /// The key of the server's certificate.
    pub key: LeafKey,
    /// The algorithm by which it is signed.
    pub signature: SignatureAlgorithm,
    /// The second after which the server's certificate is expired; none where it cannot be read.
    pub not_after: Option<Timestamp>,
    /// How long the TLS handshake took.
    pub handshake_time: Duration,
}

/// A copy of the TACK extension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Extension {
    /// The message that it came in.
    pub place: Place,
    /// What it holds, without type and length: 0 to 65535 bytes, not looked into.
    pub body: Vec<u8>,
}

/// A message in which a server may send the TACK extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// The ServerHello of TLS 1.2 and before (RFC 5246, section 7.4.1.4).
    ServerHello,
    /// EncryptedExtensions (RFC 8446, section 4.3.1).
    EncryptedExtensions,
    /// The first entry of the Certificate message (RFC 8446, section 4.4.2).
    Certificate,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ServerHello => "ServerHello",
            Self::EncryptedExtensions => "EncryptedExtensions",
            Self::Certificate => "Certificate",
        })
    }
}

impl Seen {
    /// The bodies of the TACK extension that differ from one another. More than one: the server contradicts itself.
    #[must_use]
    pub fn distinct_extensions(&self) -> Vec<&[u8]> {
        let mut distinct: Vec<&[u8]> = Vec::new();
        for extension in &self.extensions {
            if !distinct.contains(&&extension.body[..]) {
                distinct.push(&extension.body);
            }
        }
        distinct
    }

    /// All that is weak about the server by today's rules.
    #[must_use]
    pub fn weaknesses(&self) -> Vec<Weakness> {
        let mut found = Vec::new();
        if self.protocol < Protocol::Tls12 {
            found.push(Weakness::Version(self.protocol));
        }
        if self.key.is_weak() {
            found.push(Weakness::Key(self.key.clone()));
        }
        if self.signature.is_weak {
            found.push(Weakness::Signature(self.signature.clone()));
        }
        let cipher = |flaw| Weakness::Cipher { suite: self.cipher.clone(), flaw };
        found.extend(flaws(&self.cipher).into_iter().map(cipher));
        found.extend(self.group.clone().filter(Group::is_weak).map(Weakness::KeyExchange));
        found
    }
}
