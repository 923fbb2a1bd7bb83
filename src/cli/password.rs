//! A password, as an option gives it.

use std::convert::Infallible;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use zeroize::Zeroizing;

/// A password. Copies share one memory, which is overwritten when the last of them is dropped; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Arc<Zeroizing<Vec<u8>>>);

impl Password {
    /// Takes the bytes over.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(Arc::new(bytes))
    }
}

impl FromStr for Password {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::new(Zeroizing::new(text.as_bytes().to_vec())))
    }
}

impl Deref for Password {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_it() {
        let password: Password = "secret".parse().unwrap();
        assert_eq!((format!("{password:?}"), &*password), ("Password(..)".to_owned(), &b"secret"[..]));
    }

    #[test]
    fn a_copy_is_no_copy_of_the_bytes() {
        let password: Password = "secret".parse().unwrap();
        assert_eq!(password.clone().as_ptr(), password.as_ptr());
    }
}
