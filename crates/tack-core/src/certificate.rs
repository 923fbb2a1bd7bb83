//! What TACK needs of X.509 (RFC 5280): the target hash, notAfter, and TACK certificates.
//!
//! Certificates are read field by field, and of most fields the extent alone: the hash of a key must not depend on
//! whether the key's algorithm, or anything else in the certificate, is known here.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};
use p256::elliptic_curve::{Generate, rand_core::TryCryptoRng};
use sha2::{Digest, Sha256};
use time::{Date, Month, PrimitiveDateTime, Time};
use x509_cert::TbsCertificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{self, Builder, CertificateBuilder};
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier, OctetString, OctetStringRef, UtcTime};
use x509_cert::der::{Decode, Encode, Reader, SliceReader, Tag, TagNumber, Tagged};
use x509_cert::ext::Extension;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};
use x509_cert::time::Validity;

use crate::error::Error;
use crate::extension::TackExtension;
use crate::pem;

/// The extension that carries a TackExtension in a TACK certificate.
const TACK_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.38964.1");
/// Of the version field, v3.
const V3: u8 = 2;
/// Of the TACK certificates that we make, as in tackpy's: 2001-07-05T18:05:48Z and 2044-07-04T18:05:48Z.
const NOT_BEFORE: u64 = 994_356_348;
const NOT_AFTER: u64 = 2_351_268_348;
const SERIAL_LENGTH: usize = 16;

/// The SHA-256 of the DER SubjectPublicKeyInfo of a server's end-entity certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetHash([u8; Self::LENGTH]);

impl TargetHash {
    /// The length in bytes.
    pub const LENGTH: usize = 32;

    /// A hash that is known already.
    #[must_use]
    pub const fn new(hash: [u8; Self::LENGTH]) -> Self {
        Self(hash)
    }

    /// The hash of a SubjectPublicKeyInfo in DER, which is not looked into.
    #[must_use]
    pub fn of(subject_public_key_info: &[u8]) -> Self {
        Self(Sha256::digest(subject_public_key_info).into())
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

/// 64 lowercase hexadecimal digits.
impl fmt::Display for TargetHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What TACK needs of a certificate. Nothing in it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    target_hash: TargetHash,
    not_after: i64,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    extension: Option<TackExtension>,
}

impl Certificate {
    /// The label of its PEM block.
    pub const LABEL: &'static str = "CERTIFICATE";

    /// Reads a certificate in DER, of any version of X.509 and with a key of any kind.
    ///
    /// # Errors
    /// [`Error::Certificate`] names the field that cannot be read; [`Error::TwoExtensions`]; and for a TACK certificate
    /// what [`TackExtension::from_bytes`] refuses.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let mut outer = reader(der, "outer SEQUENCE")?;
        let mut certificate = open(&mut outer, Tag::Sequence, "outer SEQUENCE")?;
        let extra = usize::try_from(outer.remaining_len()).unwrap_or_default();
        if extra > 0 {
            return Err(Error::TrailingBytes { what: "the certificate", extra });
        }
        let mut tbs = open(&mut certificate, Tag::Sequence, "tbsCertificate")?;
        skip(&mut certificate, "signatureAlgorithm")?;
        skip(&mut certificate, "signatureValue")?;

        let is_v3 = match open_optional(&mut tbs, 0, "version")? {
            Some(mut version) => open(&mut version, Tag::Integer, "version")?.read_byte().is_ok_and(|byte| byte == V3),
            None => false,
        };
        skip(&mut tbs, "serialNumber")?;
        skip(&mut tbs, "signature")?;
        let issuer = skip(&mut tbs, "issuer")?.to_vec();
        let mut validity = open(&mut tbs, Tag::Sequence, "validity")?;
        skip(&mut validity, "notBefore")?;
        let not_after = read_time(&mut validity).ok_or(Error::Certificate { part: "notAfter" })?;
        let subject = skip(&mut tbs, "subject")?.to_vec();
        let target_hash = TargetHash::of(skip(&mut tbs, "subjectPublicKeyInfo")?);
        let extension = if is_v3 { read_tack_extension(&mut tbs)? } else { None };
        Ok(Self { target_hash, not_after, subject, issuer, extension })
    }

    /// Reads every certificate of a PEM text, or the one of a DER file.
    ///
    /// # Errors
    /// As [`from_der`](Self::from_der) and [`pem::decode_all`].
    pub fn all_from_bytes(bytes: &[u8]) -> Result<Vec<Self>, Error> {
        if looks_like_der(bytes) {
            return Ok(vec![Self::from_der(bytes)?]);
        }
        pem::decode_all(bytes, Self::LABEL)?.iter().map(|der| Self::from_der(der)).collect()
    }

    /// Makes a TACK certificate, in PEM: a certificate for no host, whose one purpose is to carry `extension` at the end of
    /// a server's chain. Its P-256 key is made for it and forgotten; nobody verifies its signature.
    ///
    /// # Errors
    /// [`Error::MakeCertificate`] if `rng` fails.
    pub fn carrying<R: TryCryptoRng + ?Sized>(extension: &TackExtension, rng: &mut R) -> Result<String, Error> {
        let failed = |error: &dyn fmt::Display| Error::MakeCertificate(error.to_string());
        let mut serial = [0; SERIAL_LENGTH];
        rng.try_fill_bytes(&mut serial).map_err(|error| failed(&error))?;
        // Positive, and of the same length whatever the random bytes are (RFC 5280, section 4.1.2.2).
        if let Some(first) = serial.first_mut() {
            *first = *first & 0x3f | 0x40;
        }
        let key = SigningKey::try_generate_from_rng(rng).map_err(|error| failed(&error))?;
        make(extension, &key, &serial).map(|der| pem::encode(Self::LABEL, &der)).map_err(|error| failed(&error))
    }

    /// The hash of its key, which a tack for it carries.
    #[must_use]
    pub fn target_hash(&self) -> TargetHash {
        self.target_hash
    }

    /// When it expires, in seconds since 1970-01-01T00:00:00Z, which may be negative.
    #[must_use]
    pub fn not_after(&self) -> i64 {
        self.not_after
    }

    /// The TackExtension of a TACK certificate.
    #[must_use]
    pub fn extension(&self) -> Option<&TackExtension> {
        self.extension.as_ref()
    }

    /// Whether `other` names this one as its issuer, by name alone, and is not issued by itself.
    #[must_use]
    pub fn is_issuer_of(&self, other: &Self) -> bool {
        self.subject == other.issuer && other.subject != other.issuer
    }
}

/// Whether a file's first bytes are those of a SEQUENCE in DER, and not of text.
#[must_use]
pub fn looks_like_der(bytes: &[u8]) -> bool {
    matches!(bytes, [0x30, 0x80..=0x84, ..])
}

/// RFC 5280, section 4.1.2.9. No unique identifier is expected to be there, but one does no harm.
fn read_tack_extension(tbs: &mut SliceReader<'_>) -> Result<Option<TackExtension>, Error> {
    open_optional(tbs, 1, "issuerUniqueID")?;
    open_optional(tbs, 2, "subjectUniqueID")?;
    let Some(mut extensions) = open_optional(tbs, 3, "extensions")? else {
        return Ok(None);
    };
    let part = "extensions";
    let tack_oid = TACK_OID.to_der().map_err(|_| Error::Certificate { part })?;
    let mut extensions = open(&mut extensions, Tag::Sequence, part)?;
    let mut found = None;
    while !extensions.is_finished() {
        let mut extension = open(&mut extensions, Tag::Sequence, part)?;
        if skip(&mut extension, part)? != tack_oid {
            continue;
        }
        if matches!(Tag::peek(&extension), Ok(Tag::Boolean)) {
            skip(&mut extension, part)?;
        }
        let value = <&OctetStringRef>::decode(&mut extension).map_err(|_| Error::Certificate { part })?;
        extension.finish().map_err(|_| Error::Certificate { part })?;
        if found.replace(TackExtension::from_bytes(value.as_bytes())?).is_some() {
            return Err(Error::TwoExtensions);
        }
    }
    Ok(found)
}

/// UTCTime or GeneralizedTime, in seconds since 1970. RFC 5280 wants the seconds; older certificates lack them.
fn read_time(reader: &mut SliceReader<'_>) -> Option<i64> {
    let any = AnyRef::decode(reader).ok()?;
    let text = str::from_utf8(any.value()).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match any.tag() {
        Tag::UtcTime => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i32 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        Tag::GeneralizedTime => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let pairs = rest.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).ok()?.parse().ok());
    let (month, day, hour, minute, second): (u8, _, _, _, _) = match *pairs.collect::<Option<Vec<u8>>>()? {
        [month, day, hour, minute] => (month, day, hour, minute, 0),
        [month, day, hour, minute, second] => (month, day, hour, minute, second),
        _ => return None,
    };
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
    Some(PrimitiveDateTime::new(date, Time::from_hms(hour, minute, second).ok()?).assume_utc().unix_timestamp())
}

fn reader<'a>(bytes: &'a [u8], part: &'static str) -> Result<SliceReader<'a>, Error> {
    SliceReader::new(bytes).map_err(|_| Error::Certificate { part })
}

/// The next field, whatever it is, with its tag and length.
fn skip<'a>(reader: &mut SliceReader<'a>, part: &'static str) -> Result<&'a [u8], Error> {
    reader.tlv_bytes().map_err(|_| Error::Certificate { part })
}

/// What is in the next field, which must have this tag.
fn open<'a>(reader: &mut SliceReader<'a>, tag: Tag, part: &'static str) -> Result<SliceReader<'a>, Error> {
    match AnyRef::decode(reader) {
        Ok(any) if any.tag() == tag => self::reader(any.value(), part),
        _ => Err(Error::Certificate { part }),
    }
}

/// What is in the next field if it has this context-specific tag.
fn open_optional<'a>(
    reader: &mut SliceReader<'a>,
    number: u32,
    part: &'static str,
) -> Result<Option<SliceReader<'a>>, Error> {
    match Tag::peek(reader) {
        Ok(tag @ Tag::ContextSpecific { number: found, .. }) if found == TagNumber(number) => {
            open(reader, tag, part).map(Some)
        }
        _ => Ok(None),
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
    use crate::extension::{Draft00, Draft02};
    use crate::tack::tests::test_tack;
    use crate::time::seconds_to_string;

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
        let text = Certificate::carrying(extension, &mut Counter(seed)).unwrap();
        pem::decode_first(text.as_bytes(), Certificate::LABEL).unwrap()
    }

    /// The fields of a certificate that is read here, each with its tag and length.
    fn certificate(fields: &[&[u8]]) -> Vec<u8> {
        let tbs = der(0x30, &fields.concat());
        der(0x30, &[&tbs[..], &der(0x30, &[]), &der(0x03, &[0])].concat())
    }

    fn der(tag: u8, value: &[u8]) -> Vec<u8> {
        let length = u8::try_from(value.len()).unwrap();
        let length = if length < 0x80 { vec![length] } else { vec![0x81, length] };
        [&[tag][..], &length, value].concat()
    }

    fn named(subject: &str, issuer: &str) -> Certificate {
        let (subject, issuer) = (subject.as_bytes().to_vec(), issuer.as_bytes().to_vec());
        Certificate { target_hash: TargetHash::new([0; 32]), not_after: 0, subject, issuer, extension: None }
    }

    #[test]
    fn tack_certificates_read_back() {
        let empty = TackExtension::Draft00(Draft00::new(None, vec![], false).unwrap());
        for extension in [test_extension(), empty] {
            // The random bytes begin with 06, 00, ff and 80, and the serial number has 16 bytes and is positive.
            let all = [5, 255, 254, 127].map(|seed| carrying(&extension, seed));
            let before = [0xa0, 3, 2, 1, V3, 2, 16];
            for der in &all {
                let at = der.windows(before.len()).position(|window| window == before).unwrap();
                assert_eq!(der[at + before.len()] & 0xc0, 0x40);
            }
            for der in &all {
                let certificate = Certificate::from_der(der).unwrap();
                assert_eq!(certificate.extension(), Some(&extension));
                assert_eq!(seconds_to_string(certificate.not_after()), "2044-07-04T18:05:48Z");
                assert_eq!(certificate.subject, certificate.issuer);
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
        assert_eq!(TargetHash::of(b"").to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn issuers_are_known_by_name_and_not_their_own() {
        let (root, host) = (named("root", "root"), named("host", "root"));
        assert!(root.is_issuer_of(&host));
        assert!(!host.is_issuer_of(&root));
        assert!(!root.is_issuer_of(&root));
        assert!(!named("other", "root").is_issuer_of(&host));
    }

    #[test]
    fn der_is_told_from_text() {
        let der = carrying(&test_extension(), 5);
        assert!(looks_like_der(&der) && looks_like_der(&[0x30, 0x80]) && looks_like_der(&[0x30, 0x84]));
        // A SEQUENCE shorter than any certificate might as well be the text "0...".
        for text in [&b""[..], b"0", b"00", b"-----BEGIN CERTIFICATE-----", b"0\x7f", b"0\x85", b"1\x82"] {
            assert!(!looks_like_der(text), "{text:?}");
        }
    }

    #[test]
    fn errors_name_the_part() {
        let time = |text: &str| der(0x17, text.as_bytes());
        let version = der(0xa0, &der(0x02, &[V3]));
        let validity = |not_after: &[u8]| der(0x30, &[&time("200101000000Z")[..], not_after].concat());
        let good = validity(&time("300102030405Z"));
        let (number, sequence) = (der(0x02, &[1]), der(0x30, &[]));
        let extensions = der(0xa3, &der(0x30, &sequence));
        let first = |count: usize, validity: &[u8]| {
            let fields = [&version, &number, &sequence, &sequence, validity, &sequence, &sequence, &extensions];
            certificate(&fields[..count])
        };
        let part = |der: &[u8]| match Certificate::from_der(der) {
            Err(Error::Certificate { part }) => part,
            other => panic!("{other:?}"),
        };

        let whole = first(7, &good);
        assert_eq!(Certificate::from_der(&whole).map(|certificate| certificate.not_after()), Ok(1_893_553_445));
        let followed = Certificate::from_der(&[&whole[..], &[0]].concat());
        assert_eq!(followed, Err(Error::TrailingBytes { what: "the certificate", extra: 1 }));
        assert_eq!(part(&whole[..whole.len() - 1]), "outer SEQUENCE");
        assert_eq!(part(&der(0x31, &[])), "outer SEQUENCE");
        assert_eq!(part(&der(0x30, &number)), "tbsCertificate");
        assert_eq!(part(&der(0x30, &sequence)), "signatureAlgorithm");
        assert_eq!(part(&der(0x30, &[&sequence[..], &sequence].concat())), "signatureValue");
        for (count, name) in [
            (1, "serialNumber"),
            (2, "signature"),
            (3, "issuer"),
            (4, "validity"),
            (5, "subject"),
            (6, "subjectPublicKeyInfo"),
        ] {
            assert_eq!(part(&first(count, &good)), name);
        }
        assert_eq!(part(&certificate(&[&der(0xa0, &sequence)])), "version");
        assert_eq!(part(&first(7, &sequence)), "notBefore");
        for bad in ["", "Z", "301301000000Z", "300230000000Z", "300102240000Z", "300102030405", "3001020304050Z"] {
            assert_eq!(part(&first(7, &validity(&time(bad)))), "notAfter", "{bad}");
        }
        assert_eq!(part(&first(8, &good)), "extensions");
    }
}
