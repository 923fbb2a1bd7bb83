//! What OUTPUT of `deploy` holds. A file that holds anything else than `deploy` writes is left alone.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use tack_core::{Certificate, Error, Object, ServerInfo, Tack, TackExtension, Timestamp, Verified, pem};

use crate::created::Created;
use crate::display::{Shown, plain};
use crate::input::SMALL;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
/// The lines that tackpy and we put before a block begin so.
const PROVENANCE: [&str; 2] = ["Created by ", "Created at "];
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
        match fs::metadata(output) {
            Ok(metadata) if metadata.is_file() => Self::look(output, &File::open(output).map_err(failed)?),
            Ok(_) => bail!("{}: it is no regular file, which could be compared; give OUTPUT a file", Shown(output)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self { bytes: Vec::new() }),
            Err(error) => Err(failed(error)),
        }
    }

    /// Looks into the open file, which may have taken OUTPUT's name since it was read.
    pub fn look(output: &Path, file: &File) -> Result<Self> {
        let failed = |error| anyhow!("{}: cannot be read, to be compared: {}", Shown(output), plain(&error));
        let mut bytes = Vec::new();
        file.take(SMALL + 1).read_to_end(&mut bytes).map_err(failed)?;
        if let Some(foreign) = foreign(&bytes) {
            bail!("{}: it holds {foreign}, which would be lost; give OUTPUT a file of its own", Shown(output));
        }
        Ok(Self { bytes })
    }

    /// When it was made, if it says so: a TACK certificate does not.
    pub fn created_at(&self) -> Option<Timestamp> {
        Created::of(&self.bytes)
    }

    /// The objects in it, in the place of one what is wrong with it.
    pub fn objects(&self) -> Vec<Result<Object, Error>> {
        if self.bytes.trim_ascii().is_empty() { Vec::new() } else { Object::all_from_bytes(&self.bytes).collect() }
    }

    /// Its tacks whose signatures hold, and which of them are active.
    pub fn tacks(&self) -> Vec<(Verified<Tack>, bool)> {
        let objects = self.objects().into_iter().flatten();
        let tacks = objects.flat_map(|object| {
            let is_active = |index| object.extension().is_some_and(|extension| extension.is_active(index));
            let tacks = object.tacks().iter().enumerate();
            tacks.map(|(index, tack)| (tack.clone(), is_active(index))).collect::<Vec<_>>()
        });
        tacks.filter_map(|(tack, is_active)| Some((tack.into_verified().ok()?, is_active))).collect()
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

/// What a file holds that `deploy` never writes, and that would be lost. Nothing is, and a block of its own that is damaged.
fn foreign(bytes: &[u8]) -> Option<String> {
    if u64::try_from(bytes.len()).is_ok_and(|length| length > SMALL) {
        return Some(format!("more than {SMALL} bytes"));
    }
    let Ok(text) = str::from_utf8(bytes) else { return Some("binary data".to_owned()) };
    let (before, blocks) = text.split_once(BEGIN).map_or((text, None), |(before, blocks)| (before, Some(blocks)));
    // Each block by itself, for a damaged one hides those after it.
    let mut blocks = blocks.into_iter().flat_map(|blocks| blocks.split(BEGIN));
    let foreign = blocks.clone().find_map(foreign_block);
    let is_other = !is_provenance(before) || blocks.any(|block| !is_provenance(after(block)));
    foreign.or_else(|| is_other.then(|| "other text".to_owned()))
}

/// The label of a block that `deploy` never writes. The text is what follows the word BEGIN.
fn foreign_block(text: &str) -> Option<String> {
    let line = text.lines().next().unwrap_or_default();
    let label = line.split(DASHES).next().unwrap_or_default().trim_end_matches('-');
    let block = format!("{BEGIN}{text}");
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
}

/// What follows a block. Where its END line is missing, that is what follows the base64.
fn after(block: &str) -> &str {
    if let Some((_, end)) = block.split_once(END) {
        return end.split_once(DASHES).map_or("", |(_, after)| after);
    }
    let (_, body) = block.split_once('\n').unwrap_or_default();
    let is_base64 = |line: &str| line.chars().all(|c| c.is_ascii_alphanumeric() || "+/=-".contains(c));
    let length: usize = body.split_inclusive('\n').take_while(|line| is_base64(line.trim())).map(str::len).sum();
    body.get(length..).unwrap_or_default()
}

/// Whether a text is nothing but the lines that go before a block, and blanks.
fn is_provenance(text: &str) -> bool {
    let is_own = |line: &str| line.is_empty() || PROVENANCE.iter().any(|words| line.starts_with(words));
    text.lines().all(|line| is_own(line.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TACK: &str = include_str!("../tests/cli/fixtures/TACK.pem");
    const SERVERINFO: &str = include_str!("../tests/cli/fixtures/SERVERINFO.pem");
    const EXTENSION: &str = include_str!("../tests/cli/fixtures/EXTENSION.pem");
    const TACK_CERTIFICATE: &str = include_str!("../tests/cli/fixtures/TACK_CERT.pem");

    fn held(text: &str) -> Option<String> {
        foreign(text.as_bytes())
    }

    #[test]
    fn its_own_may_be_replaced_whole_or_damaged() {
        for own in [TACK, SERVERINFO, EXTENSION, TACK_CERTIFICATE] {
            assert_eq!(held(own), None);
            assert_eq!(held(&own.repeat(2)), None);
            assert_eq!(held(&own.replace('\n', "\r\n")), None);
        }
        for nothing in ["", "\n", " \r\n\n"] {
            assert_eq!(held(nothing), None);
        }
        // Cut off anywhere after the label.
        for own in [TACK, SERVERINFO, EXTENSION] {
            let label = own.find("-----\n").unwrap();
            for end in label..own.len() {
                assert_eq!(held(&own[..end]), None, "{}", &own[..end]);
            }
        }
        // The base64 changed, the lengths wrong, two cut ones.
        let begin = "-----BEGIN TACK-----\n";
        for damaged in
            [format!("{begin}*-----END TACK-----\n"), format!("{begin}AAAA\n-----END X-----\n"), begin.repeat(2)]
        {
            assert_eq!(held(&damaged), None, "{damaged}");
        }
    }

    #[test]
    fn all_else_is_kept() {
        let begin = "-----BEGIN TACK-----\n";
        let configuration = "server {\n    listen 443 ssl;\n}\n";
        for text in [
            "x".to_owned(),
            configuration.to_owned(),
            "# Created by hand\n".to_owned(),
            format!("{configuration}{TACK}"),
            format!("{TACK}{configuration}"),
            format!("{TACK}{configuration}{TACK}"),
            format!("{begin}AAAA\n{configuration}"),
            format!("{TACK}# mine\n"),
        ] {
            assert_eq!(held(&text).as_deref(), Some("other text"), "{text}");
        }
        for (text, what) in [
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "a CERTIFICATE block"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", "a CERTIFICATE block"),
            ("-----BEGIN TACK PRIVATE KEY-----\n", "a TACK PRIVATE KEY block"),
            ("-----BEGIN TACKS-----\n", "a TACKS block"),
            ("-----BEGIN \u{7}-----\n", "a \\u{7} block"),
        ] {
            assert_eq!(held(text).as_deref(), Some(what));
            assert_eq!(held(&format!("{begin}{text}")).as_deref(), Some(what), "behind a damaged block");
            assert_eq!(held(&format!("{configuration}{text}")).as_deref(), Some(what), "a block says more than text");
        }
        assert_eq!(foreign(b"\xff").as_deref(), Some("binary data"));
        assert_eq!(foreign(&vec![b'\n'; 1 << 20]), None);
        assert_eq!(foreign(&vec![b'\n'; (1 << 20) + 1]).as_deref(), Some("more than 1048576 bytes"));
    }
}
