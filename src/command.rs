//! The commands, one file each.

pub mod r#break;
pub mod cert;
pub mod genkey;
pub mod help;
pub mod passwd;
pub mod sign;
pub mod view;
