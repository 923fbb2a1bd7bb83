//! Any file of ours: its blocks as typed values.

use crate::break_sig::BreakSig;
use crate::certificate::{Certificate, looks_like_der};
use crate::error::Error;
use crate::extension::TackExtension;
#[cfg(feature = "key-file")]
use crate::key_file::KeyFile;
use crate::pem::{self, Block};
use crate::serverinfo::ServerInfo;
use crate::tack::Tack;

/// What the error says when none of these is there.
const ANY: &str = "TACK, TACK BREAK SIG, TACK EXTENSION, TACK PRIVATE KEY, SERVERINFO or CERTIFICATE";

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
    /// The objects of a file, in its order, each with an error of its own if it cannot be read. Blocks of other kinds are
    /// passed over, such as the private key beside a certificate, unless the file holds nothing else.
    pub fn all_from_bytes(bytes: &[u8]) -> Box<dyn Iterator<Item = Result<Self, Error>> + '_> {
        if looks_like_der(bytes) {
            return Box::new(std::iter::once(Certificate::from_der(bytes).map(Self::Certificate)));
        }
        let read = |block: Result<Block<'_>, Error>| block.and_then(|block| Self::from_block(&block)).transpose();
        let mut objects = pem::blocks(bytes).filter_map(read).peekable();
        if objects.peek().is_none() {
            let blocks = || pem::blocks(bytes).filter_map(Result::ok);
            let none = pem::no_label(ANY, blocks().map(|block| block.label()));
            return Box::new(std::iter::once(Err(blocks().find_map(|block| other_extension(&block)).unwrap_or(none))));
        }
        Box::new(objects)
    }

    /// What a block holds; none if it is of another kind.
    ///
    /// # Errors
    /// What the kind's own parser refuses.
    pub fn from_block(block: &Block<'_>) -> Result<Option<Self>, Error> {
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

/// The error for a serverinfo file with an extension that is not TACK's.
fn other_extension(block: &Block<'_>) -> Option<Error> {
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
}
