//! `tack check` before real servers, hostile ones, and beside a second client.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod agreement;
mod certificates;
#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod many;
mod pins;
#[allow(dead_code, reason = "some servers are for other tests")]
#[path = "../servers/server.rs"]
mod server;
#[allow(dead_code, reason = "servers without TLS are for other tests")]
#[path = "../starttls/servers.rs"]
mod servers;
#[allow(dead_code, reason = "some certificates are for other tests")]
#[path = "../servers/site.rs"]
mod site;
mod stock;
#[allow(dead_code, reason = "its client and server are for other tests too")]
#[path = "../servers/tlslite.rs"]
mod tlslite;

use std::ffi::OsStr;
use std::time::UNIX_EPOCH;

use serde_json::Value;
use tack_core::Timestamp;

use common::{Ran, run, tack};
use server::Server;
use site::Site;

/// What check said in JSON.
struct Said {
    ran: Ran,
    document: Value,
}

impl Said {
    fn host(&self, index: usize) -> &Value {
        &self.document["hosts"][index]
    }

    fn hosts(&self) -> &[Value] {
        self.document["hosts"].as_array().unwrap()
    }

    /// The codes of what is wrong with a host.
    fn codes(&self, index: usize) -> Vec<&str> {
        let problems = self.host(index)["problems"].as_array().unwrap();
        problems.iter().map(|problem| problem["code"].as_str().unwrap()).collect()
    }

    /// The message of a problem.
    fn message(&self, index: usize, code: &str) -> &str {
        let problems = self.host(index)["problems"].as_array().unwrap();
        let problem = problems.iter().find(|problem| problem["code"] == code);
        problem.unwrap_or_else(|| panic!("no {code}: {}", self.host(index)))["message"].as_str().unwrap()
    }

    /// The exit status and the first host's codes.
    fn outcome(&self) -> (i32, Vec<&str>) {
        (self.ran.status.unwrap(), self.codes(0))
    }
}

/// Runs check with `--json`.
fn check<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Said {
    let ran = run(tack().env_remove("TACK_PINS").args(["check", "--json"]).args(arguments));
    let document = serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    Said { ran, document }
}

/// Checks a server as localhost, with the root of its site.
fn check_server(server: &Server, site: &Site, arguments: &[&str]) -> Said {
    let root = site.file("root.pem").display().to_string();
    let host = format!("localhost:{}", server.port);
    check(["--ca-file", &root].iter().chain(arguments).copied().chain([host.as_str()]))
}

/// The current time and so many seconds.
fn from_now(seconds: i64) -> String {
    let now = i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    Timestamp::new(now + seconds).to_string()
}

const DAY: i64 = 24 * 60 * 60;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
