//! What OpenSSL thinks of a chain and of the name in its first certificate.

use std::cmp::Ordering;
use std::fmt;

use openssl::x509::{X509Ref, X509StoreContextRef, X509VerifyResult};

use crate::key::{LeafKey, SignatureAlgorithm};

/// The outcome of verifying a chain (RFC 5280, section 6) and its name (RFC 9525, section 6), each for itself.
///
/// A certificate that belongs to no path, such as a TACK certificate, does not count. Neither does the subject: only a
/// subjectAltName names a server.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Verification {
    /// All that is wrong with the chain; a good one has nothing here.
    pub chain: Vec<ChainProblem>,
    /// Whether the certificate is for the name that was asked for.
    pub name_matches: bool,
}

/// One thing that is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainProblem {
    /// The certificate that it is about, in the path from the server's (0) to the trust anchor. Not its place among those
    /// that were sent.
    pub depth: u32,
    /// What it is.
    pub kind: ChainProblemKind,
    /// What it is in OpenSSL's words, safe to print.
    pub words: &'static str,
}

/// The kinds of what can be wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChainProblemKind {
    /// The certificate is expired.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The path does not lead to a trust anchor.
    Untrusted,
    /// The key, or the signature, of a CA's certificate is weak by today's rules.
    Weak,
    /// Another one, told by its words.
    Other,
}

impl fmt::Display for ChainProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.depth {
            0 => write!(f, "{} (the server's certificate)", self.words),
            depth => write!(f, "{} (certificate {depth} above the server's)", self.words),
        }
    }
}

/// More problems of one chain are not kept.
const MOST_PROBLEMS: usize = 32;

/// The numbers of OpenSSL's `x509_vfy.h`.
const UNABLE_TO_GET_ISSUER: i32 = 2;
const NOT_YET_VALID: i32 = 9;
const HAS_EXPIRED: i32 = 10;
const SELF_SIGNED_LEAF: i32 = 18;
const SELF_SIGNED_IN_CHAIN: i32 = 19;
const UNABLE_TO_GET_ISSUER_LOCALLY: i32 = 20;
const UNABLE_TO_VERIFY_LEAF: i32 = 21;
const HOSTNAME_MISMATCH: i32 = 62;
const ADDRESS_MISMATCH: i32 = 64;

/// Collects what OpenSSL finds while it verifies.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    chain: Vec<ChainProblem>,
    name_mismatch: bool,
    is_complete: bool,
}

impl Findings {
    /// Takes up one call of OpenSSL's verify callback. There is one without an error for each certificate of the path, last
    /// for the server's.
    pub(crate) fn add(&mut self, is_good: bool, context: &X509StoreContextRef) {
        let depth = context.error_depth();
        if is_good {
            self.is_complete |= depth == 0;
            if depth > 0
                && let Some(words) = context.current_cert().and_then(weakness_of_ca)
            {
                self.keep(ChainProblem { depth, kind: ChainProblemKind::Weak, words });
            }
            return;
        }
        let error = context.error();
        match error.as_raw() {
            HOSTNAME_MISMATCH | ADDRESS_MISMATCH => self.name_mismatch = true,
            number => self.add_problem(depth, number, error),
        }
    }

    fn add_problem(&mut self, depth: u32, number: i32, error: X509VerifyResult) {
        let kind = match number {
            HAS_EXPIRED => ChainProblemKind::Expired,
            NOT_YET_VALID => ChainProblemKind::NotYetValid,
            UNABLE_TO_GET_ISSUER
            | SELF_SIGNED_LEAF
            | SELF_SIGNED_IN_CHAIN
            | UNABLE_TO_GET_ISSUER_LOCALLY
            | UNABLE_TO_VERIFY_LEAF => ChainProblemKind::Untrusted,
            _ => ChainProblemKind::Other,
        };
        self.keep(ChainProblem { depth, kind, words: error.error_string() });
    }

    fn keep(&mut self, problem: ChainProblem) {
        if self.chain.len() < MOST_PROBLEMS && !self.chain.contains(&problem) {
            self.chain.push(problem);
        }
    }

    /// The outcome. A name that OpenSSL did not come to does not match.
    pub(crate) fn into_verification(self) -> Verification {
        Verification { chain: self.chain, name_matches: self.is_complete && !self.name_mismatch }
    }
}

/// What is weak in the certificate of a CA. The handshake is to go on with a weak one, so OpenSSL is not to look. Nobody
/// verifies the signature of a certificate that signs itself: it is a trust anchor, or leads to none.
fn weakness_of_ca(certificate: &X509Ref) -> Option<&'static str> {
    let is_key_weak = certificate.public_key().is_ok_and(|key| LeafKey::new(&key).is_weak());
    let signs_itself = || certificate.issuer_name().try_cmp(certificate.subject_name()).is_ok_and(Ordering::is_eq);
    if is_key_weak {
        Some("the key of a CA's certificate is too weak")
    } else if SignatureAlgorithm::new(certificate.signature_algorithm().object()).is_weak && !signs_itself() {
        Some("a CA's certificate has a weak signature")
    } else {
        None
    }
}
