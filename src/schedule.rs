//! When a feed is polled next: pure decisions.

use std::hash::Hasher;
use std::time::Duration;

use siphasher::sip::SipHasher13;

use crate::model::{FeedId, Mono, Now, Schedule, Timestamp, Wishes};

mod agenda;
mod skip;

pub use agenda::{Agenda, Limits};

/// What the config says about when to poll one feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollPolicy {
    /// The wait after a good poll.
    pub interval: Duration,
    /// What the wait may shrink to when a feed drops items faster than it is polled.
    pub min_interval: Duration,
    /// The longest wait that a server may ask for.
    pub max_interval: Duration,
    /// The longest wait after failures; never shorter than `interval` in effect.
    pub backoff_max: Duration,
    /// The longest wait that a document may ask for; zero: its wishes are not heeded.
    pub wishes_max: Duration,
}

/// How a poll ended, as far as the next one is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It succeeded.
    Good {
        /// The longest that the server asks to wait, and how it says so.
        asked: Option<Asked>,
        /// What the feed's document asks for.
        wishes: Wishes,
        /// How often the interval is halved.
        pace: u8,
    },
    /// It failed, as the polls before it: `errors` in a row with this one.
    Failed {
        /// At least 1.
        errors: u32,
        /// Retry-After.
        asked: Option<Duration>,
    },
    /// No host could be reached at all.
    Offline {
        /// How many feeds there are.
        feeds: usize,
    },
    /// The feed is gone for good, as far as its server is concerned.
    Gone,
}

/// A wait that somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// How long.
    pub span: Duration,
    /// How it was said.
    pub by: Why,
}

/// What decided over a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The config's interval.
    Interval,
    /// The interval, shortened since items were missed.
    Gap,
    /// `Cache-Control: max-age` (RFC 9111 §5.2.2.1).
    MaxAge,
    /// `Expires` (RFC 9111 §5.3).
    Expires,
    /// `Retry-After` (RFC 9110 §10.2.3).
    RetryAfter,
    /// RSS `ttl`.
    Ttl,
    /// `sy:updatePeriod`.
    UpdatePeriod,
    /// RSS `skipHours` or `skipDays`.
    Skip,
    /// Failures in a row.
    Backoff,
    /// There is no network.
    Offline,
    /// The feed is gone, and asked only now and then whether it is back.
    Gone,
}

impl Why {
    /// In words, for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interval => "the configured interval",
            Self::Gap => "a shorter interval, since items were missed",
            Self::MaxAge => "the server's max-age",
            Self::Expires => "the server's Expires",
            Self::RetryAfter => "the server's Retry-After",
            Self::Ttl => "the feed's ttl",
            Self::UpdatePeriod => "the feed's updatePeriod",
            Self::Skip => "the feed's skipHours and skipDays",
            Self::Backoff => "failures in a row",
            Self::Offline => "no network",
            Self::Gone => "the feed is gone",
        }
    }
}

/// When to poll next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// How long to wait.
    pub wait: Duration,
    /// What decided.
    pub why: Why,
}

/// How often a feed that is gone is asked whether it is back.
const GONE_PROBE: Duration = Duration::from_secs(7 * 86_400);
/// How often a feed is tried while there is no network, if there are few; nobody is bothered by that.
/// Of many, so many together that the resolver hears of no more than one each [`SPREAD_EACH`].
const OFFLINE_PROBE: Duration = Duration::from_secs(60);
/// First polls, and polls that fell due while nobody could poll, are spread over at most this, or
/// half the interval, so that they come no more than about twice as fast as usual.
const SPREAD_MAX: Duration = Duration::from_secs(600);
/// … and over no more than this for each of them, so that a few feeds start at once.
const SPREAD_EACH: Duration = Duration::from_millis(100);
/// An interval is halved no more often than this.
pub const PACE_MAX: u8 = 4;

/// The wait until the next poll, and what decided over it. Jitter, up to a tenth, only lengthens
/// it, and is the same for the same feed and moment.
///
/// After failures the wait doubles from `interval` up to `backoff_max`; it never ends. What a
/// server asks for is a floor, up to `max_interval`; so is what the document asks for, up to
/// `wishes_max`. A time that the document wants left out moves the poll past it, but not beyond
/// `max_interval`.
pub fn next(policy: &PollPolicy, feed: &FeedId, ending: Ending, now: Timestamp) -> Next {
    let plain = match ending {
        Ending::Good { asked, wishes, pace } => after_good(policy, asked, wishes, pace),
        Ending::Failed { errors, asked } => after_failure(policy, errors, asked),
        Ending::Offline { feeds } => {
            let wait = each(feeds).max(OFFLINE_PROBE).min(policy.interval);
            Next { wait, why: Why::Offline }
        }
        Ending::Gone => Next { wait: GONE_PROBE.max(policy.interval), why: Why::Gone },
    };
    let jitter = fraction(plain.wait / 10, feed, now.as_millis().unsigned_abs());
    let next = Next { wait: plain.wait + jitter, ..plain };
    match ending {
        Ending::Good { wishes, .. } if !policy.wishes_max.is_zero() => {
            let latest = policy.max_interval.max(next.wait);
            match skip::past(&wishes, now.plus(next.wait)) {
                Some(at) => Next { wait: (at.since(now) + jitter).min(latest), why: Why::Skip },
                None => next,
            }
        }
        _ => next,
    }
}

fn after_good(policy: &PollPolicy, asked: Option<Asked>, wishes: Wishes, pace: u8) -> Next {
    let paced = (policy.interval / (1 << pace.min(PACE_MAX))).max(policy.min_interval);
    let own = match paced < policy.interval {
        true => Next { wait: paced, why: Why::Gap },
        false => Next { wait: policy.interval, why: Why::Interval },
    };
    let server = asked.map(|Asked { span, by }| (span.min(policy.max_interval), by));
    let wish = |span: Option<Duration>, by| span.map(|span| (span.min(policy.wishes_max), by));
    // Whoever sees items pass by unread does better than by what a template once said.
    let wishes = if own.why == Why::Gap { Wishes::default() } else { wishes };
    [server, wish(wishes.ttl, Why::Ttl), wish(wishes.update_every, Why::UpdatePeriod)]
        .into_iter()
        .flatten()
        .fold(
            own,
            |next, (span, by)| {
                if span > next.wait { Next { wait: span, why: by } } else { next }
            },
        )
}

fn after_failure(policy: &PollPolicy, errors: u32, asked: Option<Duration>) -> Next {
    let doubled = policy.interval.saturating_mul(1 << errors.saturating_sub(1).min(20));
    let backoff = doubled.min(policy.backoff_max.max(policy.interval));
    let asked = asked.unwrap_or_default().min(policy.max_interval);
    match asked > backoff {
        true => Next { wait: asked, why: Why::RetryAfter },
        false => Next { wait: backoff, why: Why::Backoff },
    }
}

/// When a feed is due whose schedule was stored as `stored`, at the start of a daemon with `feeds`
/// feeds. What is due in future keeps its time, if the policy can have given it; what is overdue,
/// or new, or further off than any wait of ours, is spread out, so that a start is no stampede; by
/// the time of the start, so that where starts follow each other fast (whatever ends the daemon)
/// it is not always the same feeds that come last.
pub fn first_due(
    policy: &PollPolicy,
    feed: &FeedId,
    stored: &Schedule,
    feeds: usize,
    now: Now,
) -> Mono {
    let longest = if stored.gone > 0 {
        GONE_PROBE.max(policy.interval)
    } else {
        policy.max_interval.max(policy.backoff_max).max(policy.interval)
    };
    // A last poll in future was written by a clock that has been set back: its wait counts from now.
    let from = stored.last_poll.filter(|last| *last > now.wall).unwrap_or(now.wall);
    if let Some(due) = stored.next_poll {
        let wait = due.since(from);
        if !wait.is_zero() && wait <= longest + longest / 10 {
            return now.mono.plus(wait);
        }
    }
    let start = now.wall.as_millis().unsigned_abs();
    now.mono.plus(fraction(spread(policy, feeds), feed, start))
}

/// Mends a schedule whose last poll lies in future, for it was written by a clock that has been set
/// back since: the poll counts as made now, and the wait begins anew. Answers whether it was so. It
/// is to be written down then: where starts follow each other fast, each would begin the wait anew.
pub fn rebase(stored: &mut Schedule, now: Timestamp) -> bool {
    let Some(last) = stored.last_poll.filter(|last| *last > now) else { return false };
    let ahead = last.since(now);
    stored.last_poll = Some(now);
    stored.next_poll = stored.next_poll.map(|next| next.minus(ahead));
    true
}

/// When a feed is due that fell due while nobody could poll, for as long as `held`, as one of so
/// many feeds.
pub fn due_late(
    policy: &PollPolicy,
    feed: &FeedId,
    feeds: usize,
    held: Duration,
    now: Now,
) -> Mono {
    let salt = now.wall.as_millis().unsigned_abs();
    now.mono.plus(fraction(spread(policy, feeds).min(held), feed, salt))
}

/// Over how long the polls of so many feeds are spread that could all start now.
fn spread(policy: &PollPolicy, feeds: usize) -> Duration {
    each(feeds).min(SPREAD_MAX.max(policy.interval / 2)).min(policy.interval)
}

fn each(feeds: usize) -> Duration {
    SPREAD_EACH.saturating_mul(u32::try_from(feeds).unwrap_or(u32::MAX))
}

/// A part of `whole` that depends on `feed` and `salt` alone.
fn fraction(whole: Duration, feed: &FeedId, salt: u64) -> Duration {
    let mut hasher = SipHasher13::new();
    hasher.write(feed.as_str().as_bytes());
    hasher.write_u64(salt);
    let millis = u64::try_from(whole.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(if millis == 0 { 0 } else { hasher.finish() % millis })
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn policy() -> PollPolicy {
        PollPolicy {
            interval: 900 * S,
            min_interval: 60 * S,
            max_interval: 86_400 * S,
            backoff_max: 21_600 * S,
            wishes_max: 3600 * S,
        }
    }

    fn good(asked: u32, by: Why) -> Ending {
        let asked = Some(Asked { span: asked * S, by });
        Ending::Good { asked, wishes: Wishes::default(), pace: 0 }
    }

    fn wishing(wishes: Wishes, pace: u8) -> Ending {
        Ending::Good { asked: None, wishes, pace }
    }

    fn failed(errors: u32, asked: Option<u32>) -> Ending {
        Ending::Failed { errors, asked: asked.map(|seconds| seconds * S) }
    }

    #[test]
    fn waits_follow_the_policy_and_jitter_only_lengthens_them() {
        let ttl = |minutes: u32| Wishes { ttl: Some(minutes * 60 * S), ..Wishes::default() };
        let weekly = Wishes { update_every: Some(604_800 * S), ..Wishes::default() };
        let cases = [
            ("the interval", wishing(Wishes::default(), 0), 900, Why::Interval),
            ("a server that asks for less", good(60, Why::MaxAge), 900, Why::Interval),
            ("a server that asks for more", good(3600, Why::MaxAge), 3600, Why::MaxAge),
            (
                "a server that asks for too much",
                good(1_000_000, Why::Expires),
                86_400,
                Why::Expires,
            ),
            ("a document that asks for more", wishing(ttl(30), 0), 1800, Why::Ttl),
            ("a document that asks for too much", wishing(ttl(9999), 0), 3600, Why::Ttl),
            ("a document that asks for a week", wishing(weekly, 0), 3600, Why::UpdatePeriod),
            ("items were missed", wishing(ttl(30), 2), 225, Why::Gap),
            ("many were", wishing(Wishes::default(), 200), 60, Why::Gap),
            ("the first failure", failed(1, None), 900, Why::Backoff),
            ("the second", failed(2, None), 1800, Why::Backoff),
            ("the fifth", failed(5, None), 14_400, Why::Backoff),
            ("the sixth meets the ceiling", failed(6, None), 21_600, Why::Backoff),
            ("the thousandth too", failed(1000, None), 21_600, Why::Backoff),
            ("Retry-After is a floor", failed(1, Some(7200)), 7200, Why::RetryAfter),
            ("not a shortcut", failed(3, Some(1)), 3600, Why::Backoff),
            ("and has a ceiling", failed(1, Some(u32::MAX)), 86_400, Why::RetryAfter),
            ("no network", Ending::Offline { feeds: 9 }, 60, Why::Offline),
            ("no network for many", Ending::Offline { feeds: 2000 }, 200, Why::Offline),
            ("for very many", Ending::Offline { feeds: 100_000 }, 900, Why::Offline),
            ("gone is probed weekly", Ending::Gone, 604_800, Why::Gone),
        ];
        for (what, ending, seconds, why) in cases {
            for n in 0..50 {
                let feed = FeedId::new(format!("feed-{n}"));
                let next = next(&policy(), &feed, ending, Timestamp::from_millis(n * 977));
                let base = seconds * S;
                assert!(next.wait >= base && next.wait < base + base / 10 + S, "{what}: {next:?}");
                assert_eq!(next.why, why, "{what}");
            }
        }
    }

    #[test]
    fn a_ceiling_below_the_interval_gives_way_to_it() {
        let policy = PollPolicy { backoff_max: 10 * S, ..policy() };
        let next = next(&policy, &FeedId::new("x"), failed(4, None), Timestamp::from_millis(0));
        assert!(next.wait >= 900 * S);
    }

    #[test]
    fn a_poll_falls_into_no_hour_that_is_to_be_left_out() {
        let now = Timestamp::parse("2026-03-02T22:50:00Z").unwrap();
        let feed = FeedId::new("x");
        // Eleven at night to six in the morning.
        let night = Wishes { skip_hours: 1 << 23 | 0b11_1111, ..Wishes::default() };
        let due = |policy: &PollPolicy| next(policy, &feed, wishing(night, 0), now);
        let found = due(&policy());
        let six = Timestamp::parse("2026-03-03T06:00:00Z").unwrap();
        assert_eq!(found.why, Why::Skip);
        assert!(now.plus(found.wait) >= six && now.plus(found.wait) < six.plus(90 * S));
        let unheeded = PollPolicy { wishes_max: Duration::ZERO, ..policy() };
        assert!(due(&unheeded).wait < 990 * S);
        let impatient = PollPolicy { max_interval: 3600 * S, ..policy() };
        assert_eq!(due(&impatient).wait, 3600 * S);
    }

    #[test]
    fn a_start_keeps_what_is_due_later_and_spreads_what_is_overdue() {
        let wall = Timestamp::from_millis(1_700_000_000_000);
        let now = Now { wall, mono: Mono::from_millis(5_000) };
        let due = |feed: &str, next_poll, feeds| {
            let stored = Schedule { next_poll, ..Schedule::default() };
            first_due(&policy(), &FeedId::new(feed), &stored, feeds, now).since(now.mono)
        };
        assert_eq!(due("a", Some(wall.plus(77 * S)), 9), 77 * S);
        assert!(due("a", Some(wall.minus(7200 * S)), 10) < S);
        assert!(due("a", None, 1) < S / 10);
        // A wall clock that was days ahead when the time was stored starves nothing.
        assert!(due("a", Some(wall.plus(400_000 * S)), 9) < S);
        let written_later = Schedule {
            last_poll: Some(wall.plus(3600 * S)),
            next_poll: Some(wall.plus(4500 * S)),
            ..Schedule::default()
        };
        let feed = FeedId::new("a");
        assert_eq!(first_due(&policy(), &feed, &written_later, 9, now).since(now.mono), 900 * S);
        let gone =
            Schedule { gone: 3, next_poll: Some(wall.plus(400_000 * S)), ..Schedule::default() };
        assert_eq!(first_due(&policy(), &feed, &gone, 9, now).since(now.mono), 400_000 * S);
        let late: Vec<Duration> =
            (0..10_000).map(|n| due(&format!("f{n}"), None, 10_000)).collect();
        assert!(late.iter().all(|wait| *wait < SPREAD_MAX));
        let first_minute = late.iter().filter(|wait| **wait < 60 * S).count();
        assert!((800..1200).contains(&first_minute), "{first_minute} of 10000 in a tenth");
    }

    #[test]
    fn what_fell_due_while_nobody_could_poll_comes_no_more_than_about_twice_as_fast_as_usual() {
        let now = Now { wall: Timestamp::from_millis(7), mono: Mono::from_millis(5_000) };
        // Feeds, interval, how long nobody could poll; over how long they are spread.
        let cases = [
            (8, 900, 21_600, 1),
            (1000, 900, 21_600, 100),
            (100_000, 900, 21_600, 600),
            (100_000, 300, 21_600, 300),
            (100_000, 14_400, 21_600, 7200),
            (100_000, 21_600, 21_600, 10_000),
            (100_000, 900, 60, 60),
        ];
        for (feeds, interval, held, over) in cases {
            let policy = PollPolicy { interval: interval * S, ..policy() };
            let due = |feed: usize| {
                let feed = FeedId::new(format!("f{feed}"));
                due_late(&policy, &feed, feeds, held * S, now).since(now.mono)
            };
            let most = (0..1000).map(due).max().unwrap();
            assert!(most <= over * S && most * 2 > over * S, "{feeds} each {interval}: {most:?}");
        }
    }

    #[test]
    fn a_schedule_of_a_clock_that_was_set_back_counts_from_now() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let at = |last: Timestamp| Schedule {
            last_poll: Some(last),
            next_poll: Some(last.plus(900 * S)),
            ..Schedule::default()
        };
        let mut ahead = at(now.plus(21_600 * S));
        assert!(rebase(&mut ahead, now));
        assert_eq!(ahead, at(now));
        for mut sound in [at(now), at(now.minus(60 * S)), Schedule::default()] {
            let before = sound.clone();
            assert!(!rebase(&mut sound, now));
            assert_eq!(sound, before);
        }
    }

    #[test]
    fn each_start_has_an_order_of_its_own() {
        let first = |start: i64| {
            let wall = Timestamp::from_millis(1_700_000_000_000 + start * 317);
            let now = Now { wall, mono: Mono::from_millis(5_000) };
            let due = |feed: &usize| {
                let feed = FeedId::new(format!("f{feed}"));
                first_due(&policy(), &feed, &Schedule::default(), 24, now)
            };
            (0..24).min_by_key(due).unwrap()
        };
        let mut times = [0; 24];
        (0..1000).for_each(|start| times[first(start)] += 1);
        assert!(times.iter().all(|times| (10..90).contains(times)), "{times:?}");
    }
}
