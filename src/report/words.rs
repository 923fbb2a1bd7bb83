//! What `verify` and `check` say to people and to monitoring systems.

use std::cmp::Reverse;
use std::fmt::Display;
use std::iter;
use std::time::Duration;

use tack_core::Span;
use tack_pin::{JudgedTack, Pin, Refusal};

use super::{HostReport, Problem, ServerCertificate, Tls};
use crate::display::escape;
use crate::monitor::{self, State};

/// The most problems that a line names.
const MAX_SHOWN: usize = 5;
/// The width of the labels, which `status` has too.
const LABEL: usize = 16;
const MINUTES_PER_DAY: u64 = Span::DAY.minutes();

impl HostReport {
    /// What is wrong, the worst first.
    pub fn worst_first(&self) -> impl Iterator<Item = &Problem> {
        let mut problems: Vec<_> = self.problems.iter().collect();
        problems.sort_by_key(|problem| Reverse(problem.state));
        problems.into_iter()
    }

    /// What a plugin says of this host alone, then lines for people.
    pub fn text(&self, warn: Span) -> String {
        let performance = self.performance(warn);
        let performance = (!performance.is_empty()).then_some(performance.as_str());
        monitor::line(self.state(), &self.summary(), performance) + &self.details()
    }

    /// The server, where there are several: its name and port, and its address if that is something else.
    pub fn place(&self) -> String {
        let name = self.name.as_deref().unwrap_or_default();
        let name = if name.contains(':') { format!("[{name}]") } else { name.to_owned() };
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        let address = self.address.as_deref().filter(|address| self.name.as_deref() != Some(address));
        name + &port + &address.map(|address| format!(" ({address})")).unwrap_or_default()
    }

    /// What is wrong, or what is right, in part of a line.
    pub fn summary(&self) -> String {
        if self.state() != State::Ok {
            let more = self.problems.len().saturating_sub(MAX_SHOWN);
            let shown = self.worst_first().take(MAX_SHOWN).map(|problem| problem.message.clone());
            let more = (more > 0).then(|| format!("and {more} more"));
            return shown.chain(more).collect::<Vec<_>>().join("; ");
        }
        let number = self.tacks.len();
        let tacks = format!("{number} {}", if number == 1 { "tack" } else { "tacks" });
        let left = self.left().map(|left| format!("{left} left"));
        self.status
            .map(|status| status.to_string())
            .into_iter()
            .chain([tacks])
            .chain(left)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// What monitoring systems draw.
    pub fn performance(&self, warn: Span) -> String {
        performance(self.left(), self.tls.as_ref().map(|tls| tls.handshake), warn)
    }

    /// Lines for people, in paragraphs: the connection, the certificate, each tack, each pin.
    pub fn details(&self) -> String {
        let certificate = self.certificate.iter().map(certificate);
        let tacks = self.tacks.iter().map(tack);
        let pins = self.pins.iter().map(|one| pin(one, self.is_active(one)));
        let paragraphs = iter::once(self.connection()).chain(certificate).chain(tacks).chain(pins);
        let text: String = paragraphs.filter(|lines| !lines.is_empty()).map(|lines| format!("\n{lines}")).collect();
        monitor::without_bars(&text)
    }

    fn connection(&self) -> String {
        [
            optional("name", self.name.as_ref()),
            optional("port", self.port),
            optional("address", self.address.as_ref()),
            optional("status", self.status),
            optional("carrier", self.carrier),
            optional("activation flags", self.activation_flags),
            self.tls.as_ref().map(tls).unwrap_or_default(),
        ]
        .concat()
    }
}

fn certificate(certificate: &ServerCertificate) -> String {
    [
        line("certificate", escape(&certificate.subject)),
        line("issuer", escape(&certificate.issuer)),
        optional("names", (!certificate.names.is_empty()).then(|| escape(&certificate.names.join(", ")))),
        line("target hash", certificate.target_hash),
        line("not after", certificate.not_after),
    ]
    .concat()
}

fn tack(tack: &JudgedTack) -> String {
    [
        line("key fingerprint", tack.key),
        line("min_generation", tack.generations.min_generation()),
        line("generation", tack.generations.generation()),
        line("expiration", tack.expiration),
        line("active", yes_or_no(tack.is_active)),
        line("judgement", tack.refusal.as_ref().map_or("valid", Refusal::code)),
    ]
    .concat()
}

fn pin(pin: &Pin, is_active: bool) -> String {
    [
        line("pin", pin.key),
        line("min_generation", pin.min_generation),
        line("since", pin.initial),
        line("until", until(pin)),
        line("active", yes_or_no(is_active)),
    ]
    .concat()
}

/// The performance data: the days until a tack or the certificate is expired, and the seconds of the handshake.
pub fn performance(left: Option<Span>, handshake: Option<Duration>, warn: Span) -> String {
    let days_left = left.map(|left| format!("days_left={};{}:;0:", days(left), days(warn)));
    let handshake = handshake.map(|time| format!("handshake={:.3}s;;;0", time.as_secs_f64()));
    days_left.into_iter().chain(handshake).collect::<Vec<_>>().join(" ")
}

/// The end of a pin; none if it was never active.
pub fn until(pin: &Pin) -> String {
    if pin.end.get() == 0 { "none".to_owned() } else { pin.end.to_string() }
}

pub fn yes_or_no(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

fn tls(tls: &Tls) -> String {
    line("TLS", format_args!("{}, {}", tls.version, tls.cipher))
}

fn optional(label: &str, value: Option<impl Display>) -> String {
    value.map(|value| line(label, value)).unwrap_or_default()
}

fn line(label: &str, value: impl Display) -> String {
    format!("{label:LABEL$} {value}\n")
}

/// Days to the hundredth, rounded down: tacks of a day or two are usual.
fn days(span: Span) -> String {
    let (minutes, hundredths) = (span.minutes(), span.minutes() % MINUTES_PER_DAY * 100 / MINUTES_PER_DAY);
    match (minutes / MINUTES_PER_DAY, hundredths) {
        (days, 0) => days.to_string(),
        (days, hundredths) => format!("{days}.{hundredths:02}").trim_end_matches('0').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_to_the_hundredth() {
        for (minutes, expected) in [
            (0, "0"),
            (14, "0"),
            (15, "0.01"),
            (720, "0.5"),
            (1_439, "0.99"),
            (1_440, "1"),
            (14_400, "10"),
            (2_163, "1.5"),
        ] {
            assert_eq!(days(Span::new(minutes)), expected, "{minutes}");
        }
    }
}
