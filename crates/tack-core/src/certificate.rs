//! What TACK needs of X.509 (RFC 5280): the target hash, notAfter, whose certificate it is, and TACK certificates.
//!
//! Certificates are read field by field, and of most fields the extent alone: the hash of a key must not depend on
//! whether the key's algorithm, or anything else in the certificate, is known here.

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Reader, SliceReader, Tag, TagNumber, Tagged};

use crate::calendar::Civil;
use crate::error::{CERTIFICATE, Error};
use crate::extension::TackExtension;
use crate::hex::Hex;
use crate::pem;
use crate::target_hash::TargetHash;
use crate::time::Timestamp;

/// The extension that carries a TackExtension in a TACK certificate.
pub(crate) const TACK_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.38964.1");
/// RFC 5280, section 4.2.1.9.
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
/// RFC 5280, section 4.2.1.6.
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
/// Of the version field, v3.
const V3: u8 = 2;
/// X.690, section 8.19.
const OID_TAG: u8 = 6;
/// What is said of a field of any extension.
const EXTENSIONS: &str = "extensions";

/// What TACK needs of a certificate. Nothing in it is verified.
///
/// ```no_run
/// use tack_core::{Certificate, Generations, Minute, Tack};
/// # let key = tack_core::SigningKey::from_bytes(&[7; 32])?;
///
/// let file = std::fs::read("CERT.pem")?;
/// for certificate in Certificate::all_from_bytes(&file)? {
///     let expiration = Minute::from_seconds_up(certificate.not_after().seconds())?;
///     let tack = Tack::sign(&key, Generations::default(), expiration, certificate.target_hash());
///     print!("{}", tack.to_pem());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    target_hash: TargetHash,
    not_after: Timestamp,
    subject: Hex,
    issuer: Hex,
    extensions: Extensions,
}

/// What is read of the extensions of a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Extensions {
    tack: Option<TackExtension>,
    is_ca: Option<bool>,
    subject_alt_name: Option<Hex>,
}

impl Certificate {
    /// The label of its PEM block.
    pub const LABEL: &'static str = "CERTIFICATE";

    /// Reads a certificate in DER, of any version of X.509 and with a key of any kind.
    ///
    /// # Errors
    /// [`Error::Certificate`] names the field that cannot be read; [`Error::CertificateTrailing`];
    /// [`Error::TwoExtensions`]; and for a TACK certificate what [`TackExtension::from_bytes`] refuses.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let mut outer = reader(der, "outer SEQUENCE")?;
        let mut certificate = open(&mut outer, Tag::Sequence, "outer SEQUENCE")?;
        let extra = remaining(&outer);
        if extra > 0 {
            return Err(Error::TrailingBytes { what: CERTIFICATE, extra });
        }
        let mut tbs = open(&mut certificate, Tag::Sequence, "tbsCertificate")?;
        skip(&mut certificate, "signatureAlgorithm")?;
        skip(&mut certificate, "signatureValue")?;
        end(&certificate, "outer SEQUENCE")?;

        let is_v3 = match open_optional(&mut tbs, 0, "version")? {
            Some(mut version) => open(&mut version, Tag::Integer, "version")?.read_byte().is_ok_and(|byte| byte == V3),
            None => false,
        };
        skip(&mut tbs, "serialNumber")?;
        skip(&mut tbs, "signature")?;
        let issuer = Hex(skip(&mut tbs, "issuer")?.to_vec());
        let mut validity = open(&mut tbs, Tag::Sequence, "validity")?;
        skip(&mut validity, "notBefore")?;
        let not_after = read_time(&mut validity).ok_or(Error::Certificate { part: "notAfter" })?;
        end(&validity, "validity")?;
        let subject = Hex(skip(&mut tbs, "subject")?.to_vec());
        let target_hash = TargetHash::of(skip(&mut tbs, "subjectPublicKeyInfo")?);
        // No unique identifier is expected to be there, but one does no harm (RFC 5280, section 4.1.2.8).
        open_optional(&mut tbs, 1, "issuerUniqueID")?;
        open_optional(&mut tbs, 2, "subjectUniqueID")?;
        let extensions = open_optional(&mut tbs, 3, EXTENSIONS)?;
        end(&tbs, "tbsCertificate")?;
        let extensions = match extensions.filter(|_| is_v3) {
            Some(extensions) => Extensions::read(extensions)?,
            None => Extensions::default(),
        };
        Ok(Self { target_hash, not_after, subject, issuer, extensions })
    }

    /// The subjectPublicKeyInfo of a certificate in DER, as it is there, and nothing else of it.
    ///
    /// # Errors
    /// [`Error::Certificate`] names the field that cannot be read.
    pub fn subject_public_key_info_of(der: &[u8]) -> Result<&[u8], Error> {
        let mut certificate = open(&mut reader(der, "outer SEQUENCE")?, Tag::Sequence, "outer SEQUENCE")?;
        let mut tbs = open(&mut certificate, Tag::Sequence, "tbsCertificate")?;
        open_optional(&mut tbs, 0, "version")?;
        for part in ["serialNumber", "signature", "issuer", "validity", "subject"] {
            skip(&mut tbs, part)?;
        }
        skip(&mut tbs, "subjectPublicKeyInfo")
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

    /// The hash of its key, which a tack for it carries.
    #[must_use]
    pub fn target_hash(&self) -> TargetHash {
        self.target_hash
    }

    /// The second after which it is expired.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Its subject: a Name in DER.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        &self.subject.0
    }

    /// Its issuer: a Name in DER.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        &self.issuer.0
    }

    /// Its subjectAltName: GeneralNames in DER, which are not looked into.
    #[must_use]
    pub fn subject_alt_name_der(&self) -> Option<&[u8]> {
        self.extensions.subject_alt_name.as_ref().map(|name| name.0.as_slice())
    }

    /// Whether its basicConstraints say that it is a CA's; none without basicConstraints, as in X.509 v1.
    #[must_use]
    pub fn is_ca(&self) -> Option<bool> {
        self.extensions.is_ca
    }

    /// The TackExtension of a TACK certificate.
    #[must_use]
    pub fn extension(&self) -> Option<&TackExtension> {
        self.extensions.tack.as_ref()
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

impl Extensions {
    /// RFC 5280, section 4.1.2.9.
    fn read(mut explicit: SliceReader<'_>) -> Result<Self, Error> {
        let mut extensions = open(&mut explicit, Tag::Sequence, EXTENSIONS)?;
        end(&explicit, EXTENSIONS)?;
        let mut found = Self::default();
        while !extensions.is_finished() {
            let mut extension = open(&mut extensions, Tag::Sequence, EXTENSIONS)?;
            let oid = skip(&mut extension, EXTENSIONS)?;
            if is(oid, TACK_OID) {
                if found.tack.replace(TackExtension::from_bytes(value(&mut extension)?)?).is_some() {
                    return Err(Error::TwoExtensions);
                }
            } else if is(oid, BASIC_CONSTRAINTS) {
                found.is_ca = Some(read_ca(value(&mut extension)?)?);
            } else if is(oid, SUBJECT_ALT_NAME) {
                found.subject_alt_name = Some(Hex(value(&mut extension)?.to_vec()));
            }
        }
        Ok(found)
    }
}

/// Whether a field, with its tag and length, is this object identifier: short enough that its length is one byte.
fn is(field: &[u8], oid: ObjectIdentifier) -> bool {
    let value = oid.as_bytes();
    matches!(field.split_first_chunk(), Some(([OID_TAG, length], rest)) if usize::from(*length) == value.len() && rest == value)
}

/// The extnValue, after the critical flag that may be there.
fn value<'a>(extension: &mut SliceReader<'a>) -> Result<&'a [u8], Error> {
    if matches!(Tag::peek(extension), Ok(Tag::Boolean)) {
        skip(extension, EXTENSIONS)?;
    }
    let value = <&OctetStringRef>::decode(extension).map_err(|_| Error::Certificate { part: EXTENSIONS })?;
    end(extension, EXTENSIONS)?;
    Ok(value.as_bytes())
}

/// The cA of basicConstraints, which is false by default. Any byte but 0 is TRUE, as in BER, since OpenSSL takes it so.
fn read_ca(value: &[u8]) -> Result<bool, Error> {
    let part = "basicConstraints";
    let mut constraints = open(&mut reader(value, part)?, Tag::Sequence, part)?;
    match Tag::peek(&constraints) {
        Ok(Tag::Boolean) => Ok(skip(&mut constraints, part)?.last().is_some_and(|byte| *byte != 0)),
        _ => Ok(false),
    }
}

/// UTCTime or GeneralizedTime. RFC 5280 wants the seconds; older certificates lack them.
fn read_time(reader: &mut SliceReader<'_>) -> Option<Timestamp> {
    let any = AnyRef::decode(reader).ok()?;
    let text = str::from_utf8(any.value()).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match any.tag() {
        Tag::UtcTime => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i64 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        Tag::GeneralizedTime => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let pairs = rest.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).ok()?.parse().ok());
    let (month, day, hour, minute, second) = match *pairs.collect::<Option<Vec<u8>>>()? {
        [month, day, hour, minute] => (month, day, hour, minute, 0),
        [month, day, hour, minute, second] => (month, day, hour, minute, second),
        _ => return None,
    };
    Civil { year, month, day, hour, minute, second }.seconds().map(Timestamp::new)
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

fn remaining(reader: &SliceReader<'_>) -> usize {
    usize::try_from(reader.remaining_len()).expect("what is left of a slice has a size")
}

/// Refuses bytes after the last field of a SEQUENCE, as OpenSSL does.
fn end(reader: &SliceReader<'_>, part: &'static str) -> Result<(), Error> {
    match remaining(reader) {
        0 => Ok(()),
        extra => Err(Error::CertificateTrailing { part, extra }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

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
        let (subject, issuer) = (Hex(subject.as_bytes().to_vec()), Hex(issuer.as_bytes().to_vec()));
        Certificate {
            target_hash: TargetHash::new([0; 32]),
            not_after: Timestamp::new(0),
            subject,
            issuer,
            extensions: Extensions::default(),
        }
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
    fn debug_shows_hex() {
        let debug = format!("{:?}", named("AB", "C"));
        assert!(debug.contains("subject: 4142, issuer: 43,"), "{debug}");
    }

    #[test]
    fn der_is_told_from_text() {
        assert!(looks_like_der(&[0x30, 0x80]) && looks_like_der(&[0x30, 0x84]));
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
        assert_eq!(Certificate::from_der(&whole).unwrap().not_after(), Timestamp::new(1_893_553_445));
        let followed = Certificate::from_der(&[&whole[..], &[0]].concat());
        assert_eq!(followed, Err(Error::TrailingBytes { what: "the certificate", extra: 1 }));
        assert_eq!(followed.unwrap_err().kind(), ErrorKind::Certificate);
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

    #[test]
    fn bytes_after_the_last_field_are_refused() {
        let time = der(0x17, b"300102030405Z");
        let (number, sequence) = (der(0x02, &[1]), der(0x30, &[]));
        let version = der(0xa0, &der(0x02, &[V3]));
        let validity = |more: &[u8]| der(0x30, &[&time[..], &time, more].concat());
        let extensions = |more: &[u8]| der(0xa3, &[&sequence[..], more].concat());
        let tbs = |validity: &[u8], extensions: &[u8], more: &[u8]| {
            let fields =
                [&version[..], &number, &sequence, &sequence, validity, &sequence, &sequence, extensions, more];
            der(0x30, &fields.concat())
        };
        let whole = |tbs: &[u8], more: &[u8]| der(0x30, &[tbs, &sequence, &der(0x03, &[0]), more].concat());
        let good = tbs(&validity(&[]), &extensions(&[]), &[]);
        assert!(Certificate::from_der(&whole(&good, &[])).is_ok());
        let null = [5, 0];
        for (der, part) in [
            (whole(&good, &null), "outer SEQUENCE"),
            (whole(&tbs(&validity(&[]), &extensions(&[]), &null), &[]), "tbsCertificate"),
            (whole(&tbs(&validity(&null), &extensions(&[]), &[]), &[]), "validity"),
            (whole(&tbs(&validity(&[]), &extensions(&null), &[]), &[]), "extensions"),
        ] {
            assert_eq!(Certificate::from_der(&der), Err(Error::CertificateTrailing { part, extra: 2 }));
        }
    }

    #[test]
    fn extensions_that_are_read() {
        let time = der(0x17, b"300102030405Z");
        let (number, sequence) = (der(0x02, &[1]), der(0x30, &[]));
        let certificate = |version: u8, extensions: &[&[u8]]| {
            let version = der(0xa0, &der(0x02, &[version]));
            let validity = der(0x30, &[&time[..], &time].concat());
            let extensions = der(0xa3, &der(0x30, &extensions.concat()));
            let fields =
                [&version[..], &number, &sequence, &sequence, &validity, &sequence, &sequence, &extensions].concat();
            let whole = [&der(0x30, &fields)[..], &sequence, &der(0x03, &[0])].concat();
            Certificate::from_der(&der(0x30, &whole)).unwrap()
        };
        let extension = |oid: u8, rest: &[u8]| der(0x30, &[&[6, 3, 0x55, 0x1d, oid], rest].concat());
        let ca = extension(19, &[&der(0x01, &[0xff])[..], &der(0x04, &der(0x30, &der(0x01, &[0xff])))].concat());
        let no_ca = extension(19, &der(0x04, &der(0x30, &[])));
        let names = extension(17, &der(0x04, b"names"));
        let other = extension(18, &der(0x04, b"other"));

        let read = |extensions: &[&[u8]]| {
            let certificate = certificate(V3, extensions);
            (certificate.is_ca(), certificate.subject_alt_name_der().map(<[u8]>::to_vec))
        };
        assert_eq!(read(&[&other]), (None, None));
        assert_eq!(read(&[&other, &ca, &names]), (Some(true), Some(b"names".to_vec())));
        assert_eq!(read(&[&no_ca]), (Some(false), None));
        assert_eq!(certificate(1, &[&ca]).is_ca(), None, "v2 has no extensions");
    }

    #[test]
    fn the_key_is_taken_as_it_is() {
        let (number, sequence, key) = (der(0x02, &[1]), der(0x30, &[]), der(0x30, b"\x05\x81\x00no DER"));
        let version = der(0xa0, &der(0x02, &[V3]));
        let rest = [&number[..], &sequence, &sequence, &sequence, &sequence, &key].concat();
        for tbs in [[&version[..], &rest, b"more"].concat(), rest.clone()] {
            let whole = der(0x30, &der(0x30, &tbs));
            assert_eq!(Certificate::subject_public_key_info_of(&whole), Ok(&key[..]));
        }
        let cut_off = der(0x30, &der(0x30, &rest[..rest.len() - 1]));
        let refused = Certificate::subject_public_key_info_of(&cut_off);
        assert_eq!(refused, Err(Error::Certificate { part: "subjectPublicKeyInfo" }));
    }

    #[test]
    fn basic_constraints() {
        let (yes, no, path) = (der(0x01, &[0xff]), der(0x01, &[0]), der(0x02, &[3]));
        for (value, is_ca) in [
            (der(0x30, &[]), false),
            (der(0x30, &yes), true),
            (der(0x30, &der(0x01, &[1])), true),
            (der(0x30, &no), false),
            (der(0x30, &[&yes[..], &path].concat()), true),
        ] {
            assert_eq!(read_ca(&value), Ok(is_ca), "{value:x?}");
        }
        assert_eq!(read_ca(&yes), Err(Error::Certificate { part: "basicConstraints" }));
    }
}
