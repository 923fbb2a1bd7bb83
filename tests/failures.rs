//! Failures that need a pipeline, a special file or a terminal: the message, the exit status, and that no file is
//! created or changed. The others are golden cases, in `tests/cli`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A copy of the fixtures, to run commands in.
struct Sandbox(TempDir);

/// What tells that a file was touched: inode, mode, size, time of change (of content or name) in nanoseconds.
type Snapshot = BTreeMap<PathBuf, (u64, u32, u64, i64)>;

impl Sandbox {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        common::copy_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/fixtures"), directory.path());
        Self(directory)
    }

    /// A shell script with `tack` in its PATH, no password in its environment and nothing on standard input.
    fn command(&self, script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).current_dir(&self.0).env_clear().stdin(Stdio::null());
        let binary = Path::new(env!("CARGO_BIN_EXE_tack")).parent().unwrap();
        command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", binary.display()));
        command
    }

    fn run(&self, script: &str) -> Output {
        self.command(script).output().unwrap()
    }

    /// Runs a script that must end so, and leave every file as it is.
    fn fails(&self, script: &str, status: i32, stderr: &str) {
        let before = self.snapshot();
        let output = self.run(script);
        assert_eq!(text(&output.stderr), stderr, "{script}");
        assert_eq!(output.status.code(), Some(status), "{script}");
        assert_eq!(self.snapshot(), before, "{script}");
    }

    /// Runs a script that must do its work without a word.
    fn succeeds(&self, script: &str) -> String {
        let output = self.run(script);
        assert_eq!(text(&output.stderr), "", "{script}");
        assert!(output.status.success(), "{script}");
        text(&output.stdout)
    }

    fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::new();
        look(self.0.path(), &mut snapshot);
        snapshot
    }
}

fn look(directory: &Path, snapshot: &mut Snapshot) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.symlink_metadata().unwrap();
        if metadata.is_dir() {
            look(&path, snapshot);
        } else {
            let changed = metadata.ctime() * 1_000_000_000 + metadata.ctime_nsec();
            snapshot.insert(path, (metadata.ino(), metadata.mode(), metadata.len(), changed));
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const SIGN: &str = "tack sign -k KEY.pem -p asdf -c EC.pem -e 2027Z --now 2026Z";
const BREAK: &str = "tack break -k KEY.pem -p asdf";

/// One command of each kind that writes to standard output.
const WRITERS: [&str; 9] = [
    "tack genkey -p asdf --iterations 8192",
    SIGN,
    "tack sign -k KEY.pem -p asdf -c EC.pem -n 100@1d -e 2027Z --now 2026Z",
    BREAK,
    "tack view TACK.pem --now 2026Z",
    "tack view --json TACK.pem --now 2026Z",
    "tack cert -i TACK.pem --now 2026Z",
    "tack pack -t TACK.pem --now 2026Z",
    "tack unpack EXTENSION.pem",
];

/// Every golden case that fails, again, each in the fixtures as they are.
#[test]
fn no_failure_of_the_golden_cases_changes_a_file() {
    let sandbox = Sandbox::new();
    let mut number = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli")).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() {
            continue;
        }
        let cases = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = cases.lines().collect();
        for pair in lines.windows(2) {
            let (Some(command), Some(status)) = (pair[0].strip_prefix("$ "), pair[1].strip_prefix("? ")) else {
                continue;
            };
            // What --run runs comes after the work is done. A store is what the cases before have made of it.
            if [" --run ", "PINS.db", "TICKETS.db"].iter().any(|word| command.contains(word)) {
                continue;
            }
            let before = sandbox.snapshot();
            let output = sandbox.run(command);
            assert_eq!(output.status.code(), Some(status.parse().unwrap()), "{}: {command}", path.display());
            assert_eq!(sandbox.snapshot(), before, "{}: {command}", path.display());
            number += 1;
        }
    }
    assert!(number > 200, "{number} cases");
}

#[test]
fn without_a_terminal_a_password_is_asked_for_in_vain() {
    let sandbox = Sandbox::new();
    let message = |question: &str, options: &str| {
        format!("tack: no terminal to ask \"{question}\" (no such device or address); give {options}\n")
    };
    sandbox.succeeds("chmod 600 KEY.pem");
    let (given, changed) = ("--password-file or TACK_PASSWORD", "--new-password-file or --keep-password");
    for (command, question, options) in [
        ("genkey -o NEW.pem", "choose password for key file", given),
        ("sign -k KEY.pem -c EC.pem -o NEW.pem", "enter password for key file", given),
        ("break -k KEY.pem -o NEW.pem", "enter password for key file", given),
        ("passwd -k KEY.pem", "enter old password for key file", given),
        ("passwd -k KEY.pem --keep-password", "enter old password for key file", given),
        ("passwd -k KEY.pem -p asdf", "choose new password for key file", changed),
    ] {
        sandbox.fails(&format!("setsid -w tack {command}"), 1, &message(question, options));
    }
    // What can be refused before is.
    for (command, message) in [
        ("genkey -o KEY.pem", "KEY.pem: it exists already; choose another name, or replace it with --force"),
        (
            "genkey -o NONE/KEY.pem",
            "NONE/KEY.pem: cannot be written: no such file or directory; make its directory first",
        ),
        ("sign -k KEY.pem -c EC.pem -o bad", "bad: it is a directory; give a file name"),
        ("sign -k KEY.pem -c NONE.pem", "NONE.pem: cannot be read: no such file or directory; check its name"),
        ("break -k KEY.pem -o KEY.pem", "KEY.pem: it is an input too, and would be lost; choose another output"),
    ] {
        sandbox.fails(&format!("setsid -w tack {command}"), 1, &format!("tack: {message}\n"));
    }
}

/// What a terminal shows of a run that is typed to.
fn at_terminal(sandbox: &Sandbox, typed: &str, command: &str) -> (Option<i32>, String) {
    let output = sandbox.run(&format!("printf '{typed}' | script -qefc '{command}' /dev/null"));
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn at_a_terminal_a_wrong_password_may_be_corrected_twice() {
    let sandbox = Sandbox::new();
    let command = "tack --now 2026-11-20T17:31:15Z break -k KEY.pem -o NEW.pem";
    let (status, shown) = at_terminal(&sandbox, "wrong\\nwrong\\nasdf\\n", command);
    assert_eq!((status, shown.matches("Password incorrect!").count()), (Some(0), 2), "{shown}");
    assert_eq!(shown.matches("Enter password for key file: ").count(), 3, "{shown}");
    sandbox.succeeds("cmp NEW.pem BREAK.pem && rm NEW.pem");

    let before = sandbox.snapshot();
    let (status, shown) = at_terminal(&sandbox, "wrong\\nwrong\\nwrong\\n", command);
    assert_eq!(status, Some(1), "{shown}");
    assert!(
        shown.ends_with("tack: KEY.pem: wrong password, or a damaged key file; nothing has changed, try again\r\n")
    );
    for typed in ["\\n", "\\004"] {
        let (status, shown) = at_terminal(&sandbox, typed, command);
        assert_eq!(status, Some(1), "{shown}");
        assert!(shown.ends_with("tack: no password was given; nothing has changed\r\n"), "{shown}");
    }
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn at_a_terminal_a_new_password_is_asked_for_twice() {
    let sandbox = Sandbox::new();
    let command = "tack genkey --iterations 8192 -o NEW.pem";
    let before = sandbox.snapshot();
    let (status, shown) = at_terminal(&sandbox, "a\\nb\\na\\nb\\na\\nb\\n", command);
    assert_eq!((status, shown.matches("PASSWORDS DON'T MATCH!").count()), (Some(1), 3), "{shown}");
    assert!(shown.ends_with("tack: the passwords did not match 3 times; nothing has changed\r\n"), "{shown}");
    assert_eq!(sandbox.snapshot(), before);

    let (status, shown) = at_terminal(&sandbox, "a\\nb\\nc\\nc\\n", command);
    assert_eq!(status, Some(0), "{shown}");
    sandbox.succeeds("tack break -k NEW.pem -p c -o /dev/null");
}

#[test]
fn a_file_of_1_gib_is_not_read() {
    let sandbox = Sandbox::new();
    let big = File::create(sandbox.0.path().join("BIG.pem")).unwrap();
    big.set_len(1 << 30).unwrap();
    for command in [
        "genkey --password-file BIG.pem",
        "sign -k BIG.pem -p asdf -c EC.pem",
        "sign -k KEY.pem -p asdf -c BIG.pem",
        "break -k BIG.pem -p asdf",
        "break -k KEY.pem --password-file BIG.pem",
        "view BIG.pem",
        "cert -i BIG.pem",
        "cert -i TACK.pem -b BIG.pem",
        "pack -t BIG.pem",
        "pack -t TACK.pem -b BIG.pem",
        "unpack BIG.pem",
        "passwd -k BIG.pem -p asdf --keep-password",
        "passwd -k KEY.pem -p asdf --new-password-file BIG.pem",
        "deploy -o NEW.pem BIG.pem",
        "deploy -c BIG.pem -o NEW.pem TACKS.pem",
    ] {
        sandbox.fails(&format!("tack {command}"), 1, &too_large("BIG.pem", 1));
    }
    let status = sandbox.run("tack status BIG.pem");
    assert_eq!(text(&status.stdout), too_large("BIG.pem", 1).replace("tack: ", "TACK UNKNOWN - "));
    assert_eq!(status.status.code(), Some(3));

    for endless in ["/dev/zero", "- < /dev/zero"] {
        let name = endless.replace("- < /dev/zero", "standard input");
        sandbox.fails(&format!("tack view {endless}"), 1, &too_large(&name, 1));
        sandbox.fails(&format!("tack break -p asdf -k {endless}"), 1, &too_large(&name, 1));
    }

    fs::copy(sandbox.0.path().join("TACKS.pem"), sandbox.0.path().join("BIG_TACKS.pem")).unwrap();
    let tacks = File::options().write(true).open(sandbox.0.path().join("BIG_TACKS.pem")).unwrap();
    tacks.set_len(1 << 30).unwrap();
    let gap = "tack: BIG_TACKS.pem: more than 1 MiB of text without a PEM block, and the rest is not read; \
               give the right file\n";
    assert!(!sandbox.succeeds("tack view --now 2026Z TACKS.pem").is_empty());
    sandbox.fails("tack view --now 2026Z BIG_TACKS.pem", 1, gap);
    sandbox.fails(
        "cat TACKS.pem /dev/zero | tack view --now 2026Z -",
        1,
        &gap.replace("BIG_TACKS.pem", "standard input"),
    );
    sandbox.fails("tack deploy --now 2026-11-21Z --dry-run -o NEW.pem BIG_TACKS.pem", 1, gap);
    sandbox.fails(
        "{ printf '0\\202'; cat /dev/zero; } | tack view -",
        1,
        "tack: standard input: the certificate is larger than 1 MiB; give the right file\n",
    );
    sandbox.fails("tack pack -t BIG_TACKS.pem", 1, &too_large("BIG_TACKS.pem", 1));
}

fn too_large(name: &str, mib: u32) -> String {
    format!("tack: {name}: it is larger than {mib} MiB, too large for what it should hold; give the right file\n")
}

#[test]
fn standard_input_is_read_once() {
    let sandbox = Sandbox::new();
    let message = "tack: standard input: it can be read only once; give a file for all but one \"-\"\n";
    for command in [
        "sign -k - -p asdf -c - < KEY.pem",
        "break -k - --password-file - < KEY.pem",
        "pack -t - -t - < TACK.pem",
        "pack -t - -b - < TACK.pem",
        "cert -i - -b - < TACK.pem",
        "deploy -c - -o NEW.pem - < EC.pem",
    ] {
        sandbox.fails(&format!("tack {command}"), 1, message);
    }
    sandbox.fails("tack --now 2026Z view - - < TACK.pem", 1, message);
    assert_eq!(
        sandbox.succeeds("tack --now 2026Z view - < TACK.pem"),
        sandbox.succeeds("tack --now 2026Z view TACK.pem")
    );
    sandbox.succeeds("tack sign -k- -p asdf -c EC.pem < KEY.pem | tack view -");
    sandbox.fails("tack view - < /dev/null", 1, "tack: standard input: it is empty; give the right file\n");
    sandbox.fails("tack view - <&-", 1, "tack: standard input: it is empty; give the right file\n");
}

#[test]
fn an_output_that_is_an_input_by_another_name_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.succeeds("ln -s KEY.pem LINK.pem && ln EC.pem HARD.pem && ln -s bad/.. HERE");
    let message = |name: &str| format!("tack: {name}: it is an input too, and would be lost; choose another output\n");
    sandbox.fails(&format!("{SIGN} -o LINK.pem"), 1, &message("LINK.pem"));
    sandbox.fails(&format!("{SIGN} -o HARD.pem"), 1, &message("HARD.pem"));
    sandbox.fails(&format!("{SIGN} -o HERE/EC.pem"), 1, &message("HERE/EC.pem"));
    sandbox.fails(
        &format!("{BREAK} -o \"$PWD/KEY.pem\""),
        1,
        &message(&sandbox.0.path().join("KEY.pem").to_string_lossy()),
    );
    sandbox.fails("tack unpack - -o EXTENSION.pem < EXTENSION.pem", 1, &message("EXTENSION.pem"));
    sandbox.fails("tack deploy -o LINK.pem TACKS.pem KEY.pem", 1, &message("LINK.pem"));

    let message = replaces_input;
    let batch = "tack sign -p asdf -e 2027Z --now 2026Z -n 3@1d";
    sandbox.succeeds("cp KEY.pem T_0002.pem && ln -s KEY.pem U_0001.pem");
    sandbox.fails(&format!("{batch} -k T_0002.pem -c EC.pem -o T"), 1, &message("T_0002.pem"));
    sandbox.fails(&format!("{batch} -k HERE/T_0002.pem -c EC.pem -o ./T"), 1, &message("./T_0002.pem"));
    sandbox.fails(&format!("{batch} -k KEY.pem -c EC.pem -o U"), 1, &message("U_0001.pem"));
}

fn replaces_input(name: &str) -> String {
    format!("tack: {name}: it is an input, and the batch would replace it; choose another -o\n")
}

#[test]
fn nothing_writes_over_a_key() {
    let sandbox = Sandbox::new();
    sandbox.succeeds("cp KEY.pem OTHER_KEY.pem && ln -s OTHER_KEY.pem LINK.pem && mkdir d && cp KEY.pem d/_0001.pem");
    let message =
        |name: &str| format!("tack: {name}: it holds a TACK key, which would be lost; choose another output\n");
    sandbox.fails(&format!("{BREAK} -o OTHER_KEY.pem"), 1, &message("OTHER_KEY.pem"));
    sandbox.fails(&format!("{BREAK} -o LINK.pem"), 1, &message("LINK.pem"));
    sandbox.fails("cat KEY.pem | tack break -k - -p asdf -o KEY.pem", 1, &message("KEY.pem"));
    sandbox.fails("tack cert -i TACK.pem -o KEY.pem", 1, &message("KEY.pem"));
    sandbox.fails("tack pack -t TACK.pem -o KEY.pem", 1, &message("KEY.pem"));
    sandbox.fails("tack deploy -o KEY.pem TACKS.pem", 1, &message("KEY.pem"));
    let batch = "tack sign -p asdf -e 2027Z --now 2026Z -c EC.pem -n 3@1d";
    sandbox.fails(&format!("{batch} -k KEY.pem -o d/"), 1, &message("d/_0001.pem"));
    // Behind as much text as a key file may have.
    sandbox.succeeds("{ head -c 900000 /dev/zero | tr '\\0' x; cat KEY.pem; } > LATE.pem");
    sandbox.fails(&format!("{BREAK} -o LATE.pem"), 1, &message("LATE.pem"));
    // An input that is reached by another name, or was read from standard input.
    let message = replaces_input;
    sandbox.succeeds("ln -s d/_0001.pem BY_LINK.pem");
    sandbox.fails(&format!("{batch} -k BY_LINK.pem -o d/"), 1, &message("d/_0001.pem"));
    sandbox.fails(&format!("{batch} -k - -o d/ < d/_0001.pem"), 1, &message("d/_0001.pem"));
}

#[test]
fn what_standard_output_holds_already_stays() {
    let sandbox = Sandbox::new();
    sandbox.succeeds("echo precious > LOG");
    sandbox.succeeds(&format!("{BREAK} -o /dev/stdout >> LOG"));
    let log = sandbox.succeeds("cat LOG");
    assert!(log.starts_with("precious\nCreated by tack") && log.ends_with("-----END TACK BREAK SIG-----\n"), "{log}");
}

#[test]
fn passwd_loses_nothing() {
    let sandbox = Sandbox::new();
    sandbox.succeeds("cat KEY.pem EC.pem > BOTH.pem && mkfifo PIPE");
    let passwd = "tack passwd -p asdf --keep-password --iterations 8192 -k";
    let message = "BOTH.pem: it holds more than one PEM block, and the others would be lost; split it first";
    sandbox.fails(&format!("{passwd} BOTH.pem"), 1, &format!("tack: {message}\n"));
    let message = "PIPE: it is no regular file, which could be replaced; give the key file itself";
    let output = sandbox.run(&format!("cat KEY.pem > PIPE & {passwd} PIPE"));
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), format!("tack: {message}\n")));
}

#[test]
fn passwd_keeps_what_is_written_beside_the_key() {
    let sandbox = Sandbox::new();
    sandbox.succeeds("{ printf 'Created by Alice\n# in vault 7\n'; cat KEY.pem; printf '# until 2031'; } > MINE.pem");
    sandbox.succeeds("sed -i 's/END TACK PRIVATE KEY-----/& of 2026/' MINE.pem && chmod 600 MINE.pem");
    for _ in 0..2 {
        sandbox.succeeds("tack passwd -k MINE.pem -p asdf --keep-password --iterations 8192 --now 2026-11-20Z");
        let text = sandbox.succeeds("cat MINE.pem");
        let start = "Created by Alice\n# in vault 7\nCreated by tack";
        assert!(text.starts_with(start) && text.matches("Created at 2026-11-20T00:00:00Z\n").count() == 1, "{text}");
        let end = "-----END TACK PRIVATE KEY----- of 2026\n# until 2031";
        assert!(text.ends_with(end) && text.lines().count() == 11, "{text}");
    }
}

#[test]
fn passwd_warns_of_a_key_file_that_others_can_read() {
    let sandbox = Sandbox::new();
    let passwd = "tack passwd -k KEY.pem -p asdf --keep-password --iterations 8192 2>&1";
    for (mode, warning) in [("600", ""), ("640", "0640"), ("604", "0604"), ("611", "")] {
        let said = sandbox.succeeds(&format!("chmod {mode} KEY.pem && {passwd}"));
        let words = format!("tack: KEY.pem: warning: other users can read it (mode {warning}); \"chmod 600\" it\n");
        assert_eq!(said, if warning.is_empty() { String::new() } else { words }, "{mode}");
    }
}

#[test]
fn no_core_is_written_of_what_holds_a_password() {
    let sandbox = Sandbox::new();
    // The secret comes from a pipe, which is opened once the limits of the waiting process have been looked at.
    for (command, secret) in [
        ("break -k KEY.pem --password-file PIPE", "PASSWORD.txt"),
        ("genkey --password-file PIPE --iterations 8192", "PASSWORD.txt"),
        ("ticket key list --ring PIPE", "RING.json"),
        ("ticket import --tickets NEW.db --json PIPE", "TICKETS.json"),
    ] {
        let limits = sandbox.succeeds(&format!(
            "rm -f PIPE; mkfifo PIPE; ulimit -c unlimited; tack {command} > /dev/null & \
             until [ -e /proc/$!/wchan ] && ls -l /proc/$!/exe | grep -q tack; do :; done; \
             exec 3> PIPE; grep 'core file' /proc/$!/limits; cat {secret} >&3; exec 3>&-; wait $!"
        ));
        assert_eq!(limits.split_whitespace().collect::<Vec<_>>(), ["Max", "core", "file", "size", "0", "0", "bytes"]);
    }
}

#[test]
fn of_two_passwds_one_fails() {
    let sandbox = Sandbox::new();
    for _ in 0..10 {
        sandbox.succeeds("cp KEY.pem MINE.pem; echo one > one; echo two > two");
        let passwd = "tack passwd -k MINE.pem -p asdf --iterations 8192 --new-password-file";
        let output = sandbox.run(&format!("{passwd} one & {passwd} two; echo $?; wait $!; echo $?"));
        let statuses = text(&output.stdout);
        let new = if statuses == "1\n0\n" { "one" } else { "two" };
        assert!(["0\n1\n", "1\n0\n"].contains(&&*statuses), "{statuses} {}", text(&output.stderr));
        sandbox.succeeds(&format!("tack break -k MINE.pem --password-file {new} -o /dev/null"));
    }
}

#[test]
fn passwd_does_not_put_an_old_key_back() {
    let sandbox = Sandbox::new();
    // The new password comes when another key has taken the file's place.
    sandbox.succeeds("mkfifo PIPE && cp KEY.pem MINE.pem && cp KEY.pem NEWER.pem");
    let output = sandbox.run(
        "tack passwd -k MINE.pem -p asdf --iterations 8192 --new-password-file PIPE & mv NEWER.pem MINE.pem.new
        exec 3> PIPE; mv MINE.pem.new MINE.pem; echo new >&3; exec 3>&-; wait $!",
    );
    assert_eq!(output.status.code(), Some(1));
    let message = "tack: MINE.pem: it was changed by another program meanwhile; run passwd again\n";
    assert_eq!(text(&output.stderr), message);
    sandbox.succeeds("cmp KEY.pem MINE.pem");
}

#[test]
fn a_password_is_what_was_typed() {
    let sandbox = Sandbox::new();
    let (status, shown) = at_terminal(&sandbox, "p\\351ss\\np\\351ss\\n", "tack genkey --iterations 8192 -o NEW.pem");
    assert_eq!(status, Some(0), "{shown}");
    sandbox.succeeds("printf 'p\\351ss' > PASSWORD && tack break -k NEW.pem --password-file PASSWORD -o NEW_BREAK.pem");
    // As getopt has it, the "=" belongs to the password.
    sandbox.succeeds(
        "tack genkey --iterations 8192 -p=foo -o OTHER.pem && tack break -k OTHER.pem -p =foo -o OTHER_BREAK.pem",
    );
    sandbox.succeeds("tack break -k OTHER.pem -p=foo -o /dev/null");
}

/// Whether a command shows what there is already: its exit status says as much.
fn shows(command: &str) -> bool {
    ["tack view", "tack help", "tack --help", "tack status"].iter().any(|start| command.starts_with(start))
}

/// The Rust runtime opens /dev/null in its place, as some programs do on purpose for those that they start.
#[test]
fn a_closed_standard_output_is_an_error_where_something_is_made() {
    let sandbox = Sandbox::new();
    let message = "tack: standard output: it is closed; give a file with -o, or redirect it\n";
    for command in WRITERS {
        if shows(command) {
            sandbox.succeeds(&format!("{command} >&-"));
        } else {
            sandbox.fails(&format!("{command} >&-"), 1, message);
        }
        sandbox.succeeds(&format!("{command} > /dev/null"));
    }
    for command in ["tack help", "tack sign -h", "tack --now 2026-11-20Z status --warn 1d TACKS.pem"] {
        sandbox.succeeds(&format!("{command} >&-"));
        sandbox.succeeds(&format!("{command} 1<> /dev/null"));
    }
    sandbox.fails("tack --now 2026-11-20Z status --warn 1000d TACKS.pem >&-", 1, "");
    sandbox.succeeds(&format!("{SIGN} -o NEW.pem >&-"));
    sandbox.succeeds(&format!("{SIGN} 1<> NEW.pem && tack view NEW.pem --now 2026Z"));
}

#[test]
fn a_standard_output_to_be_read_is_an_error() {
    let sandbox = Sandbox::new();
    let message =
        "tack: standard output: it is open to be read, not to be written; give a file with -o, or redirect it\n";
    for command in WRITERS.iter().chain(&["tack help", "tack --help", "tack status TACKS.pem"]) {
        let status = if command.contains("status") { 3 } else { 1 };
        sandbox.fails(&format!("{command} 1< TACK.pem"), status, message);
        sandbox.fails(&format!("{command} 1< /dev/null"), status, message);
    }
    sandbox.succeeds(&format!("{SIGN} -o NEW.pem 1< TACK.pem"));
}

#[test]
fn a_full_device_is_an_error() {
    let sandbox = Sandbox::new();
    let message = "tack: standard output: cannot be written: no space left on device\n";
    for command in WRITERS {
        sandbox.fails(&format!("{command} > /dev/full"), 1, message);
    }
    sandbox.fails("tack help > /dev/full", 1, message);
    sandbox.fails("tack --help > /dev/full", 1, message);
    sandbox.fails("tack --version > /dev/full", 1, message);
    sandbox.fails("tack status TACKS.pem > /dev/full", 3, message);
    let message = "tack: /dev/full: cannot be written: no space left on device; make room first\n";
    for command in WRITERS.iter().filter(|command| !command.contains("view") && !command.contains("-n")) {
        sandbox.fails(&format!("{command} -o /dev/full"), 1, message);
    }
}

#[test]
fn a_closed_pipe_is_no_message() {
    let sandbox = Sandbox::new();
    for command in WRITERS.iter().chain(&["tack help", "tack --help", "tack status TACKS.pem"]) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = sandbox.command(command).stdout(writer).output().unwrap();
        assert_eq!(text(&output.stderr), "", "{command}");
        assert_eq!(output.status.code(), Some(if command.contains("status") { 3 } else { 1 }), "{command}");
    }
}

/// The exit status is all that is left to tell.
#[test]
fn a_standard_error_that_takes_nothing_is_no_panic() {
    let sandbox = Sandbox::new();
    for redirection in ["2> /dev/full", "2>&-"] {
        sandbox.fails(&format!("tack view NONE.pem {redirection}"), 1, "");
        sandbox.fails(&format!("tack sign {redirection}"), 2, "");
        sandbox.succeeds(&format!("{SIGN} -v -o NEW.pem {redirection}"));
        sandbox.succeeds(&format!("tack --now 2028Z view TACK.pem {redirection}"));
    }
}

#[test]
fn names_are_safe_to_print() {
    let sandbox = Sandbox::new();
    let message = |name: &str| format!("tack: {name}: cannot be read: no such file or directory; check its name\n");
    sandbox.fails("tack view \"$(printf 'a\\033[31mb\\nc')\"", 1, &message("a\\u{1b}[31mb\\nc"));
    sandbox.fails("tack view \"$(printf 'caf\\351')\"", 1, &message("caf\u{fffd}"));
    sandbox.fails("tack view --json \"$(printf 'caf\\351')\"", 1, &message("caf\u{fffd}"));
    let not_text = sandbox.run("tack sign -k KEY.pem -p asdf -c EC.pem -e \"$(printf 'caf\\351')\"");
    assert_eq!(not_text.status.code(), Some(2));
}

#[test]
fn a_name_that_leads_nowhere_is_no_key() {
    let sandbox = Sandbox::new();
    sandbox.succeeds("ln -s NONE.pem DANGLING.pem");
    let genkey = "tack genkey -p asdf --iterations 8192";
    let message = "tack: DANGLING.pem: it exists already; choose another name, or replace it with --force\n";
    sandbox.fails(&format!("{genkey} -o DANGLING.pem"), 1, message);
    sandbox.fails(
        &format!("{genkey} -o /proc/NEW.pem"),
        1,
        "tack: /proc/NEW.pem: cannot be written: no such file or directory; choose another place\n",
    );
}

#[test]
fn who_may_not_read_or_write_is_told() {
    let sandbox = Sandbox::new();
    let root = sandbox.0.path();
    // By another process: a file that this one has open for writing, if only for another test's child, cannot be run.
    sandbox.succeeds("cp \"$(command -v tack)\" tack");
    let set_modes = |modes: [(&str, u32); 4]| {
        modes.iter().for_each(|(name, mode)| {
            fs::set_permissions(root.join(name), fs::Permissions::from_mode(*mode)).unwrap();
        });
    };
    set_modes([("KEY.pem", 0o000), ("KEY2.pem", 0o444), ("bad", 0o555), (".", 0o555)]);
    let is_root = fs::metadata(root).unwrap().uid() == 0;
    let nobody = if is_root { "setpriv --reuid=65534 --regid=65534 --clear-groups env" } else { "env" };
    let nobody = format!("{nobody} PATH=.");
    sandbox.fails(
        &format!("{nobody} {BREAK}"),
        1,
        "tack: KEY.pem: cannot be read: permission denied; run as a user who may read it\n",
    );
    for output in ["NEW.pem", "bad/NEW.pem"] {
        sandbox.fails(
            &format!("{nobody} tack break -k KEY2.pem -p asdf -o {output}"),
            1,
            &format!("tack: {output}: cannot be written: permission denied; choose another place, or another user\n"),
        );
    }
    sandbox.fails(
        &format!("{nobody} tack break -k KEY2.pem -p asdf -o BREAK.pem"),
        1,
        "tack: BREAK.pem: cannot be written: permission denied; choose another place, or another user; what was there is \
         unchanged\n",
    );
    sandbox.fails(
        &format!("{nobody} tack passwd -k KEY2.pem -p asdf --keep-password --iterations 8192"),
        1,
        "tack: KEY2.pem: cannot be written: permission denied; choose another place, or another user; what was there is \
         unchanged\n",
    );
    sandbox.fails(
        &format!("{nobody} tack ticket key list --ring KEY.pem"),
        1,
        "tack: KEY.pem: cannot be read: permission denied; run as a user who may read it\n",
    );
    sandbox.fails(
        &format!("{nobody} tack ticket key rotate --ring RING.json --after 0m"),
        1,
        "tack: RING.json: warning: other users can read it (mode 0644); \"chmod 600\" it\n\
         tack: RING.json: cannot be written: permission denied; choose another place, or another user; what was there is \
         unchanged\n",
    );
    // What cannot be looked into may be a key.
    set_modes([(".", 0o777), ("bad", 0o755), ("KEY.pem", 0o000), ("KEY2.pem", 0o644)]);
    sandbox.fails(
        &format!("{nobody} tack break -k KEY2.pem -p asdf -o KEY.pem"),
        1,
        "tack: KEY.pem: it may hold a key, and cannot be looked into: permission denied; choose another output, or another \
         user\n",
    );
    sandbox.succeeds("mkdir d && cp KEY2.pem d/_0001.pem && chmod 333 d");
    let batch = "tack sign -k KEY2.pem -p asdf -e 2027Z --now 2026Z -c EC.pem -n 3@1d -o d/";
    let output = sandbox.run(&format!("{nobody} {batch}"));
    assert_eq!(
        (output.status.code(), &*text(&output.stderr)),
        (Some(1), "tack: d/_0001.pem: it holds a TACK key, which would be lost; choose another output\n")
    );
    sandbox.succeeds("chmod 755 d && cmp KEY2.pem d/_0001.pem");
    set_modes([(".", 0o755), ("bad", 0o755), ("KEY.pem", 0o644), ("KEY2.pem", 0o644)]);
}

#[test]
fn without_threads_the_work_is_done() {
    let sandbox = Sandbox::new();
    // Under a limit of processes, which is not for root.
    if fs::metadata(sandbox.0.path()).unwrap().uid() != 0 {
        return common::skip("without_threads_the_work_is_done", "the right to be another user");
    }
    sandbox.succeeds("cp \"$(command -v tack)\" tack && chmod 755 . && chmod 644 KEY.pem && mkdir -m 777 out");
    // A user of whom nobody else has processes.
    let alone = "setpriv --reuid=61234 --regid=61234 --clear-groups prlimit --nproc=1 ./tack";
    let now = "--now 2026-11-20Z";
    for command in [
        format!("view {now} TACKS.pem"),
        format!("status {now} --warn 1d TACKS.pem"),
        format!("sign {now} -k KEY.pem -p asdf -c EC.pem -e 2027Z -n 300@1d"),
    ] {
        // Signatures differ in nothing: RFC 6979.
        let [limited, free] = [alone, "tack"].map(|tack| sandbox.succeeds(&format!("{tack} {command}")));
        assert!(!limited.is_empty() && limited == free, "{command}");
    }
    sandbox.succeeds(&format!("{alone} sign {now} -k KEY.pem -p asdf -c EC.pem -e 2027Z -n 300@1d -o out/T"));
    assert_eq!(fs::read_dir(sandbox.0.path().join("out")).unwrap().count(), 300);
}

/// Whether this machine lets a test mount a file system, in a namespace of its own.
fn can_mount(sandbox: &Sandbox) -> bool {
    sandbox.run("unshare -rm mount -t tmpfs none bad").status.success()
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    let sandbox = Sandbox::new();
    if !can_mount(&sandbox) {
        return common::skip("a_full_disk_leaves_what_was_there", "the right to mount a tmpfs");
    }
    let full = "mount -t tmpfs -o size=64k none bad && cp TACK.pem bad/T.pem && cp KEY.pem bad/KEY.pem &&";
    let fill = "{ cat /dev/zero > bad/FILL; } 2> /dev/null";
    let unchanged = "; status=$?; cmp TACK.pem bad/T.pem && cmp KEY.pem bad/KEY.pem && ls -A bad; exit $status";
    for command in [
        format!("{SIGN} -o bad/T.pem"),
        "tack passwd -k bad/KEY.pem -p asdf --keep-password --iterations 8192".to_owned(),
        "tack genkey -p asdf --iterations 8192 -o bad/KEY.pem --force".to_owned(),
        "tack --now 2026-11-25Z deploy -o bad/T.pem --run false TACKS.pem".to_owned(),
    ] {
        let output = sandbox.run(&format!("unshare -rm sh -c '{full} {fill}; {command} {unchanged}'"));
        let name = if command.contains("KEY.pem -") && !command.contains("T.pem") { "KEY.pem" } else { "T.pem" };
        let message = format!(
            "tack: bad/{name}: cannot be written: no space left on device; make room first; what was there is unchanged\n"
        );
        assert_eq!(text(&output.stderr), message, "{command}");
        assert_eq!(text(&output.stdout), "FILL\nKEY.pem\nT.pem\n", "{command}");
        assert_eq!(output.status.code(), Some(1), "{command}");
    }

    let batch = "tack sign -k KEY.pem -p asdf -c EC.pem -e 2027Z --now 2026Z -n 100@1d -o bad/B";
    let written = "; ls bad | grep -c ^B; cat bad/B* > bad.pem; tack --now 2026Z status bad.pem | grep ^tacks";
    let output = sandbox.run(&format!("unshare -rm sh -c '{full} {batch} {written}'"));
    let stdout = text(&output.stdout);
    let number = stdout.lines().next().unwrap();
    assert_eq!(stdout, format!("{number}\ntacks            {number}\n"));
    let stderr = text(&output.stderr);
    let message = format!(
        "cannot be written: no space left on device; make room first; {number} of 100 tacks are written; the same \
         command completes them when that is mended\n"
    );
    assert!(stderr.starts_with("tack: bad/B_00") && stderr.ends_with(&message), "{stderr}");
}

#[test]
fn a_read_only_file_system_is_named() {
    let sandbox = Sandbox::new();
    if !can_mount(&sandbox) {
        return common::skip("a_read_only_file_system_is_named", "the right to mount a file system");
    }
    sandbox.fails(
        &format!("unshare -rm sh -c 'mount -t tmpfs -o ro none bad && {BREAK} -o bad/NEW.pem'"),
        1,
        "tack: bad/NEW.pem: cannot be written: read-only file system; choose another place, or another user\n",
    );
}
