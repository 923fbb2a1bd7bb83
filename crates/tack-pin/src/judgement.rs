//! What a client decides of a connection.

use tack_core::{Fingerprint, Generations, Minute};

use crate::pin::Pin;
use crate::presented::Carrier;
use crate::refusal::Refusal;
use crate::status::Status;
use crate::store::Change;

/// What a client decides of a connection, and why.
///
/// ```
/// use tack_core::{Minute, TargetHash};
/// use tack_pin::{MemoryStore, Policy, Presented, Status, judge};
///
/// let store = MemoryStore::default();
/// let name = "www.example.com".parse()?;
/// let presented = Presented::new(None, TargetHash::of(b"the server's SubjectPublicKeyInfo"));
/// let judgement = judge(&presented, Some((&store, &name)), Minute::new(29_000_000), &Policy::default())?;
/// assert_eq!(judgement.status(), Some(Status::Unpinned));
/// assert_eq!(judgement.verdict(), Ok(()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub(crate) carrier: Option<Carrier>,
    pub(crate) status: Option<Status>,
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) tacks: Vec<JudgedTack>,
    pub(crate) changes: Vec<Change>,
    pub(crate) pins: Vec<Pin>,
    pub(crate) is_report_only: bool,
}

impl Judgement {
    /// Whether the connection may go on. With [`report_only`](crate::Policy::report_only) it always may.
    ///
    /// # Errors
    /// The reason why it must end, with its alert.
    pub fn verdict(&self) -> Result<(), &Refusal> {
        match self.refusal() {
            Some(refusal) if !self.is_report_only => Err(refusal),
            _ => Ok(()),
        }
    }

    /// The reason why the connection is refused, or would be if there were more than a report.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        self.refusals.first()
    }

    /// Every reason: a connection may be contradicted by two pins, and lack a required key besides.
    #[must_use]
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// What the pins of the name say; none if processing failed before that.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.status
    }

    /// How the TackExtension came, if it did and can be read.
    #[must_use]
    pub fn carrier(&self) -> Option<Carrier> {
        self.carrier
    }

    /// The tacks, each with what is wrong with it; none if the TackExtension cannot be read.
    #[must_use]
    pub fn tacks(&self) -> &[JudgedTack] {
        &self.tacks
    }

    /// What changed in the store, in this order; if the store is full, a pin that is to be added may not be.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The pins of the name after processing.
    #[must_use]
    pub fn pins(&self) -> &[Pin] {
        &self.pins
    }
}

/// A tack that a server presents, and what is wrong with it.
///
/// ```
/// use tack_core::{Draft02, Generations, Minute, SigningKey, Tack, TackExtension, TargetHash};
/// use tack_pin::{Policy, Presented, judge};
/// # let key = SigningKey::from_bytes(&[7; 32])?;
///
/// let hash = TargetHash::of(b"the server's SubjectPublicKeyInfo");
/// let tack = Tack::sign(&key, Generations::default(), Minute::new(29_000_000), hash);
/// let extension = TackExtension::from(Draft02::new(vec![tack], 1)?);
/// let presented = Presented::new(Some(&extension.to_bytes()), hash);
///
/// // The minute of its expiration is too late.
/// let judgement = judge(&presented, None, Minute::new(29_000_000), &Policy::default())?;
/// let tack = &judgement.tacks()[0];
/// assert_eq!(tack.refusal.as_ref().map(|refusal| refusal.code()), Some("expired"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JudgedTack {
    /// The key that signs it.
    pub key: Fingerprint,
    /// Its generation, and the lowest that is not revoked.
    pub generations: Generations,
    /// The minute from which on it is not valid any more.
    pub expiration: Minute,
    /// Whether pins may be activated from it.
    pub is_active: bool,
    /// What is wrong with it, if anything is.
    pub refusal: Option<Refusal>,
}
