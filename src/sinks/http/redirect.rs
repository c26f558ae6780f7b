//! Where a redirect leads, and which are followed. Pure.

use url::Url;

use crate::model::host_port;

/// Where an answer with that status and Location leads on to; `None` if it is no redirect. Only 307
/// and 308 send the message itself on (RFC 9110 §15.4); by the others it would be lost.
pub(super) fn redirect(
    from: &Url,
    status: u16,
    location: Option<&str>,
) -> Result<Option<Url>, String> {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = location else {
        return Err(format!("HTTP {status}: a redirect without a Location"));
    };
    let Ok(mut next) = from.join(location.trim()) else {
        return Err(format!("HTTP {status}: a redirect to no URL"));
    };
    next.set_fragment(None);
    // These fail only for URLs without a host, which carry no userinfo.
    let _ = next.set_username("");
    let _ = next.set_password(None);
    let there = told_of(&next);
    if !matches!(status, 307 | 308) {
        return Err(format!(
            "HTTP {status}: a redirect to {there} that does not take the message along; \
             name the new URL in the config"
        ));
    }
    if from.scheme() == "https" && next.scheme() != "https" {
        return Err(format!("HTTP {status}: a redirect from https to {there}, which is not"));
    }
    Ok(Some(next))
}

/// `host:port` of `url`, for messages.
pub(super) fn told_of(url: &Url) -> String {
    match url.host_str() {
        Some(_) => host_port(url),
        None => format!("a {}: URL", url.scheme()),
    }
}
