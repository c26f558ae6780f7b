//! The events that do not come through `tracing`.

use tracing::Level;

use crate::observe::manual::Described;

/// All of them.
pub(super) const WRITTEN: &[Described] = &[LOG_DROPPED, ALERT];

/// The line that stands where lines are missing.
pub(in crate::observe) const LOG_DROPPED: Described = Described {
    name: "log_dropped",
    level: Level::WARN,
    meaning: " Lines are missing here: whatever reads the log did not keep up.",
    fields: &[("lines", " How many.")],
};

/// The line that the `log` sink writes for an alert. It is written whatever `RUST_LOG` says.
pub const ALERT: Described = Described {
    name: "alert",
    level: Level::INFO,
    meaning: " An alert, written by a sink of kind `log`. Lists are cut after 20 values; a field \
              without a value is left out.",
    fields: &[
        ("alert.id", " The alert's id; the same alert always has the same."),
        ("alert.level", " The highest level of its rules."),
        ("alert.raised_at", " When it was raised."),
        ("rules", " The ids of the rules that matched, comma-separated."),
        ("tags", " The tags of these rules, comma-separated."),
        ("terms", " The terms that matched, as the rules write them, separated by `; `."),
        ("matches", " The texts that they were found as, separated by `; `."),
        ("feed.id", " The feed."),
        ("feed.title", " Its title."),
        ("item.id", " The item's identity within its feed."),
        ("item.title", " The headline."),
        ("item.link", " Its link."),
        ("item.authors", " Its authors, separated by `; `."),
        ("item.published", " When the publisher says it came out."),
        ("item.updated", " When the publisher says it last changed."),
        ("item.first_seen", " When wirewatch first saw it."),
        ("item.language", " Its language as a BCP 47 tag."),
        ("item.text", " The text around the first match, or its beginning."),
        ("health.state", " The feed's state, if the alert tells of a feed's health."),
        ("health.before", " Its state until then."),
        ("health.reason", " The class of failure, if something fails."),
    ],
};
