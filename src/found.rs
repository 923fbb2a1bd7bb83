//! What is wrong with live servers, beyond their tacks.

use rustix::io::Errno;
use tack_core::Timestamp;
use tack_openssl::{ChainProblem, ChainProblemKind, Phase, ProbeError, Seen, StartTlsError, Verification};

use crate::cli::Host;
use crate::display::{escape, plain};
use crate::monitor::State;
use crate::report::{HostReport, Problem, Tls};

/// More names of a certificate are not said.
const MOST_NAMES: usize = 10;

/// Why there is nothing to judge.
pub fn failure(error: &ProbeError) -> Problem {
    let code = match error {
        ProbeError::Resolve(_) | ProbeError::Connect(_) => "connect",
        ProbeError::Timeout(_) => "timeout",
        ProbeError::StartTls(_) | ProbeError::TooMuch { phase: Phase::StartTls, .. } => "starttls",
        _ => "tls",
    };
    let message = match error {
        ProbeError::Resolve(error) => format!("the name cannot be resolved: {}", plain(error)),
        ProbeError::Connect(error) => format!("no connection: {}", plain(error)),
        error => error.to_string(),
    };
    let said = match error {
        ProbeError::StartTls(error) => StartTlsError::said(error).filter(|said| !said.is_empty()),
        _ => None,
    };
    let said = said.map(|said| format!("; it says \"{said}\"")).unwrap_or_default();
    if is_ours(error) {
        let message = format!("{message}; this machine is at a limit: give fewer --jobs, or raise the limit");
        return Problem::new(State::Unknown, code, escape(&message));
    }
    Problem::new(State::Critical, code, escape(&(message + &said)))
}

/// Whether it is for want of something on this machine, and says nothing of the host: descriptors, threads or memory.
fn is_ours(error: &ProbeError) -> bool {
    let (ProbeError::Resolve(error) | ProbeError::Connect(error)) = error else { return false };
    // The resolver hides what it ran into.
    let Some(number) = error.raw_os_error() else { return error.to_string().contains("open files") };
    [Errno::MFILE, Errno::NFILE, Errno::AGAIN, Errno::NOMEM, Errno::NOBUFS].map(Errno::raw_os_error).contains(&number)
}

/// Of a server whose certificate OpenSSL takes, and nobody else may.
pub fn unreadable(now: Timestamp, why: &str) -> HostReport {
    let mut report = HostReport::new(now);
    let message = format!("the server's certificate cannot be read: {why}");
    report.problems.push(Problem::new(State::Critical, "malformed", escape(&message)));
    report
}

/// Adds to what is judged of a server what a look at its connection says.
pub fn add(host: &Host, seen: &Seen, report: &mut HostReport) {
    if let Some(verification) = &seen.verification {
        verify(host, verification, report);
    }
    let weak = seen.weaknesses().into_iter().map(|weakness| escape(&weakness.to_string()));
    report.problems.extend(weak.map(|weakness| Problem::new(State::Warning, "weak", weakness)));
    report.tls =
        Some(Tls { version: seen.protocol.to_string(), cipher: escape(&seen.cipher), handshake: seen.handshake_time });
}

/// What is wrong with chain and name. A certificate of the server's own that is expired is told of already.
fn verify(host: &Host, verification: &Verification, report: &mut HostReport) {
    let is_told = |problem: &ChainProblem| {
        problem.depth == 0
            && problem.kind == ChainProblemKind::Expired
            && report.problems.iter().any(|problem| problem.code == "certificate_expired")
    };
    let chain: Vec<_> = verification.chain.iter().filter(|problem| !is_told(problem)).collect();
    for problem in chain {
        let advice = match problem.kind {
            ChainProblemKind::Untrusted => {
                "; serve the CA's intermediate certificates too, or name its CA by --ca-file"
            }
            _ => "",
        };
        let message = format!("the certificate chain is not valid: {problem}{advice}");
        report.problems.push(Problem::new(State::Critical, "chain", message));
    }
    if !verification.name_matches {
        let names = report.certificate.iter().flat_map(|certificate| &certificate.names).take(MOST_NAMES);
        let names: Vec<_> = names.map(|name| escape(name)).collect();
        let names = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
        let message = format!("the certificate is not for {host}: it is for {names}");
        report.problems.push(Problem::new(State::Critical, "name", message));
    }
}

/// Warns of each server of a host that serves other tacks or flags than another one.
pub fn compare(host: &Host, reports: &mut [HostReport]) {
    let served: Vec<_> = reports.iter().map(|report| report.tls.is_some().then(|| served(report))).collect();
    for (report, own) in reports.iter_mut().zip(&served) {
        let Some(own) = own else { continue };
        let others = served.iter().flatten().filter(|other| *other != own).count();
        if others > 0 {
            let of = format!("{others} of {} servers", served.iter().flatten().count());
            let message = format!("{of} of {host} serve other tacks or flags than this one; install the same on all");
            report.problems.push(Problem::new(State::Warning, "differs", message));
        }
    }
}

/// What is to be the same on all servers of a host. Each may have its own TLS key, and so its own target hash.
fn served(report: &HostReport) -> impl PartialEq + use<> {
    let mut tacks: Vec<_> = report
        .tacks
        .iter()
        .map(|tack| {
            (
                tack.key,
                tack.generations.min_generation(),
                tack.generations.generation(),
                tack.expiration,
                tack.is_active,
            )
        })
        .collect();
    // The order of two tacks is of no account.
    tacks.sort();
    (report.extension.is_some(), tacks)
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn what_this_machine_lacks_says_nothing_of_the_host() {
        let lacks = |errno: Errno| Error::from_raw_os_error(errno.raw_os_error());
        for error in [
            ProbeError::Connect(lacks(Errno::MFILE)),
            ProbeError::Resolve(lacks(Errno::AGAIN)),
            ProbeError::Resolve(Error::other("failed to look up address: Too many open files")),
        ] {
            assert_eq!((failure(&error).state, failure(&error).code), (State::Unknown, "connect"), "{error}");
        }
        for error in [
            ProbeError::Connect(lacks(Errno::CONNREFUSED)),
            ProbeError::Resolve(Error::new(ErrorKind::NotFound, "the name has no address")),
            ProbeError::Timeout(Phase::Connecting),
        ] {
            assert_eq!(failure(&error).state, State::Critical, "{error}");
        }
    }
}
