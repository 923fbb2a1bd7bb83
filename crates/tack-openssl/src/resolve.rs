//! From a name to a connection, within a deadline.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Phase, ProbeError};

/// The most look-ups at once, with those that go on past their deadline. Each is a thread.
const MOST_LOOK_UPS: usize = 1280;
static LOOK_UPS: AtomicUsize = AtomicUsize::new(0);

/// Asks the system for the addresses of a host, each once, in its order of preference.
///
/// The system's resolver cannot be interrupted: it runs on a thread of its own, which past the deadline is left to end by
/// itself. There are 1,280 look-ups at most; while so many do not come back, a further one is [`ProbeError::Timeout`].
///
/// ```
/// use std::time::{Duration, Instant};
///
/// let addresses = tack_openssl::resolve("127.0.0.1", 443, Instant::now() + Duration::from_secs(5))?;
/// assert_eq!(addresses, ["127.0.0.1:443".parse().unwrap()]);
/// # Ok::<(), tack_openssl::ProbeError>(())
/// ```
///
/// # Errors
/// [`ProbeError::Resolve`] where the host has no address, [`ProbeError::Timeout`] at the deadline.
pub fn resolve(host: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, ProbeError> {
    let left = left(deadline, Phase::Resolving)?;
    let host = (host.to_owned(), port);
    let (sender, receiver) = mpsc::sync_channel(1);
    let counted = LookUp::begin().ok_or(ProbeError::Timeout(Phase::Resolving))?;
    let look_up = move || {
        let _counted = counted;
        // Nobody listens any more past the deadline.
        let _ = sender.send(host.to_socket_addrs());
    };
    thread::Builder::new().name("resolve".to_owned()).spawn(look_up).map_err(ProbeError::Resolve)?;
    let found = match receiver.recv_timeout(left) {
        Ok(found) => found.map_err(ProbeError::Resolve)?,
        Err(_) => return Err(ProbeError::Timeout(Phase::Resolving)),
    };
    let mut addresses = Vec::new();
    for address in found {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() {
        return Err(ProbeError::Resolve(io::Error::new(ErrorKind::NotFound, "the name has no address")));
    }
    Ok(addresses)
}

/// Connects to an address.
///
/// # Errors
/// [`ProbeError::Connect`] where there is no connection to be had, [`ProbeError::Timeout`] at the deadline.
pub fn connect(address: SocketAddr, deadline: Instant) -> Result<TcpStream, ProbeError> {
    let left = left(deadline, Phase::Connecting)?;
    TcpStream::connect_timeout(&address, left).map_err(|error| match error.kind() {
        // The network's own time-out says so too, but later than the deadline at the earliest.
        ErrorKind::TimedOut => ProbeError::Timeout(Phase::Connecting),
        _ => ProbeError::Connect(error),
    })
}

/// A look-up that counts until it ends.
struct LookUp;

impl LookUp {
    /// None if there are as many as there may be: the resolver does not answer then.
    fn begin() -> Option<Self> {
        let more = |number| (number < MOST_LOOK_UPS).then_some(number + 1);
        LOOK_UPS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(|_| Self)
    }
}

impl Drop for LookUp {
    fn drop(&mut self) {
        LOOK_UPS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The time that is left, which is never zero.
fn left(deadline: Instant, phase: Phase) -> Result<Duration, ProbeError> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ProbeError::Timeout(phase)) } else { Ok(left) }
}
