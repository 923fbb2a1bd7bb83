//! What a client wants of the judgement.

use tack_core::Fingerprint;

/// What a client wants of the judgement. The default is a client as the draft has it: it activates pins and enforces them.
///
/// ```
/// use tack_pin::Policy;
///
/// // An app that ships the fingerprints of its server's TACK key, and of a backup key.
/// let policy = Policy::default()
///     .require(["t2vpc.dg3h4.qnvbf.nu335.zqdna".parse()?, "akslo.iqogr.tr4n7.ue5qr.sodsz".parse()?]);
/// assert_eq!(policy.required().len(), 2);
/// # Ok::<(), tack_core::ParseFingerprintError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    required: Vec<Fingerprint>,
    mode: Mode,
    is_report_only: bool,
}

/// How much of the store changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// All that the draft says.
    #[default]
    Activate,
    /// All but pin activation (draft-02, section 4.3.4, which is optional): no pin is made, extended or deleted, but
    /// revocations count, and break signatures.
    NoActivation,
    /// Nothing.
    ReadOnly,
}

impl Policy {
    /// Requires a tack of one of these keys, whatever the pins say.
    #[must_use]
    pub fn require(mut self, keys: impl IntoIterator<Item = Fingerprint>) -> Self {
        self.required.extend(keys);
        self
    }

    /// Changes the store to this extent.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Refuses no connection: what would refuse it is reported.
    #[must_use]
    pub fn report_only(mut self) -> Self {
        self.is_report_only = true;
        self
    }

    /// The keys of which one is required, if there is any.
    #[must_use]
    pub fn required(&self) -> &[Fingerprint] {
        &self.required
    }

    pub(crate) fn changes(&self) -> Mode {
        self.mode
    }

    pub(crate) fn is_report_only(&self) -> bool {
        self.is_report_only
    }
}
