//! `docs/events.md`, made from the list of events.

use std::fmt::Write as _;

use tracing::Level;

use super::events;

/// An event as it is documented.
#[derive(Clone, Copy, Debug)]
pub struct Described {
    /// The constant name.
    pub name: &'static str,
    /// The level it is logged at.
    pub level: Level,
    /// What it means.
    pub meaning: &'static str,
    /// Its fields in order, each with its meaning.
    pub fields: &'static [(&'static str, &'static str)],
}

/// `docs/events.md`.
pub fn manual() -> String {
    let mut text = String::from(INTRODUCTION);
    for event in events::all() {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n## `{}`\n\n{}.{}\n\n| field | meaning |\n| --- | --- |\n",
            event.name,
            event.level.as_str().to_ascii_lowercase(),
            event.meaning
        );
        for (name, meaning) in event.fields {
            let _ = writeln!(text, "| `{name}` |{meaning} |");
        }
    }
    text
}

const INTRODUCTION: &str = "\
# Events

What wirewatch writes to its log: one line for each event. As JSON (`--log-format json`, and \
wherever the output is not a terminal) a line is an object with `ts` (RFC 3339, UTC), `level` \
(`error`, `warn`, `info`, `debug`, `trace`), `event` (one of the names below) and the event's \
fields, flat. A field without a value is left out. Names of events and fields do not change their \
meaning; new ones may be added.

`RUST_LOG` chooses what is logged, for example `RUST_LOG=wirewatch=debug`; without it everything \
from `info` up, and from `warn` up for libraries. What a library says is the event `log`, with \
`target` (where it comes from), `message`, and its own fields.

A change is logged, repetition is not: a feed that fails all night is two lines, `poll_failed` and \
`feed_recovered`.

Texts from outside are written so that they can do nothing: control characters, line separators \
and bidirectional controls are escaped in JSON and replaced in text. Texts are cut at 4096 bytes.
";
