//! Cookies that live for one poll, to get through walls that set one and redirect back.

use std::net::IpAddr;

use reqwest::header::{HeaderMap, SET_COOKIE};
use url::{Host, Url};

use crate::model::Timestamp;

/// Cookies that are kept; a server that sets more is not trying to let us in.
const MAX_COOKIES: usize = 32;
/// Bytes of a name and value (RFC 6265 §6.1).
const MAX_BYTES: usize = 4096;
/// Bytes of a whole Cookie header, its name and line end included: what common servers take of
/// one line.
const MAX_HEADER: usize = 8 << 10;

/// The cookies that one poll was given (RFC 6265). Stricter than browsers in one thing: a port that
/// is not the scheme's own is a site of its own.
#[derive(Debug, Default)]
pub(super) struct Jar {
    cookies: Vec<Cookie>,
}

#[derive(Debug, PartialEq, Eq)]
struct Cookie {
    name: String,
    value: String,
    domain: String,
    /// Whether it is for `domain` alone, and not for what lies below it.
    host_only: bool,
    /// `None`: the port of the scheme.
    port: Option<u16>,
    path: String,
    secure: bool,
}

impl Jar {
    /// Takes what the answer from `url` sets. What has expired at `now` is taken out.
    pub(super) fn take(&mut self, url: &Url, headers: &HeaderMap, now: Timestamp) {
        for header in headers.get_all(SET_COOKIE) {
            let Ok(text) = header.to_str() else { continue };
            let Some((cookie, expired)) = parse(text, url, now) else { continue };
            self.cookies.retain(|known| {
                (&known.name, &known.domain, known.port, &known.path)
                    != (&cookie.name, &cookie.domain, cookie.port, &cookie.path)
            });
            if !expired && self.cookies.len() < MAX_COOKIES {
                self.cookies.push(cookie);
            }
        }
    }

    /// The Cookie header for a request to `url`, if there is any to send: longer paths first
    /// (RFC 6265 §5.4). Of more than 8 KiB the oldest are left out.
    pub(super) fn header(&self, url: &Url) -> Option<String> {
        let mut size = "cookie: \r\n".len();
        let newest = self.cookies.iter().rev().filter(|cookie| cookie.fits(url));
        let mut sent: Vec<&Cookie> = newest
            .take_while(|cookie| {
                size += cookie.name.len() + cookie.value.len() + "=; ".len();
                size <= MAX_HEADER
            })
            .collect();
        sent.reverse();
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> =
            sent.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

impl Cookie {
    fn fits(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let domain =
            if self.host_only { host == self.domain } else { domain_matches(host, &self.domain) };
        let path = url.path();
        let below = path.strip_prefix(self.path.as_str());
        let path = below.is_some_and(|rest| {
            rest.is_empty() || rest.starts_with('/') || self.path.ends_with('/')
        });
        domain && path && url.port() == self.port && (!self.secure || url.scheme() == "https")
    }
}

/// RFC 6265 §5.1.3.
fn domain_matches(host: &str, domain: &str) -> bool {
    let above = host.strip_suffix(domain);
    above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

/// A Set-Cookie header (RFC 6265 §5.2), and whether it has expired. `None` for what may not be set.
fn parse(text: &str, url: &Url, now: Timestamp) -> Option<(Cookie, bool)> {
    let mut parts = text.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() || name.len() + value.len() > MAX_BYTES {
        return None;
    }
    let host = url.host_str()?.to_owned();
    let mut cookie = Cookie {
        name: name.to_owned(),
        value: value.to_owned(),
        domain: host.clone(),
        host_only: true,
        port: url.port(),
        path: default_path(url),
        secure: false,
    };
    let (mut max_age, mut expires) = (None, None);
    for part in parts {
        let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        match attribute.trim().to_ascii_lowercase().as_str() {
            "secure" => cookie.secure = true,
            "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
            "max-age" => max_age = value.parse::<i64>().ok().or(max_age),
            "expires" => expires = httpdate::parse_http_date(value).ok().or(expires),
            "domain" => {
                let domain = value.trim_start_matches('.').to_ascii_lowercase();
                if domain.is_empty() || domain == host {
                    cookie.host_only &= is_address(url);
                    continue;
                }
                // Without a list of public suffixes: at least no top-level domain.
                if is_address(url) || !domain.contains('.') || !domain_matches(&host, &domain) {
                    return None;
                }
                cookie.domain = domain;
                cookie.host_only = false;
            }
            _ => {}
        }
    }
    if cookie.secure && url.scheme() != "https" {
        return None;
    }
    let past = |at: std::time::SystemTime| {
        let since = at.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        since.as_millis() <= u128::from(now.as_millis().max(0).unsigned_abs())
    };
    let expired = max_age.map_or_else(|| expires.is_some_and(past), |seconds| seconds <= 0);
    Some((cookie, expired))
}

/// RFC 6265 §5.1.4.
fn default_path(url: &Url) -> String {
    match url.path().rfind('/') {
        Some(0) | None => "/".to_owned(),
        Some(last) => url.path()[..last].to_owned(),
    }
}

fn is_address(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.parse::<IpAddr>().is_ok(),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) | None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000;

    fn sent(from: &str, set: &[&str], to: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in set {
            headers.append(SET_COOKIE, value.parse().unwrap());
        }
        let mut jar = Jar::default();
        jar.take(&Url::parse(from).unwrap(), &headers, Timestamp::from_millis(NOW));
        jar.header(&Url::parse(to).unwrap())
    }

    #[test]
    fn a_cookie_goes_back_to_where_it_may() {
        let http = "http://a.example.org/feed/x";
        let https = "https://a.example.org/feed/x";
        let cases: [(&str, &str, &str, bool); 22] = [
            (http, "k=v", http, true),
            (http, "k=v", https, true),
            (http, "k=v", "http://a.example.org/feed/y/z", true),
            (http, "k=v", "http://a.example.org/feeds", false),
            (http, "k=v", "http://a.example.org:8080/feed/x", false),
            (http, "k=v", "http://b.example.org/feed/x", false),
            (http, "k=v", "http://x.a.example.org/feed/x", false),
            (http, "k=v; Path=/", "http://a.example.org/", true),
            (http, "k=v; Path=nowhere", "http://a.example.org/", false),
            (http, "k=v; Domain=example.org", "http://b.example.org/feed/x", true),
            (http, "k=v; domain=.Example.org", "http://b.example.org/feed/x", true),
            (http, "k=v; Domain=example.org", "http://badexample.org/feed/x", false),
            (http, "k=v; Domain=org", "http://other.org/feed/x", false),
            (http, "k=v; Domain=b.example.org", "http://b.example.org/feed/x", false),
            (http, "k=v; Domain=b.example.org", http, false),
            ("http://127.0.0.1/x", "k=v; Domain=0.0.1", "http://127.0.0.1/x", false),
            ("http://127.0.0.1/x", "k=v; Domain=127.0.0.1", "http://127.0.0.1/x", true),
            (https, "k=v; Secure", https, true),
            (https, "k=v; Secure; HttpOnly; SameSite=Strict", http, false),
            (http, "k=v; Secure", https, false),
            (http, "k=v; Max-Age=0", http, false),
            (http, "k=v; Expires=Thu, 01 Jan 1970 00:00:00 GMT", http, false),
        ];
        for (from, set, to, goes) in cases {
            let expected = goes.then(|| "k=v".to_owned());
            assert_eq!(sent(from, &[set], to), expected, "{from} {set} {to}");
        }
    }

    #[test]
    fn later_ones_win_and_longer_paths_go_first() {
        let url = "http://a.example.org/a/b";
        let cases: [(&[&str], Option<&str>); 6] = [
            (&["k=1", "k=2"], Some("k=2")),
            (&["k=1", "k=; Max-Age=-1"], None),
            (&["k=1; Path=/", "j=2; Path=/a/b", "i=3; path=/a"], Some("j=2; i=3; k=1")),
            (&["k=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], Some("k=1")),
            (&["nonsense", "=v", ""], None),
            (&["k=a=b; Max-Age=soon"], Some("k=a=b")),
        ];
        for (set, expected) in cases {
            assert_eq!(sent(url, set, url).as_deref(), expected, "{set:?}");
        }
    }

    #[test]
    fn a_flood_of_cookies_is_cut_off() {
        let url = "http://a.example.org/";
        let many: Vec<String> = (0..100).map(|n| format!("k{n}=v")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(sent(url, &many, url).unwrap().split("; ").count(), MAX_COOKIES);
        let long = format!("k={}", "v".repeat(5000));
        assert_eq!(sent(url, &[&long], url), None);
    }

    #[test]
    fn a_header_that_would_be_too_long_goes_without_the_oldest() {
        let url = "http://a.example.org/x";
        let large: Vec<String> = (0..5).map(|n| format!("k{n}={}", "v".repeat(2000))).collect();
        let mut set: Vec<&str> = large.iter().map(String::as_str).collect();
        let again = format!("k0={}", "w".repeat(2000));
        set.push(&again);
        let header = sent(url, &set, url).unwrap();
        assert!(header.len() <= MAX_HEADER, "{}", header.len());
        let names: Vec<&str> = header.split("; ").map(|pair| &pair[..2]).collect();
        assert_eq!(names, ["k2", "k3", "k4", "k0"], "what was set anew is not old");
    }
}
