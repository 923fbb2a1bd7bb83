//! The client.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use openssl::asn1::Asn1Time;
use openssl::error::ErrorStack;
use openssl::ssl::{
    HandshakeError, Ssl, SslContext, SslContextBuilder, SslMethod, SslOptions, SslRef, SslSessionCacheMode,
    SslVerifyMode, SslVersion,
};
use openssl::x509::{X509, X509Ref};
use tack_core::Timestamp;

use crate::bounded::{Bounded, MAX_BYTES, Stop};
use crate::error::{Phase, ProbeError, TlsError, words};
use crate::expected;
use crate::handshake;
use crate::key::{Group, LeafKey, SignatureAlgorithm};
use crate::protocol::Protocol;
use crate::seen::Seen;
use crate::server_name::ServerName;
use crate::starttls;
use crate::target::Target;

/// A TLS client that reports what servers serve, instead of refusing them: built once, and shared by threads.
///
/// It takes weak versions, suites and keys, so that [`Seen::weaknesses`] can tell of them, and never resumes a session, since
/// a resumption has neither the extension nor the certificate.
///
/// ```
/// use tack_openssl::{Connector, Trust, Versions};
///
/// let connector = Connector::builder().trust(Trust::Nothing).versions(Versions::Tls13).build()?;
/// # Ok::<(), tack_openssl::ConnectorError>(())
/// ```
#[derive(Clone)]
pub struct Connector {
    context: SslContext,
    verifies: bool,
}

/// Builds a [`Connector`].
#[derive(Clone, Debug, Default)]
pub struct ConnectorBuilder {
    trust: Trust,
    versions: Versions,
}

/// Who is trusted to certify servers.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Trust {
    /// Whom the system trusts: OpenSSL's default file and directory, or SSL_CERT_FILE and SSL_CERT_DIR.
    #[default]
    System,
    /// These certificates, in PEM: the contents of a CA file.
    Certificates(Vec<u8>),
    /// Nobody: chain and name are not verified.
    Nothing,
}

/// The versions of TLS that a server may choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Versions {
    /// Any that OpenSSL knows from TLS 1.0 up.
    #[default]
    Any,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// Why a [`Connector`] was not built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectorError {
    /// The trust anchors are not certificates in PEM.
    #[error("the trust anchors cannot be read: {0}")]
    Trust(String),

    /// There is no certificate among the trust anchors.
    #[error("the trust anchors hold no certificate")]
    NoCertificate,

    /// OpenSSL failed.
    #[error("OpenSSL failed: {0}")]
    OpenSsl(String),
}

/// The suites before TLS 1.3: all that name a server by its certificate, weak ones too.
const CIPHERS: &str = "ALL:eNULL:!aNULL:!PSK:!SRP";

/// The groups beyond OpenSSL's own choice, which some certificates need, in the words of OpenSSL 3.5 and of those before.
const GROUPS: [&str; 2] = [
    "DEFAULT:P-224:P-192",
    "X25519:P-256:X448:P-521:P-384:ffdhe2048:ffdhe3072:ffdhe4096:ffdhe6144:ffdhe8192:P-224:P-192",
];

impl Connector {
    /// A builder that trusts whom the system trusts, and takes any version of TLS.
    #[must_use]
    pub fn builder() -> ConnectorBuilder {
        ConnectorBuilder::default()
    }

    /// Goes through the dialogue before TLS and the handshake on a new connection, and closes it. Chain and name are
    /// verified as of `now`.
    ///
    /// The stream must be a blocking one. No call lasts longer than until the deadline, plus the time of OpenSSL's
    /// computations, and the server may send [`MAX_BYTES`].
    ///
    /// # Errors
    /// [`ProbeError::StartTls`], [`ProbeError::Tls`], [`ProbeError::Timeout`] and [`ProbeError::TooMuch`].
    pub fn probe(
        &self,
        stream: TcpStream,
        target: &Target,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Seen, ProbeError> {
        // Small messages go back and forth; where this fails it is only slower.
        let _ = stream.set_nodelay(true);
        let mut stream = Bounded::new(stream, deadline);
        if let Some(protocol) = target.starttls {
            let agreed = starttls::negotiate(protocol, &mut stream, &target.name);
            agreed.map_err(|error| stopped(&stream, Phase::StartTls).unwrap_or(ProbeError::StartTls(error)))?;
        }
        let shaken = self.shake_hands(&mut stream, &target.name, now);
        let seen = shaken.map_err(|error| {
            let error = match error {
                TlsError::NotTls if target.starttls.is_some() => TlsError::InClear,
                error => error,
            };
            stopped(&stream, Phase::Handshake).unwrap_or(ProbeError::Tls(error))
        })?;
        stream.close();
        Ok(seen)
    }

    fn shake_hands(&self, stream: &mut Bounded, name: &ServerName, now: Timestamp) -> Result<Seen, TlsError> {
        let ssl = self.prepare(name, now)?;
        let start = Instant::now();
        let mut stream = ssl.connect(stream).map_err(failure)?;
        let handshake_time = start.elapsed();

        let seen = self.look(stream.ssl(), handshake_time)?;
        // One call says goodbye; a second one would wait for the server's.
        let _ = stream.shutdown();
        Ok(seen)
    }

    /// A connection to come.
    fn prepare(&self, name: &ServerName, now: Timestamp) -> Result<Ssl, ErrorStack> {
        let mut ssl = Ssl::new(&self.context)?;
        handshake::listen(&mut ssl)?;
        expected::expect(&mut ssl, name, self.verifies.then_some(now))?;
        Ok(ssl)
    }

    fn look(&self, ssl: &SslRef, handshake_time: Duration) -> Result<Seen, TlsError> {
        let told = handshake::told(ssl)?;
        let nothing = |what: &str| TlsError::Refused(format!("the server sent no {what}"));
        let leaf = ssl.peer_certificate().ok_or_else(|| nothing("certificate"))?;
        let chain = ssl.peer_cert_chain().ok_or_else(|| nothing("certificate"))?;
        let chain = chain.iter().map(|certificate| certificate.to_der()).collect::<Result<_, _>>()?;
        let cipher = ssl.current_cipher().ok_or_else(|| nothing("cipher suite"))?;
        Ok(Seen {
            extensions: told.extensions,
            chain,
            verification: self.verifies.then(|| told.findings.into_verification()),
            protocol: protocol(ssl.version2()),
            cipher: cipher.standard_name().unwrap_or_else(|| cipher.name()).to_owned(),
            group: ssl.peer_tmp_key().ok().and_then(|key| Group::new(&key)),
            key: LeafKey::new(&*leaf.public_key()?),
            signature: SignatureAlgorithm::new(leaf.signature_algorithm().object()),
            not_after: not_after(&leaf),
            handshake_time,
        })
    }
}

impl ConnectorBuilder {
    /// Sets who is trusted to certify servers.
    #[must_use]
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Sets the versions of TLS that a server may choose from.
    #[must_use]
    pub fn versions(mut self, versions: Versions) -> Self {
        self.versions = versions;
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    /// Where the trust anchors cannot be read, or OpenSSL fails.
    pub fn build(&self) -> Result<Connector, ConnectorError> {
        let mut context = SslContextBuilder::new(SslMethod::tls_client())?;
        let (least, most) = match self.versions {
            Versions::Any => (SslVersion::TLS1, None),
            Versions::Tls12 => (SslVersion::TLS1_2, Some(SslVersion::TLS1_2)),
            Versions::Tls13 => (SslVersion::TLS1_3, Some(SslVersion::TLS1_3)),
        };
        // The level comes first: the rest is measured by it.
        context.set_security_level(0);
        context.set_min_proto_version(Some(least))?;
        context.set_max_proto_version(most)?;
        context.set_cipher_list(CIPHERS)?;
        // An OpenSSL that knows neither keeps to its own choice.
        let _ = GROUPS.iter().find(|groups| context.set_groups_list(groups).is_ok());
        context.set_session_cache_mode(SslSessionCacheMode::OFF);
        context.set_options(SslOptions::NO_TICKET);
        handshake::ask(&mut context)?;
        let verifies = self.trust != Trust::Nothing;
        if verifies {
            self.trust.add_to(&mut context)?;
            handshake::verify(&mut context)?;
        } else {
            context.set_verify(SslVerifyMode::NONE);
        }
        Ok(Connector { context: context.build(), verifies })
    }
}

impl Trust {
    /// Has a context trust so.
    pub(crate) fn add_to(&self, context: &mut SslContextBuilder) -> Result<(), ConnectorError> {
        match self {
            Self::System => trust_the_system(context)?,
            Self::Certificates(pem) => {
                let anchors = X509::stack_from_pem(pem).map_err(|stack| ConnectorError::Trust(words(&stack)))?;
                if anchors.is_empty() {
                    return Err(ConnectorError::NoCertificate);
                }
                for anchor in anchors {
                    context.cert_store_mut().add_cert(anchor)?;
                }
            }
            Self::Nothing => {}
        }
        Ok(())
    }
}

#[cfg(not(feature = "vendored"))]
fn trust_the_system(context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
    context.set_default_verify_paths()
}

/// An OpenSSL that was compiled along does not know where the system keeps its trust anchors.
#[cfg(feature = "vendored")]
fn trust_the_system(context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
    let found = openssl_probe::probe();
    if found.cert_file.is_none() && found.cert_dir.is_empty() {
        return context.set_default_verify_paths();
    }
    context.load_verify_locations(found.cert_file.as_deref(), found.cert_dir.first().map(|path| path.as_path()))
}

impl From<ErrorStack> for ConnectorError {
    fn from(stack: ErrorStack) -> Self {
        Self::OpenSsl(words(&stack))
    }
}

/// What ended a connection from this side.
fn stopped(stream: &Bounded, phase: Phase) -> Option<ProbeError> {
    Some(match stream.stop()? {
        Stop::Deadline => ProbeError::Timeout(phase),
        Stop::Allowance => ProbeError::TooMuch { phase, limit: MAX_BYTES },
    })
}

fn failure(error: HandshakeError<&mut Bounded>) -> TlsError {
    let error = match error {
        HandshakeError::SetupFailure(stack) => return stack.into(),
        HandshakeError::Failure(stream) | HandshakeError::WouldBlock(stream) => stream.into_error(),
    };
    error.into()
}

fn protocol(version: Option<SslVersion>) -> Protocol {
    match version {
        Some(SslVersion::TLS1_3) => Protocol::Tls13,
        Some(SslVersion::TLS1_2) => Protocol::Tls12,
        Some(SslVersion::TLS1_1) => Protocol::Tls11,
        _ => Protocol::Tls10,
    }
}

/// A certificate's notAfter, in seconds since 1970.
fn not_after(certificate: &X509Ref) -> Option<Timestamp> {
    let since = Asn1Time::from_unix(0).ok()?.diff(certificate.not_after()).ok()?;
    Some(Timestamp::new(i64::from(since.days) * 86_400 + i64::from(since.secs)))
}
