//! The file of a server's tacks, in each form that there is.

use crate::certificate::{Certificate, looks_like_der};
use crate::draft02::Draft02;
use crate::error::Error;
use crate::extension::TackExtension;
use crate::object::Object;
use crate::pem;
use crate::tack::Tack;

/// What a file holds of tacks for one server: a TACK certificate, a TackExtension, a serverinfo file, or one or two tacks.
///
/// ```
/// use tack_core::TackFile;
/// # use tack_core::{Generations, Minute, SigningKey, Tack, TargetHash};
/// # let key = SigningKey::from_bytes(&[7; 32])?;
/// # let tack = Tack::sign(&key, Generations::default(), Minute::new(30_000_000), TargetHash::of(b"key"));
/// # let file = tack.to_pem();
///
/// let file = TackFile::from_bytes(file.as_bytes())?;
/// assert_eq!(file.extension().tacks().len(), 1);
/// assert!(file.certificate_der().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TackFile {
    certificate: Option<Vec<u8>>,
    extension: TackExtension,
}

/// A file is not one with a tack for a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TackFileError {
    /// It cannot be read, or no TackExtension can be made of its tacks.
    #[error(transparent)]
    Tack(#[from] Error),

    /// Nothing in it is a tack, or has one.
    #[error("it holds no tack: use a TACK certificate, a TackExtension or tacks")]
    Nothing,

    /// It holds two different TackExtensions.
    #[error("it holds two different TackExtensions")]
    Two,
}

impl TackFile {
    /// Reads one. Tacks alone make a TackExtension without activation flags, so no client makes pins from it.
    ///
    /// # Errors
    /// [`TackFileError`]. Nothing in it is verified.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TackFileError> {
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

    /// The TACK certificate in DER, if it is one.
    #[must_use]
    pub fn certificate_der(&self) -> Option<&[u8]> {
        self.certificate.as_deref()
    }

    /// The TackExtension.
    #[must_use]
    pub fn extension(&self) -> &TackExtension {
        &self.extension
    }
}

/// What was found in a file so far.
#[derive(Default)]
struct Found {
    certificate: Option<Vec<u8>>,
    extension: Option<TackExtension>,
    tacks: Vec<Tack>,
}

impl Found {
    /// Of certificates without a TackExtension nothing is taken.
    fn add_certificate(&mut self, der: Vec<u8>, certificate: &Certificate) -> Result<(), TackFileError> {
        if let Some(extension) = certificate.extension() {
            self.add_extension(extension)?;
            self.certificate.get_or_insert(der);
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
        Ok(TackFile { certificate: self.certificate, extension })
    }
}
