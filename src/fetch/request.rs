//! What a request holds: what every hop is told, and what only the feed's own server is.

use reqwest::RequestBuilder;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, COOKIE, ETAG, HeaderMap, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use sha2::{Digest, Sha256};
use url::Url;

use super::{Request, coding};
use crate::model::{Feed, Validators};

const ACCEPT_FEEDS: &str = "application/atom+xml, application/rss+xml, application/feed+json, \
    application/rdf+xml;q=0.9, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5";

/// Whether `url` is told the feed's headers and credentials (RFC 9110 §15.4).
pub(super) fn is_trusted(feed: &Feed, url: &Url) -> bool {
    url.origin() == feed.url.origin()
}

/// Whether a request for the feed carries what proves who we are.
pub(super) fn is_secret(feed: &Feed) -> bool {
    let proves =
        |name: &str| ["authorization", "cookie"].iter().any(|n| name.eq_ignore_ascii_case(n));
    feed.credentials.is_some() || feed.headers.iter().any(|(name, _)| proves(name))
}

/// Fills in a request to `url`: with `validators`, if there are any, and the `cookies` of this poll.
pub(super) fn fill(
    mut builder: RequestBuilder,
    url: &Url,
    request: &Request<'_>,
    validators: Option<&Validators>,
    cookies: Option<&str>,
) -> RequestBuilder {
    builder = builder.header(ACCEPT, ACCEPT_FEEDS).header(ACCEPT_ENCODING, coding::ACCEPT);
    if request.reload {
        builder = builder.header(CACHE_CONTROL, "no-cache");
    }
    let feed = request.feed;
    let mut own_cookies = None;
    if is_trusted(feed, url) {
        for (name, value) in &feed.headers {
            if name.eq_ignore_ascii_case(COOKIE.as_str()) {
                own_cookies = Some(value.expose());
            } else if let Ok(mut value) = HeaderValue::from_str(value.expose()) {
                value.set_sensitive(true);
                builder = builder.header(name, value);
            }
        }
        if let Some(credentials) = &feed.credentials {
            let password = Some(credentials.password.expose());
            builder = builder.basic_auth(&credentials.username, password);
        }
    }
    let cookies: Vec<&str> = own_cookies.into_iter().chain(cookies).collect();
    if let (false, Ok(mut value)) = (cookies.is_empty(), HeaderValue::from_str(&cookies.join("; ")))
    {
        value.set_sensitive(true);
        builder = builder.header(COOKIE, value);
    }
    if let Some(etag) = validators.and_then(|validators| validators.etag.as_deref()) {
        builder = builder.header(IF_NONE_MATCH, etag);
    }
    if let Some(date) = validators.and_then(|validators| validators.last_modified.as_deref()) {
        builder = builder.header(IF_MODIFIED_SINCE, date);
    }
    builder
}

/// The validators that the answer of `url` gives.
pub(super) fn validators_of(url: &Url, feed: &Feed, headers: &HeaderMap) -> Validators {
    let bytes = |name| headers.get(name).map(|value: &HeaderValue| value.as_bytes().to_vec());
    Validators {
        url: validators_key(url, feed),
        etag: bytes(ETAG),
        last_modified: bytes(LAST_MODIFIED),
    }
}

/// What validators belong to: the URL, and as its fragment a mark of the request headers that choose
/// which representation it gives, secrets among them. The mark is short, so that it tells nobody
/// who reads the store what the secret is.
pub(super) fn validators_key(url: &Url, feed: &Feed) -> String {
    let mut digest = Sha256::new();
    let mut add = |text: &str| {
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text.as_bytes());
    };
    add(ACCEPT_FEEDS);
    add(coding::ACCEPT);
    if is_trusted(feed, url) {
        for (name, value) in &feed.headers {
            add(&name.to_ascii_lowercase());
            add(value.expose());
        }
        if let Some(credentials) = &feed.credentials {
            add(&credentials.username);
            add(credentials.password.expose());
        }
    }
    let [a, b, ..] = <[u8; 32]>::from(digest.finalize());
    format!("{url}#{a:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Credentials, FeedId, Secret};

    #[test]
    fn validators_belong_to_a_url_and_to_what_it_is_asked_with() {
        let url = Url::parse("https://a.example/feed?x=1").unwrap();
        let elsewhere = Url::parse("https://b.example/feed?x=1").unwrap();
        let feed = |headers: &[(&str, &str)], user: Option<(&str, &str)>| Feed {
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), Secret::new(*v))).collect(),
            credentials: user.map(|(username, password)| Credentials {
                username: username.to_owned(),
                password: Secret::new(password),
            }),
            ..Feed::new(FeedId::new("f"), url.clone())
        };
        let feeds = [
            feed(&[], None),
            feed(&[("Accept-Language", "uk")], None),
            feed(&[("Accept-Language", "de")], None),
            feed(&[("X-Key", "uk")], None),
            feed(&[], Some(("u", "p"))),
            feed(&[], Some(("up", ""))),
            feed(&[], Some(("u", "q"))),
        ];
        let keys: Vec<String> = feeds.iter().map(|feed| validators_key(&url, feed)).collect();
        for (n, key) in keys.iter().enumerate() {
            assert!(key.starts_with("https://a.example/feed?x=1#"), "{key}");
            assert_eq!(keys.iter().filter(|other| *other == key).count(), 1, "{n}: {keys:?}");
        }
        let same = feed(&[("accept-language", "uk")], None);
        assert_eq!(validators_key(&url, &same), keys[1], "names have no case");
        let there: Vec<String> = feeds.iter().map(|f| validators_key(&elsewhere, f)).collect();
        assert!(there.iter().all(|key| *key == there[0]), "no secret is sent there: {there:?}");
    }
}
