//! Floor 0: the words. Plain values that every other floor speaks in; no I/O, no clock but the
//! one that is handed in.

mod alert;
mod condition;
mod delivery;
mod feed;
mod ids;
mod item;
mod language;
mod poll;
mod problem;
mod reason;
mod route;
mod secret;
mod status;
mod text;
mod time;

pub use alert::{
    Alert, AlertFeed, AlertItem, AlertMuted, AlertRule, AlertSource, Excerpt, Level, Match,
    Revision, Sequel,
};
pub use condition::{Condition, Habit, Health, HealthChange, Wishes};
pub use delivery::{Attempt, Batch, Bookmark, Delivery, Form, MessageKey, Outcome};
pub use feed::{Credentials, Feed, Validators, host_port};
pub use ids::{AlertId, FeedId, RuleId, SinkName, slug};
pub use item::{FeedKind, Field, Item, ParsedFeed, Repair};
pub use language::language_tag;
pub use poll::{FeedState, FirstPoll, Schedule, Seen};
pub use problem::{Place, Problem, Problems, nearest};
pub use reason::Reason;
pub use route::{Proxy, Roots, Route, userinfo};
pub use secret::Secret;
pub use status::Status;
pub use text::{is_unprintable, json_line, visible};
pub use time::{Clock, Mono, Now, SteadyClock, Timestamp};
