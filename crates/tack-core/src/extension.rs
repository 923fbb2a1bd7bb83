//! The TackExtension: what a TLS server sends, in the forms of draft-00 and draft-02.

use std::collections::HashSet;

use crate::break_sig::BreakSig;
use crate::error::Error;
use crate::key::PublicKey;
use crate::pem;
use crate::tack::Tack;

const WHAT: &str = "the TackExtension";
const MAX_TACKS: usize = 2;
const MAX_BREAK_SIGS: usize = 8;
/// The bits of activation_flags that draft-02 gives a meaning; clients ignore the others.
const KNOWN_FLAGS: u8 = 0b11;

/// A TackExtension of either draft. The signatures are not verified unless [`verify`](Self::verify) says so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::large_enum_variant,
    reason = "extensions are handled one at a time, and boxes would show in every match"
)]
pub enum TackExtension {
    /// Of draft-perrin-tls-tack-00, which has break signatures.
    Draft00(Draft00),
    /// Of draft-perrin-tls-tack-02, which has two tacks.
    Draft02(Draft02),
}

impl TackExtension {
    /// The label of its PEM block.
    pub const LABEL: &'static str = "TACK EXTENSION";
    /// The private-use TLS ExtensionType that every implementation uses.
    pub const TYPE: u16 = 62208;

    /// Reads a TackExtension of either draft; its first bytes tell which.
    ///
    /// # Errors
    /// [`Error::ExtensionDraft`], [`Error::NoTacks`], what the parts refuse, and an error for each length that is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        match bytes {
            [0, 0, 0] | [0, 0, 1..=3] => Err(Error::NoTacks),
            [0x00, 0xa6, ..] | [0x01, 0x4c, ..] => Draft02::from_bytes(bytes).map(Self::Draft02),
            [0xa6, ..] | [0x00, 0x00..=0x04, ..] => Draft00::from_bytes(bytes).map(Self::Draft00),
            _ => Err(Error::ExtensionDraft(bytes.iter().copied().take(2).collect())),
        }
    }

    /// Reads a TLS extension: type 62208, a length of two bytes, and the TackExtension (RFC 8446, section 4.2).
    ///
    /// # Errors
    /// [`Error::ExtensionType`], [`Error::Truncated`], [`Error::TrailingBytes`] and those of
    /// [`from_bytes`](Self::from_bytes).
    pub fn from_tls(bytes: &[u8]) -> Result<Self, Error> {
        let what = "the TLS extension";
        let cut = || Error::Truncated { what, got: bytes.len() };
        let (kind, rest) = bytes.split_first_chunk().ok_or_else(cut)?;
        let (length, body) = rest.split_first_chunk().ok_or_else(cut)?;
        let kind = u16::from_be_bytes(*kind);
        if kind != Self::TYPE {
            return Err(Error::ExtensionType(kind));
        }
        let length = usize::from(u16::from_be_bytes(*length));
        let (body, extra) = body.split_at_checked(length).ok_or_else(cut)?;
        no_more(what, extra)?;
        Self::from_bytes(body)
    }

    /// Reads the body of a PEM block: a bare TackExtension, or one after the header of a TLS extension.
    ///
    /// # Errors
    /// Those of [`from_bytes`](Self::from_bytes) and [`from_tls`](Self::from_tls).
    pub fn from_pem_body(body: &[u8]) -> Result<Self, Error> {
        if body.starts_with(&Self::TYPE.to_be_bytes()) { Self::from_tls(body) } else { Self::from_bytes(body) }
    }

    /// Reads the first TackExtension of a PEM text, in either form.
    ///
    /// # Errors
    /// As [`pem::decode_first`] and [`from_pem_body`](Self::from_pem_body).
    pub fn from_pem(text: &[u8]) -> Result<Self, Error> {
        Self::from_pem_body(&pem::decode_first(text, Self::LABEL)?)
    }

    /// Whether every signature holds.
    ///
    /// # Errors
    /// [`Error::BadSignature`] for the first that does not.
    pub fn verify(&self) -> Result<(), Error> {
        self.tacks().iter().try_for_each(Tack::verify)?;
        self.break_sigs().iter().try_for_each(BreakSig::verify)
    }

    /// The tacks, two at most.
    #[must_use]
    pub fn tacks(&self) -> &[Tack] {
        match self {
            Self::Draft00(extension) => extension.tack.as_slice(),
            Self::Draft02(extension) => &extension.tacks,
        }
    }

    /// The break signatures, eight at most, and none in draft-02.
    #[must_use]
    pub fn break_sigs(&self) -> &[BreakSig] {
        match self {
            Self::Draft00(extension) => &extension.break_sigs,
            Self::Draft02(_) => &[],
        }
    }

    /// The bare TackExtension.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Draft00(extension) => extension.to_bytes(),
            Self::Draft02(extension) => extension.to_bytes(),
        }
    }

    /// The TLS extension: the TackExtension after its type and length.
    #[must_use]
    pub fn to_tls(&self) -> Vec<u8> {
        let body = self.to_bytes();
        [&Self::TYPE.to_be_bytes()[..], &length(&body), &body].concat()
    }

    /// The PEM block with the bare TackExtension.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(Self::LABEL, &self.to_bytes())
    }

    /// The PEM block with the TLS extension.
    #[must_use]
    pub fn to_tls_pem(&self) -> String {
        pem::encode(Self::LABEL, &self.to_tls())
    }
}

/// A TackExtension of draft-00: a tack, break signatures, both optional, and whether pins may be activated.
#[derive(Clone, Debug, PartialEq, Eq)]
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

    /// Whether clients may activate pins from the tack.
    #[must_use]
    pub fn pin_activation(&self) -> bool {
        self.pin_activation
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
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

    fn to_bytes(&self) -> Vec<u8> {
        let tack = self.tack.as_ref().map(Tack::to_bytes).unwrap_or_default();
        let break_sigs = self.break_sigs.iter().flat_map(BreakSig::to_bytes).collect::<Vec<_>>();
        let [_, tack_length] = length(&tack);
        [&[tack_length][..], &tack, &length(&break_sigs), &break_sigs, &[u8::from(self.pin_activation)]].concat()
    }
}

/// A TackExtension of draft-02: one or two tacks, of different keys, and flags.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        check_tacks(&tacks)?;
        let allowed = if tacks.len() == MAX_TACKS { KNOWN_FLAGS } else { 1 };
        if activation_flags & !allowed != 0 {
            return Err(Error::ActivationFlags { flags: activation_flags, tacks: tacks.len() });
        }
        Ok(Self { tacks, activation_flags })
    }

    /// The flags as they were sent, with the reserved bits that a client ignores.
    #[must_use]
    pub fn activation_flags(&self) -> u8 {
        self.activation_flags
    }

    /// Whether clients may create and extend pins from the tack of this index, 0 or 1.
    #[must_use]
    pub fn is_active(&self, index: usize) -> bool {
        match index {
            0 => self.activation_flags & 1 != 0,
            1 => self.activation_flags & 2 != 0,
            _ => false,
        }
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let cut = || Error::Truncated { what: WHAT, got: bytes.len() };
        let (tacks_length, rest) = bytes.split_first_chunk().ok_or_else(cut)?;
        let tacks_length = usize::from(u16::from_be_bytes(*tacks_length));
        let (tacks, rest) = rest.split_at_checked(tacks_length).ok_or_else(cut)?;
        let ([activation_flags], extra) = rest.split_first_chunk().ok_or_else(cut)?;
        no_more(WHAT, extra)?;
        let tacks = tacks.chunks(Tack::LENGTH).map(Tack::from_bytes).collect::<Result<Vec<_>, _>>()?;
        check_tacks(&tacks)?;
        Ok(Self { tacks, activation_flags: *activation_flags })
    }

    fn to_bytes(&self) -> Vec<u8> {
        let tacks = self.tacks.iter().flat_map(Tack::to_bytes).collect::<Vec<_>>();
        [&length(&tacks)[..], &tacks, &[self.activation_flags]].concat()
    }
}

fn check_tacks(tacks: &[Tack]) -> Result<(), Error> {
    match tacks.len() {
        0 => return Err(Error::NoTacks),
        1..=MAX_TACKS => {}
        more => return Err(Error::TooManyTacks(more)),
    }
    let mut keys: HashSet<&PublicKey> = HashSet::new();
    match tacks.iter().find(|tack| !keys.insert(tack.public_key())) {
        Some(tack) => Err(Error::SameKey(tack.public_key().fingerprint())),
        None => Ok(()),
    }
}

fn no_more(what: &'static str, extra: &[u8]) -> Result<(), Error> {
    if extra.is_empty() { Ok(()) } else { Err(Error::TrailingBytes { what, extra: extra.len() }) }
}

/// The length of a body of this module in two bytes; the longest has 1,194.
fn length(body: &[u8]) -> [u8; 2] {
    u16::try_from(body.len()).unwrap_or(u16::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::tests::test_key;
    use crate::tack::tests::test_tack;

    fn round_trip(extension: TackExtension, length: usize) {
        assert_eq!(extension.to_bytes().len(), length);
        assert_eq!(TackExtension::from_bytes(&extension.to_bytes()).as_ref(), Ok(&extension));
        assert_eq!(TackExtension::from_pem(extension.to_pem().as_bytes()).as_ref(), Ok(&extension));
        assert_eq!(TackExtension::from_pem(extension.to_tls_pem().as_bytes()).as_ref(), Ok(&extension));
        assert_eq!(extension.verify(), Ok(()));
    }

    #[test]
    fn draft_02_reads_back() {
        for flags in 0..=1 {
            round_trip(TackExtension::Draft02(Draft02::new(vec![test_tack(1, 9)], flags).unwrap()), 169);
        }
        for flags in 0..=3 {
            let two = vec![test_tack(1, 9), test_tack(2, 9)];
            round_trip(TackExtension::Draft02(Draft02::new(two, flags).unwrap()), 335);
        }
    }

    #[test]
    fn draft_00_reads_back() {
        for count in 0..=8 {
            let sigs: Vec<_> = (1..=count).map(|number| BreakSig::sign(&test_key(number))).collect();
            let length = 4 + 128 * sigs.len();
            round_trip(TackExtension::Draft00(Draft00::new(None, sigs.clone(), true).unwrap()), length);
            let tack = Some(test_tack(1, 9));
            round_trip(TackExtension::Draft00(Draft00::new(tack, sigs, false).unwrap()), length + 166);
        }
    }

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
        let nine = vec![BreakSig::sign(&test_key(1)); 9];
        assert_eq!(Draft00::new(None, nine, false), Err(Error::TooManyBreakSigs(9)));
    }

    #[test]
    fn from_bytes_refuses_what_it_should() {
        assert_eq!(TackExtension::from_bytes(&[0, 0, 0]), Err(Error::NoTacks));
        assert_eq!(TackExtension::from_bytes(&[]), Err(Error::ExtensionDraft(vec![])));
        assert_eq!(TackExtension::from_bytes(&[2, 3, 4]), Err(Error::ExtensionDraft(vec![2, 3])));
        assert_eq!(TackExtension::from_bytes(&[0, 0, 127, 0]), Err(Error::BreakSigsLength(127)));
        assert_eq!(TackExtension::from_bytes(&[0, 4, 128, 0]), Err(Error::BreakSigsLength(1152)));
        assert_eq!(TackExtension::from_bytes(&[0, 0, 0, 2]), Err(Error::PinActivation(2)));
        assert_eq!(TackExtension::from_tls(&[0, 16, 0, 0]), Err(Error::ExtensionType(16)));

        let tack = test_tack(1, 9).to_bytes();
        let twice = [&[0x01, 0x4c][..], &tack, &tack, &[0]].concat();
        assert!(matches!(TackExtension::from_bytes(&twice), Err(Error::SameKey(_))));

        let bytes = TackExtension::Draft02(Draft02::new(vec![test_tack(1, 9)], 1).unwrap()).to_bytes();
        for cut in 0..bytes.len() {
            assert!(TackExtension::from_bytes(&bytes[..cut]).is_err(), "{cut} bytes");
        }
        let extra = [&bytes[..], &[0, 0]].concat();
        assert_eq!(TackExtension::from_bytes(&extra), Err(Error::TrailingBytes { what: WHAT, extra: 2 }));
    }

    #[test]
    fn reserved_flags_are_kept_and_ignored() {
        let mut bytes = TackExtension::Draft02(Draft02::new(vec![test_tack(1, 9)], 0).unwrap()).to_bytes();
        bytes[168] = 0xfc;
        let extension = TackExtension::from_bytes(&bytes).unwrap();
        assert_eq!(extension.to_bytes(), bytes);
        let TackExtension::Draft02(extension) = extension else { panic!("draft 02 expected") };
        assert!(!extension.is_active(0) && !extension.is_active(1) && !extension.is_active(2));
    }
}
