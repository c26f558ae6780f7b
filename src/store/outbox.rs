//! What is asked of the outbox, and what it answers.

use crate::model::{AlertId, Delivery, Level, MessageKey, Reason, SinkName, Timestamp};

/// Which deliveries to claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// No more than this many; a message is claimed whole all the same.
    pub limit: usize,
    /// Those due by then.
    pub now: Timestamp,
    /// Alerts of these levels; if there are none, of all.
    pub levels: Vec<Level>,
    /// Only what an operator wants to go out at once ([`Store::outbox_retry`](super::Store)).
    pub urgent_only: bool,
    /// Only what has not failed yet.
    pub fresh_only: bool,
}

impl Claim {
    /// Whatever is due at `now`.
    pub fn due(limit: usize, now: Timestamp) -> Self {
        Self { limit, now, levels: Vec::new(), urgent_only: false, fresh_only: false }
    }
}

/// What a claim came to.
#[derive(Clone, Debug, Default)]
pub struct Claimed {
    /// What is claimed.
    pub deliveries: Vec<Delivery>,
    /// Alerts that cannot be read back, and why; they have become dead letters
    /// ([`Reason::Internal`]), so that they do not hold up those behind them. They count in the
    /// claim's limit.
    pub unreadable: Vec<(AlertId, String)>,
}

/// How one delivery is to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The row in the outbox.
    pub row: i64,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// What becomes of an outbox row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The sink has it: the row is deleted.
    Delivered,
    /// It counts as one more failed attempt and falls due again.
    Retry {
        /// When; at most [`LONGEST_WAIT`](super::LONGEST_WAIT) from now.
        due: Timestamp,
        /// When the attempt failed; kept if it was the first.
        failed_at: Timestamp,
        /// What went wrong.
        reason: Reason,
        /// The same in words.
        message: String,
    },
    /// The message that it went out in is refused for what it holds. It counts as one more failed
    /// attempt and is due at once, in a part of that message.
    Part {
        /// The key of the part.
        key: MessageKey,
        /// When the attempt failed.
        at: Timestamp,
        /// What went wrong.
        reason: Reason,
        /// The same in words.
        message: String,
    },
    /// A dead letter: kept, never claimed again unless an operator says so.
    Dead {
        /// What went wrong.
        reason: Reason,
        /// The same in words.
        message: String,
    },
    /// A silence covers it: the row is deleted, and that it was muted is kept as long as the alert.
    Muted {
        /// The silence's id.
        silence: i64,
        /// When it was found to be covered.
        at: Timestamp,
    },
}

/// The outbox of one sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxCount {
    /// The sink.
    pub sink: SinkName,
    /// Deliveries not settled.
    pub waiting: u64,
    /// When the oldest of these was raised.
    pub oldest: Option<Timestamp>,
    /// Dead letters.
    pub dead: u64,
}

/// Which outbox rows to read, in the order of their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboxQuery {
    /// Of this sink; of all, if `None`.
    pub sink: Option<SinkName>,
    /// Only dead letters.
    pub dead_only: bool,
    /// Past the row with this number.
    pub after: Option<i64>,
    /// No more than this many.
    pub limit: usize,
}

/// An outbox row, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its number.
    pub row: i64,
    /// The sink that is to have it.
    pub sink: SinkName,
    /// Whether it is a dead letter.
    pub dead: bool,
    /// Attempts that failed.
    pub attempts: u32,
    /// When the first of these failed.
    pub first_failed: Option<Timestamp>,
    /// When it falls due; a time before 1970 or at its very beginning means at once.
    pub due: Timestamp,
    /// What went wrong last.
    pub reason: Option<Reason>,
    /// The same in words.
    pub message: Option<String>,
    /// The message that it goes out in, if that is settled.
    pub key: Option<MessageKey>,
    /// The alert.
    pub alert: AlertId,
    /// When that was raised.
    pub raised_at: Timestamp,
    /// How much it matters.
    pub level: Level,
    /// Its headline; empty if it cannot be read.
    pub title: String,
}

/// Which outbox rows an operator means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Where to look.
    pub rows: Rows,
    /// Only dead letters of these.
    pub dead_only: bool,
}

/// Outbox rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Those with these numbers.
    Numbers(Vec<i64>),
    /// Those of a sink.
    Of(SinkName),
    /// All.
    All,
}

/// What silences kept back, to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MutedQuery {
    /// By this silence.
    pub silence: i64,
    /// No more than this many, those raised last first.
    pub limit: usize,
}

/// A delivery that a silence kept back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Muted {
    /// The alert.
    pub alert: AlertId,
    /// The sink that did not get it.
    pub sink: SinkName,
    /// When it was found to be covered.
    pub at: Timestamp,
    /// The alert's headline; empty if it cannot be read.
    pub title: String,
}
