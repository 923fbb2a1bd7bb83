//! Connections to a host and a port.

use std::io;

use tokio::net::TcpStream;

use crate::cli::Endpoint;

/// Connects to the first address that takes the connection. The endpoint has a port.
pub async fn dial(endpoint: &Endpoint) -> io::Result<TcpStream> {
    let port = endpoint.port.ok_or(io::ErrorKind::InvalidInput)?;
    let stream = TcpStream::connect((endpoint.host.to_string(), port)).await?;
    // Small messages go back and forth; where this fails it is only slower.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}
