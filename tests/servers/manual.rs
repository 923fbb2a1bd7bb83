//! What tack-deployment(7) shows is what was run: its configurations are the files of examples/ that the other tests serve
//! with, and its commands run here, in their order, beside an Apache that reloads when they say so.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use tack::extension::TackExtension;
use tack::object::Object;
use tack::pem;

use crate::client::{BOTH, ask};
use crate::common::{PASSWORD, has, ok, run, write};
use crate::ready;
use crate::server::{Server, wait_until};
use crate::site::Site;

/// Every one is served with by a test of main.rs.
const EXAMPLES: [&str; 8] = [
    "apache.conf",
    "nginx.conf",
    "haproxy.cfg",
    "stunnel.conf",
    "apache-two-certificates.conf",
    "nginx-two-certificates.conf",
    "nginx-two-hosts.conf",
    "apache-two-hosts.conf",
];

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
    site.add_new();
    let bin = site.file("bin");
    fs::create_dir(&bin).unwrap();
    symlink(env!("CARGO_BIN_EXE_tack"), bin.join("tack")).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());

    let mut server: Option<Server> = None;
    let mut served = Vec::new();
    for block in blocks().into_iter().filter(|block| !is_example(block)) {
        let port = server.as_ref().map_or(0, |server| server.port);
        let script = block.replace("www.example.com:443", &format!("127.0.0.1:{port}"));
        let mut shell = Command::new("sh");
        shell.args(["-e", "-c", &script]).current_dir(site.path()).env("PATH", &path).env("TACK_PASSWORD", PASSWORD);
        let ran = run(&mut shell);
        assert_eq!(ran.status, Some(0), "{block}\n{}\n{}", ran.text(), ran.stderr);

        if server.is_none() && site.file("serverinfo.pem").exists() {
            let apache = Server::apache(site.path(), "apache.conf");
            write_apachectl(&bin, &apache);
            server = Some(apache);
        } else if !block.contains("apachectl graceful") {
            if block.contains("openssl s_client") {
                let sent = pem::decode_first(&ran.stdout, "SERVERINFO FOR EXTENSION 62208").unwrap();
                assert_eq!(sent, installed(&site).to_tls());
            }
            continue;
        }
        let (server, extension) = (server.as_ref().unwrap(), installed(&site));
        let is_served =
            |tls| ask(server.port, &site.file("root.pem"), tls).unwrap().extensions == [extension.to_bytes()];
        wait_until(&block, || BOTH.into_iter().all(is_served));
        served.push(summary(&extension));
    }
    let expected = [
        "1 tack, flags 1, generation 0 of 0",  // the first steps
        "1 tack, flags 1, generation 0 of 0",  // a batch
        "1 tack, flags 1, generation 0 of 0",  // a renewed certificate
        "2 tacks, flags 3, generation 0 of 0", // the rollover
        "2 tacks, flags 2, generation 0 of 0",
        "1 tack, flags 1, generation 0 of 0",
        "1 tack, flags 0, generation 0 of 0", // the deactivation
        "1 tack, flags 1, generation 1 of 0", // the revocation
        "1 tack, flags 1, generation 1 of 1",
        "1 tack, 1 break signature, generation 1 of 1",
    ];
    assert_eq!(served, expected);
    // What goes to servers without a hook.
    for (name, certificates) in [("tackchain.pem", 3), ("rsa-tackchain.pem", 3), ("haproxy.pem", 3)] {
        let bytes = fs::read(site.file(name)).unwrap();
        let objects: Vec<_> = Object::all_from_bytes(&bytes).map(Result::unwrap).collect();
        assert!(objects.len() == certificates && objects[certificates - 1].extension().is_some(), "{name}");
    }
}

/// Apache's own `apachectl graceful` is this, for the one Apache of the system.
fn write_apachectl(bin: &Path, server: &Server) {
    let reload = server.reload_command();
    let words = [reload.get_program()].into_iter().chain(reload.get_args());
    let words: Vec<_> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    let text = format!("#!/bin/sh -e\ntest \"$*\" = graceful\nexec {}\n", words.join(" "));
    let file = write(bin, "apachectl", text);
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
