//! `tack cert`: a TACK certificate of draft-00 from a tack, and the tacks and break signatures out of one.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use getrandom::SysRng;
use tack_core::{Certificate, Draft00, Error, Object, Tack, TackCertificate, TackExtension, pem};

use crate::cli::Cert;
use crate::display::Shown;
use crate::exit::Exit;
use crate::input::{Inputs, SMALL};
use crate::message::{refused, say_text, warn_expired};
use crate::output::Output;
use crate::parts;
use crate::words::{self, Words};

pub fn run(args: &Cert, now: i64) -> Result<ExitCode> {
    let mut inputs = Inputs::default();
    let input = read_input(&args.input, &mut inputs)?;
    let break_sigs =
        args.break_signatures.as_deref().map(|path| parts::read_break_sigs(path, &mut inputs)).transpose()?;
    let output = Output::new(args.output.as_deref(), &inputs)?;
    let (text, said) = match input {
        Input::Tack(tack) => {
            warn_expired(&args.input, &tack, now);
            let extension = Draft00::new(Some(tack), break_sigs.unwrap_or_default(), false);
            let extension = extension.map_err(|error| {
                let path = args.break_signatures.as_deref().unwrap_or(&args.input);
                anyhow!("{}: {error}; leave some out", Shown(path))
            });
            let extension = TackExtension::Draft00(extension?);
            (TackCertificate::new(&extension, &mut SysRng)?.to_pem(), words::extension(&extension))
        }
        Input::Certificate(certificate) => {
            if let Some(path) = &args.break_signatures {
                bail!(
                    "{}: break signatures go with a tack, and {} is a certificate; leave out -b",
                    Shown(path),
                    Shown(&args.input)
                );
            }
            let extension = certificate.extension();
            let extension = extension
                .ok_or_else(|| anyhow!("{}: not a TACK certificate; give one, or a tack", Shown(&args.input)))?;
            (parts::to_pem(extension), Words::certificate(&certificate, false))
        }
    };
    output.write(text.as_bytes())?;
    if args.common.verbose > 0 {
        say_text(&said);
    }
    Ok(Exit::Good.into())
}

enum Input {
    Tack(Tack),
    Certificate(Certificate),
}

/// The first tack of a file, or else its first certificate, as tackpy has it.
fn read_input(path: &Path, inputs: &mut Inputs) -> Result<Input> {
    let bytes = inputs.read(path, SMALL)?;
    let other = || {
        let blocks: Vec<_> = pem::blocks(&bytes).filter_map(Result::ok).collect();
        refused(path, &pem::no_label("TACK or CERTIFICATE", blocks.iter().map(pem::Block::label)))
    };
    let mut certificate = None;
    let objects = Object::all_from_bytes(&bytes).collect::<Result<Vec<_>, _>>();
    let objects =
        objects.map_err(|error| if matches!(error, Error::Label { .. }) { other() } else { refused(path, &error) })?;
    for object in objects {
        object.verify().map_err(|error| refused(path, &error))?;
        match object {
            Object::Tack(tack) => return Ok(Input::Tack(tack)),
            Object::Certificate(found) => certificate = certificate.or(Some(found)),
            _ => {}
        }
    }
    certificate.map(Input::Certificate).ok_or_else(other)
}
