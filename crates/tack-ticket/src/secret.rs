//! The secrets of a session.

use zeroize::Zeroizing;

/// The pinning secret of a session (RFC 8672, section 4.1): 32 or 48 bytes, by the hash of the session that made it. In the
/// next session it is the key of the proof, whatever the hash of that session.
///
/// Its memory is overwritten when it is dropped, and it has no `Debug`.
///
/// ```
/// use tack_ticket::PinningSecret;
///
/// assert!(PinningSecret::from_bytes(&[7; 32]).is_some());
/// assert!(PinningSecret::from_bytes(&[7; 33]).is_none());
/// ```
#[derive(Clone)]
pub struct PinningSecret(Zeroizing<Vec<u8>>);

impl PinningSecret {
    /// The secret of these bytes; none if they are neither 32 nor 48.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        matches!(bytes.len(), 32 | 48).then(|| Self(Zeroizing::new(bytes.to_vec())))
    }

    /// Its bytes: for who stores it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
