//! Debian's servers of the protocols with STARTTLS, each with the least that it starts with, on a loopback port of its own.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::io::Read;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tack_openssl::StartTls;

use crate::common::{ok, program, write};
use crate::server::{Server, wait_until};

/// The programs that a server of a protocol needs.
pub fn programs(protocol: StartTls) -> &'static [&'static str] {
    match protocol {
        StartTls::Ftp => &["vsftpd"],
        StartTls::Imap | StartTls::Lmtp | StartTls::Pop3 | StartTls::Sieve => &["dovecot"],
        StartTls::Ldap => &["slapd"],
        StartTls::Mysql => &["mariadbd", "mariadb-install-db"],
        StartTls::Postgres => &["pg_lsclusters"],
        StartTls::Smtp => &["postfix"],
        StartTls::Xmpp | StartTls::XmppServer => &["prosody"],
        _ => panic!("no server of {protocol}"),
    }
}

/// Whether a server offers TLS, or does without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    Tls,
    None,
}

/// Starts a server of a protocol, with `privkey.pem` and the chain of this name.
pub fn start(protocol: StartTls, directory: &Path, chain: &str, offer: Offer) -> Server {
    let chain = directory.join(chain);
    match protocol {
        StartTls::Ftp => vsftpd(directory, &chain, offer),
        StartTls::Imap | StartTls::Lmtp | StartTls::Pop3 | StartTls::Sieve => {
            dovecot(protocol, directory, &chain, offer)
        }
        StartTls::Ldap => slapd(directory, &chain, offer),
        StartTls::Mysql => mariadb(directory, &chain, offer),
        StartTls::Postgres => postgresql(directory, &chain, offer),
        StartTls::Smtp => postfix(directory, &chain, offer),
        StartTls::Xmpp | StartTls::XmppServer => prosody(protocol, directory, &chain, offer),
        _ => panic!("no server of {protocol}"),
    }
}

fn command(name: &str) -> Command {
    Command::new(program(name).unwrap())
}

/// A new directory for all users.
fn subdirectory(directory: &Path, name: &str) -> PathBuf {
    let path = directory.join(name);
    fs::create_dir_all(&path).unwrap();
    path
}

fn vsftpd(directory: &Path, chain: &Path, offer: Offer) -> Server {
    let here = directory.display();
    let chain = chain.display();
    let empty = subdirectory(directory, "empty");
    fs::set_permissions(&empty, Permissions::from_mode(0o555)).unwrap();
    Server::other(directory, |port| {
        let mut config = format!(
            "listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\nanonymous_enable=YES\n\
             anon_root={here}/empty\nsecure_chroot_dir={here}/empty\nseccomp_sandbox=NO\n"
        );
        if offer == Offer::Tls {
            let tls = "ssl_enable=YES\nallow_anon_ssl=YES\nssl_ciphers=HIGH\n";
            write!(config, "{tls}rsa_cert_file={chain}\nrsa_private_key_file={here}/privkey.pem\n").unwrap();
        }
        let config = write(directory, &format!("vsftpd-{port}.conf"), config);
        let mut vsftpd = command("vsftpd");
        vsftpd.arg(config);
        vsftpd
    })
}

/// Dovecot listens before a process is there for the protocol, and stops for two seconds if the first one fails, as on a busy
/// machine: it is ready when it has greeted someone.
fn dovecot(protocol: StartTls, directory: &Path, chain: &Path, offer: Offer) -> Server {
    let server = listening_dovecot(protocol, directory, chain, offer);
    wait_until("greeting", || {
        let greeted = TcpStream::connect(("127.0.0.1", server.port)).and_then(|mut stream| stream.read(&mut [0]));
        greeted.is_ok_and(|count| count > 0)
    });
    server
}

fn listening_dovecot(protocol: StartTls, directory: &Path, chain: &Path, offer: Offer) -> Server {
    let here = directory.display();
    let chain = chain.display();
    Server::other(directory, |port| {
        let (service, name) = match protocol {
            StartTls::Imap => ("imap-login", "imap"),
            StartTls::Pop3 => ("pop3-login", "pop3"),
            StartTls::Sieve => ("managesieve-login", "sieve"),
            _ => ("lmtp", "lmtp"),
        };
        let tls = if offer == Offer::Tls { "yes" } else { "no" };
        let config = format!(
            "protocols = {name}\nlisten = 127.0.0.1\nbase_dir = {here}/run-{port}\nstate_dir = {here}/run-{port}\n\
             log_path = /dev/stderr\nssl = {tls}\nssl_cert = <{chain}\nssl_key = <{here}/privkey.pem\n\
             passdb {{\n  driver = static\n  args = nopassword=y\n}}\n\
             service {service} {{\n  inet_listener {name} {{\n    address = 127.0.0.1\n    port = {port}\n  }}\n}}\n\
             service imap-login {{\n  inet_listener imaps {{\n    port = 0\n  }}\n}}\n\
             service pop3-login {{\n  inet_listener pop3s {{\n    port = 0\n  }}\n}}\n"
        );
        let config = write(directory, &format!("dovecot-{port}.conf"), config);
        let mut dovecot = command("dovecot");
        dovecot.arg("-F").arg("-c").arg(config);
        dovecot
    })
}

fn slapd(directory: &Path, chain: &Path, offer: Offer) -> Server {
    let here = directory.display();
    let chain = chain.display();
    Server::other(directory, |port| {
        let mut config = format!("pidfile {here}/slapd-{port}.pid\n");
        if offer == Offer::Tls {
            write!(config, "TLSCertificateFile {chain}\nTLSCertificateKeyFile {here}/privkey.pem\n").unwrap();
        }
        let config = write(directory, &format!("slapd-{port}.conf"), config);
        let mut slapd = command("slapd");
        slapd.args(["-d", "0", "-h", &format!("ldap://127.0.0.1:{port}"), "-f"]).arg(config);
        slapd
    })
}

fn mariadb(directory: &Path, chain: &Path, offer: Offer) -> Server {
    let data = directory.join(format!("mariadb-{offer:?}"));
    let mut install = command("mariadb-install-db");
    install.args(["--no-defaults", "--user=root", "--skip-test-db", "--auth-root-authentication-method=normal"]);
    ok(install.arg(format!("--datadir={}", data.display())));
    Server::other(directory, |port| {
        let mut mariadb = command("mariadbd");
        mariadb.args(["--no-defaults", "--user=root", "--bind-address=127.0.0.1", "--skip-grant-tables"]);
        mariadb.arg(format!("--datadir={}", data.display())).arg(format!("--port={port}"));
        mariadb.arg("--skip-networking=0").arg(format!("--socket={}/mariadb-{port}.sock", directory.display()));
        match offer {
            Offer::Tls => {
                mariadb.arg(format!("--ssl-cert={}", chain.display()));
                mariadb.arg(format!("--ssl-key={}/privkey.pem", directory.display()))
            }
            Offer::None => mariadb.arg("--skip-ssl"),
        };
        mariadb
    })
}

/// PostgreSQL does not run as root.
fn postgresql(directory: &Path, chain: &Path, offer: Offer) -> Server {
    let versions = fs::read_dir("/usr/lib/postgresql").unwrap().map(|entry| entry.unwrap().path());
    let programs = versions.max().unwrap().join("bin");
    // Each server has its own: the processes of one that was killed take a moment to go.
    let data = directory.join(format!("postgresql-{offer:?}"));
    let own = |arguments: &[&str], path: &Path| {
        let mut install = Command::new("install");
        ok(install.args(["-o", "postgres", "-g", "postgres"]).args(arguments).arg(path).current_dir(directory));
    };
    own(&["-d", "-m", "700"], &data);
    own(&["-m", "600", "privkey.pem"], &directory.join("postgres.key"));
    let owner = fs::metadata(&data).unwrap();
    let postgres = |name: &str| {
        let mut command = Command::new(programs.join(name));
        command.uid(owner.uid()).gid(owner.gid()).arg("-D").arg(&data);
        command
    };
    ok(postgres("initdb").arg("--no-sync"));
    Server::other(directory, |port| {
        let mut command = postgres("postgres");
        command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k", "", "-c", "fsync=off"]);
        if offer == Offer::Tls {
            command.args(["-c", "ssl=on", "-c", &format!("ssl_cert_file={}", chain.display())]);
            command.args(["-c", &format!("ssl_key_file={}/postgres.key", directory.display())]);
        }
        command
    })
}

fn postfix(directory: &Path, chain: &Path, offer: Offer) -> Server {
    let here = directory.display();
    let chain = chain.display();
    Server::other(directory, |port| {
        let config = subdirectory(directory, &format!("postfix-{port}"));
        let queue = subdirectory(&config, "queue");
        let data = subdirectory(&config, "data");
        ok(Command::new("chown").arg("postfix").arg(&data));
        let level = if offer == Offer::Tls { "may" } else { "none" };
        let main = format!(
            "compatibility_level = 3.6\nmail_owner = postfix\nsetgid_group = postdrop\n\
             queue_directory = {}\ndata_directory = {}\ncommand_directory = /usr/sbin\n\
             daemon_directory = /usr/lib/postfix/sbin\ninet_interfaces = 127.0.0.1\nmyhostname = localhost\n\
             alias_maps =\nlocal_recipient_maps =\nsmtpd_tls_security_level = {level}\nsmtpd_tls_cert_file = {chain}\n\
             smtpd_tls_key_file = {here}/privkey.pem\n",
            queue.display(),
            data.display()
        );
        write(&config, "main.cf", main);
        let master = format!(
            "127.0.0.1:{port} inet n - n - - smtpd\ntlsmgr unix - - n 1000? 1 tlsmgr\nanvil unix - - n - 1 anvil\n\
             rewrite unix - - n - - trivial-rewrite\nproxymap unix - - n - - proxymap\n"
        );
        write(&config, "master.cf", master);
        // Makes the directories of the queue.
        ok(command("postfix").arg("-c").arg(&config).arg("check"));
        // Not by "postfix start-fg", with which it leaves our process group and outlives the test.
        let mut master = Command::new("/usr/lib/postfix/sbin/master");
        master.arg("-c").arg(config).arg("-d");
        master
    })
}

fn prosody(protocol: StartTls, directory: &Path, chain: &Path, offer: Offer) -> Server {
    let here = directory.display();
    let chain = chain.display();
    Server::other(directory, |port| {
        let data = subdirectory(directory, &format!("prosody-{port}"));
        let (module, ports) = if protocol == StartTls::Xmpp { ("c2s", "c2s_ports") } else { ("s2s", "s2s_ports") };
        let tls = if offer == Offer::Tls { "\"tls\"; " } else { "" };
        let config = format!(
            "daemonize = false; run_as_root = true; pidfile = \"{data}/pid\"; data_path = \"{data}\"\n\
             interfaces = {{ \"127.0.0.1\" }}; c2s_ports = {{}}; s2s_ports = {{}}; http_ports = {{}}; https_ports = {{}}\n\
             {ports} = {{ {port} }}\nmodules_enabled = {{ {tls}\"saslauth\"; \"{module}\"; \"dialback\" }}\n\
             modules_disabled = {{ \"admin_shell\"; \"admin_socket\"; \"posix\" }}\n\
             c2s_require_encryption = false; s2s_require_encryption = false; allow_unencrypted_plain_auth = true\n\
             authentication = \"internal_plain\"; log = {{ info = \"*console\" }}\n\
             ssl = {{ certificate = \"{chain}\"; key = \"{here}/privkey.pem\" }}\nVirtualHost \"localhost\"\n",
            data = data.display()
        );
        let config = write(directory, &format!("prosody-{port}.lua"), config);
        let mut prosody = command("prosody");
        prosody.arg("--config").arg(config).arg("-F");
        prosody
    })
}
