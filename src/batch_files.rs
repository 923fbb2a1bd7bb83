//! The names of a batch's files: `PREFIX_0000.pem` and so on.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::replace::directory;

/// The digits of the numbers, unless more are needed.
const MIN_DIGITS: usize = 4;
const SUFFIX: &[u8] = b".pem";

/// A file for each tack of a batch.
pub struct BatchFiles {
    prefix: PathBuf,
    number: u32,
    digits: usize,
}

impl BatchFiles {
    /// Names files for so many tacks, with as many digits as the largest number needs.
    pub fn new(prefix: PathBuf, number: u32) -> Self {
        let digits = number.saturating_sub(1).to_string().len().max(MIN_DIGITS);
        Self { prefix, number, digits }
    }

    /// Lists those that are there already. In a directory that cannot be listed it tries each name.
    pub fn existing(&self) -> Box<dyn Iterator<Item = PathBuf> + '_> {
        let Ok(entries) = fs::read_dir(directory(&self.path(0))) else {
            let is_there = |path: &PathBuf| fs::symlink_metadata(path).is_ok();
            return Box::new((0..self.number).map(|index| self.path(index)).filter(is_there));
        };
        let names = entries.flatten().map(|entry| entry.file_name()).filter(|name| self.have_name(name));
        Box::new(names.map(|name| self.path(0).with_file_name(name)))
    }

    fn have_name(&self, name: &OsStr) -> bool {
        let first = self.path(0);
        let first = first.file_name().unwrap_or_default().as_encoded_bytes();
        let digits = first.strip_suffix(SUFFIX).and_then(|first| {
            let (front, zeros) = first.split_at_checked(first.len().checked_sub(self.digits)?)?;
            let digits = name.as_encoded_bytes().strip_prefix(front)?.strip_suffix(SUFFIX)?;
            (digits.len() == zeros.len() && digits.iter().all(u8::is_ascii_digit)).then_some(digits)
        });
        let number = digits.and_then(|digits| str::from_utf8(digits).ok()?.parse::<u32>().ok());
        number.is_some_and(|number| number < self.number)
    }

    /// The file of a tack, whose index counts from 0.
    pub fn path(&self, index: u32) -> PathBuf {
        let mut path = self.prefix.clone().into_os_string();
        path.push(format!("_{index:0digits$}", digits = self.digits));
        path.push(OsStr::from_bytes(SUFFIX));
        path.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batch_files_know_their_names() {
        for (prefix, front) in [("/tmp/T1", "T1_"), ("T1", "T1_"), ("a/b/", "_"), ("a/.T", ".T_")] {
            let files = BatchFiles::new(prefix.into(), 12);
            let have_name = |rest: &str| files.have_name(format!("{front}{rest}").as_ref());
            assert!(files.path(11).to_str().unwrap().ends_with(&format!("{front}0011.pem")), "{prefix}");
            for rest in ["0000.pem", "0003.pem", "0011.pem"] {
                assert!(have_name(rest), "{prefix}: {rest}");
            }
            for rest in ["0012.pem", "000.pem", "00011.pem", "+001.pem", "0001.PEM", ".pem", "0001", "_0001.pem"] {
                assert!(!have_name(rest), "{prefix}: {rest}");
            }
            assert!(!files.have_name("T2_0001.pem".as_ref()) && !files.have_name("T1-0001.pem".as_ref()));
        }
    }

    #[test]
    fn digits_are_four_or_as_many_as_needed() {
        for (number, name) in [(1, "T_0000.pem"), (10_000, "T_0000.pem"), (10_001, "T_00000.pem")] {
            assert_eq!(BatchFiles::new("T".into(), number).path(0), PathBuf::from(name), "{number}");
        }
    }
}
