//! Our speed beside that of the peers.
fn main() {}
