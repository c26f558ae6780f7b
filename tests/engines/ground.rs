//! What engines stand on in a test: a config with a rule for floods, and a log that is kept.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use wirewatch::engine::plan::{Plan, Surroundings};
use wirewatch::model::Clock;
use wirewatch::observe::{self, LogStream, Output};

/// The plan of `config`, which is written to `folder`.
pub fn plan(folder: &Path, config: &str) -> Plan {
    let rules = "[[rule]]\nid = \"floods\"\ntitle = \"Floods\"\nany = [\"flood*\"]\n";
    fs::write(folder.join("rules.toml"), rules).unwrap();
    let path = folder.join("wirewatch.toml");
    fs::write(&path, config).unwrap();
    Plan::build(&path, &Surroundings::default()).unwrap()
}

/// The log of this thread, as long as this lives.
pub struct Log {
    stream: LogStream,
    written: Arc<Mutex<Vec<u8>>>,
    _here: tracing::subscriber::DefaultGuard,
}

struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// All of it that `filter` lets through.
    pub fn keep(clock: &Clock, filter: &str) -> Self {
        let written = Arc::new(Mutex::new(Vec::new()));
        let options = observe::Options {
            output: Output::Writer(Box::new(Shared(Arc::clone(&written)))),
            style: None,
            color: None,
            filter: Some(filter.to_owned()),
            clock: clock.clone(),
            limits: observe::Limits { lines: 1_000_000, bytes: 1 << 30, ..Default::default() },
        };
        let (subscriber, stream) = observe::subscriber(options).unwrap();
        let here = tracing::subscriber::set_default(subscriber);
        Self { stream, written, _here: here }
    }

    pub fn stream(&self) -> LogStream {
        self.stream.clone()
    }

    /// All lines so far; nothing is logged after this.
    pub fn lines(&self) -> Vec<Value> {
        self.stream.close(Duration::from_secs(10));
        let text = String::from_utf8(self.written.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
