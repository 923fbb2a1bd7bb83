#![no_main]

use std::io::{self, Cursor, Read, Write};

use libfuzzer_sys::fuzz_target;
use tack_openssl::starttls::{StartTls, negotiate};

/// A server that says this, whatever it is told.
struct Server<'a>(Cursor<&'a [u8]>);

impl Read for Server<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Server<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether the server gives the go-ahead, and how much of what it says was read.
fn ask(protocol: StartTls, said: &[u8]) -> (bool, usize) {
    let mut server = Server(Cursor::new(said));
    let name = "host.example".parse().expect("a host name");
    let outcome = negotiate(protocol, &mut server, &name);
    if let Err(error) = &outcome {
        assert!(!error.to_string().contains(|c: char| c.is_control()));
    }
    (outcome.is_ok(), usize::try_from(server.0.position()).expect("no more than there is"))
}

fuzz_target!(|bytes: &[u8]| {
    let Some((number, said)) = bytes.split_first() else { return };
    let protocol = StartTls::ALL[usize::from(*number) % StartTls::ALL.len()];
    let (is_begun, read) = ask(protocol, said);
    if is_begun {
        // Nothing behind the go-ahead was read, and all before it was needed.
        assert_eq!(ask(protocol, &said[..read]), (true, read));
        assert!(!ask(protocol, &said[..read - 1]).0);
    }
});
