//! Making a message fit: ever shorter texts first, then fewer alerts, then the knife.

use crate::model::Batch;
use crate::sinks::message::{BOUNDS, Bounds, Message};

use super::Markup;

/// What `render` makes of `batch` within `limit`. Texts are shortened step by step; if all are as
/// short as they may be, the last alerts are left out, and counted as `more`; a single one that is
/// still too long is cut where it does no harm.
///
/// # Errors
/// That of `render`.
pub(super) fn fit<E>(
    batch: &Batch,
    limit: usize,
    markup: Markup,
    render: impl Fn(&Message) -> Result<String, E>,
) -> Result<String, E> {
    let text = |bounds: Bounds, shown: usize| match Message::of(batch, bounds, shown) {
        Some(message) => render(&message),
        None => Ok(String::new()),
    };
    let fits = |text: &str| (markup.length)(text) <= limit;
    for bounds in BOUNDS {
        let text = text(bounds, batch.len())?;
        if fits(&text) {
            return Ok(text);
        }
    }
    let narrowest = BOUNDS[BOUNDS.len() - 1];
    let mut shown = batch.len();
    while shown > 1 {
        // A sink's `max_batch` is such that its default template does not come here.
        shown = shown * 3 / 4;
        let text = text(narrowest, shown)?;
        if fits(&text) {
            return Ok(text);
        }
    }
    Ok((markup.cut)(&text(narrowest, 1)?, limit))
}

/// The headlines alone, for when not even the default template can be rendered.
pub(super) fn plain(batch: &Batch, limit: usize, markup: Markup) -> String {
    let lines = |message: &Message| {
        let mut text = String::new();
        for alert in &message.alerts {
            (markup.escape)(&alert.title, &mut text);
            text.push('\n');
        }
        Ok::<String, std::convert::Infallible>(text)
    };
    match fit(batch, limit, markup, lines) {
        Ok(text) => text,
    }
}
