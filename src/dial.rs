//! Connections to a host and a port.

use std::io;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

use crate::cli::Endpoint;

/// Connects to the first address that takes the connection. The look-up and each address have their share of the time: one
/// that does not answer leaves some to the others. The endpoint has a port.
pub async fn dial(endpoint: &Endpoint, time: Duration) -> io::Result<TcpStream> {
    let deadline = Instant::now() + time;
    let port = endpoint.port.ok_or(io::ErrorKind::InvalidInput)?;
    let addresses: Vec<_> = timeout_at(deadline, lookup_host((endpoint.host.to_string(), port))).await??.collect();
    let mut failed = io::ErrorKind::TimedOut.into();
    for (address, left) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let now = Instant::now();
        let share = deadline.saturating_duration_since(now) / u32::try_from(left).unwrap_or(u32::MAX);
        match timeout_at(now + share, TcpStream::connect(address)).await.unwrap_or_else(|late| Err(late.into())) {
            Ok(stream) => {
                // Small messages go back and forth; where this fails it is only slower.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Why there is no connection.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut => "no answer in time".to_owned(),
        _ => crate::display::plain(error),
    }
}
