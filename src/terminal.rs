//! A question on the terminal whose answer is not shown.
//!
//! This is not left to a library because the ones at hand change what is not UTF-8 in a password, or leave the terminal
//! without echo when a signal ends the program.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::{Mutex, Once, PoisonError};

use rustix::termios::{InputModes, LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::signals::before_end;

/// The terminal of the process, whatever its standard input is.
const TERMINAL: &str = "/dev/tty";

/// The terminal that is without echo at the moment, and how it was before.
static QUIET: Mutex<Option<(File, Termios)>> = Mutex::new(None);
static WATCH: Once = Once::new();

/// Asks, and reads a line without its end: nothing if the input ends.
pub fn ask(prompt: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut terminal = File::options().read(true).write(true).open(TERMINAL)?;
    let before = tcgetattr(&terminal)?;
    let mut quiet = before.clone();
    quiet.input_modes.insert(InputModes::ICRNL);
    quiet.local_modes.remove(LocalModes::ECHO);
    quiet.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
    WATCH.call_once(|| before_end(restore));
    *locked() = Some((terminal.try_clone()?, before));
    let line = tcsetattr(&terminal, OptionalActions::Now, &quiet)
        .map_err(io::Error::from)
        .and_then(|()| terminal.write_all(prompt.as_bytes()))
        .and_then(|()| read_line(&terminal));
    restore();
    line
}

/// Byte by byte, so that no buffer keeps a copy.
fn read_line(mut terminal: &File) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(4096));
    let mut byte = [0];
    while terminal.read(&mut byte)? == 1 && byte != *b"\n" {
        line.extend(byte);
    }
    Ok(line)
}

fn restore() {
    if let Some((terminal, before)) = locked().take() {
        let _ = tcsetattr(&terminal, OptionalActions::Now, &before);
    }
}

fn locked() -> std::sync::MutexGuard<'static, Option<(File, Termios)>> {
    QUIET.lock().unwrap_or_else(PoisonError::into_inner)
}
