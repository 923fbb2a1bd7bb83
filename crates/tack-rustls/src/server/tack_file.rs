//! The file of a tack, in each form that there is.

use getrandom::SysRng;
use rustls::pki_types::CertificateDer;
use tack_core::certificate::looks_like_der;
use tack_core::{Certificate, Draft02, Error, Object, Tack, TackCertificate, TackExtension, pem};

/// A file that holds tacks for one server.
#[derive(Clone, Debug)]
pub(crate) struct TackFile {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) extension: TackExtension,
}

/// A file is not one with a tack for a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TackFileError {
    /// It cannot be read, or no TackExtension can be made of its tacks.
    #[error(transparent)]
    Tack(Error),

    /// Nothing in it is a tack, or has one.
    #[error("it holds no tack: use a TACK certificate, a TackExtension or tacks")]
    Nothing,

    /// It holds two different TackExtensions.
    #[error("it holds two different TackExtensions")]
    Two,
}

impl TackFile {
    /// Reads one. A TACK certificate stays as it is; of anything else a TACK certificate is made.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, TackFileError> {
        let mut found = Found::default();
        if looks_like_der(bytes) {
            found.add_certificate(bytes.to_vec(), &Certificate::from_der(bytes)?)?;
        } else {
            for block in pem::blocks(bytes) {
                let block = block?;
                match Object::from_block(&block)? {
                    Some(Object::Certificate(certificate)) => found.add_certificate(block.decode()?, &certificate)?,
                    Some(Object::Extension(extension)) => found.add_extension(&extension)?,
                    Some(Object::ServerInfo(info)) => found.add_extension(info.extension())?,
                    Some(Object::Tack(tack)) => found.tacks.push(tack),
                    _ => {}
                }
            }
        }
        found.finish()
    }
}

/// What was found in a file so far.
#[derive(Default)]
struct Found {
    certificate: Option<CertificateDer<'static>>,
    extension: Option<TackExtension>,
    tacks: Vec<Tack>,
}

impl Found {
    /// Of certificates without a TackExtension nothing is taken.
    fn add_certificate(&mut self, der: Vec<u8>, certificate: &Certificate) -> Result<(), TackFileError> {
        if let Some(extension) = certificate.extension() {
            self.add_extension(extension)?;
            self.certificate.get_or_insert(der.into());
        }
        Ok(())
    }

    fn add_extension(&mut self, extension: &TackExtension) -> Result<(), TackFileError> {
        match &self.extension {
            Some(one) if one != extension => Err(TackFileError::Two),
            _ => {
                self.extension = Some(extension.clone());
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<TackFile, TackFileError> {
        let extension = match self.extension {
            Some(extension) => extension,
            None if self.tacks.is_empty() => return Err(TackFileError::Nothing),
            None => Draft02::new(self.tacks, 0)?.into(),
        };
        let certificate = match self.certificate {
            Some(certificate) => certificate,
            None => TackCertificate::new(&extension, &mut SysRng)?.as_der().to_vec().into(),
        };
        Ok(TackFile { certificate, extension })
    }
}

impl From<Error> for TackFileError {
    fn from(error: Error) -> Self {
        Self::Tack(error)
    }
}
