//! The files of examples/, run as they are but for the paths in them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{PASSWORD, Ran, certificate, genkey, has, ok, run, tack, target_hash, temp_dir, write};
use tack_core::{Object, TargetHash};
use tempfile::TempDir;

const PROGRAM: &str = "/usr/local/bin/tack";
const DIRECTORY: &str = "/etc/tack";
const RELOAD: &str = "systemctl reload nginx";

/// A directory in the place of /etc/tack, with a key, a certificate and a batch whose first tack is to be installed.
struct Site {
    directory: TempDir,
}

impl Site {
    fn new() -> Self {
        let site = Self { directory: temp_dir() };
        genkey(site.directory.path(), "key.pem");
        write(site.directory.path(), "password", PASSWORD);
        fs::set_permissions(site.path("password"), fs::Permissions::from_mode(0o600)).unwrap();
        certificate(site.directory.path(), "www", "ec:P-256", 30);
        let mut sign = tack();
        sign.args(["sign", "-p", PASSWORD, "-n", "40@1d", "-e", "36h", "-k"]).arg(site.path("key.pem")).arg("-c");
        write(site.directory.path(), "batch.pem", ok(sign.arg(site.path("www.pem"))).stdout);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// An example with our program, this directory and a reload that leaves a trace.
    fn adapted(&self, name: &str) -> String {
        let reload = format!("echo >>{}", self.path("reloads").display());
        let text = fs::read_to_string(example(name)).unwrap();
        assert!([PROGRAM, DIRECTORY, RELOAD].iter().all(|word| text.contains(word)), "{name}");
        text.replace(PROGRAM, env!("CARGO_BIN_EXE_tack"))
            .replace(DIRECTORY, self.directory.path().to_str().unwrap())
            .replace(RELOAD, &reload)
    }

    /// How often the server was reloaded.
    fn reloads(&self) -> usize {
        fs::read(self.path("reloads")).map_or(0, |lines| lines.len())
    }

    /// Asserts that a file serves the one tack for this key, and has clients pin.
    fn assert_serves(&self, name: &str, target: TargetHash) {
        let bytes = fs::read(self.path(name)).unwrap();
        let objects = Object::all_from_bytes(&bytes).collect::<Result<Vec<_>, _>>().unwrap();
        let [object @ Object::ServerInfo(info)] = objects.as_slice() else { panic!("{objects:?}") };
        object.verify().unwrap();
        assert_eq!(object.tacks().iter().map(|tack| tack.target_hash()).collect::<Vec<_>>(), [target]);
        // The activation flags are the last byte of a TackExtension of draft-02.
        assert_eq!(info.extension().to_bytes().last(), Some(&1));
    }
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// Runs a command as cron does: by the shell, with next to nothing in the environment.
fn as_cron(command: &str) -> Ran {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).current_dir("/").env_clear();
    shell.envs([("HOME", "/root"), ("LOGNAME", "root"), ("SHELL", "/bin/sh"), ("PATH", "/usr/bin:/bin")]);
    run(&mut shell)
}

fn assert_silent(ran: &Ran) {
    assert_eq!((ran.status, ran.text(), ran.stderr.as_str()), (Some(0), "", ""));
}

/// The commands of a crontab with users, and their hours.
fn commands(crontab: &str) -> Vec<String> {
    let lines = crontab.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let commands = lines.map(|line| {
        assert!(!line.contains('%'), "cron takes a % for the end of the line: {line}");
        let mut fields = line.splitn(7, ' ');
        let (minute, user) = (fields.next().unwrap(), fields.nth(4).unwrap());
        assert!(minute.parse::<u32>().unwrap() < 60 && user == "root", "{line}");
        fields.next().unwrap().to_owned()
    });
    commands.collect()
}

#[test]
fn cron() {
    let site = Site::new();
    let commands = commands(&site.adapted("cron"));
    let [deploy, status] = commands.as_slice() else { panic!("{commands:?}") };
    assert_silent(&as_cron(deploy));
    site.assert_serves("serverinfo.pem", target_hash(&site.path("www.pem")));
    assert_silent(&as_cron(deploy));
    assert_eq!(site.reloads(), 1);
    assert_silent(&as_cron(status));
    // What is wrong is said.
    let mut sign = tack();
    sign.args(["sign", "-p", PASSWORD, "-e", "20d", "-k"])
        .arg(site.path("key.pem"))
        .arg("-c")
        .arg(site.path("www.pem"));
    write(site.directory.path(), "batch.pem", ok(&mut sign).stdout);
    assert!(as_cron(status).text().starts_with("TACK WARNING - "));
    fs::remove_file(site.path("batch.pem")).unwrap();
    assert!(as_cron(status).text().starts_with("TACK UNKNOWN - "));
    let ran = as_cron(deploy);
    assert_eq!(ran.status, Some(1));
    assert!(ran.stderr.contains("batch.pem: cannot be read"), "{}", ran.stderr);
}

#[test]
fn systemd_units() {
    let site = Site::new();
    let service = site.adapted("tack-deploy.service");
    // The example push, which it recommends, reads a key of ssh in a home directory.
    assert!(service.contains("example push") && service.contains("\nProtectHome=read-only\n"));
    let command = service.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    assert_silent(&as_cron(command));
    site.assert_serves("serverinfo.pem", target_hash(&site.path("www.pem")));
    assert_eq!(site.reloads(), 1);

    if !has("systemd_units", &["systemd-analyze"]) {
        return;
    }
    let service = write(site.directory.path(), "tack-deploy.service", &service);
    let timer = site.path("tack-deploy.timer");
    fs::copy(example("tack-deploy.timer"), &timer).unwrap();
    let verify = || run(Command::new("systemd-analyze").args(["verify", "--man=no"]).args([&service, &timer]));
    assert_silent(&verify());
    // So that the silence means something.
    let text = fs::read_to_string(&timer).unwrap();
    fs::write(&timer, text.replace("OnCalendar=hourly", "OnCalendar=hourlyish")).unwrap();
    let ran = verify();
    assert!(ran.stderr.contains("hourlyish"), "{ran:?}");
}

/// The unit that runs check is one that systemd takes, and its command is one that tack takes.
#[test]
fn check_units() {
    let site = Site::new();
    let service = fs::read_to_string(example("tack-check.service")).unwrap();
    assert!(service.contains(PROGRAM) && service.contains(DIRECTORY) && service.contains("/var/lib/tack"));
    let service = service
        .replace(PROGRAM, env!("CARGO_BIN_EXE_tack"))
        .replace(DIRECTORY, site.directory.path().to_str().unwrap())
        .replace("/var/lib/tack", site.directory.path().to_str().unwrap());
    let command = service.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    // Nobody listens on port 1.
    write(site.directory.path(), "hosts.txt", "127.0.0.1:1\n127.0.0.2:1\n");
    let ran = as_cron(command);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.text().starts_with("TACK CRITICAL - 2 CRITICAL: 127.0.0.1:1, 127.0.0.2:1 | "), "{ran:?}");

    if !has("check_units", &["systemd-analyze"]) {
        return;
    }
    let service = write(site.directory.path(), "tack-check.service", &service);
    let timer = site.path("tack-check.timer");
    fs::copy(example("tack-check.timer"), &timer).unwrap();
    let verify = || run(Command::new("systemd-analyze").args(["verify", "--man=no"]).args([&service, &timer]));
    assert_silent(&verify());
    let text = fs::read_to_string(&timer).unwrap();
    fs::write(&timer, text.replace("OnCalendar=", "OnCalendar=at ")).unwrap();
    let ran = verify();
    assert!(ran.stderr.contains("at *:0/10"), "{ran:?}");
}

/// Every option that the monitoring systems give is one of check.
#[test]
fn icinga_and_nagios() {
    let text = fs::read_to_string(example("icinga.conf")).unwrap();
    let help = ok(tack().args(["check", "--help"]));
    let options: Vec<_> = text.split([' ', '"', '\n']).filter(|word| word.starts_with("--")).collect();
    assert!(options.len() >= 8, "{options:?}");
    for option in options {
        assert!(help.text().contains(option), "{option}");
    }
    // What Nagios runs, as it stands there.
    let line = text.lines().find_map(|line| line.strip_prefix("#   command_line  ")).unwrap();
    assert!(line.contains(PROGRAM) && line.contains("$HOSTNAME$"));
    let ran = as_cron(&line.replace(PROGRAM, env!("CARGO_BIN_EXE_tack")).replace("$HOSTNAME$", "127.0.0.1:1"));
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.text().starts_with("TACK CRITICAL - no connection: "), "{ran:?}");
}

/// What did not arrive as a whole never takes the place of what is there.
#[test]
fn push() {
    let directory = temp_dir();
    for name in ["scp", "ssh"] {
        let text = format!("#!/bin/sh\necho {name} \"$@\"\ntest \"$FAILS\" != {name}\n");
        let program = write(directory.path(), name, text);
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let push = |fails: &str| {
        let path = format!("PATH={}:$PATH FAILS={fails}", directory.path().display());
        as_cron(&format!("{path} {}", example("push").display()))
    };
    let sent = "scp -q serverinfo.pem root@www.example.com:/etc/ssl/example/serverinfo.pem.new\n";
    let reloaded = "ssh root@www.example.com mv /etc/ssl/example/serverinfo.pem.new /etc/ssl/example/serverinfo.pem \
                    && apachectl graceful\n";
    let both = [sent, reloaded].concat();
    for (fails, status, text) in [("none", 0, both.as_str()), ("scp", 1, sent), ("ssh", 1, &both)] {
        let ran = push(fails);
        assert_eq!((ran.status, ran.text(), ran.stderr.as_str()), (Some(status), text, ""));
    }
}

#[test]
fn certbot_hook() {
    let site = Site::new();
    let hook = write(site.directory.path(), "00-tack", site.adapted("certbot-deploy-hook.sh"));
    fs::set_permissions(&hook, fs::metadata(example("certbot-deploy-hook.sh")).unwrap().permissions()).unwrap();
    let lineage = site.path("live/www.example.com");
    fs::create_dir_all(&lineage).unwrap();
    let renew = |arguments: &str| {
        let (certificate, _) = certificate(&lineage, "cert", "ec:P-256", 30);
        let line = format!("RENEWED_DOMAINS=www.example.com RENEWED_LINEAGE={} {arguments}", lineage.display());
        (target_hash(&certificate), as_cron(&format!("{line} {}", hook.display())))
    };
    for renewals in 1..=2 {
        let (target, ran) = renew("");
        assert_silent(&ran);
        site.assert_serves("www.example.com.serverinfo.pem", target);
        assert_eq!(site.reloads(), renewals);
    }
    let before = fs::read(site.path("www.example.com.serverinfo.pem")).unwrap();
    // A password that others can read is none; and what fails, fails the hook and leaves what was there.
    fs::set_permissions(site.path("password"), fs::Permissions::from_mode(0o640)).unwrap();
    let (_, ran) = renew("");
    assert_eq!(ran.status, Some(1));
    assert!(ran.stderr.contains("password: others must not read it: chmod 600 "), "{}", ran.stderr);
    fs::set_permissions(site.path("password"), fs::Permissions::from_mode(0o400)).unwrap();
    fs::remove_file(lineage.join("cert.pem")).unwrap();
    let ran = as_cron(&format!("RENEWED_LINEAGE={} {}", lineage.display(), hook.display()));
    assert_eq!(ran.status, Some(1));
    assert!(ran.stderr.contains("cert.pem: cannot be read"), "{}", ran.stderr);
    let ran = as_cron(hook.to_str().unwrap());
    assert!(ran.status != Some(0) && ran.stderr.contains("RENEWED_LINEAGE: is set by certbot"), "{}", ran.stderr);
    assert_eq!((fs::read(site.path("www.example.com.serverinfo.pem")).unwrap(), site.reloads()), (before, 2));
}
