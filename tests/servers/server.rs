//! Real servers, each on a loopback port of its own, with the configurations of examples/.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::common::{ok, program, write};

/// What every server answers, at [`PATH`].
pub const BODY: &str = "hello\n";
pub const PATH: &str = "/hello.txt";

pub const DEADLINE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(10);
/// The directory in the examples, of which a test makes its own.
pub const EXAMPLE_DIRECTORY: &str = "/etc/ssl/example";

/// Ports below those that the system gives to clients.
static NEXT_PORT: AtomicU16 = AtomicU16::new(0);

/// A running server, which ends with this value, its children too.
pub struct Server {
    child: Child,
    pub port: u16,
    reload: Option<Reload>,
}

/// Makes the command that has a server read its files again.
type Reload = Box<dyn Fn() -> Command + Sync>;

impl Server {
    /// Starts Apache with a file of examples/.
    pub fn apache(directory: &Path, example: &str) -> Self {
        Self::apache_with(directory, &read_example(example, directory))
    }

    /// Starts Apache with these hosts.
    pub fn apache_with(directory: &Path, example: &str) -> Self {
        start(directory, |port| {
            let modules = ["mpm_event", "ssl", "authz_core"];
            let modules: String =
                modules.map(|name| format!("LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so\n")).concat();
            let here = directory.display();
            let example = example.replace("*:443", &format!("*:{port}"));
            let config = format!(
                "ServerRoot {here}\nDefaultRuntimeDir {here}\nPidFile {here}/apache-{port}.pid\nErrorLog /dev/stderr\n\
                 {modules}ServerName localhost\nUser www-data\nGroup www-data\nDocumentRoot {here}\n\
                 Listen 127.0.0.1:{port}\n{example}"
            );
            let config = write(directory, &format!("apache-{port}.conf"), config);
            let apache = move |arguments: &[&str]| {
                let mut command = Command::new(program("apache2").unwrap());
                command.arg("-f").arg(&config).args(arguments);
                command
            };
            (apache(&["-D", "FOREGROUND"]), Some(Box::new(move || apache(&["-k", "graceful"]))))
        })
    }

    /// Starts nginx with a file of examples/.
    pub fn nginx(directory: &Path, example: &str) -> Self {
        Self::nginx_with(directory, &read_example(example, directory))
    }

    /// Starts nginx with these hosts.
    pub fn nginx_with(directory: &Path, example: &str) -> Self {
        start(directory, |port| {
            let here = directory.display();
            let example = example.replace("listen 443", &format!("listen 127.0.0.1:{port}"));
            let config = format!(
                "daemon off;\npid {here}/nginx-{port}.pid;\nevents {{}}\n\
                 http {{\naccess_log off;\nroot {here};\n{example}}}\n"
            );
            let config = write(directory, &format!("nginx-{port}.conf"), config);
            let nginx = move |arguments: &[&str]| {
                let mut command = Command::new(program("nginx").unwrap());
                command.args(["-e", "stderr", "-c"]).arg(&config).args(arguments);
                command
            };
            (nginx(&[]), Some(Box::new(move || nginx(&["-s", "reload"]))))
        })
    }

    /// Starts HAProxy with a file of examples/, before a server without TLS.
    pub fn haproxy(directory: &Path, example: &str) -> Self {
        let backend = backend();
        start(directory, |port| {
            let example = read_example(example, directory)
                .replace("bind :443", &format!("bind 127.0.0.1:{port}"))
                .replace("127.0.0.1:8080", &format!("127.0.0.1:{backend}"));
            let defaults = "defaults\n    timeout connect 10s\n    timeout client 10s\n    timeout server 10s\n\n";
            let config = write(directory, &format!("haproxy-{port}.cfg"), format!("{defaults}{example}"));
            let mut command = Command::new(program("haproxy").unwrap());
            command.arg("-db").arg("-f").arg(config);
            (command, None)
        })
    }

    /// Starts stunnel with a file of examples/, before a server without TLS.
    pub fn stunnel(directory: &Path, example: &str) -> Self {
        let backend = backend();
        start(directory, |port| {
            let example = read_example(example, directory)
                .replace("accept = 443", &format!("accept = 127.0.0.1:{port}"))
                .replace("127.0.0.1:8080", &format!("127.0.0.1:{backend}"));
            let config =
                write(directory, &format!("stunnel-{port}.conf"), format!("foreground = yes\npid =\n{example}"));
            let mut command = Command::new(program("stunnel").unwrap());
            command.arg(config);
            (command, None)
        })
    }

    /// Starts OpenSSL's own server.
    pub fn s_server(directory: &Path) -> Self {
        start(directory, |port| {
            let mut command = Command::new("openssl");
            command.args(["s_server", "-WWW", "-accept", &format!("127.0.0.1:{port}"), "-key", "privkey.pem"]);
            command.args(["-cert", "cert.pem", "-cert_chain", "intermediate.pem", "-serverinfo", "serverinfo.pem"]);
            (command, None)
        })
    }

    /// Starts what `command` makes for a port.
    pub fn other(directory: &Path, command: impl Fn(u16) -> Command) -> Self {
        start(directory, |port| (command(port), None))
    }

    /// Has the server, which has answered once already, read its files again.
    pub fn reload(&self) {
        ok(&mut self.reload_command());
    }

    /// The number of its process.
    #[allow(dead_code, reason = "a bench alone asks for it")]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub fn reload_command(&self) -> Command {
        self.reload.as_ref().unwrap()()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

const APACHE_MODULES: &str = "/usr/lib/apache2/modules";

/// Calls `done` until it says so.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < DEADLINE, "{what}: not within {DEADLINE:?}");
        thread::sleep(PAUSE);
    }
}

/// A file of examples/, as it is but for the directory.
pub fn read_example(name: &str, directory: &Path) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(EXAMPLE_DIRECTORY), "{name}");
    text.replace(EXAMPLE_DIRECTORY, directory.to_str().unwrap())
}

/// Starts a server, in a process group of its own, and waits until it listens. Another process may take the port first: then
/// another port is tried.
fn start(directory: &Path, prepare: impl Fn(u16) -> (Command, Option<Reload>)) -> Server {
    let mut logs = String::new();
    for _ in 0..3 {
        let port = free_port();
        let log: PathBuf = directory.join(format!("log-{port}"));
        let (mut command, reload) = prepare(port);
        let stderr = File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(stderr.try_clone().unwrap()).stderr(stderr);
        let child = command.current_dir(directory).process_group(0).spawn().unwrap();
        let mut server = Server { child, port, reload };
        let mut ended = false;
        wait_until("listening", || {
            ended = server.child.try_wait().unwrap().is_some();
            ended || TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        if !ended {
            return server;
        }
        logs += &fs::read_to_string(log).unwrap();
    }
    panic!("the server does not start:\n{logs}");
}

fn free_port() -> u16 {
    loop {
        // Test binaries that run at once begin at different ports.
        let start = u16::try_from(std::process::id() % 10_000).unwrap();
        let port = 20_000 + (start + NEXT_PORT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Answers every request on a port, for as long as the test runs.
pub fn backend() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                let length = BODY.len();
                let _ = write!(stream, "HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n{BODY}");
            });
        }
    });
    port
}
