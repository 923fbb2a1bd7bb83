//! The verifier of a client.

use std::fmt;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DistinguishedName, Error, OtherError};
use tack_pin::PinStore;

use crate::judge::Policies;
use crate::judged::Judged;
use crate::pinning::Pinning;
use crate::refused::Refused;
use crate::requirement::Requirement;
use crate::signatures::signatures_by_inner;

/// Asks TACK after another verifier, and never instead of it.
///
/// The other verifier (rustls' own, the platform's) judges the chain and the name. What it refuses stays refused, with its
/// error. TACK then judges the TACK certificate in the chain. The time is that of rustls. Signatures of the handshake are
/// the other verifier's part. No lock is held while a signature is checked.
///
/// ```
/// use std::sync::Arc;
///
/// use rustls::RootCertStore;
/// use rustls::client::WebPkiServerVerifier;
/// use tack_pin::MemoryStore;
/// use tack_rustls::{Pinning, Requirement, TackVerifier};
/// # fn example(roots: RootCertStore) -> Result<(), Box<dyn std::error::Error>> {
///
/// let provider = Arc::new(rustls::crypto::ring::default_provider());
/// let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build()?;
/// let config = TackVerifier::builder(webpki)
///     .require(Requirement::new("t2vpc.dg3h4.qnvbf.nu335.zqdna".parse()?).for_domain("example.com".parse()?))
///     .pin(Pinning::new(Arc::new(MemoryStore::default())).report_only())
///     .on_judgement(|judged| eprintln!("{:?}: {:?}", judged.server_name(), judged.refused()))
///     .build()
///     .client_config(provider)?;
/// # Ok(())
/// # }
/// ```
///
/// # Resumption
///
/// rustls does not ask a verifier when it resumes a session. A session from yesterday would go on although its tack has
/// expired since, its key has been revoked or a pin has come. rustls does not tell with which certificates a session
/// began, so nothing can judge it again. [`client_config`](Self::client_config) and [`install`](Self::install) turn
/// resumption off, and 0-RTT with it: every connection is judged. A connection that is kept open, such as those of an HTTP
/// client's pool, was judged when it began: let none live longer than a tack.
pub struct TackVerifier {
    inner: Arc<dyn ServerCertVerifier>,
    policies: Policies,
    on_judgement: Option<OnJudgement>,
    sends_draft_alerts: bool,
}

type OnJudgement = Box<dyn Fn(&Judged<'_>) + Send + Sync>;

impl TackVerifier {
    /// Begins one that asks TACK after this verifier.
    pub fn builder(inner: Arc<dyn ServerCertVerifier>) -> TackVerifierBuilder {
        let verifier = Self { inner, policies: Policies::default(), on_judgement: None, sends_draft_alerts: false };
        TackVerifierBuilder { verifier }
    }

    /// A configuration of a client with it, without a certificate of the client's own, and without resumption.
    ///
    /// # Errors
    /// [`Error`] if the provider's cipher suites do not suit the versions of TLS.
    pub fn client_config(self, provider: Arc<CryptoProvider>) -> Result<ClientConfig, Error> {
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(self))
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(config)
    }

    /// Gives it to a configuration, and turns resumption off.
    pub fn install(self, config: &mut ClientConfig) {
        config.dangerous().set_certificate_verifier(Arc::new(self));
        config.resumption = Resumption::disabled();
    }

    fn error(&self, refused: &Arc<Refused>) -> CertificateError {
        if self.sends_draft_alerts {
            refused.certificate_error()
        } else {
            CertificateError::Other(OtherError(refused.clone()))
        }
    }
}

impl ServerCertVerifier for TackVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        let judged = self.policies.judge(end_entity, intermediates, server_name, now);
        if let Some(on_judgement) = &self.on_judgement {
            on_judgement(&judged);
        }
        match judged.enforced() {
            Some(refused) => Err(self.error(refused).into()),
            None => Ok(verified),
        }
    }

    signatures_by_inner!();

    fn requires_raw_public_keys(&self) -> bool {
        self.inner.requires_raw_public_keys()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.inner.root_hint_subjects()
    }
}

impl fmt::Debug for TackVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, policies, on_judgement: _, sends_draft_alerts } = self;
        f.debug_struct("TackVerifier")
            .field("inner", inner)
            .field("policies", policies)
            .field("sends_draft_alerts", sends_draft_alerts)
            .finish_non_exhaustive()
    }
}

/// Makes a [`TackVerifier`]. With no requirement and no pins, it refuses tacks that are not valid, and nothing else.
#[derive(Debug)]
#[must_use]
pub struct TackVerifierBuilder {
    verifier: TackVerifier,
}

impl TackVerifierBuilder {
    /// Requires keys that the application knows. Every requirement that is for a server must be met.
    pub fn require(mut self, requirement: Requirement) -> Self {
        self.verifier.policies.requirements.push(requirement);
        self
    }

    /// Makes pins, and keeps to them. Of two calls the last one counts.
    pub fn pin(mut self, pinning: Pinning) -> Self {
        self.verifier.policies.pinning = Some(pinning);
        self
    }

    /// Makes pins in a store, as the draft has them, and keeps to them.
    pub fn pin_in(self, store: Arc<dyn PinStore>) -> Self {
        self.pin(Pinning::new(store))
    }

    /// Shows every judgement to a function, for metrics and reports: of connections that go on and of those that do not.
    /// It is called in the handshake, by whichever thread that runs in. Chains that the other verifier refuses are not
    /// judged. Of two calls the last one counts.
    pub fn on_judgement(mut self, on_judgement: impl Fn(&Judged<'_>) + Send + Sync + 'static) -> Self {
        self.verifier.on_judgement = Some(Box::new(on_judgement));
        self
    }

    /// Sends the TLS alert of the draft (draft-02, sections 4.3.1 to 4.3.3), and gives up the cause in the error.
    ///
    /// rustls chooses the alert by the error, and each error has one. The error with room for a cause has
    /// `certificate_unknown` (46), whatever the cause is: that is what is sent without this setting, and
    /// [`refusal`](crate::refusal) finds the cause. With this setting the server is sent `bad_certificate` (42),
    /// `certificate_revoked` (44), `certificate_expired` (45) or `access_denied` (49), as [`Refused::alert`] says, and the
    /// error is rustls' `BadEncoding`, `Revoked`, `Expired` or `ApplicationVerificationFailure`. Then only
    /// [`on_judgement`](Self::on_judgement) learns the cause.
    pub fn draft_alerts(mut self) -> Self {
        self.verifier.sends_draft_alerts = true;
        self
    }

    /// The verifier.
    #[must_use]
    pub fn build(self) -> TackVerifier {
        self.verifier
    }
}
