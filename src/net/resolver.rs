//! Names to addresses, and only such as may be connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::trace::Trace;
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

/// Looks names up, for all clients.
#[derive(Debug)]
pub(super) struct Lookup {
    system: Arc<Semaphore>,
    within: Duration,
}

impl Lookup {
    /// Look-ups for connections that may take `connect_timeout` in all.
    pub(super) fn new(connect_timeout: Duration) -> Self {
        Self {
            system: Arc::new(Semaphore::new(LOOKUPS)),
            // Sooner than the connection is given up, so that it is told what took so long.
            within: LOOKUP_MAX.min(connect_timeout * 3 / 4),
        }
    }

    /// All addresses of `host`, unchecked. `localhost` and what lies below it is this machine
    /// (RFC 6761 §6.3).
    pub(super) async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        if name == "localhost" || name.ends_with(".localhost") {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        let host = host.to_owned();
        match tokio::time::timeout(self.within, self.ask_system(&host)).await {
            Ok(Ok(found)) if found.is_empty() => {
                Err(ResolveError::Failed { host, source: std::io::Error::other("no address") })
            }
            Ok(Ok(found)) => Ok(found),
            Ok(Err(source)) => Err(ResolveError::Failed { host, source }),
            Err(_) => Err(ResolveError::Late { host, within: self.within }),
        }
    }

    /// Asks the system. The thread that this takes is counted until it is done, though nobody may
    /// be waiting for it any more.
    async fn ask_system(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        let permit = Arc::clone(&self.system).acquire_owned().await;
        let permit = permit.map_err(std::io::Error::other)?;
        let name = host.to_owned();
        let work = move || {
            let found = (name.as_str(), 0).to_socket_addrs();
            let found = found.map(|found| found.map(|address| address.ip()).collect());
            drop(permit);
            found
        };
        tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
    }
}

/// Keeps of `found`, the addresses of `host`, what may be connected to at `port`.
pub(super) fn permitted(
    guard: &Guard,
    host: &str,
    port: u16,
    found: &[IpAddr],
) -> Result<Vec<IpAddr>, ResolveError> {
    let permitted: Vec<IpAddr> =
        found.iter().copied().filter(|address| guard.permits(Some(host), *address, port)).collect();
    match found.first() {
        Some(first) if permitted.is_empty() => {
            Err(ResolveError::Forbidden { host: host.to_owned(), address: *first })
        }
        _ => Ok(permitted),
    }
}

/// A resolver behind the guard: the addresses that are checked are the ones that are connected to,
/// so that a name cannot change its mind in between (DNS rebinding).
#[derive(Debug)]
pub(super) struct GuardedResolver {
    pub guard: Arc<Guard>,
    pub lookup: Arc<Lookup>,
    /// Port 0 stands for all ports that the allow list does not name.
    pub port: u16,
    /// The host of the proxy, which may be anywhere.
    pub proxy: Option<String>,
    pub trace: Option<Arc<Trace>>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, port) = (Arc::clone(&self.guard), self.port);
        let (lookup, trace) = (Arc::clone(&self.lookup), self.trace.clone());
        let is_proxy = self.proxy.as_deref() == Some(name.as_str());
        Box::pin(async move {
            let host = name.as_str();
            if let Some(trace) = &trace {
                trace.asked();
            }
            let found = lookup.addresses(host).await?;
            if let Some(trace) = &trace {
                trace.resolved(found.iter().copied());
            }
            let usable = if is_proxy { found } else { permitted(&guard, host, port, &found)? };
            Ok(Box::new(usable.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}
