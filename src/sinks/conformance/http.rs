//! A receiver over HTTP that plays what it is told, and the trials of all kinds that send there.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Expected, Got, Play, Receiver, Stage, Trial};
use crate::model::Reason;

/// A kind of sink over HTTP.
#[derive(Clone, Copy)]
pub(in crate::sinks) struct HttpTrial {
    /// What a config calls the kind.
    pub kind: &'static str,
    /// A whole `[[sink]]` for the server at that URL (`http://127.0.0.1:1234`), with that timeout,
    /// and with the marker in each secret.
    pub config: fn(&str, &str) -> String,
    /// How the service says yes: status and body.
    pub yes: (u16, &'static str),
    /// The text in the body of a request, as a reader sees it.
    pub text: fn(&str) -> String,
    /// See [`Receiver::check`].
    pub check: fn(&str),
}

/// A request that came.
#[derive(Clone, Debug)]
pub(in crate::sinks) struct Heard {
    /// Request line and headers, as they came.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Heard {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Kinds whose service takes a message that comes again for another.
const KNOW_NO_REPEAT: [&str; 3] = ["slack", "discord", "telegram"];

/// A server on a free port.
pub(in crate::sinks) struct Server {
    /// `http://127.0.0.1:1234`.
    pub url: String,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

struct State {
    play: Mutex<Play>,
    yes: (u16, &'static str),
    heard: Mutex<Vec<Heard>>,
    /// Where the message must not come.
    elsewhere: Option<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// A server that says yes like that. `elsewhere`: where its redirects lead that lead away.
    pub async fn start(yes: (u16, &'static str), elsewhere: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            play: Mutex::new(Play::Accept),
            yes,
            heard: Mutex::default(),
            elsewhere,
        });
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(converse(socket, Arc::clone(&shared)));
            }
        });
        Self { url, state, task }
    }

    /// From now on plays `play`.
    pub fn play(&self, play: Play) {
        *self.state.play.lock().unwrap() = play;
        if play == Play::Nobody {
            self.task.abort();
        }
    }

    /// All requests so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.state.heard.lock().unwrap().clone()
    }
}

async fn converse(mut socket: TcpStream, state: Arc<State>) {
    let Some(heard) = hear(&mut socket).await else { return };
    let first = !heard.head.contains(" /moved");
    state.heard.lock().unwrap().push(heard.clone());
    let play = *state.play.lock().unwrap();
    let (status, body) = state.yes;
    let elsewhere = state.elsewhere.clone().unwrap_or_default();
    let echo = format!("no: {} {}", heard.head, heard.body);
    let answer = match play {
        Play::Accept | Play::Nobody => answer(status, "", body),
        Play::Home if !first => answer(status, "", body),
        Play::Status(status) => answer(status, "", if status < 300 { body } else { &echo }),
        Play::After(status) => answer(status, "Retry-After: 7\r\n", &echo),
        Play::AfterDate => {
            answer(429, "Retry-After: Mon, 23 Nov 2026 22:15:06 GMT\r\n", "slow down")
        }
        Play::Home | Play::Circle => answer(307, "Location: /moved\r\n", ""),
        Play::Private => answer(307, &format!("Location: {elsewhere}/x\r\n"), ""),
        Play::Found => answer(302, &format!("Location: {elsewhere}/x\r\n"), ""),
        Play::Page => answer(200, "Content-Type: text/html\r\n", "<!DOCTYPE html><p>Log in"),
        Play::CutBefore => String::new(),
        Play::CutInHead => "HTTP/1.1 200 OK\r\nContent-Le".to_owned(),
        Play::Cut => "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome".to_owned(),
        Play::Stall => return std::future::pending().await,
        Play::Drip => {
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 8000\r\n\r\n").await;
            let mut pace = tokio::time::interval(Duration::from_millis(20));
            while socket.write_all(b"x").await.is_ok() {
                pace.tick().await;
            }
            return;
        }
    };
    let _ = socket.write_all(answer.as_bytes()).await;
    let _ = socket.shutdown().await;
}

async fn hear(socket: &mut TcpStream) -> Option<Heard> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let heard = Heard { head, body: String::new() };
    let length: usize = heard.header("content-length").map_or(0, |value| value.parse().unwrap());
    while bytes.len() < end + length {
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Heard { body: String::from_utf8(bytes[end..].to_vec()).unwrap(), ..heard })
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    let body = if matches!(status, 204 | 304) { "" } else { body };
    let length = match status {
        204 | 304 => String::new(),
        _ => format!("Content-Length: {}\r\n", body.len()),
    };
    format!("HTTP/1.1 {status} X\r\nConnection: close\r\n{length}{headers}\r\n{body}")
}

struct HttpReceiver {
    trial: HttpTrial,
    server: Server,
    other: Server,
}

#[async_trait]
impl Trial for HttpTrial {
    fn kind(&self) -> &'static str {
        self.kind
    }

    async fn receiver(&self, _: &Stage) -> Box<dyn Receiver> {
        let other = Server::start(self.yes, None).await;
        let server = Server::start(self.yes, Some(other.url.clone())).await;
        Box::new(HttpReceiver { trial: *self, server, other })
    }
}

#[async_trait]
impl Receiver for HttpReceiver {
    fn config(&self, timeout: &str) -> String {
        (self.trial.config)(&self.server.url, timeout)
    }

    async fn play(&self, play: Play) {
        self.server.play(play);
    }

    fn expects(&self, play: Play) -> Option<Expected> {
        use Expected::{After, Delivered, Refused, Retry};
        Some(match play {
            Play::Accept | Play::Home => Delivered,
            // A service that says yes in its body must say so.
            Play::Status(204) if self.trial.yes.0 == 200 && !self.trial.yes.1.is_empty() => {
                return None;
            }
            Play::Status(200..=299) => Delivered,
            Play::Status(status @ (408 | 425 | 429 | 500..=599)) => {
                Retry(Reason::of_status(status))
            }
            Play::Status(status @ 400..=499) => Refused(Reason::of_status(status)),
            Play::Status(status) => Retry(Reason::of_status(status)),
            Play::After(status) => After(Reason::of_status(status), 7),
            Play::AfterDate => After(Reason::RateLimited, 60),
            // Any answer of a program of one's own is good.
            Play::Page if self.trial.kind == "webhook" => Delivered,
            Play::Page => Retry(Reason::Protocol),
            // The service has said 2xx. It knows no repeat, so that to try until a whole answer
            // comes would show the message again and again.
            Play::Cut if KNOW_NO_REPEAT.contains(&self.trial.kind) => Delivered,
            // The same, if the head comes within the short time there is: `http_tests` has more.
            Play::Drip if KNOW_NO_REPEAT.contains(&self.trial.kind) => return None,
            Play::Stall | Play::Drip => Retry(Reason::Timeout),
            Play::CutBefore | Play::Cut | Play::CutInHead => Retry(Reason::Truncated),
            Play::Private => Retry(Reason::ForbiddenAddress),
            Play::Found | Play::Circle => Retry(Reason::Redirect),
            Play::Nobody => Retry(Reason::Connect),
        })
    }

    async fn got(&self) -> Vec<Got> {
        assert!(self.other.heard().is_empty(), "a redirect led where it must not");
        let got = |heard: Heard| Got { text: (self.trial.text)(&heard.body), raw: heard.body };
        self.server.heard().into_iter().map(got).collect()
    }

    fn check(&self, text: &str) {
        (self.trial.check)(text);
    }
}
