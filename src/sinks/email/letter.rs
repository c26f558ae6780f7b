//! A message as mail (RFC 5322): headers, a plain text and an HTML part. Pure.

use std::time::{Duration, UNIX_EPOCH};

use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Mailboxes, MultiPart, SinglePart, header};

use crate::model::{Batch, Credentials, Level, Timestamp, visible};

/// Characters of a subject; more do not show anywhere.
const MAX_SUBJECT: usize = 200;
/// Ids of alerts, and of rules, in a header.
const MAX_IDS: usize = 50;
/// Bytes of text in one encoded word, so that it fits into a line behind "Subject: " (RFC 2047 §2).
const WORD: usize = 39;

/// Who writes to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub from: Mailbox,
    pub to: Vec<Mailbox>,
    pub reply_to: Option<Mailbox>,
}

/// What is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
}

/// The mail for `batch`, ready to be sent. Equal for equal arguments.
///
/// # Errors
/// That lettre will not have it.
pub(super) fn compose(
    head: &Head,
    words: Words,
    batch: &Batch,
    now: Timestamp,
) -> Result<Vec<u8>, lettre::error::Error> {
    let since = Duration::from_millis(now.as_millis().max(0).unsigned_abs());
    let key = batch.key.as_str();
    let mut builder = Message::builder()
        .date(UNIX_EPOCH + since)
        .from(head.from.clone())
        .mailbox(header::To::from(head.to.iter().cloned().collect::<Mailboxes>()))
        .message_id(Some(format!("<{key}@{}>", head.from.email.domain())))
        .raw_header(value("Subject", &subject(&words.subject)))
        // RFC 3834 §5; the other is what Exchange heeds.
        .raw_header(value("Auto-Submitted", "auto-generated"))
        .raw_header(value("X-Auto-Response-Suppress", "All"));
    if let Some(reply_to) = &head.reply_to {
        builder = builder.reply_to(reply_to.clone());
    }
    for (name, text) in marks(batch) {
        builder = builder.raw_header(value(name, &text));
    }
    let plain = part(ContentType::TEXT_PLAIN, words.text);
    let message = match words.html {
        None => builder.singlepart(plain)?,
        Some(html) => {
            // No line of an encoded part can begin with this.
            let boundary = format!("=_{key}");
            let both = MultiPart::alternative().boundary(boundary).singlepart(plain);
            builder.multipart(both.singlepart(part(ContentType::TEXT_HTML, html)))?
        }
    };
    Ok(message.formatted())
}

/// What filters and programs go by.
fn marks(batch: &Batch) -> [(&'static str, String); 4] {
    let alerts = || batch.deliveries.iter().map(|delivery| &*delivery.alert);
    let ids = listed(alerts().map(|alert| alert.id.as_str()));
    let rules = listed(alerts().flat_map(|alert| &alert.rules).map(|rule| rule.id.as_str()));
    let level = alerts().map(|alert| alert.level).max().unwrap_or(Level::Informational);
    [
        ("X-Wirewatch-Alert", ids),
        ("X-Wirewatch-Rules", rules),
        ("X-Wirewatch-Level", level.to_string()),
        ("X-Wirewatch-Form", batch.form.as_str().to_owned()),
    ]
}

/// The first of `names`, each once.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for name in names {
        if kept.len() == MAX_IDS {
            break;
        }
        if !kept.contains(&name) {
            kept.push(name);
        }
    }
    kept.join(", ")
}

/// A headline as a subject: one line, cleaned, cut.
fn subject(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = visible(&text);
    if text.chars().count() <= MAX_SUBJECT {
        return text.into_owned();
    }
    let first: String = text.chars().take(MAX_SUBJECT - 1).collect();
    format!("{}…", first.trim_end())
}

/// A header whose text is shown as it is, whatever it holds: what is not ASCII, and what would
/// pass for an encoded word, is encoded (RFC 2047).
fn value(name: &'static str, text: &str) -> HeaderValue {
    let text = visible(text).into_owned();
    let name = HeaderName::new_from_ascii_str(name);
    if text.is_ascii() && !text.contains("=?") {
        return HeaderValue::new(name, text);
    }
    let encoded = words(&text).join("\r\n ");
    HeaderValue::dangerous_new_pre_encoded(name, text, encoded)
}

/// `text` as encoded words, each of whole characters.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.floor_char_boundary(WORD);
        words.push(format!("=?utf-8?b?{}?=", base64(&rest.as_bytes()[..end])));
        rest = &rest[end..];
    }
    words
}

/// Base64 (RFC 4648 §4).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let three = [0, 1, 2].map(|at| u32::from(chunk.get(at).copied().unwrap_or_default()));
        let bits = three[0] << 16 | three[1] << 8 | three[2];
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let letter = LETTERS[(bits >> shift & 63) as usize];
            text.push(if at > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

/// How a login looks on its way to a server, which may say it back (RFC 4616, RFC 4954).
pub(super) fn spellings(login: &Credentials) -> Vec<String> {
    let (name, password) = (&login.username, login.password.expose());
    let plain = base64(format!("\0{name}\0{password}").as_bytes());
    vec![plain, base64(password.as_bytes()), password.to_owned()]
}

/// A part in an encoding in which no line of a stranger's stands as it is.
fn part(kind: ContentType, text: String) -> SinglePart {
    let foreign = text.bytes().filter(|byte| !byte.is_ascii()).count();
    let encoding = match foreign * 6 > text.len() {
        true => ContentTransferEncoding::Base64,
        false => ContentTransferEncoding::QuotedPrintable,
    };
    let body = Body::new_with_encoding(text, encoding);
    let body = body.unwrap_or_else(Body::new);
    SinglePart::builder().header(kind).body(body)
}

#[cfg(test)]
#[path = "letter_tests.rs"]
mod tests;
