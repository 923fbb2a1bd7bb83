//! What a client decides of a host, as `verify` and `check` say it.

use anyhow::Result;
use tack_core::{Certificate, Minute, Span, TimeError, Timestamp};
use tack_pin::{Alert, HostName, Judgement, Policy, Presented, judge};

use crate::message::unaccepted;
use crate::monitor::State;
use crate::pins::Pins;
use crate::report::{HostReport, Problem, ServerCertificate, left_until};

/// What is said where no TackExtension comes, or one of draft-00 without a tack.
const NO_TACK: &str = "the server has no tack; install one";

/// By what hosts are judged.
pub struct Judge<'a> {
    pins: Option<&'a Pins>,
    policy: &'a Policy,
    warn: Span,
    now: Timestamp,
    minute: Minute,
}

/// What is seen of a host.
pub struct Seen<'a> {
    pub presented: &'a Presented,
    /// The bytes of the TLS extension, as they came.
    pub received: Option<&'a [u8]>,
    /// The server's own certificate.
    pub certificate: Option<&'a Certificate>,
    /// The name, if it can be pinned.
    pub name: Option<&'a HostName>,
}

impl<'a> Judge<'a> {
    /// Warns of what ends in less than `warn`.
    pub fn new(pins: Option<&'a Pins>, policy: &'a Policy, warn: Span, now: Timestamp) -> Result<Self, TimeError> {
        Ok(Self { pins, policy, warn, now, minute: Minute::from_seconds_down(now.seconds())? })
    }

    /// Judges a host, and keeps its pins up to date.
    pub fn judge(&self, seen: &Seen<'_>) -> HostReport {
        let mut report = HostReport::new(self.now);
        report.name = seen.name.map(ToString::to_string);
        report.certificate = seen.certificate.map(ServerCertificate::from);
        report.carrier = seen.presented.carrier();
        report.extension = seen.received.map(<[u8]>::to_vec);
        if let Ok(Some(extension)) = seen.presented.extension() {
            report.extension = Some(extension.to_bytes());
            report.activation_flags = Some(extension.activation_flags());
        }
        match self.process(seen) {
            Ok(judgement) => add(&mut report, &judgement),
            Err(error) => {
                // What can be said without pins is said.
                if let Ok(judgement) = judge(seen.presented, None, self.minute, self.policy) {
                    add(&mut report, &judgement);
                }
                report.status = None;
                report.problems.push(Problem::new(State::Unknown, "store", format!("{error:#}")));
            }
        }
        if seen.presented.extension().is_ok() && report.tacks.is_empty() {
            report.problems.push(Problem::new(State::Critical, "no_tack", NO_TACK.to_owned()));
        }
        self.judge_ends(&mut report);
        report
    }

    fn process(&self, seen: &Seen<'_>) -> Result<Judgement> {
        let Some((pins, name)) = self.pins.zip(seen.name) else {
            return Ok(judge(seen.presented, None, self.minute, self.policy)?);
        };
        let store = pins.store()?;
        judge(seen.presented, Some((store, name)), self.minute, self.policy).map_err(|error| pins.failed(&error))
    }

    /// Says what has ended, and of the rest what ends next if that is soon.
    fn judge_ends(&self, report: &mut HostReport) {
        let valid = report.tacks.iter().filter(|tack| tack.refusal.is_none());
        let tacks = valid.map(|tack| {
            let what = format!("the tack of key {} expires at {}; install a newer one", tack.key, tack.expiration);
            (tack.expiration.seconds(), what)
        });
        let mut ends: Vec<_> = tacks.collect();
        if let Some(certificate) = &report.certificate {
            let not_after = certificate.not_after;
            if certificate.is_expired(self.now) {
                let message = format!("the server's certificate expired at {not_after}; renew it");
                let alert = Some(Alert::CertificateExpired);
                report
                    .problems
                    .push(Problem { alert, ..Problem::new(State::Critical, "certificate_expired", message) });
            } else {
                let what = format!("the server's certificate expires at {not_after}; renew it");
                ends.push((not_after.seconds(), what));
            }
        }
        let Some((end, what)) = ends.into_iter().min() else { return };
        if left_until(end, self.now) < self.warn {
            report.problems.push(Problem::new(State::Warning, "expires_soon", what));
        }
    }
}

/// Adds what was decided. Of a connection that is refused for one tack the other one's fault is said too.
fn add(report: &mut HostReport, judgement: &Judgement) {
    report.status = judgement.status();
    report.tacks = judgement.tacks().to_vec();
    report.pins = judgement.pins().to_vec();
    let of_tacks = judgement.tacks().iter().filter_map(|tack| tack.refusal.as_ref());
    let others = of_tacks.filter(|refusal| !judgement.refusals().contains(refusal));
    for refusal in judgement.refusals().iter().chain(others) {
        let problem = Problem::new(State::Critical, refusal.code(), unaccepted(refusal));
        report.problems.push(Problem { alert: Some(refusal.alert()), ..problem });
    }
}
