//! `tack ticket serve` and `tack ticket connect`: before each other, before an independent peer of both roles, and before
//! clients and servers that know nothing of tickets.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod authority;
mod changes;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../servers/client.rs"]
mod client;
#[path = "../common/mod.rs"]
mod common;
mod faults;
mod impostors;
mod messages;
mod peers;
mod running;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../servers/server.rs"]
mod server;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../servers/site.rs"]
mod site;
mod stock;
mod stories;
