//! A connection that ends: by a deadline, and by the bytes that the other side may send.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// The bytes that a server may send until the TLS handshake is done, a dialogue before it included.
pub const MAX_BYTES: usize = 1 << 20;

/// The longest wait for a server to close its side, when all has been said.
const LINGER: Duration = Duration::from_millis(250);

/// The bytes that a server may still send then.
const LINGER_BYTES: usize = 64 << 10;

/// A TCP connection whose every call ends by the deadline, and which gives out as many bytes as its allowance has.
#[derive(Debug)]
pub(crate) struct Bounded {
    stream: TcpStream,
    deadline: Instant,
    allowance: usize,
    stop: Option<Stop>,
}

/// What ended a connection. OpenSSL loses the error of a stream now and then: it is kept here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Deadline,
    Allowance,
}

impl Bounded {
    pub(crate) fn new(stream: TcpStream, deadline: Instant) -> Self {
        Self { stream, deadline, allowance: MAX_BYTES, stop: None }
    }

    /// Why it was ended from this side, if it was.
    pub(crate) fn stop(&self) -> Option<Stop> {
        self.stop
    }

    /// Ends this side, and waits a moment for the other to do so: to close before all is read would reset the
    /// connection, which servers log as a fault.
    pub(crate) fn close(mut self) {
        self.deadline = self.deadline.min(Instant::now() + LINGER);
        self.allowance = LINGER_BYTES;
        let _ = self.stream.shutdown(Shutdown::Write);
        let mut buffer = [0; 4096];
        while self.read(&mut buffer).is_ok_and(|count| count > 0) {}
    }

    /// The time that is left for a call, which is never zero.
    fn left(&mut self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(self.stopped(Stop::Deadline));
        }
        Ok(left)
    }

    fn stopped(&mut self, stop: Stop) -> io::Error {
        self.stop = Some(stop);
        // Not WouldBlock, at which OpenSSL would try again.
        match stop {
            Stop::Deadline => ErrorKind::TimedOut.into(),
            Stop::Allowance => ErrorKind::FileTooLarge.into(),
        }
    }

    /// What came of a call, once it was not merely interrupted.
    fn outcome(&mut self, result: io::Result<usize>) -> Option<io::Result<usize>> {
        match result {
            Err(error) if error.kind() == ErrorKind::Interrupted => None,
            // Unix says the one, Windows the other.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Some(Err(self.stopped(Stop::Deadline)))
            }
            result => Some(result),
        }
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let allowed = buffer.len().min(self.allowance);
        let Some(buffer) = buffer.get_mut(..allowed).filter(|buffer| !buffer.is_empty()) else {
            return Err(self.stopped(Stop::Allowance));
        };
        loop {
            let left = self.left()?;
            self.stream.set_read_timeout(Some(left))?;
            let result = self.stream.read(buffer);
            if let Some(outcome) = self.outcome(result) {
                return outcome.inspect(|count| self.allowance = self.allowance.saturating_sub(*count));
            }
        }
    }
}

impl Write for Bounded {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        loop {
            let left = self.left()?;
            self.stream.set_write_timeout(Some(left))?;
            let result = self.stream.write(buffer);
            if let Some(outcome) = self.outcome(result) {
                return outcome;
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
