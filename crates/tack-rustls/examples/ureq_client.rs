//! An HTTPS client that requires TACK keys, or pins hosts to them: ureq on rustls.
//!
//! It takes the options of https_client but `--connect`, and prints the same. ureq makes a configuration of rustls of its
//! own, so the connector is ours here.

mod common;

use std::io::{self, Read, Write};
use std::{error::Error, net::TcpStream, process::ExitCode, sync::Arc, time::Duration};

use rustls::{ClientConfig, ClientConnection, StreamOwned, pki_types::ServerName};
use tack_rustls::refusal;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = common::Options::from_arguments()?;
    let tls = Tls(options.client_config()?.into());
    let agent = ureq::Agent::with_parts(Default::default(), tls, DefaultResolver::default());
    let mut exit = ExitCode::SUCCESS;
    for target in &options.targets {
        let answer = agent.get(target).call();
        match answer.and_then(|mut answer| Ok((answer.status(), answer.body_mut().read_to_vec()?))) {
            Ok((status, body)) => println!("{} {}", status.as_u16(), body.len()),
            Err(error) => {
                let error = error.into_io(); // an error of ureq hides its source
                let Some(refused) = refusal(&error) else { return Err(error.into()) };
                println!("refused: {}", refused.code());
                exit = ExitCode::FAILURE;
            }
        }
    }
    Ok(exit)
}

#[derive(Debug)]
struct Tls(Arc<ClientConfig>);

impl Connector for Tls {
    type Out = TlsStream;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<TlsStream>, ureq::Error> {
        let name = details.uri.host().unwrap_or_default().to_owned();
        let name = ServerName::try_from(name).map_err(io::Error::other)?;
        let mut tls = ClientConnection::new(self.0.clone(), name)?;
        let mut tcp = TcpStream::connect(&details.addrs[..])?;
        tcp.set_read_timeout(Some(Duration::from_secs(30)))?;
        tls.complete_io(&mut tcp)?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(TlsStream(StreamOwned::new(tls, tcp), buffers)))
    }
}

#[derive(Debug)]
struct TlsStream(StreamOwned<ClientConnection, TcpStream>, LazyBuffers);

impl Transport for TlsStream {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.1
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        Ok(self.0.write_all(self.1.output().get(..amount).unwrap_or_default())?)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        let amount = self.0.read(self.1.input_append_buf())?;
        self.1.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        false // each request is judged
    }

    fn is_tls(&self) -> bool {
        true
    }
}
