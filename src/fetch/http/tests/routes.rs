//! Proxies, certificates, and the gate to each host.

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::fetch::Hop;
use crate::model::{Clock, Proxy, Route};
use crate::net::read_roots;

fn via(proxy: &str, url: &str) -> Feed {
    let proxy = Some(Proxy::parse(proxy).unwrap());
    Feed { route: Route { proxy, ..Route::default() }, ..plain(&Url::parse(url).unwrap()) }
}

#[tokio::test]
async fn a_proxy_is_asked_for_names_that_only_it_knows() {
    let server = Server::plays(vec![answer("200 OK", &[], b"<rss/>")]).await;
    let proxy = format!("http://user:pa%40ss@{}", host_port(&server.url));
    fetch(&via(&proxy, "http://feeds.invalid/f?x=1"), NOTHING).await.unwrap();
    let heard = &server.heard()[0];
    assert!(heard.starts_with("get http://feeds.invalid/f?x=1 http/1.1"), "{heard}");
    assert!(heard.contains("proxy-authorization: basic dxnlcjpwyubzcw=="), "{heard}");
    fetch(&via(&proxy, "http://Новини.invalid:80/стаття%2F(1);a?б=%7E"), NOTHING).await.unwrap();
    let heard = &server.heard()[1];
    let expected = "get http://xn--b1amarcd.invalid/%d1%81%d1%82%d0%b0%d1%82%d1%82%d1%8f%2f(1);a?\
        %d0%b1=%7e http/1.1\r\n";
    assert!(
        heard.starts_with(expected),
        "international names by RFC 5891, all else untouched: {heard}"
    );
    let error = fetch(&via(&proxy, "http://10.0.0.1/"), NOTHING).await.unwrap_err();
    assert_eq!(error.reason, Reason::ForbiddenAddress);
    assert_eq!(server.heard().len(), 2, "the guard holds before the proxy");
}

#[tokio::test]
async fn a_proxy_that_wants_credentials_is_told_as_such() {
    let server = Server::plays(vec![answer("407 x", &[], b"")]).await;
    let proxy = format!("http://u:s3cret@{}", host_port(&server.url));
    for url in ["http://feeds.invalid/f", "https://feeds.invalid/f"] {
        let error = fetch(&via(&proxy, url), NOTHING).await.unwrap_err();
        assert_eq!(error.reason, Reason::Unauthorized, "{error}");
        assert!(error.message.contains("proxy"), "{error}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}

/// Plays a SOCKS5 proxy (RFC 1928) that is itself what it leads to. Answers the address type and
/// address that it was asked for.
async fn socks(mut socket: TcpStream) -> (u8, Vec<u8>) {
    let mut greeting = [0; 2];
    socket.read_exact(&mut greeting).await.unwrap();
    let mut methods = vec![0; usize::from(greeting[1])];
    socket.read_exact(&mut methods).await.unwrap();
    socket.write_all(&[5, 0]).await.unwrap();
    let mut request = [0; 4];
    socket.read_exact(&mut request).await.unwrap();
    let length = match request[3] {
        1 => 4,
        3 => usize::from(socket.read_u8().await.unwrap()),
        _ => 16,
    };
    let mut address = vec![0; length];
    socket.read_exact(&mut address).await.unwrap();
    socket.read_u16().await.unwrap();
    socket.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
    let mut byte = [0];
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut byte).await.unwrap();
        head.push(byte[0]);
    }
    socket.write_all(&answer("200 OK", &[], b"<rss/>")).await.unwrap();
    (request[3], address)
}

#[tokio::test]
async fn a_socks_proxy_is_given_an_address_or_a_name() {
    for (scheme, host, expected) in [
        ("socks5", "localhost", (1, vec![127, 0, 0, 1])),
        ("socks5h", "feeds.invalid", (3, b"feeds.invalid".to_vec())),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("{scheme}://{}", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move { socks(listener.accept().await.unwrap().0).await });
        fetch(&via(&proxy, &format!("http://{host}/f")), NOTHING).await.unwrap();
        assert_eq!(asked.await.unwrap(), expected, "{scheme}");
    }
    let feed = via("socks5h://127.0.0.1:9", "http://x.localhost:81/");
    let options = ClientOptions {
        user_agent: String::new(),
        connect_timeout: Duration::from_secs(1),
        read_timeout: Duration::from_secs(1),
    };
    let network = Network::new(Guard::new(vec![]), options);
    let refused = network.client(&feed.url, &feed.route).await;
    assert!(refused.is_err(), "even a proxy is not sent to its own machine");
}

/// A server with a certificate for `name` that holds from 2020 until the year `until`; and the
/// certificate as PEM.
async fn secure(name: &str, until: i32) -> (Url, String) {
    let mut params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let pem = certificate.pem();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("https://{}/feed", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut socket) = acceptor.accept(socket).await else { continue };
            let spoken = socket.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
            let mut byte = [0];
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") && socket.read(&mut byte).await.unwrap_or(0) > 0 {
                head.push(byte[0]);
            }
            let spoken = format!("Server: {}", String::from_utf8(spoken.unwrap()).unwrap());
            let _ = socket.write_all(&answer("200 OK", &[&spoken], b"<rss/>")).await;
            let _ = socket.shutdown().await;
        }
    });
    (url, pem)
}

#[tokio::test]
async fn a_certificate_of_ones_own_is_trusted_if_the_feed_says_so() {
    let (url, pem) = secure("127.0.0.1", 2100).await;
    let error = fetch(&plain(&url), NOTHING).await.unwrap_err();
    assert_eq!(error.reason, Reason::Tls, "{error}");
    assert!(error.message.contains("`ca_file`"), "{error}");
    let route = Route {
        http1_only: true,
        roots: Some(read_roots(pem.as_bytes()).unwrap()),
        ..Route::default()
    };
    let feed = Feed { route: route.clone(), ..plain(&url) };
    let record = Arc::new(Record::new(Clock::System, "x"));
    let fetcher = http(limits(), Duration::from_secs(5)).recorded(Arc::clone(&record));
    let now = Timestamp::from_millis(0);
    let request = Request { feed: &feed, url: &feed.url, validators: NOTHING, reload: false, now };
    fetcher.fetch(request).await.unwrap();
    let hop = record.hops().remove(0);
    assert!(hop.response.contains(&("server".into(), "http/1.1".into())), "{hop:?}");
    let both = Feed { route: Route { http1_only: false, ..route }, ..plain(&url) };
    let error = fetch(&both, NOTHING).await.unwrap_err();
    assert_ne!(error.reason, Reason::Tls, "HTTP/2 was agreed on, and not spoken: {error}");
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said() {
    for (name, until, expected) in
        [("127.0.0.1", 2021, "has expired"), ("other.example", 2100, "for another name")]
    {
        let (url, pem) = secure(name, until).await;
        let roots = Some(read_roots(pem.as_bytes()).unwrap());
        let feed = Feed { route: Route { roots, ..Route::default() }, ..plain(&url) };
        let error = fetch(&feed, NOTHING).await.unwrap_err();
        assert_eq!(error.reason, Reason::Tls, "{error}");
        assert!(error.message.contains(expected), "{error}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.write_all(b"HTTP/1.1 400 this is no TLS\r\n\r\n").await.unwrap();
    });
    let error = fetch(&plain(&url), NOTHING).await.unwrap_err();
    assert_eq!(error.reason, Reason::Tls, "{error}");
}

#[tokio::test]
async fn a_redirect_waits_for_its_turn_at_the_other_host() {
    let busy = Server::stalls_after(Vec::new()).await;
    let location = format!("Location: {}", busy.url);
    let first = Server::plays(vec![answer("302 x", &[&location], b"")]).await;
    let second = Server::plays(vec![answer("302 x", &[&location], b"")]).await;
    let short = Duration::from_millis(20);
    let limits = FetchLimits { per_host: 1, gate_timeout: short, ..limits() };
    let fetcher = http(limits, Duration::from_secs(60));
    let holds = tokio::spawn(once(fetcher.clone(), plain(&first.url)));
    while busy.heard().is_empty() {
        tokio::task::yield_now().await;
    }
    let error = once(fetcher, plain(&second.url)).await.unwrap_err();
    assert_eq!(error.reason, Reason::BusyHost, "{error}");
    assert!(error.message.contains("no turn at the host within 20ms"), "{error}");
    assert_eq!(error.host, Some(host_port(&busy.url)));
    holds.abort();
}

async fn once(fetcher: HttpFetch, feed: Feed) -> Result<Fetched, FetchError> {
    let now = Timestamp::from_millis(0);
    let request = Request { feed: &feed, url: &feed.url, validators: NOTHING, reload: false, now };
    fetcher.fetch(request).await
}

#[tokio::test]
async fn many_feeds_that_lead_to_one_host_all_get_their_turn() {
    let spacing = Duration::from_millis(50);
    let target = Server::plays(vec![answer("200 OK", &[], b"<rss/>")]).await;
    let location = format!("Location: {}", target.url);
    let limits =
        FetchLimits { per_host: 2, per_host_spacing: spacing, timeout: 20 * spacing, ..limits() };
    let fetcher = http(limits, Duration::from_secs(60));
    let mut polls = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let server = Server::plays(vec![answer("302 x", &[&location], b"")]).await;
        polls.spawn(once(fetcher.clone(), plain(&server.url)));
    }
    let begun = Instant::now();
    while let Some(fetched) = polls.join_next().await {
        assert!(fetched.unwrap().is_ok(), "the last waits for longer than a poll may take");
    }
    assert!(begun.elapsed() > limits.timeout);
    assert_eq!(target.heard().len(), 40);
}

#[tokio::test]
async fn two_hosts_that_lead_to_each_other_do_not_wait_for_each_other() {
    let (a, b) = (Server::plays(vec![]).await, Server::plays(vec![]).await);
    for (here, there) in [(&a, &b), (&b, &a)] {
        let leads = answer("302 x", &[&format!("Location: {}", there.url)], b"");
        here.play(vec![leads, answer("200 OK", &[], b"<rss/>")]);
    }
    let fetcher = http(FetchLimits { per_host: 1, ..limits() }, Duration::from_secs(60));
    let (first, second) =
        tokio::join!(once(fetcher.clone(), plain(&a.url)), once(fetcher.clone(), plain(&b.url)),);
    assert_eq!((first.unwrap().url, second.unwrap().url), (b.url, a.url));
}

#[tokio::test]
async fn a_redirect_does_not_lead_to_a_host_that_asked_to_be_left_alone() {
    let to_busy = answer("302 x", &["Location: http://busy.invalid/f"], b"");
    let busy = answer("503 x", &["Retry-After: 120"], b"");
    let server = Server::plays(vec![busy, to_busy]).await;
    let proxy = format!("http://{}", host_port(&server.url));
    let fetcher = http(limits(), Duration::from_secs(5));
    for (url, reason) in [
        ("http://busy.invalid/f", Reason::ServerError),
        ("http://other.invalid/f", Reason::RateLimited),
    ] {
        let feed = via(&proxy, url);
        let now = Timestamp::from_millis(0);
        let request =
            Request { feed: &feed, url: &feed.url, validators: NOTHING, reload: false, now };
        let error = fetcher.fetch(request).await.unwrap_err();
        assert_eq!(error.reason, reason, "{error}");
        assert!(error.retry_after.is_some_and(|wait| wait > Duration::from_secs(100)));
        assert_eq!(error.host.as_deref(), Some("busy.invalid:80"));
    }
    assert_eq!(server.heard().len(), 2, "busy.invalid was asked once");
}

#[tokio::test]
async fn a_record_has_each_hop_and_no_secret() {
    let target = Server::plays(vec![answer("200 OK", &["ETag: \"a\"", "X-Y: z"], b"<rss/>")]).await;
    let location = format!("Location: {}", target.url);
    let headers = ["Set-Cookie: sid=s3cret; Path=/", "Retry-After: 5", &location];
    let server = Server::plays(vec![answer("302 x", &headers, b"")]).await;
    let feed = feed(&server.url);
    let record = Arc::new(Record::new(Clock::System, "agent/1"));
    let fetcher = http(limits(), Duration::from_secs(5)).recorded(Arc::clone(&record));
    let now = Timestamp::from_millis(0);
    let etag = validators(&feed, "\"b\"", None);
    let request = Request { feed: &feed, url: &feed.url, validators: &etag, reload: false, now };
    fetcher.fetch(request).await.unwrap();
    let hops = record.hops();
    let facts: Vec<_> = hops.iter().map(|hop| (hop.url.as_str(), hop.status, hop.body)).collect();
    assert_eq!(
        facts,
        [(server.url.as_str(), Some(302), None), (target.url.as_str(), Some(200), Some(6))]
    );
    let has = |hop: &Hop, name: &str, value: &str| {
        let pair = (name.to_owned(), value.to_owned());
        hop.request.contains(&pair) || hop.response.contains(&pair)
    };
    let [first, second] = &hops[..] else { panic!("{hops:?}") };
    assert!(has(first, "user-agent", "agent/1") && has(first, "if-none-match", "\"b\""));
    assert!(has(first, "x-api-key", "***") && has(first, "authorization", "***"));
    assert!(has(first, "set-cookie", "sid=…") && has(first, "retry-after", "5"));
    assert!(has(second, "etag", "\"a\"") && !has(second, "x-y", "z"), "{second:?}");
    assert!(second.peer.is_some() && second.version.as_deref() == Some("HTTP/1.1"));
    assert!(second.times.first_byte.is_some() && second.times.dns.is_none());
    assert!(!format!("{hops:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_record_is_there_whatever_ends_the_fetch() {
    let stalls =
        Server::stalls_after(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<rss>".to_vec());
    let (stalls, short) = (stalls.await, Duration::from_millis(200));
    let nowhere = Url::parse("http://feeds.invalid/f").unwrap();
    for (url, status, body) in [(&stalls.url, Some(200), Some(5)), (&nowhere, None, None)] {
        let feed = plain(url);
        let record = Arc::new(Record::new(Clock::System, "x"));
        let options = ClientOptions {
            user_agent: "x".into(),
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(60),
        };
        let guard = Guard::new(vec![AllowEntry::parse("127.0.0.1").unwrap()]);
        let network = Arc::new(Network::new(guard, options).traced(record.trace()));
        let fetcher = HttpFetch::new(network, FetchLimits { timeout: short, ..limits() });
        let fetcher = fetcher.recorded(Arc::clone(&record));
        let now = Timestamp::from_millis(0);
        let request = Request { feed: &feed, url, validators: NOTHING, reload: false, now };
        fetcher.fetch(request).await.unwrap_err();
        let hop = record.hops().remove(0);
        assert_eq!((hop.status, hop.body), (status, body), "{hop:?}");
        assert_eq!(hop.times.dns.is_some(), status.is_none(), "{hop:?}");
        assert_eq!(hop.times.connect.is_some(), status.is_some(), "{hop:?}");
    }
}
