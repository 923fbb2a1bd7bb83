//! TLS servers in threads of the test.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use openssl::ssl::{
    ExtensionContext, NameType, ShutdownState, Ssl, SslContext, SslContextBuilder, SslMethod, SslVersion,
};
use tack_core::TackExtension;

use crate::certificate::Identity;

/// A server on a loopback port, for as long as the test runs.
pub struct Server {
    pub address: SocketAddr,
    /// What became of each connection.
    pub connections: Receiver<Connection>,
}

/// A connection as the server had it.
#[derive(Debug, PartialEq, Eq)]
pub struct Connection {
    /// The name that was asked for.
    pub name: Option<String>,
    /// Whether the client resumed a session.
    pub is_resumed: bool,
    /// Whether it ended as TLS has it, with nothing sent.
    pub is_closed_well: bool,
}

/// A configuration for this certificate and these behind it.
pub fn context(identity: &Identity, behind: &[&Identity]) -> SslContextBuilder {
    let mut context = SslContextBuilder::new(SslMethod::tls_server()).unwrap();
    context.set_security_level(0);
    context.set_min_proto_version(Some(SslVersion::TLS1)).unwrap();
    context.set_certificate(&identity.certificate).unwrap();
    context.set_private_key(&identity.key).unwrap();
    for other in behind {
        context.add_extra_chain_cert(other.certificate.clone()).unwrap();
    }
    context
}

/// Has a server answer who asks for the TACK extension, in these places with these bodies.
pub fn answer(context: &mut SslContextBuilder, places: Vec<(ExtensionContext, &'static [u8])>) {
    let all = places.iter().fold(ExtensionContext::CLIENT_HELLO, |all, (place, _)| all | *place);
    context
        .add_custom_ext(
            TackExtension::TYPE,
            all,
            move |_, context, _| {
                let place = places.iter().find(|(place, _)| context.contains(*place));
                Ok(place.map(|(_, body)| *body))
            },
            |_, _, _, _| Ok(()),
        )
        .unwrap();
}

pub fn serve(context: SslContextBuilder) -> Server {
    let context = context.build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, connections) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            // A client that is refused is no concern of the server's.
            if let Some(connection) = accept(&context, stream.unwrap()) {
                let _ = sender.send(connection);
            }
        }
    });
    Server { address, connections }
}

/// Serves one client that hears no end of it, neither of TLS nor of what is none.
pub fn serve_without_an_end(context: SslContextBuilder) -> Server {
    let context = context.build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, connections) = channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut stream = Ssl::new(&context).unwrap().accept(stream).unwrap();
        while stream.get_mut().write_all(&[0; 1000]).is_ok() {}
        drop(sender);
    });
    Server { address, connections }
}

fn accept(context: &SslContext, stream: TcpStream) -> Option<Connection> {
    let mut stream = Ssl::new(context).unwrap().accept(stream).ok()?;
    let end = stream.read(&mut [0; 100]);
    Some(Connection {
        name: stream.ssl().servername(NameType::HOST_NAME).map(ToOwned::to_owned),
        is_resumed: stream.ssl().session_reused(),
        is_closed_well: matches!(end, Ok(0)) && stream.get_shutdown().contains(ShutdownState::RECEIVED),
    })
}
