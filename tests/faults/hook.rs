//! A receiver of webhooks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use serde_json::Value;

use super::news::DEADLINE;

/// A message that came.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its `Idempotency-Key`.
    pub key: String,
    pub body: Value,
}

/// Takes all that is sent to it.
#[derive(Clone, Default)]
pub struct Hook {
    shared: Arc<(Mutex<Vec<Message>>, Condvar)>,
}

impl Hook {
    pub fn on(listener: TcpListener) -> Self {
        let hook = Self::default();
        let taking = hook.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let taking = taking.clone();
                thread::spawn(move || while taking.take(&stream).is_some() {});
            }
        });
        hook
    }

    fn take(&self, mut stream: &TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream);
        let (mut key, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                if line.trim_end().is_empty() {
                    break;
                }
                continue;
            };
            match name.to_ascii_lowercase().as_str() {
                "idempotency-key" => key = value.to_owned(),
                "content-length" => length = value.parse().ok()?,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let message = Message { key, body: serde_json::from_slice(&body).ok()? };
        self.shared.0.lock().unwrap().push(message);
        self.shared.1.notify_all();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").ok()
    }

    /// Waits until so many have come; all of them.
    pub fn wait(&self, messages: usize) -> Vec<Message> {
        let (lock, changed) = &*self.shared;
        let all = lock.lock().unwrap();
        let (all, _) =
            changed.wait_timeout_while(all, DEADLINE, |all| all.len() < messages).unwrap();
        assert!(all.len() >= messages, "{} of {messages} messages have come", all.len());
        all.clone()
    }
}
