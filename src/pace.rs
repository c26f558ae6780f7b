//! When a sink is sent what waits for it, and as what: pure decisions.

mod quiet;

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::{Form, Level, Mono, Now, Timestamp};

pub use quiet::{Days, Quiet, TimeOfDay};

/// How a sink is to be sent alerts. Keys of any `[[sink]]`; the four that gather alerts into
/// messages (`concurrency`, `max_per_minute`, `group_for`, `quiet`) only of kinds that send
/// messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pacing {
    /// `concurrency`: how many messages may be under way at a time. They are begun in order; what
    /// is under way at once may arrive in any. 1 to 64. Default 1.
    pub concurrency: u32,
    /// `max_per_minute`: no more messages than this within any 60 seconds, tries that fail
    /// included. Nothing is dropped: the last message that is free is a digest of all that waits,
    /// as much as the service takes at once, and so are those after it until nothing waits; what
    /// failed before and is due takes turns with them. It is counted in memory; a restart begins
    /// anew. 1 to 6000. Default: what the service is known to
    /// bear, if anything.
    pub max_per_minute: Option<u32>,
    /// `group_for`: the first alert that waits opens a window of this length; at its end all that
    /// has come goes out as one message. 1s to 24h. Default: each alert is a message.
    pub group_for: Option<Duration>,
    /// `[sink.quiet]`: hours in which nothing is sent, but for what matters most. Default: none.
    pub quiet: Option<Quiet>,
    /// `retry_max`: a sink that fails is tried again after seconds, then after twice as long, up to
    /// this; the wait is shortened by chance to between half and the whole of that. 1s to 24h.
    /// Default 1h; for `log`, `file` and `feed` 30s.
    pub retry_max: Option<Duration>,
    /// `give_up_after`: an alert whose first try failed this long ago becomes a dead letter when
    /// one more fails, and it was tried three times: it is kept and shown, and `wirewatch outbox
    /// retry` sends it. What failed before a start of wirewatch, quiet hours or a sleep of the
    /// machine is tried for another hour after that at least, or for this if it is shorter. 1m to
    /// 30d, or `"never"`. Default 24h; for `log`, `file` and `feed` never, since a
    /// full disk is no reason to give up.
    pub give_up_after: Option<Duration>,
}

impl Default for Pacing {
    fn default() -> Self {
        Self {
            concurrency: 1,
            max_per_minute: None,
            group_for: None,
            quiet: None,
            retry_max: None,
            give_up_after: Some(Self::GIVE_UP_AFTER),
        }
    }
}

impl Pacing {
    /// The default of `give_up_after`.
    pub const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

    /// What failed before its sink could be tried again is not given up for so long after that, or
    /// for `give_up_after` if that is shorter.
    pub const AT_LEAST: Duration = Duration::from_secs(60 * 60);

    /// Nor is what failed less often than this: a rate or the receiver's own wish may leave no more
    /// than one try to the whole of a short `give_up_after`.
    pub const TRIES: u32 = 3;

    /// Whether several alerts may go out as one message.
    pub fn gathers(&self) -> bool {
        self.max_per_minute.is_some() || self.group_for.is_some() || self.quiet.is_some()
    }

    /// Whether an alert whose first try failed at `first` is given up when one that was begun at
    /// `begun` fails, the one with number `attempts`. `able`: since when the sink could be tried
    /// whenever it was due. The machine may have been off before that, so what failed before it is
    /// given [`Self::AT_LEAST`] first.
    pub fn gives_up(
        &self,
        (first, attempts): (Option<Timestamp>, u32),
        able: Timestamp,
        begun: Timestamp,
    ) -> bool {
        let (Some(first), Some(after)) = (first, self.give_up_after) else { return false };
        let was_able = first >= able || begun.since(able) >= after.min(Self::AT_LEAST);
        was_able && attempts >= Self::TRIES && begun.since(first) >= after
    }
}

/// Over which messages are counted.
const MINUTE: Duration = Duration::from_secs(60);

/// What a sink was sent of late.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// When the messages of the last minute were answered, oldest first.
    ended: VecDeque<Mono>,
    /// Messages under way.
    under_way: usize,
    /// Whether what waits has been held up by the rate, so that it goes out as digests.
    behind: bool,
}

impl Traffic {
    /// A message goes out.
    pub fn begin(&mut self) {
        self.under_way += 1;
    }

    /// A message was answered, well or not. It counts from then, so that no two that the receiver
    /// got less than a minute apart are counted in two minutes.
    pub fn end(&mut self, pacing: &Pacing, now: Mono) {
        self.under_way = self.under_way.saturating_sub(1);
        self.forget(now);
        if let Some(most) = pacing.max_per_minute {
            self.ended.push_back(now);
            while self.ended.len() > most as usize {
                self.ended.pop_front();
            }
        }
    }

    /// Nothing waits any more.
    pub fn caught_up(&mut self) {
        self.behind = false;
    }

    /// A message goes out in this form.
    pub fn note(&mut self, form: Form) {
        self.behind |= form == Form::Digest;
    }

    /// The rate holds up what waits.
    pub fn fell_behind(&mut self) {
        self.behind = true;
    }

    fn forget(&mut self, now: Mono) {
        while self.ended.front().is_some_and(|ended| now.since(*ended) >= MINUTE) {
            self.ended.pop_front();
        }
    }

    /// Messages that may go out now; `None`: as many as there are.
    fn free(&self, pacing: &Pacing, now: Mono) -> Option<usize> {
        let most = pacing.max_per_minute? as usize;
        let counted = self.ended.iter().filter(|ended| now.since(**ended) < MINUTE).count();
        Some(most.saturating_sub(counted + self.under_way))
    }

    /// When a message will be free, if none is; `None`: when one that is under way ends.
    fn frees(&self, pacing: &Pacing, now: Mono) -> Option<Mono> {
        let most = pacing.max_per_minute? as usize;
        if self.under_way >= most {
            return None;
        }
        let counted = self.ended.iter().find(|ended| now.since(**ended) < MINUTE);
        counted.map(|ended| ended.plus(MINUTE))
    }
}

/// What is known of a row that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// When its alert was raised.
    pub raised_at: Timestamp,
    /// Whether it was put into a message before; then the rows are those of that message.
    pub gathered: bool,
    /// Whether it was sent before, though in no such message: by itself, and so it goes again, or
    /// the receiver could not know it.
    pub tried: bool,
}

/// Since when a row waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    /// When it was seen first.
    pub at: Mono,
    /// How long it had waited by then, for an earlier process.
    pub before: Duration,
}

impl Since {
    /// Of rows raised at these times that are first seen at `now`, in a process that began at
    /// `began` by the wall clock. What was raised since then is taken to be new.
    pub fn seen(
        raised_at: impl IntoIterator<Item = Timestamp>,
        began: Timestamp,
        now: Now,
    ) -> Self {
        let first = raised_at.into_iter().min().filter(|first| *first < began);
        let before = first.map_or(Duration::ZERO, |first| now.wall.since(first));
        Self { at: now.mono, before }
    }
}

/// What is known when it is decided.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// When the first of the rows that wait was first seen waiting.
    pub since: Since,
    /// Whether an operator wants these out: neither windows nor quiet hours hold them.
    pub urgent: bool,
    /// Whether all windows end now.
    pub closing: bool,
    /// The time.
    pub now: Now,
}

/// Why rows wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Quiet hours.
    Quiet,
    /// The rate is used up.
    Rate,
    /// Their window is open.
    Group,
}

impl Hold {
    /// The word for it: lowercase.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Rate => "rate",
            Self::Group => "group",
        }
    }
}

/// What to do with rows that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Send the first `rows` as one message. Rows that were gathered before are all sent, and
    /// the form is that of then.
    Send {
        /// How many; at least one.
        rows: usize,
        /// As what.
        form: Form,
    },
    /// Leave them.
    Wait {
        /// Until then; `None`: until a message that is under way is answered.
        until: Option<Mono>,
        /// Why.
        hold: Hold,
    },
}

/// Which rows may be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// So many at most, of these levels; none named: of all.
    At {
        /// How many.
        rows: usize,
        /// Levels.
        levels: Vec<Level>,
    },
    /// None before that.
    Not {
        /// When quiet hours end.
        until: Mono,
    },
}

/// How many rows to look at for the next message, of a sink that takes `most` in one, and which.
pub fn look(pacing: &Pacing, traffic: &Traffic, most: usize, now: Now) -> Look {
    let quiet = pacing.quiet.as_ref();
    let single = match traffic.free(pacing, now.mono) {
        None => true,
        Some(free) => free > 1 && !traffic.behind,
    };
    let rows = if single && pacing.group_for.is_none() && quiet.is_none() { 1 } else { most };
    match quiet.and_then(|quiet| Some((quiet, quiet.until(now.wall)?))) {
        None => Look::At { rows, levels: Vec::new() },
        Some((quiet, until)) if quiet.through.is_empty() => {
            Look::Not { until: now.mono.plus(until.since(now.wall)) }
        }
        Some((quiet, _)) => Look::At { rows, levels: quiet.through.clone() },
    }
}

/// What to do with `rows`, the first of those that wait, at least one, in order.
pub fn next(pacing: &Pacing, traffic: &Traffic, rows: &[Row], moment: Moment) -> Next {
    let now = moment.now;
    let free = traffic.free(pacing, now.mono);
    if free == Some(0) {
        return Next::Wait { until: traffic.frees(pacing, now.mono), hold: Hold::Rate };
    }
    let as_one = |rows: usize, form| match rows {
        0 | 1 => Next::Send { rows: 1, form: Form::Single },
        rows => Next::Send { rows, form },
    };
    if rows.first().is_some_and(|row| row.gathered) {
        return as_one(rows.len(), Form::Group);
    }
    let rows = &rows[..rows.iter().take_while(|row| !row.tried).count()];
    if rows.is_empty() {
        return as_one(1, Form::Single);
    }
    let quiet = pacing.quiet.as_ref().filter(|_| !moment.urgent);
    let over = quiet.and_then(|quiet| quiet.ended(now.wall));
    let held = rows.iter().take_while(|row| over.is_some_and(|over| row.raised_at < over)).count();
    if held > 0 {
        return as_one(held, Form::CatchUp);
    }
    if let Some(window) = pacing.group_for {
        let end = moment.since.at.plus(window.saturating_sub(moment.since.before));
        if end > now.mono && !moment.urgent && !moment.closing {
            return Next::Wait { until: Some(end), hold: Hold::Group };
        }
        return as_one(rows.len(), Form::Group);
    }
    match free {
        Some(free) if free == 1 || traffic.behind => as_one(rows.len(), Form::Digest),
        _ => as_one(1, Form::Single),
    }
}

#[cfg(test)]
mod tests;
