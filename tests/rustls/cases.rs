//! What servers present and clients want, generated: the same on each run, but for the keys of certificates.

use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::pki_types::CertificateDer;
use tack_core::{
    BreakSig, Certificate, Draft00, Fingerprint, Generations, Minute, SigningKey, Tack, TackCertificate, TackExtension,
    TargetHash,
};
use tack_pin::{HostName, Pin};

use crate::authority::Ca;
use crate::client::{KINDS, Kind};
use crate::listener::Listener;

/// The time of all cases.
pub const NOW: Minute = Minute::new(31_000_000);
const DOMAIN: &str = "agreement.example.com";

/// A server, known by its name, and a client's wishes.
pub struct Case {
    pub name: HostName,
    pub kind: Kind,
    pub wish: Wish,
    /// The key that the client knows, where it requires one. No other case has it.
    pub required: Fingerprint,
    /// Those that the client has from before.
    pub pins: Vec<Pin>,
}

/// What a client asks of a server's tacks besides their validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Requires,
    Pins,
    Both,
}

impl Wish {
    pub const ALL: [Self; 3] = [Self::Requires, Self::Pins, Self::Both];

    pub fn requires(self) -> bool {
        self != Self::Pins
    }

    pub fn pins(self) -> bool {
        self != Self::Requires
    }
}

/// Makes cases, and has a server present what belongs to each.
pub struct Cases<'a> {
    listener: &'a Listener,
    random: Random,
    /// The CA between the root and the servers.
    intermediate: Ca,
    good: Vec<Leaf>,
    /// One of a CA that nobody trusts.
    strange: Leaf,
    /// One for another name.
    misnamed: Leaf,
}

struct Leaf {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl Leaf {
    fn new(ca: &Ca, name: &str) -> Self {
        let (certificate, key) = ca.issue(name);
        Self { certificate: certificate.der().clone(), key }
    }
}

impl<'a> Cases<'a> {
    pub fn new(root: &Ca, listener: &'a Listener) -> Self {
        let intermediate = root.intermediate("between");
        let name = format!("*.{DOMAIN}");
        Self {
            listener,
            random: Random(0x9E37_79B9_7F4A_7C15),
            good: (0..4).map(|_| Leaf::new(&intermediate, &name)).collect(),
            strange: Leaf::new(&Ca::new("nobody"), &name),
            misnamed: Leaf::new(&intermediate, "other.example.com"),
            intermediate,
        }
    }

    pub fn case(&mut self, number: usize) -> Case {
        let keys = keys(number);
        let fingerprint = |key: &SigningKey| key.public_key().fingerprint();
        let random = &mut self.random;
        let name = format!("case-{number}.{DOMAIN}");
        let leaf = match random.below(20) {
            0 => &self.strange,
            1 => &self.misnamed,
            _ => random.one_of(&self.good),
        };
        let hash = Certificate::from_der(&leaf.certificate).unwrap().target_hash();
        let mut chain = vec![leaf.certificate.clone(), self.intermediate.certificate()];
        for carrier in carriers(random, &keys, hash) {
            let place = 1 + random.below(chain.len());
            chain.insert(place, carrier);
        }
        self.listener.install(&name, chain, &leaf.key);

        let wish = *random.one_of(&Wish::ALL);
        let first = *random.one_of(&[0, 0, 0, 1, 2]);
        let pins = (0..if wish.pins() { random.below(3) } else { 0 }).map(|more| Pin {
            key: fingerprint(&keys[(first + more) % keys.len()]),
            min_generation: *random.one_of(&[0, 0, 0, 1, 3]),
            initial: before(20_000),
            end: *random.one_of(&[Minute::new(0), before(1), NOW, after(1), after(20_000), after(20_000)]),
        });
        Case {
            pins: pins.collect(),
            name: name.parse().unwrap(),
            kind: *random.one_of(&KINDS),
            wish,
            // Most tacks are of the first key.
            required: fingerprint(&keys[*random.one_of(&[0, 0, 0, 1])]),
        }
    }
}

/// The TACK keys of a case.
fn keys(number: usize) -> [SigningKey; 3] {
    [1, 2, 3].map(|place| {
        let [high, low] = u16::try_from(number).unwrap().to_be_bytes();
        let mut bytes = [place; 32];
        bytes[..2].copy_from_slice(&[high, low]);
        SigningKey::from_bytes(&bytes).unwrap()
    })
}

fn before(minutes: u32) -> Minute {
    Minute::new(NOW.get() - minutes)
}

fn after(minutes: u32) -> Minute {
    Minute::new(NOW.get() + minutes)
}

/// The TACK certificates of a chain: one in most.
fn carriers(random: &mut Random, keys: &[SigningKey; 3], hash: TargetHash) -> Vec<CertificateDer<'static>> {
    let number = *random.one_of(&[0, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
    let bytes: Vec<_> = (0..number).map(|_| extension(random, keys, hash)).collect();
    let mut carriers: Vec<_> = bytes.iter().map(|bytes| carrier(bytes)).collect();
    if number == 2 && random.below(2) == 0 {
        // What it says twice, it says once.
        carriers[1] = carriers[0].clone();
    }
    carriers
}

/// A certificate that carries this where a TackExtension should be.
fn carrier(bytes: &[u8]) -> CertificateDer<'static> {
    const TACK_OID: &[u64] = &[1, 3, 6, 1, 4, 1, 38964, 1];
    if let Ok(extension) = TackExtension::from_bytes(bytes) {
        let certificate = TackCertificate::new(&extension, &mut getrandom::SysRng).unwrap();
        return certificate.as_der().to_vec().into();
    }
    let mut params = CertificateParams::new([]).unwrap();
    params.custom_extensions.push(CustomExtension::from_oid_content(TACK_OID, bytes.to_vec()));
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
}

/// The bytes of a TackExtension, or of what is none.
fn extension(random: &mut Random, keys: &[SigningKey; 3], hash: TargetHash) -> Vec<u8> {
    match random.below(24) {
        0 => (0..random.below(300)).map(|_| random.byte()).collect(),
        1 => {
            let whole = draft02(random, keys, hash);
            whole[..random.below(whole.len())].to_vec()
        }
        2 => [draft02(random, keys, hash), vec![random.byte()]].concat(),
        3..6 => draft00(random, keys, hash),
        _ => draft02(random, keys, hash),
    }
}

fn draft02(random: &mut Random, keys: &[SigningKey; 3], hash: TargetHash) -> Vec<u8> {
    let second = *random.one_of(&[None, None, None, None, Some(0), Some(1), Some(1), Some(1), Some(2)]);
    let tacks: Vec<u8> =
        [Some(0), second].iter().flatten().flat_map(|place| tack(random, &keys[*place], hash)).collect();
    [&u16::try_from(tacks.len()).unwrap().to_be_bytes()[..], &tacks, &[*random.one_of(&[0, 1, 1, 2, 3, 3, 4])]].concat()
}

/// An extension of draft-00, with break signatures.
fn draft00(random: &mut Random, keys: &[SigningKey; 3], hash: TargetHash) -> Vec<u8> {
    let tack = Tack::from_bytes(&tack(random, &keys[0], hash)).ok().filter(|_| random.below(4) > 0);
    let broken: Vec<_> = (0..random.below(3)).map(|_| BreakSig::sign(random.one_of(keys))).collect();
    let is_damaged = !broken.is_empty() && random.below(5) == 0;
    let mut bytes = TackExtension::from(Draft00::new(tack, broken, random.below(2) == 0).unwrap()).to_bytes();
    if is_damaged {
        // The last byte of the last signature, before the flag.
        let last = bytes.len() - 2;
        bytes[last] ^= 1;
    }
    bytes
}

/// The bytes of a tack, one in three of which is not valid.
fn tack(random: &mut Random, key: &SigningKey, hash: TargetHash) -> [u8; Tack::LENGTH] {
    const MIN_GENERATION: usize = 64;
    let fault = random.below(15);
    let (min_generation, generation) = *random.one_of(&[(0, 0), (0, 0), (0, 0), (0, 2), (1, 1), (2, 2)]);
    let generations = Generations::new(min_generation, generation).unwrap();
    let expiration = match fault {
        0 => before(1),
        1 => NOW,
        _ => *random.one_of(&[after(1), after(3_000), Minute::MAX]),
    };
    let hash = if fault == 2 { TargetHash::of(b"another key") } else { hash };
    let mut bytes = Tack::sign(key, generations, expiration, hash).to_bytes();
    match fault {
        3 => bytes[Tack::LENGTH - 1] ^= 1,
        4 => bytes[MIN_GENERATION] = generation + 1,
        _ => {}
    }
    bytes
}

/// Numbers without end, by xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}
