//! What is said of hosts: `verify` and `check` share its states, words and JSON.

mod json;
mod words;

use std::time::Duration;

use tack_core::{Certificate, Minute, Span, TargetHash, Timestamp};
use tack_pin::{Alert, Carrier, JudgedTack, Pin, Status};

use crate::monitor::State;
use crate::names;

pub use self::words::{performance, until, yes_or_no};

const SECONDS_PER_MINUTE: u64 = 60;

/// What is said of one host or more, in their order.
pub struct Report {
    pub hosts: Vec<HostReport>,
}

impl Report {
    /// The state of the worst host; OK of none.
    pub fn state(&self) -> State {
        self.hosts.iter().map(HostReport::state).max().unwrap_or(State::Ok)
    }
}

/// What is said of a host. What is unknown is none.
pub struct HostReport {
    /// The current time.
    pub now: Timestamp,
    /// The name, as pins have it.
    pub name: Option<String>,
    pub port: Option<u16>,
    /// The address that was connected to.
    pub address: Option<String>,
    /// What the pins say; none where processing failed.
    pub status: Option<Status>,
    pub carrier: Option<Carrier>,
    /// The bytes of the TackExtension, even if it cannot be read.
    pub extension: Option<Vec<u8>>,
    pub activation_flags: Option<u8>,
    pub tacks: Vec<JudgedTack>,
    /// What is wrong, in the order in which it was found.
    pub problems: Vec<Problem>,
    /// The pins of the name after processing.
    pub pins: Vec<Pin>,
    pub certificate: Option<ServerCertificate>,
    pub tls: Option<Tls>,
}

impl HostReport {
    /// Of a host of which nothing is known.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            name: None,
            port: None,
            address: None,
            status: None,
            carrier: None,
            extension: None,
            activation_flags: None,
            tacks: Vec::new(),
            problems: Vec::new(),
            pins: Vec::new(),
            certificate: None,
            tls: None,
        }
    }

    /// The state of the worst problem.
    pub fn state(&self) -> State {
        self.problems.iter().map(|problem| problem.state).max().unwrap_or(State::Ok)
    }

    /// How long all lasts: until the first tack, or the certificate, is expired.
    pub fn left(&self) -> Option<Span> {
        let tacks = self.tacks.iter().map(|tack| left_until(tack.expiration.seconds(), self.now));
        tacks.chain(self.certificate.iter().map(|certificate| certificate.left(self.now))).min()
    }

    /// Whether a pin is active.
    fn is_active(&self, pin: &Pin) -> bool {
        // Before 1970 every pin that was ever active is.
        pin.is_active(Minute::from_seconds_down(self.now.seconds()).unwrap_or_default())
    }
}

/// What is wrong with a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub state: State,
    /// A short name, by which programs tell the reasons apart.
    pub code: &'static str,
    /// What is wrong, and what to do. It is safe to print.
    pub message: String,
    /// The TLS alert of a client that ends the connection for it.
    pub alert: Option<Alert>,
}

impl Problem {
    /// One for which no client of TACK ends the connection.
    pub fn new(state: State, code: &'static str, message: String) -> Self {
        Self { state, code, message, alert: None }
    }
}

/// The certificate that a server sends first. Its texts are not safe to print: it may say anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCertificate {
    pub subject: String,
    pub issuer: String,
    /// Those of its subjectAltName.
    pub names: Vec<String>,
    pub target_hash: TargetHash,
    pub not_after: Timestamp,
}

impl ServerCertificate {
    /// Whether its last second is over.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now > self.not_after
    }

    /// How long it is still valid.
    pub fn left(&self, now: Timestamp) -> Span {
        left_until(self.not_after.seconds(), now)
    }
}

impl From<&Certificate> for ServerCertificate {
    fn from(certificate: &Certificate) -> Self {
        Self {
            subject: names::name(certificate.subject_der()),
            issuer: names::name(certificate.issuer_der()),
            names: certificate.subject_alt_name_der().map(names::alternatives).unwrap_or_default(),
            target_hash: certificate.target_hash(),
            not_after: certificate.not_after(),
        }
    }
}

/// How a host was connected to. Its texts are safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Such as "TLS 1.3".
    pub version: String,
    pub cipher: String,
    pub handshake: Duration,
}

/// The whole minutes from now to a time in seconds since 1970; none are left if it is past.
pub fn left_until(end: i64, now: Timestamp) -> Span {
    Span::new(u64::try_from(end.saturating_sub(now.seconds())).unwrap_or(0) / SECONDS_PER_MINUTE)
}
