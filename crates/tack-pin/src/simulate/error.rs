//! Why a plan is refused.

use tack_core::TimeError;

use crate::simulate::limits::{MAX_BREAK_SIGS, MAX_DAYS, MAX_NAME, MAX_SERVERS, MAX_STEPS, MAX_TACKS};

/// Why a plan is refused. Texts of the plan in it are not escaped.
///
/// ```
/// use tack_pin::simulate::{Plan, PlanError};
///
/// let error = "[[step]]\nday = 0\ntack = []".parse::<Plan>().unwrap_err();
/// assert!(matches!(error, PlanError::Step { number: 1, .. }));
/// assert!(error.to_string().starts_with("step 1: unknown field `tack`"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// It is not TOML, or has a field that no plan has.
    #[error("line {line}: {message}")]
    Toml {
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },

    /// The start is no date that TACK can tell.
    #[error("start: {0} is not a date from 1970-01-01 on")]
    Start(String),

    /// The number of servers is none, or too large.
    #[error("servers: {0} is not a number from 1 to {MAX_SERVERS}")]
    Servers(usize),

    /// It ends before its last step, or is too long.
    #[error("days: {days} is not a number from {} to {}; the last step is on day {last}", .last + 1, MAX_DAYS)]
    Days {
        /// The number of days.
        days: u32,
        /// The day of the last step.
        last: u32,
    },

    /// It has no step.
    #[error("it has no [[step]]")]
    NoStep,

    /// It has too many steps.
    #[error("it has {0} steps, and {MAX_STEPS} are allowed")]
    TooManySteps(usize),

    /// A step is wrong.
    #[error("step {number}: {cause}")]
    Step {
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it.
        cause: StepError,
    },
}

/// What is wrong with a step of a plan.
///
/// ```
/// use tack_pin::simulate::{Plan, PlanError, StepError};
///
/// let error = "[[step]]\nday = 0\ntacks = [{ key = 'a' }, { key = 'a' }]".parse::<Plan>().unwrap_err();
/// assert_eq!(error, PlanError::Step { number: 1, cause: StepError::SameKey("a".to_owned()) });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// A field is missing, unknown, or of another type.
    #[error("{0}")]
    Field(String),

    /// A day is neither a number nor a date.
    #[error("{field}: give the number of a day, or a date")]
    NoDay {
        /// The field.
        field: &'static str,
    },

    /// There is a date, and the plan does not say which day it begins on.
    #[error("{field}: a date needs the start of the plan; give it, or the number of the day")]
    NoStart {
        /// The field.
        field: &'static str,
    },

    /// A day is out of range, or before the start.
    #[error("{field}: {day} is not a day from 0 to {}", MAX_DAYS - 1)]
    Day {
        /// The field.
        field: &'static str,
        /// The day, as it is given.
        day: String,
    },

    /// It comes before the step that stands before it.
    #[error("day {day} is before day {before} of the step before; give the steps in their order")]
    Order {
        /// Its day.
        day: u32,
        /// That of the step before.
        before: u32,
    },

    /// It is for a server that there is not.
    #[error("server: give one, or a list, of the numbers from 1 to {servers}")]
    Server {
        /// The number of servers.
        servers: usize,
    },

    /// It changes nothing.
    #[error("it changes nothing; give tacks, break or certificate")]
    Nothing,

    /// A name is empty, or too long.
    #[error("{field}: give a name of 1 to {MAX_NAME} characters")]
    Name {
        /// The field.
        field: &'static str,
    },

    /// There are more tacks than an extension holds.
    #[error("it has {0} tacks, and an extension holds {MAX_TACKS}")]
    TooManyTacks(usize),

    /// Both tacks are of one key (draft-02, section 3.1).
    #[error("both tacks are of key {0}")]
    SameKey(String),

    /// A tack revokes itself, which no signer makes.
    #[error(
        "the tack of key {key} revokes itself: its generation {generation} is below min_generation {min_generation}"
    )]
    Generation {
        /// The key of the tack.
        key: String,
        /// Its generation.
        generation: u8,
        /// The lowest that it allows.
        min_generation: u8,
    },

    /// A break signature beside two tacks: an extension of draft-00 holds one.
    #[error("an extension with break signatures holds one tack")]
    BreakOfTwo,

    /// There are more break signatures than an extension holds.
    #[error("it has {0} break signatures, and an extension holds {MAX_BREAK_SIGS}")]
    TooManyBreakSigs(usize),

    /// A lifetime is not a span of time.
    #[error("lifetime: {0}")]
    Lifetime(TimeError),

    /// A tack has both a lifetime and an expiration.
    #[error("the tack of key {0} has both lifetime and expires; give one of them")]
    TwoExpirations(String),
}
