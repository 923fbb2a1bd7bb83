//! A second judgement: tlslite-ng's client decides of the same servers as `check`, and `verify` of their files.

use std::path::Path;
use std::process::Command;

use tack_core::{TackExtension, pem};

use crate::check_server;
use crate::common::{PASSWORD, has, ok, run, tack, write};
use crate::server::Server;
use crate::site::Site;
use crate::tlslite::tlslite;

/// Signs a tack for a certificate, with more options.
fn sign(site: &Site, key: &str, certificate: &str, options: &[&str], to: &str) {
    let mut command = tack();
    command.current_dir(site.path()).args(["sign", "-p", PASSWORD, "-k", key, "-c", certificate, "-o", to]);
    ok(command.args(options));
}

/// Writes a serverinfo file with these bytes as the extension, whatever they are.
fn serverinfo(directory: &Path, extension: &[u8]) {
    let (kind, length) = (TackExtension::TYPE.to_be_bytes(), u16::try_from(extension.len()).unwrap().to_be_bytes());
    let body = [&[0, 0, 5, 0x80][..], &kind, &length, extension].concat();
    write(directory, "serverinfo.pem", pem::encode("SERVERINFOV2 FOR TACK", &body));
}

/// What `verify` says of the files that the server has.
fn verify(site: &Site) -> (i32, Vec<String>) {
    let mut verify = tack();
    verify.current_dir(site.path()).env_remove("TACK_PINS");
    let ran = run(verify.args(["verify", "--json", "-c", "fullchain.pem", "-t", "serverinfo.pem"]));
    let document: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let problems = document["hosts"][0]["problems"].as_array().unwrap();
    let codes = problems.iter().map(|problem| problem["code"].as_str().unwrap().to_owned());
    (ran.status.unwrap(), codes.collect())
}

#[test]
fn check_and_verify_and_tlslite_decide_the_same() {
    let test = "check_and_verify_and_tlslite_decide_the_same";
    let (true, Some(tlslite)) = (has(test, &["openssl"]), tlslite(test)) else {
        return;
    };
    let site = Site::with_tacks();
    site.add_rsa();
    sign(&site, "K1.pem", "rsa-cert.pem", &[], "WRONG_KEY.pem");
    sign(&site, "K1.pem", "cert.pem", &["-e", "2020-01-01Z"], "EXPIRED.pem");
    let good = site.extension(&["T1.pem"], 1);
    let mut bad_signature = good.clone();
    // Within s, which stays in its range.
    bad_signature[150] ^= 1;
    let second_expired = site.extension(
        &["T1.pem", "EXPIRED_2.pem"].map(|name| {
            if name == "EXPIRED_2.pem" {
                sign(&site, "K2.pem", "cert.pem", &["-e", "2020-01-01Z"], name);
            }
            name
        }),
        3,
    );
    for (extension, expected) in [
        (good, &[][..]),
        (site.extension(&["T1.pem", "T2.pem"], 3), &[]),
        (site.extension(&["T2.pem", "T1.pem"], 0), &[]),
        (site.extension(&["WRONG_KEY.pem"], 1), &["target_hash"]),
        (site.extension(&["EXPIRED.pem"], 1), &["expired"]),
        (bad_signature, &["signature"]),
        (second_expired, &["expired"]),
        (site.extension(&["T2.pem", "WRONG_KEY.pem"], 1), &["target_hash"]),
    ] {
        serverinfo(site.path(), &extension);
        let server = Server::s_server(site.path());
        let theirs = run(&mut tlslite.client(server.port));
        assert_eq!(theirs.status == Some(0), expected.is_empty(), "{expected:?}: {}", theirs.stderr);
        let ours = check_server(&server, &site, &["--tls", "1.2"]);
        let status = if expected.is_empty() { 0 } else { 2 };
        assert_eq!(ours.outcome(), (status, expected.to_vec()), "{}", ours.host(0));
        let in_tls_13 = check_server(&server, &site, &["--tls", "1.3"]);
        assert_eq!(in_tls_13.outcome(), ours.outcome());
        let (verified, codes) = verify(&site);
        assert_eq!((verified, codes.iter().map(String::as_str).collect()), ours.outcome());
    }
}

/// What tlslite-ng lets pass, and the draft does not: here verify and check decide by the draft, and alike.
#[test]
fn check_and_verify_are_strict_alike() {
    if !has("check_and_verify_are_strict_alike", &["openssl"]) {
        return;
    }
    let site = Site::with_tacks();
    let tack = site.extension(&["T1.pem"], 0);
    let same_key = [&[1, 76], &tack[2..168], &tack[2..168], &[1]].concat();
    let cut = tack[..100].to_vec();
    let too_long = [&tack[..], &[0]].concat();
    for (extension, expected) in [
        (same_key, "same_key"),
        (vec![0, 0, 0], "malformed"),
        (vec![], "malformed"),
        (cut, "malformed"),
        (too_long, "malformed"),
    ] {
        serverinfo(site.path(), &extension);
        let server = Server::s_server(site.path());
        let ours = check_server(&server, &site, &[]);
        assert_eq!(ours.outcome(), (2, vec![expected]), "{}", ours.host(0));
        let (verified, codes) = verify(&site);
        assert_eq!((verified, codes.iter().map(String::as_str).collect()), ours.outcome());
    }
}

/// A server that sends one tack as an extension and another one in a TACK certificate contradicts itself.
#[test]
fn two_carriers() {
    if !has("two_carriers", &["openssl"]) {
        return;
    }
    let site = Site::with_tacks();
    for (tacks, expected) in [("T1.pem", &[][..]), ("T2.pem", &["two_extensions"])] {
        site.pack(&[tacks], 1, "certificate", "tackcert.pem");
        site.join(&["intermediate.pem", "tackcert.pem"], "others.pem");
        let server = Server::other(site.path(), |port| {
            let mut server = Command::new("openssl");
            server.args(["s_server", "-www", "-accept", &format!("127.0.0.1:{port}"), "-key", "privkey.pem"]);
            server.args(["-cert", "cert.pem", "-cert_chain", "others.pem", "-serverinfo", "serverinfo.pem"]);
            server
        });
        let said = check_server(&server, &site, &[]);
        assert_eq!(said.codes(0), expected, "{}", said.host(0));
    }
}
