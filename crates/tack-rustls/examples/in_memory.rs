//! A client and a server in one process: bytes are handed over in pieces of seven, and TACK decides.
//!
//!     in_memory

use std::error::Error;
use std::mem;
use std::sync::{Arc, Mutex};

use getrandom::SysRng;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tack_core::{Draft02, Generations, Minute, SigningKey, Tack, TackCertificate};
use tack_rustls::Requirement;
use tack_rustls::memory::{Certificate, ClientTls, Connection, ServerCertificateChain, ServerTls, TrustStore};

const NAME: &str = "www.example.com";

fn main() -> Result<(), Box<dyn Error>> {
    // A CA, a certificate of it, and a tack for the certificate's key.
    let (ca_key, key, tack_key) = (KeyPair::generate()?, KeyPair::generate()?, SigningKey::generate(&mut SysRng)?);
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = Certificate::from_der(params.self_signed(&ca_key)?.der().clone());
    let leaf = CertificateParams::new([NAME.to_owned()])?.signed_by(&key, &Issuer::new(params, ca_key))?;
    let target_hash = tack_core::Certificate::from_der(leaf.der())?.target_hash();
    let tack = Tack::sign(&tack_key, Generations::default(), Minute::MAX, target_hash);
    let tack = TackCertificate::new(&Draft02::new(vec![tack], 1)?.into(), &mut SysRng)?;

    let provider = ring::default_provider();
    let suites: Vec<_> = provider.cipher_suites.iter().map(|suite| suite.suite()).collect();
    let client = ClientTls::new(&provider, NAME, &suites, TrustStore::new([root])?)?
        .require(Requirement::new(tack_key.public_key().fingerprint()));
    let leaf =
        Certificate::from_der(leaf.der().clone()).with_private_key(PrivateKeyDer::Pkcs8(key.serialize_der().into()));
    let chain = ServerCertificateChain::new([leaf, Certificate::from_der(tack.as_der().to_vec())])?;
    let server = ServerTls::new(Arc::new(provider), Arc::new(chain));

    // What goes to the wire is kept here, instead of being sent.
    let [to_server, to_client] = [(); 2].map(|()| Arc::new(Mutex::new(Vec::new())));
    let mut client = client.start(keep(&to_server), |_| {}, |_, _| Ok(()))?;
    let mut server = server.start(keep(&to_client), |_| {}, |_, _| Ok(()));
    client.data_from_application(b"hello, ")?;
    server.data_from_application(b"world")?;
    let (mut of_client, mut of_server) = (Vec::new(), Vec::new());
    loop {
        let (for_server, for_client) = (take(&to_server), take(&to_client));
        if for_server.is_empty() && for_client.is_empty() {
            break;
        }
        of_client.extend(hand_over(&mut server, &for_server)?);
        of_server.extend(hand_over(&mut client, &for_client)?);
    }
    let text = String::from_utf8([of_client, of_server].concat())?;
    let tacks = client.judgement().map_or(0, |judgement| judgement.tacks().len());
    println!("{text}; {tacks} tack, {:?}", client.version().ok_or("no handshake")?);
    Ok(())
}

fn keep(wire: &Arc<Mutex<Vec<u8>>>) -> impl FnMut(&[u8]) + Send + 'static {
    let wire = Arc::clone(wire);
    move |bytes| wire.lock().expect("no thread panics").extend_from_slice(bytes)
}

fn take(wire: &Mutex<Vec<u8>>) -> Vec<u8> {
    mem::take(&mut wire.lock().expect("no thread panics"))
}

fn hand_over(to: &mut Connection, bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let plaintexts: Result<Vec<_>, _> = bytes.chunks(7).map(|piece| to.data_from_wire(piece)).collect();
    Ok(plaintexts?.concat())
}
