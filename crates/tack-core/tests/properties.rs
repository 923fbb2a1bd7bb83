//! What must hold for all values: what is written reads back, what is signed verifies, what is changed does not, and no
//! input panics.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::str::FromStr;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

#[cfg(feature = "key-file")]
use tack_core::KeyFile;
use tack_core::{
    BreakSig, Certificate, Draft00, Draft02, Expiration, Generations, Minute, Schedule, ServerInfo, SigningKey, Span,
    Tack, TackExtension, TargetHash, Timestamp, pem,
};

/// 10000-01-01T00:00Z, from where on a year has five digits: these are shown, but nobody can type them.
const YEAR_10000: i64 = 253_402_300_800;
/// 0000-01-01T00:00Z, before which a year has a sign.
const YEAR_0: i64 = -62_167_219_200;
/// The first bytes of what the parsers look for.
const STARTS: &[&[u8]] = &[
    b"",
    b"\x00\xa6",
    b"\x01\x4c",
    b"\xa6",
    b"\x00\x01\x00",
    b"\xf3\x00",
    b"\x00\x00\x05\x80\xf3\x00\x00\xa9\x00\xa6",
    b"\x01\x00\x00\x00\x02",
    b"\x30\x82",
];
/// As tests/vectors/certificate_tackpy, to be damaged.
const CERTIFICATE: &[u8] = include_bytes!("vectors/certificate_tackpy");

/// Any key. Scalars from the order of P-256 on are too rare to be met, and zero is.
fn key() -> impl Strategy<Value = SigningKey> {
    any::<[u8; 32]>().prop_filter_map("in range", |bytes| SigningKey::from_bytes(&bytes).ok())
}

fn tack() -> impl Strategy<Value = Tack> {
    (key(), any::<(u8, u8, u32, [u8; 32])>()).prop_map(|(key, (one, other, expiration, hash))| {
        let (min_generation, generation) = (one.min(other), one.max(other));
        let generations = Generations::new(min_generation, generation).unwrap();
        Tack::sign(&key, generations, Minute::new(expiration), TargetHash::new(hash))
    })
}

fn break_sig() -> impl Strategy<Value = BreakSig> {
    key().prop_map(|key| BreakSig::sign(&key))
}

fn draft_00() -> impl Strategy<Value = TackExtension> {
    (proptest::option::of(tack()), vec(break_sig(), 0..=8), any::<bool>())
        .prop_map(|(tack, sigs, active)| TackExtension::Draft00(Draft00::new(tack, sigs, active).unwrap()))
}

fn draft_02() -> impl Strategy<Value = TackExtension> {
    (vec(tack(), 1..=2), any::<u8>()).prop_map(|(tacks, flags)| {
        let flags = flags & if tacks.len() == 2 { 3 } else { 1 };
        TackExtension::Draft02(Draft02::new(tacks, flags).unwrap())
    })
}

fn extension() -> impl Strategy<Value = TackExtension> {
    prop_oneof![draft_00(), draft_02()]
}

/// The time in this number of seconds reads back from what is shown for it.
fn shown_and_read(seconds: i64) -> Result<(), TestCaseError> {
    let time = Timestamp::new(seconds);
    prop_assert_eq!(time.to_string().parse(), Ok(time));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tacks_read_back_and_verify(key in key(), fields in any::<(u8, u8, u32, [u8; 32])>()) {
        let (min_generation, generation) = (fields.0.min(fields.1), fields.0.max(fields.1));
        let (expiration, hash) = (Minute::new(fields.2), TargetHash::new(fields.3));
        let generations = Generations::new(min_generation, generation).unwrap();
        let tack = Tack::sign(&key, generations, expiration, hash);
        prop_assert_eq!(tack.verify(), Ok(()));
        prop_assert_eq!(Tack::from_bytes(&tack.to_bytes()), Ok(tack.clone()));
        let read = Tack::from_pem(tack.to_pem().as_bytes()).unwrap();
        prop_assert_eq!(read.public_key(), key.public_key());
        prop_assert_eq!(read.generations(), generations);
        prop_assert_eq!((read.expiration(), read.target_hash()), (expiration, hash));
        prop_assert_eq!(read.signature(), tack.signature());
        prop_assert_eq!(read.verify(), Ok(()));
    }

    #[test]
    fn break_sigs_read_back_and_verify(sigs in vec(break_sig(), 1..4)) {
        let text: String = sigs.iter().map(BreakSig::to_pem).collect();
        prop_assert_eq!(BreakSig::all_from_pem(text.as_bytes()), Ok(sigs.clone()));
        for sig in sigs {
            prop_assert_eq!(sig.verify(), Ok(()));
            prop_assert_eq!(BreakSig::from_bytes(&sig.to_bytes()), Ok(sig));
        }
    }

    #[test]
    fn a_changed_byte_of_a_signed_thing_never_verifies(key in key(), at in any::<Index>(), flip in 1..=u8::MAX) {
        let tack = Tack::sign(&key, Generations::new(1, 2).unwrap(), Minute::new(3), TargetHash::new([4; 32]));
        let mut bytes = tack.to_bytes();
        bytes[at.index(Tack::LENGTH)] ^= flip;
        prop_assert!(Tack::from_bytes(&bytes).and_then(|tack| tack.verify()).is_err());
        let mut bytes = BreakSig::sign(&key).to_bytes();
        bytes[at.index(BreakSig::LENGTH)] ^= flip;
        prop_assert!(BreakSig::from_bytes(&bytes).and_then(|sig| sig.verify()).is_err());
    }

    #[test]
    fn extensions_read_back_in_every_form(extension in extension()) {
        prop_assert_eq!(extension.verify(), Ok(()));
        prop_assert_eq!(TackExtension::from_bytes(&extension.to_bytes()), Ok(extension.clone()));
        prop_assert_eq!(TackExtension::from_tls(&extension.to_tls()), Ok(extension.clone()));
        for text in [extension.to_pem(), extension.to_tls_pem()] {
            prop_assert_eq!(TackExtension::from_pem(text.as_bytes()), Ok(extension.clone()));
        }
        let info = ServerInfo::new(extension);
        prop_assert_eq!(ServerInfo::from_bytes(ServerInfo::LABEL, &info.to_bytes()), Ok(info));
    }

    #[test]
    fn an_extension_cut_short_or_followed_by_bytes_is_refused(
        extension in extension(),
        at in any::<Index>(),
        extra in vec(any::<u8>(), 1..200),
    ) {
        let bytes = extension.to_bytes();
        prop_assert!(TackExtension::from_bytes(&bytes[..at.index(bytes.len())]).is_err());
        prop_assert!(TackExtension::from_bytes(&[&bytes[..], &extra].concat()).is_err());
        let bytes = extension.to_tls();
        prop_assert!(TackExtension::from_tls(&bytes[..at.index(bytes.len())]).is_err());
        prop_assert!(TackExtension::from_tls(&[&bytes[..], &extra].concat()).is_err());
    }

    #[test]
    fn pem_blocks_read_back(label in "[A-Z][A-Z0-9 ]{0,63}", body in vec(any::<u8>(), 0..500), text in "[^-]*") {
        let pem = pem::encode(&label, &body);
        prop_assert!(pem.lines().all(|line| line.starts_with("-----") || line.len() <= 64));
        let pem = format!("{text}{pem}{text}");
        let blocks = pem::blocks(pem.as_bytes()).collect::<Result<Vec<_>, _>>().unwrap();
        prop_assert_eq!(blocks.len(), 1);
        prop_assert_eq!((blocks[0].label(), blocks[0].decode()), (label.as_str(), Ok(body)));
    }
}

#[cfg(feature = "key-file")]
proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn key_files_give_the_key_back(
        key in key(),
        password in vec(any::<u8>(), 0..100),
        other in vec(any::<u8>(), 0..100),
        iterations in 1..20_u32,
        salt in any::<[u8; KeyFile::SALT_LENGTH]>(),
    ) {
        let file = KeyFile::encrypt(&key, &password, iterations, salt).unwrap();
        prop_assert_eq!(KeyFile::from_pem(file.to_pem().as_bytes()), Ok(file.clone()));
        let read = KeyFile::from_bytes(&file.to_bytes()).unwrap();
        prop_assert_eq!((read.iterations(), read.public_key()), (iterations, key.public_key()));
        prop_assert_eq!(read.decrypt(&password, iterations).unwrap().to_bytes(), key.to_bytes());
        prop_assert!(read.decrypt(&password, iterations - 1).is_err());
        prop_assert!(password == other || read.decrypt(&other, iterations).is_err());
    }

    #[test]
    fn a_changed_byte_of_a_key_file_never_decrypts(key in key(), at in any::<Index>(), flip in 1..=u8::MAX) {
        let mut bytes = KeyFile::encrypt(&key, b"password", 2, [9; KeyFile::SALT_LENGTH]).unwrap().to_bytes();
        bytes[at.index(KeyFile::LENGTH)] ^= flip;
        prop_assert!(KeyFile::from_bytes(&bytes).and_then(|file| file.decrypt(b"password", 1 << 16)).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn times_read_back(minutes in 0..=u32::try_from(YEAR_10000 / 60 - 1).unwrap(), seconds in YEAR_0..YEAR_10000) {
        shown_and_read(seconds)?;
        let minute = Minute::new(minutes);
        prop_assert_eq!(minute.to_string().parse(), Ok(Expiration::At(minute)));
        prop_assert_eq!(minute.to_string().parse(), Ok(Timestamp::new(minute.seconds())));
    }

    #[test]
    fn minutes_are_seconds_rounded(seconds in 0..=i64::from(u32::MAX) * 60) {
        let (up, down) = (Minute::from_seconds_up(seconds).unwrap(), Minute::from_seconds_down(seconds).unwrap());
        prop_assert!(up.seconds() - 60 < seconds && seconds <= up.seconds());
        prop_assert!(down.seconds() <= seconds && seconds < down.seconds() + 60);
    }

    #[test]
    fn spans_read_back(minutes in any::<u64>(), upper in any::<bool>()) {
        let span = Span::new(minutes);
        let text = if upper { span.to_string().to_uppercase() } else { span.to_string() };
        prop_assert_eq!(text.parse(), Ok(span));
        prop_assert_eq!(text.parse(), Ok(Expiration::In(span)));
    }

    #[test]
    fn schedules_read_back(number in 1..=Schedule::MAX, minutes in any::<u64>()) {
        let schedule = Schedule::new(number, Span::new(minutes)).unwrap();
        prop_assert_eq!(schedule.to_string().parse(), Ok(schedule));
    }

    #[test]
    fn later_is_as_far_away_as_it_was_put(start in any::<u32>(), span in any::<u32>()) {
        let (start, span) = (Minute::new(start), Span::new(span.into()));
        match start.checked_add(span) {
            Some(end) => prop_assert_eq!((end.since(start), end.checked_sub(span)), (Some(span), Some(start))),
            None => prop_assert!(u64::from(start.get()) + span.minutes() > u32::MAX.into()),
        }
    }

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..600)) {
        read_as_everything(&bytes);
    }

    /// Of the right length, and of the first bytes that lead further in.
    #[test]
    fn no_likely_bytes_panic(
        start in select(STARTS),
        length in prop_oneof![Just(128_usize), Just(149), Just(166), Just(169), Just(335), 0..600_usize],
        bytes in vec(any::<u8>(), 600),
    ) {
        let mut bytes = [start, &bytes].concat();
        bytes.truncate(length);
        read_as_everything(&bytes);
    }

    #[test]
    fn no_damaged_certificate_panics(at in any::<Index>(), to in any::<u8>(), cut in any::<Index>()) {
        let mut der = pem::decode_first(CERTIFICATE, Certificate::LABEL).unwrap();
        *at.get_mut(&mut der) = to;
        let _ = Certificate::from_der(&der);
        let _ = Certificate::from_der(&der[..cut.index(der.len())]);
    }

    #[test]
    fn no_text_panics(text in any::<String>(), likely in "[-+0-9dhmDHMTtZz:@é ]{0,24}", number in "[0-9]{0,25}") {
        for text in [text.clone(), likely.clone(), format!("{number}d"), format!("{likely}Z"), format!("{number}@{likely}")] {
            let _ = (Span::from_str(&text), Expiration::from_str(&text), Schedule::from_str(&text));
            let _ = Timestamp::from_str(&text);
        }
        let block = format!("-----BEGIN {text}-----\n{likely}-----END {text}-----{likely}-----BEGIN {likely}");
        read_as_everything(block.as_bytes());
    }

    #[test]
    fn no_number_panics(seconds in any::<i64>(), minutes in any::<u32>(), span in any::<u64>(), factor in any::<u64>()) {
        let (time, minute, span) = (Timestamp::new(seconds), Minute::new(minutes), Span::new(span));
        let _ = (time.to_string(), Minute::from_seconds_up(seconds), Minute::from_seconds_down(seconds));
        let _ = (minute.to_string(), minute.checked_add(span), minute.checked_sub(span), span.checked_mul(factor));
        let _ = Expiration::In(span).resolve(time);
    }
}

/// All parsers of bytes. What they take, they write again.
fn read_as_everything(bytes: &[u8]) {
    if let Ok(tack) = Tack::from_bytes(bytes) {
        assert_eq!(tack.to_bytes(), bytes);
    }
    if let Ok(sig) = BreakSig::from_bytes(bytes) {
        assert_eq!(sig.to_bytes(), bytes);
    }
    #[cfg(feature = "key-file")]
    if let Ok(file) = KeyFile::from_bytes(bytes) {
        assert_eq!(file.to_bytes(), bytes);
    }
    if let Ok(extension) = TackExtension::from_bytes(bytes) {
        assert_eq!(extension.to_bytes(), bytes);
    }
    if let Ok(extension) = TackExtension::from_tls(bytes) {
        assert_eq!(extension.to_tls(), bytes);
    }
    for label in ["SERVERINFO FOR TACK", ServerInfo::LABEL] {
        if let Ok(info) = ServerInfo::from_bytes(label, bytes) {
            assert_eq!(info.to_bytes(), bytes);
        }
    }
    let _ = Certificate::all_from_bytes(bytes);
    let _ = (Tack::from_pem(bytes), TackExtension::from_pem(bytes));
    let _ = BreakSig::all_from_pem(bytes);
    pem::blocks(bytes).flatten().for_each(|block| drop(block.decode()));
}
