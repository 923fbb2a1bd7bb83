//! Chains, out of a set of certificates in any order.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;

use super::certificate::Certificate;
use super::error::TlsError;

/// A leaf certificate with its private key, and those that lead from it towards a root.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    /// The leaf first; a TACK certificate last.
    pub(super) certificates: Vec<Certificate>,
}

impl Chain {
    /// Puts a set together that has one leaf.
    pub(super) fn one(certificates: &[Certificate]) -> Result<Self, TlsError> {
        let mut chains = Self::all(certificates)?.into_iter();
        match (chains.next(), chains.next()) {
            (Some(chain), None) => Ok(chain),
            (Some(_), Some(_)) => Err(TlsError::MoreThanOneLeaf),
            (None, _) => Err(TlsError::NoLeaf),
        }
    }

    /// Puts a set together that may have several leaves. Each certificate must belong to a chain; a TACK certificate belongs
    /// to the chain whose key its tacks are for.
    pub(super) fn all(certificates: &[Certificate]) -> Result<Vec<Self>, TlsError> {
        let read = |certificate: &Certificate| Ok((certificate.clone(), certificate.read()?));
        let mut rest: Vec<(Certificate, tack_core::Certificate)> =
            certificates.iter().map(read).collect::<Result<_, TlsError>>()?;
        let leaves: Vec<_> = rest.extract_if(.., |(_, read)| is_leaf(read)).collect();
        if leaves.is_empty() {
            return Err(TlsError::NoLeaf);
        }
        if rest.iter().any(|(certificate, _)| certificate.has_private_key()) {
            return Err(TlsError::ExtraneousPrivateKey);
        }
        if leaves.iter().any(|(certificate, _)| !certificate.has_private_key()) {
            return Err(TlsError::LeafHasNoPrivateKey);
        }
        let mut is_used = vec![false; rest.len()];
        let chains = leaves.into_iter().map(|leaf| Self::from_leaf(leaf, &rest, &mut is_used)).collect();
        if is_used.contains(&false) { Err(TlsError::NoCertificateChain) } else { Ok(chains) }
    }

    fn from_leaf(
        (leaf, read): (Certificate, tack_core::Certificate),
        others: &[(Certificate, tack_core::Certificate)],
        is_used: &mut [bool],
    ) -> Self {
        let target_hash = read.target_hash();
        let mut certificates = vec![leaf];
        let mut last = read;
        // No certificate is in a chain twice, so a circle of issuers ends.
        while certificates.len() <= others.len()
            && let Some((index, (issuer, read))) = others
                .iter()
                .enumerate()
                .find(|(_, (_, other))| other.extension().is_none() && other.is_issuer_of(&last))
        {
            mark(is_used, index);
            certificates.push(issuer.clone());
            last = read.clone();
        }
        let is_for_leaf = |other: &tack_core::Certificate| {
            other
                .extension()
                .is_some_and(|extension| extension.tacks().iter().all(|tack| tack.target_hash() == target_hash))
        };
        if let Some((index, (tack, _))) = others.iter().enumerate().find(|(_, (_, other))| is_for_leaf(other)) {
            mark(is_used, index);
            certificates.push(tack.clone());
        }
        Self { certificates }
    }

    /// The certificates in DER, the leaf first.
    pub(super) fn ders(&self) -> Vec<CertificateDer<'static>> {
        self.certificates.iter().map(|certificate| certificate.as_der().clone()).collect()
    }

    /// The chain as rustls takes it, with a private key that fits the leaf.
    pub(super) fn certified_key(&self, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, TlsError> {
        let key = self.certificates.first().and_then(Certificate::private_key).ok_or(TlsError::LeafHasNoPrivateKey)?;
        let unusable = |error: rustls::Error| TlsError::Certificate(error.into());
        let key = provider.key_provider.load_private_key(key.clone_key()).map_err(unusable)?;
        let certified = CertifiedKey::new(self.ders(), key);
        certified.keys_match().map_err(unusable)?;
        Ok(Arc::new(certified))
    }
}

/// Whether it is neither a CA's nor a TACK certificate. One of X.509 v1 does not say what it is, and counts as a leaf.
fn is_leaf(certificate: &tack_core::Certificate) -> bool {
    certificate.is_ca() != Some(true) && certificate.extension().is_none()
}

fn mark(is_used: &mut [bool], index: usize) {
    if let Some(used) = is_used.get_mut(index) {
        *used = true;
    }
}
