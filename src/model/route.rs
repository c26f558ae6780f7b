//! How a feed's server is reached, beyond its URL.

use std::fmt;
use std::sync::Arc;

use url::Url;

use super::{Credentials, Secret};

/// The way to a feed's server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Route {
    /// What to go through; `None`: straight.
    pub proxy: Option<Proxy>,
    /// Whether HTTP/2 is not offered, for servers that break with it.
    pub http1_only: bool,
    /// Certificates to trust beside the system's.
    pub roots: Option<Roots>,
}

/// A proxy that the config names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Proxy {
    /// Its URL, without userinfo, path and query.
    pub url: Url,
    /// What it asks for.
    pub credentials: Option<Credentials>,
}

/// Certificates as DER, of authorities or of a server that signs for itself.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Roots(pub Arc<[Vec<u8>]>);

impl Proxy {
    /// What a proxy is written like, for messages.
    pub const EXPECTED: &'static str = "\"http://proxy:3128\", \"socks5://proxy:1080\", or \"socks5h://proxy:1080\", which looks \
         names up itself; a user and password may stand before the host";

    /// Reads the URL of a proxy; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut url = Url::parse(text.trim()).ok()?;
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none();
        let known = matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h");
        if !known || !is_bare || url.host_str().is_none_or(str::is_empty) {
            return None;
        }
        let credentials = userinfo(&url)
            .map(|(username, password)| Credentials { username, password: Secret::new(password) });
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        url.set_fragment(None);
        Some(Self { url, credentials })
    }

    /// Whether names are looked up by the proxy, and cannot be checked here.
    pub fn looks_up(&self) -> bool {
        self.url.scheme() == "socks5h"
    }
}

/// The user name and password that stand in a URL, percent-decoded; `None` if there are none.
pub fn userinfo(url: &Url) -> Option<(String, String)> {
    let decode = |part: &str| {
        url::form_urlencoded::parse(format!("v={}", part.replace('+', "%2B")).as_bytes())
            .next()
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let is_there = !url.username().is_empty() || url.password().is_some();
    is_there.then(|| (decode(url.username()), decode(url.password().unwrap_or_default())))
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} certificates", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_url_with_nothing_but_a_host() {
        for text in ["http://p:3128", "socks5://127.0.0.1:1080", "socks5h://[::1]/", "https://p"] {
            let proxy = Proxy::parse(text).unwrap();
            assert_eq!(proxy.looks_up(), text.starts_with("socks5h"), "{text}");
            assert_eq!(proxy.credentials, None);
        }
        let proxy = Proxy::parse("socks5://us%20er:p%40+ss@p:1080").unwrap();
        let credentials = proxy.credentials.clone().unwrap();
        assert_eq!(credentials.username, "us er");
        assert_eq!(credentials.password.expose(), "p@+ss");
        assert!(!format!("{proxy:?}").contains("ss\"") && proxy.url.as_str() == "socks5://p:1080");
        for text in
            ["", "p:3128", "ftp://p/", "http://p/path", "http://p?q", "socks4://p", "http://"]
        {
            assert_eq!(Proxy::parse(text), None, "{text}");
        }
    }
}
