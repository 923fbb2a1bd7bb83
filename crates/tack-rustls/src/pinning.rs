//! Pins that a client makes and keeps.

use std::fmt;
use std::sync::Arc;

use tack_pin::{Mode, PinStore};

/// Pins as the draft has them (draft-02, section 4): hosts are pinned to the TACK keys under which they are seen.
///
/// ```
/// use std::sync::Arc;
///
/// use tack_pin::{MemoryStore, Mode};
/// use tack_rustls::Pinning;
///
/// // Pins that came with the application, and no others.
/// let pinning = Pinning::new(Arc::new(MemoryStore::default())).mode(Mode::NoActivation);
/// # let _ = pinning;
/// ```
#[derive(Clone)]
#[must_use]
pub struct Pinning {
    store: Arc<dyn PinStore>,
    mode: Mode,
    is_report_only: bool,
}

impl Pinning {
    /// Pins in this store, which may be shared with other verifiers.
    pub fn new(store: Arc<dyn PinStore>) -> Self {
        Self { store, mode: Mode::Activate, is_report_only: false }
    }

    /// Changes the store to this extent.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Refuses nothing: what would be refused is reported. Pins are made and kept all the same, as far as the mode allows.
    pub fn report_only(mut self) -> Self {
        self.is_report_only = true;
        self
    }

    pub(crate) fn store(&self) -> &dyn PinStore {
        &*self.store
    }

    pub(crate) fn changes(&self) -> Mode {
        self.mode
    }

    pub(crate) fn is_enforced(&self) -> bool {
        !self.is_report_only
    }
}

impl fmt::Debug for Pinning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store: _, mode, is_report_only } = self;
        f.debug_struct("Pinning").field("mode", mode).field("is_report_only", is_report_only).finish_non_exhaustive()
    }
}
