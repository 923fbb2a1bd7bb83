//! The commands, one file each.

pub mod r#break;
pub mod cert;
pub mod check;
pub mod deploy;
pub mod genkey;
pub mod help;
pub mod pack;
pub mod passwd;
pub mod pins;
pub mod sign;
pub mod simulate;
pub mod status;
pub mod ticket;
pub mod unpack;
pub mod verify;
pub mod view;
