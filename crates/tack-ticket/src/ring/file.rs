//! A key ring as a file: JSON.

use serde::{Deserialize, Serialize};
use tack_core::Timestamp;
use zeroize::Zeroizing;

use crate::protection_key::{KeyId, ProtectionKey};
use crate::ring::{KeyRing, RingError, RingKey};
use crate::text;

/// The newest version of the file.
const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tack_ticket_ring: u64,
    keys: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(with = "text")]
    id: KeyId,
    #[serde(with = "text")]
    created: Timestamp,
    #[serde(with = "text")]
    use_from: Timestamp,
    #[serde(with = "text::base64")]
    key: Zeroizing<Vec<u8>>,
}

/// The version alone, of a file whose other fields may be others.
#[derive(Deserialize)]
struct Version {
    tack_ticket_ring: u64,
}

impl KeyRing {
    /// Reads a ring from the JSON that [`to_json`](Self::to_json) gives.
    ///
    /// # Errors
    /// [`RingError::Json`], [`RingError::Version`], [`RingError::Number`], [`RingError::SameNumber`], [`RingError::Length`] and
    /// [`RingError::Dates`]. None of them shows what is in the file but numbers of keys.
    pub fn from_json(bytes: &[u8]) -> Result<Self, RingError> {
        let version: Version = serde_json::from_slice(bytes).map_err(|error| json_error(&error))?;
        if version.tack_ticket_ring != VERSION {
            return Err(RingError::Version(version.tack_ticket_ring));
        }
        let file: File = serde_json::from_slice(bytes).map_err(|error| json_error(&error))?;
        Self::of(file.keys.into_iter().map(Entry::into_key).collect::<Result<_, _>>()?)
    }

    /// The ring as JSON with a line break at its end: its version, and for each key its number, dates and bytes.
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let file = File { tack_ticket_ring: VERSION, keys: self.keys().iter().map(Entry::new).collect() };
        // So large that it never moves, which would leave a copy.
        let mut json = Zeroizing::new(Vec::with_capacity(1024 * (1 + self.keys().len())));
        serde_json::to_writer_pretty(&mut *json, &file).expect("text in memory can be written");
        json.push(b'\n');
        json
    }
}

impl Entry {
    fn new(key: &RingKey) -> Self {
        let bytes = Zeroizing::new(key.key.as_bytes().to_vec());
        Self { id: key.key.id(), created: key.created, use_from: key.use_from, key: bytes }
    }

    fn into_key(self) -> Result<RingKey, RingError> {
        let bytes = self.key.as_slice().try_into().map_err(|_| RingError::Length(self.id))?;
        Ok(RingKey { key: ProtectionKey::new(self.id, bytes), created: self.created, use_from: self.use_from })
    }
}

/// Where it is wrong, and not what is there, which may be a key.
fn json_error(error: &serde_json::Error) -> RingError {
    RingError::Json { line: error.line(), column: error.column() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RING: &str = r#"{
  "tack_ticket_ring": 1,
  "keys": [
    {
      "id": "0123456789abcdef",
      "created": "2026-11-20T17:31:15Z",
      "use_from": "2026-11-21T17:31:15Z",
      "key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    }
  ]
}
"#;

    #[test]
    fn a_ring_is_written_as_it_is_read() {
        let ring = KeyRing::from_json(RING.as_bytes()).ok().unwrap();
        let [key] = ring.keys() else { panic!("one key is there") };
        assert_eq!(key.key().id().to_string(), "0123456789abcdef");
        assert_eq!((key.created().seconds(), key.use_from().seconds()), (1_795_195_875, 1_795_282_275));
        assert_eq!(key.key().as_bytes()[..3], [0, 1, 2]);
        assert_eq!(str::from_utf8(&ring.to_json()).unwrap(), RING);
    }

    #[test]
    fn what_is_no_ring_is_refused_by_its_place() {
        let id: KeyId = "0123456789abcdef".parse().unwrap();
        for (from, to, expected) in [
            ("1,", "2, \"more\": 3,", RingError::Version(2)),
            ("\"tack_ticket_ring\": 1,", "", RingError::Json { line: 11, column: 1 }),
            ("\"key\"", "\"secret\"", RingError::Json { line: 8, column: 14 }),
            ("0123456789abcdef", "0123456789abcde", RingError::Json { line: 5, column: 29 }),
            ("AAEC", "AAE", RingError::Json { line: 9, column: 5 }),
            ("AAEC", "", RingError::Length(id)),
            ("2026-11-21", "2026-11-19", RingError::Dates(id)),
            ("2026-11-21T17:31:15Z", "tomorrow", RingError::Json { line: 7, column: 28 }),
        ] {
            let text = RING.replacen(from, to, 1);
            assert_ne!(text, RING);
            assert_eq!(KeyRing::from_json(text.as_bytes()).err(), Some(expected), "{text}");
        }
        assert_eq!(KeyRing::from_json(br#"{"tack_ticket_ring": 1, "keys": []}"#).err(), Some(RingError::Number(0)));
        let entry = RING.split_once("[").unwrap().1.rsplit_once("]").unwrap().0;
        let twice = format!("{{\"tack_ticket_ring\": 1, \"keys\": [{entry}, {entry}]}}");
        assert_eq!(KeyRing::from_json(twice.as_bytes()).err(), Some(RingError::SameNumber(id)));
        let many = format!("{{\"tack_ticket_ring\": 1, \"keys\": [{}{entry}]}}", format!("{entry},").repeat(1000));
        assert_eq!(KeyRing::from_json(many.as_bytes()).err(), Some(RingError::Number(1001)));
    }

    #[test]
    fn no_error_shows_a_secret() {
        let text = RING.replace("\"id\": \"0123456789abcdef\"", "\"id\": \"SECRET\"").replace("AAEC", "SECRET");
        let error = KeyRing::from_json(text.as_bytes()).err().unwrap();
        assert!(!format!("{error} {error:?}").contains("SECRET"));
    }
}
