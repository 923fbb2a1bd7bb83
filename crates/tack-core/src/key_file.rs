//! The key file: a TACK signing key under a password, in tackpy's form of 149 bytes.

use std::fmt;

use aes::Aes256;
use cbc::cipher::{Block, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::key::{PublicKey, SigningKey};
use crate::pem;

const VERSION: u8 = 1;
const KEY_LENGTH: usize = 32;
const MAC_LENGTH: usize = 32;
const BLOCK_LENGTH: usize = 16;
/// All zero. That is sound here because every encryption has a key of its own, from a fresh salt.
const IV: [u8; BLOCK_LENGTH] = [0; BLOCK_LENGTH];

/// A TACK signing key, encrypted under a password.
///
/// AES-256-CBC and HMAC-SHA-256 under keys that PBKDF2-HMAC-SHA-256 makes of the password. The public key can be read
/// without the password, but it is authenticated only by [`decrypt`](Self::decrypt).
///
/// ```
/// use tack_core::KeyFile;
/// # let key = tack_core::SigningKey::from_bytes(&[7; 32])?;
///
/// let salt = [7; KeyFile::SALT_LENGTH]; // random in earnest
/// let file = KeyFile::encrypt(&key, b"password", KeyFile::TACKPY_ITERATIONS, salt)?;
/// let pem = file.to_pem();
///
/// let read = KeyFile::from_pem(pem.as_bytes())?;
/// let key = read.decrypt(b"password", KeyFile::MAX_ITERATIONS)?;
/// assert_eq!(key.public_key(), read.public_key());
/// # Ok::<(), tack_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct KeyFile {
    iterations: u32,
    salt: [u8; Self::SALT_LENGTH],
    ciphertext: [u8; SigningKey::LENGTH],
    public_key: PublicKey,
    mac: [u8; MAC_LENGTH],
}

impl KeyFile {
    /// The length in bytes.
    pub const LENGTH: usize = 149;
    /// The label of its PEM block.
    pub const LABEL: &'static str = "TACK PRIVATE KEY";
    /// The length of the salt in bytes.
    pub const SALT_LENGTH: usize = 16;
    /// The iterations of PBKDF2 for a new key file, the figure of the OWASP password storage cheat sheet.
    pub const DEFAULT_ITERATIONS: u32 = 600_000;
    /// The iterations that tackpy writes, and the least that a new key file should have.
    pub const TACKPY_ITERATIONS: u32 = 8192;
    /// The iterations above which a file is more likely hostile than careful: some seconds of work.
    pub const MAX_ITERATIONS: u32 = 10_000_000;

    /// Encrypts `key` under `password`. The salt must be random and new.
    ///
    /// # Errors
    /// [`Error::NoIterations`].
    pub fn encrypt(
        key: &SigningKey,
        password: &[u8],
        iterations: u32,
        salt: [u8; Self::SALT_LENGTH],
    ) -> Result<Self, Error> {
        let keys = DerivedKeys::new(password, &salt, iterations)?;
        let mut ciphertext = key.to_bytes();
        let mut cipher = cbc::Encryptor::<Aes256>::new((&*keys.encryption).into(), &IV.into());
        cipher.encrypt_blocks(blocks_mut(&mut ciphertext));
        let public_key = key.public_key().clone();
        let mac = keys.mac(&*ciphertext, &public_key).finalize().into_bytes().into();
        Ok(Self { iterations, salt, ciphertext: *ciphertext, public_key, mac })
    }

    /// Reads the 149 bytes.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::KeyFileVersion`], [`Error::NoIterations`], [`Error::NotOnCurve`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let length = || Error::Length { what: "the key file", expected: Self::LENGTH, got: bytes.len() };
        let ([version], rest) = bytes.split_first_chunk().ok_or_else(length)?;
        let (iterations, rest) = rest.split_first_chunk().ok_or_else(length)?;
        let (salt, rest) = rest.split_first_chunk().ok_or_else(length)?;
        let (ciphertext, rest) = rest.split_first_chunk().ok_or_else(length)?;
        let (public_key, mac) = rest.split_first_chunk::<{ PublicKey::LENGTH }>().ok_or_else(length)?;
        let mac = mac.try_into().map_err(|_| length())?;
        if *version != VERSION {
            return Err(Error::KeyFileVersion(*version));
        }
        let iterations = u32::from_be_bytes(*iterations);
        if iterations == 0 {
            return Err(Error::NoIterations);
        }
        Ok(Self {
            iterations,
            salt: *salt,
            ciphertext: *ciphertext,
            public_key: PublicKey::from_bytes(public_key)?,
            mac,
        })
    }

    /// Reads the first key file of a PEM text.
    ///
    /// # Errors
    /// As [`pem::decode_first`] and [`from_bytes`](Self::from_bytes).
    pub fn from_pem(text: &[u8]) -> Result<Self, Error> {
        Self::from_bytes(&pem::decode_first(text, Self::LABEL)?)
    }

    /// The key. The work is proportional to [`iterations`](Self::iterations), which nothing authenticates before the work
    /// is done: hence the limit. 10,000,000 take some seconds.
    ///
    /// # Errors
    /// [`Error::TooManyIterations`], [`Error::WrongPassword`], [`Error::PrivateKeyRange`], [`Error::KeyMismatch`].
    pub fn decrypt(&self, password: &[u8], max_iterations: u32) -> Result<SigningKey, Error> {
        if self.iterations > max_iterations {
            return Err(Error::TooManyIterations { got: self.iterations, limit: max_iterations });
        }
        let keys = DerivedKeys::new(password, &self.salt, self.iterations)?;
        let mac = keys.mac(&self.ciphertext, &self.public_key);
        mac.verify_slice(&self.mac).map_err(|_| Error::WrongPassword)?;
        let mut private_key = Zeroizing::new(self.ciphertext);
        let mut cipher = cbc::Decryptor::<Aes256>::new((&*keys.encryption).into(), &IV.into());
        cipher.decrypt_blocks(blocks_mut(&mut private_key));
        let key = SigningKey::from_bytes(&*private_key)?;
        if *key.public_key() != self.public_key {
            return Err(Error::KeyMismatch);
        }
        Ok(key)
    }

    /// The iterations of PBKDF2.
    #[must_use]
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    /// The public key, which is not authenticated yet.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The 149 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let iterations = self.iterations.to_be_bytes();
        let public_key = self.public_key.to_bytes();
        let bytes = [&[VERSION][..], &iterations, &self.salt, &self.ciphertext, &public_key, &self.mac].concat();
        bytes.try_into().expect("the fields have 149 bytes")
    }

    /// The PEM block.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(Self::LABEL, &self.to_bytes())
    }
}

impl TryFrom<&[u8]> for KeyFile {
    type Error = Error;

    fn try_from(bytes: &[u8]) -> Result<Self, Error> {
        Self::from_bytes(bytes)
    }
}

impl From<KeyFile> for [u8; KeyFile::LENGTH] {
    fn from(file: KeyFile) -> Self {
        file.to_bytes()
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("KeyFile");
        debug.field("iterations", &self.iterations).field("public_key", &self.public_key).finish_non_exhaustive()
    }
}

/// The two keys that come of a password.
struct DerivedKeys {
    encryption: Zeroizing<[u8; KEY_LENGTH]>,
    authentication: Zeroizing<[u8; KEY_LENGTH]>,
}

impl DerivedKeys {
    fn new(password: &[u8], salt: &[u8], iterations: u32) -> Result<Self, Error> {
        if iterations == 0 {
            return Err(Error::NoIterations);
        }
        let mut master = Zeroizing::new([0; KEY_LENGTH]);
        pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, iterations, &mut *master);
        let derive = |purpose: u8| {
            let mut key = Zeroizing::new([0; KEY_LENGTH]);
            // The output wipes itself, but not what it is turned into.
            key.copy_from_slice(keyed(&master).chain_update([purpose]).finalize().as_bytes());
            key
        };
        Ok(Self { encryption: derive(1), authentication: derive(2) })
    }

    fn mac(&self, ciphertext: &[u8], public_key: &PublicKey) -> Hmac<Sha256> {
        keyed(&self.authentication).chain_update(ciphertext).chain_update(public_key.to_bytes())
    }
}

fn keyed(key: &[u8; KEY_LENGTH]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn blocks_mut(bytes: &mut [u8; SigningKey::LENGTH]) -> &mut [Block<Aes256>] {
    Block::<Aes256>::slice_as_chunks_mut(bytes).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::tests::test_key;

    /// A key file that tackpy 0.9.7 wrote, with the password `asdf`.
    const TACKPY: &[u8] = b"Created by tack.py 0.9.7
Created at 2026-11-20T18:45:24Z
-----BEGIN TACK PRIVATE KEY-----
AQAAIABJaWIFsc5/diSEdVsW8P0XgTtbEbgT5XAz0C9amAb4m90g+BM3N4Dgtv/G
ah9Qs15FMqBcA0KY0iQot0lSByVcwYFqNhYHblUDv+f+udJGJQjY5MKpH/Rsay75
ZuE1WLpugV43MoRgWoVXbikiFxc3gpZlC3LdPzFo5ZoVjLLtDRCsK6SMbGdyNcYG
bCOhMic=
-----END TACK PRIVATE KEY-----
";

    #[test]
    fn reads_a_key_file_of_tackpy() {
        let file = KeyFile::from_pem(TACKPY).unwrap();
        assert_eq!(file.iterations(), KeyFile::TACKPY_ITERATIONS);
        let key = file.decrypt(b"asdf", KeyFile::MAX_ITERATIONS).unwrap();
        assert_eq!(key.public_key().fingerprint().as_str(), "t2vpc.dg3h4.qnvbf.nu335.zqdna");
        assert_eq!(file.decrypt(b"asdg", KeyFile::MAX_ITERATIONS).unwrap_err(), Error::WrongPassword);
    }

    #[test]
    fn written_key_files_read_back() {
        let key = test_key(3);
        let file = KeyFile::encrypt(&key, "pässword".as_bytes(), 2, [9; 16]).unwrap();
        let read = KeyFile::from_bytes(&file.to_bytes()).unwrap();
        assert_eq!(read, file);
        assert_eq!(KeyFile::try_from(&<[u8; KeyFile::LENGTH]>::from(read.clone())[..]).as_ref(), Ok(&file));
        assert_eq!(KeyFile::from_pem(file.to_pem().as_bytes()), Ok(file));
        let decrypted = read.decrypt("pässword".as_bytes(), 2).unwrap();
        assert_eq!(decrypted.to_bytes(), key.to_bytes());
    }

    #[test]
    fn refuses_what_it_should() {
        let bytes = KeyFile::encrypt(&test_key(3), b"p", 2, [9; 16]).unwrap().to_bytes();
        assert!(matches!(KeyFile::from_bytes(&bytes[..148]), Err(Error::Length { got: 148, .. })));
        assert!(matches!(KeyFile::from_bytes(&[&bytes[..], &[0]].concat()), Err(Error::Length { got: 150, .. })));
        assert!(matches!(KeyFile::from_bytes(&[]), Err(Error::Length { got: 0, .. })));
        let changed = |at: usize, to: u8| {
            let mut bytes = bytes;
            bytes[at] = to;
            KeyFile::from_bytes(&bytes)
        };
        assert_eq!(changed(0, 2), Err(Error::KeyFileVersion(2)));
        assert_eq!(changed(4, 0), Err(Error::NoIterations));
        assert_eq!(changed(60, bytes[60] ^ 1), Err(Error::NotOnCurve));
        for at in [4, 5, 21, 117, 148] {
            let error = changed(at, bytes[at] ^ 1).unwrap().decrypt(b"p", 10).unwrap_err();
            assert_eq!(error, Error::WrongPassword, "byte {at}");
        }
        let error = changed(1, 1).unwrap().decrypt(b"p", 1 << 24).unwrap_err();
        assert_eq!(error, Error::TooManyIterations { got: (1 << 24) + 2, limit: 1 << 24 });
    }
}
