//! Connections on in-memory buffers, one side of which is sent changed records.

use std::mem;
use std::sync::{Arc, LazyLock, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, IsCa, KeyPair};
use rustls::CipherSuite;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tack_core::{Draft02, Generations, Minute, SigningKey, Tack, TackExtension};
use tack_rustls::Requirement;
use tack_rustls::memory::{
    Certificate, ClientTls, Connection, ServerCertificateChain, ServerTls, TlsError, TrustStore,
};

const NAME: &str = "www.example.com";
const SUITES: [CipherSuite; 2] =
    [CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, CipherSuite::TLS13_AES_128_GCM_SHA256];
const TACK_OID: &[u64] = &[1, 3, 6, 1, 4, 1, 38964, 1];
/// The type, the version and the length of a record.
const HEADER: usize = 5;
/// More turns than the two sides take.
const TURNS: usize = 8;
/// What each side sends.
const DATA: &[u8] = b"what the application sends";

/// A client of each version of TLS, which requires a TACK key, and the server that has a tack of it.
struct Sides {
    clients: [ClientTls; 2],
    server: ServerTls,
}

static SIDES: LazyLock<Sides> = LazyLock::new(|| {
    let provider = ring::default_provider();
    let params = |names: &[&str]| {
        CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).expect("names")
    };
    let key = || KeyPair::generate().expect("the system has randomness");
    let mut ca = params(&[]);
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.distinguished_name.push(DnType::CommonName, "a CA");
    let ca = CertifiedIssuer::self_signed(ca, key()).expect("a CA");
    let leaf_key = key();
    let leaf = params(&[NAME]).signed_by(&leaf_key, &ca).expect("a certificate").der().clone();

    let hash = tack_core::Certificate::from_der(&leaf).expect("it is one").target_hash();
    let tack_key = SigningKey::from_bytes(&[7; 32]).expect("it is in range");
    let tack = Tack::sign(&tack_key, Generations::default(), Minute::MAX, hash);
    let extension = TackExtension::from(Draft02::new(vec![tack], 1).expect("one tack"));
    let mut carrier = params(&[]);
    carrier.custom_extensions.push(CustomExtension::from_oid_content(TACK_OID, extension.to_bytes()));
    let carrier = carrier.self_signed(&key()).expect("a certificate").der().clone();

    let leaf = Certificate::from_der(leaf).with_private_key(PrivateKeyDer::Pkcs8(leaf_key.serialize_der().into()));
    let chain = ServerCertificateChain::new([leaf, Certificate::from_der(carrier)]).expect("a chain");
    let trust = TrustStore::new([Certificate::from_der(ca.der().clone())]).expect("a CA");
    let requirement = Requirement::new(tack_key.public_key().fingerprint());
    let client = |suite| {
        let client = ClientTls::new(&provider, NAME, &[suite], trust.clone()).expect("a client");
        client.require(requirement.clone())
    };
    Sides { clients: SUITES.map(client), server: ServerTls::new(Arc::new(provider.clone()), Arc::new(chain)) }
});

/// The side that is sent changed records. Its peer is honest.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "each fuzz target uses one")]
pub enum Target {
    Client,
    Server,
}

/// Carries a connection from its start to its end, with the changes that the bytes ask for: one byte for the version of TLS
/// and the size of pieces, then [`Edits`].
pub fn run(target: Target, bytes: &[u8]) {
    let Some((settings, edits)) = bytes.split_first() else { return };
    let mut edits = Edits(edits);
    let (to_server, to_client) = (Wire::default(), Wire::default());
    let tls = &SIDES.clients[usize::from(settings & 1)];
    let client = tls.start(to_server.write(), to_server.close(), |_, _| Ok(())).expect("it starts");
    let server = SIDES.server.start(to_client.write(), to_client.close(), |_, _| Ok(()));
    let piece = 1 + 8 * usize::from(settings >> 1);
    let (mut client, mut server) = (Side::new(client, to_server, piece), Side::new(server, to_client, piece));
    // The target goes on: with debug assertions, rustls panics where an alert would follow its close_notify.
    if target == Target::Client { &mut server } else { &mut client }.connection.application_finished();

    for _ in 0..TURNS {
        let (mut to_server, mut to_client) = (client.wire.take(), server.wire.take());
        edits.apply(if target == Target::Client { &mut to_client } else { &mut to_server });
        server.receive(&to_server);
        client.receive(&to_client);
    }
    if !client.received.is_empty() {
        let judgement = client.connection.judgement().expect("TACK was asked");
        assert!(judgement.verdict().is_ok() && judgement.tacks().len() == 1);
    }
    if target == Target::Client { client } else { server }.check();
}

/// The edits that are still to be made, four bytes and what is inserted for each: the kind, the place, and a value.
struct Edits<'a>(&'a [u8]);

impl Edits<'_> {
    /// Makes one edit for each record, as long as there are any.
    fn apply(&mut self, wire: &mut Vec<u8>) {
        let mut changed = Vec::new();
        let mut rest = &wire[..];
        while !rest.is_empty() {
            let (record, after) = rest.split_at(record_length(rest));
            changed.extend(self.edit(record.to_vec()));
            rest = after;
        }
        *wire = changed;
    }

    fn edit(&mut self, mut record: Vec<u8>) -> Vec<u8> {
        let Some(([kind, high, low, value], after)) = self.0.split_first_chunk() else { return record };
        self.0 = after;
        let at = usize::from(u16::from_be_bytes([*high, *low])) % record.len();
        match kind % 8 {
            0 => {}
            1 => record[at] = *value,
            2 => record[at] ^= 1 << (value % 8),
            3 => record.truncate(at),
            4 => drop(record.drain(at..record.len().min(at + usize::from(*value)))),
            5 => record.extend(record.clone()),
            6 => record.clear(),
            _ => {
                let (inserted, after) = self.0.split_at(self.0.len().min(usize::from(value >> 1)));
                self.0 = after;
                record.splice(at..at, inserted.iter().copied());
                if value & 1 == 1 && record.len() > HEADER {
                    let length = u16::try_from(record.len() - HEADER).unwrap_or(u16::MAX);
                    record[3..HEADER].copy_from_slice(&length.to_be_bytes());
                }
            }
        }
        record
    }
}

/// The length of the first record, with its header.
fn record_length(bytes: &[u8]) -> usize {
    let length = bytes.get(3..HEADER).map_or(0, |length| usize::from(u16::from_be_bytes([length[0], length[1]])));
    bytes.len().min(HEADER + length)
}

/// What a side has handed to its wire, and how it closed that.
#[derive(Clone, Default)]
struct Wire {
    bytes: Arc<Mutex<Vec<u8>>>,
    closed: Arc<Mutex<Vec<bool>>>,
}

impl Wire {
    fn write(&self) -> impl FnMut(&[u8]) + Send + 'static {
        let bytes = Arc::clone(&self.bytes);
        move |more| bytes.lock().expect("nobody panics").extend_from_slice(more)
    }

    fn close(&self) -> impl FnMut(bool) + Send + 'static {
        let closed = Arc::clone(&self.closed);
        move |is_at_once| closed.lock().expect("nobody panics").push(is_at_once)
    }

    fn take(&self) -> Vec<u8> {
        mem::take(&mut self.bytes.lock().expect("nobody panics"))
    }
}

/// A side, and what came of it.
struct Side {
    connection: Connection,
    wire: Wire,
    piece: usize,
    received: Vec<u8>,
    error: Option<TlsError>,
}

impl Side {
    fn new(mut connection: Connection, wire: Wire, piece: usize) -> Self {
        connection.data_from_application(DATA).expect("it waits for the handshake");
        Self { connection, wire, piece, received: Vec::new(), error: None }
    }

    fn receive(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(self.piece) {
            match (self.connection.data_from_wire(piece), &self.error) {
                (Ok(data), None) => self.received.extend(data),
                (Err(TlsError::Invalidated), Some(_)) => {}
                (Err(error), None) => {
                    // For some messages that cannot be read, or come at a wrong time, rustls has no alert.
                    let is_told = !self.wire.bytes.lock().expect("nobody panics").is_empty();
                    let tells = matches!(
                        error,
                        TlsError::Tack(_)
                            | TlsError::Refused(_)
                            | TlsError::BadTlsData(rustls::Error::InvalidCertificate(_) | rustls::Error::DecryptError)
                    );
                    assert!(is_told || !tells, "no alert for {error:?}");
                    self.error = Some(error);
                }
                (outcome, Some(_)) => panic!("after an error: {outcome:?}"),
            }
        }
    }

    /// It failed, or waits for more, or has all that its peer sent, and nothing else.
    fn check(mut self) {
        assert!(DATA.starts_with(&self.received));
        if self.error.is_some() {
            assert_eq!(*self.wire.closed.lock().expect("nobody panics"), [true]);
        } else if self.connection.wire_ended().is_ok() {
            assert_eq!(self.received, DATA);
        }
    }
}
