//! Whom a client wants to meet.

use openssl::error::ErrorStack;
use openssl::ssl::Ssl;
use openssl::x509::verify::X509CheckFlags;
use tack_core::Timestamp;

use crate::server_name::ServerName;

/// Has a connection ask for a name, and verify chain and name as of a time if there is one.
pub(crate) fn expect(ssl: &mut Ssl, name: &ServerName, now: Option<Timestamp>) -> Result<(), ErrorStack> {
    if let ServerName::Dns(name) = name {
        ssl.set_hostname(name.as_str())?;
    }
    let Some(now) = now else { return Ok(()) };
    let parameters = ssl.param_mut();
    match name {
        ServerName::Dns(name) => parameters.set_host(name.as_str())?,
        ServerName::Address(address) => parameters.set_ip(*address)?,
    }
    parameters.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS | X509CheckFlags::NEVER_CHECK_SUBJECT);
    parameters.set_time(now.seconds());
    Ok(())
}
