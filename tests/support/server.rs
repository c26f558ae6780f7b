//! A server of documents on a free port of this machine.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What is answered to a path.
#[derive(Clone, Debug)]
pub struct Answer {
    headers: String,
    body: Vec<u8>,
}

impl Answer {
    pub fn new(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { headers: String::new(), body: body.into() }.with("Content-Type", content_type)
    }

    pub fn rss(body: impl Into<Vec<u8>>) -> Self {
        Self::new("application/rss+xml; charset=utf-8", body)
    }

    /// The same with one header more.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push_str(&format!("{name}: {value}\r\n"));
        self
    }
}

type Answers = Arc<Mutex<HashMap<String, Answer>>>;

/// Answers each path with what was last put there, and 404 to all else. It ends with the test.
pub struct Server {
    address: SocketAddr,
    answers: Answers,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, answers) = (listener.local_addr().unwrap(), Answers::default());
        let shared = Arc::clone(&answers);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answers = Arc::clone(&shared);
                thread::spawn(move || answer(&stream, &answers));
            }
        });
        Self { address, answers }
    }

    /// Puts `answer` at `path`, which begins with `/`. Answers with its URL.
    pub fn put(&self, path: &str, answer: Answer) -> String {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
        format!("http://{}{path}", self.address)
    }
}

/// A URL on which nobody listens, and nobody will while this is held: the port is the near end of
/// a connection.
pub struct Refused {
    pub url: String,
    _held: (TcpListener, TcpStream),
}

impl Refused {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let url = format!("http://{}/feed", stream.local_addr().unwrap());
        Self { url, _held: (listener, stream) }
    }
}

fn answer(stream: &TcpStream, answers: &Answers) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let mut head = BufReader::new(stream).lines().map_while(Result::ok);
    let request = head.next()?;
    head.take(100).find(String::is_empty)?;
    let path = request.split(' ').nth(1)?;
    let found = answers.lock().unwrap().get(path).cloned();
    let (status, found) = match found {
        Some(found) => ("200 OK", found),
        None => ("404 Not Found", Answer::new("text/plain", "no such document")),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n",
        found.body.len(),
        found.headers
    );
    let mut stream = stream;
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&found.body).ok()
}
