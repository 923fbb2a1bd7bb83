//! The hosts that `check` goes through: those of the command line, then those of a list.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::cli::{Endpoint, EndpointError};
use crate::display::Shown;
use crate::input::Inputs;

/// The most that is read of a list: 16 MiB, some 500,000 hosts.
const MAX_LIST: u64 = 16 << 20;

/// Hosts, in the order given.
pub struct Hosts<'a> {
    given: &'a [Endpoint],
    list: Option<List>,
}

/// A file with a host on each line.
struct List {
    path: PathBuf,
    text: String,
}

/// A line of a list that names no host.
#[derive(Debug, thiserror::Error)]
#[error("{}: line {line}: {error}", Shown(.path))]
pub struct BadLine {
    path: PathBuf,
    line: usize,
    error: EndpointError,
}

impl<'a> Hosts<'a> {
    /// Reads the list, if there is one. No host at all is refused.
    pub fn read(given: &'a [Endpoint], list: Option<&Path>, inputs: &mut Inputs) -> Result<Self> {
        let list = list.map(|path| List::read(path, inputs)).transpose()?;
        let hosts = Self { given, list };
        if let (0, Some(list)) = (hosts.number(), &hosts.list) {
            bail!("{}: no host in it; give one on each line", Shown(&list.path));
        }
        Ok(hosts)
    }

    /// How many there are, with the lines that name none.
    pub fn number(&self) -> usize {
        self.given.len() + self.list.iter().flat_map(List::lines).count()
    }

    /// Each of them. A line that names none does not stop the rest.
    pub fn iter(&self) -> impl Iterator<Item = Result<Endpoint, BadLine>> {
        let given = self.given.iter().cloned().map(Ok);
        given.chain(self.list.iter().flat_map(List::endpoints))
    }
}

impl List {
    fn read(path: &Path, inputs: &mut Inputs) -> Result<Self> {
        let bytes = inputs.read(path, MAX_LIST)?;
        // What is no UTF-8 becomes a character that no name has.
        Ok(Self { path: path.to_owned(), text: String::from_utf8_lossy(&bytes).into_owned() })
    }

    /// The lines that have more than a comment, with their numbers.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let text = self.text.strip_prefix('\u{feff}').unwrap_or(&self.text);
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        (1..).zip(lines).filter(|(_, line)| !line.is_empty())
    }

    fn endpoints(&self) -> impl Iterator<Item = Result<Endpoint, BadLine>> {
        let bad = |line, error| BadLine { path: self.path.clone(), line, error };
        self.lines().map(move |(number, line)| line.parse().map_err(|error| bad(number, error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_blank_lines_and_bad_lines() {
        let text = "\u{feff}# all of them\r\n\r\na.example:8443 # behind\r\n  b.example\n#c.example\nd d\n[::1]:1";
        let list = List { path: "HOSTS".into(), text: text.to_owned() };
        let given = ["z.example".parse().unwrap()];
        let hosts = Hosts { given: &given, list: Some(list) };
        let names: Vec<_> = hosts
            .iter()
            .map(|host| match host {
                Ok(host) => format!("{} {:?}", host.host, host.port),
                Err(error) => error.to_string(),
            })
            .collect();
        assert_eq!(names.len(), hosts.number());
        assert_eq!(names[..3], ["z.example None", "a.example Some(8443)", "b.example None"]);
        assert!(names[3].starts_with("HOSTS: line 6: \"d d\" is neither"), "{}", names[3]);
        assert_eq!(names[4], "::1 Some(1)");
    }
}
