//! What OUTPUT of `deploy` holds. A file that holds anything else than `deploy` writes is left alone.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use tack_core::{Certificate, Object, ServerInfo, Tack, TackExtension, pem};

use crate::display::{Shown, plain};
use crate::input::SMALL;

const BEGIN: &str = "-----BEGIN ";
/// The characters of a label that a message shows.
const MAX_LABEL: usize = 64;

/// What OUTPUT holds: nothing, or what `deploy` wrote.
pub struct Installed {
    bytes: Vec<u8>,
}

impl Installed {
    /// Reads it. A file that is not there holds nothing.
    pub fn read(output: &Path) -> Result<Self> {
        let failed = |error| anyhow!("{}: cannot be read, to be compared: {}", Shown(output), plain(&error));
        let file = match fs::metadata(output) {
            Ok(metadata) if metadata.is_file() => File::open(output).map_err(failed)?,
            Ok(_) => bail!("{}: it is no regular file, which could be compared; give OUTPUT a file", Shown(output)),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self { bytes: Vec::new() }),
            Err(error) => return Err(failed(error)),
        };
        let mut bytes = Vec::new();
        file.take(SMALL + 1).read_to_end(&mut bytes).map_err(failed)?;
        if let Some(foreign) = foreign(&bytes) {
            bail!("{}: it holds {foreign}, which would be lost; give OUTPUT a file of its own", Shown(output));
        }
        Ok(Self { bytes })
    }

    /// Whether it holds the same as this text, whenever and by whom it was made. Of a TACK certificate all but the
    /// extension differs each time.
    pub fn is_same(&self, text: &str) -> bool {
        let same = |(one, other): (&Object, &Object)| match (one, other) {
            (Object::Certificate(one), Object::Certificate(other)) => one.extension() == other.extension(),
            _ => one == other,
        };
        let objects = |bytes| Object::all_from_bytes(bytes).collect::<Result<Vec<_>, _>>();
        match (objects(text.as_bytes()), objects(&self.bytes)) {
            (Ok(wanted), Ok(found)) => wanted.len() == found.len() && wanted.iter().zip(&found).all(same),
            _ => false,
        }
    }
}

/// What a file holds that is worth keeping and that `deploy` never writes. A placeholder is not, nor a damaged block of its
/// own.
fn foreign(bytes: &[u8]) -> Option<String> {
    if u64::try_from(bytes.len()).is_ok_and(|length| length > SMALL) {
        return Some(format!("more than {SMALL} bytes"));
    }
    let Ok(text) = str::from_utf8(bytes) else { return Some("binary data".to_owned()) };
    // Each block by itself, for a damaged one hides those after it.
    text.split(BEGIN).skip(1).find_map(|rest| {
        let label = rest.lines().next().and_then(|line| line.split("-----").next()).unwrap_or_default();
        let block = format!("{BEGIN}{rest}");
        let object = match pem::blocks(block.as_bytes()).next() {
            Some(Ok(block)) => Object::from_block(&block).ok(),
            _ => None,
        };
        let is_own = match (label, object) {
            (Tack::LABEL | TackExtension::LABEL, _) => true,
            (Certificate::LABEL, Some(Some(Object::Certificate(certificate)))) => certificate.extension().is_some(),
            (label, object) => ServerInfo::is_label(label) && object != Some(None),
        };
        (!is_own).then(|| format!("a {} block", label.chars().take(MAX_LABEL).collect::<String>().escape_debug()))
    })
}
