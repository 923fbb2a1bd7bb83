//! Proof, in the type, that signatures were checked.

use std::ops::Deref;

/// A tack, a break signature or a TackExtension whose signatures all hold. Only checking them makes one.
///
/// ```
/// use tack_core::{Tack, Verified};
/// # use tack_core::{Generations, Minute, SigningKey, TargetHash};
/// # let key = SigningKey::from_bytes(&[7; 32])?;
/// # let tack = Tack::sign(&key, Generations::default(), Minute::new(30_000_000), TargetHash::of(b"key"));
///
/// let tack: Verified<Tack> = tack.into_verified()?;
/// println!("signed by {}", tack.public_key().fingerprint());
/// # Ok::<(), tack_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// The caller has checked every signature.
    pub(crate) fn new(checked: T) -> Self {
        Self(checked)
    }

    /// What was verified.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> AsRef<T> for Verified<T> {
    fn as_ref(&self) -> &T {
        &self.0
    }
}
