//! What came of a plan.

use tack_core::Minute;

use crate::refusal::Refusal;
use crate::simulate::clients::Habit;

/// What clients of every habit saw of a plan.
///
/// ```
/// use tack_pin::simulate::Plan;
///
/// let plan: Plan = "days = 90\n[[step]]\nday = 10\ntacks = [{ key = 'old' }]".parse()?;
/// let simulation = plan.simulate();
/// assert_eq!(simulation.first_refusal(), None);
///
/// // Pins to the key are active from the second visit on, and still are at the end.
/// let pin = &simulation.pins()[0];
/// assert_eq!((pin.key.as_str(), plan.day_of(pin.from), pin.until), ("old", 11, None));
/// # Ok::<(), tack_pin::simulate::PlanError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    pub(crate) habits: Vec<HabitOutcome>,
    pub(crate) pins: Vec<ActivePin>,
    pub(crate) first_refusal: Option<RefusedVisit>,
}

impl Simulation {
    /// For each habit, what its clients saw.
    #[must_use]
    pub fn habits(&self) -> &[HabitOutcome] {
        &self.habits
    }

    /// For each key that any client was pinned to, from when to when. The earliest first.
    #[must_use]
    pub fn pins(&self) -> &[ActivePin] {
        &self.pins
    }

    /// The first visit of all that was refused, whatever the reason. With none the plan is good.
    #[must_use]
    pub fn first_refusal(&self) -> Option<&RefusedVisit> {
        self.first_refusal.as_ref()
    }
}

/// What the clients of a habit saw, day by day.
///
/// ```
/// use tack_pin::simulate::{Habit, Plan};
///
/// let plan: Plan = "days = 90\n[[step]]\nday = 0\ntacks = [{ key = 'old' }]".parse()?;
/// let simulation = plan.simulate();
/// let weekly = &simulation.habits()[1];
/// assert_eq!((weekly.habit(), weekly.days().len()), (Habit::Weekly, 90));
/// // Clients that have come since the first week are protected from the third visit, or the fourth.
/// assert_eq!(weekly.protected(), Some((21, 89)));
/// # Ok::<(), tack_pin::simulate::PlanError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HabitOutcome {
    pub(crate) habit: Habit,
    pub(crate) days: Vec<DayStatus>,
}

impl HabitOutcome {
    /// The habit.
    #[must_use]
    pub fn habit(&self) -> Habit {
        self.habit
    }

    /// What those who came saw, for each day.
    #[must_use]
    pub fn days(&self) -> &[DayStatus] {
        &self.days
    }

    /// The first and the last day of the longest time in which every regular client was confirmed.
    #[must_use]
    pub fn protected(&self) -> Option<(u32, u32)> {
        let spans = self.spans().filter(|(status, ..)| *status == DayStatus::Confirmed);
        // Of equal ones the first.
        let longest = spans.rev().max_by_key(|(_, first, last)| last - first);
        longest.map(|(_, first, last)| (first, last))
    }

    /// The first day on which any client was confirmed, and the last.
    #[must_use]
    pub fn confirmed(&self) -> Option<(u32, u32)> {
        let is_confirmed = |(status, ..): &(_, _, _)| matches!(status, DayStatus::Confirmed | DayStatus::Partly);
        let first = self.spans().find(is_confirmed)?.1;
        let last = self.spans().rev().find(is_confirmed)?.2;
        Some((first, last))
    }

    /// The times in which nothing changed: the status, the first and the last day.
    pub fn spans(&self) -> impl DoubleEndedIterator<Item = (DayStatus, u32, u32)> {
        let mut next = 0;
        let span = |days: &[DayStatus]| {
            let first = next;
            next += u32::try_from(days.len()).ok()?;
            Some((*days.first()?, first, next - 1))
        };
        self.days.chunk_by(|one, other| one == other).filter_map(span).collect::<Vec<_>>().into_iter()
    }
}

/// What the clients of a habit saw on a day. That of those who saw the worst, but that clients who came for the first few
/// times are unpinned in any case.
///
/// ```
/// use tack_pin::simulate::DayStatus;
///
/// assert_eq!(DayStatus::Refused("expired").word(), "refused");
/// assert!(DayStatus::Refused("expired").is_bad() && !DayStatus::Partly.is_bad());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DayStatus {
    /// No active pin had any of them.
    Unpinned,
    /// Some were confirmed.
    Partly,
    /// All regular ones were confirmed: those that have come since the plan began.
    Confirmed,
    /// One was contradicted.
    Contradicted,
    /// One was refused for another reason, which is this [code](Refusal::code).
    Refused(&'static str),
}

impl DayStatus {
    /// A word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unpinned => "unpinned",
            Self::Partly => "partly",
            Self::Confirmed => "confirmed",
            Self::Contradicted => "contradicted",
            Self::Refused(_) => "refused",
        }
    }

    /// The [code](Refusal::code) of the reason, if a client was refused.
    #[must_use]
    pub fn code(self) -> Option<&'static str> {
        match self {
            Self::Contradicted => Some("contradicted"),
            Self::Refused(code) => Some(code),
            Self::Unpinned | Self::Partly | Self::Confirmed => None,
        }
    }

    /// Whether a client was refused.
    #[must_use]
    pub fn is_bad(self) -> bool {
        self.code().is_some()
    }
}

/// A visit that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedVisit {
    /// The habit of the client.
    pub habit: Habit,
    /// The day on which it came for the first time.
    pub since: u32,
    /// The day of this visit.
    pub day: u32,
    /// Its minute.
    pub minute: Minute,
    /// The server that it met, from 1.
    pub server: usize,
    /// Why it was refused.
    pub refusal: Refusal,
    /// The name of the key that the refusal is about.
    pub key: Option<String>,
    /// Since when the client had the pin that contradicts.
    pub pinned_since: Option<Minute>,
    /// Until when it has it.
    pub pinned_until: Option<Minute>,
    /// The step that brought what the server sends; none before its first.
    pub served_by: Option<usize>,
    /// The step that caused it. Where pins contradict, or generations are revoked, that is the latest of all that were in
    /// force, of whatever server; else the one that brought what the server sends.
    pub cause: Option<usize>,
}

/// From when to when pins to a key were active.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActivePin {
    /// The name of the key.
    pub key: String,
    /// The minute in which the first became active.
    pub from: Minute,
    /// The minute in which the last one ended; none if there still is one when the plan ends.
    pub until: Option<Minute>,
}
