//! The TackExtension: what a TLS server sends, in the forms of draft-00 and draft-02.

use crate::break_sig::BreakSig;
use crate::draft00::Draft00;
use crate::draft02::Draft02;
use crate::error::Error;
use crate::pem;
use crate::tack::Tack;
use crate::target_hash::TargetHash;
use crate::time::Minute;
use crate::verified::Verified;
use crate::wire::{length, no_more};

/// A TackExtension of either draft. Parsing checks all but the signatures, the time and the TLS key:
/// [`validate`](Self::validate) checks these.
///
/// ```
/// use tack_core::{Draft02, TackExtension};
/// # use tack_core::{Generations, Minute, SigningKey, Tack, TargetHash};
/// # let key = SigningKey::from_bytes(&[7; 32])?;
/// # let target_hash = TargetHash::of(b"key");
/// # let tack = Tack::sign(&key, Generations::default(), Minute::new(30_000_000), target_hash);
///
/// let extension = TackExtension::from(Draft02::new(vec![tack], 1)?);
/// let sent = extension.to_bytes(); // 169 bytes
///
/// let received = TackExtension::from_bytes(&sent)?;
/// received.validate(Minute::new(29_000_000), target_hash)?;
/// assert!(received.is_active(0));
/// # Ok::<(), tack_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
        Self::from_bytes(Self::body_of_tls(bytes)?)
    }

    /// What a TLS extension has after its type and length, unread.
    ///
    /// # Errors
    /// [`Error::ExtensionType`], [`Error::Truncated`] and [`Error::TrailingBytes`].
    pub fn body_of_tls(bytes: &[u8]) -> Result<&[u8], Error> {
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
        Ok(body)
    }

    /// Reads the body of a PEM block: a bare TackExtension, or one after the header of a TLS extension.
    ///
    /// # Errors
    /// Those of [`from_bytes`](Self::from_bytes) and [`from_tls`](Self::from_tls).
    pub fn from_pem_body(body: &[u8]) -> Result<Self, Error> {
        Self::from_bytes(Self::body_of_pem(body)?)
    }

    /// What the body of a PEM block has after the header of a TLS extension, if it has one, unread.
    ///
    /// # Errors
    /// Those of [`body_of_tls`](Self::body_of_tls).
    pub fn body_of_pem(body: &[u8]) -> Result<&[u8], Error> {
        if body.starts_with(&Self::TYPE.to_be_bytes()) { Self::body_of_tls(body) } else { Ok(body) }
    }

    /// Reads the first TackExtension of a PEM text, in either form.
    ///
    /// # Errors
    /// As [`pem::decode_first`] and [`from_pem_body`](Self::from_pem_body).
    pub fn from_pem(text: &[u8]) -> Result<Self, Error> {
        Self::from_pem_body(&pem::decode_first(text, Self::LABEL)?)
    }

    /// Checks every signature.
    ///
    /// # Errors
    /// [`Error::BadSignature`] for the first that does not hold.
    pub fn verify(&self) -> Result<(), Error> {
        self.tacks().iter().try_for_each(Tack::verify)?;
        self.break_sigs().iter().try_for_each(BreakSig::verify)
    }

    /// Checks every signature, and says so in the type.
    ///
    /// # Errors
    /// [`Error::BadSignature`] for the first that does not hold.
    pub fn into_verified(self) -> Result<Verified<Self>, Error> {
        self.verify().map(|()| Verified::new(self))
    }

    /// Checks that every tack is valid now, for a server with this TLS key (draft-02, section 4.3.1), and every break
    /// signature.
    ///
    /// # Errors
    /// Those of [`Tack::validate`] and [`BreakSig::verify`], for the first that is not valid.
    pub fn validate(&self, now: Minute, target_hash: TargetHash) -> Result<(), Error> {
        self.tacks().iter().try_for_each(|tack| tack.validate(now, target_hash))?;
        self.break_sigs().iter().try_for_each(BreakSig::verify)
    }

    /// The tacks, two at most.
    #[must_use]
    pub fn tacks(&self) -> &[Tack] {
        match self {
            Self::Draft00(extension) => extension.tacks(),
            Self::Draft02(extension) => extension.tacks(),
        }
    }

    /// The break signatures, eight at most, and none in draft-02.
    #[must_use]
    pub fn break_sigs(&self) -> &[BreakSig] {
        match self {
            Self::Draft00(extension) => extension.break_sigs(),
            Self::Draft02(_) => &[],
        }
    }

    /// The activation flags as draft-02 has them: bit 0 for the first tack, bit 1 for the second. Reserved bits are kept.
    /// The pin_activation of draft-00 is bit 0.
    #[must_use]
    pub fn activation_flags(&self) -> u8 {
        match self {
            Self::Draft00(extension) => extension.pin_activation().into(),
            Self::Draft02(extension) => extension.activation_flags(),
        }
    }

    /// Whether clients may create and extend pins from the tack of this index, 0 or 1.
    #[must_use]
    pub fn is_active(&self, index: usize) -> bool {
        match index {
            0 => self.activation_flags() & 1 != 0,
            1 => self.activation_flags() & 2 != 0,
            _ => false,
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

impl From<Draft00> for TackExtension {
    fn from(extension: Draft00) -> Self {
        Self::Draft00(extension)
    }
}

impl From<Draft02> for TackExtension {
    fn from(extension: Draft02) -> Self {
        Self::Draft02(extension)
    }
}

impl TryFrom<&[u8]> for TackExtension {
    type Error = Error;

    fn try_from(bytes: &[u8]) -> Result<Self, Error> {
        Self::from_bytes(bytes)
    }
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
        assert_eq!(
            TackExtension::from_bytes(&extra),
            Err(Error::TrailingBytes { what: "the TackExtension", extra: 2 })
        );
    }

    #[test]
    fn flags_of_either_draft() {
        let two = vec![test_tack(1, 9), test_tack(2, 9)];
        let extension = TackExtension::from(Draft02::new(two, 2).unwrap());
        assert_eq!((extension.is_active(0), extension.is_active(1), extension.activation_flags()), (false, true, 2));
        let extension = TackExtension::from(Draft00::new(Some(test_tack(1, 9)), vec![], true).unwrap());
        assert_eq!((extension.is_active(0), extension.is_active(1), extension.activation_flags()), (true, false, 1));
    }

    #[test]
    fn every_signature_must_hold() {
        let mut forged = test_tack(2, 9).to_bytes();
        forged[165] ^= 1;
        let two = vec![test_tack(1, 9), Tack::from_bytes(&forged).unwrap()];
        let mut broken = BreakSig::sign(&test_key(2)).to_bytes();
        broken[127] ^= 1;
        let sigs = vec![BreakSig::sign(&test_key(1)), BreakSig::from_bytes(&broken).unwrap()];
        let draft_00 = TackExtension::from(Draft00::new(None, sigs.clone(), false).unwrap());
        assert_eq!((draft_00.break_sigs(), draft_00.tacks().len()), (&sigs[..], 0));
        for extension in [TackExtension::from(Draft02::new(two, 0).unwrap()), draft_00] {
            assert!(matches!(extension.verify(), Err(Error::BadSignature { .. })));
            assert!(matches!(extension.into_verified(), Err(Error::BadSignature { .. })));
        }
    }

    #[test]
    fn every_tack_must_be_valid() {
        let hash = TargetHash::new([1; 32]);
        let now = Minute::new(8);
        let one = |tack| TackExtension::from(Draft02::new(vec![tack], 1).unwrap());
        assert_eq!(one(test_tack(1, 9)).validate(now, hash), Ok(()));
        assert!(matches!(one(test_tack(1, 8)).validate(now, hash), Err(Error::Expired { .. })));
        // The second is for another TLS key.
        let two = TackExtension::from(Draft02::new(vec![test_tack(1, 9), test_tack(2, 9)], 1).unwrap());
        assert!(matches!(two.validate(now, hash), Err(Error::TargetHash { .. })));
    }

    #[test]
    fn reserved_flags_are_kept_and_ignored() {
        let mut bytes = TackExtension::Draft02(Draft02::new(vec![test_tack(1, 9)], 0).unwrap()).to_bytes();
        bytes[168] = 0xfc;
        let extension = TackExtension::from_bytes(&bytes).unwrap();
        assert_eq!(extension.to_bytes(), bytes);
        assert!(!extension.is_active(0) && !extension.is_active(1) && !extension.is_active(2));
    }
}
