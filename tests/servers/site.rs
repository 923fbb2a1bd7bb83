//! A directory as a server's admin has it: a CA's certificates, keys, tacks, and what `tack pack` makes of them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tack_core::{Tack, TackExtension, pem};
use tempfile::TempDir;

use crate::common::{PASSWORD, genkey, ok, tack, tack_ok, temp_dir, write};
use crate::server::{BODY, PATH};

/// Sections for `openssl req`, which makes certificates of one's own or of a CA's with them.
const OPENSSL_CONFIG: &str = "\
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:localhost, IP:127.0.0.1, DNS:www.example.com, DNS:shop.example.com
";

pub struct Site {
    directory: TempDir,
}

impl Site {
    /// With `root.pem`, the one that clients trust; `cert.pem` and `privkey.pem` of the server; `fullchain.pem`, with the
    /// intermediate certificate; and two TACK keys, `K1.pem` and `K2.pem`.
    pub fn new() -> Self {
        let directory = temp_dir();
        // The servers' workers are another user.
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let site = Self { directory };
        write(site.path(), "openssl.cnf", OPENSSL_CONFIG);
        write(site.path(), PATH.trim_start_matches('/'), BODY);
        site.issue("root", "root", "ca", "ec");
        site.issue("intermediate", "root", "ca", "ec");
        site.issue("cert", "intermediate", "leaf", "ec");
        fs::rename(site.file("cert.key"), site.file("privkey.pem")).unwrap();
        site.join(&["cert.pem", "intermediate.pem"], "fullchain.pem");
        genkey(site.path(), "K1.pem");
        genkey(site.path(), "K2.pem");
        site
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Adds a second certificate, with an RSA key: `rsa-cert.pem`, `rsa-privkey.pem`, `rsa-fullchain.pem`.
    pub fn add_rsa(&self) {
        self.add("rsa", "rsa");
    }

    /// Adds a certificate with another EC key: `shop-cert.pem`, `shop-privkey.pem`, `shop-fullchain.pem`.
    pub fn add_shop(&self) {
        self.add("shop", "ec");
    }

    /// Adds what renewal with a new key brings: `new-cert.pem`, `new-privkey.pem`, `new-fullchain.pem`.
    pub fn add_new(&self) {
        self.add("new", "ec");
    }

    fn add(&self, name: &str, key: &str) {
        self.issue(&format!("{name}-cert"), "intermediate", "leaf", key);
        fs::rename(self.file(&format!("{name}-cert.key")), self.file(&format!("{name}-privkey.pem"))).unwrap();
        self.join(&[&format!("{name}-cert.pem"), "intermediate.pem"], &format!("{name}-fullchain.pem"));
    }

    /// Makes `NAME.pem` and `NAME.key`.
    fn issue(&self, name: &str, issuer: &str, section: &str, key: &str) {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(self.path());
        openssl.args(["req", "-x509", "-config", "openssl.cnf", "-extensions", section, "-nodes", "-days", "30"]);
        openssl.args(["-subj", &format!("/CN={name}"), "-out", &format!("{name}.pem")]);
        openssl.args(["-keyout", &format!("{name}.key"), "-newkey"]);
        match key {
            "ec" => openssl.args(["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
            _ => openssl.arg("rsa:2048"),
        };
        if name != issuer {
            openssl.args(["-CA", &format!("{issuer}.pem"), "-CAkey", &format!("{issuer}.key")]);
        }
        ok(&mut openssl);
    }

    /// Puts files behind one another.
    pub fn join(&self, names: &[&str], to: &str) {
        let text: String = names.iter().map(|name| fs::read_to_string(self.file(name)).unwrap()).collect();
        write(self.path(), to, text);
    }

    /// Signs a tack for a certificate.
    pub fn sign(&self, key: &str, certificate: &str, to: &str) {
        let mut command = tack();
        command.current_dir(self.path());
        ok(command.args(["sign", "-p", PASSWORD, "-k", key, "-c", certificate, "-o", to]));
    }

    /// Packs tacks in a format.
    pub fn pack(&self, tacks: &[&str], flags: u8, format: &str, to: &str) {
        let tacks = tacks.iter().flat_map(|name| [PathBuf::from("-t"), self.file(name)]);
        let mut arguments: Vec<PathBuf> = vec!["pack".into()];
        arguments.extend(tacks);
        arguments.extend(["-a".into(), flags.to_string().into(), "--format".into(), format.into(), "-o".into()]);
        arguments.push(self.file(to));
        tack_ok(arguments);
    }

    /// A tack by each TACK key for the server's certificate, `T1.pem` and `T2.pem`, and of the first `serverinfo.pem`.
    pub fn with_tacks() -> Self {
        let site = Self::new();
        site.sign("K1.pem", "cert.pem", "T1.pem");
        site.sign("K2.pem", "cert.pem", "T2.pem");
        site.pack(&["T1.pem"], 1, "serverinfo", "serverinfo.pem");
        site
    }

    /// The extension of draft-02 that these tacks and flags make, from its definition.
    pub fn extension(&self, tacks: &[&str], flags: u8) -> Vec<u8> {
        let read = |name: &&str| pem::decode_first(&fs::read(self.file(name)).unwrap(), Tack::LABEL).unwrap();
        let tacks: Vec<u8> = tacks.iter().flat_map(read).collect();
        [&u16::try_from(tacks.len()).unwrap().to_be_bytes()[..], &tacks, &[flags]].concat()
    }

    /// The same after its type and length, as TLS has it.
    pub fn tls_extension(&self, tacks: &[&str], flags: u8) -> Vec<u8> {
        let body = self.extension(tacks, flags);
        let length = u16::try_from(body.len()).unwrap();
        [&TackExtension::TYPE.to_be_bytes()[..], &length.to_be_bytes(), &body].concat()
    }
}
