//! Connections for protocols other than HTTP, to hosts that the operator named: those may lie in
//! our own network, so the guard is not asked.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::lookup::Lookup;
use super::resolver::ResolveError;
use super::tls;
use crate::model::{Reason, Roots};

/// Addresses of one host that are tried.
const MAX_ADDRESSES: usize = 8;
/// An address that does not answer is given so long, while there are others.
const ADDRESS_MAX: Duration = Duration::from_secs(5);

/// Makes connections to hosts that the operator named. Names are looked up as for feeds. It bounds
/// the look-up, and an address that is followed by another; whoever asks bounds the whole.
#[derive(Debug)]
pub struct Dialer {
    lookup: Lookup,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The name leads to no address.
    #[error(transparent)]
    Name(ResolveError),
    /// No address of the host takes a connection.
    #[error("cannot connect to {address}")]
    Connect {
        /// The last one that was tried.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// TLS cannot be agreed, or the certificate does not hold.
    #[error("{}", tls::explain(.0))]
    Tls(rustls::Error),
    /// The connection broke while TLS was being agreed.
    #[error("the connection broke while TLS was being agreed")]
    Broken(#[source] io::Error),
}

impl DialError {
    /// Its class.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Name(ResolveError::Late { .. }) => Reason::Timeout,
            Self::Name(_) => Reason::Dns,
            Self::Connect { source, .. } if source.kind() == io::ErrorKind::TimedOut => {
                Reason::Timeout
            }
            Self::Connect { .. } => Reason::Connect,
            Self::Tls(_) | Self::Broken(_) => Reason::Tls,
        }
    }
}

impl Dialer {
    /// For connections that may take `within` in all.
    pub fn new(within: Duration) -> Self {
        Self { lookup: Lookup::new(within) }
    }

    /// The addresses of `host`, which may be an address itself.
    ///
    /// # Errors
    /// That there is none.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, DialError> {
        match host.trim_matches(['[', ']']).parse() {
            Ok(address) => Ok(vec![address]),
            Err(_) => self.lookup.addresses(host).await.map_err(DialError::Name),
        }
    }

    /// A connection to the first address of `host` that takes one.
    ///
    /// # Errors
    /// What kept the last address from taking it.
    pub async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, DialError> {
        let mut addresses = self.addresses(host).await?;
        addresses.truncate(MAX_ADDRESSES);
        let last = addresses.len().saturating_sub(1);
        let mut failed =
            (SocketAddr::new([0, 0, 0, 0].into(), port), io::ErrorKind::NotFound.into());
        for (index, address) in addresses.into_iter().enumerate() {
            let address = SocketAddr::new(address, port);
            let connecting = TcpStream::connect(address);
            let connected = if index == last {
                connecting.await
            } else {
                let late = |_| io::Error::from(io::ErrorKind::TimedOut);
                timeout(ADDRESS_MAX, connecting).await.map_err(late).flatten()
            };
            match connected {
                Ok(stream) => {
                    // Only to save a wait: without it all works too.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) => failed = (address, error),
            }
        }
        let (address, source) = failed;
        Err(DialError::Connect { address, source })
    }
}

/// TLS towards servers that the system trusts, or that hold one of `roots`. No protocol is named
/// (ALPN).
///
/// # Errors
/// That TLS cannot be set up.
pub fn tls_client(roots: Option<&Roots>) -> Result<Arc<ClientConfig>, rustls::Error> {
    tls::config_without_protocol(tls::verifier(roots)).map(Arc::new)
}

/// Agrees TLS on `stream` with a server that is called `host`.
///
/// # Errors
/// That it cannot be agreed, or the server is not who it should be.
pub async fn agree_tls<S>(
    stream: S,
    host: &str,
    config: Arc<ClientConfig>,
) -> Result<TlsStream<S>, DialError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
        .map_err(|error| DialError::Tls(rustls::Error::General(error.to_string())))?;
    TlsConnector::from(config).connect(name, stream).await.map_err(|error| {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(tls) => DialError::Tls(tls.clone()),
            None => DialError::Broken(error),
        }
    })
}
