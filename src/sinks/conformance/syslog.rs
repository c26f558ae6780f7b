//! The trials of `syslog`, one for each way.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::net::{TcpListener, UdpSocket, UnixDatagram, UnixListener};
use tokio::task::JoinHandle;

use super::{Expected, Got, Play, Receiver, Stage, Trial};
use crate::model::Reason;
use crate::sinks::syslog::parse_message;

/// How a receiver is reached.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Udp,
    /// With that framing.
    Tcp(&'static str),
    Datagrams,
    Stream,
}

pub(super) struct SyslogTrial(pub Way);

type Messages = Arc<Mutex<Vec<String>>>;

struct SyslogReceiver {
    way: Way,
    address: String,
    messages: Messages,
    task: JoinHandle<()>,
    socket: Option<PathBuf>,
}

#[async_trait]
impl Trial for SyslogTrial {
    fn kind(&self) -> &'static str {
        "syslog"
    }

    async fn receiver(&self, stage: &Stage) -> Box<dyn Receiver> {
        let messages = Messages::default();
        let kept = Arc::clone(&messages);
        let path = stage.folder.path().join("log");
        let unix = format!("unix:{}", path.display());
        let way = self.0;
        let (address, task) = match way {
            Way::Udp => {
                let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                let address = format!("udp://{}", socket.local_addr().unwrap());
                let task = tokio::spawn(async move {
                    let mut buffer = vec![0; 65536];
                    while let Ok(length) = socket.recv(&mut buffer).await {
                        keep(&kept, &buffer[..length]);
                    }
                });
                (address, task)
            }
            Way::Tcp(framing) => {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = format!("tcp://{}", listener.local_addr().unwrap());
                let task = tokio::spawn(async move {
                    while let Ok((stream, _)) = listener.accept().await {
                        tokio::spawn(frames(stream, framing, Arc::clone(&kept)));
                    }
                });
                (address, task)
            }
            Way::Datagrams => {
                let socket = UnixDatagram::bind(&path).unwrap();
                let task = tokio::spawn(async move {
                    let mut buffer = vec![0; 65536];
                    while let Ok(length) = socket.recv(&mut buffer).await {
                        keep(&kept, &buffer[..length]);
                    }
                });
                (unix, task)
            }
            Way::Stream => {
                let listener = UnixListener::bind(&path).unwrap();
                let task = tokio::spawn(async move {
                    while let Ok((stream, _)) = listener.accept().await {
                        tokio::spawn(frames(stream, "octets", Arc::clone(&kept)));
                    }
                });
                (unix, task)
            }
        };
        let socket = matches!(way, Way::Datagrams | Way::Stream).then_some(path);
        Box::new(SyslogReceiver { way, address, messages, task, socket })
    }
}

fn keep(messages: &Messages, bytes: &[u8]) {
    messages.lock().unwrap().push(String::from_utf8(bytes.to_vec()).unwrap());
}

/// Takes a stream apart (RFC 6587).
async fn frames(stream: impl AsyncRead + Unpin, framing: &str, messages: Messages) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut bytes = Vec::new();
        let end = if framing == "octets" { b' ' } else { b'\n' };
        if !stream.read_until(end, &mut bytes).await.is_ok_and(|length| length > 0) {
            return;
        }
        assert_eq!(bytes.pop(), Some(end));
        if framing == "octets" {
            let length: usize = std::str::from_utf8(&bytes).unwrap().parse().unwrap();
            bytes = vec![0; length];
            stream.read_exact(&mut bytes).await.unwrap();
        }
        keep(&messages, &bytes);
    }
}

#[async_trait]
impl Receiver for SyslogReceiver {
    fn config(&self, timeout: &str) -> String {
        let framing = match self.way {
            Way::Tcp(framing) => format!("framing = \"{framing}\"\n"),
            _ => String::new(),
        };
        format!(
            "[[sink]]\nkind = \"syslog\"\naddress = \"{}\"\ntimeout = \"{timeout}\"\n{framing}",
            self.address
        )
    }

    async fn play(&self, play: Play) {
        if play == Play::Nobody {
            self.task.abort();
            while !self.task.is_finished() {
                tokio::task::yield_now().await;
            }
        }
    }

    fn expects(&self, play: Play) -> Option<Expected> {
        match play {
            Play::Accept => Some(Expected::Delivered),
            Play::Nobody => Some(Expected::Retry(Reason::Connect)),
            // Syslog has no answers.
            _ => None,
        }
    }

    async fn got(&self) -> Vec<Got> {
        assert!(self.socket.as_ref().is_none_or(|path| path.exists()));
        // What was sent is in the system's buffers; it is there when nothing more comes.
        let (mut seen, mut quiet) = (0, 0);
        while quiet < 100 {
            tokio::task::yield_now().await;
            let now = self.messages.lock().unwrap().len();
            quiet = if now == seen { quiet + 1 } else { 0 };
            seen = now;
        }
        let got = |raw: &String| Got { text: parse_message(raw), raw: raw.clone() };
        self.messages.lock().unwrap().iter().map(got).collect()
    }

    fn check(&self, text: &str) {
        assert!(!text.contains(['\r', '\n']) && text.len() <= 8192, "{text}");
    }
}
