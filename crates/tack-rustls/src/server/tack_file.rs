//! A server's tacks as they are served: in a TACK certificate.

use getrandom::SysRng;
use rustls::pki_types::CertificateDer;
use tack_core::{TackCertificate, TackExtension, TackFile, TackFileError};

/// What a file holds of tacks, in a TACK certificate.
#[derive(Clone, Debug)]
pub(crate) struct Certified {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) extension: TackExtension,
}

impl Certified {
    /// Reads a file. A TACK certificate stays as it is; of anything else a TACK certificate is made.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, TackFileError> {
        let file = TackFile::from_bytes(bytes)?;
        let certificate = match file.certificate_der() {
            Some(der) => der.to_vec(),
            None => TackCertificate::new(file.extension(), &mut SysRng)?.as_der().to_vec(),
        };
        Ok(Self { certificate: certificate.into(), extension: file.extension().clone() })
    }
}
