//! What a server may say before TLS.

/// The bytes that a line may have, its end included.
pub const MAX_LINE: usize = 4096;

/// The lines that a server may say in one dialogue.
pub const MAX_LINES: usize = 256;

/// The bytes that a message of a protocol without lines may have.
pub const MAX_MESSAGE: usize = 65536;
