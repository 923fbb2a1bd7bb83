//! What a million pins cost: each store beside itself with ten, in one run.
//!
//! With `cargo bench --package tack-pin --features sqlite --bench store -- --strict` the exit status is 1 if a goal is missed.
//! The goals are for a machine that has nothing else to do. The files are in `TMPDIR`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench that cannot run has nothing to say")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tack_core::{Draft02, Fingerprint, Generations, Minute, SigningKey, Tack, TackExtension, TargetHash};
use tack_pin::{
    Carrier, Change, HostName, MemoryStore, Pin, PinStore, Policy, Presented, Query, SqliteStore, Status, judge,
};

const FEW: u32 = 10;
const MANY: u32 = 1_000_000;
const ROUNDS: usize = 9;
/// Connections of a round.
const CONNECTIONS: u32 = 1_000;
const KEYS: u8 = 10;
const NOW: u32 = 29_000_000;
/// Minutes for which pins are active: longer than a round.
const ACTIVE: u32 = 10 * CONNECTIONS;
/// The most that anything may take with many pins, by what it takes with few, and in microseconds.
const RATIO: f64 = 1.5;
const MICROSECONDS: f64 = 1_000.0;

fn main() -> ExitCode {
    println!("the goals are for a machine that has nothing else to do");
    let servers = Servers::new();
    let directory = tempfile::tempdir().unwrap();
    let (few, many) = (directory.path().join("few"), directory.path().join("many"));
    let mut good = Vec::new();

    let memory = [FEW, MANY].map(|number| {
        let store = MemoryStore::default();
        (pinned(&store, number, &servers), store)
    });
    let [(few_hosts, few_pins), (many_hosts, many_pins)] = &memory;
    good.extend(compare("memory", [(few_hosts, few_pins), (many_hosts, many_pins)], &servers, Goal::Ratio));
    drop(memory);

    let start = Instant::now();
    let hosts = [(&few, FEW), (&many, MANY)].map(|(path, number)| {
        let store = SqliteStore::open(path).unwrap();
        pinned(&store, number, &servers)
    });
    let (seconds, size) = (start.elapsed().as_secs_f64(), std::fs::metadata(&many).unwrap().len() >> 20);
    println!("SQLite, {MANY} pins: made in {seconds:.1} s, {size} MiB");
    let opened = (0..ROUNDS).map(|_| [&few, &many].map(|path| time(|| drop(SqliteStore::open(path).unwrap()))));
    good.push(judged("SQLite, opening and closing", opened, Goal::Ratio));
    let sqlite = [few, many].map(|path| SqliteStore::open(path).unwrap());
    good.extend(compare("SQLite", [(&hosts[0], &sqlite[0]), (&hosts[1], &sqlite[1])], &servers, Goal::Both));

    let is_strict = std::env::args().any(|argument| argument == "--strict");
    if is_strict && good.contains(&false) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What must hold.
#[derive(Clone, Copy)]
enum Goal {
    /// What it takes with many pins by what it takes with few.
    Ratio,
    /// The time with many pins.
    Time,
    /// Each of them.
    Both,
}

/// A store that is measured, and the hosts that are connected to.
type Measured<'a> = (&'a [HostName], &'a dyn PinStore);

/// Measures a store with few pins and one with many, in turn.
fn compare(what: &str, stores: [Measured<'_>; 2], servers: &Servers, goal: Goal) -> Vec<bool> {
    let [mut extending, mut reading, mut updating] = [Vec::new(), Vec::new(), Vec::new()];
    for round in 0..u32::try_from(ROUNDS).unwrap() {
        let now = NOW + round * 2 * CONNECTIONS;
        // Each connection comes a minute after the one before, and extends the pin.
        extending.push(
            stores
                .map(|(hosts, store)| each(|number| servers.connect(hosts, store, number, Minute::new(now + number)))),
        );
        let later = Minute::new(now + CONNECTIONS);
        stores.iter().for_each(|(hosts, store)| {
            each(|number| servers.connect(hosts, *store, number, later));
        });
        // All of them come in the minute in which the pin was extended.
        reading.push(stores.map(|(hosts, store)| each(|number| servers.connect(hosts, store, number, later))));
        updating.push(stores.map(|(hosts, store)| {
            each(|number| {
                let (name, key) = servers.host(hosts, number);
                let query = Query { name, keys: &[servers.keys[key]], now: later };
                let end = Change::End { key: servers.keys[key], end: Minute::new(later.get() + ACTIVE + number) };
                black_box(store.update(&query, &mut |_| vec![end]).unwrap());
            })
        }));
    }
    vec![
        judged(&format!("{what}, judge, pin extended"), extending, goal),
        judged(&format!("{what}, judge, nothing to change"), reading, goal),
        judged(&format!("{what}, update alone"), updating, Goal::Time),
    ]
}

/// The time of one of many connections.
fn each(mut connect: impl FnMut(u32)) -> Duration {
    time(|| (0..CONNECTIONS).for_each(&mut connect)) / CONNECTIONS
}

/// Fills a store with so many pins. Gives the names among them that have a server, which lie far apart.
fn pinned(store: &dyn PinStore, number: u32, servers: &Servers) -> Vec<HostName> {
    let step = number.div_ceil(CONNECTIONS);
    let mut hosts = Vec::new();
    let pin = |number: u32| {
        let name: HostName = format!("host{number}.example").parse().unwrap();
        let key = if number.is_multiple_of(step) {
            hosts.push(name.clone());
            servers.keys[(hosts.len() - 1) % servers.keys.len()]
        } else {
            fingerprint(number / 4)
        };
        (name, Pin { key, min_generation: 0, initial: Minute::new(number), end: Minute::new(NOW + ACTIVE + number) })
    };
    let pins: Vec<_> = (0..number).map(pin).collect();
    let imported = store.import(&pins, Minute::new(NOW)).unwrap();
    assert_eq!(imported.added, pins.len());
    hosts
}

/// A fingerprint that no key has.
fn fingerprint(number: u32) -> Fingerprint {
    let letters = format!("{number:025b}").replace('0', "a").replace('1', "b");
    let groups: Vec<_> = (0..5).map(|group| &letters[group * 5..group * 5 + 5]).collect();
    groups.join(".").parse().unwrap()
}

/// Prints what few and many pins cost, and whether that is as it should be. What lies below a microsecond or so in a small
/// store may have any ratio: a large one does not fit into the cache of the processor.
fn judged(what: &str, rounds: impl IntoIterator<Item = [Duration; 2]>, goal: Goal) -> bool {
    let rounds: Vec<_> = rounds.into_iter().map(|round| round.map(|time| time.as_secs_f64() * 1e6)).collect();
    let few = median(rounds.iter().map(|[few, _]| *few));
    let many = median(rounds.iter().map(|[_, many]| *many));
    let ratio = median(rounds.iter().map(|[few, many]| many / few));
    let (is_good, goal) = match goal {
        Goal::Ratio => (ratio <= RATIO, format!("ratio <= {RATIO}")),
        Goal::Time => (many <= MICROSECONDS, format!("<= {MICROSECONDS:.0} us")),
        Goal::Both => (ratio <= RATIO && many <= MICROSECONDS, format!("ratio <= {RATIO}, <= {MICROSECONDS:.0} us")),
    };
    println!(
        "{what}: {few:.1} us with {FEW} pins, {many:.1} us with {MANY}; ratio {ratio:.2}: {} ({goal})",
        word(is_good)
    );
    is_good
}

fn word(good: bool) -> &'static str {
    if good { "PASS" } else { "FAIL" }
}

fn median(rounds: impl Iterator<Item = f64>) -> f64 {
    let mut rounds: Vec<_> = rounds.collect();
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

fn time(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

/// What is presented to the client: one active tack of each key.
struct Servers {
    extensions: Vec<TackExtension>,
    keys: Vec<Fingerprint>,
    target_hash: TargetHash,
}

impl Servers {
    fn new() -> Self {
        let target_hash = TargetHash::of(b"the server's SubjectPublicKeyInfo");
        let keys: Vec<_> = (1..=KEYS).map(|key| SigningKey::from_bytes(&[key; 32]).unwrap()).collect();
        let extension = |key| {
            let tack = Tack::sign(key, Generations::default(), Minute::MAX, target_hash);
            Draft02::new(vec![tack], 1).unwrap().into()
        };
        let extensions = keys.iter().map(extension).collect();
        Self { extensions, keys: keys.iter().map(|key| key.public_key().fingerprint()).collect(), target_hash }
    }

    /// Processes a connection to a host that is pinned.
    fn connect(&self, hosts: &[HostName], store: &dyn PinStore, number: u32, now: Minute) {
        let (host, key) = self.host(hosts, number);
        let presented = Presented::of(Carrier::Extension, self.extensions[key].clone(), self.target_hash);
        let judgement = judge(&presented, Some((store, host)), now, &Policy::default()).unwrap();
        assert_eq!(judgement.status(), Some(Status::Confirmed));
    }

    /// The host of a connection, and the number of its key.
    fn host<'a>(&self, hosts: &'a [HostName], number: u32) -> (&'a HostName, usize) {
        let host = usize::try_from(number).unwrap() % hosts.len();
        (&hosts[host], host % self.keys.len())
    }
}
