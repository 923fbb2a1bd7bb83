//! What OpenSSL tells while a handshake goes on: copies of the TACK extension, and what it thinks of the chain.
//!
//! The callbacks are called from C, where a panic would end the process.

use std::mem;
use std::sync::{Mutex, PoisonError};

use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::ssl::{ExtensionContext, Ssl, SslContextBuilder, SslRef, SslVerifyMode};
use openssl::x509::X509StoreContext;
use tack_core::TackExtension;

use crate::seen::{Extension, Place};
use crate::slot::Slot;
use crate::verification::Findings;

/// What was told of one connection.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) extensions: Vec<Extension>,
    pub(crate) findings: Findings,
}

static SLOT: Slot<Mutex<Told>> = Slot::new();

/// Asks for the TACK extension in every place where a server may answer: a place that is not registered would end the
/// handshake.
pub(crate) fn ask(context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
    let slot = SLOT.index()?;
    let places = ExtensionContext::CLIENT_HELLO
        | ExtensionContext::TLS1_2_SERVER_HELLO
        | ExtensionContext::TLS1_3_ENCRYPTED_EXTENSIONS
        | ExtensionContext::TLS1_3_CERTIFICATE;
    context.add_custom_ext(
        TackExtension::TYPE,
        places,
        |_, context, _| Ok(context.contains(ExtensionContext::CLIENT_HELLO).then_some([])),
        move |ssl, context, body, certificate| {
            let place = if context.contains(ExtensionContext::TLS1_3_CERTIFICATE) {
                Place::Certificate
            } else if context.contains(ExtensionContext::TLS1_3_ENCRYPTED_EXTENSIONS) {
                Place::EncryptedExtensions
            } else {
                Place::ServerHello
            };
            // Only the server's own certificate carries a tack.
            if certificate.is_none_or(|(index, _)| index == 0) {
                let extension = Extension { place, body: body.to_vec() };
                with(ssl, slot, |told| told.extensions.push(extension));
            }
            Ok(())
        },
    )
}

/// Has OpenSSL verify chain and name, and go on whatever it finds.
pub(crate) fn verify(context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
    let slot = SLOT.index()?;
    let ssl_slot = X509StoreContext::ssl_idx()?;
    context.set_verify_callback(SslVerifyMode::PEER, move |is_good, context| {
        if let Some(ssl) = context.ex_data(ssl_slot) {
            with(ssl, slot, |told| told.findings.add(is_good, context));
        }
        true
    });
    Ok(())
}

/// Prepares a connection for what will be told of it.
pub(crate) fn listen(ssl: &mut Ssl) -> Result<(), ErrorStack> {
    ssl.set_ex_data(SLOT.index()?, Mutex::default());
    Ok(())
}

/// What was told of a connection.
pub(crate) fn told(ssl: &SslRef) -> Result<Told, ErrorStack> {
    let mut all = Told::default();
    with(ssl, SLOT.index()?, |told| all = mem::take(told));
    Ok(all)
}

fn with(ssl: &SslRef, slot: Index<Ssl, Mutex<Told>>, action: impl FnOnce(&mut Told)) {
    if let Some(told) = ssl.ex_data(slot) {
        action(&mut told.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
