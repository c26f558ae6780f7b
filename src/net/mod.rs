//! Connections: clients whose every address has passed the guard.

mod resolver;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Client;
use url::{Host, Url};

use crate::guard::Guard;
use resolver::GuardedResolver;
pub use resolver::ResolveError;

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
    /// The HTTP client cannot be set up, for want of root certificates perhaps.
    #[error("cannot set up the HTTP client")]
    Client(#[source] Arc<reqwest::Error>),
}

/// The guarded way out. Cheap to share.
#[derive(Debug)]
pub struct Network {
    guard: Arc<Guard>,
    options: ClientOptions,
    /// A resolver is not told the port, so each port that the allow list names has a client of its
    /// own, and all others share one.
    clients: Mutex<HashMap<Option<u16>, Client>>,
}

impl Network {
    /// A way out past `guard`.
    pub fn new(guard: Guard, options: ClientOptions) -> Self {
        Self { guard: Arc::new(guard), options, clients: Mutex::new(HashMap::new()) }
    }

    /// How connections are made.
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// The client to ask `url` with. Checks the scheme and an address written in the URL itself,
    /// which never reaches a resolver; names are checked when they are resolved.
    pub fn client(&self, url: &Url) -> Result<Client, NetError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(NetError::Scheme { scheme: url.scheme().to_owned() });
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) | None => None,
        };
        if let Some(address) = literal
            && !self.guard.permits(None, address, port)
        {
            return Err(NetError::Forbidden { address });
        }
        let key = self.guard.names_port(port).then_some(port);
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let client = self.build(key).map_err(|error| NetError::Client(Arc::new(error)))?;
        clients.insert(key, client.clone());
        Ok(client)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where clients are made")]
    fn build(&self, port: Option<u16>) -> Result<Client, reqwest::Error> {
        let wait = self.options.connect_timeout;
        let resolver = GuardedResolver::new(Arc::clone(&self.guard), port, wait);
        Client::builder()
            .user_agent(&self.options.user_agent)
            .connect_timeout(self.options.connect_timeout)
            .read_timeout(self.options.read_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(Duration::from_secs(15))
            .http1_max_headers(MAX_HEADERS)
            .http2_max_header_list_size(MAX_HEADER_LIST)
            // What comes faster than it is taken waits in memory.
            .http2_initial_stream_window_size(WINDOW)
            .http2_initial_connection_window_size(2 * WINDOW)
            .dns_resolver(resolver)
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::AllowEntry;

    fn network(allow: &[&str]) -> Network {
        let allow = allow.iter().map(|entry| AllowEntry::parse(entry).unwrap()).collect();
        let options = ClientOptions {
            user_agent: "test".into(),
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(5),
        };
        Network::new(Guard::new(allow), options)
    }

    #[test]
    fn addresses_written_in_a_url_are_checked_in_every_spelling() {
        let network = network(&[]);
        for host in ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "0"] {
            let url = Url::parse(&format!("http://{host}/feed")).unwrap();
            assert!(matches!(network.client(&url), Err(NetError::Forbidden { .. })), "{host}");
        }
        let url = Url::parse("file:///etc/passwd").unwrap();
        assert!(matches!(network.client(&url), Err(NetError::Scheme { .. })));
    }

    #[tokio::test]
    async fn names_are_checked_by_the_address_and_port_they_lead_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = Url::parse(&format!("http://localhost:{port}/")).unwrap();
        let other = if port == u16::MAX { 1 } else { port + 1 };
        for allow in [vec![], vec![format!("127.0.0.1:{other}"), format!("[::1]:{other}")]] {
            let allow: Vec<&str> = allow.iter().map(String::as_str).collect();
            let error = network(&allow).client(&url).unwrap().get(url.clone()).send().await;
            let error = error.expect_err("no connection is made");
            let mut source = std::error::Error::source(&error);
            let mut found = false;
            while let Some(error) = source {
                found |= matches!(error.downcast_ref(), Some(ResolveError::Forbidden { .. }));
                source = error.source();
            }
            assert!(found, "{error:?}");
        }
    }
}
