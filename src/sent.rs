//! What a server sends, read from files. Nothing that a client would refuse is refused here.

use std::path::Path;

use anyhow::{Error, Result, anyhow};
use tack_core::{BreakSig, Certificate, Error as Refused, ErrorKind, ServerInfo, Tack, TackExtension, TargetHash};
use tack_core::{looks_like_der, pem};
use tack_pin::Presented;

use crate::cli::Verify;
use crate::display::Shown;
use crate::input::{Inputs, SMALL};
use crate::message::{Usage, refused};

/// Of the tacks that a TackExtension holds.
const MAX_TACKS: usize = 2;
const MAX_BREAK_SIGS: usize = 8;
/// Of a chain in a file.
const NO_CERTIFICATE: &str = "no certificate in it; give what the server sends";

/// What a server sends.
pub struct Sent {
    /// The server's certificate, if it is known.
    pub certificate: Option<Certificate>,
    target_hash: TargetHash,
    /// In DER, the certificates behind the server's own.
    others: Vec<Vec<u8>>,
    /// The TLS extensions, without type and length.
    extensions: Vec<Vec<u8>>,
}

impl Sent {
    /// Reads the files.
    pub fn read(args: &Verify, inputs: &mut Inputs) -> Result<Self> {
        let (certificate, target_hash, mut others) = match (&args.chain, args.target_hash) {
            (Some(path), _) => {
                let (certificate, others) = read_chain(path, inputs)?;
                let target_hash = certificate.target_hash();
                (Some(certificate), target_hash, others)
            }
            (None, Some(target_hash)) => (None, target_hash, Vec::new()),
            (None, None) => return Err(Usage("give -c or --target-hash".to_owned()).into()),
        };
        let mut found = Found::default();
        for path in &args.tacks {
            found.read(path, inputs)?;
        }
        let extensions = found.extensions(args.activation)?;
        others.extend(found.certificates);
        Ok(Self { certificate, target_hash, others, extensions })
    }

    /// As a client takes it.
    pub fn presented(&self) -> Presented {
        Presented::from_parts(self.target_hash, &self.others, &self.extensions)
    }

    /// The first TLS extension.
    pub fn extension(&self) -> Option<&[u8]> {
        self.extensions.first().map(Vec::as_slice)
    }
}

/// The server's certificate, and in DER those behind it.
fn read_chain(path: &Path, inputs: &mut Inputs) -> Result<(Certificate, Vec<Vec<u8>>)> {
    let bytes = inputs.read(path, SMALL)?;
    let chain = if looks_like_der(&bytes) { Ok(vec![bytes]) } else { pem::decode_all(&bytes, Certificate::LABEL) };
    let mut chain = chain.map_err(|error| refused(path, &error))?.into_iter();
    let server = chain.next().ok_or_else(|| anyhow!("{}: {NO_CERTIFICATE}", Shown(path)))?;
    let server = Certificate::from_der(&server).map_err(|error| refused(path, &error))?;
    Ok((server, chain.collect()))
}

/// What is in the files of `-t`, by the bytes: what of it is right is for the judgement to say.
#[derive(Default)]
struct Found<'a> {
    tacks: Vec<(&'a Path, Vec<u8>)>,
    break_sigs: Vec<(&'a Path, Vec<u8>)>,
    extensions: Vec<(&'a Path, Vec<u8>)>,
    /// The TACK certificates, in DER.
    certificates: Vec<Vec<u8>>,
    /// The first file with one of them.
    certificate_path: Option<&'a Path>,
}

impl<'a> Found<'a> {
    fn read(&mut self, path: &'a Path, inputs: &mut Inputs) -> Result<()> {
        let bytes = inputs.read(path, SMALL)?;
        let number = self.number();
        if looks_like_der(&bytes) {
            self.add_certificate(path, bytes).map_err(|error| refused(path, &error))?;
        } else {
            for block in pem::blocks(&bytes) {
                block.and_then(|block| self.add(path, &block)).map_err(|error| refused(path, &error))?;
            }
        }
        if self.number() == number {
            let path = Shown(path);
            return Err(anyhow!(
                "{path}: no tack in it; give tacks, a TackExtension, a serverinfo file or a TACK certificate"
            ));
        }
        Ok(())
    }

    fn add(&mut self, path: &'a Path, block: &pem::Block) -> Result<(), Refused> {
        match block.label() {
            Tack::LABEL => self.tacks.push((path, fixed(block.decode()?, Tack::LENGTH, "the tack")?)),
            BreakSig::LABEL => {
                let body = fixed(block.decode()?, BreakSig::LENGTH, "the break signature")?;
                self.break_sigs.push((path, body));
            }
            TackExtension::LABEL => {
                self.extensions.push((path, TackExtension::body_of_pem(&block.decode()?)?.to_vec()));
            }
            Certificate::LABEL => self.add_certificate(path, block.decode()?)?,
            label if ServerInfo::is_label(label) => {
                match ServerInfo::extension_of_block(label, &block.decode()?) {
                    // Another extension may stand beside.
                    Err(Refused::ExtensionType(_)) => {}
                    extension => self.extensions.push((path, extension?.to_vec())),
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A certificate that carries no TackExtension is passed over.
    fn add_certificate(&mut self, path: &'a Path, der: Vec<u8>) -> Result<(), Refused> {
        match Certificate::from_der(&der) {
            Ok(certificate) if certificate.extension().is_none() => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Certificate && error != Refused::TwoExtensions => {
                return Err(error);
            }
            _ => {}
        }
        self.certificates.push(der);
        self.certificate_path.get_or_insert(path);
        Ok(())
    }

    fn number(&self) -> usize {
        self.tacks.len() + self.break_sigs.len() + self.extensions.len() + self.certificates.len()
    }

    /// The TLS extensions: those in the files, and that of the tacks there.
    fn extensions(&mut self, activation: Option<u8>) -> Result<Vec<Vec<u8>>> {
        let made = self.extensions.first().map(|(path, _)| *path).or(self.certificate_path);
        if let (Some(path), Some(_)) = (made, activation) {
            return Err(anyhow!("{}: its TackExtension has flags of its own; leave out -a", Shown(path)));
        }
        let packed = self.packed(activation.unwrap_or(0))?;
        Ok(self.extensions.drain(..).map(|(_, extension)| extension).chain(packed).collect())
    }

    /// The tacks and break signatures as one TackExtension, in the form that `pack` chooses.
    fn packed(&self, flags: u8) -> Result<Option<Vec<u8>>> {
        let number = self.tacks.len();
        if number > MAX_TACKS {
            let error = Refused::TooManyTacks(number);
            return Err(self.unfit(&error, "give those that the server sends; \"tack status\" judges a batch"));
        }
        let tacks: Vec<u8> = self.tacks.iter().flat_map(|(_, tack)| tack).copied().collect();
        let Some((path, _)) = self.break_sigs.first() else {
            if number == 0 {
                return Ok(None);
            }
            self.check_flags(flags, number)?;
            return Ok(Some([&size(&tacks)?[..], &tacks, &[flags]].concat()));
        };
        if number > 1 {
            return Err(anyhow!(
                "{}: {number} tacks, and draft 00, which break signatures need, holds one; leave out the other",
                Shown(path)
            ));
        }
        if self.break_sigs.len() > MAX_BREAK_SIGS {
            return Err(self.unfit(&Refused::TooManyBreakSigs(self.break_sigs.len()), "leave some out"));
        }
        self.check_flags(flags, 1)?;
        let sigs: Vec<u8> = self.break_sigs.iter().flat_map(|(_, sig)| sig).copied().collect();
        let [_, tack_length] = size(&tacks)?;
        Ok(Some([&[tack_length][..], &tacks, &size(&sigs)?, &sigs, &[flags]].concat()))
    }

    fn check_flags(&self, flags: u8, tacks: usize) -> Result<()> {
        if flags > 1 && tacks < MAX_TACKS {
            let error = Refused::ActivationFlags { flags, tacks };
            return Err(self.unfit(&error, "give a lower -a, or the other tack as well"));
        }
        Ok(())
    }

    /// The error for what no TackExtension can hold.
    fn unfit(&self, error: &Refused, advice: &str) -> Error {
        let mut paths: Vec<_> =
            self.tacks.iter().chain(&self.break_sigs).map(|(path, _)| Shown(path).to_string()).collect();
        paths.dedup();
        anyhow!("{}: {error}; {advice}", paths.join(", "))
    }
}

/// A structure of this size.
fn fixed(body: Vec<u8>, expected: usize, what: &'static str) -> Result<Vec<u8>, Refused> {
    if body.len() == expected { Ok(body) } else { Err(Refused::Length { what, expected, got: body.len() }) }
}

/// The length of a field, in two bytes.
fn size(field: &[u8]) -> Result<[u8; 2]> {
    Ok(u16::try_from(field.len())?.to_be_bytes())
}
