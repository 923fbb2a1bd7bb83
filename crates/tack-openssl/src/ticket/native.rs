//! What the `openssl` crate does not bind: the handshake messages as OpenSSL shows them, and how a connection was closed. It is
//! the only code of this library that is not safe Rust.
#![allow(unsafe_code, reason = "these functions are C, and the openssl crate does not bind them")]

use std::ffi::{c_int, c_void};
use std::slice;

use foreign_types::ForeignTypeRef;
use openssl::ssl::{SslContextBuilder, SslRef};
use openssl_sys::{SSL, SSL_CTX, SSL_RECEIVED_SHUTDOWN, SSL_get_shutdown};

use crate::ticket::watch;

/// The content type of handshake messages (RFC 8446, section 5.1): the callback is called for records and alerts too.
const HANDSHAKE: c_int = 22;

type Callback = extern "C" fn(c_int, c_int, c_int, *const c_void, usize, *mut SSL, *mut c_void);

// SAFETY: this is its declaration in <openssl/ssl.h>, of OpenSSL 1.1.1 and 3; openssl-sys links the library.
unsafe extern "C" {
    fn SSL_CTX_set_msg_callback(context: *mut SSL_CTX, callback: Option<Callback>);
}

/// Has a context show each handshake message, sent or received, before OpenSSL goes on with it.
pub(crate) fn show(context: &mut SslContextBuilder) {
    // SAFETY: the pointer is of a context that lives, and that is ours alone as it is borrowed mutably; the callback is a function, which
    // lives as long as the process.
    unsafe { SSL_CTX_set_msg_callback(context.as_ptr(), Some(shown)) }
}

/// Called by OpenSSL with a whole message, on the thread that does the handshake. It never panics, which would end the process.
extern "C" fn shown(
    _is_sent: c_int,
    _version: c_int,
    content_type: c_int,
    bytes: *const c_void,
    length: usize,
    ssl: *mut SSL,
    _argument: *mut c_void,
) {
    if content_type != HANDSHAKE || bytes.is_null() || ssl.is_null() {
        return;
    }
    // SAFETY: OpenSSL passes the connection that it works on; it is not null, and outlives the call. Nothing changes it meanwhile: the
    // reference is shared, and only read from.
    let ssl = unsafe { SslRef::from_ptr(ssl) };
    // SAFETY: OpenSSL passes a message of so many bytes in a buffer of its own; it is not null, and outlives the call unchanged.
    let message = unsafe { slice::from_raw_parts(bytes.cast::<u8>(), length) };
    watch::note(ssl, message);
}

/// Whether the other side has sent a close_notify.
pub(crate) fn is_closed_well(ssl: &SslRef) -> bool {
    // SAFETY: the pointer is of a connection that lives as long as the reference; the function only reads from it.
    let shutdown = unsafe { SSL_get_shutdown(ssl.as_ptr()) };
    shutdown & SSL_RECEIVED_SHUTDOWN != 0
}
