//! TLS clients: one that asks for the TackExtension, and many that know nothing of it.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openssl::ssl::{ExtensionContext, SslConnector, SslMethod, SslStream, SslVersion};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tack_core::{TackExtension, pem};

use crate::common::{Ran, ok, run, script};
use crate::server::{BODY, PATH};

/// A version of TLS, with its names in each client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    V12,
    V13,
}

pub const BOTH: [Tls; 2] = [Tls::V12, Tls::V13];

impl Tls {
    fn openssl(self) -> SslVersion {
        match self {
            Self::V12 => SslVersion::TLS1_2,
            Self::V13 => SslVersion::TLS1_3,
        }
    }

    fn number(self) -> &'static str {
        match self {
            Self::V12 => "1.2",
            Self::V13 => "1.3",
        }
    }
}

/// What a client that asks for the TackExtension was given.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Every copy of the extension, without type and length.
    pub extensions: Vec<Vec<u8>>,
    /// The certificates in DER.
    pub chain: Vec<Vec<u8>>,
}

/// Asks for the TackExtension, verifies the chain, and fetches the page.
pub fn ask(port: u16, root: &Path, tls: Tls) -> Result<Answer, String> {
    ask_host("localhost", port, root, tls, None)
}

/// The same, for the certificate of these signature algorithms.
pub fn ask_for(port: u16, root: &Path, tls: Tls, algorithms: &str) -> Result<Answer, String> {
    ask_host("localhost", port, root, tls, Some(algorithms))
}

/// The same, of a host of this name.
pub fn ask_host(name: &str, port: u16, root: &Path, tls: Tls, algorithms: Option<&str>) -> Result<Answer, String> {
    let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
    builder.set_ca_file(root).unwrap();
    builder.set_min_proto_version(Some(tls.openssl())).unwrap();
    builder.set_max_proto_version(Some(tls.openssl())).unwrap();
    if let Some(algorithms) = algorithms {
        builder.set_sigalgs_list(algorithms).unwrap();
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    // The place of a certificate is listened to as well, where a second copy would arrive.
    let context = ExtensionContext::CLIENT_HELLO
        | ExtensionContext::TLS1_2_SERVER_HELLO
        | ExtensionContext::TLS1_3_ENCRYPTED_EXTENSIONS
        | ExtensionContext::TLS1_3_CERTIFICATE;
    builder
        .add_custom_ext(
            TackExtension::TYPE,
            context,
            |_, context, _| Ok((context == ExtensionContext::CLIENT_HELLO).then_some([])),
            move |_, _, bytes, _| {
                keep.lock().unwrap().push(bytes.to_vec());
                Ok(())
            },
        )
        .unwrap();
    let stream = connect(port)?;
    let mut stream = builder.build().connect(name, stream).map_err(|error| error.to_string())?;
    get(name, &mut stream)?;
    let chain = stream.ssl().peer_cert_chain().into_iter().flatten().map(|one| one.to_der().unwrap()).collect();
    let extensions = seen.lock().unwrap().clone();
    Ok(Answer { extensions, chain })
}

/// What `openssl s_client` is given that asks for the TackExtension, which it can in TLS 1.2: with type and length.
pub fn s_client_asks(port: u16) -> Option<Vec<u8>> {
    let number = TackExtension::TYPE.to_string();
    let ran = ok(&mut s_client(port, Tls::V12, &["-serverinfo", &number]));
    pem::decode_first(&ran.stdout, "SERVERINFO FOR EXTENSION 62208").ok()
}

/// The clients that know nothing of TACK, each of which verifies the chain and fetches the page. Those of which we cannot
/// see the page here end well.
pub fn others_succeed(port: u16, root: &Path) {
    for tls in BOTH {
        let curl = ok(&mut curl(port, root, tls));
        assert_eq!(curl.text(), BODY);
        ok(&mut s_client(port, tls, &["-verify_return_error", "-CAfile", root.to_str().unwrap()]));
        assert_eq!(python_ssl(port, root, tls).text(), BODY);
        rustls(port, root, tls).unwrap();
    }
}

pub fn curl(port: u16, root: &Path, tls: Tls) -> Command {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--fail", "--noproxy", "*", "--tls-max", tls.number(), "--cacert"]);
    command.arg(root).arg(format!("--tlsv{}", tls.number())).arg(format!("https://127.0.0.1:{port}{PATH}"));
    command
}

pub fn s_client(port: u16, tls: Tls, arguments: &[&str]) -> Command {
    let version = match tls {
        Tls::V12 => "-tls1_2",
        Tls::V13 => "-tls1_3",
    };
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &format!("127.0.0.1:{port}"), version]).args(arguments);
    command
}

pub fn python_ssl(port: u16, root: &Path, tls: Tls) -> Ran {
    let mut command = Command::new("python3");
    command.arg(script("python_ssl.py")).arg(port.to_string()).arg(root).args([tls.number(), PATH]);
    run(&mut command)
}

/// The chain as rustls has it.
pub fn rustls(port: u16, root: &Path, tls: Tls) -> Result<Vec<Vec<u8>>, String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&fs::read(root).unwrap()).unwrap()).unwrap();
    let version = match tls {
        Tls::V12 => &rustls::version::TLS12,
        Tls::V13 => &rustls::version::TLS13,
    };
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, connect(port)?);
    get("localhost", &mut stream)?;
    Ok(stream.conn.peer_certificates().unwrap().iter().map(|one| one.to_vec()).collect())
}

fn connect(port: u16) -> Result<TcpStream, String> {
    let stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    Ok(stream)
}

/// Fetches the page of a host.
fn get(name: &str, stream: &mut (impl Read + Write)) -> Result<(), String> {
    begin(stream)?;
    end(name, stream)
}

fn begin(stream: &mut impl Write) -> Result<(), String> {
    stream.write_all(format!("GET {PATH} HTTP/1.0\r\n").as_bytes()).map_err(|error| error.to_string())
}

fn end(name: &str, stream: &mut (impl Read + Write)) -> Result<(), String> {
    stream.write_all(format!("Host: {name}\r\n\r\n").as_bytes()).map_err(|error| error.to_string())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(|error| error.to_string())?;
    if answer.ends_with(BODY) { Ok(()) } else { Err(format!("not the page: {answer}")) }
}

/// A client that takes its time: its request has begun.
pub struct Slow(SslStream<TcpStream>);

impl Slow {
    pub fn new(port: u16, root: &Path) -> Self {
        let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
        builder.set_ca_file(root).unwrap();
        let mut stream = builder.build().connect("localhost", connect(port).unwrap()).unwrap();
        begin(&mut stream).unwrap();
        Self(stream)
    }

    /// Fetches the page after all.
    pub fn end(mut self) -> Result<(), String> {
        end("localhost", &mut self.0)
    }
}
