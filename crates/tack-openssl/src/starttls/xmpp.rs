//! XMPP (RFC 6120, section 5).

use std::io::{Read, Write};

use crate::server_name::ServerName;
use crate::starttls::error::StartTlsError;
use crate::starttls::limits::MAX_MESSAGE;
use crate::starttls::wire::read_byte;

use self::Kind::{Empty, End, Start};

const PROTOCOL: &str = "XMPP";
const NAMESPACE: &str = "urn:ietf:params:xml:ns:xmpp-tls";

/// Opens a stream of this namespace to a host, and asks for TLS.
pub(super) fn negotiate(
    stream: &mut (impl Read + Write),
    namespace: &str,
    name: &ServerName,
) -> Result<(), StartTlsError> {
    let begin = format!(
        "<?xml version='1.0'?><stream:stream xmlns='{namespace}' \
         xmlns:stream='http://etherx.jabber.org/streams' to='{name}' version='1.0'>"
    );
    stream.write_all(begin.as_bytes())?;
    stream.flush()?;
    let mut tags = Tags { stream, left: MAX_MESSAGE };
    if !is_offered(&mut tags)? {
        return Err(StartTlsError::NotOffered("STARTTLS"));
    }
    tags.stream.write_all(format!("<starttls xmlns='{NAMESPACE}'/>").as_bytes())?;
    tags.stream.flush()?;

    let answer = tags.read()?;
    match answer.kind() {
        (Start | Empty, b"proceed") if answer.is_of_namespace() => {
            // TLS begins behind the end of the element.
            if answer.kind().0 == Empty || tags.read()?.kind() == (End, b"proceed") {
                return Ok(());
            }
            Err(answer.unexpected())
        }
        (_, b"failure" | b"error" | b"stream") => Err(answer.refused()),
        _ => Err(answer.unexpected()),
    }
}

/// Whether STARTTLS is among the features of the stream.
fn is_offered<S: Read>(tags: &mut Tags<'_, S>) -> Result<bool, StartTlsError> {
    let header = tags.read()?;
    if header.kind() != (Start, b"stream") {
        return Err(header.unexpected());
    }
    let features = tags.read()?;
    match features.kind() {
        (Start, b"features") => {}
        (Empty, b"features") => return Ok(false),
        (Start, b"error") | (End, b"stream") => return Err(features.refused()),
        _ => return Err(features.unexpected()),
    }
    let mut is_offered = false;
    loop {
        let tag = tags.read()?;
        match tag.kind() {
            (End, b"features") => return Ok(is_offered),
            (Start | Empty, b"starttls") => is_offered |= tag.is_of_namespace(),
            (End, b"stream") => return Err(tag.refused()),
            _ => {}
        }
    }
}

/// The tags of an XML stream, one after the other. Text between them is skipped.
struct Tags<'a, S> {
    stream: &'a mut S,
    /// The bytes that may still come.
    left: usize,
}

/// What is between the angle brackets.
struct Tag(Vec<u8>);

impl<S: Read> Tags<'_, S> {
    /// The next tag, but for the XML declaration. Nothing behind its end is read.
    fn read(&mut self) -> Result<Tag, StartTlsError> {
        loop {
            while self.byte()? != b'<' {}
            let tag = self.rest_of_tag()?;
            match tag.0.first() {
                Some(b'?') => {}
                // Comments, CDATA and document types are none of XMPP's (section 11.1), and could hide a tag.
                Some(b'!') | None => return Err(tag.unexpected()),
                Some(_) => return Ok(tag),
            }
        }
    }

    /// All up to the bracket that ends the tag, which one in quotes does not.
    fn rest_of_tag(&mut self) -> Result<Tag, StartTlsError> {
        let mut tag = Vec::new();
        let mut quote = None;
        loop {
            let byte = self.byte()?;
            match (quote, byte) {
                (None, b'>') => return Ok(Tag(tag)),
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), _) if open == byte => quote = None,
                _ => {}
            }
            tag.push(byte);
        }
    }

    fn byte(&mut self) -> Result<u8, StartTlsError> {
        self.left = self.left.checked_sub(1).ok_or(StartTlsError::TooLong)?;
        read_byte(self.stream)
    }
}

/// The kinds of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Start,
    /// An element with nothing in it.
    Empty,
    End,
}

impl Tag {
    /// Its kind, and its name without a prefix.
    fn kind(&self) -> (Kind, &[u8]) {
        let (kind, tag) = match (self.0.strip_prefix(b"/"), self.0.strip_suffix(b"/")) {
            (Some(tag), _) => (End, tag),
            (None, Some(tag)) => (Empty, tag),
            (None, None) => (Start, &self.0[..]),
        };
        let name = tag.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        (kind, name.split(|byte| *byte == b':').next_back().unwrap_or_default())
    }

    /// Whether it declares the namespace of STARTTLS.
    fn is_of_namespace(&self) -> bool {
        ['\'', '"'].iter().any(|quote| {
            let declaration = format!("={quote}{NAMESPACE}{quote}");
            self.0.windows(declaration.len()).any(|window| window == declaration.as_bytes())
        })
    }

    fn refused(&self) -> StartTlsError {
        StartTlsError::refused(&self.0)
    }

    fn unexpected(&self) -> StartTlsError {
        StartTlsError::unexpected(PROTOCOL, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use crate::starttls::StartTls::{Xmpp, XmppServer};
    use crate::starttls::test::{fails, talk};

    const STARTTLS: &str = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
    const PROCEED: &str = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

    fn header(namespace: &str) -> String {
        format!(
            "<?xml version='1.0'?><stream:stream xmlns='{namespace}' \
             xmlns:stream='http://etherx.jabber.org/streams' to='host.example' version='1.0'>"
        )
    }

    /// A stream with these features, and this behind them.
    fn stream(features: &str, more: &str) -> String {
        format!("<?xml version=\"1.0\"?>\n<stream:stream id='>'>{features}{more}")
    }

    fn features(features: &str) -> String {
        format!("<stream:features>{features}</stream:features>")
    }

    #[test]
    fn good() {
        for (protocol, namespace) in [(Xmpp, "jabber:client"), (XmppServer, "jabber:server")] {
            let heard = header(namespace) + STARTTLS;
            for offer in [
                STARTTLS,
                "<a/><starttls xmlns=\"urn:ietf:params:xml:ns:xmpp-tls\"><required/></starttls>",
                "<tls:starttls xmlns:tls='urn:ietf:params:xml:ns:xmpp-tls'></tls:starttls>",
            ] {
                for proceed in [PROCEED, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'>\n</proceed>"] {
                    let said = stream(&features(offer), proceed);
                    assert_eq!(talk(protocol, &said), (Ok(()), heard.clone()), "{said}");
                }
            }
        }
    }

    #[test]
    fn not_offered() {
        for features in [
            "<stream:features/>",
            &features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"),
            &features("<starttls xmlns='urn:other'/>"),
            &features("</starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><starttls/>STARTTLS"),
        ] {
            fails(Xmpp, stream(features, PROCEED), "the server does not offer STARTTLS", &header("jabber:client"));
        }
    }

    #[test]
    fn refused() {
        let words = |said: &str| format!("the server refuses to begin TLS: {said}");
        let heard = header("jabber:client");
        fails(Xmpp, stream("<stream:error>", ""), &words("stream:error"), &heard);
        fails(Xmpp, stream("</stream:stream>", ""), &words("/stream:stream"), &heard);
        fails(Xmpp, stream("<stream:features></stream:stream>", ""), &words("/stream:stream"), &heard);
        let heard = heard + STARTTLS;
        fails(Xmpp, stream(&features(STARTTLS), "<failure/></stream:stream>"), &words("failure/"), &heard);
    }

    #[test]
    fn unexpected() {
        let words = |said: &str| format!("the server does not answer as XMPP has it: is it the right port: {said}");
        let heard = header("jabber:client");
        fails(Xmpp, "HTTP/1.1 400 Bad Request\r\n\r\n<html>", &words("html"), &heard);
        fails(Xmpp, "<stream:stream/>", &words("stream:stream/"), &heard);
        fails(Xmpp, stream("<message>", ""), &words("message"), &heard);
        // A comment could hide the end of the features.
        fails(Xmpp, stream("<stream:features><!-- > -->", ""), &words("!--"), &heard);
        fails(Xmpp, stream("<>", ""), &words(""), &heard);
        let heard = heard + STARTTLS;
        let said = stream(&features(STARTTLS), "<proceed/>");
        fails(Xmpp, said, &words("proceed/"), &heard);
        let said = stream(&features(STARTTLS), "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'><a>");
        fails(Xmpp, said, &words("proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'"), &heard);
    }
}
