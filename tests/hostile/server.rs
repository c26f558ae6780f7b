//! A server on several ports of this machine that says what a script tells it to, byte for byte,
//! and remembers how it was asked.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use wirewatch::model::{Clock, Mono};

use super::reply::{End, Reply, Step};

/// Nothing that the server does for one request lasts longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest request head that is read.
const HEAD: usize = 64 << 10;

/// Where a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// 127.0.0.1; the config allows it.
    Main,
    /// Another port of it; the config allows that too.
    Other,
    /// Another port of it that the config does not allow.
    Forbidden,
    /// [::1], if this machine has it; allowed.
    Six,
    /// TLS with a certificate that nobody has signed; allowed.
    Tls,
    /// A port that refuses connections; allowed.
    Refusing,
    /// A port where connections are not taken up; allowed.
    Full,
    /// A port that serves one situation alone, by its number; allowed.
    Own(usize),
}

/// A request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The situation: the first part of the path.
    pub name: String,
    pub place: Place,
    pub at: Mono,
    /// The connection that it came on; no two have the same.
    pub connection: u64,
    /// Method, target and version.
    pub line: String,
    pub headers: Vec<(String, Vec<u8>)>,
    /// Requests of this situation before this one, at all places.
    pub nth: usize,
    /// The same, of this place and path alone.
    pub nth_here: usize,
    /// Requests that this place was busy with when it came, this one included.
    pub busy: usize,
    pub town: Arc<Town>,
}

/// Where each place is.
#[derive(Debug, Default)]
pub struct Town {
    ports: HashMap<Place, SocketAddr>,
}

impl Town {
    pub fn port(&self, place: Place) -> Option<u16> {
        self.ports.get(&place).map(SocketAddr::port)
    }

    /// `host:port` of a place. One that this machine does not have is where nobody answers.
    pub fn authority(&self, place: Place) -> String {
        match self.ports.get(&place) {
            Some(address) => address.to_string(),
            None => "192.0.2.1:9".to_owned(),
        }
    }

    pub fn url(&self, place: Place, path: &str) -> String {
        let scheme = if place == Place::Tls { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.authority(place))
    }

    /// The places that a config may allow.
    pub fn allowed(&self) -> Vec<String> {
        let mut allowed: Vec<(Place, String)> = self
            .ports
            .iter()
            .filter(|(place, _)| **place != Place::Forbidden)
            .map(|(place, address)| (*place, address.to_string()))
            .collect();
        allowed.sort();
        allowed.into_iter().map(|(_, address)| address).collect()
    }
}

impl Asked {
    /// The request target.
    pub fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    /// What follows the situation's name in the target.
    pub fn rest(&self) -> &str {
        &self.target()[1 + self.name.len()..]
    }

    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_slice())
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.header(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Whether it came with validators.
    pub fn conditional(&self) -> bool {
        self.header("if-none-match").is_some() || self.header("if-modified-since").is_some()
    }

    /// The URL of `rest` of this situation at a place.
    pub fn url(&self, place: Place, rest: &str) -> String {
        self.town.url(place, &format!("/{}{rest}", self.name))
    }

    /// A document with items of these marks, in order; see [`news`].
    pub fn news(&self, marks: &str) -> String {
        news(&self.name, marks)
    }
}

/// The headline of the item `mark` of a situation.
pub fn headline(name: &str, mark: &str) -> String {
    format!("A flood, {name} {mark}")
}

/// An RSS document with an item for each word of `marks`.
pub fn news(name: &str, marks: &str) -> String {
    let items: String = marks
        .split_whitespace()
        .map(|mark| {
            format!(
                "<item><title>{}</title><guid isPermaLink=\"false\">{name}-{mark}</guid>\
                 <link>https://news.example/{name}/{mark}</link></item>\n",
                headline(name, mark)
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>{name}</title>\n{items}</channel></rss>\n")
}

/// What a situation's requests are answered with.
pub type Script = Box<dyn Fn(&Asked) -> Reply + Send + Sync>;

/// What the server remembers.
#[derive(Default)]
pub struct Record {
    pub asked: Vec<Asked>,
    /// Connections to places that may not be connected to.
    pub trespasses: usize,
    /// Bytes that the sockets took, by situation.
    pub sent: HashMap<String, u64>,
    /// Requests that are not answered in full, by place.
    busy: HashMap<Place, usize>,
}

/// The server; it ends with the test.
pub struct Server {
    shared: Arc<Shared>,
    _idle: Idle,
    _runtime: Runtime,
}

struct Shared {
    town: Arc<Town>,
    scripts: HashMap<String, Script>,
    record: Mutex<Record>,
    changed: Condvar,
    connections: AtomicU64,
    tls: tokio_rustls::TlsAcceptor,
}

/// What holds ports where nobody speaks.
struct Idle {
    _refusing: TcpSocket,
    _full: TcpListener,
    _before: Vec<TcpStream>,
}

/// The places' listeners, before it is known what is said there.
pub struct Ground {
    runtime: Runtime,
    idle: Idle,
    listeners: Vec<(Place, TcpListener)>,
    pub town: Arc<Town>,
}

impl Ground {
    /// Takes free ports for all places and `own` more.
    pub fn take(own: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let mut town = Town::default();
        let mut listeners = Vec::new();
        let places = [Place::Main, Place::Other, Place::Forbidden, Place::Six, Place::Tls];
        for place in places.into_iter().chain((0..own).map(Place::Own)) {
            let host = if place == Place::Six { "[::1]:0" } else { "127.0.0.1:0" };
            match runtime.block_on(TcpListener::bind(host)) {
                Ok(listener) => {
                    town.ports.insert(place, listener.local_addr().unwrap());
                    listeners.push((place, listener));
                }
                Err(error) => assert_eq!(place, Place::Six, "{error}"),
            }
        }
        let idle = runtime.block_on(idle(&mut town));
        Self { runtime, idle, listeners, town: Arc::new(town) }
    }

    pub fn serve(self, scripts: HashMap<String, Script>) -> Server {
        let shared = Arc::new(Shared {
            town: self.town,
            scripts,
            record: Mutex::default(),
            changed: Condvar::new(),
            connections: AtomicU64::new(0),
            tls: super::tls::acceptor(),
        });
        for (place, listener) in self.listeners {
            let shared = Arc::clone(&shared);
            self.runtime.spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(Arc::clone(&shared).receive(stream, place));
                }
            });
        }
        Server { shared, _idle: self.idle, _runtime: self.runtime }
    }
}

/// A port that is taken and does not listen, and one whose queue of connections is full.
async fn idle(town: &mut Town) -> Idle {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let refusing = TcpSocket::new_v4().unwrap();
    refusing.bind(any).unwrap();
    town.ports.insert(Place::Refusing, refusing.local_addr().unwrap());
    let full = TcpSocket::new_v4().unwrap();
    full.bind(any).unwrap();
    let full = full.listen(1).unwrap();
    let address = full.local_addr().unwrap();
    town.ports.insert(Place::Full, address);
    let mut before = Vec::new();
    for _ in 0..4 {
        let connecting = TcpStream::connect(address);
        match tokio::time::timeout(Duration::from_millis(100), connecting).await {
            Ok(Ok(stream)) => before.push(stream),
            _ => break,
        }
    }
    Idle { _refusing: refusing, _full: full, _before: before }
}

impl Server {
    pub fn town(&self) -> &Town {
        &self.shared.town
    }

    pub fn record(&self) -> MutexGuard<'_, Record> {
        self.shared.record()
    }

    /// Waits until the record has changed, or for so long.
    pub fn wait(&self, at_most: Duration) {
        let _ = self.shared.changed.wait_timeout(self.record(), at_most);
    }
}

impl Shared {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn receive(self: Arc<Self>, stream: TcpStream, place: Place) {
        if place == Place::Forbidden {
            self.record().trespasses += 1;
        }
        let connection = self.connections.fetch_add(1, Ordering::Relaxed);
        if place == Place::Tls {
            if let Ok(stream) = self.tls.accept(stream).await {
                let _ = self.converse(stream, place, connection).await;
            }
            return;
        }
        let mut stream = stream;
        if let Ok(End::Reset) = self.converse(&mut stream, place, connection).await {
            let _ = stream.set_zero_linger();
        }
    }

    async fn converse(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
        place: Place,
        connection: u64,
    ) -> io::Result<End> {
        while let Some((line, headers)) = read_head(&mut stream).await? {
            let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
            let path = target.strip_prefix("http://").map_or(target.as_str(), |absolute| {
                absolute.find('/').map_or("", |slash| &absolute[slash..])
            });
            let name = path[path.len().min(1)..].split(['/', '?', ';']).next().unwrap_or_default();
            let asked = self.note(name, place, connection, line.clone(), headers);
            let Some(script) = self.scripts.get(name) else { return Ok(End::Close) };
            let reply = script(&asked);
            let end = self.answer(&mut stream, name, reply).await;
            if let Some(busy) = self.record().busy.get_mut(&place) {
                *busy -= 1;
            }
            match end? {
                End::Keep => {}
                end => return Ok(end),
            }
        }
        Ok(End::Close)
    }

    async fn answer(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        name: &str,
        reply: Reply,
    ) -> io::Result<End> {
        let end = reply.end;
        for step in reply.steps() {
            if !self.take(stream, name, step).await? {
                return Ok(End::Close);
            }
        }
        stream.flush().await?;
        if end == End::Hang {
            gone_within(stream, PATIENCE).await;
        }
        Ok(end)
    }

    fn note(
        &self,
        name: &str,
        place: Place,
        connection: u64,
        line: String,
        headers: Vec<(String, Vec<u8>)>,
    ) -> Asked {
        let mut record = self.record();
        let own = record.asked.iter().filter(|asked| asked.name == name);
        let (mut nth, mut nth_here) = (0, 0);
        for before in own {
            nth += 1;
            nth_here += usize::from(before.place == place && before.line == line);
        }
        let busy = record.busy.entry(place).or_default();
        *busy += 1;
        let busy = *busy;
        let asked = Asked {
            name: name.to_owned(),
            place,
            at: Clock::System.now().mono,
            connection,
            line,
            headers,
            nth,
            nth_here,
            busy,
            town: Arc::clone(&self.town),
        };
        record.asked.push(asked.clone());
        self.changed.notify_all();
        asked
    }

    /// Does it. Answers whether the client is still there.
    async fn take(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        name: &str,
        step: Step,
    ) -> io::Result<bool> {
        match step {
            Step::Send(bytes) => self.send(stream, name, &bytes).await?,
            Step::Wait(wait) => return Ok(!gone_within(stream, wait).await),
            Step::Drip(bytes, every, times) => {
                for _ in 0..times {
                    self.send(stream, name, &bytes).await?;
                    if !every.is_zero() && gone_within(stream, every).await {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    async fn send(
        &self,
        stream: &mut (impl AsyncWrite + Unpin),
        name: &str,
        bytes: &[u8],
    ) -> io::Result<()> {
        for piece in bytes.chunks(64 << 10) {
            let sent = tokio::time::timeout(PATIENCE, stream.write_all(piece)).await;
            sent.map_err(|_| io::ErrorKind::TimedOut)??;
            *self.record().sent.entry(name.to_owned()).or_default() += piece.len() as u64;
        }
        Ok(())
    }
}

/// Waits for the client to go, at most so long. What it says meanwhile is lost.
async fn gone_within(stream: &mut (impl AsyncRead + Unpin), wait: Duration) -> bool {
    let mut buffer = [0; 1024];
    let gone = async { while !matches!(stream.read(&mut buffer).await, Ok(0) | Err(_)) {} };
    tokio::time::timeout(wait, gone).await.is_ok()
}

type Head = (String, Vec<(String, Vec<u8>)>);

async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Head>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = match tokio::time::timeout(PATIENCE, stream.read_u8()).await {
            Ok(Ok(byte)) if head.len() < HEAD => byte,
            _ => return Ok(None),
        };
        head.push(byte);
    }
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.trim_ascii_end());
    let first = lines.next().unwrap_or_default();
    let headers = lines.filter(|line| !line.is_empty()).map(|line| {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let name = String::from_utf8_lossy(&line[..colon]).into_owned();
        (name, line[line.len().min(colon + 1)..].trim_ascii().to_vec())
    });
    Ok(Some((String::from_utf8_lossy(first).into_owned(), headers.collect())))
}
