//! Tickets as a file: JSON, to take them to another client.

use serde::{Deserialize, Serialize};
use tack_core::{HostName, Timestamp};
use zeroize::Zeroizing;

use crate::origin::{Origin, Protocol};
use crate::pin::TicketPin;
use crate::secret::PinningSecret;
use crate::store::MAX_PINS;
use crate::text;
use crate::ticket::Ticket;

/// The newest version of the file.
const VERSION: u64 = 1;

/// A list of the pins of servers, with their secrets: for export and import.
///
/// ```
/// use tack_ticket::TicketList;
///
/// let list = TicketList::from_json(br#"{"tack_tickets": 1, "tickets": []}"#)?;
/// assert!(list.pins().is_empty());
/// # Ok::<(), tack_ticket::TicketListError>(())
/// ```
#[derive(Clone, Default)]
pub struct TicketList {
    pins: Vec<(Origin, TicketPin)>,
}

/// Why a list cannot be read. None of these shows a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketListError {
    /// It is no JSON of a list of tickets.
    #[error("it is no list of tickets: line {line}, column {column}")]
    Json {
        /// The line, from 1 on.
        line: usize,
        /// The column, from 1 on.
        column: usize,
    },

    /// A newer version wrote it.
    #[error("the list of tickets is of version {0}, and the newest known is 1")]
    Version(u64),

    /// It has more pins than a store.
    #[error("the list has {0} tickets; it has at most {MAX_PINS}")]
    Number(usize),

    /// A ticket, a secret or a lifetime has a length that it cannot have.
    #[error("the ticket of {0} is damaged: its ticket, its secret or its lifetime has a length that it cannot have")]
    Pin(Origin),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tack_tickets: u64,
    tickets: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(with = "text")]
    name: HostName,
    #[serde(with = "text")]
    protocol: Protocol,
    port: u16,
    #[serde(with = "text")]
    received: Timestamp,
    #[serde(with = "text")]
    expires: Timestamp,
    #[serde(with = "text::base64")]
    ticket: Zeroizing<Vec<u8>>,
    #[serde(with = "text::base64")]
    secret: Zeroizing<Vec<u8>>,
}

/// The version alone, of a file whose other fields may be others.
#[derive(Deserialize)]
struct Version {
    tack_tickets: u64,
}

impl TicketList {
    /// A list of these pins.
    #[must_use]
    pub fn new(pins: Vec<(Origin, TicketPin)>) -> Self {
        Self { pins }
    }

    /// Reads a list from the JSON that [`to_json`](Self::to_json) gives.
    ///
    /// # Errors
    /// [`TicketListError`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, TicketListError> {
        let version: Version = serde_json::from_slice(bytes).map_err(|error| json_error(&error))?;
        if version.tack_tickets != VERSION {
            return Err(TicketListError::Version(version.tack_tickets));
        }
        let file: File = serde_json::from_slice(bytes).map_err(|error| json_error(&error))?;
        if file.tickets.len() > MAX_PINS {
            return Err(TicketListError::Number(file.tickets.len()));
        }
        Ok(Self { pins: file.tickets.into_iter().map(Entry::into_pin).collect::<Result<_, _>>()? })
    }

    /// The pins.
    #[must_use]
    pub fn pins(&self) -> &[(Origin, TicketPin)] {
        &self.pins
    }

    /// The list as JSON with a line break at its end.
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let tickets: Vec<_> = self.pins.iter().map(|(origin, pin)| Entry::new(origin, pin)).collect();
        // So large that it never moves, which would leave a copy: base64 takes four bytes for three.
        let room = tickets.iter().map(|entry| 1024 + entry.ticket.len() * 2).sum::<usize>() + 1024;
        let mut json = Zeroizing::new(Vec::with_capacity(room));
        let file = File { tack_tickets: VERSION, tickets };
        serde_json::to_writer_pretty(&mut *json, &file).expect("text in memory can be written");
        json.push(b'\n');
        json
    }
}

impl Entry {
    fn new(origin: &Origin, pin: &TicketPin) -> Self {
        Self {
            name: origin.name.clone(),
            protocol: origin.protocol,
            port: origin.port,
            received: pin.received(),
            expires: pin.expires(),
            ticket: Zeroizing::new(pin.ticket().as_bytes().to_vec()),
            secret: Zeroizing::new(pin.secret().as_bytes().to_vec()),
        }
    }

    fn into_pin(self) -> Result<(Origin, TicketPin), TicketListError> {
        let origin = Origin { name: self.name, port: self.port, protocol: self.protocol };
        let ticket = Ticket::new(self.ticket.to_vec());
        let pin = ticket.zip(PinningSecret::from_bytes(&self.secret));
        let pin = pin.and_then(|(ticket, secret)| TicketPin::kept(ticket, secret, self.received, self.expires));
        match pin {
            Some(pin) => Ok((origin, pin)),
            None => Err(TicketListError::Pin(origin)),
        }
    }
}

/// Where it is wrong, and not what is there, which may be a secret.
fn json_error(error: &serde_json::Error) -> TicketListError {
    TicketListError::Json { line: error.line(), column: error.column() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{
  "tack_tickets": 1,
  "tickets": [
    {
      "name": "www.example.com",
      "protocol": "tls",
      "port": 443,
      "received": "2026-11-20T17:31:15Z",
      "expires": "2026-12-20T17:31:15Z",
      "ticket": "AQIDBA==",
      "secret": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    }
  ]
}
"#;

    #[test]
    fn a_list_is_written_as_it_is_read() {
        let list = TicketList::from_json(LIST.as_bytes()).ok().unwrap();
        let [(origin, pin)] = list.pins() else { panic!("one pin is there") };
        assert_eq!(origin.to_string(), "tls://www.example.com:443");
        assert_eq!((pin.received().seconds(), pin.expires().seconds()), (1_795_195_875, 1_797_787_875));
        assert_eq!((pin.ticket().as_bytes(), &pin.secret().as_bytes()[..3]), (&[1, 2, 3, 4][..], &[0, 1, 2][..]));
        assert_eq!(str::from_utf8(&list.to_json()).unwrap(), LIST);
    }

    #[test]
    fn a_list_has_as_many_tickets_as_a_store() {
        let (start, rest) = LIST.split_at(LIST.find("    {").unwrap());
        let (entry, end) = rest.split_at(rest.find("\n  ]").unwrap());
        let list = |number: usize| [start, &vec![entry; number].join(","), end].concat();
        let read = |number| TicketList::from_json(list(number).as_bytes()).map(|list| list.pins().len());
        assert_eq!(read(MAX_PINS).ok(), Some(MAX_PINS));
        let Err(error) = read(MAX_PINS + 1) else { panic!("there is one too many") };
        assert_eq!(error.to_string(), "the list has 100001 tickets; it has at most 100000");
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let pin = TicketListError::Pin(Origin::tls("www.example.com".parse().unwrap(), 443));
        for (from, to, expected) in [
            ("1,", "2, \"more\": 3,", TicketListError::Version(2)),
            ("\"tack_tickets\": 1,", "", TicketListError::Json { line: 14, column: 1 }),
            ("443", "65536", TicketListError::Json { line: 7, column: 19 }),
            ("tls", "TLS", TicketListError::Json { line: 6, column: 23 }),
            ("www.example.com", "127.0.0.1", TicketListError::Json { line: 5, column: 25 }),
            ("AQIDBA==", "", pin.clone()),
            ("AAEC", "", pin.clone()),
            ("2026-12-20", "2026-11-20", pin.clone()),
            ("2026-12-20", "2026-12-22", pin),
        ] {
            let text = LIST.replacen(from, to, 1);
            assert_ne!(text, LIST);
            assert_eq!(TicketList::from_json(text.as_bytes()).err(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_list_never_moves_while_it_is_written() {
        let (ticket, secret) = (Ticket::new(vec![7; 65_535]).unwrap(), PinningSecret::from_bytes(&[9; 48]).unwrap());
        let name = ["a"; 63].concat();
        let name = [&name[..], &name, &name, "example.com"].join(".").parse().unwrap();
        let pin = TicketPin::new(ticket, secret, Timestamp::new(0), crate::Lifetime::MAX);
        let json = TicketList::new(vec![(Origin::tls(name, 65_535), pin)]).to_json();
        assert!(json.len() < 1024 + 1024 + 2 * 65_535, "{}", json.len());
        assert_eq!(json.capacity(), 1024 + 1024 + 2 * 65_535);
    }
}
