//! `tack check`: what hosts serve, judged as a client would, as a monitoring plugin.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use tack_core::{Span, Timestamp};
use tack_openssl::{Connector, Versions};
use tack_pin::{Mode, Policy};

use crate::cli::{Check, TlsVersion};
use crate::display::plain;
use crate::hosts::{BadLine, Hosts};
use crate::input::Inputs;
use crate::jobs;
use crate::json;
use crate::judged::Judge;
use crate::message::say;
use crate::monitor::{State, without_bars};
use crate::output::{stdout_failed, stdout_to_show};
use crate::pins::{KIND, Pins};
use crate::probe::Prober;
use crate::progress::Progress;
use crate::report::{HostReport, Report};
use crate::runtime;
use crate::spool::Spool;
use crate::store::Access;
use crate::summary::Summary;
use crate::trust;

pub fn run(args: &Check, now: i64) -> Result<ExitCode> {
    let now = Timestamp::new(now);
    let mut inputs = Inputs::default();
    let hosts = Hosts::read(&args.names, args.hosts.as_deref(), &mut inputs)?;
    let connector = connector(args, &mut inputs)?;
    let access = if args.read_only { Access::Read } else { Access::Create };
    let pins = KIND.path(args.pins.as_deref()).map(|path| Pins::open(&path, access));
    let policy = Policy::default().require(args.require.iter().copied());
    let enforcing = policy.clone().mode(match (args.read_only, args.no_activate) {
        (true, _) => Mode::ReadOnly,
        (false, true) => Mode::NoActivation,
        (false, false) => Mode::Activate,
    });
    let looking_on = policy.mode(Mode::ReadOnly);
    let prober = Prober {
        connector,
        judge: Judge::new(pins.as_ref(), &enforcing, args.warn, now)?,
        onlooker: Judge::new(pins.as_ref(), &looking_on, args.warn, now)?,
        starttls: args.starttls,
        routes: &args.connect,
        all: args.all,
        timeout: args.timeout,
        now,
    };

    runtime::raise_file_limit();
    let number = hosts.number();
    let mut checked = Checked::new(number, args.json);
    let mut progress = Progress::new(number.try_into()?, "hosts", number > 1 && io::stderr().is_terminal());
    jobs::each(
        args.jobs,
        hosts.iter().take(number),
        |host| host.map(|host| prober.probe(&host)),
        |place, reports| {
            progress.advance();
            checked.add(place, reports)
        },
    )?;
    drop(progress);
    let state = checked.summary.state();
    let mut out = BufWriter::new(stdout_to_show()?);
    checked.write(&mut out, args.warn).and_then(|()| out.flush()).map_err(stdout_failed)?;
    Ok(state.into())
}

fn connector(args: &Check, inputs: &mut Inputs) -> Result<Connector> {
    let trust = trust::trust(args.ca_file.as_deref(), args.insecure, inputs)?;
    let versions = match args.tls {
        None => Versions::Any,
        Some(TlsVersion::V12) => Versions::Tls12,
        Some(TlsVersion::V13) => Versions::Tls13,
    };
    let connector = Connector::builder().trust(trust).versions(versions).build();
    connector.map_err(|error| trust::refused(args.ca_file.as_deref(), &error))
}

/// What was found, which waits until all is known: the first line tells of all.
struct Checked {
    is_json: bool,
    summary: Summary,
    spool: Spool,
    /// The server, if there is but one.
    only: Option<HostReport>,
    /// How many hosts there are.
    number: usize,
}

impl Checked {
    fn new(number: usize, is_json: bool) -> Self {
        Self { is_json, summary: Summary::default(), spool: Spool::new(number), only: None, number }
    }

    /// Takes up what was found of the host in this place.
    fn add(&mut self, place: usize, found: Result<Vec<HostReport>, BadLine>) -> Result<()> {
        let text = match found {
            Ok(mut reports) => {
                self.summary.add(place, &reports);
                if self.number == 1 && reports.len() == 1 {
                    self.only = reports.pop();
                    return Ok(());
                }
                let texts: Result<Vec<_>> = reports.iter().map(|report| self.text(report)).collect();
                texts?.join(if self.is_json { ",\n" } else { "" })
            }
            Err(error) => {
                let message = error.to_string();
                self.summary.add_unknown(place, message.clone());
                if self.is_json {
                    // The document has hosts alone.
                    say(format_args!("tack: {message}"));
                    return Ok(());
                }
                without_bars(&format!("{} {message}\n", State::Unknown.word()))
            }
        };
        let kept = self.spool.put(place, &text);
        kept.map_err(|error| anyhow!("a temporary file cannot be written: {}; make room, or set TMPDIR", plain(&error)))
    }

    fn text(&self, report: &HostReport) -> Result<String> {
        if self.is_json {
            let mut document = Vec::new();
            json::write_pretty(&mut document, report)?;
            let document = String::from_utf8(document)?;
            return Ok(document.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n"));
        }
        Ok(without_bars(&format!("{} {}: {}\n", report.state().word(), report.place(), report.summary())))
    }

    fn write(self, out: &mut impl Write, warn: Span) -> io::Result<()> {
        match self.only {
            Some(report) if self.is_json => Report { hosts: vec![report] }.write_json(out),
            Some(report) => out.write_all(report.text(warn).as_bytes()),
            None if self.is_json => write_json(self.summary.state(), self.spool, out),
            None => {
                out.write_all(self.summary.line(warn).as_bytes())?;
                self.spool.each(|line| out.write_all(line))
            }
        }
    }
}

/// Writes the document that [`Report`] would, from its hosts as they are spooled.
fn write_json(state: State, hosts: Spool, out: &mut impl Write) -> io::Result<()> {
    write!(out, "{{\n  \"state\": \"{}\",\n  \"hosts\": [", state.word())?;
    let mut separator = "\n";
    hosts.each(|host| {
        out.write_all(std::mem::replace(&mut separator, ",\n").as_bytes())?;
        out.write_all(host)
    })?;
    // An empty list is on one line.
    out.write_all(if separator == "\n" { b"]\n}\n" } else { b"\n  ]\n}\n" })
}
