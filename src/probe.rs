//! From a host to what is said of its servers: connections, and what they show.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::num::NonZero;
use std::time::{Duration, Instant};

use tack_core::{Certificate, Timestamp};
use tack_openssl::{Connector, Phase, ProbeError, Seen, ServerName, StartTls, Target, connect, resolve};
use tack_pin::{HostName, Presented};

use crate::cli::{Endpoint, Host};
use crate::found;
use crate::jobs;
use crate::judged::{self, Judge};
use crate::report::HostReport;

/// The port of HTTPS.
const HTTPS: u16 = 443;
/// How many servers of one host are connected to at once.
const AT_ONCE: NonZero<u16> = NonZero::new(8).expect("it is not 0");

/// Looks at hosts. Threads share it.
pub struct Prober<'a> {
    pub connector: Connector,
    /// By what servers are judged.
    pub judge: Judge<'a>,
    /// By what those are judged with whom a client ends the connection before it looks at tacks: no pin changes.
    pub onlooker: Judge<'a>,
    pub starttls: Option<StartTls>,
    /// What to connect to instead of the host.
    pub routes: &'a [Endpoint],
    /// Whether every address is connected to, or of each name the first that takes the connection.
    pub all: bool,
    pub timeout: Duration,
    pub now: Timestamp,
}

/// What is connected to.
struct Server {
    place: Place,
    port: u16,
}

/// Where a server is.
enum Place {
    /// At the first address of this name that takes the connection.
    Name(HostName),
    Address(IpAddr),
    /// Its name has no address.
    Nowhere(ProbeError),
}

/// What came of a connection, and to which address it was.
struct Outcome {
    address: Option<SocketAddr>,
    port: u16,
    seen: Result<Seen, ProbeError>,
}

impl Prober<'_> {
    /// Looks at a host: one report for each of its servers.
    pub fn probe(&self, endpoint: &Endpoint) -> Vec<HostReport> {
        let port = endpoint.port.unwrap_or_else(|| self.starttls.map_or(HTTPS, StartTls::default_port));
        let host = &endpoint.host;
        let mut reports = Vec::new();
        let mut servers = self.servers(host, port).into_iter().peekable();
        // What is seen of the servers waits until its turn to be judged: that of a few fits into memory.
        while servers.peek().is_some() {
            let some: Vec<_> = servers.by_ref().take(AT_ONCE.get().into()).collect();
            reports.extend(self.see_all(host, some).into_iter().map(|outcome| self.judge(host, outcome)));
        }
        found::compare(host, &mut reports);
        reports
    }

    /// The servers of a host.
    fn servers(&self, host: &Host, port: u16) -> Vec<Server> {
        let own = [Endpoint { host: host.clone(), port: Some(port) }];
        let routes = if self.routes.is_empty() { &own[..] } else { self.routes };
        let mut servers = Vec::new();
        for route in routes {
            let port = route.port.unwrap_or(port);
            let server = |place| Server { place, port };
            match &route.host {
                Host::Name(name) if self.all => match resolve(name.as_str(), port, self.deadline()) {
                    Ok(found) => servers.extend(found.iter().map(|address| server(Place::Address(address.ip())))),
                    Err(error) => servers.push(server(Place::Nowhere(error))),
                },
                Host::Name(name) => servers.push(server(Place::Name(name.clone()))),
                Host::Address(address) => servers.push(server(Place::Address(*address))),
            }
        }
        servers
    }

    /// Connects to some servers at once, and gives what came of it in their order.
    fn see_all(&self, host: &Host, servers: Vec<Server>) -> Vec<Outcome> {
        let target = Target { name: server_name(host), starttls: self.starttls };
        let see = |server| self.see(server, &target);
        if servers.len() == 1 {
            return servers.into_iter().map(see).collect();
        }
        let mut outcomes: Vec<_> = servers.iter().map(|_| None).collect();
        let done = |place: usize, outcome| {
            if let Some(slot) = outcomes.get_mut(place) {
                *slot = Some(outcome);
            }
            Ok(())
        };
        jobs::each(AT_ONCE, servers.into_iter(), see, done).expect("nothing here fails");
        outcomes.into_iter().flatten().collect()
    }

    fn see(&self, server: Server, target: &Target) -> Outcome {
        let deadline = self.deadline();
        let port = server.port;
        let outcome = |address, seen| Outcome { address, port, seen };
        let addresses = match server.place {
            Place::Address(address) => vec![SocketAddr::new(address, port)],
            Place::Name(name) => match resolve(name.as_str(), port, deadline) {
                Ok(addresses) => addresses,
                Err(error) => return outcome(None, Err(error)),
            },
            Place::Nowhere(error) => return outcome(None, Err(error)),
        };
        match connect_to_first(&addresses, deadline) {
            Ok((address, stream)) => outcome(Some(address), self.connector.probe(stream, target, self.now, deadline)),
            Err((address, error)) => outcome(address, Err(error)),
        }
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.timeout
    }

    /// Says what a client decides.
    fn judge(&self, host: &Host, outcome: Outcome) -> HostReport {
        let mut report = match outcome.seen {
            Ok(seen) => self.judge_seen(host, &seen),
            Err(error) => {
                let mut report = HostReport::new(self.now);
                report.problems.push(found::failure(&error));
                report
            }
        };
        report.name = Some(host.to_string());
        report.port = Some(outcome.port);
        report.address = outcome.address.map(|address| address.ip().to_string());
        report
    }

    fn judge_seen(&self, host: &Host, seen: &Seen) -> HostReport {
        let bodies: Vec<_> = seen.extensions.iter().map(|extension| &extension.body).collect();
        let own = seen.chain.first().map(|own| Certificate::from_der(own));
        let mut report = match (Presented::from_connection(&seen.chain, &bodies), own) {
            (Ok(presented), Some(Ok(certificate))) => {
                let name = match host {
                    Host::Name(name) => Some(name),
                    Host::Address(_) => None,
                };
                let received = bodies.first().map(|body| body.as_slice());
                let is_good =
                    seen.verification.as_ref().is_none_or(|found| found.chain.is_empty() && found.name_matches);
                let judge = if is_good { &self.judge } else { &self.onlooker };
                judge.judge(&judged::Seen { presented: &presented, received, certificate: Some(&certificate), name })
            }
            (Err(error), _) | (_, Some(Err(error))) => found::unreadable(self.now, &error.to_string()),
            (Ok(_), None) => found::unreadable(self.now, "there is none"),
        };
        found::add(host, seen, &mut report);
        report
    }
}

/// Connects to the first address that takes the connection. Each has its share of the time that is left.
fn connect_to_first(
    addresses: &[SocketAddr],
    deadline: Instant,
) -> Result<(SocketAddr, TcpStream), (Option<SocketAddr>, ProbeError)> {
    let mut failed = (None, ProbeError::Timeout(Phase::Connecting));
    for (address, left) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let now = Instant::now();
        let time = deadline.saturating_duration_since(now) / u32::try_from(left).unwrap_or(u32::MAX);
        match connect(*address, now + time) {
            Ok(stream) => return Ok((*address, stream)),
            Err(error) => failed = (Some(*address), error),
        }
    }
    Err(failed)
}

fn server_name(host: &Host) -> ServerName {
    match host {
        Host::Name(name) => name.as_str().parse().expect("a name that can be pinned is a server's"),
        Host::Address(address) => ServerName::Address(*address),
    }
}
