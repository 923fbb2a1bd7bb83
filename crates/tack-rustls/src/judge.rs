//! The judgement of a chain by all that a client wants.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tack_core::{Minute, TimeError};
use tack_pin::{HostName, Judgement, Policy, Presented, Refusal, StoreError, judge};

use crate::judged::{Judged, Reason};
use crate::pinning::Pinning;
use crate::refused::Refused;
use crate::requirement::Requirement;

/// All that a client wants of TACK.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies {
    pub(crate) pinning: Option<Pinning>,
    pub(crate) requirements: Vec<Requirement>,
}

impl Policies {
    /// Judges what a server presents, as rustls gives it to a verifier.
    pub(crate) fn judge<'a>(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &'a ServerName<'a>,
        now: UnixTime,
    ) -> Judged<'a> {
        let chain: Vec<_> = [end_entity].into_iter().chain(intermediates).collect();
        let mut judged = Judged { server_name, judgement: None, reasons: Vec::new() };
        let name = host_name(server_name);
        let name = name.as_ref();
        let no_extensions: [&[u8]; 0] = [];
        match (minute(now), Presented::from_connection(&chain, &no_extensions)) {
            (Ok(now), Ok(presented)) => self.judge_at(&presented, name, now, &mut judged),
            (Ok(now), Err(error)) => judged.add(Refused::Certificate(error), self.enforces(name, now)),
            (Err(error), _) => judged.add(Refused::Clock(error), self.enforces(name, Minute::new(0))),
        }
        judged
    }

    fn judge_at(&self, presented: &Presented, name: Option<&HostName>, now: Minute, judged: &mut Judged<'_>) {
        let extension = presented.extension().ok().flatten();
        let for_it = self.requirements.iter().filter(|requirement| requirement.is_for(name));
        let (enforced, reported): (Vec<_>, Vec<_>) = for_it.partition(|requirement| requirement.is_enforced(now));
        let unmet = enforced.iter().find(|requirement| !requirement.is_met(extension));

        // A requirement that is met needs no second look; one that is not keeps pins from being made.
        let policy = Policy::default().require(unmet.into_iter().flat_map(|requirement| requirement.keys()).copied());
        let (judgement, store_error) = self.ask_store(presented, name, now, &policy);

        let are_pins_enforced = self.enforces_pins();
        if let Some(error) = store_error {
            judged.add(Refused::Store(error), are_pins_enforced);
        }
        let is_valid_enforced = self.enforces(name, now);
        for refusal in judgement.iter().flat_map(Judgement::refusals) {
            let is_enforced = match refusal {
                Refusal::KeyRequired => true,
                Refusal::Contradicted { .. } | Refusal::Revoked { .. } => are_pins_enforced,
                _ => is_valid_enforced,
            };
            judged.add(Refused::Tack(refusal.clone()), is_enforced);
        }
        if unmet.is_none() && reported.iter().any(|requirement| !requirement.is_met(extension)) {
            judged.add(Refused::Tack(Refusal::KeyRequired), false);
        }
        judged.judgement = judgement;
    }

    /// Where the store fails, all that can be said without it is said.
    fn ask_store(
        &self,
        presented: &Presented,
        name: Option<&HostName>,
        now: Minute,
        policy: &Policy,
    ) -> (Option<Judgement>, Option<StoreError>) {
        let Some((pinning, name)) = self.pinning.as_ref().zip(name) else {
            return (judge(presented, None, now, policy).ok(), None);
        };
        let with_mode = policy.clone().mode(pinning.changes());
        match judge(presented, Some((pinning.store(), name)), now, &with_mode) {
            Ok(judgement) => (Some(judgement), None),
            Err(error) => (judge(presented, None, now, policy).ok(), Some(error)),
        }
    }

    fn enforces_pins(&self) -> bool {
        self.pinning.as_ref().is_some_and(Pinning::is_enforced)
    }

    /// Whether what is not valid is refused: where anything is enforced, or nothing else is wanted.
    fn enforces(&self, name: Option<&HostName>, now: Minute) -> bool {
        let is_enforced = |requirement: &Requirement| requirement.is_for(name) && requirement.is_enforced(now);
        self.enforces_pins()
            || self.requirements.iter().any(is_enforced)
            || (self.pinning.is_none() && self.requirements.is_empty())
    }
}

impl Judged<'_> {
    fn add(&mut self, refused: Refused, is_enforced: bool) {
        self.reasons.push(Reason { refused: Arc::new(refused), is_enforced });
    }
}

fn minute(now: UnixTime) -> Result<Minute, TimeError> {
    Minute::from_seconds_down(i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
}

/// An address has no name, and so no pins (draft-02, section 4.1).
fn host_name(server_name: &ServerName<'_>) -> Option<HostName> {
    match server_name {
        ServerName::DnsName(name) => name.as_ref().parse().ok(),
        _ => None,
    }
}
