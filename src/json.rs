//! JSON that is safe to print: in its texts too, characters that steer a terminal or a line are escaped.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use crate::display::steers;

/// Writes a value in lines, for people too.
pub fn write_pretty(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    Ok(value.serialize(&mut Serializer::with_formatter(out, Safe(PrettyFormatter::new())))?)
}

/// A value on one line.
pub fn line(value: &impl Serialize) -> String {
    let mut json = Vec::new();
    let written = value.serialize(&mut Serializer::with_formatter(&mut json, Safe(CompactFormatter)));
    written.expect("memory takes what is written, and keys are texts");
    String::from_utf8(json).expect("JSON is UTF-8")
}

/// Writes as another formatter does, but for those characters. JSON itself asks for the escape of C0 alone.
struct Safe<F>(F);

impl<F: Formatter> Formatter for Safe<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((before, c, after)) = split(rest) {
            out.write_all(before.as_bytes())?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = after;
        }
        out.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

/// The first character that steers, and what is before and after it.
fn split(text: &str) -> Option<(&str, char, &str)> {
    let (before, rest) = text.split_at_checked(text.find(steers)?)?;
    let mut rest = rest.chars();
    Some((before, rest.next()?, rest.as_str()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn texts_are_escaped_and_read_back() {
        let value = json!({"a\u{9b}": ["x\n\u{202e}y\u{e0001}\u{e9}\"\\", 1, [], {}], "b": {"c": null}});
        let escaped = "x\\n\\u202ey\\udb40\\udc01\u{e9}\\\"\\\\";
        assert_eq!(line(&value), format!(r#"{{"a\u009b":["{escaped}",1,[],{{}}],"b":{{"c":null}}}}"#));
        let mut pretty = Vec::new();
        write_pretty(&mut pretty, &value).unwrap();
        let unsafe_pretty = serde_json::to_string_pretty(&value).unwrap();
        let expected = unsafe_pretty.replace('\u{9b}', "\\u009b").replace('\u{202e}', "\\u202e");
        assert_eq!(String::from_utf8(pretty.clone()).unwrap(), expected.replace('\u{e0001}', "\\udb40\\udc01"));
        assert_eq!(serde_json::from_slice::<Value>(&pretty).unwrap(), value);
    }
}
