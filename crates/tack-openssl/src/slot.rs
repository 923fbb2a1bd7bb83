//! Places in connections of OpenSSL for what belongs to them.

use std::sync::OnceLock;

use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::ssl::Ssl;

/// A place for a value in each connection. It is made once for the whole process, as OpenSSL frees none of them: a static.
pub(crate) struct Slot<T>(OnceLock<Index<Ssl, T>>);

impl<T: Send + Sync + 'static> Slot<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    pub(crate) fn index(&self) -> Result<Index<Ssl, T>, ErrorStack> {
        match self.0.get() {
            Some(index) => Ok(*index),
            None => {
                let index = Ssl::new_ex_index()?;
                Ok(*self.0.get_or_init(|| index))
            }
        }
    }
}
