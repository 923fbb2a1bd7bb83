//! Serverinfo files of OpenSSL, with which stock servers send a TackExtension: SSL_CTX_use_serverinfo_file(3).

use crate::error::Error;
use crate::extension::TackExtension;
use crate::pem;

const WHAT: &str = "the serverinfo block";
const LABEL_V1: &str = "SERVERINFO FOR ";
const LABEL_V2: &str = "SERVERINFOV2 FOR ";

/// Where OpenSSL sends the extension: the ClientHello must ask for it (0x80), and it goes into the ServerHello of TLS 1.2
/// (0x100) and the EncryptedExtensions of TLS 1.3 (0x400).
pub const CONTEXT: u32 = 0x580;

/// A TackExtension in a serverinfo file.
///
/// ```
/// use tack_core::ServerInfo;
/// # use tack_core::{Draft02, Generations, Minute, SigningKey, Tack, TargetHash};
/// # let key = SigningKey::from_bytes(&[7; 32])?;
/// # let tack = Tack::sign(&key, Generations::default(), Minute::new(30_000_000), TargetHash::of(b"key"));
///
/// let info = ServerInfo::new(Draft02::new(vec![tack], 1)?.into());
/// print!("{}", info.to_pem()); // for stock Apache and nginx
/// # Ok::<(), tack_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerInfo {
    context: Option<u32>,
    extension: TackExtension,
}

impl ServerInfo {
    /// The label of the PEM block that we write.
    pub const LABEL: &'static str = "SERVERINFOV2 FOR TACK";

    /// For TLS 1.2 and 1.3, where the client asks.
    #[must_use]
    pub fn new(extension: TackExtension) -> Self {
        Self { context: Some(CONTEXT), extension }
    }

    /// Whether this is the label of a serverinfo block, of either version. The words after `FOR` are free.
    #[must_use]
    pub fn is_label(label: &str) -> bool {
        label.starts_with(LABEL_V1) || label.starts_with(LABEL_V2)
    }

    /// Reads the body of a block with this label: in version 2 a context of four bytes, then the TLS extension.
    ///
    /// # Errors
    /// [`Error::Truncated`], and those of [`TackExtension::from_tls`], such as [`Error::ExtensionType`] for another
    /// extension's block.
    pub fn from_bytes(label: &str, body: &[u8]) -> Result<Self, Error> {
        let (context, extension) = split(label, body)?;
        Ok(Self { context, extension: TackExtension::from_tls(extension)? })
    }

    /// The TackExtension in the body of a block with this label, unread.
    ///
    /// # Errors
    /// [`Error::Truncated`], and those of [`TackExtension::body_of_tls`].
    pub fn extension_of_block<'a>(label: &str, body: &'a [u8]) -> Result<&'a [u8], Error> {
        TackExtension::body_of_tls(split(label, body)?.1)
    }

    /// Where OpenSSL sends it; none in version 1, which serves TLS 1.2 alone.
    #[must_use]
    pub fn context(&self) -> Option<u32> {
        self.context
    }

    /// What it serves.
    #[must_use]
    pub fn extension(&self) -> &TackExtension {
        &self.extension
    }

    /// The body of the block.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let context = self.context.map(u32::to_be_bytes);
        [context.as_ref().map_or(&[][..], |bytes| bytes), &self.extension.to_tls()].concat()
    }

    /// The PEM block.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let label = if self.context.is_some() { Self::LABEL } else { "SERVERINFO FOR TACK" };
        pem::encode(label, &self.to_bytes())
    }
}

/// The context, which version 2 alone has, and the TLS extension.
fn split<'a>(label: &str, body: &'a [u8]) -> Result<(Option<u32>, &'a [u8]), Error> {
    if !label.starts_with(LABEL_V2) {
        return Ok((None, body));
    }
    let cut = || Error::Truncated { what: WHAT, got: body.len() };
    let (context, extension) = body.split_first_chunk().ok_or_else(cut)?;
    Ok((Some(u32::from_be_bytes(*context)), extension))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft02::Draft02;
    use crate::tack::tests::test_tack;

    #[test]
    fn both_versions_read_back() {
        let extension = TackExtension::Draft02(Draft02::new(vec![test_tack(1, 9)], 1).unwrap());
        for info in [ServerInfo::new(extension.clone()), ServerInfo { context: None, extension: extension.clone() }] {
            let text = info.to_pem();
            let block = pem::blocks(text.as_bytes()).next().unwrap().unwrap();
            assert!(ServerInfo::is_label(block.label()));
            let body = block.decode().unwrap();
            assert_eq!(ServerInfo::extension_of_block(block.label(), &body), Ok(&extension.to_bytes()[..]));
            assert_eq!(ServerInfo::from_bytes(block.label(), &body), Ok(info));
        }
        let bytes = ServerInfo::new(extension).to_bytes();
        assert_eq!(bytes[..8], [0, 0, 5, 0x80, 0xf3, 0, 0, 169]);
        for cut in 0..bytes.len() {
            assert!(ServerInfo::from_bytes(ServerInfo::LABEL, &bytes[..cut]).is_err(), "{cut} bytes");
        }
    }

    #[test]
    fn another_extension_is_named() {
        let body = [0, 0, 1, 0, 0, 18, 0, 0];
        assert_eq!(ServerInfo::from_bytes(ServerInfo::LABEL, &body), Err(Error::ExtensionType(18)));
    }
}
