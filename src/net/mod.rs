//! Connections: clients whose every address has passed the guard.

mod dial;
mod dialer;
pub mod failure;
pub mod headers;
mod lookup;
mod resolver;
mod tls;
mod trace;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Client;
use rustls::client::danger::ServerCertVerifier;
use url::{Host, Url};

use self::dial::Watch;
use self::lookup::{Lookup, is_this_machine};
use self::resolver::{GuardedResolver, permitted};
use crate::guard::{Guard, is_public};
use crate::model::{Proxy, Roots, Route};
pub use dial::noting_dials;
pub use dialer::{DialError, Dialer, agree_tls, tls_client};
pub use resolver::ResolveError;
pub use tls::{explain, read_roots};
pub use trace::{Dial, Trace};

/// Headers of an answer.
const MAX_HEADERS: usize = 256;
/// Bytes of the headers of an answer by HTTP/2.
const MAX_HEADER_LIST: u32 = 128 << 10;
/// Bytes of an answer by HTTP/2 that may be on their way.
const WINDOW: u32 = 512 << 10;

/// How connections are made.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The User-Agent header.
    pub user_agent: String,
    /// To connect, TLS included.
    pub connect_timeout: Duration,
    /// Between two pieces of an answer, and before the first.
    pub read_timeout: Duration,
}

/// Why a request cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// A URL that is neither http nor https.
    #[error("cannot fetch {scheme}: URLs; only http and https")]
    Scheme {
        /// What it is.
        scheme: String,
    },
    /// The URL names an address outside the public internet.
    #[error("{address} is not on the public internet and not on the allow list ([net] allow)")]
    Forbidden {
        /// The address.
        address: IpAddr,
    },
    /// The name in the URL leads to no address that may be fetched.
    #[error(transparent)]
    Name(ResolveError),
    /// The HTTP client cannot be set up, for want of root certificates perhaps.
    #[error("cannot set up the HTTP client")]
    Client(#[source] Arc<reqwest::Error>),
    /// TLS cannot be set up, for want of root certificates perhaps.
    #[error("cannot set up TLS")]
    Tls(#[source] rustls::Error),
}

/// The guarded way out. Cheap to share.
#[derive(Debug)]
pub struct Network {
    guard: Arc<Guard>,
    options: ClientOptions,
    lookup: Arc<Lookup>,
    trace: Option<Arc<Trace>>,
    clients: Mutex<HashMap<Key, Client>>,
    verifiers: Mutex<HashMap<Option<Roots>, Arc<dyn ServerCertVerifier>>>,
}

/// Requests that differ in this need clients of their own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// A resolver is not told the port, so each port that the allow list names has a client of its
    /// own, and all others share one.
    port: Option<u16>,
    route: Route,
    /// Whether each request gets a connection of its own.
    anew: bool,
}

impl Network {
    /// A way out past `guard`.
    pub fn new(guard: Guard, options: ClientOptions) -> Self {
        Self {
            guard: Arc::new(guard),
            lookup: Arc::new(Lookup::new(options.connect_timeout)),
            options,
            trace: None,
            clients: Mutex::default(),
            verifiers: Mutex::default(),
        }
    }

    /// The same, with each connection noted in `trace`: for requests one at a time.
    #[must_use]
    pub fn traced(self, trace: Arc<Trace>) -> Self {
        Self { trace: Some(trace), ..self }
    }

    /// How connections are made.
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// Whether `url` leads into our own network, by its address or since the allow list names it.
    pub fn is_own(&self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Ipv4(address)) => !is_public(address.into()),
            Some(Host::Ipv6(address)) => !is_public(address.into()),
            Some(Host::Domain(name)) => is_this_machine(name) || self.guard.names(name),
            None => true,
        }
    }

    /// The client to ask `url` with, by `route`. Checks the scheme and an address written in the
    /// URL itself, which never reaches a resolver; names are checked when they are resolved, or
    /// here if that is left to a proxy and they can be resolved at all.
    pub async fn client(&self, url: &Url, route: &Route) -> Result<Client, NetError> {
        self.choose(url, route, false).await
    }

    /// The same, for a request that is to go out on a connection of its own.
    pub async fn client_anew(&self, url: &Url, route: &Route) -> Result<Client, NetError> {
        self.choose(url, route, true).await
    }

    async fn choose(&self, url: &Url, route: &Route, anew: bool) -> Result<Client, NetError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(NetError::Scheme { scheme: url.scheme().to_owned() });
        }
        let port = url.port_or_known_default().unwrap_or_default();
        match url.host() {
            Some(Host::Ipv4(address)) => self.admit(address.into(), port)?,
            Some(Host::Ipv6(address)) => self.admit(address.into(), port)?,
            Some(Host::Domain(name)) => {
                if let Some(proxy) = &route.proxy {
                    self.admit_name(name, port, proxy).await?;
                }
            }
            None => {}
        }
        let port = self.guard.names_port(port).then_some(port);
        let key = Key { port, route: route.clone(), anew };
        let known = self.clients.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(client) = known {
            return Ok(client);
        }
        let client = self.build(&key)?;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(clients.entry(key).or_insert(client).clone())
    }

    fn admit(&self, address: IpAddr, port: u16) -> Result<(), NetError> {
        match self.guard.permits(None, address, port) {
            true => Ok(()),
            false => Err(NetError::Forbidden { address }),
        }
    }

    /// Checks a name that a proxy will look up once more. One that only the proxy can look up is
    /// let through.
    async fn admit_name(&self, name: &str, port: u16, proxy: &Proxy) -> Result<(), NetError> {
        if proxy.looks_up() && !is_this_machine(name) {
            return Ok(());
        }
        let Ok(found) = self.lookup.addresses(name).await else { return Ok(()) };
        permitted(&self.guard, name, port, &found).map(|_| ()).map_err(NetError::Name)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where clients are made")]
    fn build(&self, Key { port, route, anew }: &Key) -> Result<Client, NetError> {
        let resolver = GuardedResolver {
            guard: Arc::clone(&self.guard),
            lookup: Arc::clone(&self.lookup),
            port: port.unwrap_or(0),
            proxy: route.proxy.as_ref().and_then(|proxy| proxy.url.host_str().map(str::to_owned)),
            trace: self.trace.clone(),
        };
        let verifier = self.verifier(route.roots.as_ref());
        let tls = tls::config(verifier, route.http1_only, self.trace.as_ref());
        let failed = |error| NetError::Client(Arc::new(error));
        let mut builder = Client::builder()
            .user_agent(&self.options.user_agent)
            .connect_timeout(self.options.connect_timeout)
            .read_timeout(self.options.read_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .pool_max_idle_per_host(usize::from(!anew))
            .pool_idle_timeout(Duration::from_secs(15))
            .http1_max_headers(MAX_HEADERS)
            .http2_max_header_list_size(MAX_HEADER_LIST)
            // What comes faster than it is taken waits in memory.
            .http2_initial_stream_window_size(WINDOW)
            .http2_initial_connection_window_size(2 * WINDOW)
            .tls_backend_preconfigured(tls.map_err(NetError::Tls)?)
            .dns_resolver(resolver);
        if route.http1_only {
            builder = builder.http1_only();
        }
        if let Some(proxy) = &route.proxy {
            builder = builder.proxy(way_through(proxy).map_err(failed)?);
        }
        builder.connector_layer(Watch(self.trace.clone())).build().map_err(failed)
    }

    fn verifier(&self, roots: Option<&Roots>) -> Arc<dyn ServerCertVerifier> {
        let mut verifiers = self.verifiers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(verifier) = verifiers.get(&roots.cloned()) {
            return Arc::clone(verifier);
        }
        let verifier = tls::verifier(roots);
        verifiers.insert(roots.cloned(), Arc::clone(&verifier));
        verifier
    }
}

fn way_through(proxy: &Proxy) -> Result<reqwest::Proxy, reqwest::Error> {
    let mut url = proxy.url.clone();
    if let Some(credentials) = &proxy.credentials {
        // These cannot fail for a URL that has a host.
        let _ = url.set_username(&credentials.username);
        let _ = url.set_password(Some(credentials.password.expose()));
    }
    reqwest::Proxy::all(url).map_err(reqwest::Error::without_url)
}

#[cfg(test)]
mod tests;
