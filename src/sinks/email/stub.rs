//! A mail server for tests: takes mail, unless told to answer otherwise.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

/// Instead of a reply: never answer.
pub(in crate::sinks) const STALL: &str = "STALL";
/// Instead of a reply: close the connection.
pub(in crate::sinks) const CUT: &str = "CUT";
/// Instead of a reply: half of one, and the end.
pub(in crate::sinks) const HALF: &str = "HALF";
/// Instead of a reply: a line without end, slowly.
pub(in crate::sinks) const DRIP: &str = "DRIP";
/// Instead of a reply: a line without end.
pub(in crate::sinks) const FLOOD: &str = "FLOOD";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::sinks) enum Mode {
    Plain,
    StartTls,
    Tls,
}

/// A mail as it came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sinks) struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub text: String,
}

/// What is answered to a line: `greeting`, a command, or `.` for the end of a mail. Empty: what a
/// server that takes all would answer.
type Answers = dyn Fn(&str) -> String + Send + Sync;

#[derive(Clone)]
pub(in crate::sinks) struct Stub {
    pub port: u16,
    /// Its certificate, in PEM form.
    pub certificate: String,
    mode: Mode,
    tls: TlsAcceptor,
    answers: Arc<Answers>,
    mails: Arc<Mutex<Vec<Mail>>>,
    lines: Arc<Mutex<Vec<String>>>,
    task: Option<AbortHandle>,
}

impl Mail {
    /// The text of its first part of that type, decoded (RFC 2045 §6).
    pub fn part(&self, kind: &str) -> Option<String> {
        let (_, part) = self.text.split_once(&format!("Content-Type: {kind}; charset=utf-8"))?;
        let (head, body) = part.split_once("\r\n\r\n")?;
        let body = body.split("\r\n--=_").next()?;
        let bytes = match head.contains("base64") {
            true => unbase64(body),
            false => unquoted(body),
        };
        Some(String::from_utf8(bytes).unwrap())
    }

    /// The subject, decoded (RFC 2047); of encoded words only such in base64 are known.
    pub fn subject(&self) -> String {
        let (_, rest) = self.text.split_once("\r\nSubject: ").unwrap();
        let lines = rest.split("\r\n");
        let folded = |(n, line): &(usize, &str)| *n == 0 || line.starts_with(' ');
        let value: String = lines.enumerate().take_while(folded).map(|(_, line)| line).collect();
        decode(&value)
    }
}

/// Text with encoded words; white space between two of them does not count.
pub(in crate::sinks) fn decode(value: &str) -> String {
    if !value.starts_with("=?") {
        return value.to_owned();
    }
    let mut bytes = Vec::new();
    for word in value.split(' ').filter(|word| !word.is_empty()) {
        let inner = word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?="));
        assert!(word.len() <= 75);
        bytes.extend(unbase64(inner.unwrap_or_else(|| panic!("{word}"))));
    }
    String::from_utf8(bytes).unwrap()
}

/// What base64 stands for; white space is passed over.
pub(in crate::sinks) fn unbase64(text: &str) -> Vec<u8> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let text: Vec<u8> = text.bytes().filter(|c| !c.is_ascii_whitespace()).collect();
    let mut bytes = Vec::new();
    for four in text.chunks(4) {
        let real = four.iter().filter(|c| **c != b'=').count();
        let bits = four
            .iter()
            .fold(0_u32, |bits, c| bits << 6 | if *c == b'=' { 0 } else { u32::from(value(*c)) });
        bytes.extend(&bits.to_be_bytes()[1..real]);
    }
    bytes
}

fn unquoted(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let text = text.replace("=\r\n", "");
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'=', [a, b, after @ ..]) => {
                let digits = [*a, *b];
                let digits = std::str::from_utf8(&digits).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
                rest = after;
            }
            (c, _) => bytes.push(*c),
        }
    }
    bytes
}

impl Stub {
    pub async fn start(
        mode: Mode,
        answers: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let own = rcgen::generate_simple_self_signed(names).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stub = Self {
            port: listener.local_addr().unwrap().port(),
            certificate: own.cert.pem(),
            mode,
            tls: TlsAcceptor::from(Arc::new(config)),
            answers: Arc::new(answers),
            mails: Arc::default(),
            lines: Arc::default(),
            task: None,
        };
        let serving = stub.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let stub = serving.clone();
                tokio::spawn(async move { stub.serve(stream).await });
            }
        });
        Self { task: Some(task.abort_handle()), ..stub }
    }

    /// From now on nobody listens.
    pub async fn leave(&self) {
        self.task.as_ref().unwrap().abort();
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }

    /// The same, told to be at another port or to have another certificate.
    pub fn posing(self, port: u16, certificate: &str) -> Self {
        Self { port, certificate: certificate.to_owned(), ..self }
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }

    /// All that was said to it, message texts left out.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    async fn serve(&self, stream: TcpStream) {
        if self.mode == Mode::Tls {
            if let Ok(stream) = self.tls.accept(stream).await {
                self.talk(BufReader::new(stream), true, true).await;
            }
            return;
        }
        if let Some(rest) = self.talk(BufReader::new(stream), true, false).await {
            if let Ok(stream) = self.tls.accept(rest.into_inner()).await {
                self.talk(BufReader::new(stream), false, true).await;
            }
        }
    }

    /// Talks until the end, or until TLS is to begin.
    async fn talk<S>(&self, mut io: BufReader<S>, greet: bool, in_tls: bool) -> Option<BufReader<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut mail = Mail::default();
        if greet && !self.answer(&mut io, "greeting", "220 stub ESMTP\r\n").await {
            return None;
        }
        loop {
            let mut line = String::new();
            if io.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_owned();
            self.lines.lock().unwrap().push(line.clone());
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let offers = match (self.mode, in_tls) {
                (Mode::StartTls, false) => "250-stub\r\n250-8BITMIME\r\n250 STARTTLS\r\n",
                _ => "250-stub\r\n250-SIZE 1000000\r\n250 AUTH PLAIN LOGIN\r\n",
            };
            let usual = match verb.as_str() {
                "EHLO" => offers,
                "STARTTLS" => "220 go ahead\r\n",
                "AUTH" => "235 2.7.0 welcome\r\n",
                "DATA" => "354 go on\r\n",
                "QUIT" => "221 bye\r\n",
                _ => "250 ok\r\n",
            };
            if !self.answer(&mut io, &line, usual).await {
                return None;
            }
            match verb.as_str() {
                "STARTTLS" => return Some(io),
                "MAIL" => mail = Mail { from: line, ..Mail::default() },
                "RCPT" if (self.answers)(&line).is_empty() => mail.to.push(line),
                "DATA" if (self.answers)(&line).is_empty() => {
                    mail.text = text(&mut io).await?;
                    if !self.answer(&mut io, ".", "250 queued\r\n").await {
                        return None;
                    }
                    if (self.answers)(".").is_empty() {
                        self.mails.lock().unwrap().push(std::mem::take(&mut mail));
                    }
                }
                "QUIT" => return None,
                _ => {}
            }
        }
    }

    /// Whether the connection goes on.
    async fn answer<S>(&self, io: &mut BufReader<S>, line: &str, usual: &str) -> bool
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let told = (self.answers)(line);
        match told.as_str() {
            "" => io.write_all(usual.as_bytes()).await.is_ok() && io.flush().await.is_ok(),
            CUT => false,
            STALL => std::future::pending().await,
            HALF => {
                let _ = io.write_all(b"25").await;
                let _ = io.flush().await;
                false
            }
            DRIP => {
                let mut pace = tokio::time::interval(Duration::from_millis(20));
                while io.write_all(b"2").await.is_ok() && io.flush().await.is_ok() {
                    pace.tick().await;
                }
                false
            }
            FLOOD => {
                while io.write_all(&[b'2'; 4096]).await.is_ok() {}
                false
            }
            reply => {
                let reply = format!("{reply}\r\n");
                io.write_all(reply.as_bytes()).await.is_ok() && io.flush().await.is_ok()
            }
        }
    }
}

/// A message up to the lone dot, transparency undone (RFC 5321 §4.5.2).
async fn text<S: AsyncRead + Unpin>(io: &mut BufReader<S>) -> Option<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if io.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        assert!(line.ends_with("\r\n"), "{line:?}");
        match line.strip_prefix('.') {
            Some("\r\n") => return Some(text),
            Some(rest) => text.push_str(rest),
            None => text.push_str(&line),
        }
    }
}
