//! Pin lists: pins in JSON, as tackc and tackgo exchange them.

use std::collections::BTreeSet;
use std::fmt;

use tack_core::{Fingerprint, HostName, Minute, NameError, ParseFingerprintError};

use crate::pin::Pin;

/// Pins in JSON: arrays of name, fingerprint, min_generation, initial and end, the times in minutes since 1970.
///
/// Reading is strict: names are lowercase A-labels without a point at their end, a name has two pins at most, of different
/// keys, and every number fits its type. The order does not matter, and a NUL byte at the end, as tackc writes it, does no
/// harm. Writing sorts by name, then fingerprint.
///
/// ```
/// use tack_pin::PinList;
///
/// let text = "[\n[\"a.example\", \"t2vpc.dg3h4.qnvbf.nu335.zqdna\", 3, 29900000, 29902879]\n]\n";
/// let list = PinList::from_bytes(text.as_bytes())?;
/// assert_eq!(list.pins().len(), 1);
/// assert_eq!(list.to_string(), text);
/// # Ok::<(), tack_pin::PinListError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PinList {
    pins: Vec<(HostName, Pin)>,
}

impl PinList {
    /// Sorts pins into a list.
    #[must_use]
    pub fn new(mut pins: Vec<(HostName, Pin)>) -> Self {
        pins.sort_unstable_by(|one, other| key(one).cmp(&key(other)));
        Self { pins }
    }

    /// Reads a list.
    ///
    /// # Errors
    /// [`PinListError`] says what is wrong with which entry.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PinListError> {
        let text = bytes.strip_suffix(&[0]).unwrap_or(bytes);
        let entries: Vec<Entry> =
            serde_json::from_slice(text).map_err(|error| PinListError::Json(error.to_string()))?;
        let pins = (1..).zip(entries).map(|(number, entry)| read(number, entry)).collect::<Result<_, _>>()?;
        let list = Self::new(pins);
        list.check()?;
        Ok(list)
    }

    /// The pins, by name, then fingerprint.
    #[must_use]
    pub fn pins(&self) -> &[(HostName, Pin)] {
        &self.pins
    }

    fn check(&self) -> Result<(), PinListError> {
        for chunk in self.pins.chunk_by(|(one, _), (other, _)| one == other) {
            let keys: BTreeSet<_> = chunk.iter().map(|(_, pin)| pin.key).collect();
            match chunk {
                [(name, pin), ..] if keys.len() < chunk.len() => {
                    return Err(PinListError::Twice { name: name.clone(), key: pin.key });
                }
                [(name, _), ..] if chunk.len() > Pin::MAX_PER_NAME => {
                    return Err(PinListError::TooMany { name: name.clone(), number: chunk.len() });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The layout of tackc and tackgo: an entry on each line.
impl fmt::Display for PinList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (index, (name, pin)) in self.pins.iter().enumerate() {
            f.write_str(if index == 0 { "\n" } else { ",\n" })?;
            f.write_str(&line(name, pin))?;
        }
        f.write_str("\n]\n")
    }
}

/// Why a pin list is refused.
///
/// ```
/// use tack_pin::PinList;
///
/// // tackc would read 300 as 44.
/// let text = r#"[["a.example", "t2vpc.dg3h4.qnvbf.nu335.zqdna", 300, 29900000, 0]]"#;
/// assert!(PinList::from_bytes(text.as_bytes()).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PinListError {
    /// It is not JSON, or an entry has other values than a list may have.
    #[error("it is no pin list: {0}")]
    Json(String),

    /// A name is no host name.
    #[error("entry {entry}: {error}")]
    Name {
        /// The number of the entry, from 1.
        entry: usize,
        /// What is wrong with it.
        error: NameError,
    },

    /// A name is written in another way than pins have it.
    #[error("entry {entry}: the name {found:?} should be {expected}")]
    Form {
        /// The number of the entry, from 1.
        entry: usize,
        /// The name as it is there.
        found: String,
        /// The name as it should be.
        expected: HostName,
    },

    /// A fingerprint cannot be read.
    #[error("entry {entry}: {error}")]
    Fingerprint {
        /// The number of the entry, from 1.
        entry: usize,
        /// What is wrong with it.
        error: ParseFingerprintError,
    },

    /// A name has two pins of one key.
    #[error("{name} has two entries of key {key}")]
    Twice {
        /// The name.
        name: HostName,
        /// The key.
        key: Fingerprint,
    },

    /// A name has more than two pins.
    #[error("{name} has {number} entries, and two are the most")]
    TooMany {
        /// The name.
        name: HostName,
        /// The number of its entries.
        number: usize,
    },
}

/// An entry as JSON has it: name, fingerprint, min_generation, initial, end.
type Entry = (String, String, u8, u32, u32);

fn read(entry: usize, (name, key, min_generation, initial, end): Entry) -> Result<(HostName, Pin), PinListError> {
    let expected: HostName = name.parse().map_err(|error| PinListError::Name { entry, error })?;
    if name != expected.as_str() {
        return Err(PinListError::Form { entry, found: name, expected });
    }
    let key = key.parse().map_err(|error| PinListError::Fingerprint { entry, error })?;
    Ok((expected, Pin { key, min_generation, initial: Minute::new(initial), end: Minute::new(end) }))
}

/// A name and a fingerprint have no character that JSON escapes.
fn line(name: &HostName, pin: &Pin) -> String {
    let Pin { key, min_generation, initial, end } = pin;
    format!("[\"{name}\", \"{key}\", {min_generation}, {}, {}]", initial.get(), end.get())
}

fn key((name, pin): &(HostName, Pin)) -> (&HostName, Fingerprint) {
    (name, pin.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aqp6b.otrei.o5h3o.3fxkt.36e7q";
    const B: &str = "bqp6b.otrei.o5h3o.3fxkt.36e7q";
    const C: &str = "cqp6b.otrei.o5h3o.3fxkt.36e7q";

    fn list(text: &str) -> Result<PinList, PinListError> {
        PinList::from_bytes(text.as_bytes())
    }

    #[test]
    fn the_layout_of_the_others_is_kept() {
        let text = format!(
            "[\n[\"a.example\", \"{A}\", 3, 29900000, 29902879],\n[\"a.example\", \"{B}\", 0, 0, 4294967295],\n\
             [\"a.example.b\", \"{A}\", 3, 29900000, 0]\n]\n"
        );
        assert_eq!(list(&text).unwrap().to_string(), text);
        assert_eq!(list(&format!("{text}\0")).unwrap().to_string(), text);
        assert_eq!(list(text.trim_end()).unwrap().to_string(), text);
        for empty in ["[\n\n]", "[\n]\n", "[\n]\n\0", "[]"] {
            assert_eq!(list(empty).unwrap().to_string(), "[\n]\n");
        }
    }

    #[test]
    fn what_is_read_in_any_order_is_written_in_one() {
        let text = format!(r#"[["b", "{A}", 0, 1, 2], ["a", "{B}", 0, 1, 2], ["a", "{A}", 0, 1, 2]]"#);
        let names: Vec<_> =
            list(&text).unwrap().pins().iter().map(|(name, pin)| format!("{name} {}", pin.key)).collect();
        assert_eq!(names, [format!("a {A}"), format!("a {B}"), format!("b {A}")]);
    }

    #[test]
    fn what_the_others_let_pass_is_refused() {
        let entry = |name: &str, key: &str, numbers: &str| format!(r#"[["{name}", "{key}", {numbers}]]"#);
        for (text, expected) in [
            (entry("a", A, "256, 1, 2"), "256"),
            (entry("a", A, "-1, 1, 2"), "-1"),
            (entry("a", A, "1.0, 1, 2"), "1.0"),
            (entry("a", A, "1, 4294967296, 2"), "4294967296"),
            (entry("a", A, "1, 1"), "length 4"),
            (entry("a", A, "1, 1, 2, 3"), "trailing"),
            (entry("a", "aaa", "1, 1, 2"), "\"aaa\" is not a key fingerprint"),
            (entry("a", &A.to_uppercase(), "1, 1, 2"), "is not a key fingerprint"),
            (entry("A.example", A, "1, 1, 2"), "should be a.example"),
            (entry("a.example.", A, "1, 1, 2"), "should be a.example"),
            (entry("192.0.2.1", A, "1, 1, 2"), "it is an address"),
            (entry("a\\\"b", A, "1, 1, 2"), "is not a host name"),
            (entry("a\"b", A, "1, 1, 2"), "it is no pin list"),
            ("{}".to_owned(), "it is no pin list"),
            (String::new(), "it is no pin list"),
            ("[]]".to_owned(), "trailing"),
            ("[]\0\0".to_owned(), "trailing"),
            (format!(r#"[["a", "{A}", 0, 1, 2], ["a", "{A}", 0, 3, 4]]"#), "a has two entries of key aqp6b"),
            (
                format!(r#"[["a", "{A}", 0, 1, 2], ["a", "{B}", 0, 3, 4], ["a", "{C}", 0, 3, 4]]"#),
                "a has 3 entries, and two are the most",
            ),
        ] {
            let error = list(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
