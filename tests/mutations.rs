//! 10,000 damaged files of every kind through `view` and `unpack`, each in a process of its own: none may panic, end with
//! another status than 0 or 1, or take longer than a moment.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use p256::elliptic_curve::rand_core::{TryCryptoRng, TryRng};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use tack_core::{
    BreakSig, Certificate, Draft00, Draft02, Generations, KeyFile, Minute, ServerInfo, SigningKey, Tack,
    TackCertificate, TackExtension, TargetHash, pem,
};

use common::{tack, temp_dir, unsigned_certificate};

const FILES: usize = 10_000;
/// Of the processor, for one file.
const MOST: Duration = Duration::from_millis(100);
/// What Linux counts the ticks of /proc/PID/stat in, on every architecture.
const TICKS_PER_SECOND: u64 = 100;

#[test]
fn damaged_files_are_refused_in_a_moment() {
    let originals = originals();
    for (number, original) in originals.iter().enumerate() {
        let directory = temp_dir();
        let file = common::write(directory.path(), "FILE", original);
        assert_eq!(run("view", &file).0, Some(0), "original {number} is shown");
    }
    let next = AtomicUsize::new(0);
    let statuses = [AtomicUsize::new(0), AtomicUsize::new(0)];
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let directory = temp_dir();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= FILES {
                        return;
                    }
                    let file = common::write(directory.path(), "FILE", mutated(&originals, number));
                    for command in ["view", "unpack"] {
                        let (status, time) = run(command, &file);
                        let good = matches!(status, Some(0 | 1)) && time <= MOST;
                        assert!(good, "{command} of file {number}: status {status:?} after {time:?}:\n{}", show(&file));
                        statuses[usize::try_from(status.unwrap()).unwrap()].fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    // The damage is such that some files pass, and that many get as far as the parsers of what is in them.
    let [good, bad] = statuses.map(AtomicUsize::into_inner);
    assert!(good > FILES / 100 && bad > FILES, "{good} good, {bad} bad");
}

/// Runs a command on a file: its exit status, none after a signal, and the time that it had of the processor.
fn run(command: &str, file: &Path) -> (Option<i32>, Duration) {
    let mut command: Command = {
        let mut tack = tack();
        tack.arg(command).arg(file);
        tack
    };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let pid = Pid::from_child(&child);
    // It has ended, but is still there to be asked what it took.
    waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
    let time = processor_time(child.id());
    (child.wait().unwrap().code(), time)
}

/// See proc(5). The ticks are of all threads, and coarse; where the kernel counts them, there are the nanoseconds of the
/// first thread as well.
fn processor_time(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name before may hold anything, blanks too.
    let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    let nanoseconds = fs::read_to_string(format!("/proc/{pid}/schedstat"))
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse().ok())
        .unwrap_or(0);
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND).max(Duration::from_nanos(nanoseconds))
}

/// A file of each kind.
fn originals() -> Vec<Vec<u8>> {
    let key = |number: u8| SigningKey::from_bytes(&[number; 32]).unwrap();
    let tack = |number: u8| {
        let hash = TargetHash::new([number; 32]);
        Tack::sign(&key(number), Generations::new(1, 2).unwrap(), Minute::new(100_000_000), hash)
    };
    let one = TackExtension::Draft02(Draft02::new(vec![tack(1)], 1).unwrap());
    let two = TackExtension::Draft02(Draft02::new(vec![tack(1), tack(2)], 3).unwrap());
    let sigs: Vec<_> = (1..=3).map(|number| BreakSig::sign(&key(number))).collect();
    let old = TackExtension::Draft00(Draft00::new(Some(tack(1)), sigs, true).unwrap());
    let key_file = KeyFile::encrypt(&key(1), b"asdf", 8192, [1; 16]).unwrap();
    let mut random = Random(1);
    let mut certificate = |extension| TackCertificate::new(extension, &mut random).unwrap().to_pem();
    let carrying = certificate(&one);
    let der = pem::decode_first(carrying.as_bytes(), Certificate::LABEL).unwrap();
    // SubjectPublicKeyInfo: an algorithm that nobody knows, and 200 bytes of a key.
    let key_info = [&[0x30, 0x81, 208, 0x30, 3, 0x06, 1, 42, 0x03, 0x81, 200][..], &[0; 200]].concat();
    let plain = unsigned_certificate(false, &key_info, "20491231235959Z");
    let info = ServerInfo::new(two.clone());
    vec![
        key_file.to_pem().into(),
        tack(1).to_pem().into(),
        [tack(1).to_pem(), "between\n".to_owned(), tack(2).to_pem()].concat().into(),
        BreakSig::sign(&key(1)).to_pem().into(),
        one.to_pem().into(),
        two.to_tls_pem().into(),
        old.to_pem().into(),
        info.to_pem().into(),
        pem::encode("SERVERINFO FOR TACK", &info.to_bytes()[4..]).into(),
        [pem::encode(Certificate::LABEL, &plain), certificate(&old)].concat().into(),
        certificate(&two).into(),
        carrying.into(),
        der,
        plain,
    ]
}

/// One of the originals, damaged in one to four ways: its bytes as they are, or what is in its PEM blocks.
fn mutated(originals: &[Vec<u8>], number: usize) -> Vec<u8> {
    let mut random = Random(u64::try_from(number).unwrap());
    let original = &originals[number % originals.len()];
    let other = &originals[random.below(originals.len())];
    let blocks = pem::blocks(original).collect::<Result<Vec<_>, _>>().unwrap();
    let times = 1 + random.below(4);
    if blocks.is_empty() || random.below(3) == 0 {
        let mut bytes = original.clone();
        (0..times).for_each(|_| damage(&mut bytes, other, &mut random));
        return bytes;
    }
    let mut text = String::new();
    for block in blocks {
        let mut body = block.decode().unwrap();
        (0..times).for_each(|_| damage(&mut body, other, &mut random));
        text += &pem::encode(block.label(), &body);
    }
    text.into()
}

fn damage(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    const TELLING: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, 0x30, b'-', b'\n'];
    if bytes.is_empty() {
        bytes.push(random.byte());
    }
    let at = random.below(bytes.len());
    let length = random.below((bytes.len() - at).min(64)) + 1;
    match random.below(9) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.byte(),
        2 => bytes[at] = TELLING[random.below(TELLING.len())],
        3 => bytes[at] = bytes[at].wrapping_add(1),
        4 => bytes.truncate(at),
        5 => drop(bytes.drain(at..at + length)),
        6 => bytes.insert(at, random.byte()),
        7 => {
            let copy = bytes[at..at + length].to_vec();
            drop(bytes.splice(at..at, copy));
        }
        _ => {
            let from = random.below(other.len());
            drop(bytes.splice(at..at, other[from..].iter().copied().take(length)));
        }
    }
}

/// SplitMix64, which gives the same numbers for ever. For `TackCertificate::new` it may pass as cryptographic.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(*self.next().to_le_bytes().first_chunk().unwrap()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill_with(|| self.byte());
        Ok(())
    }
}

impl TryCryptoRng for Random {}

/// A file for a message: whoever reads it wants to make it again.
fn show(file: &Path) -> String {
    fs::read(file).unwrap().escape_ascii().to_string()
}
