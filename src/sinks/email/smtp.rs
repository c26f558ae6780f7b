//! The dialogue with a mail server (RFC 5321), one connection a message. lettre speaks; STARTTLS
//! alone is ours, so that nothing that was said in the clear counts after it, and so that TLS is
//! what it is elsewhere.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use rustls::ClientConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::wire::Wire;
use crate::net::{DialError, Dialer, agree_tls};
use crate::observe::events::SinkAnswered;
use crate::sinks::blotter::Blotter;

/// Bytes of one reply before TLS.
const MAX_REPLY: usize = 16 << 10;
/// Characters of a reply that are told.
const MAX_TOLD: usize = 300;
/// What the farewell may take. The message is the server's by then, or is not.
const FAREWELL: Duration = Duration::from_secs(1);

/// How a connection is kept from others' eyes.
#[derive(Clone, Debug)]
pub(super) enum Security {
    /// TLS from the start (RFC 8314 §3.3).
    Tls(Arc<ClientConfig>),
    /// STARTTLS (RFC 3207), which the server must offer.
    StartTls(Arc<ClientConfig>),
    /// Not at all.
    None,
}

/// A mail server, and how it is spoken to.
pub(super) struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub login: Option<Credentials>,
    /// For the whole of a message.
    pub within: Duration,
    pub dialer: Dialer,
    /// Takes out what must not be told, should the server say it.
    pub blotter: Blotter,
}

/// Up to where a dialogue has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Greeting and EHLO.
    Greeting,
    /// STARTTLS, and agreeing TLS.
    StartTls,
    /// AUTH.
    LogIn,
    /// MAIL FROM.
    From,
    /// RCPT TO.
    To,
    /// DATA, and the message.
    Message,
}

impl Stage {
    /// What it is called where a failure is told.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Greeting => "the greeting",
            Self::StartTls => "the start of TLS",
            Self::LogIn => "the login",
            Self::From => "MAIL FROM",
            Self::To => "RCPT TO",
            Self::Message => "DATA",
        }
    }
}

/// What a server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// Of three digits.
    pub code: u16,
    /// Its words, cleaned and cut, without our secrets.
    pub text: String,
}

/// What a server said to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It has taken the message for this one.
    Has,
    /// It has not.
    No(Reply),
}

/// Why a message was not handed over.
#[derive(Debug)]
pub(super) enum Failure {
    /// There was no connection.
    Dial(DialError),
    /// The server said no.
    Refused { stage: Stage, reply: Reply },
    /// STARTTLS is wanted and not offered.
    NoStartTls,
    /// There is no common way to log in.
    NoMechanism,
    /// The connection broke.
    Broken { stage: Stage, why: String },
    /// What the server said is no SMTP.
    Protocol { stage: Stage, why: String },
    /// The time was up.
    Late { stage: Stage, within: Duration },
}

impl Server {
    /// Hands `message` over for each of `to`. Answers in their order; if there is one [`Answer::Has`]
    /// among them, the server has the message for these.
    pub(super) async fn send(
        &self,
        from: &Address,
        to: &[&Address],
        message: &[u8],
    ) -> Result<Vec<Answer>, Failure> {
        let mut stage = Stage::Greeting;
        match timeout(self.within, self.speak(from, to, message, &mut stage)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::Late { stage, within: self.within }),
        }
    }

    async fn speak(
        &self,
        from: &Address,
        to: &[&Address],
        message: &[u8],
        stage: &mut Stage,
    ) -> Result<Vec<Answer>, Failure> {
        let mut connection = self.open(stage).await?;
        if let Some(login) = &self.login {
            *stage = Stage::LogIn;
            let known = [Mechanism::Plain, Mechanism::Login];
            let result = connection.auth(&known, login).await;
            result.map_err(|error| match error.is_client() {
                true => Failure::NoMechanism,
                false => self.failure(*stage, &error),
            })?;
        }
        let result = self.hand_over(&mut connection, from, to, message, stage).await;
        // Nothing hangs on it any more, and an answer that is known must not be lost by waiting.
        let _ = timeout(FAREWELL, connection.command(Quit)).await;
        result
    }

    async fn hand_over(
        &self,
        connection: &mut AsyncSmtpConnection,
        from: &Address,
        to: &[&Address],
        message: &[u8],
        stage: &mut Stage,
    ) -> Result<Vec<Answer>, Failure> {
        *stage = Stage::From;
        let said = connection.command(Mail::new(Some(from.clone()), Vec::new())).await;
        said.map_err(|error| self.failure(*stage, &error))?;
        *stage = Stage::To;
        let mut answers = Vec::with_capacity(to.len());
        for address in to {
            let said = connection.command(Rcpt::new((*address).clone(), Vec::new())).await;
            answers.push(match said.map_err(|error| self.failure(*stage, &error)) {
                Ok(_) => Answer::Has,
                // 421: the server closes the connection (RFC 5321 §3.8).
                Err(Failure::Refused { reply, .. }) if reply.code != 421 => Answer::No(reply),
                Err(failure) => return Err(failure),
            });
        }
        if answers.contains(&Answer::Has) {
            *stage = Stage::Message;
            let said = connection.command(Data).await;
            said.map_err(|error| self.failure(*stage, &error))?;
            let said = connection.message(message).await;
            let said = said.map_err(|error| self.failure(*stage, &error))?;
            let words = said.message().collect::<Vec<_>>().join(" ");
            let message = format!("{} {}", said.code(), self.clean(&words));
            SinkAnswered { from: &self.host, message: message.trim_end() }.log();
        }
        Ok(answers)
    }

    /// A connection that has been greeted, in TLS if that is asked for.
    async fn open(&self, stage: &mut Stage) -> Result<AsyncSmtpConnection, Failure> {
        let stream = self.dialer.connect(&self.host, self.port).await.map_err(Failure::Dial)?;
        let peer = stream.peer_addr().map_err(|error| broken(*stage, &error))?;
        let hello = hello(&stream);
        let wire: Box<dyn AsyncTokioStream> = match &self.security {
            Security::None => Box::new(Wire::new(stream, peer, b"")),
            Security::Tls(config) => {
                *stage = Stage::StartTls;
                let stream = self.agree(stream, config).await?;
                *stage = Stage::Greeting;
                Box::new(Wire::new(stream, peer, b""))
            }
            Security::StartTls(config) => {
                let mut stream = stream;
                self.ask_for_tls(&mut stream, &hello, stage).await?;
                let stream = self.agree(stream, config).await?;
                *stage = Stage::Greeting;
                // In TLS there is no second greeting, for which lettre waits.
                Box::new(Wire::new(stream, peer, b"220 in TLS\r\n"))
            }
        };
        let connected = AsyncSmtpConnection::connect_with_transport(wire, &hello).await;
        connected.map_err(|error| self.failure(*stage, &error))
    }

    async fn agree(
        &self,
        stream: TcpStream,
        config: &Arc<ClientConfig>,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Failure> {
        agree_tls(stream, &self.host, Arc::clone(config)).await.map_err(Failure::Dial)
    }

    /// Takes the greeting and gets the server to wait for TLS.
    async fn ask_for_tls(
        &self,
        stream: &mut TcpStream,
        hello: &ClientId,
        stage: &mut Stage,
    ) -> Result<(), Failure> {
        self.heard(stream, *stage).await?;
        say(stream, *stage, &format!("EHLO {hello}\r\n")).await?;
        let offers = self.heard(stream, *stage).await?;
        let offered = offers.lines().skip(1).any(|line| {
            line.get(4..).is_some_and(|keyword| keyword.trim().eq_ignore_ascii_case("STARTTLS"))
        });
        if !offered {
            return Err(Failure::NoStartTls);
        }
        *stage = Stage::StartTls;
        say(stream, *stage, "STARTTLS\r\n").await?;
        self.heard(stream, *stage).await.map(drop)
    }

    /// A reply of success, whole. It is read byte by byte, so that whatever comes behind it is
    /// left to TLS, which will not have it.
    async fn heard(&self, stream: &mut TcpStream, stage: Stage) -> Result<String, Failure> {
        let protocol = |why: &str| Failure::Protocol { stage, why: why.to_owned() };
        let (mut said, mut line_start) = (Vec::new(), 0);
        loop {
            let byte = stream.read_u8().await.map_err(|error| broken(stage, &error))?;
            said.push(byte);
            if said.len() > MAX_REPLY {
                return Err(protocol("a reply without end"));
            }
            if byte != b'\n' {
                continue;
            }
            let line = &said[line_start..];
            line_start = said.len();
            match line {
                [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9', b'-', ..] => {}
                [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'\r' | b'\n', ..] => break,
                _ => return Err(protocol("a line without a code")),
            }
        }
        let said = String::from_utf8_lossy(&said).into_owned();
        let last = said.lines().last().unwrap_or_default();
        let code = last.get(..3).and_then(|code| code.parse().ok()).unwrap_or_default();
        if code >= 400 {
            let words = said.lines().filter_map(|line| line.get(4..)).collect::<Vec<_>>().join(" ");
            return Err(Failure::Refused { stage, reply: self.reply(code, &words) });
        }
        Ok(said)
    }

    fn failure(&self, stage: Stage, error: &Error) -> Failure {
        let cause = std::error::Error::source(error).map(ToString::to_string);
        let why = self.clean(&cause.unwrap_or_else(|| error.to_string()));
        match error.status() {
            Some(code) => Failure::Refused { stage, reply: Reply { code: code.into(), text: why } },
            None if error.is_response() && !why.contains("incomplete") => {
                Failure::Protocol { stage, why }
            }
            None => Failure::Broken { stage, why },
        }
    }

    fn reply(&self, code: u16, words: &str) -> Reply {
        Reply { code, text: self.clean(words) }
    }

    /// Words of the server on one line, cut, without our secrets.
    fn clean(&self, words: &str) -> String {
        let text = self.blotter.clean(words);
        match text.char_indices().nth(MAX_TOLD) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }
}

fn broken(stage: Stage, error: &io::Error) -> Failure {
    Failure::Broken { stage, why: error.to_string() }
}

async fn say(stream: &mut TcpStream, stage: Stage, line: &str) -> Result<(), Failure> {
    stream.write_all(line.as_bytes()).await.map_err(|error| broken(stage, &error))
}

/// What we call ourselves: our address (RFC 5321 §4.1.3), since a machine's name need not be known
/// to anybody.
fn hello(stream: &TcpStream) -> ClientId {
    match stream.local_addr() {
        Ok(SocketAddr::V4(address)) => ClientId::Ipv4(*address.ip()),
        Ok(SocketAddr::V6(address)) => ClientId::Ipv6(*address.ip()),
        Err(_) => ClientId::default(),
    }
}
