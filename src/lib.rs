//! TACK
pub mod batch;
pub mod break_sig;
pub mod certificate;
pub mod error;
pub mod extension;
pub mod key;
pub mod key_file;
pub mod object;
pub mod pem;
pub mod serverinfo;
pub mod tack;
pub mod time;
