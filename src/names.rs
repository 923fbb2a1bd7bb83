//! Names in certificates, in words.

use x509_cert::der::Decode;
use x509_cert::name::Name;

use crate::display::escape;

/// A Name in DER as RFC 4514 writes it, safe to print. One that cannot be read is called that.
pub fn name(der: &[u8]) -> String {
    match Name::from_der(der) {
        Ok(name) => escape(&name.to_string()),
        Err(_) => "a name that cannot be read".to_owned(),
    }
}
