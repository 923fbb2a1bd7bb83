#![no_main]

use libfuzzer_sys::fuzz_target;
use tack_pin::simulate::{Habit, Plan};

/// The most days, servers and steps of a plan that is tried: longer ones take longer, and find nothing else.
const SMALL: (u32, usize, usize) = (40, 2, 4);

fuzz_target!(|text: &str| {
    let Ok(plan) = text.parse::<Plan>() else { return };
    assert!(
        plan.days() <= Plan::MAX_DAYS && (1..=8).contains(&plan.servers()) && (1..=200).contains(&plan.steps().count())
    );
    let last = plan.steps().map(|step| step.day).max().unwrap_or_default();
    let Ok(plan) = plan.with_days(SMALL.0.max(last + 1)) else { panic!("a plan ends after its last step") };
    if plan.days() > SMALL.0 || plan.servers() > SMALL.1 || plan.steps().count() > SMALL.2 {
        return;
    }
    let simulation = plan.simulate();
    assert_eq!(simulation.habits().len(), Habit::ALL.len());
    for outcome in simulation.habits() {
        assert_eq!(outcome.days().len(), usize::try_from(plan.days()).unwrap_or_default());
        assert!(simulation.first_refusal().is_some() || !outcome.days().iter().any(|day| day.is_bad()));
    }
    if let Some(visit) = simulation.first_refusal() {
        assert!(visit.since <= visit.day && visit.day < plan.days() && plan.day_of(visit.minute) == visit.day);
    }
});
