//! What is connected to: a name, and the protocol that goes before TLS.

use crate::server_name::ServerName;
use crate::starttls::StartTls;

/// A server as its certificate should name it, and the protocol in which TLS begins.
///
/// ```
/// use tack_openssl::{StartTls, Target};
///
/// let web = Target { name: "www.example.com".parse()?, starttls: None };
/// let mail = Target { name: "mail.example.com".parse()?, starttls: Some(StartTls::Smtp) };
/// # Ok::<(), tack_openssl::ParseServerNameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The name that the server is asked for (SNI), and that its certificate must have.
    pub name: ServerName,
    /// The protocol in which TLS is asked for; none where TLS is spoken from the first byte.
    pub starttls: Option<StartTls>,
}
