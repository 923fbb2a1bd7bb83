//! LDAP (RFC 4511, section 4.14).

use std::io::{Read, Write};

use crate::starttls::error::StartTlsError;
use crate::starttls::wire::{read_byte, read_message};

const PROTOCOL: &str = "LDAP";

/// An LDAPMessage of ID 1 with an ExtendedRequest of the name 1.3.6.1.4.1.1466.20037.
const REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const ENUMERATED: u8 = 0x0A;
/// \[APPLICATION 24\], constructed.
const EXTENDED_RESPONSE: u8 = 0x78;

pub(super) fn negotiate(stream: &mut (impl Read + Write)) -> Result<(), StartTlsError> {
    stream.write_all(REQUEST)?;
    stream.flush()?;
    let message = read_element(stream)?;
    let response = Response::parse(&message).ok_or_else(|| StartTlsError::unexpected(PROTOCOL, &message))?;
    match (response.id, response.code) {
        (1, 0) => Ok(()),
        // Of ID 0 is a notice of disconnection (section 4.4.1).
        (0 | 1, _) => {
            let said = [format!("result code {}: ", response.code).as_bytes(), response.diagnostic].concat();
            Err(StartTlsError::refused(&said))
        }
        _ => Err(StartTlsError::unexpected(PROTOCOL, &message)),
    }
}

/// What is in the SEQUENCE that comes next in the stream.
fn read_element(stream: &mut impl Read) -> Result<Vec<u8>, StartTlsError> {
    let tag = read_byte(stream)?;
    let first = read_byte(stream)?;
    let unexpected = || StartTlsError::unexpected(PROTOCOL, &[tag, first]);
    if tag != SEQUENCE {
        return Err(unexpected());
    }
    let mut length = usize::from(first);
    if first >= 0x80 {
        length = 0;
        for _ in 0..long_form(first).ok_or_else(unexpected)? {
            length = length << 8 | usize::from(read_byte(stream)?);
        }
    }
    read_message(stream, length)
}

/// The bytes of a length in the long form: 1 to 4. The indefinite form is not allowed in LDAP (section 5.1).
fn long_form(first: u8) -> Option<u8> {
    Some(first & 0x7F).filter(|count| (1..=4).contains(count))
}

/// An ExtendedResponse, as far as it matters here.
struct Response<'a> {
    id: u32,
    code: u32,
    diagnostic: &'a [u8],
}

impl<'a> Response<'a> {
    fn parse(message: &'a [u8]) -> Option<Self> {
        let mut message = Elements(message);
        let id = number(message.next_of(INTEGER)?)?;
        let mut response = Elements(message.next_of(EXTENDED_RESPONSE)?);
        let code = number(response.next_of(ENUMERATED)?)?;
        let _matched_name = response.next_of(OCTET_STRING)?;
        let diagnostic = response.next_of(OCTET_STRING)?;
        // Referrals, the response's name and value, and controls may follow: each of them is whole, and that is all.
        (response.skip_all() && message.skip_all()).then_some(Self { id, code, diagnostic })
    }
}

/// Elements of BER in a row.
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// What is in the next element, which must have this tag.
    fn next_of(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, contents) = self.next()?;
        (found == tag).then_some(contents)
    }

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], mut rest) = self.0.split_first_chunk()?;
        // A tag of more bytes is none of LDAP's.
        if tag & 0x1F == 0x1F {
            return None;
        }
        let mut length = usize::from(first);
        if first >= 0x80 {
            let (bytes, after) = rest.split_at_checked(usize::from(long_form(first)?))?;
            length =
                bytes.iter().try_fold(0_usize, |length, byte| Some(length.checked_mul(256)? | usize::from(*byte)))?;
            rest = after;
        }
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, contents))
    }

    /// Whether the rest is made of whole elements.
    fn skip_all(&mut self) -> bool {
        while !self.0.is_empty() {
            if self.next().is_none() {
                return false;
            }
        }
        true
    }
}

/// An INTEGER or ENUMERATED that is not negative, and fits.
fn number(contents: &[u8]) -> Option<u32> {
    if contents.is_empty() || contents.len() > 4 || contents.first().is_some_and(|first| *first >= 0x80) {
        return None;
    }
    Some(contents.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::starttls::StartTls::Ldap;
    use crate::starttls::test::{fails, talk};

    fn element(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
        let contents = contents.concat();
        [&[tag, u8::try_from(contents.len()).unwrap()], &contents[..]].concat()
    }

    /// An ExtendedResponse of this code and diagnostic message, with these elements behind it.
    fn response(id: u8, code: u8, diagnostic: &str, more: &[u8]) -> Vec<u8> {
        let code = element(ENUMERATED, &[&[code]]);
        let diagnostic = element(OCTET_STRING, &[diagnostic.as_bytes()]);
        let response = element(EXTENDED_RESPONSE, &[&code, &element(OCTET_STRING, &[]), &diagnostic, more]);
        element(SEQUENCE, &[&element(INTEGER, &[&[id]]), &response])
    }

    fn heard() -> String {
        String::from_utf8_lossy(REQUEST).into_owned()
    }

    #[test]
    fn good() {
        assert_eq!(talk(Ldap, response(1, 0, "", b"")), (Ok(()), heard()));
        // With the name of the response, as OpenLDAP has it not, and others do.
        assert_eq!(talk(Ldap, response(1, 0, "", b"\x8a\x021.")).0, Ok(()));
    }

    /// Active Directory writes every length in four bytes.
    #[test]
    fn lengths_in_the_long_form() {
        let long = |tag: u8, contents: &[u8]| {
            [&[tag, 0x84], &u32::try_from(contents.len()).unwrap().to_be_bytes()[..], contents].concat()
        };
        let empty = long(OCTET_STRING, b"");
        let fields = [long(ENUMERATED, &[0]), empty.clone(), empty].concat();
        let message = [long(INTEGER, &[0, 0, 1]), long(EXTENDED_RESPONSE, &fields)].concat();
        assert_eq!(talk(Ldap, long(SEQUENCE, &message)).0, Ok(()));
    }

    #[test]
    fn refused() {
        let words = |said: &str| format!("the server refuses to begin TLS: {said}");
        fails(Ldap, response(1, 2, "no TLS", b""), &words("result code 2: no TLS"), &heard());
        fails(Ldap, response(0, 52, "bye", b""), &words("result code 52: bye"), &heard());
        fails(Ldap, response(0, 0, "", b""), &words("result code 0:"), &heard());
    }

    #[test]
    fn unexpected() {
        let good = response(1, 0, "", b"");
        let mut said = vec![
            response(2, 0, "", b""),
            response(1, 0, "", b"\x8a\x05"),
            response(1, 0, "", b"\x1f\x00"),
            response(1, 0x80, "", b""),
            b"\x30\x80\x00\x00".to_vec(),
            [&[SEQUENCE, 0x85, 0, 0, 0, 0, 12], &good[2..]].concat(),
        ];
        // Every element of another tag.
        for place in [0, 2, 5, 7, 10, 12] {
            let mut other = good.clone();
            other[place] ^= 1;
            said.push(other);
        }
        for said in said {
            let (outcome, _) = talk(Ldap, &said);
            assert!(outcome.unwrap_err().starts_with("the server does not answer as LDAP has it"), "{said:x?}");
        }
    }
}
