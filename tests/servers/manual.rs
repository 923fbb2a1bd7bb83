//! What tack-deployment(7) shows is what was run: its configurations are the files of examples/ that the other tests serve
//! with, and its commands run here, in their order, beside an Apache that reloads when they say so.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use tack_core::{Certificate, Object, TackExtension};

use crate::client::{BOTH, ask};
use crate::common::{PASSWORD, Ran, copy_tree, has, ok, run, tack_ok, write};
use crate::ready;
use crate::server::{Server, read_example, wait_until};
use crate::site::Site;

/// Every one is served with by a test of main.rs, but for the script, which runs here.
const EXAMPLES: [&str; 9] = [
    "apache.conf",
    "nginx.conf",
    "haproxy.cfg",
    "stunnel.conf",
    "apache-two-certificates.conf",
    "nginx-two-certificates.conf",
    "nginx-two-hosts.conf",
    "apache-two-hosts.conf",
    PUSH,
];

/// Directories in the site: one of programs, and that of the machine which keeps the batch.
const BIN: &str = "bin";
const KEEPER: &str = "keeper";
const PUSH: &str = "push";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of each example of the page, in its order.
fn blocks() -> Vec<String> {
    let page = fs::read_to_string(root().join("man/tack-deployment.7")).unwrap();
    let blocks = page.split("\n.EX\n").skip(1).map(|rest| rest.split_once("\n.EE\n").unwrap().0);
    blocks.map(|block| block.replace("\\-", "-").replace("\\&", "").replace("\\e", "\\") + "\n").collect()
}

fn is_example(block: &str) -> bool {
    EXAMPLES.iter().any(|name| fs::read_to_string(root().join("examples").join(name)).unwrap() == block)
}

#[test]
fn its_configurations_are_the_examples() {
    let shown = blocks().iter().filter(|block| is_example(block)).count();
    assert_eq!(shown, EXAMPLES.len());
}

/// The commands that need the TACK key, and so the machine that keeps it.
const WITH_KEY: [&str; 4] = ["tack genkey", "tack sign", "tack passwd", "tack break"];

#[test]
fn every_command_says_on_which_machine() {
    let page = fs::read_to_string(root().join("man/tack-deployment.7")).unwrap();
    let parts: Vec<_> = page.split("\n.EX\n").collect();
    let labels = parts.iter().map(|before| before.rsplit('\n').next().unwrap());
    for (label, block) in labels.zip(blocks()).filter(|(_, block)| !is_example(block)) {
        let with_key = block.lines().filter(|line| WITH_KEY.iter().any(|command| line.starts_with(command))).count();
        let expected = if label == ".I On the offline machine:" { block.lines().count() } else { 0 };
        assert!(label.starts_with(".I On ") && with_key == expected, "{label}\n{block}");
    }
}

#[test]
fn it_has_no_warnings() {
    if has("it_has_no_warnings", &["man"]) {
        let page = root().join("man/tack-deployment.7");
        let ran = ok(Command::new("man")
            .args(["--warnings", "-l"])
            .arg(page)
            .env("LC_ALL", "C.UTF-8")
            .env("MANPAGER", "cat"));
        assert_eq!(ran.stderr, "");
        assert!(ran.text().contains(concat!("\ntack ", env!("CARGO_PKG_VERSION"), " ")));
    }
}

#[test]
fn its_commands_do_what_it_says() {
    if !ready("its_commands_do_what_it_says", &["apache2"]) {
        return;
    }
    let site = Site::new();
    site.add_rsa();
    let bin = site.file(BIN);
    fs::create_dir(&bin).unwrap();
    symlink(env!("CARGO_BIN_EXE_tack"), bin.join("tack")).unwrap();

    let mut server: Option<Server> = None;
    let mut served = Vec::new();
    for block in blocks().into_iter().filter(|block| !is_example(block)) {
        prepare(&block, &site);
        if block.contains("-showcerts") {
            server = Some(apache_with_tack_certificate(&site));
        }
        let port = server.as_ref().map_or(0, |server| server.port);
        let script = block.replace("www.example.com:443", &format!("127.0.0.1:{port}"));
        let is_remote = block.contains("./push");
        let ran = shell(&script, &site, if is_remote { KEEPER } else { "" });

        if server.is_none() && site.file("serverinfo.pem").exists() {
            let apache = Server::apache(site.path(), "apache.conf");
            write_apachectl(&bin, &apache);
            write_program(&bin, "scp", "test \"$1\" = -q\nexec cp \"$2\" \"${3#root@www.example.com:}\"\n");
            write_program(&bin, "ssh", "test \"$1\" = root@www.example.com\nexec sh -c \"$2\"\n");
            server = Some(apache);
        } else if !block.contains("apachectl graceful") && !is_remote {
            if block.contains("COPY.pem") {
                assert!(ran.text().starts_with(tack_ok([Path::new("view"), &site.file("KEY.pem")]).text()), "{ran:?}");
            } else if block.contains("tack check") {
                assert!(ran.text().starts_with("TACK OK - unpinned, 1 tack, "), "{ran:?}");
            } else if block.contains("-showcerts") {
                assert_eq!(hash_after(ran.text(), "target_hash"), hash_after(ran.text(), "key_sha256"));
            } else if block.contains("openssl s_client") {
                // But for the context in the first line, which OpenSSL's client does not know.
                let tack = tack_ok([Path::new("view"), &site.file("serverinfo.pem")]);
                assert!(ran.text().contains(tack.text().split_once('\n').unwrap().1), "{ran:?}");
                assert_eq!(hash_after(ran.text(), "target_hash"), hash_after(ran.text(), "key_sha256"));
            }
            continue;
        }
        let (server, extension) = (server.as_ref().unwrap(), installed(&site));
        let is_served = |tls| {
            let answer = ask(server.port, &site.file("root.pem"), tls).unwrap();
            let target = Certificate::from_der(&answer.chain[0]).unwrap().target_hash();
            answer.extensions == [extension.to_bytes()]
                && extension.tacks().iter().all(|tack| tack.target_hash() == target)
        };
        wait_until(&block, || BOTH.into_iter().all(is_served));
        served.push(summary(&extension));
        if is_remote {
            let made = fs::read(site.file(KEEPER).join("serverinfo.pem")).unwrap();
            assert_eq!(fs::read(site.file("serverinfo.pem")).unwrap(), made);
            // So that the next one has something to do.
            site.pack(&["TACK.pem"], 0, "serverinfo", "serverinfo.pem");
            shell("apachectl graceful", &site, "");
        }
    }
    let expected = [
        "1 tack, flags 1, generation 0 of 0",  // the first steps
        "1 tack, flags 1, generation 0 of 0",  // a batch on another machine
        "1 tack, flags 1, generation 0 of 0",  // a batch
        "1 tack, flags 1, generation 0 of 0",  // a renewed certificate
        "1 tack, flags 1, generation 0 of 0",  // a batch for the next one
        "1 tack, flags 1, generation 0 of 0",  // which is installed
        "2 tacks, flags 3, generation 0 of 0", // the rollover
        "2 tacks, flags 2, generation 0 of 0",
        "1 tack, flags 1, generation 0 of 0",
        "2 tacks, flags 3, generation 0 of 0", // with batches
        "1 tack, flags 0, generation 0 of 0",  // the deactivation
        "1 tack, flags 1, generation 1 of 0",  // the revocation
        "1 tack, flags 1, generation 1 of 1",
        "1 tack, 1 break signature, generation 0 of 0",
    ];
    assert_eq!(served, expected);
    // What goes to servers without a hook.
    for (name, certificates) in [("tackchain.pem", 3), ("rsa-tackchain.pem", 3), ("haproxy.pem", 3)] {
        let bytes = fs::read(site.file(name)).unwrap();
        let objects: Vec<_> = Object::all_from_bytes(&bytes).map(Result::unwrap).collect();
        assert!(objects.len() == certificates && objects[certificates - 1].extension().is_some(), "{name}");
    }
}

/// Brings what the page takes for granted at a block.
fn prepare(block: &str, site: &Site) {
    if block.contains("tack simulate examples/plans/") && !site.file("examples").exists() {
        fs::create_dir(site.file("examples")).unwrap();
        copy_tree(&root().join("examples/plans"), &site.file("examples/plans"));
    }
    if block.contains("COPY.pem") {
        fs::copy(site.file("KEY.pem"), site.file("COPY.pem")).unwrap();
    }
    if block.contains("./push") {
        let keeper = site.file(KEEPER);
        fs::create_dir(&keeper).unwrap();
        for name in ["fullchain.pem", "TACKS.pem"] {
            fs::copy(site.file(name), keeper.join(name)).unwrap();
        }
        fs::copy(root().join("examples").join(PUSH), keeper.join(PUSH)).unwrap();
        fs::write(keeper.join(PUSH), read_example(PUSH, site.path())).unwrap();
    }
    if block.contains("-c new-fullchain.pem") {
        site.add_new();
    }
    if block.contains("NEXT.pem") && block.contains("tack sign") {
        shell("tack sign -k KEY.pem -c fullchain.pem -n 365@1d -e 2d > TACKS.pem", site, "");
    }
    if block.contains("genkey -o NEWKEY.pem") {
        site.sign("KEY.pem", "fullchain.pem", "TACK.pem");
    }
}

/// Runs a script, which must succeed, in a directory of the site.
fn shell(script: &str, site: &Site, directory: &str) -> Ran {
    let path = format!("{}:{}", site.file(BIN).display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", script]).current_dir(site.file(directory));
    // The CA of the site is one that the system trusts.
    shell.env("SSL_CERT_FILE", site.file("root.pem")).env_remove("TACK_PINS");
    let ran = run(shell.env("PATH", path).env("TACK_PASSWORD", PASSWORD));
    assert_eq!(ran.status, Some(0), "{script}\n{}\n{}", ran.text(), ran.stderr);
    ran
}

fn apache_with_tack_certificate(site: &Site) -> Server {
    site.pack(&["TACK.pem"], 1, "certificate", "tackcert.pem");
    site.join(&["fullchain.pem", "tackcert.pem"], "tackchain.pem");
    let example = read_example("apache.conf", site.path());
    Server::apache_with(site.path(), &example.replace("fullchain.pem", "tackchain.pem"))
}

/// The hash behind the first such label in what `tack view` says, on two lines.
fn hash_after(text: &str, label: &str) -> String {
    let value = text.split_once(label).unwrap().1.split_once('=').unwrap().1;
    value.split_whitespace().take(2).collect()
}

/// Apache's own `apachectl graceful` is this, for the one Apache of the system.
fn write_apachectl(bin: &Path, server: &Server) {
    let reload = server.reload_command();
    let words = [reload.get_program()].into_iter().chain(reload.get_args());
    let words: Vec<_> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    write_program(bin, "apachectl", &format!("test \"$*\" = graceful\nexec {}\n", words.join(" ")));
}

fn write_program(bin: &Path, name: &str, text: &str) {
    let file = write(bin, name, format!("#!/bin/sh -e\n{text}"));
    fs::set_permissions(file, Permissions::from_mode(0o755)).unwrap();
}

fn installed(site: &Site) -> TackExtension {
    let bytes = fs::read(site.file("serverinfo.pem")).unwrap();
    let object = Object::all_from_bytes(&bytes).next().unwrap().unwrap();
    object.extension().unwrap().clone()
}

fn summary(extension: &TackExtension) -> String {
    let tacks = extension.tacks();
    let tack = tacks.last().unwrap();
    let plural = if tacks.len() == 1 { "" } else { "s" };
    let rest = match extension {
        TackExtension::Draft02(draft) => format!("flags {}", draft.activation_flags()),
        TackExtension::Draft00(_) => format!("{} break signature", extension.break_sigs().len()),
    };
    format!("{} tack{plural}, {rest}, generation {} of {}", tacks.len(), tack.generation(), tack.min_generation())
}
