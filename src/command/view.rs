//! `tack view`: any file of ours, or a certificate, in words or JSON.

use std::io::{self, BufWriter, StdoutLock, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Map, Value, json};
use tack::break_sig::BreakSig;
use tack::extension::TackExtension;
use tack::object::Object;
use tack::tack::Tack;
use tack::time::seconds_to_string;

use crate::Exit;
use crate::cli::View;
use crate::io::{Inputs, LARGE, Shown, stdout, stdout_failed};
use crate::message::{is_past, refused, warn_expired};
use crate::words::{self, Words};

pub fn run(args: &View, now: i64) -> Result<ExitCode> {
    let mut viewer = Viewer { args, now, out: BufWriter::new(stdout()?), last: Last::Nothing, all_good: true };
    viewer.files().map_err(stdout_failed)?;
    Ok(if viewer.all_good { Exit::Good } else { Exit::Bad }.into())
}

struct Viewer<'a> {
    args: &'a View,
    now: i64,
    out: BufWriter<StdoutLock<'static>>,
    last: Last,
    all_good: bool,
}

/// What was printed last, which decides what separates the next object from it.
#[derive(PartialEq, Eq)]
enum Last {
    Nothing,
    FileName,
    BreakSig,
    Object,
}

impl Viewer<'_> {
    fn files(&mut self) -> io::Result<()> {
        let mut inputs = Inputs::default();
        if self.args.json {
            write!(self.out, "[")?;
        }
        for path in &self.args.files {
            match inputs.read(path, LARGE) {
                Ok(bytes) => self.file(path, &bytes)?,
                Err(error) => self.bad(path, &error)?,
            }
        }
        if self.args.json {
            writeln!(self.out, "\n]")?;
        }
        self.out.flush()
    }

    fn file(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if !self.args.json && self.args.files.len() > 1 {
            let blank = if self.last == Last::Nothing { "" } else { "\n" };
            writeln!(self.out, "{blank}{}:", Shown(path))?;
            self.last = Last::FileName;
        }
        for object in Object::all_from_bytes(bytes) {
            match object {
                Ok(object) => self.object(path, &object)?,
                Err(error) => self.bad(path, &refused(path, &error))?,
            }
        }
        Ok(())
    }

    fn object(&mut self, path: &Path, object: &Object) -> io::Result<()> {
        let verified = object.verify();
        if self.args.json {
            self.element(path, json_object(object, self.now))?;
        } else if verified.is_ok() {
            let is_break_sig = matches!(object, Object::BreakSig(_));
            let blank = self.last == Last::Object || (self.last == Last::BreakSig && !is_break_sig);
            write!(self.out, "{}{}", if blank { "\n" } else { "" }, in_words(object))?;
            self.last = if is_break_sig { Last::BreakSig } else { Last::Object };
        }
        if let Err(error) = verified {
            self.before_message()?;
            eprintln!("tack: {}", refused(path, &error));
            self.all_good = false;
        } else if object.tacks().iter().any(|tack| is_past(tack.expiration(), self.now)) {
            self.before_message()?;
            object.tacks().iter().for_each(|tack| warn_expired(path, tack, self.now));
        }
        Ok(())
    }

    /// Something that cannot be shown, on standard error, and in a JSON document as well.
    fn bad(&mut self, path: &Path, error: &anyhow::Error) -> io::Result<()> {
        if self.args.json {
            self.element(path, Map::from_iter([("error".to_owned(), error.to_string().into())]))?;
        }
        self.before_message()?;
        eprintln!("tack: {error:#}");
        self.all_good = false;
        Ok(())
    }

    /// Lets a message on standard error stand after what it is about, but not within a line of a JSON document.
    fn before_message(&mut self) -> io::Result<()> {
        if self.args.json { Ok(()) } else { self.out.flush() }
    }

    fn element(&mut self, path: &Path, fields: Map<String, Value>) -> io::Result<()> {
        let comma = if self.last == Last::Nothing { "" } else { "," };
        let mut element = Map::from_iter([("file".to_owned(), path.to_string_lossy().into())]);
        element.extend(fields);
        write!(self.out, "{comma}\n{}", Value::Object(element))?;
        self.last = Last::Object;
        Ok(())
    }
}

fn in_words(object: &Object) -> String {
    match object {
        Object::KeyFile(file) => words::key_file(file),
        Object::Tack(tack) => Words::Tackpy097.tack(tack),
        Object::BreakSig(sig) => words::break_sig(sig),
        Object::Extension(extension) => words::extension(extension),
        Object::ServerInfo(info) => words::server_info(info),
        Object::Certificate(certificate) => Words::certificate(certificate),
        _ => String::new(),
    }
}

fn json_object(object: &Object, now: i64) -> Map<String, Value> {
    let value = match object {
        Object::KeyFile(file) => json!({
            "type": "key file",
            "key_fingerprint": file.public_key().fingerprint().as_str(),
            "public_key": hex(&file.public_key().to_bytes()),
            "iterations": file.iterations(),
        }),
        Object::Tack(tack) => json_tack(tack, now),
        Object::BreakSig(sig) => json_break_sig(sig),
        Object::Extension(extension) => json_extension(extension, now),
        Object::ServerInfo(info) => json!({
            "type": "serverinfo",
            "context": info.context(),
            "extension": json_extension(info.extension(), now),
        }),
        Object::Certificate(certificate) => json!({
            "type": "certificate",
            "target_hash": certificate.target_hash().to_string(),
            "not_after": seconds_to_string(certificate.not_after()),
            "extension": certificate.extension().map(|extension| json_extension(extension, now)),
        }),
        _ => Value::Null,
    };
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn json_tack(tack: &Tack, now: i64) -> Value {
    json!({
        "type": "tack",
        "key_fingerprint": tack.public_key().fingerprint().as_str(),
        "public_key": hex(&tack.public_key().to_bytes()),
        "min_generation": tack.min_generation(),
        "generation": tack.generation(),
        "expiration": tack.expiration().to_string(),
        "expired": is_past(tack.expiration(), now),
        "target_hash": tack.target_hash().to_string(),
        "signature": hex(&tack.signature()),
        "signature_valid": tack.verify().is_ok(),
    })
}

fn json_break_sig(sig: &BreakSig) -> Value {
    json!({
        "type": "break signature",
        "key_fingerprint": sig.public_key().fingerprint().as_str(),
        "public_key": hex(&sig.public_key().to_bytes()),
        "signature": hex(&sig.signature()),
        "signature_valid": sig.verify().is_ok(),
    })
}

fn json_extension(extension: &TackExtension, now: i64) -> Value {
    let tacks: Vec<_> = extension.tacks().iter().map(|tack| json_tack(tack, now)).collect();
    match extension {
        TackExtension::Draft00(draft) => json!({
            "type": "extension",
            "draft": "00",
            "tacks": tacks,
            "break_signatures": extension.break_sigs().iter().map(json_break_sig).collect::<Vec<_>>(),
            "pin_activation": draft.pin_activation(),
        }),
        TackExtension::Draft02(draft) => json!({
            "type": "extension",
            "draft": "02",
            "tacks": tacks,
            "activation_flags": draft.activation_flags(),
        }),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
