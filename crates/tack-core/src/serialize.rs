//! Values as text, for serde: fingerprints and hashes as they are displayed, the rest as hexadecimal digits.

use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use crate::break_sig::BreakSig;
use crate::error::Error;
use crate::extension::TackExtension;
use crate::fingerprint::Fingerprint;
use crate::generations::Generations;
use crate::hex::{from_hex, hex};
use crate::key::PublicKey;
use crate::tack::Tack;
use crate::target_hash::TargetHash;

macro_rules! as_displayed {
    ($($kind:ty),*) => {$(
        impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::from_str(&String::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    )*};
}

macro_rules! as_hex {
    ($($kind:ty),*) => {$(
        impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&hex(&self.to_bytes()))
            }
        }

        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let bytes = from_hex(&String::deserialize(deserializer)?);
                let bytes = bytes.ok_or_else(|| D::Error::custom("an even number of hexadecimal digits is needed"))?;
                Self::from_bytes(&bytes).map_err(|error: Error| D::Error::custom(error))
            }
        }
    )*};
}

as_displayed!(Fingerprint, TargetHash);
as_hex!(PublicKey, Tack, BreakSig, TackExtension);

/// `[min_generation, generation]`.
impl Serialize for Generations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.min_generation(), self.generation()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Generations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (min_generation, generation) = Deserialize::deserialize(deserializer)?;
        Self::new(min_generation, generation).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::de::DeserializeOwned;

    use super::*;
    use crate::draft02::Draft02;
    use crate::key::tests::test_key;
    use crate::tack::tests::test_tack;
    use crate::time::{Minute, Span, Timestamp};

    fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T, json: &str) {
        let written = serde_json::to_string(&value).unwrap();
        assert_eq!(written, json);
        assert_eq!(serde_json::from_str::<T>(&written).unwrap(), value);
    }

    #[test]
    fn values_as_text_and_numbers() {
        let tack = test_tack(1, 9);
        let key = test_key(1).public_key().clone();
        round_trip(key.fingerprint(), &format!("\"{}\"", key.fingerprint()));
        round_trip(tack.target_hash(), &format!("\"{}\"", tack.target_hash()));
        round_trip(key.clone(), &format!("\"{}\"", hex(key.as_ref())));
        round_trip(tack.clone(), &format!("\"{}\"", hex(&tack.to_bytes())));
        let sig = BreakSig::sign(&test_key(1));
        round_trip(sig.clone(), &format!("\"{}\"", hex(&sig.to_bytes())));
        let extension = TackExtension::from(Draft02::new(vec![tack.clone()], 1).unwrap());
        round_trip(extension.clone(), &format!("\"{}\"", hex(&extension.to_bytes())));
        round_trip(tack.generations(), "[1,2]");
        round_trip(Minute::new(5), "5");
        round_trip(Timestamp::new(-5), "-5");
        round_trip(Span::new(7), "7");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |json: &str| serde_json::from_str::<Tack>(json).unwrap_err().to_string();
        assert!(error("\"00\"").starts_with("the tack has 1 bytes instead of 166"));
        assert!(error("\"0\"").contains("an even number of hexadecimal digits"));
        assert!(serde_json::from_str::<Generations>("[2,1]").is_err());
        assert!(serde_json::from_str::<Fingerprint>("\"aaa\"").is_err());
    }
}
