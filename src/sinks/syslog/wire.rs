//! The ways to a syslog receiver.

use std::io;
use std::path::PathBuf;

use rustix::io::Errno;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket, UnixDatagram, UnixStream};

use crate::model::Reason;
use crate::net::{DialError, Dialer};

/// What a receiver that says something is listened to for; syslog has no answers.
const MAX_HEARD: usize = 64;

/// Where a receiver listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A message a datagram (RFC 5426).
    Udp { host: String, port: u16 },
    /// A stream of messages (RFC 6587).
    Tcp { host: String, port: u16 },
    /// The socket of a daemon on this machine, of datagrams or a stream.
    Unix(PathBuf),
}

/// How messages are told apart in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// The length before each (RFC 6587 §3.4.1).
    Octets,
    /// A line feed behind each (§3.4.2); none of ours has one inside.
    Lines,
}

/// An open way.
pub(super) enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream),
    Datagram(UnixDatagram),
    Stream(UnixStream),
}

/// Why a message did not get away.
#[derive(Debug)]
pub(super) struct Failure {
    pub reason: Reason,
    pub message: String,
}

impl Failure {
    fn new(reason: Reason, what: &str, error: &io::Error) -> Self {
        Self { reason, message: format!("{what}: {error}") }
    }

    fn broken(error: &io::Error) -> Self {
        Self::new(Reason::Truncated, "the connection broke", error)
    }
}

impl From<DialError> for Failure {
    fn from(error: DialError) -> Self {
        let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
        Self { reason: error.reason(), message: format!("{error}{}", source.unwrap_or_default()) }
    }
}

impl Wire {
    /// Opens a way to `address`.
    pub(super) async fn open(address: &Address, dialer: &Dialer) -> Result<Self, Failure> {
        match address {
            Address::Udp { host, port } => udp(host, *port, dialer).await.map(Self::Udp),
            Address::Tcp { host, port } => Ok(Self::Tcp(dialer.connect(host, *port).await?)),
            Address::Unix(path) => {
                let fail = |error: io::Error| {
                    let what = format!("cannot connect to {}", path.display());
                    Failure::new(Reason::Connect, &what, &error)
                };
                let socket = UnixDatagram::unbound().map_err(fail)?;
                match socket.connect(path) {
                    Ok(()) => Ok(Self::Datagram(socket)),
                    Err(error) if error.raw_os_error() == Some(Errno::PROTOTYPE.raw_os_error()) => {
                        UnixStream::connect(path).await.map(Self::Stream).map_err(fail)
                    }
                    Err(error) => Err(fail(error)),
                }
            }
        }
    }

    /// Hands `message` to the system. What breaks off in between must not be gone on with.
    pub(super) async fn send(&mut self, message: &str, framing: Framing) -> Result<(), Failure> {
        let result = match self {
            Self::Udp(socket) => socket.send(message.as_bytes()).await.map(drop),
            Self::Datagram(socket) => socket.send(message.as_bytes()).await.map(drop),
            Self::Tcp(stream) => stream.write_all(&frame(message, framing)).await,
            Self::Stream(stream) => stream.write_all(&frame(message, framing)).await,
        };
        result.map_err(|error| match self {
            Self::Udp(_) | Self::Datagram(_) => {
                Failure::new(Reason::Connect, "the message was not taken", &error)
            }
            Self::Tcp(_) | Self::Stream(_) => Failure::broken(&error),
        })
    }

    /// Whether a message that was taken has arrived.
    pub(super) fn is_exact(&self) -> bool {
        matches!(self, Self::Datagram(_))
    }

    /// Whether the way still leads somewhere, as far as the system knows by now: the receiver may
    /// have closed a stream, or have no socket at a datagram's address.
    pub(super) async fn check(&self) -> Result<(), Failure> {
        // The system is asked what has happened in the meantime.
        tokio::task::yield_now().await;
        let heard = |read: &dyn Fn(&mut [u8]) -> io::Result<usize>| {
            for _ in 0..MAX_HEARD {
                match read(&mut [0; 1024]) {
                    Ok(0) => {
                        let message = "the receiver closed the connection".to_owned();
                        return Err(Failure { reason: Reason::Truncated, message });
                    }
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                    Err(error) => return Err(Failure::broken(&error)),
                }
            }
            Ok(())
        };
        match self {
            Self::Tcp(stream) => heard(&|buffer| stream.try_read(buffer)),
            Self::Stream(stream) => heard(&|buffer| stream.try_read(buffer)),
            Self::Udp(socket) => match socket.take_error() {
                Ok(Some(error)) => {
                    Err(Failure::new(Reason::Connect, "nobody listens there", &error))
                }
                _ => Ok(()),
            },
            Self::Datagram(_) => Ok(()),
        }
    }
}

/// A socket for the first address of `host` that there is a way to.
async fn udp(host: &str, port: u16, dialer: &Dialer) -> Result<UdpSocket, Failure> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in dialer.addresses(host).await? {
        let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = match UdpSocket::bind(any).await {
            Ok(socket) => socket.connect((address, port)).await.map(|()| socket),
            Err(error) => Err(error),
        };
        match socket {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(Failure::new(Reason::Connect, "no way there", &last))
}

fn frame(message: &str, framing: Framing) -> Vec<u8> {
    match framing {
        Framing::Octets => format!("{} {message}", message.len()).into_bytes(),
        Framing::Lines => format!("{message}\n").into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_closed_way_is_seen() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (other, _) = listener.accept().await.unwrap();
        let wire = Wire::Tcp(stream);
        assert!(wire.check().await.is_ok());
        drop(other);
        let mut seen = wire.check().await;
        while seen.is_ok() {
            seen = wire.check().await;
        }
        assert_eq!(seen.unwrap_err().reason, Reason::Truncated);
    }

    #[test]
    fn frames_are_as_the_rfc_says() {
        assert_eq!(frame("<34>1 …", Framing::Octets), "9 <34>1 …".as_bytes());
        assert_eq!(frame("<34>1 x", Framing::Lines), b"<34>1 x\n");
    }
}
