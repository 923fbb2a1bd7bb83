//! Whom the options --ca-file and --insecure trust.

use std::path::Path;

use anyhow::{Error, Result, anyhow};
use tack_openssl::{ConnectorError, Trust};

use crate::display::{Shown, escape};
use crate::input::{Inputs, SMALL};

/// Reads the CAs, if there is a file of them.
pub fn trust(ca_file: Option<&Path>, insecure: bool, inputs: &mut Inputs) -> Result<Trust> {
    Ok(match ca_file {
        _ if insecure => Trust::Nothing,
        Some(path) => Trust::Certificates(inputs.read(path, SMALL)?),
        None => Trust::System,
    })
}

/// What the user is told of a client that was not built.
pub fn refused(ca_file: Option<&Path>, error: &ConnectorError) -> Error {
    match (ca_file, error) {
        (Some(path), ConnectorError::NoCertificate | ConnectorError::Trust(_)) => {
            anyhow!("{}: {}; give certificates in PEM", Shown(path), escape(&error.to_string()))
        }
        _ => anyhow!("{}", escape(&error.to_string())),
    }
}
