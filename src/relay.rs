//! Bytes both ways between two streams.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional_with_sizes};
use tokio::time::{Instant, sleep_until};

/// What is read at a time: a record of TLS holds as much.
const PIECE: usize = 16 << 10;

/// Copies until both have ended, or one fails, or nothing came either way for as long as `idle`, or `cut_off` is over. The end of
/// one is passed on to the other.
///
/// # Errors
/// What a stream fails with; `TimedOut` when nothing came; `ConnectionAborted` when it was cut off.
pub async fn relay<A, B>(
    one: &mut A,
    other: &mut B,
    idle: Duration,
    cut_off: impl Future<Output = ()>,
) -> io::Result<()>
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let active = Active::default();
    let mut watched = Watched { stream: one, active: &active };
    let copying = copy_bidirectional_with_sizes(&mut watched, other, PIECE, PIECE);
    tokio::select! {
        copied = copying => copied.map(|_| ()),
        () = active.idle(idle) => Err(io::ErrorKind::TimedOut.into()),
        () = cut_off => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

/// When bytes came or went last, in milliseconds since a beginning.
struct Active {
    beginning: Instant,
    last: AtomicU64,
}

impl Default for Active {
    fn default() -> Self {
        Self { beginning: Instant::now(), last: AtomicU64::new(0) }
    }
}

impl Active {
    fn note(&self) {
        let now = u64::try_from(self.beginning.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    /// Waits until nothing has come or gone for so long.
    async fn idle(&self, span: Duration) {
        loop {
            let end = self.beginning + Duration::from_millis(self.last.load(Ordering::Relaxed)) + span;
            if end <= Instant::now() {
                return;
            }
            sleep_until(end).await;
        }
    }
}

/// A stream that notes when bytes come or go.
struct Watched<'a, S> {
    stream: &'a mut S,
    active: &'a Active,
}

impl<S> Watched<'_, S> {
    fn note<T>(&self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        let result = ready!(result);
        self.active.note();
        Poll::Ready(result)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut *self.stream).poll_read(context, buffer);
        self.note(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<'_, S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut *self.stream).poll_write(context, bytes);
        self.note(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_shutdown(context)
    }
}
