//! The verify function of a connection, inside rustls' verifiers: after them and never instead of them.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{AlertDescription, CertificateError, DigitallySignedStruct, DistinguishedName, SignatureScheme};

use tack_pin::{Alert, Judgement};

use super::alert::AlertLevel;
use super::error::{TlsError, check_level};
use crate::judge::Policies;

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

/// The verify function of a connection, and its error.
#[derive(Clone, Default)]
pub(super) struct Verify {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    verify: Option<VerifyFn>,
    error: Option<TlsError>,
    judgement: Option<Judgement>,
}

impl Verify {
    pub(super) fn new(verify: Option<VerifyFn>) -> Self {
        Self { state: Arc::new(Mutex::new(State { verify, ..State::default() })) }
    }

    /// Why the certificates are refused, if that is why the handshake failed.
    pub(super) fn take_error(&self) -> Option<TlsError> {
        self.state().error.take()
    }

    /// What TACK has decided, if it was asked.
    pub(super) fn judgement(&self) -> Option<Judgement> {
        self.state().judgement.clone()
    }

    /// Asks TACK.
    fn judge(
        &self,
        policies: &Policies,
        chain: &[&[u8]],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let judged = policies.judge(chain, server_name, now);
        let refused = judged.enforced().map(Arc::clone);
        let mut state = self.state();
        state.judgement = judged.judgement;
        let Some(refused) = refused else { return Ok(()) };
        let alert = match refused.alert() {
            Alert::BadCertificate => AlertDescription::BadCertificate,
            Alert::CertificateRevoked => AlertDescription::CertificateRevoked,
            Alert::CertificateExpired => AlertDescription::CertificateExpired,
            Alert::AccessDenied => AlertDescription::AccessDenied,
        };
        state.error = Some(TlsError::Tack(refused));
        Err(certificate_error(alert).unwrap_or(CertificateError::ApplicationVerificationFailure).into())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self, leaf: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Result<(), rustls::Error> {
        let mut state = self.state();
        // It goes with its call: no handshake has a second one.
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
        AlertDescription::CertificateUnknown => CertificateError::Other(rustls::OtherError(Arc::new(TlsError::NoLeaf))),
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
            let chain: Vec<&[u8]> = [end_entity].into_iter().chain(intermediates).map(AsRef::as_ref).collect();
            self.verify.judge(policies, &chain, server_name, now)?;
        }
        self.verify.call(end_entity, intermediates)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
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

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
