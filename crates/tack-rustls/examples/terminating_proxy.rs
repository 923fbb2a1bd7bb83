//! A proxy that ends TLS in front of a service without it.
//!
//!     terminating_proxy FILE LISTEN TO
//!
//! FILE holds the certificates that the server sends, a TACK certificate among them if it has one, and the private key of
//! the first.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{env, fs, thread};

use rustls::crypto::ring;
use tack_rustls::memory::{Certificate, Connection, ServerCertificateChain, ServerTls};

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [file, listen, to] = &arguments[..] else { return Err("give FILE LISTEN TO".into()) };
    let chain = ServerCertificateChain::new(Certificate::all_from_pem(&fs::read(file)?)?)?;
    let tls = ServerTls::new(Arc::new(ring::default_provider()), Arc::new(chain));
    for client in TcpListener::bind(listen)?.incoming() {
        let (tls, to) = (tls.clone(), to.clone());
        thread::spawn(move || {
            if let Err(error) = client.map_err(Into::into).and_then(|client| serve(&tls, client, &to)) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

/// Carries bytes both ways until both sides have ended.
fn serve(tls: &ServerTls, mut client: TcpStream, to: &str) -> Result<(), Failure> {
    let mut service = TcpStream::connect(to)?;
    let (mut wire, end) = (client.try_clone()?, client.try_clone()?);
    let write_to_wire = move |bytes: &[u8]| {
        // What cannot be written is not read either, and ends the connection there.
        let _ = wire.write_all(bytes);
    };
    let wire_close = move |_| {
        let _ = end.shutdown(Shutdown::Both);
    };
    let connection = Arc::new(Mutex::new(tls.start(write_to_wire, wire_close, |_, _| Ok(()))));

    let answers = thread::spawn({
        let (mut service, connection) = (service.try_clone()?, Arc::clone(&connection));
        move || -> Result<(), Failure> {
            let mut buffer = [0; 16 << 10];
            while let number @ 1.. = service.read(&mut buffer)? {
                lock(&connection).data_from_application(buffer.get(..number).unwrap_or_default())?;
            }
            lock(&connection).application_finished();
            Ok(())
        }
    });

    let mut buffer = [0; 16 << 10];
    let asked = loop {
        let number = client.read(&mut buffer)?;
        let mut connection = lock(&connection);
        if number == 0 || connection.peer_has_closed() {
            break connection.wire_ended();
        }
        match connection.data_from_wire(buffer.get(..number).unwrap_or_default()) {
            Ok(plaintext) => service.write_all(&plaintext)?,
            Err(error) => break Err(error),
        }
        if connection.peer_has_closed() {
            break Ok(());
        }
    };
    service.shutdown(if asked.is_ok() { Shutdown::Write } else { Shutdown::Both })?;
    asked?;
    answers.join().map_err(|_| "a thread panicked")?
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}
