//! What a server presents for one host, and how that follows its files.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};
use std::time::{Duration, Instant};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;
use tack_core::{Certificate, Error, Minute, Span, Tack};

use crate::server::files::{HostError, HostFiles, Stamps};
use crate::server::notice::Notice;
use crate::server::tack_file::Certified;

/// What the expiration of a tack was said of.
const NOTHING_SAID: u8 = 0;
const SOON_SAID: u8 = 1;
const EXPIRED_SAID: u8 = 2;

/// A host with its files.
pub(crate) struct Host {
    files: HostFiles,
    served: RwLock<Arc<Served>>,
    /// One thread at a time looks at the files. The others serve what there is.
    checked: Mutex<Checked>,
}

struct Checked {
    at: Instant,
    stamps: Stamps,
}

/// What is served, read from the files in one go.
struct Served {
    plain: Arc<CertifiedKey>,
    tack: Certified,
    with_tack: Result<WithTack, Error>,
    said: AtomicU8,
}

struct WithTack {
    key: Arc<CertifiedKey>,
    expiration: Minute,
}

impl Host {
    pub(crate) fn new(files: HostFiles, provider: &CryptoProvider) -> Result<Self, HostError> {
        let stamps = files.stamps();
        let served = Served::new(files.read_key(provider)?.into(), files.read_tack()?, &files)?;
        let checked = Checked { at: Instant::now(), stamps };
        Ok(Self { files, served: RwLock::new(served.into()), checked: Mutex::new(checked) })
    }

    /// What to serve at this time. Where the clock is wrong, there is no telling whether the tack is expired.
    pub(crate) fn key(&self, now: Option<Minute>) -> Arc<CertifiedKey> {
        let served = self.served();
        match (&served.with_tack, now) {
            (Ok(with_tack), Some(now)) if now < with_tack.expiration => Arc::clone(&with_tack.key),
            _ => Arc::clone(&served.plain),
        }
    }

    /// Takes up what is new in the files, unless another thread does so, or did so a moment ago.
    pub(crate) fn check(&self, every: Duration, provider: &CryptoProvider, say: &mut dyn FnMut(Notice)) {
        let mut checked = match self.checked.try_lock() {
            Ok(checked) => checked,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if checked.at.elapsed() >= every {
            self.check_now(&mut checked, provider, say);
        }
    }

    /// Takes up what is new in the files.
    pub(crate) fn reload(&self, provider: &CryptoProvider, say: &mut dyn FnMut(Notice)) {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        self.check_now(&mut checked, provider, say);
    }

    fn check_now(&self, checked: &mut Checked, provider: &CryptoProvider, say: &mut dyn FnMut(Notice)) {
        // A file that changes after this look, and before it is read, has another stamp the next time.
        let stamps = self.files.stamps();
        checked.at = Instant::now();
        if stamps == checked.stamps {
            return;
        }
        checked.stamps = stamps;
        let old = self.served();
        let mut kept = 0;
        let mut keep = |error| {
            kept += 1;
            say(Notice::Kept(error));
        };
        let key = self.files.read_key(provider).map(Arc::new).unwrap_or_else(|error| {
            keep(error);
            Arc::clone(&old.plain)
        });
        let tack = self.files.read_tack().unwrap_or_else(|error| {
            keep(error);
            old.tack.clone()
        });
        match Served::following(&old, key, tack, &self.files, &mut keep) {
            Ok(served) => *self.served.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(served),
            Err(error) => keep(error),
        }
        if kept == 0 {
            say(Notice::TakenUp);
        }
    }

    /// Says once what is wrong with the tack, or will be.
    pub(crate) fn warn(&self, now: Option<Minute>, warn_before: Span, say: &mut dyn FnMut(Notice)) {
        let served = self.served();
        let (level, notice) = match (&served.with_tack, now) {
            (Err(error), _) => (EXPIRED_SAID, Notice::Unfit(error.clone())),
            (Ok(with_tack), Some(now)) => {
                let expiration = with_tack.expiration;
                match expiration.since(now).filter(|left| *left > Span::default()) {
                    None => (EXPIRED_SAID, Notice::Expired { expiration }),
                    Some(left) if left <= warn_before => (SOON_SAID, Notice::ExpiresSoon { expiration }),
                    Some(_) => return,
                }
            }
            (Ok(_), None) => return,
        };
        if served.said.fetch_max(level, Ordering::Relaxed) < level {
            say(notice);
        }
    }

    fn served(&self) -> Arc<Served> {
        Arc::clone(&self.served.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Served {
    fn new(plain: Arc<CertifiedKey>, tack: Certified, files: &HostFiles) -> Result<Self, HostError> {
        let der = plain.end_entity_cert().map_err(|_| files.chain_error(Error::NoBlock))?;
        let certificate = Certificate::from_der(der).map_err(|error| files.chain_error(error))?;
        // Whether it is expired depends on the time of each handshake. No tack is expired at the beginning of time.
        let valid = tack.extension.validate(Minute::new(1), certificate.target_hash());
        let with_tack = valid.map(|()| WithTack {
            key: Arc::new(with_certificate(&plain, &tack.certificate)),
            expiration: tack.extension.tacks().iter().map(Tack::expiration).min().unwrap_or(Minute::MAX),
        });
        Ok(Self { plain, tack, with_tack, said: AtomicU8::new(NOTHING_SAID) })
    }

    /// A new tack that is there before the certificate which it is for does not displace the old one, which fits.
    fn following(
        old: &Self,
        key: Arc<CertifiedKey>,
        tack: Certified,
        files: &HostFiles,
        keep: &mut dyn FnMut(HostError),
    ) -> Result<Self, HostError> {
        let served = Self::new(Arc::clone(&key), tack, files)?;
        let Err(error) = &served.with_tack else { return Ok(served) };
        let with_old = Self::new(key, old.tack.clone(), files)?;
        if with_old.with_tack.is_err() {
            return Ok(served);
        }
        keep(files.tack_error(error.clone()));
        Ok(with_old)
    }
}

fn with_certificate(plain: &CertifiedKey, certificate: &CertificateDer<'static>) -> CertifiedKey {
    let chain = plain.cert.iter().chain([certificate]).cloned().collect();
    CertifiedKey { cert: chain, key: Arc::clone(&plain.key), ocsp: plain.ocsp.clone() }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("files", &self.files).finish_non_exhaustive()
    }
}
