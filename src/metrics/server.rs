//! The HTTP server of metrics and health.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{CONTENT_TYPE, Facts, health, metrics};
use crate::observe::events::{MetricsFailed, MetricsReady};

/// Connections served at once; more wait to be accepted.
const CONNECTIONS: usize = 16;
/// Bytes of a request's head.
const HEAD: usize = 16 << 10;
/// How long a request may take, from the connection to the end of the answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the engines may take to say how they are.
const FACTS_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause after a failed accept, which mostly means that file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often an address that cannot be listened on is tried.
const LISTEN_EVERY: Duration = Duration::from_secs(10);
/// Questions that wait for the engines; one for each connection.
const QUESTIONS: usize = CONNECTIONS;

/// Somebody asks how the daemon is; the facts go back this way.
pub type Ask = oneshot::Sender<Facts>;

/// Where to ask how the daemon is.
#[derive(Clone, Debug)]
pub struct Asks {
    questions: mpsc::Sender<Ask>,
    /// How long an answer may take.
    pub(super) within: Duration,
}

/// A way for those who ask, and the end at which the questions arrive.
pub fn asks() -> (Asks, mpsc::Receiver<Ask>) {
    let (questions, receiver) = mpsc::channel(QUESTIONS);
    (Asks { questions, within: FACTS_TIMEOUT }, receiver)
}

impl Asks {
    /// How the daemon is; `None` if it does not answer in time.
    pub(super) async fn facts(&self) -> Option<Facts> {
        let ask = async {
            let (reply, answer) = oneshot::channel();
            self.questions.send(reply).await.ok()?;
            answer.await.ok()
        };
        tokio::time::timeout(self.within, ask).await.ok().flatten()
    }
}

/// Serves `/metrics` and `/health` at `address` until `stop`. An address that cannot be had is told
/// once and tried again; that nobody can look is no reason not to watch.
pub async fn serve(address: SocketAddr, asks: Asks, stop: CancellationToken) {
    let tasks = TaskTracker::new();
    tokio::select! {
        () = stop.cancelled() => {}
        () = async {
            let listener = listen(address).await;
            accept(&listener, &asks, &tasks).await;
        } => {}
    }
    tasks.close();
    tasks.wait().await;
}

async fn listen(address: SocketAddr) -> TcpListener {
    let mut told = false;
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => {
                let address = listener.local_addr().unwrap_or(address);
                MetricsReady { address: &address.to_string() }.log();
                return listener;
            }
            Err(error) => {
                if !std::mem::replace(&mut told, true) {
                    let (address, message) = (address.to_string(), error.to_string());
                    MetricsFailed { address: &address, message: &message }.log();
                }
                tokio::time::sleep(LISTEN_EVERY).await;
            }
        }
    }
}

async fn accept(listener: &TcpListener, asks: &Asks, tasks: &TaskTracker) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                tasks.spawn(answer(stream, asks.clone(), place));
            }
            Err(error) if is_of_connection(&error) => {}
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Whether a failed accept concerns a connection that has gone meanwhile, and no more.
fn is_of_connection(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}

/// Answers one request of a connection. A client's faults end its connection and concern nobody
/// else.
async fn answer(stream: TcpStream, asks: Asks, _place: OwnedSemaphorePermit) {
    let asks = &asks;
    let service = service_fn(|request: Request<Incoming>| async move {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        Ok::<_, Infallible>(respond(&method, &path, asks).await)
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_TIMEOUT)
        .max_buf_size(HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    let _ = tokio::time::timeout(REQUEST_TIMEOUT, connection).await;
}

const PLAIN: &str = "text/plain; charset=utf-8";

async fn respond(method: &Method, path: &str, asks: &Asks) -> Response<Full<Bytes>> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut response = said(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "only GET and HEAD\n");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match path {
        "/metrics" => match asks.facts().await {
            Some(facts) => said(StatusCode::OK, CONTENT_TYPE, metrics(&facts)),
            None => said(StatusCode::SERVICE_UNAVAILABLE, PLAIN, NO_ANSWER),
        },
        "/health" => match asks.facts().await.map(|facts| health(&facts)) {
            Some((true, text)) => said(StatusCode::OK, PLAIN, text),
            Some((false, text)) => said(StatusCode::SERVICE_UNAVAILABLE, PLAIN, text),
            None => said(StatusCode::SERVICE_UNAVAILABLE, PLAIN, NO_ANSWER),
        },
        "/" => said(StatusCode::OK, PLAIN, "wirewatch: see /metrics and /health\n"),
        _ => said(StatusCode::NOT_FOUND, PLAIN, "there are /metrics and /health\n"),
    }
}

const NO_ANSWER: &str = "degraded\n- the engines do not answer\n";

fn said(status: StatusCode, kind: &'static str, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
