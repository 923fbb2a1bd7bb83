//! The key that tickets are sealed with, by the server and for the server.

use std::fmt;
use std::str::FromStr;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::aes::cipher::consts::U12;
use aes_gcm::{Aes256Gcm, Nonce};
use tack_core::rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use crate::hash::Hash;
use crate::secret::PinningSecret;
use crate::ticket::Ticket;

/// The first byte of a ticket: how the rest is laid out.
const VERSION: u8 = 1;
/// The random value of a ticket, in bytes.
const RANDOM: usize = 32;
const CIPHER_KEY: usize = 32;
const CIPHER_NONCE: usize = 12;
/// What the key and the nonce of a ticket are derived for.
const INFO: &[u8] = b"tack ticket 1";

/// A pinning protection key (RFC 8672, section 4.3): 32 random bytes, and the number that tickets name it by.
///
/// A ticket is: a version, 1, one byte; the number of the key, 8 bytes; a random value, 32 bytes; and the pinning secret,
/// of 32 or 48 bytes, under AES-256-GCM, with a tag of 16 bytes. Key and nonce of the cipher are derived from this key and the random
/// value by HKDF with SHA-256, so that no nonce is used twice with one key, however many servers share this one (RFC 8672,
/// section 8.8). The version and the number are authenticated too.
///
/// Its memory is overwritten when it is dropped, and it has no `Debug`.
///
/// ```
/// use getrandom::SysRng;
/// use tack_ticket::{PinningSecret, ProtectionKey};
///
/// let key = ProtectionKey::generate(&mut SysRng)?;
/// let secret = PinningSecret::from_bytes(&[7; 32]).expect("32 bytes");
/// let ticket = key.seal(&secret, &mut SysRng)?;
/// assert_eq!(ticket.as_bytes().len(), 89);
/// assert!(key.open(&ticket).is_some_and(|opened| opened.as_bytes() == secret.as_bytes()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ProtectionKey {
    id: KeyId,
    key: Zeroizing<[u8; Self::LENGTH]>,
}

/// The number of a protection key: 8 bytes, written as 16 hexadecimal digits.
///
/// ```
/// use tack_ticket::KeyId;
///
/// let id: KeyId = "0123456789abcdef".parse()?;
/// assert_eq!(id.to_string(), "0123456789abcdef");
/// # Ok::<(), tack_ticket::ParseKeyIdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; Self::LENGTH]);

/// A text that is no number of a protection key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no number of a key, which has 16 hexadecimal digits")]
pub struct ParseKeyIdError(String);

impl ProtectionKey {
    /// Its length in bytes, without the number.
    pub const LENGTH: usize = 32;

    /// A new key, with a number of its own, from `rng`.
    ///
    /// # Errors
    /// What `rng` fails with.
    pub fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Self, R::Error> {
        let mut id = [0; KeyId::LENGTH];
        rng.try_fill_bytes(&mut id)?;
        let mut key = Zeroizing::new([0; Self::LENGTH]);
        rng.try_fill_bytes(key.as_mut_slice())?;
        Ok(Self { id: KeyId(id), key })
    }

    /// The key of this number and these bytes.
    #[must_use]
    pub fn new(id: KeyId, bytes: &[u8; Self::LENGTH]) -> Self {
        Self { id, key: Zeroizing::new(*bytes) }
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Its bytes: for who stores it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.key
    }

    /// Seals a secret into a ticket.
    ///
    /// # Errors
    /// What `rng` fails with.
    pub fn seal<R: TryCryptoRng + ?Sized>(&self, secret: &PinningSecret, rng: &mut R) -> Result<Ticket, R::Error> {
        let mut random = [0; RANDOM];
        rng.try_fill_bytes(&mut random)?;
        let (cipher, nonce) = self.cipher(&random);
        let header = header(self.id);
        let sealed = cipher.encrypt(&nonce, Payload { msg: secret.as_bytes(), aad: &header });
        let sealed = sealed.expect("AES-GCM takes a message this short");
        Ok(Ticket::new([&header[..], &random, &sealed].concat()).expect("its parts are short"))
    }

    /// Opens a ticket; none if it was not sealed with this key, or was changed.
    #[must_use]
    pub fn open(&self, ticket: &Ticket) -> Option<PinningSecret> {
        let (id, rest) = split(ticket)?;
        let (random, sealed) = rest.split_first_chunk::<RANDOM>()?;
        if id != self.id {
            return None;
        }
        let (cipher, nonce) = self.cipher(random);
        let opened = cipher.decrypt(&nonce, Payload { msg: sealed, aad: &header(id) }).ok().map(Zeroizing::new)?;
        PinningSecret::from_bytes(&opened)
    }

    /// The cipher and the nonce for one ticket.
    fn cipher(&self, random: &[u8; RANDOM]) -> (Aes256Gcm, Nonce<U12>) {
        let hash = Hash::Sha256;
        let derived = hash.expand(&hash.extract(random, self.key.as_slice()), &[INFO], CIPHER_KEY + CIPHER_NONCE);
        let (key, nonce) = derived.split_at(CIPHER_KEY);
        let cipher = Aes256Gcm::new_from_slice(key).expect("the key is as long as AES-256 wants it");
        (cipher, Nonce::try_from(nonce).expect("the nonce is as long as GCM wants it"))
    }
}

impl KeyId {
    /// Its length in bytes.
    pub const LENGTH: usize = 8;

    /// The number that a ticket names; none if it is no ticket of this library's.
    #[must_use]
    pub fn of(ticket: &Ticket) -> Option<Self> {
        split(ticket).map(|(id, _)| id)
    }
}

impl FromStr for KeyId {
    type Err = ParseKeyIdError;

    fn from_str(text: &str) -> Result<Self, ParseKeyIdError> {
        let is_number = text.len() == 2 * Self::LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok().filter(|_| is_number);
        number.map(|number| Self(number.to_be_bytes())).ok_or_else(|| ParseKeyIdError(text.to_owned()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:016x}", u64::from_be_bytes(self.0)))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// What begins a ticket.
fn header(id: KeyId) -> [u8; 1 + KeyId::LENGTH] {
    let mut header = [VERSION; 1 + KeyId::LENGTH];
    header.iter_mut().skip(1).zip(id.0).for_each(|(byte, of_id)| *byte = of_id);
    header
}

/// The number of the key, and what is after it.
fn split(ticket: &Ticket) -> Option<(KeyId, &[u8])> {
    let rest = ticket.as_bytes().strip_prefix(&[VERSION])?;
    rest.split_first_chunk().map(|(id, rest)| (KeyId(*id), rest))
}

#[cfg(test)]
mod tests {
    use getrandom::SysRng;

    use super::*;

    #[test]
    fn a_number_is_shown_as_it_is_read() {
        let id: KeyId = "00000000000000ab".parse().unwrap();
        assert_eq!(format!("{id} {id:?}"), "00000000000000ab KeyId(00000000000000ab)");
    }

    #[test]
    fn a_changed_or_shortened_ticket_opens_nothing() {
        let key = ProtectionKey::generate(&mut SysRng).unwrap();
        for length in [32, 48] {
            let secret = PinningSecret::from_bytes(&vec![5; length]).unwrap();
            let ticket = key.seal(&secret, &mut SysRng).unwrap();
            let bytes = ticket.as_bytes();
            assert_eq!(bytes.len(), 57 + length);
            assert!(key.open(&ticket).unwrap().as_bytes() == secret.as_bytes());
            for bit in 0..bytes.len() * 8 {
                let mut changed = bytes.to_vec();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert!(key.open(&Ticket::new(changed).unwrap()).is_none(), "bit {bit}");
            }
            // A ticket shorter than its header too.
            for end in 1..bytes.len() {
                assert!(key.open(&Ticket::new(bytes[..end].to_vec()).unwrap()).is_none(), "{end} bytes");
            }
            assert!(key.open(&Ticket::new([bytes, &[0]].concat()).unwrap()).is_none());
        }
    }

    #[test]
    fn a_ticket_opens_with_its_own_key_alone() {
        let key = ProtectionKey::generate(&mut SysRng).unwrap();
        let secret = PinningSecret::from_bytes(&[5; 32]).unwrap();
        let ticket = key.seal(&secret, &mut SysRng).unwrap();
        assert_eq!(KeyId::of(&ticket), Some(key.id()));
        let same_number = ProtectionKey::new(key.id(), &[0; 32]);
        assert!(same_number.open(&ticket).is_none());
        let same_bytes = ProtectionKey::new("0000000000000000".parse().unwrap(), key.as_bytes());
        assert!(same_bytes.open(&ticket).is_none());
        assert!(ProtectionKey::new(key.id(), key.as_bytes()).open(&ticket).is_some());
    }

    #[test]
    fn no_two_tickets_are_alike() {
        let key = ProtectionKey::generate(&mut SysRng).unwrap();
        let secret = PinningSecret::from_bytes(&[5; 32]).unwrap();
        let [one, other] = [(); 2].map(|()| key.seal(&secret, &mut SysRng).unwrap());
        let shared = one.as_bytes().iter().zip(other.as_bytes()).skip(9).filter(|(one, other)| one == other).count();
        assert!(shared < 20, "{shared} bytes of 80 are the same");
    }

    #[test]
    fn numbers_are_sixteen_digits() {
        assert_eq!("00000000000000FF".parse::<KeyId>().unwrap().to_string(), "00000000000000ff");
        for text in ["", "ff", "+123456789abcdef", "0123456789abcdefa", "0123456789abcdeg"] {
            assert_eq!(text.parse::<KeyId>(), Err(ParseKeyIdError(text.to_owned())));
        }
    }
}
