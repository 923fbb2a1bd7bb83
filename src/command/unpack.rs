//! `tack unpack`: the tacks and break signatures out of an extension, a serverinfo file or a TACK certificate.

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use tack_core::{Error, Object};

use crate::cli::Unpack;
use crate::display::Shown;
use crate::exit::Exit;
use crate::input::{Inputs, SMALL};
use crate::message::{Usage, refused, say_text};
use crate::output::Output;
use crate::parts;
use crate::words::{self, Words};

pub fn run(args: &Unpack) -> Result<ExitCode> {
    let path = args.file.as_ref().or(args.extension.as_ref()).ok_or_else(|| Usage("a file is missing".to_owned()))?;
    let mut inputs = Inputs::default();
    let bytes = inputs.read(path, SMALL)?;
    let output = Output::new(args.output.as_deref(), &inputs)?;
    let mut text = String::new();
    let mut said = String::new();
    for object in Object::all_from_bytes(&bytes) {
        let object = match object {
            Err(Error::Label { .. }) => break,
            object => object.map_err(|error| refused(path, &error))?,
        };
        if let Some(extension) = object.extension() {
            extension.verify().map_err(|error| refused(path, &error))?;
            text += &parts::to_pem(extension);
            said += &(words::crypto(Words::of(extension)) + &words::extension(extension));
        }
    }
    if said.is_empty() {
        return Err(anyhow!(
            "{}: there is no TackExtension in it; give an extension, a serverinfo file or a TACK certificate",
            Shown(path)
        ));
    }
    if text.is_empty() {
        return Err(anyhow!("{}: its TackExtension holds neither a tack nor a break signature", Shown(path)));
    }
    output.write(text.as_bytes())?;
    if args.common.verbose > 0 {
        say_text(&said);
    }
    Ok(Exit::Good.into())
}
