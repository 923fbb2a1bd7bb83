//! A rollout tried before it happens: what clients of every habit would see of it (feature `simulate`).
//!
//! A [`Plan`] says from which day on the servers of a name send which tacks. Clients that come daily, weekly, monthly,
//! quarterly and once are judged by [`judge`](crate::judge), with real keys and signatures, each with a store of its own.
//! So a mistake that would lock clients out is found at the desk.
//!
//! ```
//! use tack_pin::simulate::{DayStatus, Habit, Plan};
//!
//! let plan: Plan = r#"
//!     [[step]]
//!     day = 0
//!     tacks = [{ key = "old" }]
//!
//!     [[step]]
//!     day = 60
//!     name = "a new key, and none of the old"
//!     tacks = [{ key = "new" }]
//! "#
//! .parse()?;
//! let simulation = plan.simulate();
//! let refused = simulation.first_refusal().expect("there are pins to the old key");
//! assert_eq!((refused.habit, refused.day, refused.refusal.code()), (Habit::Daily, 60, "contradicted"));
//! assert_eq!(plan.steps().nth(1).map(|step| step.number), refused.cause);
//! assert_eq!(simulation.habits()[0].days()[60], DayStatus::Contradicted);
//! # Ok::<(), tack_pin::simulate::PlanError>(())
//! ```
//!
//! # The clients
//!
//! Of each [`Habit`] there is a client for every day of the plan on which it may first come, for each server that it may
//! meet first, and for the first and the last minute of the day, in which it comes in turns: so the time between two visits
//! is now a day longer, now a day shorter than the habit says. It meets each server three times in a row, and then the next.
//! A client that was refused comes again when it is time.
//!
//! Clients that come at the same times, to the same servers, and whose stores cannot be told apart any more by what comes,
//! go on as one.
//!
//! # Limits
//!
//! A plan has 200 steps at most, 8 servers, [`Plan::MAX_DAYS`] days, and names of 64 characters.

mod clients;
mod error;
mod limits;
mod outcome;
mod parse;
mod plan;
mod run;
mod servers;

pub use self::clients::Habit;
pub use self::error::{PlanError, StepError};
pub use self::outcome::{ActivePin, DayStatus, HabitOutcome, RefusedVisit, Simulation};
pub use self::plan::{Plan, PlannedTack, Sent, Step};
