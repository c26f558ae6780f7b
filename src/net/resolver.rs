//! Names to addresses, and only such as may be connected to.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::lookup::Lookup;
use super::trace::Trace;
use crate::guard::Guard;

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
            // A way through SOCKS asks for addresses, too.
            let found = match host.trim_matches(['[', ']']).parse() {
                Ok(address) => Ok(vec![address]),
                Err(_) => lookup.addresses(host).await,
            };
            if let Some(trace) = &trace {
                trace.resolved(found.iter().flatten().copied());
            }
            let found = found?;
            let usable = if is_proxy { found } else { permitted(&guard, host, port, &found)? };
            Ok(Box::new(usable.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}
