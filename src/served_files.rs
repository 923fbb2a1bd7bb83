//! The files of a server that terminates TLS: read, and read anew when one of them changes.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use tack_core::{Certificate, Minute, TackFile, TargetHash, Timestamp, pem};
use tack_openssl::ticket::{TicketServer, TicketServerError};
use tack_ticket::{KeyRing, Lifetime, ProofKind, Server};
use zeroize::Zeroizing;

use crate::display::{Shown, is_dash};
use crate::input::{Inputs, SMALL};
use crate::message::refused;
use crate::ring_file;
use crate::secrets::readable_by_others;

/// The files, and what is promised with them.
pub struct ServedFiles {
    pub chain: PathBuf,
    pub key: PathBuf,
    pub ring: PathBuf,
    pub tack: Option<PathBuf>,
    pub lifetime: Lifetime,
    pub is_ramping_down: bool,
    pub proof: ProofKind,
}

/// What was in the files when they were read.
pub struct Contents {
    chain: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
    pub ring: KeyRing,
    tack: Option<TackFile>,
}

/// What was made of the files.
pub struct Made {
    pub server: TicketServer,
    /// What becomes of the tack.
    pub tack: TackState,
}

/// What becomes of a tack that may be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TackState {
    /// There is none to be served.
    None,
    /// It is served until then.
    Served(Minute),
    /// It is not served: what is wrong with it.
    LeftOut(String),
}

/// What changes when one of the files does.
#[derive(PartialEq, Eq)]
pub struct Stamps(Vec<Option<[i64; 5]>>);

impl ServedFiles {
    /// Refuses standard input, which could not be read again.
    pub fn check(&self) -> Result<()> {
        if self.paths().any(is_dash) {
            bail!("standard input: it cannot be read again when it changes; give files");
        }
        Ok(())
    }

    /// Reads all of them. What is no regular file, such as a pipe, could keep waiting who opens it.
    pub fn read(&self) -> Result<Contents> {
        for path in self.paths() {
            if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
                bail!("{}: it is no regular file, which could be read again; give a file", Shown(path));
            }
        }
        let read = |path: &Path| Inputs::default().read(path, SMALL);
        let tack =
            |path: &PathBuf| TackFile::from_bytes(&read(path)?).map_err(|error| anyhow!("{}: {error}", Shown(path)));
        Ok(Contents {
            chain: read(&self.chain)?,
            key: Inputs::default().read_secret(&self.key, SMALL)?,
            ring: ring_file::read_quietly(&self.ring, &mut Inputs::default())?,
            tack: self.tack.as_ref().map(tack).transpose()?,
        })
    }

    /// Makes a server of what was read.
    pub fn make(&self, contents: &Contents, now: Timestamp) -> Result<Made> {
        let Contents { chain, key, ring, tack } = contents;
        let server = Server::new(ring.clone(), self.lifetime).ramp_down(self.is_ramping_down).proof(self.proof);
        let mut builder = TicketServer::builder(server, chain, key);
        let mut tack_state = TackState::None;
        if let Some(file) = tack {
            tack_state = state(file, self.target_hash(chain)?, now)?;
            if matches!(tack_state, TackState::Served(_)) {
                builder = match file.certificate_der() {
                    Some(der) => builder.tack_certificate(der),
                    None => builder.tack(file.extension()),
                };
            }
        }
        let server = builder.build().map_err(|error| match error {
            TicketServerError::Key | TicketServerError::OtherKey => anyhow!("{}: {error}", Shown(&self.key)),
            error => anyhow!("{}: {error}", Shown(&self.chain)),
        })?;
        Ok(Made { server, tack: tack_state })
    }

    /// The files with secrets that are not their owner's alone, and what is wrong with them.
    pub fn open_secrets(&self) -> impl Iterator<Item = (&Path, String)> {
        let secrets = [&self.key, &self.ring].into_iter();
        secrets.filter_map(|path| readable_by_others(path).map(|what| (path.as_path(), what)))
    }

    /// As they are now.
    pub fn stamps(&self) -> Stamps {
        let stamp = |path: &Path| {
            let at = fs::metadata(path).ok()?;
            let numbers = [at.dev(), at.ino(), at.len()].map(|number| i64::from_ne_bytes(number.to_ne_bytes()));
            let [device, inode, length] = numbers;
            Some([device, inode, length, at.mtime(), at.mtime_nsec()])
        };
        Stamps(self.paths().map(stamp).collect())
    }

    fn paths(&self) -> impl Iterator<Item = &Path> {
        [&self.chain, &self.key, &self.ring].into_iter().chain(&self.tack).map(PathBuf::as_path)
    }

    fn target_hash(&self, chain: &[u8]) -> Result<TargetHash> {
        let blocks = pem::decode_all(chain, Certificate::LABEL).map_err(|error| refused(&self.chain, &error))?;
        let own = blocks.first().map(|der| Certificate::subject_public_key_info_of(der)).transpose();
        let own = own.map_err(|error| refused(&self.chain, &error))?;
        own.map(TargetHash::of).ok_or_else(|| anyhow!("{}: there is no certificate in PEM", Shown(&self.chain)))
    }
}

/// A tack that does not fit the certificate, or is expired, is not served: clients that know TACK would refuse the server.
fn state(file: &TackFile, target_hash: TargetHash, now: Timestamp) -> Result<TackState> {
    let now = Minute::from_seconds_down(now.seconds())?;
    if let Err(error) = file.extension().validate(now, target_hash) {
        return Ok(TackState::LeftOut(error.to_string()));
    }
    let first = file.extension().tacks().iter().map(|tack| tack.expiration()).min();
    Ok(first.map_or(TackState::None, TackState::Served))
}
