//! What the integration tests share: running our binary and the peers, and making keys and certificates.
//!
//! `make setup` installs the peers: programs of the system, and Python sources under `target/peers`.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io, thread};

use tack_core::{Certificate, TargetHash};
use tempfile::TempDir;

/// The password of every key that the tests make.
pub const PASSWORD: &str = "asdf";

/// Says on the real standard error, past the test harness, that a test is skipped; where TACK_NO_SKIP is set it fails.
pub fn skip(test: &str, what: &str) {
    assert!(env::var_os("TACK_NO_SKIP").is_none(), "{test} needs {what} (run make setup)");
    let _ = writeln!(io::stderr(), "skipped: {test}: needs {what} (run make setup)");
}

/// Whether these programs are installed; if one is not, the test is skipped, and is to return.
pub fn has(test: &str, programs: &[&str]) -> bool {
    let missing = programs.iter().find(|name| program(name).is_none());
    missing.inspect(|name| skip(test, name)).is_none()
}

/// Where a program is; Debian has servers in /usr/sbin.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let directories = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    directories.map(|directory| directory.join(name)).find(|file| file.is_file())
}

/// Our binary, with neither a password nor a store in its environment.
pub fn tack() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tack"));
    command.env_remove("TACK_PASSWORD").env_remove("TACK_PINS").env_remove("TACK_TICKETS");
    command
}

/// A file of the Python peers that `make setup` puts under target/peers.
pub fn peer(name: &str) -> Option<PathBuf> {
    Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers").join(name)).filter(|path| path.exists())
}

/// A script of tests/peers.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

/// Python, with tlslite-ng to import. The one in the virtual environment, where it is there: it starts sooner than one
/// that a version manager hands out.
pub fn python() -> Command {
    let mut command = Command::new(peer("venv/bin/python").unwrap_or_else(|| "python3".into()));
    command.envs(peer("tlslite").map(|tlslite| ("PYTHONPATH", tlslite)));
    command
}

/// A version of tackpy.
pub struct Tackpy {
    tree: PathBuf,
}

impl Tackpy {
    /// Version 0.9.7 or 0.9.9; if it is not there the test is skipped, and is to return.
    pub fn find(test: &str, version: &str) -> Option<Self> {
        let name = format!("tackpy-{version}");
        let tree = peer(&name).filter(|_| program("python3").is_some());
        if tree.is_none() {
            skip(test, &name);
        }
        tree.map(|tree| Self { tree })
    }

    /// Its source tree.
    pub fn tree(&self) -> &Path {
        &self.tree
    }

    /// tackpy, to be given its arguments.
    pub fn command(&self) -> Command {
        let mut command = python();
        command.arg(script("tackpy.py")).arg(&self.tree);
        command
    }

    /// tackpy with its clock at so many seconds since 1970-01-01T00:00:00Z.
    pub fn command_at(&self, now: i64) -> Command {
        let mut command = self.command();
        command.args(["--now", &now.to_string()]);
        command
    }
}

/// What a command did.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    /// The exit status, none after a signal.
    pub status: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Ran {
    /// Standard output as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }
}

/// Runs a command with this on its standard input.
pub fn run_with(command: &mut Command, input: &[u8]) -> Ran {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        // A command that does not read all of it closes the pipe: no error.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().unwrap()
    });
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Ran { status: output.status.code(), stdout: output.stdout, stderr }
}

/// Runs a command with nothing on its standard input.
pub fn run(command: &mut Command) -> Ran {
    run_with(command, b"")
}

/// Runs a command that must succeed.
pub fn ok(command: &mut Command) -> Ran {
    let ran = run(command);
    assert_eq!(ran.status, Some(0), "{command:?}\n{}{}", String::from_utf8_lossy(&ran.stdout), ran.stderr);
    ran
}

/// Runs our binary, which must succeed.
pub fn tack_ok<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Ran {
    ok(tack().args(arguments))
}

/// A directory that goes when it is dropped.
pub fn temp_dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes a file into a directory.
pub fn write(directory: &Path, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, contents).unwrap();
    path
}

/// Copies a directory with all that is in it.
pub fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Makes a TACK key under [`PASSWORD`], with as few iterations as there may be.
pub fn genkey(directory: &Path, name: &str) -> PathBuf {
    let path = directory.join(name);
    ok(tack().args(["genkey", "--iterations", "8192", "-p", PASSWORD, "-o"]).arg(&path));
    path
}

/// Makes a self-signed certificate for localhost and its key: `NAME.pem` and `NAME.key`, returned in this order. The
/// kind is OpenSSL's for -newkey: `rsa:2048`, `ec:P-256`, `ed25519`. It is of X.509 v3, and lasts from now for these days.
pub fn certificate(directory: &Path, name: &str, kind: &str, days: u32) -> (PathBuf, PathBuf) {
    let (certificate, key) = (directory.join(format!("{name}.pem")), directory.join(format!("{name}.key")));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-nodes", "-days", &days.to_string(), "-subj", "/CN=localhost"]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE", "-newkey"]);
    match kind.strip_prefix("ec:") {
        Some(curve) => openssl.args(["ec", "-pkeyopt", &format!("ec_paramgen_curve:{curve}")]),
        None => openssl.arg(kind),
    };
    openssl.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout"]).arg(&key);
    ok(openssl.arg("-out").arg(&certificate));
    (certificate, key)
}

/// A certificate in PEM as DER.
pub fn to_der(certificate: &Path) -> Vec<u8> {
    ok(Command::new("openssl").args(["x509", "-outform", "DER", "-in"]).arg(certificate)).stdout
}

/// What a tack for this certificate says of its key.
pub fn target_hash(certificate: &Path) -> TargetHash {
    Certificate::from_der(&to_der(certificate)).unwrap().target_hash()
}

/// The SubjectPublicKeyInfo of a private key file, in DER.
pub fn public_key(key: &Path) -> Vec<u8> {
    ok(Command::new("openssl").args(["pkey", "-pubout", "-outform", "DER", "-in"]).arg(key)).stdout
}

/// A certificate in DER that says exactly this, v3 or v1, and whose signature means nothing: of use where only TACK looks at
/// it. `not_after` of 13 characters becomes a UTCTime (`261120173115Z`), of 15 a GeneralizedTime (`20261120173115Z`).
pub fn unsigned_certificate(v3: bool, public_key: &[u8], not_after: &str) -> Vec<u8> {
    const SHA256_WITH_RSA: &[u8] = &[0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 11, 0x05, 0];
    const COMMON_NAME: &[u8] = &[0x06, 3, 0x55, 4, 3, 0x0C, 1, b'A'];
    const BASIC_CONSTRAINTS: &[u8] = &[0x06, 3, 0x55, 0x1D, 19, 0x04, 2, 0x30, 0];
    let algorithm = der(0x30, &[SHA256_WITH_RSA]);
    let name = der(0x30, &[&der(0x31, &[&der(0x30, &[COMMON_NAME])])]);
    let time = |text: &str| der(if text.len() < 15 { 0x17 } else { 0x18 }, &[text.as_bytes()]);
    let validity = der(0x30, &[&time("700101000000Z"), &time(not_after)]);
    let version = der(0xA0, &[&[0x02, 1, 2]]);
    let extensions = der(0xA3, &[&der(0x30, &[&der(0x30, &[BASIC_CONSTRAINTS])])]);
    let (version, extensions) = if v3 { (&version[..], &extensions[..]) } else { (&[][..], &[][..]) };
    let tbs = der(0x30, &[version, &[0x02, 1, 7], &algorithm, &name, &validity, &name, public_key, extensions]);
    der(0x30, &[&tbs, &algorithm, &[0x03, 3, 0, 1, 2]])
}

/// A DER element of these contents.
fn der(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let contents = contents.concat();
    let length = u16::try_from(contents.len()).unwrap();
    let [high, low] = length.to_be_bytes();
    let header = match length {
        0..0x80 => vec![tag, low],
        0x80..0x100 => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [header, contents].concat()
}
