//! The command that connects: check.

use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tack_core::{Fingerprint, Span};
use tack_openssl::StartTls;

use super::Common;
use super::endpoint::Endpoint;
use super::parse::{seconds, threads};

/// Connect to hosts as a client would, and judge what they serve, as a monitoring plugin
///
/// Asks for the TackExtension in the TLS handshake, and looks for a TACK certificate in the chain. Judges what is there as a
/// client that knows TACK would, step by step, with the pins and required keys that it is given; and the certificate: its
/// chain, its name, and when it expires. A host without any tack is CRITICAL. What is weak by today's rules, such as an old
/// version of TLS or a short key, is a WARNING.
///
/// HOST is a name, also in Unicode, or an address. HOST:PORT says the port too, which is else 443 or that of PROTOCOL; an
/// address of IPv6 goes in brackets then. Only names have pins, and only a name is sent to the server (SNI).
///
/// Of the addresses of HOST the first that connects is checked. With --all every one is, with --connect each ADDRESS
/// instead, under HOST's name. Each is a line of its own. A WARNING tells when the servers of one HOST serve different
/// tacks or flags: keys, generations, expirations and activation flags are compared. Each server may have its own TLS key.
///
/// With --pins the pins change as a client's would, unless --read-only is given. A client ends a connection whose chain or
/// name is bad before it looks at tacks: then the pins stay as they are. With --insecure chain and name are not looked at,
/// and the pins change all the same, so whoever sits between can make pins: give --read-only too where that may be.
///
/// For one server the first line is for the monitoring system, and its labelled values follow. In the performance data
/// after "|", days_left is what the tack or the certificate has left that expires first, and handshake the time of the TLS
/// handshake. For several the first line has the worst state, and how many servers are in which; each server has a line, in
/// the order given.
///
/// No server can hold up the others, or send more than 1 MiB. What it sends is escaped before it is shown.
#[derive(Debug, Args)]
#[command(after_long_help = "\
JSON:
  --json prints the document of tack-verify(1), with every server in \"hosts\". name is HOST, and port
  and address are what was connected to. A line of --hosts that names no host is told on standard
  error alone.

EXAMPLES:
  Whether a host serves the tacks that it should:

    tack check www.example.com

  Every server behind a balancer, each for itself:

    tack check --all www.example.com
    tack check --connect 192.0.2.1 --connect 192.0.2.2 www.example.com

  As the app that ships this fingerprint does:

    tack check --require aqp6b.otrei.o5h3o.3fxkt.36e7q www.example.com

  A mail server, by STARTTLS, with pins that are kept from run to run:

    tack check --starttls smtp --pins PINS.db mail.example.com

  Many hosts, and a document for a program:

    tack check --json --jobs 64 --hosts HOSTS.txt

EXIT STATUS:
  0  OK: every server has valid tacks and a valid certificate, and they last.
  1  WARNING: less time left than --warn, weak TLS, or servers of one HOST that differ.
  2  CRITICAL: a tack or a certificate that clients refuse, no tack, or no connection.
  3  UNKNOWN: a file or the pin store that cannot be used, or a wrong command line.

ENVIRONMENT:
  TACK_PINS  The pin store, where --pins is not given.
  SSL_CERT_FILE, SSL_CERT_DIR  The CAs to trust instead of the system's.")]
pub struct Check {
    /// Ask for TLS in this protocol: ftp, imap, ldap, lmtp, mysql, pop3, postgres, sieve, smtp, xmpp or xmpp-server
    #[arg(long, value_name = "PROTOCOL")]
    pub starttls: Option<StartTls>,

    /// Connect to this address or host instead, under HOST's name; may be repeated
    ///
    /// Without PORT, HOST's is taken.
    #[arg(long, value_name = "ADDRESS[:PORT]")]
    pub connect: Vec<Endpoint>,

    /// Check every address that HOST, or a name in --connect, resolves to
    #[arg(long)]
    pub all: bool,

    /// Keep pins in this store, as a client does [default: TACK_PINS]
    #[arg(long, value_name = "PINS")]
    pub pins: Option<PathBuf>,

    /// Leave the pins as they are
    #[arg(long)]
    pub read_only: bool,

    /// Neither make nor extend pins; only revocations and break signatures change what is kept
    #[arg(long)]
    pub no_activate: bool,

    /// Require a tack of this TACK key, or of one of several
    #[arg(long, value_name = "FINGERPRINT")]
    pub require: Vec<Fingerprint>,

    /// Trust the CAs in this file, in PEM, instead of the system's
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub ca_file: Option<PathBuf>,

    /// Do not look at the certificate's chain and name
    #[arg(long)]
    pub insecure: bool,

    /// Offer this version of TLS alone
    #[arg(long, value_enum, value_name = "VERSION")]
    pub tls: Option<TlsVersion>,

    /// Warn when a tack or the certificate lasts less than this
    #[arg(long, value_name = "SPAN", default_value = "12h")]
    pub warn: Span,

    /// Give each server so long, from 1s to 1h, in minutes and seconds: "1m30s"
    #[arg(long, value_name = "SPAN", default_value = "10s", value_parser = seconds)]
    pub timeout: Duration,

    /// Check so many hosts at once, 1024 at most
    #[arg(long, value_name = "NUMBER", default_value = "16", value_parser = threads(1024))]
    pub jobs: NonZero<u16>,

    /// Check the hosts in this file too: one on each line, comments after "#"
    #[arg(long, value_name = "FILE")]
    pub hosts: Option<PathBuf>,

    /// Print one JSON document
    #[arg(long)]
    pub json: bool,

    /// The hosts to check: HOST or HOST:PORT
    #[arg(value_name = "HOST", required_unless_present = "hosts")]
    pub names: Vec<Endpoint>,

    #[command(flatten)]
    pub common: Common,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TlsVersion {
    /// TLS 1.2
    #[value(name = "1.2")]
    V12,
    /// TLS 1.3
    #[value(name = "1.3")]
    V13,
}
