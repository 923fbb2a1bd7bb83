//! A year of daily tacks, renewals and a rollover, by a clock that the test sets.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::KeyPair;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, Error, ServerConfig, ServerConnection};
use tack_core::{Fingerprint, Minute, Object, Span};
use tack_pin::{MemoryStore, PinStore};
use tack_rustls::{HostFiles, Pinning, Requirement, TackResolver, refusal};

use crate::at;
use crate::authority::Ca;
use crate::client::{KINDS, Kind};
use crate::clock::Clock;
use crate::common::{PASSWORD, genkey, ok, tack, temp_dir, write};

const NAME: &str = "www.example.com";
/// How long a certificate lives, in days, from March 2029.
const LIFE: u32 = 47;
/// The days on which the second TACK key comes beside the first, the first is not active any more, and it is gone.
const BOTH: u32 = 120;
const SECOND: u32 = 180;
const GONE: u32 = 240;

/// The start of a day, as `--now` has it.
fn day(number: u32) -> Minute {
    at("2029-03-15Z").checked_add(Span::DAY.checked_mul(number.into()).unwrap()).unwrap()
}

/// The machine of the TACK keys: signs a tack for each day of a certificate, and for two days more.
fn sign(directory: &Path, key: &str, certificate: &str, first: u32, to: &str) {
    let mut command = tack();
    command.current_dir(directory).args(["--now", &day(first).to_string(), "sign", "-p", PASSWORD, "-k", key]);
    command.args(["-c", certificate, "-n", &format!("{}@1d", LIFE + 2), "-e", "2d"]);
    write(directory, to, ok(&mut command).stdout);
}

/// The first tack that a file holds, whose key this is.
fn fingerprint(directory: &Path, file: &str) -> Fingerprint {
    let bytes = fs::read(directory.join(file)).unwrap();
    let object = Object::all_from_bytes(&bytes).next().unwrap().unwrap();
    object.tacks()[0].public_key().fingerprint()
}

/// What cron runs each day.
fn deploy(directory: &Path, today: u32, certificate: &str, keys: &[Fingerprint; 2]) {
    let mut command = tack();
    command.current_dir(directory).args(["--now", &day(today).to_string(), "deploy", "-c", certificate]);
    command.args(["--format", "certificate", "-o", "tack.pem"]);
    let (tacks, active) = match today {
        0..BOTH => (&["K1-tacks.pem"][..], &keys[..1]),
        BOTH..SECOND => (&["K1-tacks.pem", "K2-tacks.pem"][..], &keys[..]),
        SECOND..GONE => (&["K1-tacks.pem", "K2-tacks.pem"][..], &keys[1..]),
        _ => (&["K2-tacks.pem"][..], &keys[1..]),
    };
    command.args(active.iter().flat_map(|key| ["--activate", key.as_str()]));
    ok(command.args(tacks));
}

/// A handshake in memory. Gives the client's error.
fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Option<Error> {
    let mut client = ClientConnection::new(Arc::clone(client), ServerName::try_from(NAME).unwrap()).unwrap();
    let mut server = ServerConnection::new(Arc::clone(server)).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        server.read_tls(&mut &bytes[..]).unwrap();
        server.process_new_packets().unwrap();
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut bytes = &bytes[..];
        while !bytes.is_empty() {
            client.read_tls(&mut bytes).unwrap();
            if let Err(error) = client.process_new_packets() {
                return Some(error);
            }
        }
    }
    None
}

/// A server of this chain.
fn impostor(kind: Kind, chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(kind.provider())
        .with_protocol_versions(&[kind.version()])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key);
    Arc::new(config.unwrap())
}

#[test]
fn a_year_of_renewals_and_a_rollover_refuses_nobody_but_impostors() {
    let directory = temp_dir();
    let directory = directory.path();
    let (ca, clock) = (Ca::new("ca"), Clock::at(day(0)));
    let pins = Arc::new(MemoryStore::default());
    genkey(directory, "K1.pem");
    genkey(directory, "K2.pem");

    // Who has stolen nothing: a certificate of the same CA for the same name, and a TACK key of his own.
    let (forged, forged_key) = ca.issue(NAME);
    write(directory, "forged.pem", forged.pem());
    genkey(directory, "K3.pem");

    let mut server = None;
    let mut keys = None;
    for today in 0..365 {
        clock.set(day(today));
        if today % LIFE == 0 {
            // The new certificate waits until its tack is there.
            let (certificate, key) = ca.issue(NAME);
            write(directory, "new-chain.pem", certificate.pem());
            write(directory, "new-key.pem", key.serialize_pem());
            sign(directory, "K1.pem", "new-chain.pem", today, "K1-tacks.pem");
            sign(directory, "K2.pem", "new-chain.pem", today, "K2-tacks.pem");
            sign(directory, "K3.pem", "forged.pem", today, "K3-tacks.pem");
        }
        let keys =
            keys.get_or_insert_with(|| ["K1-tacks.pem", "K2-tacks.pem"].map(|file| fingerprint(directory, file)));
        let certificate = if today % LIFE == 0 { "new-chain.pem" } else { "chain.pem" };
        deploy(directory, today, certificate, keys);
        if today % LIFE == 0 {
            fs::rename(directory.join("new-chain.pem"), directory.join("chain.pem")).unwrap();
            fs::rename(directory.join("new-key.pem"), directory.join("key.pem")).unwrap();
        }

        let kind = KINDS[usize::try_from(today).unwrap() % KINDS.len()];
        let resolver = server.get_or_insert_with(|| {
            let file = |name: &str| directory.join(name);
            let builder = TackResolver::builder(kind.provider())
                .default_host(HostFiles::new(file("chain.pem"), file("key.pem"), file("tack.pem")))
                .clock(clock.clone())
                .check_every(Duration::ZERO);
            Arc::new(builder.build().unwrap())
        });
        let config = ServerConfig::builder_with_provider(kind.provider())
            .with_protocol_versions(&[kind.version()])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(resolver.clone());
        let server = Arc::new(config);

        let [first, second] = *keys;
        let requires = Arc::new(ca.client(kind, &clock, |builder| builder.require(Requirement::new(first).or(second))));
        let pinned = Arc::new(ca.client(kind, &clock, |builder| builder.pin(Pinning::new(pins.clone()))));
        for (who, client) in [("requires", &requires), ("pins", &pinned)] {
            assert_eq!(handshake(client, &server), None, "day {today}: the client that {who}");
        }

        // What the server sends its tack for is another key than the impostor's.
        let stolen = CertificateDer::from(
            tack_core::pem::decode_first(&fs::read(directory.join("tack.pem")).unwrap(), "CERTIFICATE").unwrap(),
        );
        let mut deploy = tack();
        deploy.current_dir(directory).args(["--now", &day(today).to_string(), "deploy", "-c", "forged.pem", "-a", "1"]);
        ok(deploy.args(["--format", "certificate", "-o", "forged-tack.pem", "K3-tacks.pem"]));
        let own = fs::read(directory.join("forged-tack.pem")).unwrap();
        let own = CertificateDer::from(tack_core::pem::decode_first(&own, "CERTIFICATE").unwrap());
        for (others, requires_says, pins_says) in [
            (vec![], "key_required", "contradicted"),
            (vec![stolen], "target_hash", "target_hash"),
            (vec![own], "key_required", "contradicted"),
        ] {
            let chain = [forged.der().clone()].into_iter().chain(others).collect();
            let impostor = impostor(kind, chain, &forged_key);
            let code = |client| handshake(client, &impostor).map(|error| refusal(&error).unwrap().code());
            assert_eq!(code(&requires), Some(requires_says), "day {today}");
            // The first connection makes a pin, the second makes it count (draft-02, section 4.3.4).
            if today > 0 {
                assert_eq!(code(&pinned), Some(pins_says), "day {today}");
            }
        }
    }
    let mut left = Vec::new();
    pins.each(None, &mut |name, pin| {
        left.push((name.as_str().to_owned(), pin.key));
        true
    })
    .unwrap();
    assert_eq!(left, [(NAME.to_owned(), keys.unwrap()[1])]);
}
