//! What the stores of a client share: how they are named, what they are opened for, and what is said when they fail.

use std::error::Error as StdError;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::{env, io};

use anyhow::{Error, Result, anyhow};

use crate::display::{Shown, escape, plain};
use crate::input::Inputs;
use crate::message::Usage;
use crate::output::Output;

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To be read, if it is there.
    Read,
    /// To be changed, if it is there.
    Write,
    /// To be changed, and made if it is not there.
    Create,
}

/// A kind of store, in words.
pub struct Kind {
    /// What it is called.
    pub name: &'static str,
    /// The option that names it, with its value.
    pub option: &'static str,
    /// The variable that names it where no option does.
    pub variable: &'static str,
    /// What to do where it cannot be written.
    pub if_read_only: &'static str,
}

/// Why a store fails.
pub enum Failure<'a> {
    Version,
    NotAStore,
    Busy,
    ReadOnly,
    Full,
    /// An error of the system, or of SQLite.
    Other(&'a (dyn StdError + Send + Sync + 'static)),
}

impl Kind {
    /// The store that the option, or else the environment, names.
    pub fn path(&self, given: Option<&Path>) -> Option<PathBuf> {
        let from_environment = || env::var_os(self.variable).filter(|name| !name.is_empty()).map(PathBuf::from);
        given.map(Path::to_owned).or_else(from_environment)
    }

    /// As [`path`](Self::path), where there must be one.
    pub fn named(&self, given: Option<&Path>) -> Result<PathBuf> {
        let Self { name, option, variable, .. } = self;
        self.path(given).ok_or_else(|| Usage(format!("no {name} is given; give {option}, or set {variable}")).into())
    }

    /// What the user is told of an error of the store.
    pub fn failed(&self, path: &Path, error: &dyn Display, failure: &Failure<'_>) -> Error {
        let (name, path) = (self.name, Shown(path));
        let advice = match failure {
            Failure::Version => "use the newer tack that made it",
            Failure::NotAStore => &format!("give a {name}, or a name that is not taken"),
            Failure::Busy => "try again",
            Failure::ReadOnly => self.if_read_only,
            Failure::Full => "forget others first",
            Failure::Other(error) => {
                return match error.downcast_ref::<io::Error>() {
                    Some(error) => anyhow!("{path}: the {name} cannot be opened: {}{}", plain(error), advice(error)),
                    // SQLite says no more of a file that it may not open, or beside which it may make none.
                    None if error.to_string().contains("unable to open database file") => {
                        anyhow!(
                            "{path}: the {name} cannot be opened; run as a user who may read it, and write beside it"
                        )
                    }
                    None => {
                        let error = escape(&error.to_string());
                        anyhow!("{path}: the {name} failed: {error}; check the disk, or give another store")
                    }
                };
            }
        };
        anyhow!("{path}: {error}; {advice}")
    }
}

/// What to do where the system does not open a file.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "; check its name",
        io::ErrorKind::PermissionDenied => "; run as a user who may open it",
        _ => "",
    }
}

/// The output for what a store holds, which must not replace the store.
pub fn output(store: &Path, output: Option<&Path>) -> Result<Output> {
    let mut inputs = Inputs::default();
    // What is no file, such as a pipe, may keep waiting who opens it.
    if fs::metadata(store).is_ok_and(|metadata| metadata.is_file()) {
        inputs.open(store)?;
    }
    Output::new(output, &inputs)
}
