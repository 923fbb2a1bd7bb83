//! TLS on in-memory buffers: bytes in, bytes out, and no socket, thread, global state or unsafe option.
//!
//! The interface is that of a design for Python ("Python TLS API", by authors who wanted TLS that deals with buffers only, is
//! opinionated, and cannot be made insecure by an option; TACK was on their list of wishes). Here it stands on rustls.
//!
//! [`ClientTls`] and [`ServerTls`] start a [`Connection`]. What comes from the wire goes into
//! [`data_from_wire`](Connection::data_from_wire), in pieces of any size, and the application's bytes come out. What goes
//! to the wire is handed to a function. A verify function sees the peer's certificates once, after chain and name hold.
//!
//! # The design, and what serves it here
//!
//! | of the design | here |
//! | --- | --- |
//! | `ClientTLS(server_hostname, cipher_suites, trust_root, client_certificate_store)` | [`ClientTls::new`], [`with_client_certificates`](ClientTls::with_client_certificates). There is no default trust root, which would be global state. The provider of the cryptography is handed over too: rustls has none of its own |
//! | `ServerTLS(certificates, dh_params)` | [`ServerTls::new`]. No `dh_params`: rustls has no finite-field groups of one's own, and TLS 1.3 names its groups (RFC 8446, section 4.2.7). [`with_client_trust`](ServerTls::with_client_trust) says whose certificates a client must show; the design has no place for it |
//! | `start(write_to_wire_callback, wire_close_callback, verify_callback)` | [`ClientTls::start`], [`ServerTls::start`] |
//! | `write_to_wire_callback` | the same |
//! | `wire_close_callback(immediate)` | the same; called once |
//! | `verify_callback(certificates, connection)` | a function of the certificates and a [`Handshake`]. It is called in the middle of the handshake, where a whole [`Connection`] is not to be had; what the design does with it there, [`Handshake::send_alert`] does |
//! | `Connection.data_from_wire(input)` | [`Connection::data_from_wire`] |
//! | `Connection.data_from_application(output)` | [`Connection::data_from_application`] |
//! | `Connection.send_alert(alert_code, level)` | [`Connection::send_alert`] for close_notify, [`Handshake::send_alert`] for the alerts of certificates. rustls sends every other alert by itself, and has no call for one |
//! | `Connection.application_finished()` | [`Connection::application_finished`]. TLS ends a stream by close_notify (RFC 8446, section 6.1), not by Finished |
//! | heartbeats | none: rustls leaves them out (RFC 6520) |
//! | renegotiation | none: TLS 1.3 has none (RFC 8446, section 4.1.2), rustls refuses it in TLS 1.2 |
//! | `.cipher_suite`, `.tls_version` (wishes) | [`Connection::cipher_suite`], [`Connection::version`] |
//! | `.session_id` (wish), session resumption (future work) | none: each connection has a whole handshake and is judged anew |
//! | the end of the transport (not in the design) | [`Connection::wire_ended`], [`Connection::peer_has_closed`]: a truncated stream is an error |
//! | `Certificate.get_asn1_bytes()` | [`Certificate::as_der`] |
//! | factories for certificates of PEM files (a TODO) | [`Certificate::all_from_pem`] |
//! | `ClientCertificateStore.get_certificate_chain_for_roots(roots, callback)` | [`ClientCertificateStore::certificate_chain_for_roots`]. The roots are names: TLS sends no certificates of them (RFC 8446, section 4.2.4). The callback is called before the method returns |
//! | `ClientCertificateStore.get_default_certificate_chain(callback)` | [`ClientCertificateStore::default_certificate_chain`] |
//! | `TrustStore(certificates)` | [`TrustStore::new`] |
//! | `ServerCertificates.get_certificate_chain_for_server_name(server_name, callback)` | [`ServerCertificates`], whose callback may be called later: [`Connection::proceed`] then goes on |
//! | `ServerCertificateChain(chain)` | [`ServerCertificateChain`] |
//! | `SNIServerCertificates(certificates, default)` | [`SniServerCertificates`], [`with_default`](SniServerCertificates::with_default) |
//! | `certificate_chain_callback` | [`CertificateChainCallback`] |
//! | `TLSAlertError` (`alert_code`, `alert_level`) | [`TlsError::TlsAlert`]. The level is the one that TLS 1.3 gives the alert: rustls does not tell what was sent |
//! | `BadTLSDataError` | [`TlsError::BadTlsData`] |
//! | `InvalidatedError` | [`TlsError::Invalidated`] |
//! | `InvalidAlertLevel` | [`TlsError::InvalidAlertLevel`]. No alert is ambiguous any more, so none needs a level (RFC 8446, section 6) |
//! | an exception of `verify_callback` | [`TlsError::Refused`] |
//! | `LeafCertificateHasNoPrivateKeyError` | [`TlsError::LeafHasNoPrivateKey`] |
//! | `MoreThanOneLeafCertificateError` | [`TlsError::MoreThanOneLeaf`] |
//! | `NoLeafCertificateError` | [`TlsError::NoLeaf`] |
//! | `NoCertificateChainError` | [`TlsError::NoCertificateChain`] |
//! | `ExtraneousPrivateKeyError` | [`TlsError::ExtraneousPrivateKey`] |
//! | `pin against port and host (???)` (a TODO) | the host alone, as TACK has it (draft-02, section 4.1) |
//! | alternative validation by TACK (wish) | besides the validation, never instead of it: [`ClientTls::require`], [`ClientTls::pin`], [`Connection::judgement`], [`TlsError::Tack`] |
//!
//! # A client and a server in one process
//!
//! The crate's example `in_memory` is this with TACK, and `terminating_proxy` a server in front of another one.
//!
//! # Limits
//!
//! A record has 16 KiB at most, and what is not whole yet is kept. While a server looks for a chain, it keeps 64 KiB of what
//! comes from the wire. What the application sends before the handshake is done is kept too, as much as it sends.
//!
//! No input makes a connection panic, with one exception, which a release build does not have: with debug assertions, rustls
//! 0.23 panics where it would send an alert after close_notify. Bad data that comes after
//! [`application_finished`](Connection::application_finished) does that
//! ([rustls#959](https://github.com/rustls/rustls/issues/959)).

mod alert;
mod certificate;
mod chain;
mod client;
mod client_certificates;
mod connection;
mod error;
mod server;
mod server_certificates;
mod server_settings;
mod trust_store;
mod verify;

pub use self::alert::AlertLevel;
pub use self::certificate::Certificate;
pub use self::client::ClientTls;
pub use self::client_certificates::ClientCertificateStore;
pub use self::connection::Connection;
pub use self::error::TlsError;
pub use self::server::ServerTls;
pub use self::server_certificates::{
    CertificateChainCallback, ServerCertificateChain, ServerCertificates, SniServerCertificates,
};
pub use self::trust_store::TrustStore;
pub use self::verify::Handshake;
