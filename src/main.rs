//! tack
fn main() {}
