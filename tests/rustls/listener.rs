//! A server in this process, which has a chain for each name.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::KeyPair;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::client::DEADLINE;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";

/// It listens until the test binary ends.
pub struct Listener {
    pub port: u16,
    chains: Arc<Chains>,
}

#[derive(Debug, Default)]
struct Chains(Mutex<BTreeMap<String, Arc<CertifiedKey>>>);

impl ResolvesServerCert for Chains {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.lock().unwrap().get(hello.server_name()?).cloned()
    }
}

impl Listener {
    pub fn start() -> Self {
        let chains = Arc::new(Chains::default());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(chains.clone());
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let config = Arc::clone(&config);
                thread::spawn(move || serve(config, stream.unwrap()));
            }
        });
        Self { port, chains }
    }

    /// From now on serves this chain to clients that ask for this name.
    pub fn install(&self, name: &str, chain: Vec<CertificateDer<'static>>, key: &KeyPair) {
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let key = CertifiedKey::from_der(chain, key, &ring::default_provider()).unwrap();
        self.chains.0.lock().unwrap().insert(name.to_owned(), Arc::new(key));
    }
}

/// Answers a request, if one comes. A client that refuses what it sees ends this by an alert.
fn serve(config: Arc<ServerConfig>, stream: TcpStream) {
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut tls = BufReader::new(StreamOwned::new(ServerConnection::new(config).unwrap(), stream));
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        if !tls.read_line(&mut line).is_ok_and(|length| length > 0) {
            return;
        }
    }
    let _ = tls.get_mut().write_all(ANSWER);
}
