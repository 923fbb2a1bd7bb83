//! Making TACK certificates.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};
use p256::elliptic_curve::{Generate, rand_core::TryCryptoRng};
use x509_cert::TbsCertificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{self, Builder, CertificateBuilder};
use x509_cert::der::Encode;
use x509_cert::der::asn1::{OctetString, UtcTime};
use x509_cert::ext::Extension;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};
use x509_cert::time::Validity;

use crate::certificate::{Certificate, TACK_OID};
use crate::error::Error;
use crate::extension::TackExtension;
use crate::hex::Hex;
use crate::pem;

/// As in tackpy's TACK certificates: 2001-07-05T18:05:48Z and 2044-07-04T18:05:48Z.
const NOT_BEFORE: u64 = 994_356_348;
const NOT_AFTER: u64 = 2_351_268_348;
const SERIAL_LENGTH: usize = 16;

/// A TACK certificate: a certificate for no host, whose one purpose is to carry a TackExtension at the end of a server's
/// chain. Its P-256 key is made for it and forgotten; nobody verifies its signature.
///
/// ```
/// use getrandom::SysRng;
/// use tack_core::{Certificate, TackCertificate};
/// # use tack_core::{Draft02, Generations, Minute, SigningKey, Tack, TackExtension, TargetHash};
/// # let key = SigningKey::from_bytes(&[7; 32])?;
/// # let tack = Tack::sign(&key, Generations::default(), Minute::new(30_000_000), TargetHash::of(b"key"));
/// # let extension = TackExtension::from(Draft02::new(vec![tack], 1)?);
///
/// let made = TackCertificate::new(&extension, &mut SysRng)?;
/// let read = Certificate::from_der(made.as_der())?;
/// assert_eq!(read.extension(), Some(&extension));
/// # Ok::<(), tack_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TackCertificate {
    der: Hex,
}

impl TackCertificate {
    /// Makes one.
    ///
    /// # Errors
    /// [`Error::MakeCertificate`] if `rng` fails.
    pub fn new<R: TryCryptoRng + ?Sized>(extension: &TackExtension, rng: &mut R) -> Result<Self, Error> {
        let failed = |error: &dyn fmt::Display| Error::MakeCertificate(error.to_string());
        let mut serial = [0; SERIAL_LENGTH];
        rng.try_fill_bytes(&mut serial).map_err(|error| failed(&error))?;
        // Positive, and of the same length whatever the random bytes are (RFC 5280, section 4.1.2.2).
        let [first, ..] = &mut serial;
        *first = *first & 0x3f | 0x40;
        let key = SigningKey::try_generate_from_rng(rng).map_err(|error| failed(&error))?;
        make(extension, &key, &serial).map(|der| Self { der: Hex(der) }).map_err(|error| failed(&error))
    }

    /// The certificate in DER.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der.0
    }

    /// The PEM block.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(Certificate::LABEL, &self.der.0)
    }
}

fn make(extension: &TackExtension, key: &SigningKey, serial: &[u8]) -> builder::Result<Vec<u8>> {
    let profile = Profile {
        name: Name::from_str("CN=TACK")?,
        extension: Extension {
            extn_id: TACK_OID,
            critical: false,
            extn_value: OctetString::new(extension.to_bytes())?,
        },
    };
    let validity = Validity::new(utc_time(NOT_BEFORE)?, utc_time(NOT_AFTER)?);
    let key_info = SubjectPublicKeyInfo::from_key(&VerifyingKey::from(key))?;
    let builder = CertificateBuilder::new(profile, SerialNumber::new(serial)?, validity, key_info)?;
    Ok(builder.build::<_, DerSignature>(key)?.to_der()?)
}

/// A TACK certificate: issued by itself, with the one extension.
struct Profile {
    name: Name,
    extension: Extension,
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, subject: &Name) -> Name {
        subject.clone()
    }

    fn get_subject(&self) -> Name {
        self.name.clone()
    }

    fn build_extensions(
        &self,
        _: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        _: &TbsCertificate,
    ) -> builder::Result<Vec<Extension>> {
        Ok(vec![self.extension.clone()])
    }
}

fn utc_time(seconds: u64) -> x509_cert::der::Result<x509_cert::time::Time> {
    UtcTime::from_unix_duration(Duration::from_secs(seconds)).map(Into::into)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use p256::elliptic_curve::rand_core::TryRng;

    use super::*;
    use crate::draft00::Draft00;
    use crate::draft02::Draft02;
    use crate::tack::tests::test_tack;

    /// Counts, so that every run of a test has the same numbers.
    struct Counter(u8);

    impl TryRng for Counter {
        type Error = Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            random_bytes(self).map(u32::from_le_bytes)
        }

        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            random_bytes(self).map(u64::from_le_bytes)
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
            for byte in bytes {
                self.0 = self.0.wrapping_add(1);
                *byte = self.0;
            }
            Ok(())
        }
    }

    impl TryCryptoRng for Counter {}

    fn random_bytes<const N: usize>(rng: &mut Counter) -> Result<[u8; N], Infallible> {
        let mut bytes = [0; N];
        rng.try_fill_bytes(&mut bytes).map(|()| bytes)
    }

    fn test_extension() -> TackExtension {
        TackExtension::Draft02(Draft02::new(vec![test_tack(1, 9), test_tack(2, 9)], 2).unwrap())
    }

    /// A TACK certificate, in DER.
    fn carrying(extension: &TackExtension, seed: u8) -> Vec<u8> {
        TackCertificate::new(extension, &mut Counter(seed)).unwrap().der.0
    }

    #[test]
    fn tack_certificates_read_back() {
        let empty = TackExtension::Draft00(Draft00::new(None, vec![], false).unwrap());
        for extension in [test_extension(), empty] {
            // The random bytes begin with 06, 00, ff and 80, and the serial number has 16 bytes and is positive.
            let all = [5, 255, 254, 127].map(|seed| carrying(&extension, seed));
            let before = [0xa0, 3, 2, 1, 2, 2, 16];
            for der in &all {
                let at = der.windows(before.len()).position(|window| window == before).unwrap();
                assert_eq!(der[at + before.len()] & 0xc0, 0x40);
            }
            for der in &all {
                let certificate = Certificate::from_der(der).unwrap();
                assert_eq!(certificate.extension(), Some(&extension));
                assert_eq!(certificate.not_after().to_string(), "2044-07-04T18:05:48Z");
                assert_eq!(certificate.subject_der(), certificate.issuer_der());
                assert_eq!(Certificate::all_from_bytes(der), Ok(vec![certificate]));
            }
            assert_ne!(all[0], all[1]);
            assert_eq!(all[0], carrying(&extension, 5));
        }
    }

    #[test]
    fn every_key_has_its_own_target_hash() {
        let hash = |seed| Certificate::from_der(&carrying(&test_extension(), seed)).unwrap().target_hash();
        assert_ne!(hash(5), hash(6));
        assert_eq!(hash(5).to_string().len(), 64);
    }
}
