//! What a verifier decides of a connection, for who looks on.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use tack_pin::Judgement;

use crate::refused::Refused;

/// What a verifier decides of a connection, and why. The callback of a verifier gets it, accepted or refused.
///
/// ```
/// use tack_rustls::Judged;
///
/// fn log(judged: &Judged<'_>) {
///     let name = judged.server_name().to_str();
///     match (judged.refused(), judged.reasons().next()) {
///         (Some(refused), _) => eprintln!("{name}: {refused} ({})", refused.code()),
///         (None, Some(reported)) => eprintln!("{name}: would be refused: {reported}"),
///         (None, None) => {}
///     }
/// }
/// # let _ = log;
/// ```
#[derive(Debug)]
pub struct Judged<'a> {
    pub(crate) server_name: &'a ServerName<'a>,
    pub(crate) judgement: Option<Judgement>,
    pub(crate) reasons: Vec<Reason>,
}

/// A reason to refuse, and whether it does.
#[derive(Debug)]
pub(crate) struct Reason {
    pub(crate) refused: Arc<Refused>,
    pub(crate) is_enforced: bool,
}

impl Judged<'_> {
    /// The server, as the client knows it.
    #[must_use]
    pub fn server_name(&self) -> &ServerName<'_> {
        self.server_name
    }

    /// The tacks, the pins and what changed in them; none if the server's certificate cannot be read, or the clock is wrong.
    #[must_use]
    pub fn judgement(&self) -> Option<&Judgement> {
        self.judgement.as_ref()
    }

    /// Why the connection is refused; none if it goes on.
    #[must_use]
    pub fn refused(&self) -> Option<&Refused> {
        self.enforced().map(|refused| &**refused)
    }

    /// Every reason, also those that are only reported.
    pub fn reasons(&self) -> impl Iterator<Item = &Refused> {
        self.reasons.iter().map(|reason| &*reason.refused)
    }

    pub(crate) fn enforced(&self) -> Option<&Arc<Refused>> {
        self.reasons.iter().find(|reason| reason.is_enforced).map(|reason| &reason.refused)
    }
}
