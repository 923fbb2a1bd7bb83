//! tlslite-ng as a client and as a server.

use std::env;
use std::ffi::OsString;
use std::process::Command;

use crate::common::{peer, script, skip};
use crate::server::Server;
use crate::site::Site;

/// tlslite-ng, with tackpy to verify tacks.
pub struct Tlslite {
    path: OsString,
}

/// None, and the test is skipped, where it is not installed.
pub fn tlslite(test: &str) -> Option<Tlslite> {
    let paths = [peer("tlslite"), peer("tackpy-0.9.9")].into_iter().collect::<Option<Vec<_>>>();
    if paths.is_none() {
        skip(test, "tlslite-ng and tackpy 0.9.9");
    }
    Some(Tlslite { path: env::join_paths(paths?).unwrap() })
}

impl Tlslite {
    fn python(&self, script_name: &str, port: u16) -> Command {
        let mut command = Command::new("python3");
        command.env("PYTHONPATH", &self.path).env("PYTHONDONTWRITEBYTECODE", "1").arg(script(script_name));
        command.arg(port.to_string());
        command
    }

    /// A client of this port.
    pub fn client(&self, port: u16) -> Command {
        self.python("tlslite_client.py", port)
    }

    /// A server with the certificate of a site, these tacks and flags.
    pub fn server(&self, site: &Site, tacks: &str, flags: &str) -> Server {
        Server::other(site.path(), |port| {
            let mut server = self.python("tlslite_server.py", port);
            server.args(["fullchain.pem", "privkey.pem", tacks, flags]);
            server
        })
    }
}
