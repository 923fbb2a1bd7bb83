//! Any file of ours: its blocks as typed values.

use std::iter;

use crate::break_sig::BreakSig;
use crate::certificate::{Certificate, looks_like_der};
use crate::error::Error;
use crate::extension::TackExtension;
#[cfg(feature = "key-file")]
use crate::key_file::KeyFile;
use crate::pem::{self, Block, Labels, MAX_BODY};
use crate::serverinfo::ServerInfo;
use crate::tack::Tack;

/// What the error says when none of these is there.
const ANY: &str = "TACK, TACK BREAK SIG, TACK EXTENSION, TACK PRIVATE KEY, SERVERINFO or CERTIFICATE";

/// The bytes that tell DER from text.
const DER_START: usize = 2;

/// What a PEM block, or a file in DER, holds. Signatures are not verified.
///
/// ```
/// use tack_core::Object;
/// # use tack_core::{Generations, Minute, SigningKey, Tack, TargetHash};
/// # let key = SigningKey::from_bytes(&[7; 32])?;
/// # let file = Tack::sign(&key, Generations::default(), Minute::new(30_000_000), TargetHash::of(b"key")).to_pem();
///
/// for object in Object::all_from_bytes(file.as_bytes()) {
///     match object? {
///         Object::Tack(tack) => println!("a tack that expires at {}", tack.expiration()),
///         other => println!("something else, with {} tacks", other.tacks().len()),
///     }
/// }
/// # Ok::<(), tack_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Object {
    /// A block `TACK PRIVATE KEY`. Without the feature `key-file` such a block is passed over.
    #[cfg(feature = "key-file")]
    KeyFile(KeyFile),
    /// A block `TACK`.
    Tack(Tack),
    /// A block `TACK BREAK SIG`.
    BreakSig(BreakSig),
    /// A block `TACK EXTENSION`.
    Extension(TackExtension),
    /// A block `SERVERINFO FOR …` or `SERVERINFOV2 FOR …` with a TackExtension.
    ServerInfo(ServerInfo),
    /// A block `CERTIFICATE`, or a file in DER.
    Certificate(Certificate),
}

impl Object {
    /// The objects of a file, in its order, as [`ObjectReader`] finds them.
    pub fn all_from_bytes(bytes: &[u8]) -> impl Iterator<Item = Result<Self, Error>> {
        let mut rest = bytes;
        let mut reader = Some(ObjectReader::default());
        iter::from_fn(move || match reader.as_mut()?.next_object(&mut rest) {
            Some(object) => Some(object),
            None => reader.take()?.finish(),
        })
    }

    /// What a block holds; none if it is of another kind.
    ///
    /// # Errors
    /// What the kind's own parser refuses.
    pub fn from_block(block: &Block) -> Result<Option<Self>, Error> {
        let object = match block.label() {
            #[cfg(feature = "key-file")]
            KeyFile::LABEL => Self::KeyFile(KeyFile::from_bytes(&block.decode()?)?),
            Tack::LABEL => Self::Tack(Tack::from_bytes(&block.decode()?)?),
            BreakSig::LABEL => Self::BreakSig(BreakSig::from_bytes(&block.decode()?)?),
            TackExtension::LABEL => Self::Extension(TackExtension::from_pem_body(&block.decode()?)?),
            Certificate::LABEL => Self::Certificate(Certificate::from_der(&block.decode()?)?),
            label if ServerInfo::is_label(label) => match ServerInfo::from_bytes(label, &block.decode()?) {
                Err(Error::ExtensionType(_)) => return Ok(None),
                info => Self::ServerInfo(info?),
            },
            _ => return Ok(None),
        };
        Ok(Some(object))
    }

    /// Checks every TACK signature in it. Those of certificates are not checked.
    ///
    /// # Errors
    /// [`Error::BadSignature`] for the first that does not hold.
    pub fn verify(&self) -> Result<(), Error> {
        match self {
            #[cfg(feature = "key-file")]
            Self::KeyFile(_) => Ok(()),
            Self::Tack(tack) => tack.verify(),
            Self::BreakSig(break_sig) => break_sig.verify(),
            Self::Extension(extension) => extension.verify(),
            Self::ServerInfo(info) => info.extension().verify(),
            Self::Certificate(certificate) => certificate.extension().map_or(Ok(()), TackExtension::verify),
        }
    }

    /// The tacks in it.
    #[must_use]
    pub fn tacks(&self) -> &[Tack] {
        match self {
            Self::Tack(tack) => std::slice::from_ref(tack),
            _ => self.extension().map_or(&[], TackExtension::tacks),
        }
    }

    /// The TackExtension in it.
    #[must_use]
    pub fn extension(&self) -> Option<&TackExtension> {
        match self {
            Self::Extension(extension) => Some(extension),
            Self::ServerInfo(info) => Some(info.extension()),
            Self::Certificate(certificate) => certificate.extension(),
            _ => None,
        }
    }
}

/// Finds the objects of a file that comes in pieces: PEM text, or one certificate in DER.
///
/// Each object that cannot be read gives an error in its place. Blocks of other kinds are passed over, such as the
/// private key beside a certificate, unless the file holds nothing else. It keeps the block that it is in and no more:
/// see [`pem::Reader`].
///
/// ```
/// use std::io::Read;
///
/// use tack_core::ObjectReader;
/// # let key = tack_core::SigningKey::from_bytes(&[7; 32])?;
/// # let pem = tack_core::BreakSig::sign(&key).to_pem();
/// # let mut file = pem.as_bytes();
///
/// let mut reader = ObjectReader::default();
/// let mut buffer = [0; 64];
/// let mut found = 0;
/// loop {
///     let length = file.read(&mut buffer)?;
///     if length == 0 {
///         break;
///     }
///     let mut piece = &buffer[..length];
///     while let Some(object) = reader.next_object(&mut piece) {
///         object?.verify()?;
///         found += 1;
///     }
/// }
/// assert!(reader.finish().is_none());
/// assert_eq!(found, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct ObjectReader {
    form: Form,
    /// Whether there was an object, or an error in the place of one.
    has_found: bool,
    /// Of the blocks that were passed over.
    labels: Labels,
    /// That of the first serverinfo block with an extension that is not TACK's.
    other_extension: Option<Error>,
}

/// What the file is, by its first bytes.
#[derive(Debug)]
enum Form {
    /// So few bytes do not tell.
    Unknown(Vec<u8>),
    Pem(pem::Reader),
    Der(Vec<u8>),
    /// More than a certificate may have. The rest of it does not matter.
    TooLarge,
}

impl Default for Form {
    fn default() -> Self {
        Self::Unknown(Vec::new())
    }
}

impl ObjectReader {
    /// The next object that ends in `bytes`, or what is wrong with it. It takes what it has read from the front of
    /// `bytes`. None when all of that is read: then it wants the next piece.
    pub fn next_object(&mut self, bytes: &mut &[u8]) -> Option<Result<Object, Error>> {
        self.see_form(bytes);
        loop {
            let block = match &mut self.form {
                Form::Pem(reader) => reader.next_block(bytes)?,
                Form::Der(der) => {
                    let wanted = (MAX_BODY + 1).saturating_sub(der.len());
                    der.extend(std::mem::take(bytes).iter().take(wanted));
                    if der.len() <= MAX_BODY {
                        return None;
                    }
                    self.form = Form::TooLarge;
                    return Some(Err(Error::CertificateTooLarge));
                }
                Form::Unknown(_) | Form::TooLarge => {
                    *bytes = &[];
                    return None;
                }
            };
            if let Some(object) = block.and_then(|block| self.open(&block)).transpose() {
                self.has_found = true;
                return Some(object);
            }
        }
    }

    /// How many bytes of text have come since the last PEM block: see [`pem::Reader::skipped`].
    #[must_use]
    pub fn skipped(&self) -> usize {
        if let Form::Pem(reader) = &self.form { reader.skipped() } else { 0 }
    }

    /// Says that no piece comes any more. Gives the certificate of a file in DER, or what is wrong with the end of a text,
    /// or that there was no object.
    #[must_use]
    pub fn finish(self) -> Option<Result<Object, Error>> {
        let error = match self.form {
            Form::Der(der) => return Some(Certificate::from_der(&der).map(Object::Certificate)),
            Form::TooLarge => return None,
            Form::Unknown(_) => None,
            Form::Pem(reader) => reader.finish(),
        };
        let none = || self.other_extension.unwrap_or_else(|| self.labels.error(ANY));
        error.or_else(|| (!self.has_found).then(none)).map(Err)
    }

    /// Tells text from DER as soon as there are bytes enough.
    fn see_form(&mut self, bytes: &mut &[u8]) {
        let Form::Unknown(start) = &mut self.form else { return };
        let (more, rest) = bytes.split_at(bytes.len().min(DER_START - start.len()));
        start.extend_from_slice(more);
        *bytes = rest;
        if start.len() < DER_START {
            return;
        }
        let start = std::mem::take(start);
        self.form = if looks_like_der(&start) {
            Form::Der(start)
        } else {
            let mut reader = pem::Reader::default();
            let none = reader.next_block(&mut start.as_slice());
            debug_assert!(none.is_none(), "no block is as short");
            Form::Pem(reader)
        };
    }

    /// What a block holds; none if it is passed over.
    fn open(&mut self, block: &Block) -> Result<Option<Object>, Error> {
        let object = Object::from_block(block)?;
        if object.is_none() {
            self.labels.add(block.label());
            self.other_extension = self.other_extension.take().or_else(|| other_extension(block));
        }
        Ok(object)
    }
}

/// The error for a serverinfo block with an extension that is not TACK's.
fn other_extension(block: &Block) -> Option<Error> {
    let body = block.decode().ok().filter(|_| ServerInfo::is_label(block.label()))?;
    ServerInfo::from_bytes(block.label(), &body).err()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tack::tests::test_tack;

    fn errors(text: &str) -> Vec<String> {
        Object::all_from_bytes(text.as_bytes()).filter_map(Result::err).map(|error| error.to_string()).collect()
    }

    #[test]
    fn other_blocks_are_passed_over() {
        let tack = test_tack(1, 9);
        let text = format!("{}{}{}", pem::encode("PRIVATE KEY", &[1]), tack.to_pem(), pem::encode("X", &[2]));
        let objects: Vec<_> = Object::all_from_bytes(text.as_bytes()).collect();
        assert_eq!(objects, [Ok(Object::Tack(tack))]);
        let others = format!("{}{}", pem::encode("PRIVATE KEY", &[1]), pem::encode("X", &[2]));
        assert_eq!(errors(&others), [format!("no {ANY} block found; it holds PRIVATE KEY, X")]);
        assert_eq!(errors("text"), ["no PEM block found"]);
    }

    #[test]
    fn a_bad_block_does_not_hide_the_next() {
        let tack = test_tack(1, 9);
        let text = format!("{}{}", pem::encode("TACK", &[1]), tack.to_pem());
        let objects: Vec<_> = Object::all_from_bytes(text.as_bytes()).collect();
        assert!(matches!(objects.as_slice(), [Err(Error::Length { got: 1, .. }), Ok(Object::Tack(_))]));
    }

    #[test]
    fn a_file_may_come_in_pieces_of_any_size() {
        let found = |bytes: &[u8], size: usize| {
            let mut reader = ObjectReader::default();
            let mut found = Vec::new();
            for mut piece in bytes.chunks(size) {
                found.extend(iter::from_fn(|| reader.next_object(&mut piece)));
            }
            found.extend(reader.finish());
            found
        };
        let tack = test_tack(1, 9);
        let der = pem::decode_first(include_bytes!("../tests/vectors/certificate_tackpy"), Certificate::LABEL).unwrap();
        let certificate = Certificate::from_der(&der).unwrap();
        for size in [1, 2, 3, 1000] {
            assert_eq!(found(tack.to_pem().as_bytes(), size), [Ok(Object::Tack(tack.clone()))]);
            assert_eq!(found(&der, size), [Ok(Object::Certificate(certificate.clone()))]);
            for none in ["", "-", "--", "---", "0", "text"] {
                assert_eq!(found(none.as_bytes(), size), [Err(Error::NoBlock)], "{none:?}");
            }
        }
        let mut large = vec![0; MAX_BODY];
        large[..2].copy_from_slice(&[0x30, 0x84]);
        assert!(matches!(found(&large, 1000)[..], [Err(Error::Certificate { .. })]));
        large.resize(2 * MAX_BODY, 0);
        assert_eq!(found(&large, 1000), [Err(Error::CertificateTooLarge)]);
    }
}
