//! How large a plan may be.

pub(crate) const MAX_DAYS: u32 = 2_000;
pub(crate) const MAX_STEPS: usize = 200;
pub(crate) const MAX_SERVERS: usize = 8;
/// Characters of a name.
pub(crate) const MAX_NAME: usize = 64;
/// Of an extension (draft-02, section 3.1).
pub(crate) const MAX_TACKS: usize = 2;
/// Of an extension (draft-00).
pub(crate) const MAX_BREAK_SIGS: usize = 8;
