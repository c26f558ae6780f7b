//! Which addresses may be fetched: the public internet, and what `[net] allow` adds to it.
//!
//! A feed's URL, and every redirect, is chosen by strangers; without this a feed could make the
//! daemon ask the machines of its own network (server-side request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

/// One entry of `[net] allow`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowEntry {
    target: Target,
    /// `None`: every port.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Net(IpNet),
    /// A host name in lower case, without a trailing dot.
    Host(String),
}

impl AllowEntry {
    /// What an entry may look like, for messages.
    pub const EXPECTED: &'static str = "an address, a CIDR block or a host name, each with or \
        without a port: \"127.0.0.1:8800\", \"10.0.0.0/8\", \"[::1]:8080\", \"feeds.lan\"";

    /// Reads an entry; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(net) = parse_net(text) {
            return Some(Self { target: Target::Net(net), port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (text, None),
        };
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        if let Some(net) = parse_net(bare) {
            return Some(Self { target: Target::Net(net), port });
        }
        match url::Host::parse(host).ok()? {
            url::Host::Domain(name) => Some(Self {
                target: Target::Host(name.trim_end_matches('.').to_ascii_lowercase()),
                port,
            }),
            url::Host::Ipv4(_) | url::Host::Ipv6(_) => None,
        }
    }
}

fn parse_net(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// Decides which addresses may be connected to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    allow: Vec<AllowEntry>,
}

impl Guard {
    /// A guard that lets through the public internet and `allow`.
    pub fn new(allow: Vec<AllowEntry>) -> Self {
        Self { allow }
    }

    /// Whether the answer for `port` can differ from that for other ports.
    pub fn names_port(&self, port: u16) -> bool {
        self.allow.iter().any(|entry| entry.port == Some(port))
    }

    /// Whether an entry is for the host `name`.
    pub fn names(&self, name: &str) -> bool {
        self.allow.iter().any(|entry| entry.names(name))
    }

    /// Whether a connection to `address:port`, asked for under the name `host`, may be made.
    pub fn permits(&self, host: Option<&str>, address: IpAddr, port: u16) -> bool {
        is_public(address) || self.allow.iter().any(|entry| entry.covers(host, address, port))
    }
}

impl AllowEntry {
    /// Whether the entry is for the host `name`.
    pub fn names(&self, name: &str) -> bool {
        matches!(&self.target, Target::Host(own) if own == name.trim_end_matches('.'))
    }

    fn covers(&self, host: Option<&str>, address: IpAddr, port: u16) -> bool {
        let target = match &self.target {
            Target::Net(net) => net.contains(&address.to_canonical()) || net.contains(&address),
            Target::Host(name) => {
                host.is_some_and(|host| host.trim_end_matches('.').eq_ignore_ascii_case(name))
            }
        };
        target && self.port.is_none_or(|allowed| allowed == port)
    }
}

/// Whether an address is one of the public internet (IANA special-purpose registries, RFC 6890 and
/// its updates). An IPv6 address that carries an IPv4 one (mapped, NAT64, 6to4) is judged by that.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// Blocks that are not the public internet, with the RFC that says so.
const SPECIAL_V4: [(Ipv4Addr, u8); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),       // "this network", RFC 1122
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private, RFC 1918
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // carrier-grade NAT, RFC 6598
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback, RFC 1122
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local, RFC 3927
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private, RFC 1918
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments, RFC 6890
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation, RFC 5737
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // 6to4 relays, RFC 7526
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private, RFC 1918
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarking, RFC 2544
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation, RFC 5737
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation, RFC 5737
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // multicast, RFC 5771
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // reserved and broadcast, RFC 1112
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    !SPECIAL_V4.iter().any(|(base, length)| Ipv4Net::new_assert(*base, *length).contains(&address))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    let tail = |a: u16, b: u16| {
        let [a1, a2] = a.to_be_bytes();
        let [b1, b2] = b.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a1, a2, b1, b2))
    };
    match s {
        [0, 0, 0, 0, 0, 0xffff, a, b] => tail(a, b), // IPv4-mapped, RFC 4291
        [0x64, 0xff9b, 0, 0, 0, 0, a, b] => tail(a, b), // NAT64, RFC 6052
        [0x2002, a, b, ..] => tail(a, b),            // 6to4, RFC 3056
        [0x2001, 0xdb8, ..] => false,                // documentation, RFC 3849
        [0x2001, second, ..] if second < 0x200 => false, // protocol assignments, RFC 2928
        [0x3fff, second, ..] if second < 0x1000 => false, // documentation, RFC 9637
        // All that is globally routed today lies in 2000::/3 (RFC 4291 §2.4).
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_not_public_are_known() {
        let refused = [
            "127.0.0.1",
            "127.255.255.254",
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "::127.0.0.1",
            "3fff::1",
        ];
        for text in refused {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        let public = [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
            "2001:200::1",
        ];
        for text in public {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn the_allow_list_opens_just_what_it_names() {
        let cases = [
            ("127.0.0.1:8800", Some("x"), "127.0.0.1", 8800, true),
            ("127.0.0.1:8800", Some("x"), "127.0.0.1", 8801, false),
            ("127.0.0.1", None, "127.0.0.1", 1, true),
            ("127.0.0.1", None, "127.0.0.2", 1, false),
            ("127.0.0.1", None, "::ffff:127.0.0.1", 1, true),
            ("10.0.0.0/8", None, "10.200.0.1", 80, true),
            ("10.0.0.0/8:443", None, "10.200.0.1", 80, false),
            ("[::1]:8080", None, "::1", 8080, true),
            ("::1", None, "::1", 9, true),
            ("fd00::/8", None, "fd12::1", 9, true),
            ("Feeds.LAN", Some("feeds.lan."), "192.168.0.7", 80, true),
            ("feeds.lan:81", Some("feeds.lan"), "192.168.0.7", 80, false),
            ("feeds.lan", Some("evil.lan"), "192.168.0.7", 80, false),
            ("feeds.lan", None, "192.168.0.7", 80, false),
        ];
        for (entry, host, address, port, expected) in cases {
            let guard = Guard::new(vec![AllowEntry::parse(entry).unwrap()]);
            let permitted = guard.permits(host, address.parse().unwrap(), port);
            assert_eq!(permitted, expected, "{entry} {host:?} {address}:{port}");
        }
    }

    #[test]
    fn what_is_no_entry_is_refused() {
        for text in
            ["", "300.1.1.1:80x", "host:port", "host:99999", "a b", "http://x/", "10.0.0.0/99"]
        {
            assert_eq!(AllowEntry::parse(text), None, "{text}");
        }
    }
}
