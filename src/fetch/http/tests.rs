//! Against real sockets: a server that plays what it is told and keeps what it was sent.

use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::guard::{AllowEntry, Guard};
use crate::model::{Credentials, Feed, FeedId, Secret};
use crate::net::ClientOptions;

/// Answers the n-th connection with the n-th bytes, then closes it; the last answer repeats.
struct Server {
    url: Url,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn plays(answers: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/feed", listener.local_addr().unwrap())).unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heard);
        tokio::spawn(async move {
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
                let answer: &Vec<u8> = answers.get(n).unwrap_or_else(|| answers.last().unwrap());
                let _ = socket.write_all(answer).await;
                let _ = socket.shutdown().await;
            }
        });
        Self { url, heard }
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
        id: FeedId::new("f"),
        url: url.clone(),
        title: None,
        tags: vec![],
        interval: None,
        headers: vec![("X-Api-Key".into(), Secret::new("k3y"))],
        credentials: Some(Credentials { username: "u".into(), password: Secret::new("p") }),
        enabled: true,
    }
}

async fn fetch(feed: &Feed, validators: &Validators) -> Result<Fetched, FetchError> {
    let allow = AllowEntry::parse("127.0.0.1").unwrap();
    let options = ClientOptions {
        user_agent: "wirewatch/test".into(),
        connect_timeout: Duration::from_secs(5),
        read_timeout: Duration::from_secs(5),
    };
    let network = Arc::new(Network::new(Guard::new(vec![allow]), options));
    let limits = FetchLimits { timeout: Duration::from_secs(10), max_body: 1000, max_redirects: 3 };
    let now = Timestamp::from_millis(0);
    let request = Request { feed, url: &feed.url, validators, reload: false, now };
    HttpFetch::new(network, limits).fetch(request).await
}

#[tokio::test]
async fn a_body_comes_with_its_validators_byte_for_byte() {
    let headers = ["ETag: W/\"a", "Last-Modified: yesterday", "Cache-Control: max-age=60"];
    let server = Server::plays(vec![answer("200 OK", &headers, b"<rss/>")]).await;
    let fetched = fetch(&feed(&server.url), &Validators::default()).await.unwrap();
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
async fn a_304_counts_only_as_an_answer_to_a_condition() {
    let server = Server::plays(vec![answer("304 Not Modified", &["ETag: \"b\""], b"")]).await;
    let error = fetch(&feed(&server.url), &Validators::default()).await.unwrap_err();
    assert_eq!(error.reason, Reason::Protocol);
    let validators = Validators {
        url: server.url.to_string(),
        etag: Some(b"\"a\"".to_vec()),
        last_modified: Some(b"then".to_vec()),
    };
    let fetched = fetch(&feed(&server.url), &validators).await.unwrap();
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
    let validators = Validators {
        url: server.url.to_string(),
        etag: Some(b"\"a\"".to_vec()),
        last_modified: None,
    };
    let fetched = fetch(&feed(&server.url), &validators).await.unwrap();
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
        let fetched = fetch(&feed(&server.url), &Validators::default()).await.unwrap();
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
        let error = fetch(&feed(&server.url), &Validators::default()).await.unwrap_err();
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
    let error = fetch(&feed(&url), &Validators::default()).await.unwrap_err();
    assert_eq!(error.reason, Reason::Connect, "{error}");
    // A label of more than 63 characters never leaves the machine (RFC 1035 §2.3.4).
    let host = "x".repeat(64);
    let url = Url::parse(&format!("http://{host}.invalid/?token=s3cret")).unwrap();
    let error = fetch(&feed(&url), &Validators::default()).await.unwrap_err();
    assert_eq!(error.reason, Reason::Dns, "{error}");
    assert!(!error.message.contains("s3cret"), "{error}");
}
