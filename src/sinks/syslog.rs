//! Alerts to a syslog receiver.

mod record;
mod wire;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;
use tokio::time::timeout;
use url::Url;

use self::record::{FACILITIES, Origin, record};
use self::wire::{Address, Failure, Framing, Wire};
use super::{BuildContext, Config, Kind, KindSpec, Reading, Shape, Sink, SinkError};
use crate::document::{At, Bytes, FromNode, Table};
use crate::model::{Attempt, Batch, Clock, Mono, Outcome, Reason, SinkName, nearest, visible};
use crate::net::Dialer;
use crate::retry::{self, Backoff};

/// Writes each alert as a syslog message (RFC 5424): its headline, feed and text for people, and
/// its id, level, feed, rules and link as structured data for machines. MSGID is `alert`. A level's
/// severity is `critical` 2 (critical), `high` 3 (error), `medium` 4 (warning), `low` 5 (notice),
/// `informational` 6. The time is that of the alert. A repeat has the same time and the same id.
///
/// Syslog has no answers. Delivered means that the message was handed to the network, or to the
/// daemon's socket: over UDP it may be lost on the way, over TCP what was on its way when the
/// connection broke. If the receiver is seen to be gone, the batch is sent again. Where that is too
/// little, keep a `file` beside it. systemd's journal keeps such a message with its header as part
/// of the text: for the journal there is `log`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyslogConfig {
    /// `address`: the receiver: `"udp://host:514"` (RFC 5426), `"tcp://host:514"` (RFC 6587) or
    /// `"unix:/dev/log"`, a socket of datagrams or a stream. Required. Without a port it is 514.
    address: Address,
    /// `framing`: how messages in a stream are told apart: `"octets"` (default), by their length
    /// before each, or `"lines"`, by a line feed behind each. Not for UDP.
    framing: Framing,
    /// `facility`: `kern`, `user`, `mail`, `daemon` (default), `auth`, … or `local0` to `local7`.
    facility: u8,
    /// `app_name`: 1 to 48 printable ASCII characters. Default `wirewatch`.
    app_name: String,
    /// `hostname`: what this machine is called. Default: its own name; `-` if it has none.
    hostname: Option<String>,
    /// `sd_id`: the name of the structured data, with the number of whoever defines it. Default
    /// `wirewatch@32473`, the number that is nobody's (RFC 5612): if it may be mistaken, give it
    /// your own.
    sd_id: String,
    /// `max_size`: a longer message is cut. 480B to 64KiB; default 8KiB, over UDP 2048B. Values of
    /// the structured data are whole or left out.
    max_size: usize,
    /// `timeout`: for a batch, from looking the host up. 100ms to 10m; default 10s.
    timeout: Duration,
}

pub(super) const KIND: Kind = Kind {
    name: "syslog",
    summary: "writes alerts as syslog messages over UDP, TCP or a unix socket",
    example: "\
[[sink]]
kind = \"syslog\"
address = \"tcp://logs.example.org:514\"
framing = \"octets\"
facility = \"daemon\"
app_name = \"wirewatch\"
hostname = \"watch.example.org\"
sd_id = \"wirewatch@32473\"
max_size = \"8KiB\"
timeout = \"10s\"
",
    shape: Shape::Lines,
    read,
};

/// The port of syslog over UDP (RFC 5426 §3.3), and what is common over TCP.
const PORT: u16 = 514;
/// What every receiver over UDP should take (RFC 5426 §3.2).
const UDP_SIZE: usize = 2048;
/// Otherwise.
const SIZE: usize = 8 << 10;
/// What was opened longer ago is opened anew before it is used: a name may lead elsewhere by now, and
/// a connection that was idle may have been forgotten by a firewall on the way, which nobody tells.
const MAX_AGE: Duration = Duration::from_secs(30);
/// Messages at a time.
const MAX_BATCH: usize = 128;
/// The same over UDP: more could be too much for a receiver's buffer, and would be lost.
const UDP_BATCH: usize = 16;

fn read(table: &mut Table<'_>, _: &Reading<'_>) -> Option<KindSpec> {
    let address = read_address(table);
    let framing = checked(table, "framing", Framing::Octets, |text: &String| match text.as_str() {
        "octets" => Ok(Framing::Octets),
        "lines" => Ok(Framing::Lines),
        _ => Err("\"octets\" or \"lines\"".to_owned()),
    });
    let facility = checked(table, "facility", 3, |text: &String| {
        let at = FACILITIES.iter().position(|name| name == text);
        at.and_then(|at| u8::try_from(at).ok()).ok_or_else(|| {
            let near = nearest(text, FACILITIES.iter().copied());
            let near = near.map(|near| format!("did you mean \"{near}\"? ")).unwrap_or_default();
            format!("{near}there are: {}", FACILITIES.join(", "))
        })
    });
    let app_name = checked(table, "app_name", "wirewatch".to_owned(), |text: &String| {
        token(text, 48).ok_or("1 to 48 printable ASCII characters without space".to_owned())
    });
    let hostname = checked(table, "hostname", None, |text: &String| {
        let name = token(text, 255).map(Some);
        name.ok_or("1 to 255 printable ASCII characters without space".to_owned())
    });
    let sd_id = checked(table, "sd_id", "wirewatch@32473".to_owned(), |text: &String| {
        let id = token(text, 32).filter(|id| !id.contains(['=', ']', '"']));
        id.ok_or("a name as in RFC 5424 §6.3.2: \"wirewatch@\" and your number".to_owned())
    });
    let max_size = checked(table, "max_size", None, |size: &Bytes| {
        let size = usize::try_from(size.0).ok().filter(|size| (480..=64 << 10).contains(size));
        size.map(Some).ok_or("480B to 64KiB".to_owned())
    });
    let timeout = checked(table, "timeout", Duration::from_secs(10), |time: &Duration| {
        let fits = (Duration::from_millis(100)..=Duration::from_secs(600)).contains(time);
        fits.then_some(*time).ok_or("100ms to 10m".to_owned())
    });
    let address = address?;
    let size = if matches!(address, Address::Udp { .. }) { UDP_SIZE } else { SIZE };
    Some(Arc::new(SyslogConfig {
        address,
        framing: framing?,
        facility: facility?,
        app_name: app_name?,
        hostname: hostname?,
        sd_id: sd_id?,
        max_size: max_size?.unwrap_or(size),
        timeout: timeout?,
    }))
}

/// The value of `key` by `check`, which otherwise says what may stand there; `default` if it is not
/// there, `None` if it is wrong; that is noted.
fn checked<T: FromNode, V>(
    table: &mut Table<'_>,
    key: &'static str,
    default: V,
    check: impl Fn(&T) -> Result<V, String>,
) -> Option<V> {
    let is_there = table.has(key);
    let Some(At { value, source }) = table.get_at::<T>(key) else {
        return (!is_there).then_some(default);
    };
    match check(&value) {
        Ok(value) => Some(value),
        Err(hint) => {
            let problem = table.document().problem(&source, format!("`{key}` cannot be this"));
            table.note(problem.hint(hint));
            None
        }
    }
}

/// `text` if it is printable ASCII of at most `most` characters.
fn token(text: &str, most: usize) -> Option<String> {
    let fits = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    fits.then(|| text.to_owned())
}

fn read_address(table: &mut Table<'_>) -> Option<Address> {
    let At { value, source } = table.required::<String>("address")?;
    let address = parse(&value);
    if address.is_none() {
        let shown = visible(&value);
        let (message, hint) = if value.starts_with("unix:") {
            let message = format!("`address`: \"{shown}\" is no socket's absolute path");
            (message, "it begins with `/`: \"unix:/dev/log\"")
        } else {
            let message = format!("`address`: \"{shown}\" is no syslog receiver");
            (message, "\"udp://host:514\", \"tcp://host:514\" or \"unix:/dev/log\"")
        };
        table.note(table.document().problem(&source, message).hint(hint));
    }
    address
}

fn parse(text: &str) -> Option<Address> {
    if let Some(path) = text.strip_prefix("unix:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        let fits = path.starts_with('/') && !path.contains('\0');
        return fits.then(|| Address::Unix(PathBuf::from(path)));
    }
    let url = Url::parse(text).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?.to_owned();
    let bare = host.trim_matches(['[', ']']);
    let is_host = bare.parse::<IpAddr>().is_ok() || url::Host::parse(&host).is_ok();
    let is_bare = matches!(url.path(), "" | "/")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let port = url.port().unwrap_or(PORT);
    match url.scheme() {
        "udp" if is_host && is_bare && port > 0 => Some(Address::Udp { host, port }),
        "tcp" if is_host && is_bare && port > 0 => Some(Address::Tcp { host, port }),
        _ => None,
    }
}

impl Config for SyslogConfig {
    fn build(&self, _: &SinkName, context: &BuildContext) -> Result<Box<dyn Sink>, SinkError> {
        let own = || {
            let system = rustix::system::uname();
            let name = system.nodename().to_string_lossy().into_owned();
            token(&name, 255).unwrap_or_else(|| "-".to_owned())
        };
        let origin = Origin {
            facility: self.facility,
            hostname: self.hostname.clone().unwrap_or_else(own),
            app_name: self.app_name.clone(),
            process: std::process::id(),
            sd_id: self.sd_id.clone(),
            max_size: self.max_size,
        };
        let dialer = Dialer::new(self.timeout);
        let (config, clock) = (self.clone(), context.clock.clone());
        Ok(Box::new(Syslog { config, origin, dialer, clock, wire: Mutex::new(None) }))
    }
}

struct Syslog {
    config: SyslogConfig,
    origin: Origin,
    dialer: Dialer,
    clock: Clock,
    /// What is open since the last batch, and since when. Taken while a batch is written, so that a
    /// message which is broken off is never gone on with.
    wire: Mutex<Option<(Wire, Mono)>>,
}

impl Syslog {
    /// Counts in `sent` the messages that have arrived though a later one did not.
    async fn write(&self, batch: &Batch, sent: &mut usize) -> Result<(), Failure> {
        let (mut wire, since) = self.open().await?;
        for delivery in &batch.deliveries {
            let message = record(&delivery.alert, &self.origin);
            wire.send(&message, self.config.framing).await?;
            // Elsewhere nobody knows how much was read of what is broken off.
            *sent += usize::from(wire.is_exact());
        }
        wire.check().await?;
        *self.wire.lock().await = Some((wire, since));
        Ok(())
    }

    async fn open(&self) -> Result<(Wire, Mono), Failure> {
        let kept = self.wire.lock().await.take();
        let now = self.clock.now().mono;
        if let Some((wire, since)) = kept
            && now.since(since) < MAX_AGE
            && wire.check().await.is_ok()
        {
            return Ok((wire, since));
        }
        Ok((Wire::open(&self.config.address, &self.dialer).await?, now))
    }
}

#[async_trait]
impl Sink for Syslog {
    async fn deliver(&self, batch: &Batch) -> Attempt {
        if batch.is_empty() {
            return Attempt::all(Outcome::Delivered, 0);
        }
        let mut sent = 0;
        let within = self.config.timeout;
        let failure = match timeout(within, self.write(batch, &mut sent)).await {
            Ok(Ok(())) => return Attempt::all(Outcome::Delivered, batch.len()),
            Ok(Err(failure)) => failure,
            Err(_) => Failure {
                reason: Reason::Timeout,
                message: format!("the messages did not get away within {within:?}"),
            },
        };
        let Failure { reason, message } = failure;
        let mut outcomes = vec![Outcome::Delivered; sent];
        outcomes.resize(batch.len(), Outcome::Retry { reason, message, after: None });
        Attempt { outcomes, ..Attempt::default() }
    }

    fn max_batch(&self) -> usize {
        match self.config.address {
            Address::Udp { .. } => UDP_BATCH,
            Address::Tcp { .. } | Address::Unix(_) => MAX_BATCH,
        }
    }

    fn backoff(&self) -> Backoff {
        match self.config.address {
            Address::Unix(_) => retry::LOCAL,
            Address::Udp { .. } | Address::Tcp { .. } => retry::DELIVERY,
        }
    }
}

/// The text of a message, which must be as RFC 5424 says.
#[cfg(test)]
pub(super) fn parse_message(message: &str) -> String {
    record::tests::parse(message).unwrap_or_else(|why| panic!("{why}: {message}")).text
}

#[cfg(test)]
#[path = "syslog_tests.rs"]
mod tests;
