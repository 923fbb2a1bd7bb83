//! What servers send, from which day on.

use tack_core::{Generations, Minute, Span};

use crate::simulate::error::PlanError;
use crate::simulate::limits::MAX_DAYS;

/// The days after the last change, unless the plan says how many days it has: two visits of a quarterly client.
const AFTER: u32 = 200;
/// The beginning where the plan gives none: 2000-01-01. What clients see does not depend on it.
const START: Minute = Minute::new(10_957 * 24 * 60);

/// A rollout: from which day on the servers of a host name send which tacks. It is read from TOML:
///
/// ```
/// use tack_pin::simulate::Plan;
///
/// let plan: Plan = r#"
///     start = 2027-01-01      # day 0; without it there are no dates
///     days = 400              # how long; without it 200 days more than the last step
///     servers = 2             # behind a balancer; without it there is one
///
///     [[step]]
///     day = 0
///     name = "all servers have the tack"
///     certificate = "a"       # the TLS key, by a name for it
///     tacks = [{ key = "old", generation = 0, min_generation = 0, active = true, expires = 90 }]
///
///     [[step]]
///     day = 2027-03-02        # day 60
///     server = 2              # or [1, 2]; without it for all servers
///     certificate = "b"       # what a step does not name stays: this server goes on with its tack for "a"
///
///     [[step]]
///     day = 61
///     tacks = [{ key = "new", certificate = "a", lifetime = "30d" }]
///     break = ["old"]         # makes it an extension of draft-00
///
///     [[step]]
///     day = 300
///     tacks = []              # nothing is sent
/// "#
/// .parse()?;
/// assert_eq!((plan.days(), plan.servers(), plan.steps().count()), (400, 2, 4));
/// # Ok::<(), tack_pin::simulate::PlanError>(())
/// ```
///
/// Keys and certificates are names: equal names are equal keys. Before the first step the servers send nothing. Of a tack
/// all but the key may be left out: it is of generation 0, or of `min_generation`; `active`; for the certificate that the
/// server has from this step on; and always fresh, as where a batch is kept up. `expires` is a day, at whose beginning it is
/// not valid any more, `lifetime` a span from the beginning of the step's day. `tacks` and `break` are one extension: a step
/// that gives one of them replaces both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub(crate) start: Option<Minute>,
    pub(crate) days: u32,
    pub(crate) servers: usize,
    pub(crate) steps: Vec<Step>,
}

impl Plan {
    /// The most days that a plan has.
    pub const MAX_DAYS: u32 = MAX_DAYS;

    /// The beginning of day 0, if the plan gives it.
    #[must_use]
    pub fn start(&self) -> Option<Minute> {
        self.start
    }

    /// The number of days, 0 being the first.
    #[must_use]
    pub fn days(&self) -> u32 {
        self.days
    }

    /// The number of servers that answer to the name.
    #[must_use]
    pub fn servers(&self) -> usize {
        self.servers
    }

    /// The steps, in their order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter()
    }

    /// The plan with another number of days.
    ///
    /// # Errors
    /// [`PlanError::Days`] if it ends before its last step, or has more than [`Self::MAX_DAYS`].
    pub fn with_days(self, days: u32) -> Result<Self, PlanError> {
        let last = self.last_step();
        if days <= last || days > Self::MAX_DAYS {
            return Err(PlanError::Days { days, last });
        }
        Ok(Self { days, ..self })
    }

    /// The beginning of a day.
    #[must_use]
    pub fn minute_of(&self, day: u32) -> Minute {
        self.minute_after(since_start(day))
    }

    /// The day that a minute lies in; 0 for one before the start.
    #[must_use]
    pub fn day_of(&self, minute: Minute) -> u32 {
        let days = minute.since(self.first_minute()).unwrap_or_default().days();
        u32::try_from(days).unwrap_or(u32::MAX)
    }

    pub(crate) fn minute_after(&self, since_start: Span) -> Minute {
        self.first_minute().checked_add(since_start).unwrap_or(Minute::MAX)
    }

    /// The number of days, unless it is given: enough for every habit to have come after the last change.
    pub(crate) fn default_days(&self) -> u32 {
        let tacks = self.steps.iter().filter_map(|step| step.sent.as_ref()).flat_map(|sent| &sent.tacks);
        let expirations = tacks.filter_map(|tack| u32::try_from(tack.expires?.days()).ok());
        // One that lies behind the longest plan is none that anybody waits for.
        let expirations = expirations.filter(|day| *day < Self::MAX_DAYS);
        let last = expirations.chain([self.last_step()]).max().unwrap_or_default();
        last.saturating_add(AFTER).min(Self::MAX_DAYS)
    }

    fn last_step(&self) -> u32 {
        self.steps.last().map_or(0, |step| step.day)
    }

    fn first_minute(&self) -> Minute {
        self.start.unwrap_or(START)
    }
}

/// What changes from a day on. All that it does not name stays.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// Its place in the plan, from 1.
    pub number: usize,
    /// The day at whose beginning it takes effect.
    pub day: u32,
    /// What the plan calls it.
    pub name: Option<String>,
    /// The servers that change, from 1, if not all do.
    pub servers: Option<Vec<usize>>,
    /// The TLS key, if it changes.
    pub certificate: Option<String>,
    /// The extension, if it changes.
    pub sent: Option<Sent>,
}

impl Step {
    /// Whether this server, from 1, changes.
    #[must_use]
    pub fn is_for(&self, server: usize) -> bool {
        self.servers.as_ref().is_none_or(|servers| servers.contains(&server))
    }
}

/// What servers send: nothing, an extension of draft-02, or with break signatures one of draft-00.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// The tacks, two at most, of different keys.
    pub tacks: Vec<PlannedTack>,
    /// The keys of the break signatures.
    pub broken: Vec<String>,
}

/// A tack of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedTack {
    /// The name of its TACK key.
    pub key: String,
    /// Its generation, and the lowest that is not revoked.
    pub generations: Generations,
    /// Whether pins may be activated from it.
    pub is_active: bool,
    /// The TLS key that it is for, if not the one that the server has from this step on.
    pub certificate: Option<String>,
    /// How long after the start of the plan it expires; it is always fresh if that is not said.
    pub expires: Option<Span>,
}

/// How long after the start a day begins.
pub(crate) fn since_start(day: u32) -> Span {
    Span::new(u64::from(day) * Span::DAY.minutes())
}
