//! The files of a server, read again when one of them changes.

use std::time::Duration;

use anyhow::Result;
use tack_openssl::ticket::TicketServer;
use tack_ticket::Stage;
use tokio::signal::unix::Signal;
use tokio::task::block_in_place;
use tokio::time::{MissedTickBehavior, interval};

use crate::clock::Clock;
use crate::display::Shown;
use crate::log::{Level, Log};
use crate::served_files::{Contents, Made, ServedFiles, Stamps, TackState};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The files, and what was made of them last.
pub struct Reloader {
    files: ServedFiles,
    stamps: Stamps,
    contents: Contents,
    made: Made,
    clock: Clock,
    log: Log,
}

impl Reloader {
    /// Reads the files for the first time.
    pub fn new(files: ServedFiles, clock: Clock, log: Log) -> Result<Self> {
        // A file that changes after this look, and before it is read, has another stamp the next time.
        let stamps = files.stamps();
        let contents = files.read()?;
        let made = files.make(&contents, clock.now()?)?;
        Ok(Self { files, stamps, contents, made, clock, log })
    }

    /// The server that is made of them now.
    pub fn server(&self) -> TicketServer {
        self.made.server.clone()
    }

    /// Hands every new server to `take_up`: when a file has changed, at each signal, and when the tack has expired. It never ends.
    pub async fn run(mut self, mut signals: Signal, take_up: impl Fn(TicketServer)) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_forced = tokio::select! {
                _ = looks.tick() => false,
                _ = signals.recv() => true,
            };
            // A disk that does not answer holds up this task alone.
            if block_in_place(|| self.look(is_forced)) {
                take_up(self.server());
            }
        }
    }

    /// Says what clients miss, and who may read what he should not.
    pub fn tell(&self) {
        if let TackState::LeftOut(reason) = &self.made.tack {
            self.log.event(Level::Warning, "tack_left_out", &[("reason", reason)]);
        }
        if self.clock.now().is_ok_and(|now| self.contents.ring.current(now).is_none()) {
            let reason = "every key of the ring waits still to be used: clients get no tickets";
            self.log.event(Level::Warning, "no_current_key", &[("reason", &reason)]);
        }
        for (path, reason) in self.files.open_secrets() {
            self.log.event(Level::Warning, "readable_by_others", &[("file", &Shown(path)), ("reason", &reason)]);
        }
    }

    /// Makes a new server where that is needed, and says whether it did.
    fn look(&mut self, is_forced: bool) -> bool {
        let stamps = self.files.stamps();
        if stamps != self.stamps || is_forced {
            self.stamps = stamps;
            return self.read_again();
        }
        let is_expired = match (&self.made.tack, self.clock.now()) {
            (TackState::Served(until), Ok(now)) => now.seconds() >= until.seconds(),
            _ => false,
        };
        // Of what was read last: another file may be broken now, and an expired tack must go all the same.
        is_expired && self.make_again()
    }

    fn read_again(&mut self) -> bool {
        let read = self.files.read();
        let made = read.and_then(|contents| Ok((self.files.make(&contents, self.clock.now()?)?, contents)));
        match made {
            Ok((made, contents)) => {
                self.tell_missing_keys(&contents);
                (self.made, self.contents) = (made, contents);
                self.log.event(Level::Info, "taken_up", &[]);
                self.tell();
                true
            }
            Err(error) => self.not_taken_up(&error),
        }
    }

    fn make_again(&mut self) -> bool {
        match self.clock.now().and_then(|now| self.files.make(&self.contents, now)) {
            Ok(made) => {
                self.made = made;
                self.tell();
                true
            }
            Err(error) => self.not_taken_up(&error),
        }
    }

    fn not_taken_up(&self, error: &anyhow::Error) -> bool {
        self.log.event(Level::Error, "not_taken_up", &[("reason", &format!("{error:#}"))]);
        false
    }

    /// Says which keys of the ring are gone that clients may still have tickets of: those are refused.
    fn tell_missing_keys(&self, contents: &Contents) {
        let Ok(now) = self.clock.now() else { return };
        let old = &self.contents.ring;
        for id in old.keys().iter().map(|key| key.key().id()) {
            let is_there = contents.ring.stage(id, now).is_some();
            if !is_there && !matches!(old.stage(id, now), Some(Stage::Spent { .. })) {
                self.log.event(Level::Warning, "key_missing", &[("key", &id)]);
            }
        }
    }
}
