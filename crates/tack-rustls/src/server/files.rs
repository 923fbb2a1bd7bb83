//! The files of a host: read, and looked at for changes.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use tack_core::{Certificate, TackFileError};

use crate::server::tack_file::Certified;

/// The most bytes of a file.
const MAX_FILE: u64 = 1 << 20;

/// The files of a host. Each has 1 MiB at most.
///
/// ```
/// use tack_rustls::HostFiles;
///
/// let files = HostFiles::new("/etc/ssl/example/fullchain.pem", "/etc/ssl/example/privkey.pem", "/etc/ssl/example/tack.pem");
/// # let _ = files;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFiles {
    chain: PathBuf,
    key: PathBuf,
    tack: PathBuf,
}

impl HostFiles {
    /// The chain in PEM, the server's own certificate first; its private key in PEM; and its tack: a TACK certificate, as
    /// `tack deploy --format certificate` installs it, or a TackExtension, a serverinfo file, or one or two tacks. A file of
    /// tacks has no activation flags, so no client makes pins from it.
    ///
    /// A TACK certificate that is in the chain already is left out: the file of the tack counts.
    #[must_use]
    pub fn new(chain: impl Into<PathBuf>, key: impl Into<PathBuf>, tack: impl Into<PathBuf>) -> Self {
        Self { chain: chain.into(), key: key.into(), tack: tack.into() }
    }

    pub(crate) fn stamps(&self) -> Stamps {
        Stamps([&self.chain, &self.key, &self.tack].map(|path| Stamp::of(path)))
    }

    /// The chain without a TACK certificate, and its key.
    pub(crate) fn read_key(&self, provider: &CryptoProvider) -> Result<CertifiedKey, HostError> {
        let chain = read(&self.chain)?;
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&chain)
            .collect::<Result<_, _>>()
            .map_err(|error| HostError::new(&self.chain, error))?;
        let has_tack = |der: &CertificateDer<'_>| Certificate::from_der(der).is_ok_and(|one| one.extension().is_some());
        let chain = chain.into_iter().filter(|der| !has_tack(der)).collect();
        let key = read(&self.key)?;
        let key = PrivateKeyDer::from_pem_slice(&key).map_err(|error| HostError::new(&self.key, error))?;
        CertifiedKey::from_der(chain, key, provider).map_err(|error| HostError::new(&self.key, error))
    }

    pub(crate) fn read_tack(&self) -> Result<Certified, HostError> {
        Certified::from_bytes(&read(&self.tack)?).map_err(|error| HostError::new(&self.tack, error))
    }

    pub(crate) fn chain_error(&self, error: tack_core::Error) -> HostError {
        HostError::new(&self.chain, TackFileError::Tack(error))
    }

    pub(crate) fn tack_error(&self, error: tack_core::Error) -> HostError {
        HostError::new(&self.tack, TackFileError::Tack(error))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, HostError> {
    let read = || {
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error: io::Error| HostError::new(path, error))?;
    let is_too_long = u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE);
    if is_too_long { Err(HostError::new(path, HostErrorCause::Length)) } else { Ok(bytes) }
}

/// What changes when one of the files does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamps([Option<Stamp>; 3]);

/// What changes when a file is replaced, or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    /// The device and the file on it, where there is such a thing: a file that takes another's name may be as old.
    identity: Option<(u64, u64)>,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        let (length, modified) = (metadata.len(), metadata.modified().ok());
        Some(Self { length, modified, identity: identity(&metadata) })
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// A file of a host cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {cause}", file.display())]
pub struct HostError {
    file: PathBuf,
    #[source]
    cause: HostErrorCause,
}

impl HostError {
    fn new(file: &Path, cause: impl Into<HostErrorCause>) -> Self {
        Self { file: file.to_owned(), cause: cause.into() }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What is wrong with it.
    #[must_use]
    pub fn cause(&self) -> &HostErrorCause {
        &self.cause
    }
}

/// What is wrong with a file of a host.
///
/// ```no_run
/// use tack_rustls::{HostErrorCause, HostFiles, TackResolver};
///
/// let files = HostFiles::new("fullchain.pem", "privkey.pem", "tack.pem");
/// let provider = rustls::crypto::ring::default_provider();
/// if let Err(error) = TackResolver::builder(provider.into()).default_host(files).build() {
///     match error.cause() {
///         HostErrorCause::Tack(cause) => eprintln!("{} holds no tack: {cause}", error.file().display()),
///         cause => eprintln!("{}: {cause}", error.file().display()),
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostErrorCause {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),

    /// It has more than 1 MiB.
    #[error("it has more than 1 MiB")]
    Length,

    /// It is not PEM.
    #[error("it cannot be read as PEM: {0}")]
    Pem(#[from] pem::Error),

    /// It is no private key, or not that of the certificate.
    #[error("it does not go with the chain: {0}")]
    Key(#[from] rustls::Error),

    /// It is no tack, or no certificate of which a tack could be.
    #[error(transparent)]
    Tack(#[from] TackFileError),
}
