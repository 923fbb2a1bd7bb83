//! The TackExtension of draft-perrin-tls-tack-00.

use crate::break_sig::BreakSig;
use crate::error::Error;
use crate::tack::Tack;
use crate::wire::{length, no_more};

const WHAT: &str = "the TackExtension";
const MAX_BREAK_SIGS: usize = 8;

/// A TackExtension of draft-00: a tack, break signatures, both optional, and whether pins may be activated.
///
/// ```
/// use tack_core::{BreakSig, Draft00, TackExtension};
/// # let key = tack_core::SigningKey::from_bytes(&[7; 32])?;
///
/// let extension = TackExtension::from(Draft00::new(None, vec![BreakSig::sign(&key)], false)?);
/// assert_eq!(extension.break_sigs().len(), 1);
/// # Ok::<(), tack_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Draft00 {
    tack: Option<Tack>,
    break_sigs: Vec<BreakSig>,
    pin_activation: bool,
}

impl Draft00 {
    /// Puts one together.
    ///
    /// # Errors
    /// [`Error::TooManyBreakSigs`] for more than eight.
    pub fn new(tack: Option<Tack>, break_sigs: Vec<BreakSig>, pin_activation: bool) -> Result<Self, Error> {
        if break_sigs.len() > MAX_BREAK_SIGS {
            return Err(Error::TooManyBreakSigs(break_sigs.len()));
        }
        Ok(Self { tack, break_sigs, pin_activation })
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let cut = || Error::Truncated { what: WHAT, got: bytes.len() };
        let ([tack_length], rest) = bytes.split_first_chunk().ok_or_else(cut)?;
        let (tack, rest) = rest.split_at_checked(usize::from(*tack_length)).ok_or_else(cut)?;
        let (sigs_length, rest) = rest.split_first_chunk().ok_or_else(cut)?;
        let sigs_length = u16::from_be_bytes(*sigs_length);
        let whole = usize::from(sigs_length);
        if whole % BreakSig::LENGTH != 0 || whole > MAX_BREAK_SIGS * BreakSig::LENGTH {
            return Err(Error::BreakSigsLength(sigs_length));
        }
        let (break_sigs, rest) = rest.split_at_checked(whole).ok_or_else(cut)?;
        let ([pin_activation], extra) = rest.split_first_chunk().ok_or_else(cut)?;
        no_more(WHAT, extra)?;
        Ok(Self {
            tack: if tack.is_empty() { None } else { Some(Tack::from_bytes(tack)?) },
            break_sigs: break_sigs.chunks(BreakSig::LENGTH).map(BreakSig::from_bytes).collect::<Result<_, _>>()?,
            pin_activation: match pin_activation {
                0 => false,
                1 => true,
                other => return Err(Error::PinActivation(*other)),
            },
        })
    }

    /// The tack, if there is one.
    #[must_use]
    pub fn tack(&self) -> Option<&Tack> {
        self.tack.as_ref()
    }

    /// The tack, if there is one, as a slice.
    #[must_use]
    pub fn tacks(&self) -> &[Tack] {
        self.tack.as_slice()
    }

    /// The break signatures, eight at most.
    #[must_use]
    pub fn break_sigs(&self) -> &[BreakSig] {
        &self.break_sigs
    }

    /// Whether clients may create and extend pins from the tack.
    #[must_use]
    pub fn pin_activation(&self) -> bool {
        self.pin_activation
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let tack = self.tack.as_ref().map(Tack::to_bytes);
        let tack = tack.as_ref().map_or(&[][..], |tack| tack);
        let break_sigs = self.break_sigs.iter().flat_map(BreakSig::to_bytes).collect::<Vec<_>>();
        let [_, tack_length] = length(tack);
        [&[tack_length][..], tack, &length(&break_sigs), &break_sigs, &[u8::from(self.pin_activation)]].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::tests::test_key;

    #[test]
    fn new_refuses_nine_break_signatures() {
        let sigs = |count| vec![BreakSig::sign(&test_key(1)); count];
        assert!(Draft00::new(None, sigs(8), false).is_ok());
        assert_eq!(Draft00::new(None, sigs(9), false), Err(Error::TooManyBreakSigs(9)));
    }
}
