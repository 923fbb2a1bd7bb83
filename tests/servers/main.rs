//! A tack on stock servers: real Apache, nginx, OpenSSL, HAProxy and stunnel, started with the configurations of examples/,
//! before real clients, those that ask for the TackExtension and those that know nothing of it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod client;
#[path = "../common/mod.rs"]
mod common;
mod manual;
mod server;
mod site;
mod tlslite;

use std::collections::HashSet;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use tack_core::Certificate;

use client::{BOTH, Slow, Tls, ask, ask_for, ask_host, others_succeed, rustls, s_client_asks};
use common::{has, ok, write};
use server::{Server, read_example, wait_until};
use site::Site;
use tlslite::tlslite;

/// The clients that know nothing of TACK.
const CLIENTS: [&str; 3] = ["openssl", "curl", "python3"];

/// Whether a server and all clients are installed; if not the test is skipped.
fn ready(test: &str, servers: &[&str]) -> bool {
    has(test, &[&CLIENTS[..], servers].concat())
}

/// What a client that asks in this version is given.
fn given(server: &Server, site: &Site, tls: Tls) -> Vec<Vec<u8>> {
    ask(server.port, &site.file("root.pem"), tls).unwrap().extensions
}

/// The server sends the exact extension of T1.pem, once, to those who ask, and serves the others as any server.
fn serves_the_extension(server: &Server, site: &Site) {
    assert_eq!(s_client_asks(server.port), Some(site.tls_extension(&["T1.pem"], 1)));
    for tls in BOTH {
        assert_eq!(given(server, site, tls), [site.extension(&["T1.pem"], 1)], "{tls:?}");
    }
    others_succeed(server.port, &site.file("root.pem"));
}

#[test]
fn apache_serves_the_extension() {
    if ready("apache_serves_the_extension", &["apache2"]) {
        let site = Site::with_tacks();
        serves_the_extension(&Server::apache(site.path(), "apache.conf"), &site);
    }
}

#[test]
fn nginx_serves_the_extension() {
    if ready("nginx_serves_the_extension", &["nginx"]) {
        let site = Site::with_tacks();
        serves_the_extension(&Server::nginx(site.path(), "nginx.conf"), &site);
    }
}

#[test]
fn stunnel_serves_the_extension() {
    if ready("stunnel_serves_the_extension", &["stunnel"]) {
        let site = Site::with_tacks();
        serves_the_extension(&Server::stunnel(site.path(), "stunnel.conf"), &site);
    }
}

#[test]
fn s_server_serves_the_extension() {
    if ready("s_server_serves_the_extension", &[]) {
        let site = Site::with_tacks();
        serves_the_extension(&Server::s_server(site.path()), &site);
    }
}

#[test]
fn two_tacks_and_break_signatures_are_served() {
    if !ready("two_tacks_and_break_signatures_are_served", &["nginx"]) {
        return;
    }
    let site = Site::with_tacks();
    site.pack(&["T2.pem", "T1.pem"], 3, "serverinfo", "serverinfo.pem");
    let server = Server::nginx(site.path(), "nginx.conf");
    for tls in BOTH {
        assert_eq!(given(&server, &site, tls), [site.extension(&["T2.pem", "T1.pem"], 3)], "{tls:?}");
    }

    // Of draft-00 with eight break signatures: a TackExtension can have no more bytes.
    let mut break_ = common::tack();
    ok(break_.current_dir(site.path()).args(["break", "-p", common::PASSWORD, "-k", "K2.pem", "-o", "B.pem"]));
    site.join(&["B.pem"; 8], "B8.pem");
    let mut pack = common::tack();
    pack.current_dir(site.path()).args(["pack", "-t", "T1.pem", "-b", "B8.pem", "-a", "1", "--format", "serverinfo"]);
    ok(pack.args(["-o", "serverinfo.pem"]));
    let tack = site.extension(&["T1.pem"], 0);
    let body = tack_core::pem::decode_first(&fs::read(site.file("B.pem")).unwrap(), "TACK BREAK SIG").unwrap();
    let expected = [&[166], &tack[2..168], &[4, 0], &body.repeat(8), &[1]].concat();
    server.reload();
    wait_until("the new file", || given(&server, &site, Tls::V13) == std::slice::from_ref(&expected));
    wait_until("the new file", || given(&server, &site, Tls::V12) == std::slice::from_ref(&expected));
}

/// Ends the other thread of a test, also when this one fails.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A renewed file is served after a graceful reload, and no connection fails in the meantime, not even one that lasts
/// longer.
fn reloads(server: &Server, site: &Site) {
    /// The connections are so many at least, and at most.
    const ENOUGH: usize = 40;
    const MOST: usize = 4000;
    let root = site.file("root.pem");
    let (old, new) = (site.extension(&["T1.pem"], 1), site.extension(&["T1.pem", "T2.pem"], 3));
    let (done, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    let seen = thread::scope(|scope| {
        let end = SetOnDrop(&done);
        let connections = scope.spawn(|| {
            let mut seen = HashSet::new();
            while !(done.load(Ordering::Relaxed) && count.load(Ordering::Relaxed) >= ENOUGH) {
                let number = count.fetch_add(1, Ordering::Relaxed);
                assert!(number < MOST, "no end to it");
                seen.insert(ask(server.port, &root, BOTH[number % 2]).unwrap().extensions);
            }
            seen
        });
        wait_until("the first connections", || count.load(Ordering::Relaxed) > 4 || connections.is_finished());
        let slow = Slow::new(server.port, &root);
        site.pack(&["T1.pem", "T2.pem"], 3, "serverinfo", "serverinfo.pem");
        server.reload();
        let is_new = || BOTH.iter().all(|tls| ask(server.port, &root, *tls).unwrap().extensions == [new.clone()]);
        wait_until("the new file", || connections.is_finished() || is_new());
        slow.end().unwrap();
        drop(end);
        connections.join().unwrap()
    });
    assert_eq!(seen, HashSet::from([vec![old], vec![new]]));
}

#[test]
fn apache_reloads_without_a_failed_connection() {
    if ready("apache_reloads_without_a_failed_connection", &["apache2"]) {
        let site = Site::with_tacks();
        reloads(&Server::apache(site.path(), "apache.conf"), &site);
    }
}

#[test]
fn nginx_reloads_without_a_failed_connection() {
    if ready("nginx_reloads_without_a_failed_connection", &["nginx"]) {
        let site = Site::with_tacks();
        reloads(&Server::nginx(site.path(), "nginx.conf"), &site);
    }
}

#[test]
fn apache_ends_when_the_file_is_broken() {
    if ready("apache_ends_when_the_file_is_broken", &["apache2"]) {
        let site = Site::with_tacks();
        let mut server = Server::apache(site.path(), "apache.conf");
        assert_eq!(given(&server, &site, Tls::V13), [site.extension(&["T1.pem"], 1)]);
        write(site.path(), "serverinfo.pem", "broken");
        server.reload();
        wait_until("its end", || server.has_ended());
    }
}

#[test]
fn nginx_goes_on_when_the_file_is_broken() {
    if ready("nginx_goes_on_when_the_file_is_broken", &["nginx"]) {
        let site = Site::with_tacks();
        let server = Server::nginx(site.path(), "nginx.conf");
        write(site.path(), "serverinfo.pem", "broken");
        let refused = common::run(&mut server.reload_command());
        assert!(refused.status == Some(1) && refused.stderr.contains("ServerInfoFile"), "{}", refused.stderr);
        assert_eq!(given(&server, &site, Tls::V13), [site.extension(&["T1.pem"], 1)]);
    }
}

/// One serverinfo file belongs to the certificate that was loaded last before it.
fn serves_it_with_one_certificate_of_two(server: &Server, site: &Site) {
    let root = site.file("root.pem");
    for tls in BOTH {
        let ec = ask_for(server.port, &root, tls, "ECDSA+SHA256").unwrap();
        assert_eq!(ec.extensions, [site.extension(&["T1.pem"], 1)], "{tls:?}");
        let rsa = ask_for(server.port, &root, tls, "RSA-PSS+SHA256:RSA+SHA256").unwrap();
        assert_eq!(rsa.extensions, Vec::<Vec<u8>>::new(), "{tls:?}");
        assert_ne!(ec.chain[0], rsa.chain[0]);
    }
    others_succeed(server.port, &root);
}

#[test]
fn apache_serves_it_with_one_certificate_of_two() {
    if ready("apache_serves_it_with_one_certificate_of_two", &["apache2"]) {
        let site = Site::with_tacks();
        site.add_rsa();
        let server = Server::apache(site.path(), "apache-two-certificates.conf");
        serves_it_with_one_certificate_of_two(&server, &site);
    }
}

/// Hosts that the client's name tells apart each have a file, or get none: of the hosts of a port the first one decides
/// whether OpenSSL knows the extension at all.
fn serves_two_hosts(start: impl Fn(&Site, &str) -> Server, example: &str) {
    let site = Site::with_tacks();
    site.add_shop();
    site.sign("K1.pem", "shop-cert.pem", "SHOP1.pem");
    site.sign("K2.pem", "shop-cert.pem", "SHOP2.pem");
    site.pack(&["SHOP1.pem", "SHOP2.pem"], 3, "serverinfo", "shop-serverinfo.pem");
    let (www, shop) = (site.extension(&["T1.pem"], 1), site.extension(&["SHOP1.pem", "SHOP2.pem"], 3));
    let example = read_example(example, site.path());
    let without = |name: &str| {
        let here = site.file(name);
        let lines = example.lines().filter(|line| !line.contains(here.to_str().unwrap()));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    for (hosts, www, shop) in [
        (example.clone(), vec![www.clone()], vec![shop]),
        (without("shop-serverinfo.pem"), vec![www], vec![]),
        (without("serverinfo.pem"), vec![], vec![]),
    ] {
        let server = start(&site, &hosts);
        for tls in BOTH {
            for (name, expected) in [("www.example.com", &www), ("shop.example.com", &shop)] {
                let answer = ask_host(name, server.port, &site.file("root.pem"), tls, None).unwrap();
                assert_eq!(&answer.extensions, expected, "{name} {tls:?}\n{hosts}");
            }
        }
    }
}

#[test]
fn apache_serves_two_hosts() {
    if ready("apache_serves_two_hosts", &["apache2"]) {
        let start = |site: &Site, hosts: &str| Server::apache_with(site.path(), hosts);
        serves_two_hosts(start, "apache-two-hosts.conf");
    }
}

#[test]
fn nginx_serves_two_hosts() {
    if ready("nginx_serves_two_hosts", &["nginx"]) {
        let start = |site: &Site, hosts: &str| Server::nginx_with(site.path(), hosts);
        serves_two_hosts(start, "nginx-two-hosts.conf");
    }
}

/// A second certificate can be loaded after the file of the first, but not a file for it.
#[test]
fn openssl_takes_one_file_for_two_certificates() {
    if !ready("openssl_takes_one_file_for_two_certificates", &["nginx"]) {
        return;
    }
    let site = Site::with_tacks();
    site.add_rsa();
    site.sign("K1.pem", "rsa-cert.pem", "RSA1.pem");
    site.pack(&["RSA1.pem"], 1, "serverinfo", "rsa-serverinfo.pem");
    let example = read_example("nginx.conf", site.path());
    let more = |lines: &[(&str, &str)]| {
        let line =
            |(setting, name): &(&str, &str)| format!("ssl_conf_command {setting} {};\n", site.file(name).display());
        let lines: String = lines.iter().map(line).collect();
        example.replace("\n}\n", &format!("\n{lines}}}\n"))
    };
    let rsa = [("Certificate", "rsa-fullchain.pem"), ("PrivateKey", "rsa-privkey.pem")];
    let server = Server::nginx_with(site.path(), &more(&rsa));
    let answer = ask_for(server.port, &site.file("root.pem"), Tls::V13, "RSA-PSS+SHA256:RSA+SHA256").unwrap();
    assert_eq!(answer.extensions, Vec::<Vec<u8>>::new());
    assert_eq!(given(&server, &site, Tls::V13), [site.extension(&["T1.pem"], 1)]);

    let config = more(&[rsa[0], rsa[1], ("ServerInfoFile", "rsa-serverinfo.pem")]);
    write(site.path(), &format!("nginx-{}.conf", server.port), format!("events {{}}\nhttp {{\n{config}}}\n"));
    let refused = common::run(&mut server.reload_command());
    assert_eq!(refused.status, Some(1));
    assert!(refused.stderr.contains("rsa-serverinfo.pem\") failed"), "{}", refused.stderr);
}

/// The TackExtension of a chain's last certificate.
fn carried(chain: &[Vec<u8>]) -> Option<Vec<u8>> {
    let last = Certificate::from_der(chain.last().unwrap()).unwrap();
    last.extension().map(|extension| extension.to_bytes())
}

#[test]
fn a_tack_certificate_for_each_of_two_certificates() {
    if !ready("a_tack_certificate_for_each_of_two_certificates", &["nginx"]) {
        return;
    }
    let site = Site::with_tacks();
    site.add_rsa();
    site.sign("K1.pem", "rsa-cert.pem", "RSA1.pem");
    for (tack, name) in [("T1.pem", ""), ("RSA1.pem", "rsa-")] {
        site.pack(&[tack], 1, "certificate", "tackcert.pem");
        site.join(&[&format!("{name}fullchain.pem"), "tackcert.pem"], &format!("{name}tackchain.pem"));
    }
    let server = Server::nginx(site.path(), "nginx-two-certificates.conf");
    for tls in BOTH {
        for (algorithms, tack) in [("ECDSA+SHA256", "T1.pem"), ("RSA-PSS+SHA256:RSA+SHA256", "RSA1.pem")] {
            let answer = ask_for(server.port, &site.file("root.pem"), tls, algorithms).unwrap();
            assert_eq!(carried(&answer.chain), Some(site.extension(&[tack], 1)), "{tls:?} {tack}");
        }
    }
    others_succeed(server.port, &site.file("root.pem"));
}

/// A TACK certificate at the end of the chain: every client goes on as without it, and those that look for it find it.
#[test]
fn haproxy_and_every_client_take_a_tack_certificate() {
    if !ready("haproxy_and_every_client_take_a_tack_certificate", &["haproxy"]) {
        return;
    }
    let site = Site::with_tacks();
    let root = site.file("root.pem");
    site.pack(&["T1.pem", "T2.pem"], 3, "certificate", "tackcert.pem");
    for (files, tacks) in [
        (&["privkey.pem", "fullchain.pem"][..], None),
        (&["privkey.pem", "fullchain.pem", "tackcert.pem"][..], Some(site.extension(&["T1.pem", "T2.pem"], 3))),
    ] {
        site.join(files, "haproxy.pem");
        let server = Server::haproxy(site.path(), "haproxy.cfg");
        for tls in BOTH {
            let answer = ask(server.port, &root, tls).unwrap();
            assert_eq!(answer.extensions, Vec::<Vec<u8>>::new());
            assert_eq!(answer.chain.len(), if tacks.is_some() { 3 } else { 2 });
            assert_eq!(carried(&answer.chain), tacks, "{tls:?}");
            assert_eq!(carried(&rustls(server.port, &root, tls).unwrap()), tacks, "{tls:?}");
        }
        others_succeed(server.port, &root);
        if let Some(tlslite) = tlslite("haproxy_and_every_client_take_a_tack_certificate") {
            let expected = tacks.as_ref().map_or("none\n".to_owned(), |tacks| format!("certificate {}\n", hex(tacks)));
            assert_eq!(ok(&mut tlslite.client(server.port)).text(), expected);
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn tlslite_verifies_what_apache_serves() {
    let test = "tlslite_verifies_what_apache_serves";
    let (true, Some(tlslite)) = (ready(test, &["apache2"]), tlslite(test)) else {
        return;
    };
    let site = Site::with_tacks();
    for (tacks, flags) in [(&["T1.pem"][..], 1), (&["T1.pem", "T2.pem"][..], 2)] {
        site.pack(tacks, flags, "serverinfo", "serverinfo.pem");
        let server = Server::apache(site.path(), "apache.conf");
        let expected = format!("hello {}\n", hex(&site.extension(tacks, flags)));
        assert_eq!(ok(&mut tlslite.client(server.port)).text(), expected);
    }

    // It would notice a tack for another key.
    site.add_rsa();
    site.sign("K1.pem", "rsa-cert.pem", "RSA1.pem");
    site.pack(&["RSA1.pem"], 1, "serverinfo", "serverinfo.pem");
    let server = Server::apache(site.path(), "apache.conf");
    let ran = common::run(&mut tlslite.client(server.port));
    assert!(ran.stderr.contains("TACK doesn't match their public key"), "{}", ran.stderr);
}

#[test]
fn tlslite_serves_and_verifies_our_tacks() {
    let test = "tlslite_serves_and_verifies_our_tacks";
    let (true, Some(tlslite)) = (ready(test, &[]), tlslite(test)) else {
        return;
    };
    let site = Site::with_tacks();
    site.join(&["T1.pem", "T2.pem"], "T12.pem");
    for (file, tacks, flags) in [("T1.pem", &["T1.pem"][..], 1), ("T12.pem", &["T1.pem", "T2.pem"][..], 3)] {
        let server = tlslite.server(&site, file, &flags.to_string());
        let expected = site.extension(tacks, flags);
        assert_eq!(ok(&mut tlslite.client(server.port)).text(), format!("hello {}\n", hex(&expected)));
        assert_eq!(s_client_asks(server.port), Some(site.tls_extension(tacks, flags)));
    }
}
