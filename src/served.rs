//! What `status` says of OUTPUT of `deploy`: whether it holds what clients take, and whether the server has read it.

use std::path::Path;

use tack_core::{Coverage, Tack, TargetHash, Timestamp};

use crate::display::Shown;
use crate::installed::Installed;
use crate::message::{is_past, refused};
use crate::monitor::{Problems, State};
use crate::pending::Pending;

/// How long a command of `deploy --run` may fail before it is critical, in seconds: in an hour cron has repeated it.
const PATIENCE: i64 = 60 * 60;

/// OUTPUT, and what it is judged by.
pub struct Served<'a> {
    /// The file that the server reads.
    pub output: &'a Path,
    /// The file of the server's certificate, and the hash of its key.
    pub certificate: Option<(&'a Path, TargetHash)>,
    /// What the batches cover, which says what is revoked.
    pub coverages: &'a [Coverage],
    /// The current time.
    pub now: Timestamp,
}

impl Served<'_> {
    /// Finds what is wrong with it.
    pub fn judge(&self, problems: &mut Problems) {
        let mut any = false;
        let installed = match Installed::read(self.output) {
            Ok(installed) => installed,
            Err(error) => return problems.push(State::Unknown, || format!("{error:#}")),
        };
        for object in installed.objects() {
            any |= object.as_ref().map_or(true, |object| !object.tacks().is_empty());
            let judged = object.map_err(|error| refused(self.output, &error).to_string());
            let judged = judged.and_then(|object| object.tacks().iter().try_for_each(|tack| self.judge_tack(tack)));
            if let Err(problem) = judged {
                problems.push(State::Critical, || format!("{problem}; run \"tack deploy\""));
            }
        }
        if !any {
            problems.push(State::Critical, || format!("{}: there is no tack; run \"tack deploy\"", Shown(self.output)));
        }
        self.judge_command(problems);
    }

    /// Says why a client refuses a tack.
    fn judge_tack(&self, tack: &Tack) -> Result<(), String> {
        let (output, key) = (Shown(self.output), tack.public_key().fingerprint());
        tack.verify().map_err(|error| refused(self.output, &error).to_string())?;
        if is_past(tack.expiration(), self.now.seconds()) {
            return Err(format!("{output}: the tack of key {key} expired at {}", tack.expiration()));
        }
        if let Some((certificate, _)) = self.certificate.filter(|(_, hash)| *hash != tack.target_hash()) {
            let certificate = Shown(certificate);
            return Err(format!("{output}: the tack of key {key} does not fit the certificate in {certificate}"));
        }
        let coverage = self.coverages.iter().find(|coverage| coverage.key() == tack.public_key());
        match coverage.map(Coverage::min_generation) {
            Some(min_generation) if tack.generation() < min_generation => Err(format!(
                "{output}: the tack of key {key} is of a generation below {min_generation}, which other tacks revoke"
            )),
            _ => Ok(()),
        }
    }

    /// Says whether the command of `--run` is still to succeed.
    fn judge_command(&self, problems: &mut Problems) {
        let pending = match Pending::find(self.output) {
            Ok(None) => return,
            Ok(Some(pending)) => pending,
            Err(error) => return problems.push(State::Unknown, || format!("{error:#}")),
        };
        let is_new = |since: Timestamp| self.now.seconds().saturating_sub(since.seconds()) < PATIENCE;
        let state = if pending.since.is_some_and(is_new) { State::Warning } else { State::Critical };
        problems.push(state, || format!("{}: {pending}", Shown(self.output)));
    }
}
