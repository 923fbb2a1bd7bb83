//! What is safe to print: names of files, and the system's words.

use std::fmt;
use std::io;
use std::path::Path;

/// A file's name as the user gave it, safe to print: control characters are escaped, "-" is called what it is.
pub struct Shown<'a>(pub &'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_dash(self.0) {
            return f.write_str("standard input");
        }
        f.write_str(&escape(&self.0.to_string_lossy()))
    }
}

/// Text that is safe to print: characters that steer a terminal or a line are escaped.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_format(c) { safe.extend(c.escape_default()) } else { safe.push(c) }
    }
    safe
}

/// Whether a character changes the order or the look of those around it (Unicode, bidirectional and invisible ones).
fn is_format(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The system's words for an error, in lowercase and without its number.
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split_once(" (os error").map_or(text.as_str(), |(words, _)| words);
    let mut letters = words.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// Whether a path is the "-" that stands for standard input or output.
pub fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}
