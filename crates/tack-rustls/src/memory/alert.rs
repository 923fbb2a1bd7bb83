//! Alerts, and their levels.

use rustls::AlertDescription;

/// The level of an alert (RFC 8446, section 6).
///
/// ```
/// use rustls::AlertDescription;
/// use tack_rustls::memory::AlertLevel;
///
/// assert_eq!(AlertLevel::of(AlertDescription::CloseNotify), AlertLevel::Warning);
/// assert_eq!(AlertLevel::of(AlertDescription::AccessDenied), AlertLevel::Fatal);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertLevel {
    /// The connection closes in good order: close_notify and user_canceled.
    Warning,
    /// The connection ends at once: every other alert.
    Fatal,
}

impl AlertLevel {
    /// The one level that an alert can have (RFC 8446, section 6).
    #[must_use]
    pub fn of(code: AlertDescription) -> Self {
        match code {
            AlertDescription::CloseNotify | AlertDescription::UserCanceled => Self::Warning,
            _ => Self::Fatal,
        }
    }
}
