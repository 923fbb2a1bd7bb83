//! Bytes both ways between two streams.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional_with_sizes};
use tokio::time::sleep;

/// What is read at a time: a record of TLS holds as much.
const PIECE: usize = 16 << 10;

/// Copies until both have ended, or one fails, or nothing came either way for as long as `idle`. The end of one is passed on
/// to the other.
///
/// # Errors
/// What a stream fails with; `TimedOut` when nothing came.
pub async fn relay<A, B>(one: &mut A, other: &mut B, idle: Duration) -> io::Result<()>
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let is_active = AtomicBool::new(false);
    let mut watched = Watched { stream: one, is_active: &is_active };
    let copying = copy_bidirectional_with_sizes(&mut watched, other, PIECE, PIECE);
    tokio::pin!(copying);
    loop {
        tokio::select! {
            copied = &mut copying => return copied.map(|_| ()),
            () = sleep(idle) => {
                if !is_active.swap(false, Ordering::Relaxed) {
                    return Err(io::ErrorKind::TimedOut.into());
                }
            }
        }
    }
}

/// A stream that notes when bytes come or go.
struct Watched<'a, S> {
    stream: &'a mut S,
    is_active: &'a AtomicBool,
}

impl<S> Watched<'_, S> {
    fn note<T>(&self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        let result = ready!(result);
        self.is_active.store(true, Ordering::Relaxed);
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
