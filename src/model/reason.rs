//! Why something failed: a small closed set that is metric label, database column and
//! dashboard word in one. Free text stands beside it, never instead.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// A class of failure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[$doc])* $variant,)+
        }

        impl Reason {
            /// All reasons.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word for it: lowercase, underscores, never changed once released.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

reasons! {
    /// The host name could not be resolved.
    Dns = "dns",
    /// No connection: refused, unreachable, reset before it was up.
    Connect = "connect",
    /// TLS could not be agreed or the certificate does not hold.
    Tls = "tls",
    /// The time allowed ran out.
    Timeout = "timeout",
    /// Its turn at the host did not come: other feeds have all the requests that the host may bear.
    BusyHost = "busy_host",
    /// The address is not on the public internet and not on the allow list.
    ForbiddenAddress = "forbidden_address",
    /// The URL cannot be fetched: its scheme is not http or https.
    BadUrl = "bad_url",
    /// Redirects without end, without target, or to where we do not go.
    Redirect = "redirect",
    /// HTTP 401, or 407.
    Unauthorized = "unauthorized",
    /// HTTP 403, or a challenge page.
    Blocked = "blocked",
    /// HTTP 404.
    NotFound = "not_found",
    /// HTTP 410.
    Gone = "gone",
    /// HTTP 429.
    RateLimited = "rate_limited",
    /// Another HTTP 4xx.
    ClientError = "client_error",
    /// HTTP 5xx.
    ServerError = "server_error",
    /// An answer that HTTP does not allow here.
    Protocol = "protocol",
    /// The transfer broke off.
    Truncated = "truncated",
    /// The body is larger than is allowed.
    TooLarge = "too_large",
    /// The body's content coding is unknown or broken.
    Encoding = "encoding",
    /// The body is empty.
    EmptyBody = "empty_body",
    /// The body is an HTML page.
    Html = "html",
    /// The body is no feed format that we know.
    NotAFeed = "not_a_feed",
    /// A bridge made the feed to tell of its own failure.
    Bridge = "bridge",
    /// A feed, but so broken that nothing could be read.
    Malformed = "malformed",
    /// The input could not be opened or read.
    Input = "input",
    /// The store could not be read or written.
    Store = "store",
    /// No space left to write.
    DiskFull = "disk_full",
    /// A file could not be written.
    Write = "write",
    /// A program could not be run, or says that it failed.
    Program = "program",
    /// The receiver will not take it.
    Refused = "refused",
    /// A fault of our own.
    Internal = "internal",
}

impl Reason {
    /// The reason called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == name)
    }

    /// Whether it may mean that there is no network, rather than that a server is at fault.
    pub fn is_network(self) -> bool {
        matches!(self, Self::Dns | Self::Connect | Self::Timeout)
    }

    /// The reason for an HTTP status that is not a success.
    pub fn of_status(status: u16) -> Self {
        match status {
            401 | 407 => Self::Unauthorized,
            403 => Self::Blocked,
            404 => Self::NotFound,
            408 => Self::Timeout,
            410 => Self::Gone,
            429 => Self::RateLimited,
            400..=499 => Self::ClientError,
            500..=599 => Self::ServerError,
            _ => Self::Protocol,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| de::Error::custom("not a known reason"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_word_of_its_own() {
        for reason in Reason::ALL {
            assert_eq!(Reason::named(reason.as_str()), Some(*reason));
            assert!(reason.as_str().chars().all(|c| c.is_ascii_lowercase() || c == '_'));
        }
    }

    #[test]
    fn only_what_a_missing_network_brings_about_is_of_the_network() {
        let of_the_network: Vec<_> = Reason::ALL.iter().filter(|r| r.is_network()).collect();
        assert_eq!(of_the_network, [&Reason::Dns, &Reason::Connect, &Reason::Timeout]);
    }

    #[test]
    fn statuses_map_to_reasons() {
        let cases = [
            (401, Reason::Unauthorized),
            (403, Reason::Blocked),
            (404, Reason::NotFound),
            (410, Reason::Gone),
            (418, Reason::ClientError),
            (429, Reason::RateLimited),
            (503, Reason::ServerError),
            (302, Reason::Protocol),
            (999, Reason::Protocol),
        ];
        for (status, reason) in cases {
            assert_eq!(Reason::of_status(status), reason, "{status}");
        }
    }
}
