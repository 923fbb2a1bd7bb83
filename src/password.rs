//! Passwords: from an option, a file, the environment or the terminal.

use std::env;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use zeroize::Zeroizing;

use crate::cli::{Password, PasswordArgs};
use crate::display::{Shown, plain};
use crate::input::{Inputs, SMALL};
use crate::message::say;
use crate::terminal;

/// The variable that holds the password where no option gives it.
const VARIABLE: &str = "TACK_PASSWORD";
/// How often a password may be typed.
pub const TRIES: u32 = 3;

/// A password that an option or the environment gives, and where it comes from.
pub struct Given {
    pub password: Password,
    pub source: String,
}

/// The password that options or the environment give, if they do.
pub fn given(args: &PasswordArgs, inputs: &mut Inputs) -> Result<Option<Given>> {
    let (password, source) = match (&args.password, &args.password_file, env::var_os(VARIABLE)) {
        (Some(password), _, _) => (password.clone(), "-p".to_owned()),
        (_, Some(file), _) => (read_file(file, inputs)?, Shown(file).to_string()),
        (_, _, Some(password)) => (Password::new(Zeroizing::new(password.into_vec())), VARIABLE.to_owned()),
        (None, None, None) => return Ok(None),
    };
    if password.is_empty() {
        bail!("{source}: the password is empty; give one");
    }
    Ok(Some(Given { password, source }))
}

/// The password in a file, less one line break at its end.
pub fn read_file(path: &Path, inputs: &mut Inputs) -> Result<Password> {
    let mut bytes = inputs.read_secret(path, SMALL)?;
    if bytes.pop_if(|last| *last == b'\n').is_some() {
        bytes.pop_if(|last| *last == b'\r');
    }
    if bytes.is_empty() {
        bail!("{}: the password is empty; give one", Shown(path));
    }
    Ok(Password::new(bytes))
}

/// Asks for the password of a new key file, twice.
pub fn ask_for_new_file() -> Result<Password> {
    let prompts = ["Choose password for key file: ", "Re-enter password for key file: "];
    ask_twice(prompts, "--password-file or TACK_PASSWORD")
}

/// Asks for the new password of a key file that has one, twice.
pub fn ask_for_other() -> Result<Password> {
    let prompts = ["Choose new password for key file: ", "Re-enter new password for key file: "];
    ask_twice(prompts, "--new-password-file or --keep-password")
}

/// Asks for the password of a key file.
pub fn ask_for_file() -> Result<Password> {
    ask("Enter password for key file: ", "--password-file or TACK_PASSWORD")
}

/// Asks for the password that a key file has, where it is about to get another.
pub fn ask_for_old() -> Result<Password> {
    ask("Enter old password for key file: ", "--password-file or TACK_PASSWORD")
}

/// The options are named where there is no terminal.
fn ask_twice([choose, again]: [&str; 2], options: &str) -> Result<Password> {
    for _ in 0..TRIES {
        let password = ask(choose, options)?;
        if password == ask(again, options)? {
            return Ok(password);
        }
        say("PASSWORDS DON'T MATCH!");
    }
    bail!("the passwords did not match {TRIES} times; nothing has changed");
}

fn ask(prompt: &str, options: &str) -> Result<Password> {
    let password = terminal::ask(prompt).map_err(|error| {
        let question = prompt.trim_end_matches(": ").to_lowercase();
        anyhow!("no terminal to ask \"{question}\" ({}); give {options}", plain(&error))
    })?;
    if password.is_empty() {
        bail!("no password was given; nothing has changed");
    }
    Ok(Password::new(password))
}
