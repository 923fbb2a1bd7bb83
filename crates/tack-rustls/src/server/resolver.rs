//! The resolver of a server.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::time_provider::{DefaultTimeProvider, TimeProvider};
use tack_core::{Minute, Span};
use tack_pin::HostName;

use crate::server::files::{HostError, HostFiles};
use crate::server::host::Host;
use crate::server::notice::Notice;

/// How often the files are looked at, unless told otherwise.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// How long before a tack expires that is said, unless told otherwise. A daily tack lasts two days.
const WARN_BEFORE: Span = Span::new(12 * 60);

/// Sends each host's chain with its TACK certificate behind it.
///
/// New files are taken up by the first handshake after they are there, at most a second late, and no connection is lost. A
/// file that cannot be used leaves the old one in force. A tack that does not fit the certificate beside it, or is expired,
/// is never sent: then the chain goes without. The callback is told of each.
///
/// When a certificate is renewed with a new key, replace the tack first, then the chain and the key. Until they are there
/// the old tack is sent with the old chain, and from then on the new tack with the new one. The other way round there is a
/// time without a tack, in which clients that pin or require refuse the server.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use rustls::ServerConfig;
/// use tack_rustls::{HostFiles, TackResolver};
///
/// let provider = Arc::new(rustls::crypto::ring::default_provider());
/// let resolver = TackResolver::builder(provider.clone())
///     .default_host(HostFiles::new("fullchain.pem", "privkey.pem", "tack.pem"))
///     .host("shop.example.com".parse()?, HostFiles::new("shop-chain.pem", "shop-key.pem", "shop-tack.pem"))
///     .on_notice(|name, notice| eprintln!("{}: {notice}", name.map_or("default", |name| name.as_str())))
///     .build()?;
/// let config = ServerConfig::builder_with_provider(provider)
///     .with_safe_default_protocol_versions()?
///     .with_no_client_auth()
///     .with_cert_resolver(Arc::new(resolver));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TackResolver {
    provider: Arc<CryptoProvider>,
    default: Option<Host>,
    hosts: BTreeMap<HostName, Host>,
    on_notice: Option<OnNotice>,
    clock: Arc<dyn TimeProvider>,
    check_every: Duration,
    warn_before: Span,
}

type OnNotice = Box<dyn Fn(Option<&HostName>, &Notice) + Send + Sync>;

impl TackResolver {
    /// Begins one. The provider's keys are those of the hosts.
    pub fn builder(provider: Arc<CryptoProvider>) -> TackResolverBuilder {
        TackResolverBuilder {
            provider,
            default: None,
            hosts: BTreeMap::new(),
            on_notice: None,
            clock: Arc::new(DefaultTimeProvider),
            check_every: CHECK_EVERY,
            warn_before: WARN_BEFORE,
        }
    }

    /// Looks at the files of every host now, whenever that was done last, and says what there is to say. A server that sees
    /// few handshakes may call it from a timer.
    pub fn reload(&self) {
        let named = self.hosts.iter().map(|(name, host)| (Some(name), host));
        for (name, host) in named.chain(self.default.iter().map(|host| (None, host))) {
            host.reload(&self.provider, &mut |notice| self.say(name, &notice));
            host.warn(self.now(), self.warn_before, &mut |notice| self.say(name, &notice));
        }
    }

    fn find(&self, server_name: Option<&str>) -> Option<(Option<&HostName>, &Host)> {
        let named = server_name.and_then(|name| self.hosts.get_key_value(&name.parse().ok()?));
        named.map(|(name, host)| (Some(name), host)).or_else(|| Some((None, self.default.as_ref()?)))
    }

    fn now(&self) -> Option<Minute> {
        let seconds = self.clock.current_time()?.as_secs();
        Minute::from_seconds_down(i64::try_from(seconds).ok()?).ok()
    }

    fn say(&self, name: Option<&HostName>, notice: &Notice) {
        if let Some(on_notice) = &self.on_notice {
            on_notice(name, notice);
        }
    }
}

impl ResolvesServerCert for TackResolver {
    fn resolve(&self, client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let (name, host) = self.find(client_hello.server_name())?;
        let now = self.now();
        host.check(self.check_every, &self.provider, &mut |notice| self.say(name, &notice));
        host.warn(now, self.warn_before, &mut |notice| self.say(name, &notice));
        Some(host.key(now))
    }
}

impl fmt::Debug for TackResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TackResolver")
            .field("default", &self.default)
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

/// Makes a [`TackResolver`].
#[must_use]
pub struct TackResolverBuilder {
    provider: Arc<CryptoProvider>,
    default: Option<HostFiles>,
    hosts: BTreeMap<HostName, HostFiles>,
    on_notice: Option<OnNotice>,
    clock: Arc<dyn TimeProvider>,
    check_every: Duration,
    warn_before: Span,
}

impl TackResolverBuilder {
    /// Serves these files to clients that name no host, or an unknown one. Without a default those are refused.
    pub fn default_host(mut self, files: HostFiles) -> Self {
        self.default = Some(files);
        self
    }

    /// Serves these files to clients that name this host (RFC 6066, section 3).
    pub fn host(mut self, name: HostName, files: HostFiles) -> Self {
        self.hosts.insert(name, files);
        self
    }

    /// Tells a function what there is to know of a host; the default host has no name. It is called in the handshake.
    pub fn on_notice(mut self, on_notice: impl Fn(Option<&HostName>, &Notice) + Send + Sync + 'static) -> Self {
        self.on_notice = Some(Box::new(on_notice));
        self
    }

    /// Says that a tack expires, so long before: 12 hours unless told otherwise.
    pub fn warn_before(mut self, span: Span) -> Self {
        self.warn_before = span;
        self
    }

    /// Looks at the files once in this time at most, when a handshake comes: every second unless told otherwise, at every
    /// handshake with [`Duration::ZERO`].
    pub fn check_every(mut self, duration: Duration) -> Self {
        self.check_every = duration;
        self
    }

    /// Takes the time from another clock than the system's.
    pub fn clock(mut self, clock: Arc<dyn TimeProvider>) -> Self {
        self.clock = clock;
        self
    }

    /// Reads the files.
    ///
    /// # Errors
    /// [`HostError`] for the first file that cannot be used. A tack that does not fit, or is expired, is no error: the chain
    /// is served without it.
    pub fn build(self) -> Result<TackResolver, HostError> {
        let Self { provider, default, hosts, on_notice, clock, check_every, warn_before } = self;
        let open = |files| Host::new(files, &provider);
        let default = default.map(open).transpose()?;
        let hosts = hosts.into_iter().map(|(name, files)| Ok((name, open(files)?))).collect::<Result<_, _>>()?;
        Ok(TackResolver { provider, default, hosts, on_notice, clock, check_every, warn_before })
    }
}

impl fmt::Debug for TackResolverBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TackResolverBuilder")
            .field("default", &self.default)
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}
