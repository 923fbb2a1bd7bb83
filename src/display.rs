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
        if steers(c) { safe.extend(c.escape_default()) } else { safe.push(c) }
    }
    safe
}

/// Whether a character steers a terminal, ends a line, or changes the order or the look of those around it: the controls of
/// C0 and C1, the separators of lines and paragraphs, and of Unicode's format characters those that nobody sees.
pub fn steers(c: char) -> bool {
    let is_format = matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    );
    c.is_control() || is_format
}

/// Two lowercase hexadecimal digits for each byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_escaped_and_nothing_else() {
        let hostile = "\0\t\n\x1b\x7f\u{80}\u{9b}\u{ad}\u{61c}\u{180e}\u{200b}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\
                       \u{2066}\u{206f}\u{feff}\u{fff9}\u{fffb}\u{e0001}\u{e007f}";
        for c in hostile.chars() {
            let escaped = escape(&format!("a{c}b"));
            assert!(escaped.is_ascii() && escaped.starts_with("a\\") && escaped.ends_with('b'), "{escaped:?}");
        }
        let plain = "caf\u{e9} cafe\u{301} \u{5d0}\u{5d1} \u{627} \u{65e5}\u{672c} \u{2010}\u{2027}\u{202f}\u{fffd} 'a' \"b\" \\";
        assert_eq!(escape(plain), plain);
    }
}
