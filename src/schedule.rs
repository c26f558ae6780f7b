//! When a feed is polled next: pure decisions.

use std::hash::Hasher;
use std::time::Duration;

use siphasher::sip::SipHasher13;

use crate::model::{FeedId, Mono, Now, Schedule, Timestamp};

mod agenda;

pub use agenda::{Agenda, Limits};

/// What the config says about when to poll one feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollPolicy {
    /// The wait after a good poll.
    pub interval: Duration,
    /// The longest wait that a server may ask for.
    pub max_interval: Duration,
    /// The longest wait after failures; never shorter than `interval` in effect.
    pub backoff_max: Duration,
}

/// How a poll ended, as far as the next one is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It succeeded; the server asks to wait at least so long.
    Good {
        /// The longest of what it asked for; zero if nothing.
        asked: Duration,
    },
    /// It failed, as the polls before it: `errors` in a row with this one.
    Failed {
        /// At least 1.
        errors: u32,
        /// Retry-After.
        asked: Option<Duration>,
    },
    /// No host could be reached at all.
    Offline,
    /// The feed is gone for good, as far as its server is concerned.
    Gone,
}

/// How often a feed that is gone is asked whether it is back.
const GONE_PROBE: Duration = Duration::from_secs(7 * 86_400);
/// How often a feed is tried while there is no network; nobody is bothered by that.
const OFFLINE_PROBE: Duration = Duration::from_secs(60);
/// First polls, and polls that fell due while the daemon was down, are spread over at most this.
const SPREAD_MAX: Duration = Duration::from_secs(600);
/// … and over no more than this for each of them, so that a few feeds start at once.
const SPREAD_EACH: Duration = Duration::from_millis(100);

/// The wait until the next poll. Jitter, up to a tenth, only lengthens it, and is the same for the
/// same feed and moment.
///
/// After failures the wait doubles from `interval` up to `backoff_max`; it never ends. What a
/// server asks for is a floor, up to `max_interval`.
pub fn wait(policy: &PollPolicy, feed: &FeedId, ending: Ending, now: Timestamp) -> Duration {
    let base = match ending {
        Ending::Good { asked } => policy.interval.max(asked.min(policy.max_interval)),
        Ending::Failed { errors, asked } => {
            let doubled = policy.interval.saturating_mul(1 << errors.saturating_sub(1).min(20));
            let backoff = doubled.min(policy.backoff_max.max(policy.interval));
            backoff.max(asked.unwrap_or_default().min(policy.max_interval))
        }
        Ending::Offline => policy.interval.min(OFFLINE_PROBE),
        Ending::Gone => GONE_PROBE.max(policy.interval),
    };
    base + fraction(base / 10, feed, now.as_millis().unsigned_abs())
}

/// When a feed is due whose schedule was stored as `stored`, at the start of a daemon with `feeds`
/// feeds. What is due in future keeps its time, if the policy can have given it; what is overdue,
/// or new, or further off than any wait of ours, is spread out, so that a start is no stampede.
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
    now.mono.plus(fraction(spread(policy, feeds), feed, 0))
}

/// Over how long the first polls of so many feeds are spread.
fn spread(policy: &PollPolicy, feeds: usize) -> Duration {
    let many = u32::try_from(feeds).unwrap_or(u32::MAX);
    SPREAD_EACH.saturating_mul(many).min(SPREAD_MAX).min(policy.interval)
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
        PollPolicy { interval: 900 * S, max_interval: 86_400 * S, backoff_max: 21_600 * S }
    }

    #[test]
    fn waits_follow_the_policy_and_jitter_only_lengthens_them() {
        let good = |asked| Ending::Good { asked: asked * S };
        let failed = |errors, asked: Option<u32>| Ending::Failed {
            errors,
            asked: asked.map(|seconds| seconds * S),
        };
        let cases = [
            ("the interval", good(0), 900),
            ("a server that asks for less", good(60), 900),
            ("a server that asks for more", good(3600), 3600),
            ("a server that asks for too much", good(1_000_000), 86_400),
            ("the first failure", failed(1, None), 900),
            ("the second", failed(2, None), 1800),
            ("the fifth", failed(5, None), 14_400),
            ("the sixth meets the ceiling", failed(6, None), 21_600),
            ("the thousandth too", failed(1000, None), 21_600),
            ("Retry-After is a floor", failed(1, Some(7200)), 7200),
            ("not a shortcut", failed(3, Some(1)), 3600),
            ("and has a ceiling", failed(1, Some(u32::MAX)), 86_400),
            ("without a network there is none to spare", Ending::Offline, 60),
            ("gone is probed weekly", Ending::Gone, 604_800),
        ];
        for (what, ending, seconds) in cases {
            for n in 0..50 {
                let feed = FeedId::new(format!("feed-{n}"));
                let wait = wait(&policy(), &feed, ending, Timestamp::from_millis(n * 977));
                let base = seconds * S;
                assert!(wait >= base && wait < base + base / 10 + S, "{what}: {wait:?}");
            }
        }
    }

    #[test]
    fn a_ceiling_below_the_interval_gives_way_to_it() {
        let policy = PollPolicy { backoff_max: 10 * S, ..policy() };
        let ending = Ending::Failed { errors: 4, asked: None };
        assert!(wait(&policy, &FeedId::new("x"), ending, Timestamp::from_millis(0)) >= 900 * S);
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
}
