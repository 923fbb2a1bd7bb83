//! The verify function of a connection, inside rustls' verifiers: after them and never instead of them.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{AlertDescription, CertificateError, DistinguishedName, OtherError};
use tack_pin::Judgement;

use super::alert::AlertLevel;
use super::error::{TlsError, check_level};
use crate::judge::Policies;
use crate::judged::Judged;
use crate::signatures::signatures_by_inner;

/// What a verify function sees of the connection, in the middle of its handshake.
///
/// The function is called once in a handshake, with the peer's certificates, the leaf first, when chain and name hold, and
/// the policy of TACK is kept if there is one. An error of its own makes the connection invalid, and goes to the caller of
/// [`Connection::data_from_wire`](super::Connection::data_from_wire) in [`TlsError::Refused`].
#[derive(Debug, Default)]
pub struct Handshake {
    alert: Option<AlertDescription>,
}

impl Handshake {
    /// Chooses the alert that the peer is sent if the function fails; access_denied unless it is chosen.
    ///
    /// # Errors
    /// [`TlsError::InvalidAlertLevel`]; [`TlsError::AlertUnavailable`] for an alert that rustls does not send for a
    /// certificate: it has bad_certificate, unsupported_certificate, certificate_revoked, certificate_expired,
    /// certificate_unknown, unknown_ca, access_denied and decrypt_error.
    pub fn send_alert(&mut self, code: AlertDescription, level: Option<AlertLevel>) -> Result<(), TlsError> {
        check_level(code, level)?;
        certificate_error(code).ok_or(TlsError::AlertUnavailable(code))?;
        self.alert = Some(code);
        Ok(())
    }
}

/// What a verify function is, in a box.
pub(super) type VerifyFn =
    Box<dyn FnMut(&[CertificateDer<'_>], &mut Handshake) -> Result<(), Box<dyn Error + Send + Sync>> + Send>;

/// The verify function of a connection, and what came of it and of TACK.
#[derive(Clone)]
pub(super) struct Verify {
    state: Arc<Mutex<State>>,
}

struct State {
    /// It goes with its call.
    verify: Option<VerifyFn>,
    error: Option<TlsError>,
    judgement: Option<Judgement>,
}

impl Verify {
    pub(super) fn new(verify: VerifyFn) -> Self {
        Self { state: Arc::new(Mutex::new(State { verify: Some(verify), error: None, judgement: None })) }
    }

    /// Why the certificates are refused, if that is why the handshake failed.
    pub(super) fn take_error(&self) -> Option<TlsError> {
        self.state().error.take()
    }

    /// What TACK has decided, if it was asked.
    pub(super) fn judgement(&self) -> Option<Judgement> {
        self.state().judgement.clone()
    }

    /// Keeps what TACK has decided.
    fn keep(&self, judged: Judged<'_>) -> Result<(), rustls::Error> {
        let refused = judged.enforced().map(Arc::clone);
        let mut state = self.state();
        state.judgement = judged.judgement;
        let Some(refused) = refused else { return Ok(()) };
        let error = refused.certificate_error();
        state.error = Some(TlsError::Tack(refused));
        Err(error.into())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self, leaf: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Result<(), rustls::Error> {
        let mut state = self.state();
        // No handshake has a second one.
        let Some(mut verify) = state.verify.take() else { return Ok(()) };
        let certificates: Vec<_> = std::iter::once(leaf).chain(others).cloned().collect();
        let mut handshake = Handshake::default();
        let Err(error) = verify(&certificates, &mut handshake) else { return Ok(()) };
        state.error = Some(TlsError::Refused(error));
        let chosen = handshake.alert.and_then(certificate_error);
        Err(chosen.unwrap_or(CertificateError::ApplicationVerificationFailure).into())
    }
}

impl fmt::Debug for Verify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verify")
    }
}

/// The error for which rustls sends this alert.
fn certificate_error(code: AlertDescription) -> Option<CertificateError> {
    Some(match code {
        AlertDescription::BadCertificate => CertificateError::BadEncoding,
        AlertDescription::UnsupportedCertificate => CertificateError::InvalidPurpose,
        AlertDescription::CertificateRevoked => CertificateError::Revoked,
        AlertDescription::CertificateExpired => CertificateError::Expired,
        // Only the alert counts: the caller is given the error of the verify function.
        AlertDescription::CertificateUnknown => CertificateError::Other(OtherError(Arc::new(fmt::Error))),
        AlertDescription::UnknownCA => CertificateError::UnknownIssuer,
        AlertDescription::AccessDenied => CertificateError::ApplicationVerificationFailure,
        AlertDescription::DecryptError => CertificateError::BadSignature,
        _ => return None,
    })
}

/// Verifies a server's certificates by `inner`, then by TACK if that is wanted, then by the verify function.
#[derive(Debug)]
pub(super) struct ServerVerifier {
    pub(super) inner: Arc<dyn ServerCertVerifier>,
    pub(super) policies: Option<Policies>,
    pub(super) verify: Verify,
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        if let Some(policies) = &self.policies {
            self.verify.keep(policies.judge(end_entity, intermediates, server_name, now))?;
        }
        self.verify.call(end_entity, intermediates)?;
        Ok(verified)
    }

    signatures_by_inner!();
}

/// Verifies a client's certificates by `inner`, then by the verify function.
#[derive(Debug)]
pub(super) struct ClientVerifier {
    pub(super) inner: Arc<dyn ClientCertVerifier>,
    pub(super) verify: Verify,
}

impl ClientCertVerifier for ClientVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verified = self.inner.verify_client_cert(end_entity, intermediates, now)?;
        self.verify.call(end_entity, intermediates)?;
        Ok(verified)
    }

    signatures_by_inner!();
}
