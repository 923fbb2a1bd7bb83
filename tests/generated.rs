//! The man pages and completions are made of the clap definition: this makes them, and proves the committed ones current.
//! `make man` writes them anew.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../src/cli/mod.rs"]
#[allow(dead_code, missing_docs, unused_imports, reason = "the structures are for their definition here")]
mod cli;
mod common;

use std::fs;
use std::path::Path;

use clap::builder::PossibleValuesParser;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

/// The page of `tack`, and those of its commands.
const SEE_ALSO_ALL: &str = "tack-deployment(7)";
/// What a line of an example begins with.
const EXAMPLE: &str = "    ";
/// The widest that it may be: clap wraps wider ones on a terminal of 80 columns, and what is pasted of them fails.
const EXAMPLE_WIDTH: usize = 76;

#[test]
fn man_pages_are_current() {
    let root = root();
    let pages = pages(&root, "tack");
    for (name, command) in &pages {
        // Those above it, and those within it.
        let related = pages.iter().map(|(other, _)| other).filter(|other| {
            let is_within = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('-'));
            is_within(name, other) || is_within(other, name)
        });
        let related: Vec<_> = related.map(|other| format!("{other}(1)")).collect();
        check(&format!("man/{name}.1"), &page(command, name, &format!("{}, {SEE_ALSO_ALL}", related.join(", "))));
    }
    let committed = fs::read_dir("man")
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "1"));
    assert_eq!(committed.count(), pages.len(), "a man page of a command that is no more");
}

#[test]
fn examples_can_be_pasted() {
    for (_, command) in pages(&root(), "tack") {
        let after = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
        for line in after.lines().filter(|line| line.starts_with(EXAMPLE)) {
            assert!(line.len() <= EXAMPLE_WIDTH, "{} columns instead of {EXAMPLE_WIDTH}: {line}", line.len());
        }
    }
}

#[test]
fn completions_are_current() {
    let mut root = completed();
    for (shell, file) in [(Shell::Bash, "tack.bash"), (Shell::Zsh, "_tack"), (Shell::Fish, "tack.fish")] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut root, "tack", &mut script);
        check(&format!("completions/{file}"), &String::from_utf8(script).unwrap());
    }
}

#[test]
fn completions_are_read_by_their_shells() {
    for (shell, file) in [("bash", "tack.bash"), ("zsh", "_tack"), ("fish", "tack.fish")] {
        if common::has("completions_are_read_by_their_shells", &[shell]) {
            let check =
                std::process::Command::new(shell).args(["-n", &format!("completions/{file}")]).output().unwrap();
            assert!(check.status.success() && check.stderr.is_empty(), "{check:?}");
        }
    }
}

#[test]
fn man_pages_have_no_faults() {
    if common::has("man_pages_have_no_faults", &["man"]) {
        for page in fs::read_dir("man").unwrap().map(|entry| entry.unwrap().path()) {
            let check = std::process::Command::new("man")
                .args(["--warnings", "-E", "UTF-8", "-l"])
                .arg(&page)
                .output()
                .unwrap();
            assert!(check.status.success() && check.stderr.is_empty(), "{}: {check:?}", page.display());
        }
    }
}

/// A command and those within it that have a man page, with the names of their pages. What a command does by a further word
/// has one if it has examples of its own, and else is a section of the command's.
fn pages<'a>(command: &'a Command, name: &str) -> Vec<(String, &'a Command)> {
    let within = command.get_subcommands().filter(|command| has_page(command));
    let within = within.flat_map(|command| pages(command, &format!("{name}-{}", command.get_name())));
    std::iter::once((name.to_owned(), command)).chain(within).collect()
}

fn has_page(command: &Command) -> bool {
    command.get_after_long_help().is_some()
}

fn root() -> Command {
    let mut root = cli::Cli::command();
    root.build();
    root
}

/// The root without what is hidden, with the commands as values of `help`.
fn completed() -> Command {
    let all = cli::Cli::command();
    let names = all.get_subcommands().map(|command| &*command.get_name().to_owned().leak());
    let names = PossibleValuesParser::new(names.collect::<Vec<_>>());
    let mut root = visible(&all)
        .version("")
        .mut_subcommand("help", |help| help.mut_arg("command", |name| name.value_parser(names)));
    root.build();
    root
}

/// A command with those of its arguments that help shows.
fn visible(command: &Command) -> Command {
    Command::new(&*command.get_name().to_owned().leak())
        .about(command.get_about().cloned().unwrap_or_default())
        .after_long_help(command.get_after_long_help().cloned().unwrap_or_default())
        .aliases(command.get_all_aliases().map(|alias| &*alias.to_owned().leak()))
        .args(command.get_arguments().filter(|argument| !argument.is_hide_set()).cloned())
        .disable_help_subcommand(true)
        .subcommands(command.get_subcommands().map(visible))
}

fn check(file: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("TACK_REGENERATE").is_some() {
        fs::write(&path, expected).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == expected, "{file} is not what src/cli says: run \"make man completions\"");
}

/// The page of a command. What clap has as text after the help becomes sections of its own.
fn page(command: &Command, name: &str, see_also: &str) -> String {
    let command = command.clone().display_name(name);
    let display = name.replace('-', " ");
    let is_root = display == name;
    // The description without its first sentence, which NAME has already.
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let long_about = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    let command = match long_about.strip_prefix(&about).map(str::trim_start) {
        Some(rest) if !rest.is_empty() => command.long_about(&*rest.to_owned().leak()),
        _ => command,
    };
    let man = Man::new(command.clone().name(&*name.to_owned().leak()).bin_name(display)).section("1").manual("tack");
    let mut page = Vec::new();
    man.render_title(&mut page).unwrap();
    man.render_name_section(&mut page).unwrap();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").split_whitespace().collect::<Vec<_>>().join(" ");
    Roff::new().control("SH", ["SYNOPSIS"]).text([roman(usage)]).to_writer(&mut page).unwrap();
    man.render_description_section(&mut page).unwrap();
    man.render_options_section(&mut page).unwrap();
    if is_root {
        man.render_subcommands_section(&mut page).unwrap();
    } else {
        command.get_subcommands().filter(|action| !has_page(action)).for_each(|action| section(action, &mut page));
    }
    let mut roff = Roff::new();
    let after = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let mut lines = after.lines().peekable();
    while let Some(line) = lines.next() {
        match line.strip_suffix(':') {
            Some(heading) if heading.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b' ') => {
                roff.control("SH", [heading]);
            }
            _ if line.is_empty() => {
                roff.control("PP", []);
            }
            // An example, whose lines stay together; one that continues a command is indented further.
            _ if line.starts_with(EXAMPLE) => {
                let more = std::iter::from_fn(|| lines.next_if(|line| line.starts_with(EXAMPLE)));
                let example = std::iter::once(line).chain(more).filter_map(|line| line.strip_prefix(EXAMPLE));
                roff.control("RS", ["4"]).control("nf", []);
                for line in example {
                    roff.text([roman(line)]);
                }
                roff.control("fi", []).control("RE", []);
            }
            _ => {
                roff.text([roman(line.trim_start())]).control("br", []);
            }
        }
    }
    roff.control("SH", ["SEE ALSO"]).text([roman(see_also)]);
    roff.to_writer(&mut page).unwrap();
    String::from_utf8(page).unwrap()
}

/// A section of the page for what the command does by this word: its usage, description and options.
fn section(action: &Command, page: &mut Vec<u8>) {
    let usage = action.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").split_whitespace().collect::<Vec<_>>().join(" ");
    let about = action.get_long_about().or(action.get_about()).map(ToString::to_string).unwrap_or_default();
    let mut roff = Roff::new();
    roff.control("SH", [action.get_name().to_ascii_uppercase().as_str()]).text([roman(usage)]);
    about.lines().filter(|line| !line.is_empty()).for_each(|line| {
        roff.control("PP", []).text([roman(line)]);
    });
    roff.to_writer(page).unwrap();
    let mut options = Vec::new();
    Man::new(action.clone()).render_options_section(&mut options).unwrap();
    let options = String::from_utf8(options).unwrap();
    page.extend(options.replacen(".SH OPTIONS\n", "", 1).bytes());
}
