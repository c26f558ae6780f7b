//! Feeds on this machine that a test can change, and that remember how they were asked.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::document::{Story, rss};

/// Nothing that a test waits for takes so long, on a busy machine either.
pub const DEADLINE: Duration = Duration::from_secs(40);

/// What stands at a path.
#[derive(Clone, Debug)]
pub enum Page {
    /// An RSS document, with an ETag.
    Feed(Vec<Story>),
    /// A status and a few words.
    Status(u16),
    /// No answer until something else stands there.
    Silence,
    /// Whatever one likes, with an ETag.
    Raw(&'static str, String),
}

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub path: String,
    /// Whether it came with validators.
    pub conditional: bool,
    pub status: u16,
}

/// A server. When it is dropped, whoever still waits is answered with 404.
pub struct Newsroom {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    desk: Mutex<Desk>,
    changed: Condvar,
}

#[derive(Default)]
pub struct Desk {
    pages: HashMap<String, Page>,
    pub asked: Vec<Asked>,
    /// Requests, by path, that have come and are not answered.
    pub waiting: Vec<String>,
    /// The most of them at a time.
    pub most: usize,
    /// Nobody is answered until so many have come at once.
    pub party: usize,
}

impl Newsroom {
    pub fn open() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub fn on(listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let desk = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let desk = Arc::clone(&desk);
                thread::spawn(move || desk.converse(stream));
            }
        });
        Self { address, shared }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Puts `page` at `path`.
    pub fn put(&self, path: &str, page: Page) {
        self.desk().pages.insert(path.to_owned(), page);
        self.shared.changed.notify_all();
    }

    /// Adds a story to the top of the feed at `path`.
    pub fn publish(&self, path: &str, story: Story) {
        match self.desk().pages.get_mut(path) {
            Some(Page::Feed(stories)) => stories.insert(0, story),
            page => panic!("{path} is no feed: {page:?}"),
        }
    }

    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        self.shared.desk()
    }

    /// Waits until the desk is so.
    pub fn wait(&self, what: &str, so: impl Fn(&Desk) -> bool) {
        let (desk, timeout) = self
            .shared
            .changed
            .wait_timeout_while(self.desk(), DEADLINE, |desk| !so(desk))
            .unwrap();
        let last = desk.asked.iter().rev().take(5).collect::<Vec<_>>();
        assert!(!timeout.timed_out(), "waited in vain for {what}; last {last:?}");
    }

    /// Waits until `path` has been answered `times` more with `status`.
    pub fn wait_answered(&self, path: &str, status: u16, times: usize) {
        let from = self.desk().asked.len();
        self.wait(&format!("{times} × {status} at {path}"), |desk| {
            desk.count_from(from, path, status) >= times
        });
    }
}

impl Drop for Newsroom {
    fn drop(&mut self) {
        let mut desk = self.desk();
        desk.pages.clear();
        desk.party = 0;
        self.shared.changed.notify_all();
    }
}

impl Desk {
    /// How often `path` was answered with `status`, after the first `from` answers of all.
    pub fn count_from(&self, from: usize, path: &str, status: u16) -> usize {
        let fits = |asked: &&Asked| asked.path == path && asked.status == status;
        self.asked[from..].iter().filter(fits).count()
    }
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn converse(&self, stream: TcpStream) {
        let mut writer = stream.try_clone().unwrap();
        let mut reader = BufReader::new(stream);
        while let Some((path, etag)) = read_head(&mut reader) {
            let answer = self.answer(&path, etag.as_deref());
            if writer.write_all(&answer).is_err() {
                break;
            }
        }
    }

    /// The whole answer. It is counted before it is sent.
    fn answer(&self, path: &str, etag: Option<&str>) -> Vec<u8> {
        let mut desk = self.desk();
        desk.waiting.push(path.to_owned());
        desk.most = desk.most.max(desk.waiting.len());
        if desk.waiting.len() >= desk.party {
            desk.party = 0;
        }
        self.changed.notify_all();
        let held =
            |desk: &mut Desk| desk.party > 0 || matches!(desk.pages.get(path), Some(Page::Silence));
        let mut desk = self.changed.wait_while(desk, held).unwrap();
        let (status, answer) = write(desk.pages.get(path), etag);
        let place = desk.waiting.iter().position(|waiting| waiting == path).unwrap();
        desk.waiting.remove(place);
        desk.asked.push(Asked { path: path.to_owned(), conditional: etag.is_some(), status });
        self.changed.notify_all();
        answer
    }
}

fn read_head(reader: &mut impl BufRead) -> Option<(String, Option<String>)> {
    let (mut path, mut etag) = (None, None);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            return Some((path?, etag));
        }
        match line.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("if-none-match") => {
                etag = Some(value.to_owned());
            }
            _ if path.is_none() => path = line.split(' ').nth(1).map(str::to_owned),
            _ => {}
        }
    }
}

fn write(page: Option<&Page>, known: Option<&str>) -> (u16, Vec<u8>) {
    let (kind, body) = match page {
        Some(Page::Feed(stories)) => ("application/rss+xml", rss(stories)),
        Some(Page::Raw(kind, body)) => (*kind, body.clone()),
        Some(Page::Status(status)) => return plain(*status),
        Some(Page::Silence) | None => return plain(404),
    };
    let etag = format!("\"{:x}\"", siphasher::sip::SipHasher13::new().hash(body.as_bytes()));
    if known == Some(&etag) {
        return (304, format!("HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n").into_bytes());
    }
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nETag: {etag}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    );
    (200, (head + &body).into_bytes())
}

fn plain(status: u16) -> (u16, Vec<u8>) {
    let answer = format!("HTTP/1.1 {status} So\r\nContent-Length: 4\r\n\r\nsad\n");
    (status, answer.into_bytes())
}
