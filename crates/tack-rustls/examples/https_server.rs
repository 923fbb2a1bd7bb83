//! An HTTPS server that sends a TACK certificate: tokio-rustls. It serves `ok` until it is ended.
//!
//!     https_server --chain FILE --key FILE --tack FILE --listen ADDRESS
//!
//! The tack may be a TACK certificate, a TackExtension or a tack. It takes up new files while it runs.

use std::env;
use std::error::Error;
use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use tack_rustls::{HostFiles, TackResolver};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [chain, key, tack, listen] = ["--chain", "--key", "--tack", "--listen"].map(|name| {
        let mut pairs = arguments.chunks_exact(2);
        let value = pairs.find_map(|pair| pair.first().filter(|first| *first == name).and(pair.get(1)));
        value.ok_or(format!("{name} is missing"))
    });
    let provider = Arc::new(ring::default_provider());
    let resolver = TackResolver::builder(Arc::clone(&provider))
        .default_host(HostFiles::new(chain?, key?, tack?))
        .on_notice(|_, notice| eprintln!("{notice}"))
        .build()?;
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(listen?).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            if let Err(error) = serve(&acceptor, stream).await {
                eprintln!("{error}");
            }
        });
    }
}

async fn serve(acceptor: &TlsAcceptor, stream: TcpStream) -> io::Result<()> {
    let mut stream = BufReader::new(acceptor.accept(stream).await?);
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 && line != "\r\n" {
        line.clear();
    }
    stream.write_all(ANSWER).await?;
    stream.shutdown().await
}
