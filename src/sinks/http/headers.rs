//! The headers that a config adds to each request.

use reqwest::header::{HeaderName, HeaderValue};

use crate::config::{SecretSource, read_headers};
use crate::document::{Source, Table};
use crate::model::{Problem, Secret};
use crate::sinks::Around;

/// Takes `headers` out of a table; `proven`: whether the sink has a key that says who we are. `None`
/// if they are wrong; that is noted.
pub(super) fn read(
    table: &mut Table<'_>,
    around: &Around,
    proven: bool,
) -> Option<Vec<(HeaderName, Secret)>> {
    let place = table.place_of("headers").unwrap_or_else(|| table.source().clone());
    let mut headers = Some(Vec::new());
    for (name, source) in read_headers(table) {
        match header(table, around, &place, (&name, &source), proven) {
            Ok(header) => headers.iter_mut().for_each(|headers| headers.push(header.clone())),
            Err(problem) => {
                table.note(problem);
                headers = None;
            }
        }
    }
    headers
}

fn header(
    table: &Table<'_>,
    around: &Around,
    place: &Source,
    (name, source): (&str, &SecretSource),
    proven: bool,
) -> Result<(HeaderName, Secret), Problem> {
    let problem = |message: String| table.document().problem(place, message).starred();
    let header = HeaderName::try_from(name)
        .map_err(|_| problem(format!("\"{name}\" is no HTTP header name")))?;
    if let Some(hint) = reserved(header.as_str(), proven) {
        return Err(problem(format!("`headers`: \"{name}\" cannot be set")).hint(hint));
    }
    let value = around.vault.read(source)?;
    if HeaderValue::from_str(value.expose()).is_err() {
        let message = format!("the value of header \"{name}\" cannot be sent");
        return Err(problem(message).hint("its file may hold one line of text"));
    }
    Ok((header, value))
}

/// What to do instead of setting the header `name`, in small letters, if that is none for a config
/// to set.
fn reserved(name: &str, proven: bool) -> Option<&'static str> {
    Some(match name {
        // RFC 9110 §7.6.1, §8.6, §10.1.1; RFC 9112 §6.1.
        "content-length" | "transfer-encoding" | "connection" | "keep-alive"
        | "proxy-connection" | "te" | "trailer" | "upgrade" | "expect" => {
            "leave it out: it belongs to the connection and is set as it must be"
        }
        "idempotency-key" => "leave it out: it names the message, by its key",
        "wirewatch-timestamp" | "wirewatch-signature" => {
            "leave it out: a webhook with a `secret` sets it"
        }
        "authorization" if proven => "keep one: the sink's `token`, `username` or URL sets it too",
        _ => return None,
    })
}
