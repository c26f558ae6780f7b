//! Name resolution that answers only with addresses that may be connected to.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use crate::guard::Guard;

/// Look-ups under way at once; each takes a thread while it lasts.
const LOOKUPS: usize = 32;
/// A look-up that takes longer has failed.
const LOOKUP_MAX: Duration = Duration::from_secs(5);

/// Why a name gave no address.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// All of its addresses are outside the public internet and the allow list.
    #[error(
        "{host} leads to {address}, which is not on the public internet and not on the allow list ([net] allow)"
    )]
    Forbidden {
        /// The name.
        host: String,
        /// The first of its addresses.
        address: IpAddr,
    },
    /// The resolver knows no address, or did not answer.
    #[error("cannot resolve {host}")]
    Failed {
        /// The name.
        host: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The resolver did not answer in time.
    #[error("no answer to the look-up of {host} within {within:?}")]
    Late {
        /// The name.
        host: String,
        /// How long it had.
        within: Duration,
    },
}

/// The system's resolver behind the guard: the addresses that are checked are the ones that are
/// connected to, so that a name cannot change its mind in between (DNS rebinding).
#[derive(Debug)]
pub(super) struct GuardedResolver {
    guard: Arc<Guard>,
    /// Port 0 stands for all ports that the allow list does not name.
    port: u16,
    lookups: Arc<Semaphore>,
    within: Duration,
}

impl GuardedResolver {
    /// A resolver for connections to `port`, which may take `connect_timeout` in all.
    pub(super) fn new(guard: Arc<Guard>, port: Option<u16>, connect_timeout: Duration) -> Self {
        Self {
            guard,
            port: port.unwrap_or(0),
            lookups: Arc::new(Semaphore::new(LOOKUPS)),
            // Sooner than the connection is given up, so that it is told what took so long.
            within: LOOKUP_MAX.min(connect_timeout * 3 / 4),
        }
    }
}

/// Asks the system. The thread that this takes is counted until it is done, though nobody may be
/// waiting for it any more.
async fn look_up(host: &str, lookups: Arc<Semaphore>) -> std::io::Result<Vec<SocketAddr>> {
    let permit = lookups.acquire_owned().await.map_err(std::io::Error::other)?;
    let name = host.to_owned();
    let work = move || {
        let found = (name.as_str(), 0).to_socket_addrs().map(Iterator::collect);
        drop(permit);
        found
    };
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, port, within) = (Arc::clone(&self.guard), self.port, self.within);
        let lookups = Arc::clone(&self.lookups);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let answer = tokio::time::timeout(within, look_up(&host, lookups)).await;
            let found: Vec<SocketAddr> = match answer {
                Ok(Ok(addresses)) => addresses,
                Ok(Err(source)) => return Err(ResolveError::Failed { host, source }.into()),
                Err(_) => return Err(ResolveError::Late { host, within }.into()),
            };
            let permitted: Vec<SocketAddr> = found
                .iter()
                .copied()
                .filter(|address| guard.permits(Some(&host), address.ip(), port))
                .collect();
            match (permitted.is_empty(), found.first()) {
                (false, _) => Ok(Box::new(permitted.into_iter()) as Addrs),
                (true, Some(first)) => {
                    Err(ResolveError::Forbidden { host, address: first.ip() }.into())
                }
                (true, None) => {
                    let source = std::io::Error::other("no address");
                    Err(ResolveError::Failed { host, source }.into())
                }
            }
        })
    }
}
