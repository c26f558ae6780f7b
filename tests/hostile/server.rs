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
use super::tls::{Cert, Tls};

/// Nothing that the server does for one request lasts longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest request head that is read.
const HEAD: usize = 256 << 10;

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
    /// TLS with a certificate that nobody else has signed; allowed.
    Tls(Cert),
    /// A proxy that answers itself, to whatever it is asked for. Not allowed: nobody may need to.
    Proxy,
    /// The same by SOCKS5.
    Socks,
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
    /// What a proxy was asked to connect to.
    pub via: Option<String>,
    /// The protocols that the client offered with TLS.
    pub offers: Vec<String>,
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
        let scheme = if matches!(place, Place::Tls(_)) { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.authority(place))
    }

    /// The places that a config may allow.
    pub fn allowed(&self) -> Vec<String> {
        let mut allowed: Vec<(Place, String)> = self
            .ports
            .iter()
            .filter(|(place, _)| !matches!(place, Place::Forbidden | Place::Proxy | Place::Socks))
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
        &path_of(&self.line)[1 + self.name.len()..]
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
    tls: Tls,
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
    pub tls: Tls,
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
        let places = [
            Place::Main,
            Place::Other,
            Place::Forbidden,
            Place::Six,
            Place::Tls(Cert::Plain),
            Place::Tls(Cert::Expired),
            Place::Tls(Cert::Authority),
            Place::Proxy,
            Place::Socks,
        ];
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
        Self { runtime, idle, tls: Tls::new(), listeners, town: Arc::new(town) }
    }

    pub fn serve(self, scripts: HashMap<String, Script>) -> Server {
        let shared = Arc::new(Shared {
            town: self.town,
            scripts,
            record: Mutex::default(),
            changed: Condvar::new(),
            connections: AtomicU64::new(0),
            tls: self.tls,
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

/// The path of a request line, whether it stands alone or in a whole URL.
fn path_of(line: &str) -> &str {
    let target = line.split(' ').nth(1).unwrap_or_default();
    match target.strip_prefix("http://") {
        Some(whole) => whole.find('/').map_or("", |slash| &whole[slash..]),
        None => target,
    }
}

/// What a connection has come to.
enum Parting {
    End(End),
    /// What it is to be connected to, so that something else can be spoken on it.
    Connect(String),
}

/// What is known of a connection.
struct Connection {
    place: Place,
    number: u64,
    via: Option<String>,
    offers: Vec<String>,
}

/// Takes up a client of SOCKS5 (RFC 1928). Answers with the host and port that it names.
async fn socks(stream: &mut TcpStream) -> io::Result<String> {
    let refuse = || io::Error::from(io::ErrorKind::InvalidData);
    stream.read_u8().await?;
    let mut methods = vec![0; usize::from(stream.read_u8().await?)];
    stream.read_exact(&mut methods).await?;
    stream.write_all(&[5, 0]).await?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let length = match head[3] {
        1 => 4,
        3 => usize::from(stream.read_u8().await?),
        _ => return Err(refuse()),
    };
    let mut host = vec![0; length];
    stream.read_exact(&mut host).await?;
    let port = stream.read_u16().await?;
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    let host = match <[u8; 4]>::try_from(host.as_slice()) {
        Ok(address) if head[3] == 1 => std::net::Ipv4Addr::from(address).to_string(),
        _ => String::from_utf8(host).map_err(|_| refuse())?,
    };
    Ok(format!("{host}:{port}"))
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
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        let mut connection = Connection { place, number, via: None, offers: Vec::new() };
        let mut stream = stream;
        if place == Place::Socks {
            match socks(&mut stream).await {
                Ok(target) => connection.via = Some(target),
                Err(_) => return,
            }
        }
        if let Place::Tls(cert) = place {
            let _ = self.secure(stream, cert, connection).await;
            return;
        }
        match self.converse(&mut stream, &connection).await {
            Ok(Parting::End(End::Reset)) => {
                let _ = stream.set_zero_linger();
            }
            // Asked to connect: what is on the other side is the TLS of this server.
            Ok(Parting::Connect(target)) => {
                connection.via = Some(target);
                let _ = self.secure(stream, Cert::Plain, connection).await;
            }
            _ => {}
        }
    }

    async fn secure(
        &self,
        stream: TcpStream,
        cert: Cert,
        mut connection: Connection,
    ) -> io::Result<()> {
        let (stream, offers) = self.tls.accept(stream, cert).await?;
        connection.offers = offers;
        self.converse(stream, &connection).await.map(|_| ())
    }

    /// Answers requests until the connection has another use.
    async fn converse(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
        connection: &Connection,
    ) -> io::Result<Parting> {
        while let Some((line, headers)) = read_head(&mut stream).await? {
            if let Some(target) = line.strip_prefix("CONNECT ") {
                stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
                let target = target.split(' ').next().unwrap_or_default();
                return Ok(Parting::Connect(target.to_owned()));
            }
            let path = path_of(&line);
            let name = path[path.len().min(1)..].split(['/', '?', ';']).next().unwrap_or_default();
            let asked = self.note(name, connection, line.clone(), headers);
            let Some(script) = self.scripts.get(name) else { return Ok(Parting::End(End::Close)) };
            let reply = script(&asked);
            let end = self.answer(&mut stream, name, reply).await;
            if let Some(busy) = self.record().busy.get_mut(&connection.place) {
                *busy -= 1;
            }
            match end? {
                End::Keep => {}
                end => return Ok(Parting::End(end)),
            }
        }
        Ok(Parting::End(End::Close))
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
        connection: &Connection,
        line: String,
        headers: Vec<(String, Vec<u8>)>,
    ) -> Asked {
        let mut record = self.record();
        let place = connection.place;
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
            connection: connection.number,
            via: connection.via.clone(),
            offers: connection.offers.clone(),
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
