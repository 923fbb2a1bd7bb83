//! A question on the terminal whose answer is not shown.
//!
//! This is not left to a library because the ones at hand change what is not UTF-8 in a password, or leave the terminal
//! without echo when a signal ends or stops the program.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::termios::{InputModes, LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGCONT, SIGTSTP};
use signal_hook::flag::register_conditional_default;
use signal_hook::low_level::{emulate_default_handler, pipe};
use zeroize::Zeroizing;

use crate::signals::{before_end, is_ignored};

/// The terminal of the process, whatever its standard input is.
const TERMINAL: &str = "/dev/tty";

/// The terminal that is without echo at the moment, and how it was before.
static QUIET: Mutex<Option<(File, Termios)>> = Mutex::new(None);
static WATCH: Once = Once::new();

/// Asks, and reads a line without its end: nothing if the input ends. Ctrl-Z stops the program as ever, with the terminal as
/// it was; when it goes on it asks again.
pub fn ask(prompt: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    let terminal = File::options().read(true).write(true).open(TERMINAL)?;
    let before = tcgetattr(&terminal)?;
    let mut quiet = before.clone();
    quiet.input_modes.insert(InputModes::ICRNL);
    quiet.local_modes.remove(LocalModes::ECHO);
    quiet.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
    WATCH.call_once(|| before_end(restore_and_flush));
    let stops = Stops::watch()?;
    *locked() = Some((terminal.try_clone()?, before));
    stops.is_idle.store(false, Ordering::SeqCst);
    let line = ask_until_answered(prompt, &terminal, &quiet, stops);
    stops.is_idle.store(true, Ordering::SeqCst);
    restore(OptionalActions::Now);
    *locked() = None;
    line
}

fn ask_until_answered(
    prompt: &str,
    mut terminal: &File,
    quiet: &Termios,
    stops: &Stops,
) -> io::Result<Zeroizing<Vec<u8>>> {
    loop {
        // In the background the system stops the program here, until it is in the foreground.
        tcsetattr(terminal, OptionalActions::Now, quiet)?;
        drain(&stops.gone_on)?;
        terminal.write_all(prompt.as_bytes())?;
        match wait(terminal, stops)? {
            Event::Line => return read_line(terminal),
            Event::Stop => {
                restore_and_flush();
                emulate_default_handler(SIGTSTP)?;
            }
            Event::GoneOn => {}
        }
        // What was typed before is gone, and so is the line that it was typed on.
        terminal.write_all(b"\n")?;
    }
}

/// What a prompt waits for.
enum Event {
    /// A line was typed, or the end of the input.
    Line,
    /// The program is to stop, as by Ctrl-Z.
    Stop,
    /// The program was stopped by what nobody can catch, and goes on. The shell may have changed the terminal meanwhile.
    GoneOn,
}

fn wait(terminal: &File, stops: &Stops) -> io::Result<Event> {
    loop {
        let mut waited_for = [
            PollFd::new(&stops.to_stop, PollFlags::IN),
            PollFd::new(&stops.gone_on, PollFlags::IN),
            PollFd::new(terminal, PollFlags::IN),
        ];
        match poll(&mut waited_for, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [to_stop, gone_on, typed] = waited_for.map(|waited_for| !waited_for.revents().is_empty());
        if to_stop {
            drain(&stops.to_stop)?;
            return Ok(Event::Stop);
        }
        if gone_on {
            return Ok(Event::GoneOn);
        }
        if typed {
            return Ok(Event::Line);
        }
    }
}

/// The signals that stop the program and have it go on, as bytes to be read.
struct Stops {
    to_stop: UnixStream,
    gone_on: UnixStream,
    /// Whether there is no prompt: then SIGTSTP stops the program at once.
    is_idle: Arc<AtomicBool>,
}

impl Stops {
    fn watch() -> io::Result<&'static Self> {
        static STOPS: OnceLock<Stops> = OnceLock::new();
        if let Some(stops) = STOPS.get() {
            return Ok(stops);
        }
        let is_idle = Arc::new(AtomicBool::new(true));
        let (to_stop, stopped) = UnixStream::pair()?;
        let (gone_on, continued) = UnixStream::pair()?;
        to_stop.set_nonblocking(true)?;
        gone_on.set_nonblocking(true)?;
        // Who started the program without job control has the signal ignored.
        if !is_ignored(SIGTSTP) {
            register_conditional_default(SIGTSTP, Arc::clone(&is_idle))?;
            pipe::register(SIGTSTP, stopped)?;
        }
        pipe::register(SIGCONT, continued)?;
        Ok(STOPS.get_or_init(|| Self { to_stop, gone_on, is_idle }))
    }
}

fn drain(mut pipe: &UnixStream) -> io::Result<()> {
    match pipe.read(&mut [0; 64]) {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
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

/// Before the program ends or stops. Half of an answer is for nobody else to read.
fn restore_and_flush() {
    restore(OptionalActions::Flush);
}

fn restore(actions: OptionalActions) {
    if let Some((terminal, before)) = &*locked() {
        let _ = tcsetattr(terminal, actions, before);
    }
}

fn locked() -> std::sync::MutexGuard<'static, Option<(File, Termios)>> {
    QUIET.lock().unwrap_or_else(PoisonError::into_inner)
}
