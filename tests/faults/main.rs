//! What can go wrong around the daemon: disks, streams, limits, receivers. The real program, seen
//! from outside; `docs/reliability.md` says what it promises there.
//!
//! Crashes are in `tests/line`, what servers of feeds can do in `tests/hostile`, and what a start
//! refuses in `tests/bad_input.rs`.

#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]
#![expect(clippy::expect_used, reason = "a failing helper fails its test")]

#[path = "../news/document.rs"]
mod document;
#[expect(dead_code, reason = "other tests need more of it")]
#[path = "../line/home.rs"]
mod home;
#[expect(dead_code, reason = "other tests need more of it")]
#[path = "../news/mod.rs"]
mod news;

mod disk;
mod hook;
mod limits;
mod receivers;
mod streams;
mod suspend;
mod window;

use std::io::{BufRead, BufReader, PipeWriter, Read, Write, pipe};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use document::Story;
use home::{after, now};
use news::DEADLINE;
use wirewatch::model::Clock;

/// A story that came out so many hours ago.
fn story(guid: &str, title: &str, hours: u64) -> Story {
    let published = Clock::System.now().wall.minus(Duration::from_secs(3600 * hours));
    Story::new(guid, title, published)
}

/// Says what is not tested here, and why.
#[expect(clippy::print_stderr, reason = "the test cannot be made on this machine")]
fn skip(what: &str) {
    eprintln!("skipped: {what}");
}

/// What is said on a stream, line by line.
struct Voice {
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Voice {
    /// A stream to be given to a process, and what it says there.
    fn new() -> (Self, PipeWriter) {
        let (reader, writer) = pipe().unwrap();
        (Self::of(reader), writer)
    }

    fn of(reader: impl Read + Send + 'static) -> Self {
        let (sender, lines) = sync_channel(1_000_000);
        thread::spawn(move || {
            for line in BufReader::new(reader).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { lines, said: Vec::new() }
    }

    /// Waits for a line that holds `part`.
    fn expect(&mut self, part: &str) -> String {
        let until = after(DEADLINE);
        while let Ok(line) = self.lines.recv_timeout(until.since(now())) {
            self.said.push(line);
            if let Some(line) = self.said.last().filter(|line| line.contains(part)) {
                return line.clone();
            }
        }
        panic!("{part:?} is not said; but: {:#?}", self.said.iter().rev().take(9).rev());
    }
}

/// The answer to `GET path`, head and body.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Asks until the answer is right.
fn get_until(address: &str, path: &str, right: impl Fn(&str) -> bool) -> String {
    let until = after(DEADLINE);
    loop {
        let answer = get(address, path);
        if right(&answer) {
            return answer;
        }
        assert!(now() < until, "{path} stays {answer}");
    }
}

/// The value of a metric, labels included in its name.
fn metric(address: &str, name: &str) -> f64 {
    let page = get(address, "/metrics");
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {page}")).parse().unwrap()
}

/// Waits until something is so, without a sign to wait for.
fn spin(what: &str, so: impl Fn() -> bool) {
    let until = after(DEADLINE);
    while !so() {
        assert!(now() < until, "waited in vain for {what}");
        thread::yield_now();
    }
}
