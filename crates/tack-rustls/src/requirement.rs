//! TACK keys that an application knows beforehand.

use tack_core::{Fingerprint, Minute, TackExtension};
use tack_pin::HostName;

/// The TACK keys of which a server must have a tack: those that an application ships.
///
/// Without [`for_host`](Self::for_host) and [`for_domain`](Self::for_domain) it is for every server, also one that is known
/// by its address alone.
///
/// ```
/// use tack_core::Expiration;
/// use tack_rustls::Requirement;
///
/// let Expiration::At(date) = "2028-06-01Z".parse()? else { unreachable!() };
/// let requirement = Requirement::new("t2vpc.dg3h4.qnvbf.nu335.zqdna".parse()?)
///     .or("akslo.iqogr.tr4n7.ue5qr.sodsz".parse()?) // a backup key, which is kept elsewhere
///     .for_domain("example.com".parse()?)
///     .until(date); // an app that nobody updates does not go dark
/// # let _ = requirement;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Of a public key that is at hand, [`PublicKey::fingerprint`](tack_core::PublicKey::fingerprint) gives the fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Requirement {
    keys: Vec<Fingerprint>,
    scopes: Vec<Scope>,
    until: Option<Minute>,
    is_report_only: bool,
}

/// A name that a requirement is for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Scope {
    name: HostName,
    has_subdomains: bool,
}

impl Requirement {
    /// Requires a tack of this key.
    pub fn new(key: Fingerprint) -> Self {
        Self { keys: vec![key], scopes: Vec::new(), until: None, is_report_only: false }
    }

    /// Requires a tack of any of these keys; none without a key, since nothing would meet it.
    pub fn any_of(keys: impl IntoIterator<Item = Fingerprint>) -> Option<Self> {
        let mut keys = keys.into_iter();
        let first = Self::new(keys.next()?);
        Some(keys.fold(first, Self::or))
    }

    /// Takes a tack of this key instead, too.
    pub fn or(mut self, key: Fingerprint) -> Self {
        self.keys.push(key);
        self
    }

    /// Is for servers of this name, and of others that it is said to be for, instead of for all.
    pub fn for_host(self, name: HostName) -> Self {
        self.scoped(name, false)
    }

    /// The same with every subdomain: `example.com` stands for `www.example.com`, and `a.www.example.com`.
    pub fn for_domain(self, name: HostName) -> Self {
        self.scoped(name, true)
    }

    /// Refuses nothing from this minute on: what would be refused is reported.
    pub fn until(mut self, date: Minute) -> Self {
        self.until = Some(date);
        self
    }

    /// Refuses nothing: what would be refused is reported.
    pub fn report_only(mut self) -> Self {
        self.is_report_only = true;
        self
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &[Fingerprint] {
        &self.keys
    }

    fn scoped(mut self, name: HostName, has_subdomains: bool) -> Self {
        self.scopes.push(Scope { name, has_subdomains });
        self
    }

    /// Whether it is for this server. One that is known by its address has no name.
    pub(crate) fn is_for(&self, name: Option<&HostName>) -> bool {
        self.scopes.is_empty() || name.is_some_and(|name| self.scopes.iter().any(|scope| scope.contains(name)))
    }

    pub(crate) fn is_enforced(&self, now: Minute) -> bool {
        !self.is_report_only && self.until.is_none_or(|until| now < until)
    }

    /// Whether a tack is of one of the keys. Whether the tack is valid is the judgement's part.
    pub(crate) fn is_met(&self, extension: Option<&TackExtension>) -> bool {
        let mut tacks = extension.into_iter().flat_map(TackExtension::tacks);
        tacks.any(|tack| self.keys.contains(&tack.public_key().fingerprint()))
    }
}

impl Scope {
    fn contains(&self, name: &HostName) -> bool {
        match name.as_str().strip_suffix(self.name.as_str()) {
            Some("") => true,
            Some(front) => self.has_subdomains && front.ends_with('.'),
            None => false,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn requirement() -> Requirement {
        Requirement::new("t2vpc.dg3h4.qnvbf.nu335.zqdna".parse().unwrap())
    }

    fn is_for(requirement: &Requirement, name: &str) -> bool {
        requirement.is_for(Some(&name.parse().unwrap()))
    }

    #[test]
    fn it_is_for_all_or_for_names_or_for_what_is_below_them() {
        assert!(is_for(&requirement(), "example.com") && requirement().is_for(None));
        let host = requirement().for_host("example.com".parse().unwrap()).for_host("a.example".parse().unwrap());
        let domain = requirement().for_domain("example.com".parse().unwrap());
        for (name, by_host, by_domain) in [
            ("example.com", true, true),
            ("a.example", true, false),
            ("www.example.com", false, true),
            ("a.www.example.com", false, true),
            ("badexample.com", false, false),
            ("com", false, false),
            ("example.com.test", false, false),
        ] {
            assert_eq!((is_for(&host, name), is_for(&domain, name)), (by_host, by_domain), "{name}");
        }
        assert!(!host.is_for(None) && !domain.is_for(None));
    }

    #[test]
    fn it_ends_when_its_minute_begins() {
        let requirement = requirement().until(Minute::new(100));
        assert!(requirement.is_enforced(Minute::new(99)) && !requirement.is_enforced(Minute::new(100)));
        assert!(!requirement.report_only().is_enforced(Minute::new(99)));
    }

    #[test]
    fn without_a_key_there_is_none() {
        assert_eq!(Requirement::any_of([]), None);
        let keys: [Fingerprint; 2] =
            ["t2vpc.dg3h4.qnvbf.nu335.zqdna", "akslo.iqogr.tr4n7.ue5qr.sodsz"].map(|key| key.parse().unwrap());
        assert_eq!(Requirement::any_of(keys).unwrap().keys(), keys);
    }
}
