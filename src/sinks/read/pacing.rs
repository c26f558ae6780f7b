//! The keys of a sink that say when it is sent what.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::document::{At, FromNode, Node, Table};
use crate::model::{Level, nearest, visible};
use crate::pace::{Days, Pacing, Quiet, TimeOfDay};
use crate::sinks::{KINDS, Kind, Shape};

/// Keys that have a meaning only where alerts become messages.
const OF_MESSAGES: [&str; 4] = ["concurrency", "max_per_minute", "group_for", "quiet"];

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// `local`: whether the sink writes on this machine. What is wrong is noted, and stands for the
/// default.
pub(super) fn pacing(table: &mut Table<'_>, kind: &Kind, local: bool) -> Pacing {
    let mut pacing = Pacing::default();
    let span = (SECOND, DAY);
    pacing.retry_max = within(table, "retry_max", span, "\"1s\" to \"24h\"");
    pacing.give_up_after = give_up_after(table, local);
    let Shape::Messages { per_minute } = kind.shape else {
        for key in OF_MESSAGES {
            refuse(table, kind, key);
        }
        return pacing;
    };
    pacing.concurrency = number(table, "concurrency", 64).unwrap_or(1);
    pacing.max_per_minute = number(table, "max_per_minute", 6000).or(per_minute);
    pacing.group_for = within(table, "group_for", span, "\"1s\" to \"24h\"");
    pacing.quiet = quiet(table);
    pacing
}

fn refuse(table: &mut Table<'_>, kind: &Kind, key: &'static str) {
    if !table.has(key) {
        return;
    }
    let Some(At { source, .. }) = table.get_at::<Node>(key) else { return };
    let message = format!(
        "`{key}` does nothing here: a sink of kind \"{}\" takes each alert by itself",
        kind.name
    );
    let of_messages: Vec<&str> = KINDS
        .iter()
        .filter(|kind| matches!(kind.shape, Shape::Messages { .. }))
        .map(|kind| kind.name)
        .collect();
    let problem = table.document().problem(&source, message);
    table.note(problem.hint(match of_messages.as_slice() {
        [] => "leave it out".to_owned(),
        kinds => format!("leave it out; it is for kinds that send messages: {}", kinds.join(", ")),
    }));
}

/// The whole number `key`, if it is there and 1 to `most`.
fn number<T: TryFrom<i64>>(table: &mut Table<'_>, key: &'static str, most: i64) -> Option<T> {
    let At { value, source } = table.get_at::<Node>(key)?;
    let (message, hint) = match value.as_integer() {
        Some(number) if (1..=most).contains(&number) => return T::try_from(number).ok(),
        Some(_) => (format!("`{key}` is out of bounds"), format!("it may be 1 to {most}")),
        None => {
            let message = format!("`{key}`: expected a whole number, found {}", value.kind());
            (message, format!("1 to {most}"))
        }
    };
    table.note(table.document().problem(&source, message).hint(hint));
    None
}

/// The value of `key`, if it is there and within bounds.
fn within<T: FromNode + PartialOrd>(
    table: &mut Table<'_>,
    key: &'static str,
    (least, most): (T, T),
    written: &str,
) -> Option<T> {
    let At { value, source } = table.get_at::<T>(key)?;
    if value < least || value > most {
        let problem = table.document().problem(&source, format!("`{key}` is out of bounds"));
        table.note(problem.hint(format!("it may be {written}")));
        return None;
    }
    Some(value)
}

fn give_up_after(table: &mut Table<'_>, local: bool) -> Option<Duration> {
    let default = (!local).then_some(Pacing::GIVE_UP_AFTER);
    let Some(At { value, source }) = table.get_at::<String>("give_up_after") else {
        return default;
    };
    if value == "never" {
        return None;
    }
    match humantime::parse_duration(&value) {
        Ok(span) if (60 * SECOND..=30 * DAY).contains(&span) => Some(span),
        _ => {
            let message = format!("`give_up_after`: \"{}\" is no such time", visible(&value));
            let problem = table.document().problem(&source, message);
            table.note(problem.hint("\"1m\" to \"30d\", or \"never\""));
            default
        }
    }
}

fn quiet(table: &mut Table<'_>) -> Option<Quiet> {
    let there = table.has("quiet");
    let mut quiet = table.table("quiet");
    if !there {
        return None;
    }
    let from = time(&mut quiet, "from");
    let to = time(&mut quiet, "to");
    let zone = zone(&mut quiet);
    let days = days(&mut quiet);
    let through = quiet.get::<Vec<Level>>("through").unwrap_or_else(|| vec![Level::Critical]);
    if let (Some(from), Some(to)) = (&from, &to)
        && let Some((message, hint)) = no_hours(from.value, to.value, days)
    {
        let problem = quiet.document().problem(&to.source, message);
        quiet.note(problem.hint(hint));
        return None;
    }
    quiet.finish();
    Some(Quiet { from: from?.value, to: to?.value, zone: zone?, days: days?, through })
}

/// What is wrong with quiet hours that are none, or all there are.
fn no_hours(
    from: TimeOfDay,
    to: TimeOfDay,
    days: Option<Days>,
) -> Option<(&'static str, &'static str)> {
    if from == to || (from, to) == (TimeOfDay::LAST, TimeOfDay::FIRST) {
        let hint = "for whole days write `from = \"00:00\"`, `to = \"24:00\"`, and in `days` for \
                    each quiet day its name, at most six";
        return Some(("`to` is the same time as `from`", hint));
    }
    if (from, to, days) == (TimeOfDay::FIRST, TimeOfDay::LAST, Some(Days::ALL)) {
        let hint = "name in `days` those that are quiet and leave at least one out, such as \
                    `days = [\"sat\", \"sun\"]`";
        return Some(("these quiet hours never end: nothing would ever be sent", hint));
    }
    None
}

fn time(table: &mut Table<'_>, key: &'static str) -> Option<At<TimeOfDay>> {
    let At { value, source } = table.required::<String>(key)?;
    let Some(time) = TimeOfDay::parse(&value) else {
        let message = format!("`{key}`: \"{}\" is no time of the day", visible(&value));
        let problem = table.document().problem(&source, message);
        table.note(problem.hint("hours and minutes, such as \"07:00\" or \"22:30\""));
        return None;
    };
    Some(At { value: time, source })
}

fn zone(table: &mut Table<'_>) -> Option<TimeZone> {
    if !table.has("zone") {
        table.get::<String>("zone");
        return Some(TimeZone::try_system().unwrap_or(TimeZone::UTC));
    }
    let At { value, source } = table.get_at::<String>("zone")?;
    // What jiff would take for a file elsewhere, or for the machine's own zone, is no name.
    let named = value.contains(|c: char| c.is_ascii_alphabetic()) && !value.contains("..");
    let zone = if named { TimeZone::get(&value).ok() } else { None };
    if zone.is_none() {
        let message = format!("`zone`: there is no time zone \"{}\"", visible(&value));
        let problem = table.document().problem(&source, message);
        table.note(problem.hint("a name such as \"Europe/Kyiv\" or \"UTC\""));
    }
    zone
}

fn days(table: &mut Table<'_>) -> Option<Days> {
    let Some(written) = table.get::<Vec<At<String>>>("days") else { return Some(Days::ALL) };
    let mut days = Days::NONE;
    for At { value, source } in written {
        match days.with(&value) {
            Some(more) => days = more,
            None => {
                let message = format!("`days`: \"{}\" is no day", visible(&value));
                let problem = table.document().problem(&source, message);
                let known = Days::NAMES.join(", ");
                table.note(problem.hint(match nearest(&value, Days::NAMES) {
                    Some(near) => format!("did you mean \"{near}\"? days: {known}"),
                    None => format!("days: {known}"),
                }));
                return None;
            }
        }
    }
    if days == Days::NONE {
        table.note(
            table
                .document()
                .problem(table.source(), "`days`: the list is empty")
                .hint("leave the key out for every day"),
        );
        return None;
    }
    Some(days)
}

#[cfg(test)]
#[path = "pacing_tests.rs"]
mod tests;
