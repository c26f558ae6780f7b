//! The newsroom's HTTP server.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use sha2::{Digest, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use url::Url;

use super::document::{document, http_date};
use super::script::{DemoFeed, FEEDS};
use crate::model::{Clock, Feed, FeedId, Now, Route};

/// Connections served at once; more wait to be accepted.
const CONNECTIONS: usize = 64;
/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause after a failed accept, which mostly means that file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A running newsroom. Stops when dropped; [`Newsroom::stop`] also waits for it.
#[derive(Debug)]
pub struct Newsroom {
    addr: SocketAddr,
    feeds: Vec<Feed>,
    stop: DropGuard,
    tasks: TaskTracker,
}

/// What every connection needs to know.
#[derive(Debug)]
struct Desk {
    clock: Clock,
    opened: Now,
}

impl Newsroom {
    /// Opens the newsroom on a free port of 127.0.0.1. The script begins now, by `clock`.
    ///
    /// # Errors
    /// If no port can be opened.
    pub async fn start(clock: Clock) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let feeds = FEEDS.iter().map(|feed| listed(feed, addr)).collect::<Result<_, _>>();
        let feeds = feeds.map_err(io::Error::other)?;
        let desk = Arc::new(Desk { opened: clock.now(), clock });
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(accept(listener, desk, stop.clone(), tasks.clone()));
        Ok(Self { addr, feeds, stop: stop.drop_guard(), tasks })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its feeds as a config would name them.
    pub fn feeds(&self) -> &[Feed] {
        &self.feeds
    }

    /// Accepts no more, finishes the requests that have begun, and returns when all is closed.
    pub async fn stop(self) {
        drop(self.stop);
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn listed(feed: &DemoFeed, addr: SocketAddr) -> Result<Feed, url::ParseError> {
    Ok(Feed {
        id: FeedId::new(feed.id),
        url: Url::parse(&format!("http://{addr}/{}", feed.id))?,
        title: Some(feed.title.to_owned()),
        tags: vec!["demo".to_owned(), format!("lang:{}", feed.language)],
        interval: None,
        headers: Vec::new(),
        credentials: None,
        route: Route::default(),
        enabled: true,
    })
}

async fn accept(
    listener: TcpListener,
    desk: Arc<Desk>,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let serve_all = async {
        while let Ok(place) = places.clone().acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    tasks.spawn(serve(stream, desk.clone(), stop.clone(), place));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = serve_all => {}
    }
}

/// Serves one connection until either side is done with it. A client's faults end its connection
/// and concern nobody else.
async fn serve(
    stream: TcpStream,
    desk: Arc<Desk>,
    stop: CancellationToken,
    _place: OwnedSemaphorePermit,
) {
    let service = service_fn(|request: Request<Incoming>| {
        let response = respond(&request, &desk);
        async { Ok::<_, Infallible>(response) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        _ = &mut connection => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

fn respond<B>(request: &Request<B>, desk: &Desk) -> Response<Full<Bytes>> {
    let path = request.uri().path().trim_start_matches('/');
    let feed = FEEDS.iter().find(|feed| feed.id == path);
    match (request.method(), feed) {
        (&Method::GET | &Method::HEAD, Some(feed)) => feed_response(feed, request, desk),
        (&Method::GET | &Method::HEAD, None) if path.is_empty() => {
            plain(StatusCode::OK, index(), request.method())
        }
        (&Method::GET | &Method::HEAD, None) => {
            plain(StatusCode::NOT_FOUND, "no such feed\n".to_owned(), request.method())
        }
        _ => {
            let text = "only GET and HEAD\n".to_owned();
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, text, &Method::GET);
            let allow = HeaderValue::from_static("GET, HEAD");
            response.headers_mut().insert(header::ALLOW, allow);
            response
        }
    }
}

/// The feed as it is now, or 304 if that is what the client has (RFC 9110 §13, §15.4.5).
fn feed_response<B>(feed: &DemoFeed, request: &Request<B>, desk: &Desk) -> Response<Full<Bytes>> {
    let elapsed = desk.clock.now().mono.since(desk.opened.mono);
    let body = document(feed, desk.opened.wall, elapsed);
    let etag = etag(&body);
    let modified = http_date(feed.modified(desk.opened.wall, elapsed));
    let known = has_it(request.headers(), &etag, &modified);
    let send = !known && request.method() == Method::GET;
    let length = body.len();
    let mut response = Response::new(Full::from(if send { body } else { Vec::new() }));
    let headers = response.headers_mut();
    for (name, value) in [(header::ETAG, &etag), (header::LAST_MODIFIED, &modified)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(feed.content_type()));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// Whether the client's validators name the present document. If-None-Match goes before
/// If-Modified-Since (RFC 9110 §13.2.2).
fn has_it(headers: &HeaderMap, etag: &str, modified: &str) -> bool {
    let mut tags = headers.get_all(header::IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        return tags
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| tag == "*" || tag == etag);
    }
    let date = |text: &str| httpdate::parse_http_date(text).ok();
    let since = headers.get(header::IF_MODIFIED_SINCE).and_then(|value| date(value.to_str().ok()?));
    matches!((since, date(modified)), (Some(since), Some(modified)) if modified <= since)
}

fn etag(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

fn index() -> String {
    let mut text =
        "The newsroom of the wirewatch demonstration. All of it is invented.\n".to_owned();
    for feed in FEEDS {
        text.push_str(&format!("/{}  {}\n", feed.id, feed.title));
    }
    text
}

fn plain(status: StatusCode, text: String, method: &Method) -> Response<Full<Bytes>> {
    let length = text.len();
    let body = if method == Method::HEAD { String::new() } else { text };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response
}
