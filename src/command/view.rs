//! `tack view`: any file of ours, or a certificate, in words or JSON.

use std::io::{self, BufWriter, StdoutLock, Write};
use std::mem;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Map, Value, json};
use tack_core::{BreakSig, Error, Object, Tack, TackExtension};

use crate::cli::View;
use crate::display::{Shown, hex};
use crate::exit::Exit;
use crate::input::Inputs;
use crate::json;
use crate::message::{is_past, refused, say, warn_expired};
use crate::names::{alternatives, name};
use crate::objects::{self, Unreadable};
use crate::output::{stdout_failed, stdout_to_show};
use crate::words::{self, Words};

/// The most messages about a file: no file fills a log or a mailbox.
const MAX_MESSAGES: usize = 10;

pub fn run(args: &View, now: i64) -> Result<ExitCode> {
    let out = BufWriter::new(stdout_to_show()?);
    let mut viewer = Viewer { args, now, out, last: Last::Nothing, messages: 0, all_good: true };
    viewer.files().map_err(stdout_failed)?;
    Ok(if viewer.all_good { Exit::Good } else { Exit::Bad }.into())
}

struct Viewer<'a> {
    args: &'a View,
    now: i64,
    out: BufWriter<StdoutLock<'static>>,
    last: Last,
    /// How many there are about this file.
    messages: usize,
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
            self.file(path, &mut inputs)?;
        }
        if self.args.json {
            writeln!(self.out, "\n]")?;
        }
        self.out.flush()
    }

    fn file(&mut self, path: &Path, inputs: &mut Inputs) -> io::Result<()> {
        let mut needs_name = !self.args.json && self.args.files.len() > 1;
        let (is_json, now, with_names) = (self.args.json, self.now, self.args.common.verbose > 0);
        let look = |object: Object| {
            let verified = object.verify();
            let is_valid = verified.is_ok();
            let shown = match (is_json, is_valid) {
                (true, _) => element(path, json_object(&object, is_valid, now)),
                (false, true) => in_words(&object, with_names),
                (false, false) => String::new(),
            };
            (object, verified, shown)
        };
        objects::each(
            path,
            inputs,
            |_| (),
            look,
            |seen| {
                if !matches!(seen, Err(Unreadable::File(_))) && mem::take(&mut needs_name) {
                    self.name(path)?;
                }
                match seen {
                    Ok((object, verified, shown)) => self.object(path, &object, verified, &shown),
                    Err(unreadable) => self.bad(path, unreadable),
                }
            },
        )?;
        self.count_messages(path)
    }

    /// Says which file the next objects are of.
    fn name(&mut self, path: &Path) -> io::Result<()> {
        let blank = if self.last == Last::Nothing { "" } else { "\n" };
        writeln!(self.out, "{blank}{}:", Shown(path))?;
        self.last = Last::FileName;
        Ok(())
    }

    fn object(&mut self, path: &Path, object: &Object, verified: Result<(), Error>, shown: &str) -> io::Result<()> {
        if self.args.json {
            self.write_element(shown)?;
        } else if verified.is_ok() {
            let is_break_sig = matches!(object, Object::BreakSig(_));
            let blank = self.last == Last::Object || (self.last == Last::BreakSig && !is_break_sig);
            write!(self.out, "{}{shown}", if blank { "\n" } else { "" })?;
            self.last = if is_break_sig { Last::BreakSig } else { Last::Object };
        }
        if let Err(error) = verified {
            if self.may_say()? {
                say(format_args!("tack: {}", refused(path, &error)));
            }
            self.all_good = false;
        } else if object.tacks().iter().any(|tack| is_past(tack.expiration(), self.now)) && self.may_say()? {
            object.tacks().iter().for_each(|tack| warn_expired(path, tack, self.now));
        }
        Ok(())
    }

    /// Something that cannot be shown, on standard error, and in a JSON document as well.
    fn bad(&mut self, path: &Path, unreadable: Unreadable) -> io::Result<()> {
        self.all_good = false;
        let may_say = self.may_say()?;
        // To make millions of messages that nobody sees would take long.
        if !may_say && !self.args.json {
            return Ok(());
        }
        let error = unreadable.message(path);
        if self.args.json {
            self.write_element(&element(path, Map::from_iter([("error".to_owned(), error.to_string().into())])))?;
        }
        if may_say {
            say(format_args!("tack: {error:#}"));
        }
        Ok(())
    }

    /// Counts a message, and says whether it is one of the first about the file. Lets it stand after what it is about on
    /// standard output, but not within a line of a JSON document.
    fn may_say(&mut self) -> io::Result<bool> {
        self.messages += 1;
        if !self.args.json && self.messages <= MAX_MESSAGES {
            self.out.flush()?;
        }
        Ok(self.messages <= MAX_MESSAGES)
    }

    /// Says how many messages about the file are left out.
    fn count_messages(&mut self, path: &Path) -> io::Result<()> {
        if let more @ 1.. = mem::take(&mut self.messages).saturating_sub(MAX_MESSAGES) {
            if !self.args.json {
                self.out.flush()?;
            }
            say(format_args!("tack: {}: {more} more messages are left out; --json tells of each object", Shown(path)));
        }
        Ok(())
    }

    fn write_element(&mut self, element: &str) -> io::Result<()> {
        let comma = if self.last == Last::Nothing { "" } else { "," };
        write!(self.out, "{comma}\n{element}")?;
        self.last = Last::Object;
        Ok(())
    }
}

/// An element of the JSON document.
fn element(path: &Path, fields: Map<String, Value>) -> String {
    let mut element = Map::from_iter([("file".to_owned(), path.to_string_lossy().into())]);
    element.extend(fields);
    json::line(&element)
}

fn in_words(object: &Object, with_names: bool) -> String {
    match object {
        Object::KeyFile(file) => words::key_file(file),
        Object::Tack(tack) => Words::Tackpy097.tack(tack),
        Object::BreakSig(sig) => words::break_sig(sig),
        Object::Extension(extension) => words::extension(extension),
        Object::ServerInfo(info) => words::server_info(info),
        Object::Certificate(certificate) => Words::certificate(certificate, with_names),
        _ => String::new(),
    }
}

/// The fields of an object, all of whose signatures are valid, or some are not.
fn json_object(object: &Object, is_valid: bool, now: i64) -> Map<String, Value> {
    let value = match object {
        Object::KeyFile(file) => json!({
            "type": "key file",
            "key_fingerprint": file.public_key().fingerprint().as_str(),
            "public_key": hex(&file.public_key().to_bytes()),
            "iterations": file.iterations(),
        }),
        Object::Tack(tack) => json_tack(tack, is_valid, now),
        Object::BreakSig(sig) => json_break_sig(sig, is_valid),
        Object::Extension(extension) => json_extension(extension, is_valid, now),
        Object::ServerInfo(info) => json!({
            "type": "serverinfo",
            "context": info.context(),
            "extension": json_extension(info.extension(), is_valid, now),
        }),
        Object::Certificate(certificate) => json!({
            "type": "certificate",
            "target_hash": certificate.target_hash().to_string(),
            "not_after": certificate.not_after().to_string(),
            "subject": name(certificate.subject_der()),
            "names": certificate.subject_alt_name_der().map(alternatives).unwrap_or_default(),
            "issuer": name(certificate.issuer_der()),
            "extension": certificate.extension().map(|extension| json_extension(extension, is_valid, now)),
        }),
        _ => Value::Null,
    };
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn json_tack(tack: &Tack, is_valid: bool, now: i64) -> Value {
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
        "signature_valid": is_valid || tack.verify().is_ok(),
    })
}

fn json_break_sig(sig: &BreakSig, is_valid: bool) -> Value {
    json!({
        "type": "break signature",
        "key_fingerprint": sig.public_key().fingerprint().as_str(),
        "public_key": hex(&sig.public_key().to_bytes()),
        "signature": hex(&sig.signature()),
        "signature_valid": is_valid || sig.verify().is_ok(),
    })
}

fn json_extension(extension: &TackExtension, is_valid: bool, now: i64) -> Value {
    let tacks: Vec<_> = extension.tacks().iter().map(|tack| json_tack(tack, is_valid, now)).collect();
    match extension {
        TackExtension::Draft00(draft) => json!({
            "type": "extension",
            "draft": "00",
            "tacks": tacks,
            "break_signatures": extension.break_sigs().iter().map(|sig| json_break_sig(sig, is_valid)).collect::<Vec<_>>(),
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
