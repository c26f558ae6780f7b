//! Name resolution that answers only with addresses that may be connected to.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use crate::guard::Guard;

/// Look-ups under way at once; each takes a thread while it lasts.
const LOOKUPS: usize = 32;

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
}

/// The system's resolver behind the guard: the addresses that are checked are the ones that are
/// connected to, so that a name cannot change its mind in between (DNS rebinding).
#[derive(Debug)]
pub(super) struct GuardedResolver {
    guard: Arc<Guard>,
    /// Port 0 stands for all ports that the allow list does not name.
    port: u16,
    lookups: Arc<Semaphore>,
}

impl GuardedResolver {
    pub(super) fn new(guard: Arc<Guard>, port: Option<u16>) -> Self {
        Self { guard, port: port.unwrap_or(0), lookups: Arc::new(Semaphore::new(LOOKUPS)) }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, port) = (Arc::clone(&self.guard), self.port);
        let lookups = Arc::clone(&self.lookups);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let _permit = lookups.acquire_owned().await?;
            let answer = tokio::net::lookup_host((host.as_str(), 0)).await;
            let found: Vec<SocketAddr> = match answer.map(Iterator::collect) {
                Ok(addresses) => addresses,
                Err(source) => return Err(ResolveError::Failed { host, source }.into()),
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
