//! A connection to a mail server as lettre wants it.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that a server may say in one connection; a server says some hundred.
const MAX_SAID: usize = 256 << 10;

/// Bytes that are read at once.
const CHUNK: usize = 4 << 10;

/// A connection with a bound on what comes out of it.
pub(super) struct Wire<S> {
    stream: S,
    peer: SocketAddr,
    left: usize,
    /// What is to be read next.
    ready: VecDeque<u8>,
    line: Line,
}

/// What a line holds so far. A reply may be a code alone (RFC 5321 §4.2), which lettre does not
/// know: without the space behind it, it would take a mail that the server has for one that failed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    /// So many digits and nothing else.
    Digits(u8),
    Other,
}

impl Line {
    /// Takes in a byte of what the server says, and writes what is to be read.
    fn take(&mut self, byte: u8, out: &mut VecDeque<u8>) {
        if matches!(byte, b'\r' | b'\n') && *self == Self::Digits(3) {
            out.push_back(b' ');
        }
        out.push_back(byte);
        *self = match (*self, byte) {
            (_, b'\n') => Self::Digits(0),
            (Self::Digits(count), b'0'..=b'9') if count < 3 => Self::Digits(count + 1),
            _ => Self::Other,
        };
    }
}

impl<S> Wire<S> {
    /// `first` is read before anything of `stream` is.
    pub(super) fn new(stream: S, peer: SocketAddr, first: &'static [u8]) -> Self {
        let ready = first.iter().copied().collect();
        Self { stream, peer, left: MAX_SAID, ready, line: Line::Digits(0) }
    }
}

impl<S> fmt::Debug for Wire<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> AsyncTokioStream for Wire<S> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ready.is_empty() {
            let mut bytes = [0; CHUNK];
            let mut chunk = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut chunk))?;
            match self.left.checked_sub(chunk.filled().len()) {
                Some(left) => self.left = left,
                None => return Poll::Ready(Err(io::Error::other("the server says too much"))),
            }
            let Self { line, ready, .. } = &mut *self;
            chunk.filled().iter().for_each(|byte| line.take(*byte, ready));
        }
        let count = self.ready.len().min(buffer.remaining());
        self.ready.drain(..count).for_each(|byte| buffer.put_slice(&[byte]));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
