//! Many processes share a store, and are killed: what they were told is done stays done, and a rerun ends where one process
//! alone would.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, iter, thread};

use tack_core::{
    BreakSig, Draft00, Draft02, Fingerprint, Generations, Minute, SigningKey, Tack, TackExtension, TargetHash,
};
use tack_pin::{Carrier, HostName, MemoryStore, Pin, PinStore, Policy, Presented, SqliteStore, judge};
use tack_sqlite::rusqlite::Connection;

/// Makes this program a worker: the path of the store, which worker it is, and how many connections it processes.
const STORE: &str = "TACK_PIN_TEST_STORE";
const WORKER: &str = "TACK_PIN_TEST_WORKER";
const NUMBER: &str = "TACK_PIN_TEST_NUMBER";

const WORKERS: usize = 8;
const CONNECTIONS: usize = 1_000;
const FEW: usize = 100;
/// So few that the workers meet.
const NAMES: u64 = 400;
/// The keys of the servers. Behind them are one that is broken, and one that has no server.
const KEYS: u8 = 5;
const BROKEN: u8 = KEYS;
const ELSEWHERE: u8 = KEYS + 1;
const NOW: Minute = Minute::new(29_000_000);

#[test]
fn killed_processes_lose_only_what_is_in_flight_and_a_rerun_ends_where_one_process_does() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pins");
    SqliteStore::open(&path).unwrap().import(&earlier_pins(), NOW).unwrap();

    let mut random = Random(9);
    let done = run(&path, CONNECTIONS, || usize::try_from(1 + random.below(900)).ok());
    assert!(done.iter().any(|done| *done < CONNECTIONS), "{done:?}");
    check(&path);
    let killed = pins(&SqliteStore::open(&path).unwrap());
    let mut one = OneProcess::new(&earlier_pins());
    let least = one.pins_after(done);
    let most = one.pins_after(done.map(|done| CONNECTIONS.min(done + 1)));
    for (pins, others) in [(&least, &killed), (&killed, &most)] {
        for (name, pin) in pins.iter().filter(|(_, pin)| (0..KEYS).any(|key| fingerprint(key) == pin.key)) {
            let is_same = |(other, later): &&(HostName, Pin)| other == name && later.key == pin.key;
            let (_, later) = others.iter().find(is_same).unwrap();
            assert!(pin.initial == later.initial && pin.end <= later.end, "{name}: {pin:?}, {later:?}");
            assert!(pin.min_generation <= later.min_generation, "{name}: {pin:?}, {later:?}");
        }
    }

    run(&path, CONNECTIONS, || None);
    check(&path);
    let rerun = pins(&SqliteStore::open(&path).unwrap());
    assert_eq!(rerun, one.pins_after([CONNECTIONS; WORKERS]));
    assert!(rerun.iter().all(|(_, pin)| pin.key != fingerprint(BROKEN)));
}

#[test]
fn processes_that_make_a_store_at_the_same_time_share_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pins");
    assert_eq!(run(&path, FEW, || None), [FEW; WORKERS]);
    check(&path);
    assert_eq!(pins(&SqliteStore::open(&path).unwrap()), OneProcess::new(&[]).pins_after([FEW; WORKERS]));
}

/// Not a test, but what the processes of the others do: they process connections, and say so after each.
#[test]
fn worker() {
    let (Ok(path), Ok(worker), Ok(number)) = (env::var(STORE), env::var(WORKER), env::var(NUMBER)) else { return };
    let store = SqliteStore::open(path).unwrap();
    let servers = Servers::new();
    println!();
    for connection in connections(worker.parse().unwrap()).take(number.parse().unwrap()) {
        servers.connect(&store, connection);
        std::io::stdout().write_all(b"done\n").unwrap();
    }
}

/// Runs all workers at once, and kills each after as many connections as told, or a few more. Gives how many each had done.
fn run(path: &Path, number: usize, mut kill_after: impl FnMut() -> Option<usize>) -> [usize; WORKERS] {
    let workers = std::array::from_fn(|worker: usize| {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "worker", "--nocapture"]).env(STORE, path).stdout(Stdio::piped());
        command.env(WORKER, worker.to_string()).env(NUMBER, number.to_string());
        (command.spawn().unwrap(), kill_after())
    });
    let threads = workers.map(|(mut worker, kill_after)| {
        thread::spawn(move || {
            let lines = BufReader::new(worker.stdout.take().unwrap()).lines().map(Result::unwrap);
            let mut done = 0;
            for _ in lines.filter(|line| line == "done") {
                done += 1;
                if Some(done) == kill_after {
                    worker.kill().unwrap();
                }
            }
            let status = worker.wait().unwrap();
            assert!(kill_after.is_some() || (status.success() && done == number), "{status}");
            done
        })
    });
    threads.map(|thread| thread.join().unwrap())
}

/// One process with a store in memory, which processes the connections of all workers.
struct OneProcess {
    store: MemoryStore,
    servers: Servers,
    /// How many connections of each worker it has processed.
    done: [usize; WORKERS],
}

impl OneProcess {
    fn new(earlier: &[(HostName, Pin)]) -> Self {
        let store = MemoryStore::default();
        store.import(earlier, NOW).unwrap();
        Self { store, servers: Servers::new(), done: [0; WORKERS] }
    }

    /// Goes on until it has processed so many connections of each worker. Gives the pins.
    fn pins_after(&mut self, number: [usize; WORKERS]) -> Vec<(HostName, Pin)> {
        for (worker, (done, number)) in (0..).zip(self.done.iter_mut().zip(number)) {
            let connections = connections(worker).take(number).skip(*done);
            connections.for_each(|connection| self.servers.connect(&self.store, connection));
            *done = number;
        }
        pins(&self.store)
    }
}

/// SQLite finds nothing wrong, and the count of pins is right.
fn check(path: &Path) {
    let connection = Connection::open(path).unwrap();
    let text = |sql| connection.query_row(sql, (), |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    assert_eq!(text("PRAGMA journal_mode"), "wal");
    let number = |sql| connection.query_row(sql, (), |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_eq!(number("SELECT number FROM count"), number("SELECT count(*) FROM pins"));
    assert_eq!(number("SELECT count(*) FROM keys"), number("SELECT count(DISTINCT key) FROM pins"));
}

fn pins(store: &dyn PinStore) -> Vec<(HostName, Pin)> {
    let mut pins = Vec::new();
    let each = &mut |name: &HostName, pin: &Pin| {
        pins.push((name.clone(), *pin));
        true
    };
    store.each(None, each).unwrap();
    pins
}

/// What the store had before: active and inactive pins, those of a key that will be broken, and for each key a pin, so that
/// its min_generation rises in whatever order the connections come.
fn earlier_pins() -> Vec<(HostName, Pin)> {
    let pin = |key, initial, end| Pin {
        key: fingerprint(key),
        min_generation: 0,
        initial: Minute::new(initial),
        end: Minute::new(end),
    };
    let now = NOW.get();
    let seeds = (0..KEYS).map(|key| (format!("seed{key}.example"), pin(key, now, 0)));
    let broken = (0..50).map(|number| (format!("broken{number}.example"), pin(BROKEN, 1, now + 1)));
    let names = (0..NAMES).filter_map(|number| {
        let pin = match number % 8 {
            0 | 4 => pin(key_of(number), now - 100 * u32::try_from(number).unwrap() - 1, now + 50),
            1 | 5 => pin(ELSEWHERE, now - 50, now),
            3 => pin(ELSEWHERE, now - 50, now + 1),
            _ => return None,
        };
        Some((host(number), pin))
    });
    seeds.chain(broken).chain(names).map(|(name, pin)| (name.parse().unwrap(), pin)).collect()
}

/// What is presented to the clients.
struct Servers {
    /// For each key, an extension for each min_generation.
    active: Vec<Vec<TackExtension>>,
    breaking: TackExtension,
    target_hash: TargetHash,
}

impl Servers {
    fn new() -> Self {
        let target_hash = TargetHash::of(b"the server's SubjectPublicKeyInfo");
        let tack = |key, min_generation| {
            let generations = Generations::new(min_generation, 255).unwrap();
            Tack::sign(&signing_key(key), generations, Minute::new(NOW.get() + 1), target_hash)
        };
        let extension = |key, min_generation| Draft02::new(vec![tack(key, min_generation)], 1).unwrap().into();
        let active = (0..KEYS).map(|key| (0..8).map(|min_generation| extension(key, min_generation)).collect());
        let broken = vec![BreakSig::sign(&signing_key(BROKEN))];
        let breaking = Draft00::new(None, broken, false).unwrap().into();
        Self { active: active.collect(), breaking, target_hash }
    }

    /// Processes a connection: one in fifty meets a break signature, the others an active tack of the host's key.
    fn connect(&self, store: &dyn PinStore, number: u64) {
        let (name, min_generation, breaks) = (number % NAMES, number / NAMES % 8, (number / NAMES).is_multiple_of(50));
        let (name, extension) = if breaks {
            ("breaks.example".to_owned(), &self.breaking)
        } else {
            let key = usize::from(key_of(name));
            (host(name), &self.active[key][usize::try_from(min_generation).unwrap()])
        };
        let presented = Presented::of(Carrier::Extension, extension.clone(), self.target_hash);
        judge(&presented, Some((store, &name.parse().unwrap())), NOW, &Policy::default()).unwrap();
    }
}

/// The connections of a worker, which are the same each time.
fn connections(worker: u64) -> impl Iterator<Item = u64> {
    let mut random = Random(worker);
    iter::repeat_with(move || random.below(1 << 30))
}

fn host(number: u64) -> String {
    format!("host{number}.example")
}

fn key_of(name: u64) -> u8 {
    u8::try_from(name % u64::from(KEYS)).unwrap()
}

fn signing_key(key: u8) -> SigningKey {
    SigningKey::from_bytes(&[key + 1; 32]).unwrap()
}

fn fingerprint(key: u8) -> Fingerprint {
    signing_key(key).public_key().fingerprint()
}

/// A generator of numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (number ^ (number >> 31)) % limit
    }
}
