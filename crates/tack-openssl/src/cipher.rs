//! What is wrong with a cipher suite, by its name.

use std::fmt;

/// Why a cipher suite is weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CipherFlaw {
    /// It does not encrypt.
    NoEncryption,
    /// Its cipher is broken or too small: RC2, RC4, DES, Triple-DES, IDEA, or one of export strength.
    BrokenCipher,
    /// It authenticates in a way that was broken again and again (CBC): it is no AEAD (RFC 5116).
    NoAead,
    /// Who learns the server's key some day can read what is recorded today.
    NoForwardSecrecy,
}

impl fmt::Display for CipherFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoEncryption => "does not encrypt",
            Self::BrokenCipher => "has a broken cipher",
            Self::NoAead => "is no AEAD",
            Self::NoForwardSecrecy => "has no forward secrecy",
        })
    }
}

/// The flaws of a suite of this name in IANA's registry.
pub(crate) fn flaws(suite: &str) -> Vec<CipherFlaw> {
    let parts: Vec<&str> = suite.split('_').collect();
    let has = |names: &[&str]| parts.iter().any(|part| names.contains(part));
    // Suites of TLS 1.3 name no key exchange: it always has forward secrecy.
    let (exchange, cipher) = suite.split_once("_WITH_").unwrap_or(("TLS_ECDHE", suite));

    let mut flaws = Vec::new();
    if cipher.starts_with("NULL") {
        flaws.push(CipherFlaw::NoEncryption);
    } else if has(&["EXPORT", "RC2", "RC4", "DES", "DES40", "3DES", "IDEA"]) {
        flaws.push(CipherFlaw::BrokenCipher);
    } else if !has(&["GCM", "CCM", "CHACHA20"]) {
        flaws.push(CipherFlaw::NoAead);
    }
    if !exchange.starts_with("TLS_ECDHE") && !exchange.starts_with("TLS_DHE") {
        flaws.push(CipherFlaw::NoForwardSecrecy);
    }
    flaws
}

#[cfg(test)]
mod tests {
    use super::CipherFlaw::{BrokenCipher, NoAead, NoEncryption, NoForwardSecrecy};
    use super::*;

    #[test]
    fn flaws_by_name() {
        for (suite, expected) in [
            ("TLS_AES_128_GCM_SHA256", &[][..]),
            ("TLS_CHACHA20_POLY1305_SHA256", &[]),
            ("TLS_AES_128_CCM_8_SHA256", &[]),
            ("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", &[]),
            ("TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", &[]),
            ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", &[NoAead]),
            ("TLS_RSA_WITH_AES_128_GCM_SHA256", &[NoForwardSecrecy]),
            ("TLS_RSA_WITH_AES_256_CBC_SHA256", &[NoAead, NoForwardSecrecy]),
            ("TLS_RSA_WITH_RC4_128_SHA", &[BrokenCipher, NoForwardSecrecy]),
            ("TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", &[BrokenCipher]),
            ("TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", &[BrokenCipher, NoForwardSecrecy]),
            ("TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", &[BrokenCipher, NoForwardSecrecy]),
            ("TLS_ECDHE_ECDSA_WITH_NULL_SHA", &[NoEncryption]),
            ("TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", &[NoForwardSecrecy]),
            ("TLS_DH_RSA_WITH_SEED_CBC_SHA", &[NoAead, NoForwardSecrecy]),
        ] {
            assert_eq!(flaws(suite), expected, "{suite}");
        }
    }
}
