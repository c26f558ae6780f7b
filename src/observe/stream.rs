//! The log's output: one thread that owns it, and a bounded queue before it.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use super::events::LOG_DROPPED;
use super::format::{Event, LogFormat, LogStyle, Value};
use crate::model::Clock;

/// Where the log goes.
pub enum Output {
    /// The process's standard output.
    Stdout,
    /// The process's standard error.
    Stderr,
    /// Somewhere else; never a terminal.
    Writer(Box<dyn Write + Send>),
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stdout => "Stdout",
            Self::Stderr => "Stderr",
            Self::Writer(_) => "Writer",
        })
    }
}

/// How much may wait for the output.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Ordinary lines; one more is dropped.
    pub lines: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Acknowledged lines; one more is refused.
    pub acked: usize,
    /// How long a line may wait for its acknowledgement.
    pub ack_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { lines: 4096, bytes: 4 << 20, acked: 256, ack_wait: Duration::from_secs(5) }
    }
}

/// The log's output. Clones write to the same one; when the last is dropped, what waits is written
/// for at most two seconds more.
#[derive(Clone, Debug)]
pub struct LogStream {
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    format: LogFormat,
    clock: Clock,
    ack_wait: Duration,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
    finished: Condvar,
    limits: Limits,
    dropped: AtomicU64,
    /// Whether lines are missing and that has not come out yet.
    losing: AtomicBool,
}

#[derive(Debug, Default)]
struct Queue {
    entries: VecDeque<Entry>,
    lines: usize,
    bytes: usize,
    acked: usize,
    closing: bool,
    finished: bool,
}

#[derive(Debug)]
enum Entry {
    Line(String),
    Acked(String, oneshot::Sender<io::Result<()>>),
    /// So many lines were dropped here.
    Gap(u64),
}

impl LogStream {
    /// Starts the thread that writes to `output`, in the `style` given, or else in text to a
    /// terminal and in JSON to all else. Text has colours on a terminal unless `color` says
    /// otherwise.
    ///
    /// # Errors
    /// The thread cannot be started or the output is closed.
    pub fn start(
        output: Output,
        style: Option<LogStyle>,
        color: Option<bool>,
        clock: Clock,
        limits: Limits,
    ) -> io::Result<Self> {
        let (writer, terminal): (Box<dyn Write + Send>, bool) = match output {
            Output::Stdout => (unbuffered(&io::stdout())?, io::stdout().is_terminal()),
            Output::Stderr => (unbuffered(&io::stderr())?, io::stderr().is_terminal()),
            Output::Writer(writer) => (writer, false),
        };
        let format = match style {
            Some(LogStyle::Json) => LogFormat::Json,
            None if !terminal => LogFormat::Json,
            _ => LogFormat::Text { color: color.unwrap_or(terminal) },
        };
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            arrived: Condvar::new(),
            finished: Condvar::new(),
            limits,
            dropped: AtomicU64::new(0),
            losing: AtomicBool::new(false),
        });
        let given = clock.clone();
        let worker =
            Worker { shared: Arc::clone(&shared), writer, format, clock, torn: false, lost: 0 };
        thread::Builder::new().name("log".into()).spawn(move || worker.run())?;
        let handle = Handle { shared, format, clock: given, ack_wait: limits.ack_wait };
        Ok(Self { handle: Arc::new(handle) })
    }

    /// How lines are to be written.
    pub fn format(&self) -> LogFormat {
        self.handle.format
    }

    /// What the time in its lines is taken from.
    pub fn clock(&self) -> &Clock {
        &self.handle.clock
    }

    /// Lines lost so far, because the reader stalled or the output failed.
    pub fn dropped(&self) -> u64 {
        self.handle.shared.dropped.load(Ordering::Relaxed)
    }

    /// Whether lines are being lost: since the first that was, nothing has come out that tells of it.
    pub fn is_losing(&self) -> bool {
        self.handle.shared.losing.load(Ordering::Relaxed)
    }

    /// Queues `line` (with its line end). Never waits: a line that finds no room is dropped and
    /// counted, and where the next one has room, `log_dropped` tells how many are missing.
    pub fn write(&self, line: String) {
        let shared = &self.handle.shared;
        let mut queue = shared.lock();
        let full = queue.lines >= shared.limits.lines
            || queue.bytes.saturating_add(line.len()) > shared.limits.bytes;
        if full || queue.closing {
            shared.lose();
            let closing = queue.closing;
            match queue.entries.back_mut() {
                Some(Entry::Gap(count)) => *count += 1,
                _ if closing => {}
                _ => queue.entries.push_back(Entry::Gap(1)),
            }
            shared.arrived.notify_one();
            return;
        }
        queue.lines += 1;
        queue.bytes += line.len();
        queue.entries.push_back(Entry::Line(line));
        shared.arrived.notify_one();
    }

    /// Writes `line` (with its line end) and answers when it is out.
    ///
    /// # Errors
    /// What the output said; `TimedOut` if it took longer than [`Limits::ack_wait`] (the line may
    /// still come out if it was being written just then); `WouldBlock` if too many wait already;
    /// `BrokenPipe` after [`LogStream::close`].
    pub async fn write_acked(&self, line: String) -> io::Result<()> {
        let (ack, written) = oneshot::channel();
        {
            let shared = &self.handle.shared;
            let mut queue = shared.lock();
            if queue.closing {
                return Err(io::Error::new(ErrorKind::BrokenPipe, "the log is closed"));
            }
            if queue.acked >= shared.limits.acked {
                return Err(io::Error::new(ErrorKind::WouldBlock, "too many lines wait"));
            }
            queue.acked += 1;
            queue.entries.push_back(Entry::Acked(line, ack));
            shared.arrived.notify_one();
        }
        match tokio::time::timeout(self.handle.ack_wait, written).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(io::Error::new(ErrorKind::BrokenPipe, "the log has ended")),
            Err(_) => Err(io::Error::new(ErrorKind::TimedOut, "the log's reader has stalled")),
        }
    }

    /// Takes no more lines and waits at most `within` for those that it has. Whether all are out.
    pub fn close(&self, within: Duration) -> bool {
        self.handle.shared.close(within)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.close(Duration::from_secs(2));
    }
}

impl Shared {
    /// Counts a line that is lost.
    fn lose(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        self.losing.store(true, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self, within: Duration) -> bool {
        let mut queue = self.lock();
        queue.closing = true;
        self.arrived.notify_one();
        let waited = self.finished.wait_timeout_while(queue, within, |queue| !queue.finished);
        waited.unwrap_or_else(PoisonError::into_inner).0.finished
    }
}

/// The output without the buffer that std puts before it: a write that fails must not leave half
/// a line behind to come out later.
fn unbuffered(stream: &impl AsFd) -> io::Result<Box<dyn Write + Send>> {
    Ok(Box::new(File::from(stream.as_fd().try_clone_to_owned()?)))
}

struct Worker {
    shared: Arc<Shared>,
    writer: Box<dyn Write + Send>,
    format: LogFormat,
    clock: Clock,
    /// The last write broke off within a line.
    torn: bool,
    /// Ordinary lines that the output refused, not yet told of.
    lost: u64,
}

impl Worker {
    fn run(mut self) {
        while let Some(entry) = self.next() {
            match entry {
                Entry::Line(line) => self.ordinary(&line),
                Entry::Acked(_, ack) if ack.is_closed() => {}
                Entry::Acked(line, ack) => {
                    // The receiver may have given up just now: then nobody wants the answer.
                    let _ = ack.send(self.write(&line));
                }
                Entry::Gap(count) => self.tell_gap(count),
            }
        }
        self.shared.lock().finished = true;
        self.shared.finished.notify_all();
    }

    fn next(&self) -> Option<Entry> {
        let mut queue = self.shared.lock();
        loop {
            match queue.entries.pop_front() {
                Some(entry) => {
                    match &entry {
                        Entry::Line(line) => {
                            queue.lines -= 1;
                            queue.bytes -= line.len();
                        }
                        Entry::Acked(..) => queue.acked -= 1,
                        Entry::Gap(_) => {}
                    }
                    return Some(entry);
                }
                None if queue.closing => return None,
                None => {
                    queue = self.shared.arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    fn ordinary(&mut self, line: &str) {
        if self.lost > 0 {
            self.tell_gap(0);
        }
        if self.write(line).is_err() {
            self.lost += 1;
            self.shared.lose();
        }
    }

    fn tell_gap(&mut self, count: u64) {
        self.lost += count;
        let event = Event {
            ts: self.clock.now().wall,
            level: LOG_DROPPED.level,
            name: LOG_DROPPED.name.into(),
            fields: vec![(LOG_DROPPED.fields[0].0.into(), Value::Uint(self.lost))],
        };
        if self.write(&event.line(self.format)).is_ok() {
            self.lost = 0;
            self.shared.losing.store(false, Ordering::Relaxed);
        }
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        if self.torn {
            self.write_all(b"\n")?;
            self.torn = false;
        }
        self.write_all(line.as_bytes())?;
        self.writer.flush()
    }

    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.writer.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.torn = bytes[count - 1] != b'\n';
                    bytes = &bytes[count..];
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.pause(error)?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Lets a little time pass before an output that was left in non-blocking mode is tried again;
    /// gives up once the stream is being closed.
    fn pause(&self, error: io::Error) -> io::Result<()> {
        let queue = self.shared.lock();
        if queue.closing {
            return Err(error);
        }
        drop(self.shared.arrived.wait_timeout(queue, Duration::from_millis(20)));
        Ok(())
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
