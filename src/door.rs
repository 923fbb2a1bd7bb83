//! Where connections come in, and how that ends.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::display::plain;
use crate::log::{Level, Log};
use crate::runtime::{self, EndSignals};

/// The wait after the system could not give a connection, such as at a limit of files.
const PAUSE: Duration = Duration::from_millis(100);
/// How long connections have to be cut off.
const CUT: Duration = Duration::from_secs(1);
/// The files that are open beside connections, and those of one connection.
const OTHER_FILES: u64 = 64;
const FILES_EACH: u64 = 2;

/// Takes connections, so many at once.
pub struct Door {
    listener: TcpListener,
    places: Arc<Semaphore>,
    most: u32,
    cut_off: watch::Sender<bool>,
    log: Log,
}

/// A connection that came in.
pub struct Caller {
    pub stream: TcpStream,
    pub address: SocketAddr,
    pub place: Place,
}

/// The place of a connection, which is free when it is dropped.
pub struct Place {
    cut_off: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
}

impl Door {
    /// Listens at an address. Of the connections the system's limit of files may allow fewer than are wanted.
    pub async fn open(address: SocketAddr, wanted: u32, log: &Log) -> Result<Self> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|error| anyhow!("{address}: cannot be listened at: {}", plain(&error)))?;
        let (most, log) = (most_connections(wanted, log), log.clone());
        let (places, cut_off) = (Arc::new(Semaphore::new(most.try_into()?)), watch::Sender::new(false));
        Ok(Self { listener, places, most, cut_off, log })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Waits for the next connection. A place is free before it is taken: those beyond the limit wait with the system.
    pub async fn next(&self) -> Caller {
        loop {
            match self.take().await {
                Ok(caller) => return caller,
                Err(error) => {
                    self.log.event(Level::Error, "connection_failed", &[("reason", &plain(&error))]);
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Takes no more connections, and waits for those that are open: for so long, or until the next signal. Then it has them
    /// cut off what they still have.
    pub async fn close(self, grace: Duration, ends: &mut EndSignals) {
        drop(self.listener);
        let open = |places: &Semaphore| self.most.saturating_sub(places.available_permits().try_into().unwrap_or(0));
        self.log.event(Level::Info, "ending", &[("open_connections", &open(&self.places))]);
        tokio::select! {
            _ = self.places.acquire_many(self.most) => {}
            () = sleep(grace) => {}
            () = ends.next() => {}
        }
        let left = open(&self.places);
        self.cut_off.send_replace(true);
        let _ = timeout(CUT, self.places.acquire_many(self.most)).await;
        self.log.event(Level::Info, "ended", &[("cut_off", &left)]);
        self.log.end();
    }

    async fn take(&self) -> io::Result<Caller> {
        let permit = Arc::clone(&self.places).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, address) = self.listener.accept().await?;
        // Where this fails it is only slower.
        let _ = stream.set_nodelay(true);
        Ok(Caller { stream, address, place: Place { cut_off: self.cut_off.subscribe(), _permit: permit } })
    }
}

impl Place {
    /// Waits until the connection is to be cut off.
    pub async fn cut_off(&mut self) {
        // Where the door is gone the program ends.
        let _ = self.cut_off.wait_for(|is_cut_off| *is_cut_off).await;
    }
}

/// As many connections as are wanted, or as the limit of files allows.
fn most_connections(wanted: u32, log: &Log) -> u32 {
    let Some(files) = runtime::raise_file_limit() else { return wanted };
    let possible = (files.saturating_sub(OTHER_FILES) / FILES_EACH).max(1);
    let most = u32::try_from(possible).unwrap_or(u32::MAX).min(wanted);
    if most < wanted {
        log.event(Level::Warning, "few_files", &[("open_files", &files), ("max_connections", &most)]);
    }
    most
}
