//! A question on the terminal whose answer is not shown.
//!
//! This is not left to a library because the ones at hand change what is not UTF-8 in a password, or leave the terminal
//! without echo when a signal ends or stops the program.
//!
//! While echo is off, the signals that end or stop the program are held back. When one comes, echo is switched on again,
//! what was typed is thrown away, and then the signal does what it always does. If the program goes on after that, it asks
//! anew. That takes neither a signal handler nor a thread, which cannot always be had.

use std::fs::File;
use std::io::{self, Read, Write};

use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::retry_on_intr;
use rustix::process::getpgrp;
use rustix::termios::{InputModes, LocalModes, OptionalActions, Termios, tcdrain, tcgetattr, tcgetpgrp, tcsetattr};
use signal_hook::consts::{SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use zeroize::Zeroizing;

use crate::signals::is_ignored;

/// The terminal of the process, whatever its standard input is.
const TERMINAL: &str = "/dev/tty";
/// The most that a terminal gives in one line.
const LINE: usize = 4096;
/// The signals that are held back. SIGCONT is one because the shell may have switched echo on since a SIGSTOP. SIGTTIN and
/// SIGTTOU are not: they stop what has no right to the terminal now.
const HELD: [i32; 7] = [SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP];

/// What comes first.
enum Event<T> {
    Wanted(T),
    Signal(Signal),
}

/// Asks, and reads a line without its end: nothing if the input ends.
pub fn ask(prompt: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    // Non-blocking, so that signals are seen while nothing is typed. This descriptor is nobody else's.
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = File::from(open(TERMINAL, flags, Mode::empty())?);
    loop {
        if let Event::Wanted(line) = try_ask(&terminal, prompt)? {
            return Ok(line);
        }
    }
}

/// Asks once. A signal has done its work when this returns.
fn try_ask(terminal: &File, prompt: &str) -> io::Result<Event<Zeroizing<Vec<u8>>>> {
    // In the background this stops the program, before it has looked at how the shell uses the terminal meanwhile.
    tcdrain(terminal)?;
    let before = tcgetattr(terminal)?;
    let held = Held::new()?;
    tcsetattr(terminal, OptionalActions::Now, &without_echo(&before))?;
    let answer = show(terminal, prompt, &held).and_then(|shown| match shown {
        Event::Wanted(()) => read_line(terminal, &held),
        Event::Signal(signal) => Ok(Event::Signal(signal)),
    });
    match &answer {
        Ok(Event::Wanted(_)) => restore(terminal, OptionalActions::Now, &before),
        // Half an answer must not become a command of the shell.
        _ => restore(terminal, OptionalActions::Flush, &before),
    }
    if let Ok(Event::Signal(signal)) = answer {
        // It takes effect when it is no longer held back.
        raise(signal)?;
    }
    drop(held);
    answer
}

fn without_echo(before: &Termios) -> Termios {
    let mut modes = before.clone();
    modes.input_modes.insert(InputModes::ICRNL);
    modes.local_modes.remove(LocalModes::ECHO);
    modes.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
    modes
}

/// Puts the terminal back as it was, unless another process group has it now.
fn restore(terminal: &File, when: OptionalActions, before: &Termios) {
    if tcgetpgrp(terminal).is_ok_and(|group| group != getpgrp()) {
        return;
    }
    // A terminal that is gone cannot be put back.
    let _ = tcsetattr(terminal, when, before);
}

fn show(mut terminal: &File, prompt: &str, held: &Held) -> io::Result<Event<()>> {
    let mut rest = prompt.as_bytes();
    while !rest.is_empty() {
        if let Event::Signal(signal) = held.wait(terminal, PollFlags::OUT)? {
            return Ok(Event::Signal(signal));
        }
        let written = unless_blocked(terminal.write(rest))?.unwrap_or_default();
        rest = rest.get(written..).unwrap_or_default();
    }
    Ok(Event::Wanted(()))
}

/// Byte by byte, so that no buffer keeps a copy.
fn read_line(mut terminal: &File, held: &Held) -> io::Result<Event<Zeroizing<Vec<u8>>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(LINE));
    let mut byte = [0];
    loop {
        if let Event::Signal(signal) = held.wait(terminal, PollFlags::IN)? {
            return Ok(Event::Signal(signal));
        }
        match unless_blocked(terminal.read(&mut byte))? {
            Some(1) if byte != *b"\n" => line.extend(byte),
            Some(_) => return Ok(Event::Wanted(line)),
            None => {}
        }
    }
}

fn unless_blocked(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(None),
        result => result.map(Some),
    }
}

/// Signals that wait until they are asked for, as long as this lives. It holds them back from this thread alone, which is
/// the only one while a password is asked for.
struct Held {
    before: SigSet,
    queue: SignalFd,
}

impl Held {
    fn new() -> io::Result<Self> {
        let before = SigSet::thread_get_mask()?;
        let mut mask = SigSet::empty();
        for number in HELD {
            let signal = Signal::try_from(number)?;
            // One that is ignored, or held back already, does nothing when it is let go.
            if !is_ignored(number) && !before.contains(signal) {
                mask.add(signal);
            }
        }
        let queue = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        mask.thread_block()?;
        Ok(Self { before, queue })
    }

    /// Waits until a signal comes, or the terminal is ready for this.
    fn wait(&self, terminal: &File, ready: PollFlags) -> io::Result<Event<()>> {
        let mut both = [PollFd::new(terminal, ready), PollFd::new(&self.queue, PollFlags::IN)];
        retry_on_intr(|| poll(&mut both, None))?;
        let signal = self.queue.read_signal()?.and_then(|signal| i32::try_from(signal.ssi_signo).ok());
        Ok(match signal {
            Some(signal) => Event::Signal(Signal::try_from(signal)?),
            None => Event::Wanted(()),
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.before.thread_set_mask();
    }
}
