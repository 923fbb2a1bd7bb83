//! What the `openssl` crate does not bind: a provider that shows how OpenSSL derives secrets, the messages of a handshake, and how a
//! connection was closed. It is the only code of this library that is not safe Rust.
//!
//! A provider is how OpenSSL takes in algorithms, since 3.0: see provider(7) and provider-kdf(7). This one has one algorithm,
//! TLS13-KDF, by which libssl derives every secret of TLS 1.3 (EVP_KDF-TLS13_KDF(7)). It hands all work to the
//! algorithm of this name that OpenSSL has anyway, and computes nothing. libssl gives all parameters with each derivation; what it
//! does not use of such an algorithm is left out.
#![allow(unsafe_code, reason = "these functions are C, and the openssl crate does not bind them")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

use foreign_types::ForeignTypeRef;
use openssl::error::ErrorStack;
use openssl::provider::Provider;
use openssl::ssl::{SslContextBuilder, SslMethod, SslRef};
use openssl_sys::{
    EVP_KDF, EVP_KDF_CTX, EVP_KDF_CTX_free, EVP_KDF_CTX_new, EVP_KDF_derive, EVP_KDF_fetch, OSSL_LIB_CTX, OSSL_PARAM,
    OSSL_PARAM_get_octet_string_ptr, OSSL_PARAM_locate_const, SSL, SSL_CTX, SSL_METHOD, SSL_RECEIVED_SHUTDOWN,
    SSL_get_shutdown,
};

use crate::ticket::watch;

/// The provider's name.
const NAME: &str = "tack-openssl";
/// The property of its algorithm. It is not `provider`, of which the administrator may have said what he wants.
const DEFINITION: &CStr = c"tack.shows=yes";
/// What contexts prefer: this algorithm, where other wishes allow it, and all others as ever.
const PREFERENCE: &CStr = c"?tack.shows=yes";
/// The algorithms of this name that do the work.
const OTHERS: &CStr = c"tack.shows!=yes";
const ALGORITHM: &CStr = c"TLS13-KDF";

/// The label of the derivation that is shown, which has the Handshake Secret and the hash of the messages to the ServerHello (RFC
/// 8446, section 7.1).
const LABEL: &[u8] = b"s hs traffic";

/// An OSSL_DISPATCH of <openssl/core.h>: the number of a function, and the function.
#[repr(C)]
struct Entry<F> {
    id: c_int,
    function: F,
}

/// What a provider can do, as an array of OSSL_DISPATCH: each function has its type, and the last entry is empty.
#[repr(C)]
struct ProviderFunctions {
    query: Entry<Query>,
    end: Entry<Option<Query>>,
}

/// What an algorithm can do, in the same way.
#[repr(C)]
struct KdfFunctions {
    new_context: Entry<NewContext>,
    free_context: Entry<FreeContext>,
    derive: Entry<Derive>,
    end: Entry<Option<NewContext>>,
}

/// An OSSL_ALGORITHM of <openssl/core.h>.
#[repr(C)]
struct Algorithm {
    names: *const c_char,
    properties: *const c_char,
    functions: *const KdfFunctions,
    description: *const c_char,
}

// SAFETY: its pointers lead to constants, which nobody changes.
unsafe impl Sync for Algorithm {}

type Init =
    unsafe extern "C" fn(*const c_void, *const c_void, *mut *const ProviderFunctions, *mut *mut c_void) -> c_int;
type Query = unsafe extern "C" fn(*mut c_void, c_int, *mut c_int) -> *const Algorithm;
type NewContext = extern "C" fn(*mut c_void) -> *mut EVP_KDF_CTX;
type FreeContext = unsafe extern "C" fn(*mut EVP_KDF_CTX);
type Derive = unsafe extern "C" fn(*mut EVP_KDF_CTX, *mut u8, usize, *const OSSL_PARAM) -> c_int;
type Shown = unsafe extern "C" fn(c_int, c_int, c_int, *const c_void, usize, *mut SSL, *mut c_void);

// SAFETY: these are their declarations in <openssl/provider.h> and <openssl/ssl.h> of OpenSSL 3; openssl-sys links the library.
unsafe extern "C" {
    fn OSSL_PROVIDER_add_builtin(library: *mut OSSL_LIB_CTX, name: *const c_char, init: Init) -> c_int;
    fn SSL_CTX_new_ex(library: *mut OSSL_LIB_CTX, properties: *const c_char, method: *const SSL_METHOD)
    -> *mut SSL_CTX;
    fn SSL_CTX_set_msg_callback(context: *mut SSL_CTX, callback: Option<Shown>);
}

/// The numbers of <openssl/core_dispatch.h>.
const OSSL_FUNC_PROVIDER_QUERY_OPERATION: c_int = 1027;
const OSSL_OP_KDF: c_int = 4;
const OSSL_FUNC_KDF_NEWCTX: c_int = 1;
const OSSL_FUNC_KDF_FREECTX: c_int = 3;
const OSSL_FUNC_KDF_DERIVE: c_int = 5;

static PROVIDER_FUNCTIONS: ProviderFunctions = ProviderFunctions {
    query: Entry { id: OSSL_FUNC_PROVIDER_QUERY_OPERATION, function: query },
    end: Entry { id: 0, function: None },
};

static KDF_FUNCTIONS: KdfFunctions = KdfFunctions {
    new_context: Entry { id: OSSL_FUNC_KDF_NEWCTX, function: new_context },
    free_context: Entry { id: OSSL_FUNC_KDF_FREECTX, function: EVP_KDF_CTX_free },
    derive: Entry { id: OSSL_FUNC_KDF_DERIVE, function: derive },
    end: Entry { id: 0, function: None },
};

static ALGORITHMS: [Algorithm; 2] = [
    Algorithm {
        names: ALGORITHM.as_ptr(),
        properties: DEFINITION.as_ptr(),
        functions: &raw const KDF_FUNCTIONS,
        description: ptr::null(),
    },
    Algorithm { names: ptr::null(), properties: ptr::null(), functions: ptr::null(), description: ptr::null() },
];

/// The algorithm that does the work. It is never freed.
static KDF: AtomicPtr<EVP_KDF> = AtomicPtr::new(ptr::null_mut());

/// The provider, once it is loaded: for the life of the process.
static PROVIDER: Mutex<Option<Provider>> = Mutex::new(None);

/// A context whose handshakes are shown to [`watch`].
pub(crate) fn context(method: SslMethod) -> Result<SslContextBuilder, ErrorStack> {
    load()?;
    // SAFETY: the first argument may be null, for the library that all share; the others live as long as the process.
    let context = unsafe { SSL_CTX_new_ex(ptr::null_mut(), PREFERENCE.as_ptr(), method.as_ptr()) };
    if context.is_null() {
        return Err(ErrorStack::get());
    }
    // SAFETY: the pointer is of a context that lives; the callback is a function, which lives as long as the process.
    unsafe { SSL_CTX_set_msg_callback(context, Some(shown)) };
    // SAFETY: the pointer is not null, and nobody else has it.
    Ok(unsafe { SslContextBuilder::from_ptr(context) })
}

fn load() -> Result<(), ErrorStack> {
    let mut provider = PROVIDER.lock().unwrap_or_else(PoisonError::into_inner);
    if provider.is_some() {
        return Ok(());
    }
    openssl::init();
    if KDF.load(Ordering::Acquire).is_null() {
        // It is fetched before the provider is there: so OpenSSL finds it first, too, for contexts that ask for nothing, as long as
        // its own provider is not unloaded.
        // SAFETY: the first argument may be null, and the others live as long as the process.
        let kdf = unsafe { EVP_KDF_fetch(ptr::null_mut(), ALGORITHM.as_ptr(), OTHERS.as_ptr()) };
        if kdf.is_null() {
            return Err(ErrorStack::get());
        }
        KDF.store(kdf, Ordering::Release);
    }
    let name = CString::new(NAME).expect("the name has no NUL");
    // SAFETY: the first argument may be null; OpenSSL copies the name, and the function lives as long as the process.
    if unsafe { OSSL_PROVIDER_add_builtin(ptr::null_mut(), name.as_ptr(), init) } != 1 {
        return Err(ErrorStack::get());
    }
    *provider = Some(Provider::try_load(None, NAME, true)?);
    Ok(())
}

/// Called by OpenSSL as the provider is loaded.
unsafe extern "C" fn init(
    _core: *const c_void,
    _core_functions: *const c_void,
    functions: *mut *const ProviderFunctions,
    provider: *mut *mut c_void,
) -> c_int {
    // SAFETY: OpenSSL passes a place for a pointer, and reads from it what lives as long as the process.
    unsafe { *functions = &raw const PROVIDER_FUNCTIONS };
    // SAFETY: OpenSSL passes a place for a pointer, which it only hands back. Null would be odd, so it is one that is not.
    unsafe { *provider = KDF.load(Ordering::Acquire).cast() };
    1
}

/// Called by OpenSSL to know the provider's algorithms.
unsafe extern "C" fn query(
    _provider: *mut c_void,
    operation: c_int,
    is_not_to_be_kept: *mut c_int,
) -> *const Algorithm {
    // SAFETY: OpenSSL passes a place for a number.
    unsafe { *is_not_to_be_kept = 0 };
    if operation == OSSL_OP_KDF { ALGORITHMS.as_ptr() } else { ptr::null() }
}

/// Called by OpenSSL before a derivation: its state is that of the algorithm that does the work.
extern "C" fn new_context(_provider: *mut c_void) -> *mut EVP_KDF_CTX {
    // SAFETY: the pointer is not null, as a provider without it is not loaded, and what it leads to is never freed.
    unsafe { EVP_KDF_CTX_new(KDF.load(Ordering::Acquire)) }
}

/// Called by OpenSSL to derive a secret, on the thread that does the handshake. It never panics, which would end the process.
unsafe extern "C" fn derive(
    context: *mut EVP_KDF_CTX,
    output: *mut u8,
    length: usize,
    parameters: *const OSSL_PARAM,
) -> c_int {
    // SAFETY: OpenSSL passes what `new_context` gave, a place for so many bytes, and parameters, which all outlive the call.
    let result = unsafe { EVP_KDF_derive(context, output, length, parameters) };
    if result != 1 || output.is_null() {
        return result;
    }
    // SAFETY: OpenSSL passes parameters that outlive the call, and nobody changes them meanwhile.
    let value = |name| unsafe { octets(parameters, name) };
    if value(c"label") == Some(LABEL)
        && let (Some(handshake_secret), Some(transcript_hash)) = (value(c"key"), value(c"data"))
    {
        // SAFETY: the derivation succeeded, so there are so many bytes; it is not null, and nobody changes them meanwhile.
        let traffic_secret = unsafe { slice::from_raw_parts(output, length) };
        watch::derived(handshake_secret, transcript_hash, traffic_secret);
    }
    result
}

/// The value of a parameter, if it is there and is bytes.
///
/// # Safety
/// The parameters are null or an array that has an end, and live unchanged as long as the result.
unsafe fn octets<'a>(parameters: *const OSSL_PARAM, name: &CStr) -> Option<&'a [u8]> {
    if parameters.is_null() {
        return None;
    }
    // SAFETY: the array has an end, and the name is a C string.
    let parameter = unsafe { OSSL_PARAM_locate_const(parameters, name.as_ptr()) };
    if parameter.is_null() {
        return None;
    }
    let (mut value, mut length) = (ptr::null(), 0);
    // SAFETY: the parameter is one of the array; both places are ours.
    let is_octets = unsafe { OSSL_PARAM_get_octet_string_ptr(parameter, &raw mut value, &raw mut length) } == 1;
    // SAFETY: the value is not null, and has so many bytes.
    (is_octets && !value.is_null()).then(|| unsafe { slice::from_raw_parts(value.cast(), length) })
}

/// Called by OpenSSL with each message, sent or received, on the thread that does the handshake. It never panics, which would end the
/// process.
unsafe extern "C" fn shown(
    is_sent: c_int,
    _version: c_int,
    content_type: c_int,
    bytes: *const c_void,
    length: usize,
    ssl: *mut SSL,
    _argument: *mut c_void,
) {
    if bytes.is_null() || length == 0 || ssl.is_null() {
        return;
    }
    // SAFETY: OpenSSL passes the connection that it works on; it is not null, and outlives the call. Nothing changes it meanwhile: the
    // reference is shared, and only read from.
    let ssl = unsafe { SslRef::from_ptr(ssl) };
    // SAFETY: OpenSSL passes a message of at least one byte in a buffer of its own; it is not null, and outlives the call.
    let first_byte = unsafe { *bytes.cast::<u8>() };
    watch::message(ssl, is_sent != 0, content_type, first_byte);
}

/// Whether the other side has sent a close_notify.
pub(crate) fn is_closed_well(ssl: &SslRef) -> bool {
    // SAFETY: the pointer is of a connection that lives as long as the reference; the function only reads from it.
    let shutdown = unsafe { SSL_get_shutdown(ssl.as_ptr()) };
    shutdown & SSL_RECEIVED_SHUTDOWN != 0
}
