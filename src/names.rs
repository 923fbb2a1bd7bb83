//! Names in certificates, in words. They are not safe to print yet: a certificate may say anything.

use std::net::IpAddr;

use x509_cert::der::Decode;
use x509_cert::der::asn1::OctetString;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

const UNREADABLE: &str = "a name that cannot be read";

/// A Name in DER as RFC 4514 writes it. One that cannot be read is called that.
pub fn name(der: &[u8]) -> String {
    Name::from_der(der).map_or_else(|_| UNREADABLE.to_owned(), |name| name.to_string())
}

/// The names of a subjectAltName in DER (RFC 5280, section 4.2.1.6): hosts and addresses as they are, of the rest also the
/// kind.
pub fn alternatives(der: &[u8]) -> Vec<String> {
    match SubjectAltName::from_der(der) {
        Ok(SubjectAltName(names)) => names.iter().map(alternative).collect(),
        Err(_) => vec![UNREADABLE.to_owned()],
    }
}

fn alternative(name: &GeneralName) -> String {
    match name {
        GeneralName::DnsName(name) => name.to_string(),
        GeneralName::IpAddress(address) => ip_address(address),
        GeneralName::Rfc822Name(name) => format!("email:{name}"),
        GeneralName::UniformResourceIdentifier(name) => format!("URI:{name}"),
        GeneralName::DirectoryName(name) => format!("name:{name}"),
        GeneralName::RegisteredId(id) => format!("ID:{id}"),
        GeneralName::OtherName(_) | GeneralName::EdiPartyName(_) => "a name of another kind".to_owned(),
    }
}

fn ip_address(address: &OctetString) -> String {
    let bytes = address.as_bytes();
    let v4 = || <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let v6 = || <[u8; 16]>::try_from(bytes).map(IpAddr::from);
    v4().or_else(|_| v6()).map_or_else(|_| UNREADABLE.to_owned(), |address| address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_words() {
        let names = [
            &[0x82, 3, b'a', b'.', b'b'][..],
            &[0x87, 4, 192, 0, 2, 1],
            &[0x87, 16, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            &[0x87, 1, 0],
            &[0x81, 3, b'a', b'@', b'b'],
            &[0x86, 3, b'a', b':', b'b'],
            &[0xa4, 14, 0x30, 12, 0x31, 10, 0x30, 8, 6, 3, 0x55, 4, 3, 0x0c, 1, b'A'],
            &[0x88, 3, 0x2a, 3, 4],
            &[0xa0, 8, 6, 2, 0x2a, 3, 0xa0, 2, 5, 0],
        ];
        let names = names.concat();
        let der = [&[0x30, u8::try_from(names.len()).unwrap()][..], &names].concat();
        let words = [
            "a.b",
            "192.0.2.1",
            "2001:db8::1",
            UNREADABLE,
            "email:a@b",
            "URI:a:b",
            "name:CN=A",
            "ID:1.2.3.4",
            "a name of another kind",
        ];
        assert_eq!(alternatives(&der), words);
        assert_eq!(alternatives(&der[1..]), [UNREADABLE]);
        assert_eq!((name(&[0x30, 0]), name(&[0x31, 0])), (String::new(), UNREADABLE.to_owned()));
    }
}
