//! The TackExtension of draft-perrin-tls-tack-02.

use crate::error::Error;
use crate::tack::Tack;
use crate::wire::{length, no_more};

const WHAT: &str = "the TackExtension";
const MAX_TACKS: usize = 2;
/// The bits of activation_flags that draft-02 gives a meaning. Clients ignore the others.
const KNOWN_FLAGS: u8 = 0b11;

/// A TackExtension of draft-02: one or two tacks, of different keys, and flags.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Draft02 {
    tacks: Vec<Tack>,
    activation_flags: u8,
}

impl Draft02 {
    /// Puts one together. Flag 1 activates the first tack, flag 2 the second, 3 both.
    ///
    /// # Errors
    /// [`Error::NoTacks`], [`Error::TooManyTacks`], [`Error::SameKey`], and [`Error::ActivationFlags`] for a flag of a tack
    /// that is not there.
    pub fn new(tacks: Vec<Tack>, activation_flags: u8) -> Result<Self, Error> {
        check(&tacks)?;
        let allowed = if tacks.len() == MAX_TACKS { KNOWN_FLAGS } else { 1 };
        if activation_flags & !allowed != 0 {
            return Err(Error::ActivationFlags { flags: activation_flags, tacks: tacks.len() });
        }
        Ok(Self { tacks, activation_flags })
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let cut = || Error::Truncated { what: WHAT, got: bytes.len() };
        let (tacks_length, rest) = bytes.split_first_chunk().ok_or_else(cut)?;
        let tacks_length = usize::from(u16::from_be_bytes(*tacks_length));
        let (tacks, rest) = rest.split_at_checked(tacks_length).ok_or_else(cut)?;
        let ([activation_flags], extra) = rest.split_first_chunk().ok_or_else(cut)?;
        no_more(WHAT, extra)?;
        let tacks = tacks.chunks(Tack::LENGTH).map(Tack::from_bytes).collect::<Result<Vec<_>, _>>()?;
        check(&tacks)?;
        Ok(Self { tacks, activation_flags: *activation_flags })
    }

    /// The tacks, one or two.
    #[must_use]
    pub fn tacks(&self) -> &[Tack] {
        &self.tacks
    }

    /// The flags as they were sent, with the reserved bits that a client ignores.
    #[must_use]
    pub fn activation_flags(&self) -> u8 {
        self.activation_flags
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let tacks = self.tacks.iter().flat_map(Tack::to_bytes).collect::<Vec<_>>();
        [&length(&tacks)[..], &tacks, &[self.activation_flags]].concat()
    }
}

/// One tack, or two of different keys.
fn check(tacks: &[Tack]) -> Result<(), Error> {
    match tacks {
        [] => Err(Error::NoTacks),
        [_] => Ok(()),
        [first, second] if first.public_key() == second.public_key() => {
            Err(Error::SameKey(first.public_key().fingerprint()))
        }
        [_, _] => Ok(()),
        more => Err(Error::TooManyTacks(more.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tack::tests::test_tack;

    #[test]
    fn new_refuses_what_it_should() {
        let (one, two) = (test_tack(1, 9), test_tack(2, 9));
        assert_eq!(Draft02::new(vec![], 0), Err(Error::NoTacks));
        let three = vec![one.clone(), two.clone(), test_tack(3, 9)];
        assert_eq!(Draft02::new(three, 0), Err(Error::TooManyTacks(3)));
        let same = vec![one.clone(), test_tack(1, 10)];
        assert_eq!(Draft02::new(same, 0), Err(Error::SameKey(one.public_key().fingerprint())));
        assert_eq!(Draft02::new(vec![one.clone()], 2), Err(Error::ActivationFlags { flags: 2, tacks: 1 }));
        assert_eq!(Draft02::new(vec![one, two], 4), Err(Error::ActivationFlags { flags: 4, tacks: 2 }));
    }
}
