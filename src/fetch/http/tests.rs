//! Against real sockets: a server that plays what it is told and keeps what it was sent.

mod routes;

use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::guard::{AllowEntry, Guard};
use crate::model::{Credentials, Feed, FeedId, Secret, Timestamp, Validators};
use crate::net::ClientOptions;

/// Answers the n-th connection with the n-th bytes, then closes it; the last answer repeats.
struct Server {
    url: Url,
    heard: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Server {
    async fn plays(answers: Vec<Vec<u8>>) -> Self {
        Self::starts(answers, false).await
    }

    /// Keeps the connection open after `bytes`, and silent.
    async fn stalls_after(bytes: Vec<u8>) -> Self {
        Self::starts(vec![bytes], true).await
    }

    async fn starts(answers: Vec<Vec<u8>>, stalls: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/feed", listener.local_addr().unwrap())).unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(answers));
        let (log, script) = (Arc::clone(&heard), Arc::clone(&answers));
        tokio::spawn(async move {
            let mut open = Vec::new();
            for n in 0.. {
                let Ok((mut socket, _)) = listener.accept().await else { return };
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n")
                    && socket.read(&mut byte).await.unwrap_or(0) > 0
                {
                    request.push(byte[0]);
                }
                log.lock().unwrap().push(String::from_utf8_lossy(&request).to_lowercase());
                let answer = {
                    let answers = script.lock().unwrap();
                    answers.get(n).unwrap_or_else(|| answers.last().unwrap()).clone()
                };
                let _ = socket.write_all(&answer).await;
                if stalls {
                    open.push(socket);
                } else {
                    let _ = socket.shutdown().await;
                }
            }
        });
        Self { url, heard, answers }
    }

    /// Takes the place of the answers.
    fn play(&self, answers: Vec<Vec<u8>>) {
        *self.answers.lock().unwrap() = answers;
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn answer(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut text =
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for header in headers {
        text.push_str(&format!("{header}\r\n"));
    }
    text.push_str("\r\n");
    [text.as_bytes(), body].concat()
}

fn feed(url: &Url) -> Feed {
    Feed {
        headers: vec![("X-Api-Key".into(), Secret::new("k3y"))],
        credentials: Some(Credentials { username: "u".into(), password: Secret::new("p") }),
        ..plain(url)
    }
}

fn plain(url: &Url) -> Feed {
    Feed::new(FeedId::new("f"), url.clone())
}

fn limits() -> FetchLimits {
    FetchLimits {
        timeout: Duration::from_secs(10),
        gate_timeout: Duration::from_secs(60),
        max_body: 1000,
        max_redirects: 3,
        per_host: 9,
        per_host_spacing: Duration::ZERO,
    }
}

fn http(limits: FetchLimits, read_timeout: Duration) -> HttpFetch {
    let allow = AllowEntry::parse("127.0.0.1").unwrap();
    let options = ClientOptions {
        user_agent: "wirewatch/test".into(),
        connect_timeout: Duration::from_secs(5),
        read_timeout,
    };
    HttpFetch::new(Arc::new(Network::new(Guard::new(vec![allow]), options)), limits)
}

async fn fetch(feed: &Feed, validators: &Validators) -> Result<Fetched, FetchError> {
    let now = Timestamp::from_millis(0);
    let request = Request { feed, url: &feed.url, validators, reload: false, now };
    http(limits(), Duration::from_secs(5)).fetch(request).await
}

/// What `feed` is fetched with for the first time.
const NOTHING: &Validators = &Validators { url: String::new(), etag: None, last_modified: None };

fn validators(feed: &Feed, etag: &str, last_modified: Option<&str>) -> Validators {
    Validators {
        url: validators_key(&feed.url, feed),
        etag: Some(etag.into()),
        last_modified: last_modified.map(Into::into),
    }
}

#[tokio::test]
async fn a_body_comes_with_its_validators_byte_for_byte() {
    let headers = ["ETag: W/\"a", "Last-Modified: yesterday", "Cache-Control: max-age=60"];
    let server = Server::plays(vec![answer("200 OK", &headers, b"<rss/>")]).await;
    let fetched = fetch(&feed(&server.url), NOTHING).await.unwrap();
    assert_eq!(fetched.validators.etag.as_deref(), Some(&b"W/\"a"[..]));
    assert_eq!(fetched.validators.last_modified.as_deref(), Some(&b"yesterday"[..]));
    assert_eq!(fetched.fresh_for, Duration::from_secs(60));
    let Answer::Body(body) = fetched.answer else { panic!("a body") };
    assert_eq!(body.wire, b"<rss/>");
    let heard = &server.heard()[0];
    for part in [
        "user-agent: wirewatch/test",
        "x-api-key: k3y",
        "authorization: basic dtpw",
        "accept-encoding: gzip, br, zstd",
    ] {
        assert!(heard.contains(part), "{part} in {heard}");
    }
    assert!(!heard.contains("if-none-match") && !heard.contains("referer"));
}

#[tokio::test]
async fn a_203_and_a_226_are_as_good_as_a_200() {
    for status in ["203 Non-Authoritative Information", "226 IM Used"] {
        let server = Server::plays(vec![answer(status, &[], b"<rss/>")]).await;
        let fetched = fetch(&plain(&server.url), NOTHING).await.unwrap();
        assert!(matches!(fetched.answer, Answer::Body(body) if body.wire == b"<rss/>"));
    }
}

#[tokio::test]
async fn a_304_counts_only_as_an_answer_to_a_condition() {
    let server = Server::plays(vec![answer("304 Not Modified", &["ETag: \"b\""], b"")]).await;
    let error = fetch(&feed(&server.url), NOTHING).await.unwrap_err();
    assert_eq!(error.reason, Reason::Protocol);
    let feed = feed(&server.url);
    let fetched = fetch(&feed, &validators(&feed, "\"a\"", Some("then"))).await.unwrap();
    assert!(matches!(fetched.answer, Answer::NotModified));
    assert_eq!(fetched.validators.etag.as_deref(), Some(&b"\"b\""[..]));
    assert_eq!(fetched.validators.last_modified.as_deref(), Some(&b"then"[..]));
    let heard = &server.heard()[1];
    assert!(heard.contains("if-none-match: \"a\"") && heard.contains("if-modified-since: then"));
}

#[tokio::test]
async fn a_redirect_to_another_origin_is_told_no_secret_and_no_validator() {
    let target = Server::plays(vec![answer("200 OK", &[], b"<rss/>")]).await;
    let location = format!("Location: {}", target.url);
    let server = Server::plays(vec![answer("301 Moved", &[&location], b"")]).await;
    let feed = Feed {
        headers: vec![
            ("X-Api-Key".into(), Secret::new("k3y")),
            ("Cookie".into(), Secret::new("mine=1")),
        ],
        ..feed(&server.url)
    };
    let fetched = fetch(&feed, &validators(&feed, "\"a\"", None)).await.unwrap();
    let told = &server.heard()[0];
    assert!(told.contains("cookie: mine=1") && told.contains("if-none-match"), "{told}");
    assert_eq!(fetched.moved_to.as_ref(), Some(&target.url));
    assert_eq!(fetched.url, target.url);
    let heard = &target.heard()[0];
    for part in ["x-api-key", "authorization", "if-none-match", "referer", "cookie"] {
        assert!(!heard.contains(part), "{part} in {heard}");
    }
}

#[tokio::test]
async fn only_an_unbroken_run_of_permanent_redirects_moves_a_feed() {
    let cases = [
        (vec!["301 x", "308 x"], Some("/2")),
        (vec!["302 x", "301 x"], None),
        (vec!["301 x", "307 x"], Some("/1")),
    ];
    for (statuses, expected) in cases {
        let mut answers: Vec<Vec<u8>> = statuses
            .iter()
            .enumerate()
            .map(|(n, status)| answer(status, &[&format!("Location: /{}", n + 1)], b""))
            .collect();
        answers.push(answer("200 OK", &[], b"<rss/>"));
        let server = Server::plays(answers).await;
        let fetched = fetch(&feed(&server.url), NOTHING).await.unwrap();
        assert_eq!(fetched.moved_to.as_ref().map(Url::path), expected, "{statuses:?}");
    }
}

#[tokio::test]
async fn failures_have_their_reason() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<rss>".to_vec();
    let cases = [
        (answer("404 Not Found", &[], b""), Reason::NotFound),
        (answer("429 x", &["Retry-After: 120"], b""), Reason::RateLimited),
        (answer("503 x", &["cf-mitigated: challenge"], b""), Reason::Blocked),
        (answer("301 x", &[], b""), Reason::Redirect),
        (answer("301 x", &["Location: /feed"], b""), Reason::Redirect),
        (answer("301 x", &["Location: http://10.0.0.1/"], b""), Reason::ForbiddenAddress),
        (answer("301 x", &["Location: file:///etc/passwd"], b""), Reason::BadUrl),
        (answer("200 OK", &[], &[b'x'; 1001]), Reason::TooLarge),
        (answer("200 OK", &["Content-Encoding: rot13"], b"x"), Reason::Encoding),
        (cut, Reason::Truncated),
        (Vec::new(), Reason::Truncated),
        (b"NONSENSE\r\n\r\n".to_vec(), Reason::Protocol),
    ];
    for (bytes, reason) in cases {
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let server = Server::plays(vec![bytes]).await;
        let error = fetch(&feed(&server.url), NOTHING).await.unwrap_err();
        assert_eq!(error.reason, reason, "{shown}: {error}");
        if reason == Reason::RateLimited {
            assert_eq!(error.retry_after, Some(Duration::from_secs(120)));
        }
    }
}

#[tokio::test]
async fn a_refused_port_and_an_unknown_host_have_their_reason() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let error = fetch(&feed(&url), NOTHING).await.unwrap_err();
    assert_eq!(error.reason, Reason::Connect, "{error}");
    // A label of more than 63 characters never leaves the machine (RFC 1035 §2.3.4).
    let host = "x".repeat(64);
    let url = Url::parse(&format!("http://{host}.invalid/?token=s3cret")).unwrap();
    let error = fetch(&feed(&url), NOTHING).await.unwrap_err();
    assert_eq!(error.reason, Reason::Dns, "{error}");
    assert!(!error.message.contains("s3cret"), "{error}");
}

#[tokio::test]
async fn validators_are_sent_only_with_the_request_that_they_are_for() {
    let server = Server::plays(vec![answer("200 OK", &["ETag: \"b\""], b"<rss/>")]).await;
    let before = plain(&server.url);
    let kept = fetch(&before, NOTHING).await.unwrap().validators;
    fetch(&before, &kept).await.unwrap();
    fetch(&feed(&server.url), &kept).await.unwrap();
    let asked: Vec<bool> = server.heard().iter().map(|h| h.contains("if-none-match")).collect();
    assert_eq!(asked, [false, true, false], "other headers ask for another representation");
}

#[tokio::test]
async fn a_304_says_anew_how_long_it_is_fresh() {
    let answered = answer("304 x", &["Cache-Control: max-age=77", "Retry-After: 99"], b"");
    let server = Server::plays(vec![answered]).await;
    let feed = plain(&server.url);
    let fetched = fetch(&feed, &validators(&feed, "\"a\"", None)).await.unwrap();
    assert_eq!(fetched.fresh_for, Duration::from_secs(77));
    assert_eq!(fetched.retry_after, Some(Duration::from_secs(99)));
    assert_eq!(fetched.validators.etag.as_deref(), Some(&b"\"a\""[..]));
}

#[tokio::test]
async fn redirects_lead_where_they_say_in_every_spelling() {
    let cases: [(&[u8], &str); 7] = [
        (b"/b?x=1", "get /b?x=1 "),
        (b"b/../c", "get /c "),
        (b"?y=2", "get /feed?y=2 "),
        (b"  /d#part  ", "get /d "),
        ("/новини".as_bytes(), "get /%d0%bd%d0%be%d0%b2%d0%b8%d0%bd%d0%b8 "),
        (b"/\xcd\xee", "get /%ef%bf%bd%ef%bf%bd "),
        (b"//u:p@ (its own host)/e", "get /e "),
    ];
    for (location, expected) in cases {
        let server = Server::plays(vec![]).await;
        let host = host_port(&server.url);
        let named = format!("//u:p@{host}/e").into_bytes();
        let location = if location.starts_with(b"//u") { named } else { location.to_vec() };
        let head = b"HTTP/1.1 302 x\r\nConnection: close\r\nContent-Length: 0\r\nLocation: ";
        let first = [&head[..], &location, b"\r\n\r\n"].concat();
        server.play(vec![first, answer("200 OK", &[], b"<rss/>")]);
        fetch(&plain(&server.url), NOTHING).await.unwrap();
        let heard = server.heard().pop().unwrap();
        assert!(heard.starts_with(expected) && !heard.contains("authorization"), "{heard}");
    }
}

#[tokio::test]
async fn a_circle_of_redirects_ends_at_once_and_shows_no_query() {
    let server = Server::plays(vec![
        answer("302 x", &["Location: /b"], b""),
        answer("302 x", &["Location: /feed?token=s3cret"], b""),
        answer("302 x", &["Location: /b"], b""),
    ])
    .await;
    let error = fetch(&plain(&server.url), NOTHING).await.unwrap_err();
    assert_eq!((error.reason, server.heard().len()), (Reason::Redirect, 3));
    assert!(error.message.contains("in a circle") && error.message.contains("/b"), "{error}");
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn more_redirects_than_allowed_are_an_error_and_as_many_are_not() {
    for (redirects, good) in [(3, true), (4, false)] {
        let mut answers: Vec<Vec<u8>> =
            (0..redirects).map(|n| answer("302 x", &[&format!("Location: /{n}")], b"")).collect();
        answers.push(answer("200 OK", &[], b"<rss/>"));
        let server = Server::plays(answers).await;
        let fetched = fetch(&plain(&server.url), NOTHING).await;
        assert_eq!(fetched.is_ok(), good, "{redirects}: {fetched:?}");
        assert_eq!(server.heard().len(), 4);
    }
}

#[tokio::test]
async fn a_cookie_wall_is_passed_and_the_cookie_forgotten() {
    let wall = answer("302 x", &["Set-Cookie: let=me; Path=/", "Location: /feed"], b"");
    let behind = answer("200 OK", &["Set-Cookie: other=1"], b"<rss/>");
    let server = Server::plays(vec![wall.clone(), behind.clone(), wall, behind]).await;
    for _ in 0..2 {
        fetch(&plain(&server.url), NOTHING).await.unwrap();
    }
    let cookies: Vec<bool> = server.heard().iter().map(|h| h.contains("cookie: let=me")).collect();
    assert_eq!(cookies, [false, true, false, true]);
    let same = answer("302 x", &["Set-Cookie: let=me", "Location: /feed"], b"");
    let server = Server::plays(vec![same]).await;
    let error = fetch(&plain(&server.url), NOTHING).await.unwrap_err();
    assert!(error.message.contains("in a circle"), "{error}");
    assert_eq!(server.heard().len(), 2, "the cookie makes no difference");
    let target = Server::plays(vec![answer("200 OK", &[], b"<rss/>")]).await;
    let location = format!("Location: {}", target.url);
    let server = Server::plays(vec![answer("302 x", &["Set-Cookie: a=b", &location], b"")]).await;
    fetch(&plain(&server.url), NOTHING).await.unwrap();
    assert!(!target.heard()[0].contains("cookie"), "another port is another site");
}

#[tokio::test]
async fn who_asks_to_be_left_alone_is_named_and_so_is_for_how_long() {
    let busy = Server::plays(vec![answer("503 x", &["Retry-After: 120"], b"")]).await;
    let location = format!("Location: {}", busy.url);
    let server = Server::plays(vec![answer("302 x", &[&location], b"")]).await;
    let error = fetch(&plain(&server.url), NOTHING).await.unwrap_err();
    assert_eq!(error.host.as_deref(), Some(host_port(&busy.url).as_str()));
    assert_eq!(error.retry_after, Some(Duration::from_secs(120)));
    assert!(error.message.contains(&host_port(&busy.url)), "{error}");
    let redirects = answer("302 x", &["Retry-After: 300", &location], b"");
    let server = Server::plays(vec![redirects]).await;
    let error = fetch(&plain(&server.url), NOTHING).await.unwrap_err();
    assert_eq!(error.retry_after, Some(Duration::from_secs(300)), "the longest counts");
    for status in ["404 x", "500 x", "301 x"] {
        let server = Server::plays(vec![answer(status, &["Retry-After: 60"], b"")]).await;
        let error = fetch(&plain(&server.url), NOTHING).await.unwrap_err();
        assert_eq!(error.retry_after, Some(Duration::from_secs(60)), "{status}");
        assert_eq!(error.host.as_deref(), Some(host_port(&server.url).as_str()));
    }
}

/// Answers the first request of the first connection and hangs up at the second; answers the first
/// of all others. Counts requests.
async fn forgetful(first: Vec<u8>) -> (Url, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/feed", listener.local_addr().unwrap())).unwrap();
    let requests = Arc::new(Mutex::new(0));
    let count = Arc::clone(&requests);
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            tokio::spawn(forget(socket, first.clone(), Arc::clone(&count)));
        }
    });
    (url, requests)
}

async fn forget(mut socket: tokio::net::TcpStream, first: Vec<u8>, count: Arc<Mutex<usize>>) {
    for answer in [&first[..], b""] {
        let mut byte = [0];
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && socket.read(&mut byte).await.unwrap_or(0) > 0 {
            head.push(byte[0]);
        }
        *count.lock().unwrap() += usize::from(!head.is_empty());
        if answer.is_empty() || socket.write_all(answer).await.is_err() {
            break;
        }
    }
}

#[tokio::test]
async fn a_kept_connection_that_is_dead_is_replaced_once_and_a_new_one_is_not() {
    let kept = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<rss/>".to_vec();
    let (url, requests) = forgetful(kept).await;
    let mut fetcher = http(limits(), Duration::from_secs(5));
    fetcher.gate = Arc::new(Gate::new(1, Duration::ZERO).closely(Duration::ZERO));
    let feed = plain(&url);
    let now = Timestamp::from_millis(0);
    let request = Request { feed: &feed, url: &url, validators: NOTHING, reload: false, now };
    fetcher.fetch(request).await.unwrap();
    fetcher.fetch(request).await.unwrap();
    assert_eq!(*requests.lock().unwrap(), 3);
    // One that would be used again right away, and so might acknowledge late, is not.
    fetcher.gate = Arc::new(Gate::new(1, Duration::ZERO).closely(Duration::from_secs(3600)));
    fetcher.fetch(request).await.unwrap();
    let before = *requests.lock().unwrap();
    fetcher.fetch(request).await.unwrap();
    assert_eq!(*requests.lock().unwrap(), before + 1);
    let server = Server::plays(vec![Vec::new()]).await;
    let error = fetch(&plain(&server.url), NOTHING).await.unwrap_err();
    assert_eq!((error.reason, server.heard().len()), (Reason::Truncated, 1));
}

#[tokio::test]
async fn heads_have_a_bound() {
    let wide = format!("X-Pad: {}", "x".repeat(MAX_HEAD));
    let many: Vec<String> = (0..300).map(|n| format!("X-{n}: 1")).collect();
    let few: Vec<&str> = many.iter().map(String::as_str).take(200).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let endless = [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'x'; 2 << 20]].concat();
    for (bytes, good) in [
        (answer("200 OK", &[&wide], b"x"), false),
        (answer("200 OK", &many, b"x"), false),
        (answer("200 OK", &few, b"x"), true),
        (endless, false),
    ] {
        let server = Server::plays(vec![bytes]).await;
        match fetch(&plain(&server.url), NOTHING).await {
            Ok(_) => assert!(good),
            Err(error) => assert!(!good && error.reason == Reason::Protocol, "{error}"),
        }
    }
}

#[tokio::test]
async fn each_wait_that_is_too_long_is_told_apart() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<rss>".to_vec();
    let short = Duration::from_millis(100);
    let cases = [
        (Vec::new(), limits(), short, "no answer began within 100ms"),
        (head.clone(), limits(), short, "nothing more of the body within 100ms, after 5 bytes"),
        (
            head,
            FetchLimits { timeout: short, ..limits() },
            Duration::from_secs(60),
            "no whole answer within 100ms",
        ),
    ];
    for (bytes, limits, read_timeout, expected) in cases {
        let server = Server::stalls_after(bytes).await;
        let feed = plain(&server.url);
        let now = Timestamp::from_millis(0);
        let request =
            Request { feed: &feed, url: &feed.url, validators: NOTHING, reload: false, now };
        let error = http(limits, read_timeout).fetch(request).await.unwrap_err();
        assert_eq!((error.reason, error.message.as_str()), (Reason::Timeout, expected));
        assert!(error.host.is_some());
    }
}

#[tokio::test]
async fn bodies_larger_than_what_is_free_share_the_memory() {
    let large = vec![b'x'; 600 << 10];
    let chunked = [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n96000\r\n".to_vec(),
        large.clone(),
        b"\r\n0\r\n\r\n".to_vec(),
    ]
    .concat();
    let server = Server::plays(vec![answer("200 OK", &[], &large), chunked]).await;
    let limits = FetchLimits { max_body: 8 << 20, ..limits() };
    let http = http(limits, Duration::from_secs(5));
    let feed = plain(&server.url);
    for _ in 0..2 {
        let now = Timestamp::from_millis(0);
        let request =
            Request { feed: &feed, url: &feed.url, validators: NOTHING, reload: false, now };
        let Answer::Body(body) = http.fetch(request).await.unwrap().answer else { panic!() };
        assert_eq!((body.wire.len(), body.place.is_taken()), (large.len(), true));
        assert!(body.wire.capacity() < large.len() + 4096);
    }
}
