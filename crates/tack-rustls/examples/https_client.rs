//! An HTTPS client that requires TACK keys, or pins hosts to them: reqwest on rustls.
//!
//!     https_client [--ca FILE] [--connect ADDRESS:PORT] [--require FINGERPRINT]... [--pins FILE] [--report-only] URL...
//!
//! It prints the status and the number of bytes for each URL, or `refused: CODE`, and then exits with 1.

mod common;

use std::error::Error;
use std::process::ExitCode;

use reqwest::Url;
use reqwest::blocking::Client;
use tack_rustls::refusal;

use common::Options;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::from_arguments()?;
    let mut client = Client::builder().no_proxy().tls_backend_preconfigured(options.client_config()?);
    if let Some(address) = options.connect {
        for target in &options.targets {
            if let Some(host) = Url::parse(target)?.host_str() {
                client = client.resolve(host, address);
            }
        }
    }
    let client = client.build()?;
    let mut exit = ExitCode::SUCCESS;
    for target in &options.targets {
        match fetch(&client, target, options.connect.map(|address| address.port())) {
            Ok((status, length)) => println!("{status} {length}"),
            Err(error) => match refusal(&error) {
                Some(refused) => {
                    println!("refused: {}", refused.code());
                    exit = ExitCode::FAILURE;
                }
                None => return Err(error.into()),
            },
        }
    }
    Ok(exit)
}

fn fetch(client: &Client, target: &str, port: Option<u16>) -> Result<(u16, usize), reqwest::Error> {
    let mut request = client.get(target).build()?;
    if port.is_some() {
        // The port of a URL counts more than that of --connect.
        let _ = request.url_mut().set_port(port);
    }
    let answer = client.execute(request)?;
    Ok((answer.status().as_u16(), answer.bytes()?.len()))
}
