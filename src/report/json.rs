//! The JSON of `verify` and `check`, which programs depend on: every key is always there, null where it is unknown.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use tack_pin::{JudgedTack, Pin, Refusal};

use super::{HostReport, Problem, Report, ServerCertificate, Tls};
use crate::display::hex;
use crate::json;

impl Report {
    /// Writes one document.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let document = json!({ "state": self.state().word(), "hosts": self.hosts });
        json::write_pretty(out, &document)?;
        writeln!(out)
    }
}

impl Serialize for HostReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({
            "name": self.name,
            "port": self.port,
            "address": self.address,
            "state": self.state().word(),
            "status": self.status.map(|status| status.word()),
            "carrier": self.carrier.map(|carrier| carrier.word()),
            "extension": self.extension.as_deref().map(hex),
            "activation_flags": self.activation_flags,
            "tacks": self.tacks.iter().map(tack).collect::<Vec<_>>(),
            "problems": self.worst_first().map(problem).collect::<Vec<_>>(),
            "pins": self.pins.iter().map(|one| pin(one, self.is_active(one))).collect::<Vec<_>>(),
            "certificate": self.certificate.as_ref().map(certificate),
            "tls": self.tls.as_ref().map(tls),
        })
        .serialize(serializer)
    }
}

fn tack(tack: &JudgedTack) -> Value {
    json!({
        "key_fingerprint": tack.key.as_str(),
        "min_generation": tack.generations.min_generation(),
        "generation": tack.generations.generation(),
        "expiration": tack.expiration.to_string(),
        "active": tack.is_active,
        "status": tack.refusal.as_ref().map_or("valid", Refusal::code),
    })
}

fn problem(problem: &Problem) -> Value {
    json!({
        "code": problem.code,
        "message": problem.message,
        "alert": problem.alert.map(|alert| alert.name()),
    })
}

/// The times of pins are minutes since 1970, as in pin lists.
pub fn pin(pin: &Pin, is_active: bool) -> Value {
    json!({
        "key_fingerprint": pin.key.as_str(),
        "min_generation": pin.min_generation,
        "initial": pin.initial.get(),
        "end": pin.end.get(),
        "active": is_active,
    })
}

fn certificate(certificate: &ServerCertificate) -> Value {
    json!({
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "names": certificate.names,
        "target_hash": certificate.target_hash.to_string(),
        "not_after": certificate.not_after.to_string(),
    })
}

fn tls(tls: &Tls) -> Value {
    json!({
        "version": tls.version,
        "cipher": tls.cipher,
        "handshake_milliseconds": u64::try_from(tls.handshake.as_millis()).unwrap_or(u64::MAX),
    })
}
