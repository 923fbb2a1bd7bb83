//! `tack verify`: files judged as a client would, as a monitoring plugin.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};
use tack_core::Timestamp;
use tack_pin::{Mode, Policy};

use crate::cli::Verify;
use crate::input::Inputs;
use crate::judged::{Judge, Seen};
use crate::monitor::State;
use crate::output::{stdout_failed, stdout_to_show};
use crate::pins::{KIND, Pins};
use crate::report::{HostReport, Problem, Report};
use crate::sent::Sent;
use crate::store::Access;

pub fn run(args: &Verify, now: i64) -> Result<ExitCode> {
    let now = Timestamp::new(now);
    let now = args.at.map_or(Ok(now), |at| at.resolve(now)).context("--at")?;
    let host = match Sent::read(args, &mut Inputs::default()) {
        Ok(sent) => judge(args, &sent, now)?,
        Err(error) => {
            let mut host = HostReport::new(now);
            host.name = args.name.as_ref().map(ToString::to_string);
            host.problems.push(Problem::new(State::Unknown, "file", format!("{error:#}")));
            host
        }
    };
    let mut out = stdout_to_show()?;
    if args.json {
        let report = Report { hosts: vec![host] };
        report.write_json(&mut out).and_then(|()| out.flush()).map_err(stdout_failed)?;
        return Ok(report.state().into());
    }
    out.write_all(host.text(args.warn).as_bytes()).and_then(|()| out.flush()).map_err(stdout_failed)?;
    Ok(host.state().into())
}

fn judge(args: &Verify, sent: &Sent, now: Timestamp) -> Result<HostReport> {
    // Pins are made by the clock, and not by one that is imagined.
    let is_read_only = args.read_only || args.at.is_some();
    let access = if is_read_only { Access::Read } else { Access::Create };
    let path = args.name.as_ref().and_then(|_| KIND.path(args.pins.as_deref()));
    let pins = path.map(|path| Pins::open(&path, access));
    let mode = match (is_read_only, args.no_activate) {
        (true, _) => Mode::ReadOnly,
        (false, true) => Mode::NoActivation,
        (false, false) => Mode::Activate,
    };
    let policy = Policy::default().require(args.require.iter().copied()).mode(mode);
    let presented = sent.presented();
    let seen = Seen {
        presented: &presented,
        received: sent.extension(),
        certificate: sent.certificate.as_ref(),
        name: args.name.as_ref(),
    };
    Ok(Judge::new(pins.as_ref(), &policy, args.warn, now)?.judge(&seen))
}
