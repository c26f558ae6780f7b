//! Looking names up: by our own resolver with a cache, set up as the system's is; or by the system
//! where that cannot be.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::system_conf::parse_resolv_conf;
use tokio::sync::Semaphore;

use super::ResolveError;

/// Look-ups by the system under way at once; each takes a thread while it lasts.
const LOOKUPS: usize = 32;
/// A look-up that takes longer has failed.
const LOOKUP_MAX: Duration = Duration::from_secs(5);
/// An answer is kept at least so long, whatever its own time to live.
const KEPT_LEAST: Duration = Duration::from_secs(30);
/// … and no longer than this.
const KEPT_MOST: Duration = Duration::from_secs(3600);
/// That there is no such name is believed no longer than this.
const MISSING_MOST: Duration = Duration::from_secs(300);
/// Answers that are kept.
const CACHE: u64 = 8192;

/// Looks names up, for all clients.
///
/// The system's `resolv.conf` and `hosts` are read at the first look-up, and again if one fails
/// and they have changed. Without a usable `resolv.conf` the system is asked; no other server ever
/// is. So it is for names without a dot and those under `.local`, which it may know by other means
/// than DNS.
#[derive(Debug)]
pub(super) struct Lookup {
    system: Arc<Semaphore>,
    within: Duration,
    files: [PathBuf; 2],
    resolver: Mutex<Option<Resolver>>,
}

#[derive(Clone)]
struct Resolver {
    /// What the files held from which it was made.
    made_of: Arc<[Vec<u8>; 2]>,
    /// `None`: there is nobody to ask.
    dns: Option<TokioResolver>,
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolver").field("dns", &self.dns.is_some()).finish_non_exhaustive()
    }
}

impl Lookup {
    /// Look-ups for connections that may take `connect_timeout` in all.
    pub(super) fn new(connect_timeout: Duration) -> Self {
        Self {
            system: Arc::new(Semaphore::new(LOOKUPS)),
            // Sooner than the connection is given up, so that it is told what took so long.
            within: LOOKUP_MAX.min(connect_timeout * 3 / 4),
            files: ["/etc/resolv.conf", "/etc/hosts"].map(PathBuf::from),
            resolver: Mutex::default(),
        }
    }

    /// All addresses of `host`, unchecked. `localhost` and what lies below it is this machine
    /// (RFC 6761 §6.3).
    pub(super) async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        if is_this_machine(host) {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        let host = host.to_owned();
        match tokio::time::timeout(self.within, self.find(&host)).await {
            Ok(Ok(found)) if found.is_empty() => {
                Err(ResolveError::Failed { host, source: io::Error::other("it has no address") })
            }
            Ok(Ok(found)) => Ok(found),
            Ok(Err(source)) => Err(ResolveError::Failed { host, source }),
            Err(_) => {
                self.renew();
                Err(ResolveError::Late { host, within: self.within })
            }
        }
    }

    async fn find(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        if is_for_the_system(host) {
            return self.ask_system(host).await;
        }
        let Some(dns) = self.resolver().dns else { return self.ask_system(host).await };
        match ask(&dns, host).await {
            Err(error) if !error.is_no_records_found() && self.renew() => {
                match self.resolver().dns {
                    Some(dns) => ask(&dns, host).await.map_err(said),
                    None => self.ask_system(host).await,
                }
            }
            result => result.map_err(said),
        }
    }

    fn resolver(&self) -> Resolver {
        let mut resolver = self.resolver.lock().unwrap_or_else(PoisonError::into_inner);
        resolver.get_or_insert_with(|| self.build(self.read())).clone()
    }

    /// Sets the resolver up anew if the files have changed. Answers whether they have.
    fn renew(&self) -> bool {
        let found = self.read();
        let mut resolver = self.resolver.lock().unwrap_or_else(PoisonError::into_inner);
        if resolver.as_ref().is_some_and(|resolver| *resolver.made_of == found) {
            return false;
        }
        *resolver = Some(self.build(found));
        true
    }

    fn read(&self) -> [Vec<u8>; 2] {
        // A file that cannot be read is as good as an empty one: it names no server.
        self.files.each_ref().map(|path| std::fs::read(path).unwrap_or_default())
    }

    fn build(&self, made_of: [Vec<u8>; 2]) -> Resolver {
        let dns = parse_resolv_conf(&made_of[0])
            .and_then(|(config, options)| build(config, options, self.within))
            .ok();
        Resolver { made_of: Arc::new(made_of), dns }
    }

    /// Asks the system. The thread that this takes is counted until it is done, though nobody may
    /// be waiting for it any more.
    async fn ask_system(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let permit = Arc::clone(&self.system).acquire_owned().await;
        let permit = permit.map_err(io::Error::other)?;
        let name = host.to_owned();
        let work = move || {
            let found = (name.as_str(), 0).to_socket_addrs();
            let found = found.map(|found| found.map(|address| address.ip()).collect());
            drop(permit);
            found
        };
        tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
    }
}

/// Whether a name stands for this machine.
pub(super) fn is_this_machine(host: &str) -> bool {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Whether a name is of the kind that systems know by other means than DNS.
fn is_for_the_system(host: &str) -> bool {
    let name = host.trim_end_matches('.');
    !name.contains('.') || name.to_ascii_lowercase().ends_with(".local")
}

fn build(
    config: ResolverConfig,
    options: ResolverOpts,
    within: Duration,
) -> Result<TokioResolver, NetError> {
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    let timeout = options.timeout.min(within / 3);
    *builder.options_mut() = options;
    let options = builder.options_mut();
    // A lost packet is not yet a failure.
    options.timeout = timeout;
    options.attempts = options.attempts.max(2);
    options.use_hosts_file = ResolveHosts::Always;
    options.cache_size = CACHE;
    options.max_active_requests = 1024;
    options.positive_min_ttl = Some(KEPT_LEAST);
    options.positive_max_ttl = Some(KEPT_MOST);
    options.negative_min_ttl = Some(KEPT_LEAST);
    options.negative_max_ttl = Some(MISSING_MOST);
    builder.build()
}

/// Asks for the name as it is, without what the system would append to it.
async fn ask(dns: &TokioResolver, host: &str) -> Result<Vec<IpAddr>, NetError> {
    let name = format!("{}.", host.trim_end_matches('.'));
    Ok(dns.lookup_ip(name).await?.iter().collect())
}

fn said(error: NetError) -> io::Error {
    if error.is_nx_domain() {
        io::Error::other("there is no such name")
    } else if error.is_no_records_found() {
        io::Error::other("it has no address")
    } else {
        io::Error::other(error)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use hickory_resolver::config::NameServerConfig;
    use tokio::net::UdpSocket;

    use super::*;

    fn lookup(resolv_conf: &str) -> (Lookup, tempfile::TempDir) {
        let folder = tempfile::TempDir::new().unwrap();
        let files = ["resolv.conf", "hosts"].map(|name| folder.path().join(name));
        std::fs::write(&files[0], resolv_conf).unwrap();
        std::fs::write(&files[1], "").unwrap();
        let lookup = Lookup { files, ..Lookup::new(Duration::from_secs(4)) };
        (lookup, folder)
    }

    /// A name server (RFC 1035) that gives every `known…` the address 192.0.2.1 for so many
    /// seconds, knows no other name, and counts the questions for an IPv4 address.
    async fn name_server(ttl: u32) -> (NameServerConfig, Arc<AtomicUsize>) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut packet = [0; 512];
            while let Ok((_, from)) = socket.recv_from(&mut packet).await {
                let mut end = 12;
                while packet[end] != 0 {
                    end += 1 + usize::from(packet[end]);
                }
                let question = &packet[12..end + 5];
                let is_v4 = packet[end + 2] == 1;
                let known = packet[13..].starts_with(b"known");
                count.fetch_add(usize::from(is_v4), Ordering::SeqCst);
                let answers = u8::from(known && is_v4);
                let code = if known { 0x80 } else { 0x83 };
                let mut reply =
                    vec![packet[0], packet[1], 0x81, code, 0, 1, 0, answers, 0, 0, 0, 0];
                reply.extend_from_slice(question);
                if answers == 1 {
                    reply.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1]);
                    reply.extend_from_slice(&ttl.to_be_bytes());
                    reply.extend_from_slice(&[0, 4, 192, 0, 2, 1]);
                }
                let _ = socket.send_to(&reply, from).await;
            }
        });
        let mut server = NameServerConfig::udp_and_tcp(address.ip());
        for connection in &mut server.connections {
            connection.port = address.port();
        }
        (server, asked)
    }

    #[tokio::test]
    async fn answers_are_kept_for_a_while_though_they_say_not_to() {
        let (server, asked) = name_server(0).await;
        let config = ResolverConfig::from_parts(None, vec![], vec![server]);
        let dns = build(config, ResolverOpts::default(), Duration::from_secs(3)).unwrap();
        let (lookup, _folder) = lookup("");
        let made_of = Arc::new(lookup.read());
        *lookup.resolver.lock().unwrap() = Some(Resolver { made_of, dns: Some(dns) });
        for _ in 0..3 {
            let found = lookup.addresses("known.example.org").await.unwrap();
            assert_eq!(found, ["192.0.2.1".parse::<IpAddr>().unwrap()]);
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        let error = lookup.addresses("missing.example.org").await.unwrap_err();
        let ResolveError::Failed { source, .. } = &error else { panic!("{error:?}") };
        assert!(source.to_string().contains("no such name"), "{source}");
    }

    #[tokio::test]
    async fn without_a_name_server_nobody_but_the_system_is_asked() {
        for text in ["", "# nothing", "search example.org"] {
            let (lookup, _folder) = lookup(text);
            assert!(lookup.resolver().dns.is_none(), "{text}");
        }
        let (lookup, folder) = lookup("");
        std::fs::remove_file(folder.path().join("resolv.conf")).unwrap();
        assert!(lookup.resolver().dns.is_none());
        assert_eq!(lookup.addresses("a.localhost").await.unwrap().len(), 2);
        // A label of more than 63 characters never leaves the machine (RFC 1035 §2.3.4).
        let error = lookup.addresses(&format!("{}.example", "x".repeat(64))).await.unwrap_err();
        assert!(matches!(error, ResolveError::Failed { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_change_of_the_systems_settings_is_noticed() {
        let (lookup, folder) = lookup("");
        assert!(lookup.resolver().dns.is_none() && !lookup.renew());
        std::fs::write(folder.path().join("resolv.conf"), "nameserver 127.0.0.1\n").unwrap();
        assert!(lookup.renew() && lookup.resolver().dns.is_some());
        assert!(!lookup.renew());
    }

    #[test]
    fn names_go_where_they_are_known() {
        let cases = [
            ("example.org", false, false),
            ("example.org.", false, false),
            ("printer", true, false),
            ("Printer.LOCAL.", true, false),
            ("localhost", true, true),
            ("a.LocalHost.", false, true),
            ("notlocalhost.org", false, false),
        ];
        for (name, system, this) in cases {
            assert_eq!((is_for_the_system(name), is_this_machine(name)), (system, this), "{name}");
        }
    }
}
