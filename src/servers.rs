//! The servers whose keys are signed, by their certificates.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::{Error, Result, anyhow};
use tack_core::{Certificate, TargetHash, Timestamp};

use crate::cli::Sign;
use crate::display::{Shown, escape, is_dash};
use crate::input::{Inputs, SMALL};
use crate::message::{refused, say};
use crate::names::name;

/// A server, by its certificate.
pub struct Server {
    pub path: PathBuf,
    /// What tells its tacks from those of the other certificates, in file names.
    pub stem: OsString,
    pub hash: TargetHash,
    pub not_after: Timestamp,
}

/// Reads the certificates of every file, and picks those that stand for a server.
pub fn read(args: &Sign, inputs: &mut Inputs) -> Result<Vec<Server>> {
    let mut all_servers = Vec::new();
    for path in &args.certificates {
        let bytes = inputs.read(path, SMALL)?;
        let certificates = Certificate::all_from_bytes(&bytes).map_err(|error| refused(path, &error))?;
        let servers: Vec<_> = certificates.iter().filter(|this| is_server(this, &certificates, args.ca)).collect();
        if servers.is_empty() {
            return Err(no_server(path, &certificates));
        }
        if args.common.verbose > 0 && servers.len() < certificates.len() {
            let (some, all) = (servers.len(), certificates.len());
            say(format_args!(
                "tack: {}: signing {some} of {all} certificates; the others are no servers'",
                Shown(path)
            ));
        }
        let file_stem = if is_dash(path) { OsStr::new("stdin") } else { path.file_stem().unwrap_or_default() };
        for (number, server) in (1..).zip(&servers) {
            let mut stem = file_stem.to_owned();
            if servers.len() > 1 {
                stem.push(format!("-{number}"));
            }
            let (hash, not_after) = (server.target_hash(), server.not_after());
            all_servers.push(Server { path: path.clone(), stem, hash, not_after });
        }
    }
    Ok(all_servers)
}

/// Whether a certificate of a file stands for a server. Of several, TACK certificates stand for none.
fn is_server(this: &Certificate, all: &[Certificate], ca: bool) -> bool {
    let is_issuer = || all.iter().any(|other| this.is_issuer_of(other));
    let is_ca = match this.is_ca() {
        Some(true) if !ca => true,
        Some(false) => false,
        // One of X.509 v1 does not say what it is. And --ca is for a CA that is the server, not for those that issued it.
        Some(true) | None => is_issuer(),
    };
    !is_ca && (all.len() == 1 || this.extension().is_none())
}

fn no_server(path: &Path, certificates: &[Certificate]) -> Error {
    let path = Shown(path);
    match certificates.iter().find(|certificate| certificate.is_ca() == Some(true)) {
        Some(ca) => {
            let subject = escape(&name(ca.subject_der()));
            anyhow!(
                "{path}: it is the certificate of a CA, \"{subject}\"; give the server's, or --ca to sign it anyway"
            )
        }
        None => anyhow!("{path}: no certificate of a server in it, but issuers alone; give the server's"),
    }
}
