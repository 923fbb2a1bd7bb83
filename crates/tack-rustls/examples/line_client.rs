//! A client of a protocol of lines, such as SMTP or a service of one's own, over TLS from the first byte: tokio-rustls.
//!
//!     line_client [--ca FILE] [--connect ADDRESS:PORT] [--require FINGERPRINT]... [--pins FILE] [--report-only] HOST:PORT
//!
//! It sends the lines of standard input, and prints what comes back until the server closes, or `refused: CODE`, and then
//! exits with 1.

mod common;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use tack_rustls::refusal;
use tokio::io::{self, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use common::Options;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::from_arguments()?;
    let target = options.targets.first().ok_or("HOST:PORT is missing")?;
    let (host, _) = target.rsplit_once(':').ok_or("HOST:PORT has no port")?;
    let name = ServerName::try_from(host.to_owned())?;
    let stream = match options.connect {
        Some(address) => TcpStream::connect(address).await?,
        None => TcpStream::connect(target).await?,
    };
    let connector = TlsConnector::from(Arc::new(options.client_config()?));
    let stream = match connector.connect(name, stream).await {
        Ok(stream) => stream,
        Err(error) => match refusal(&error) {
            Some(refused) => {
                println!("refused: {}", refused.code());
                return Ok(ExitCode::FAILURE);
            }
            None => return Err(error.into()),
        },
    };
    let (mut from_server, mut to_server) = io::split(stream);
    io::copy(&mut io::stdin(), &mut to_server).await?;
    to_server.flush().await?;
    io::copy(&mut from_server, &mut io::stdout()).await?;
    Ok(ExitCode::SUCCESS)
}
