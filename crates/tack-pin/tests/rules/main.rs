//! The rules of client processing (draft-02, section 4), each by a test that has its name: a file for each step, and what
//! stands beside the steps.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod activation;
mod break_signatures;
mod carriers;
mod full_store;
mod generations;
mod keeping;
mod policies;
mod status;
mod valid;

use tack_core::{Minute, TackExtension};
use tack_pin::{Alert, Judgement, PinStore, Policy, Presented, Status, judge};

use common::{NOW, name, present};

/// The name of the host that the tests connect to.
const HOST: &str = "a.example";

/// A connection to the host, now.
fn connect(store: &dyn PinStore, extension: TackExtension) -> Judgement {
    connect_at(store, NOW, extension)
}

fn connect_at(store: &dyn PinStore, now: Minute, extension: TackExtension) -> Judgement {
    connect_with(store, now, &present(extension), &Policy::default())
}

fn connect_with(store: &dyn PinStore, now: Minute, presented: &Presented, policy: &Policy) -> Judgement {
    judge(presented, Some((store, &name(HOST))), now, policy).unwrap()
}

/// A connection to the host by a server without TackExtension.
fn connect_plainly(store: &dyn PinStore) -> Judgement {
    connect_with(store, NOW, &Presented::new(None, common::TLS_KEY), &Policy::default())
}

/// The code and the alert of the one reason why a connection is refused.
fn refused(judgement: &Judgement) -> (&'static str, Alert) {
    assert_eq!(judgement.refusals().len(), 1, "{judgement:?}");
    let refusal = judgement.verdict().unwrap_err();
    (refusal.code(), refusal.alert())
}

fn accepted(judgement: &Judgement) -> Status {
    assert_eq!((judgement.verdict(), judgement.refusals()), (Ok(()), &[][..]), "{judgement:?}");
    judgement.status().unwrap()
}
