//! What the end of a poll means for the feed's next one, and what is worth saying of it. Pure.

use std::collections::HashSet;
use std::time::Duration;

use url::Url;

use crate::model::{FeedId, Reason, Schedule, Timestamp};
use crate::schedule::{Ending, PollPolicy, wait};

/// The part of the config that decides over a feed's state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    pub poll: PollPolicy,
    pub permanent_redirect_after: u32,
    pub gone_after: u32,
}

/// How a poll ended.
#[derive(Clone, Debug)]
pub(super) enum Ended {
    Good {
        /// How long the server asks to be left alone.
        asked: Duration,
        /// Where it permanently redirects to.
        moved_to: Option<Url>,
    },
    Bad {
        reason: Reason,
        message: String,
        status: Option<u16>,
        retry_after: Option<Duration>,
    },
}

/// What follows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Advance {
    /// The schedule, but for `next_poll`.
    pub schedule: Schedule,
    pub wait: Duration,
    pub notices: Vec<Notice>,
}

/// Something that changed, and so is worth a line in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// Polls begin to fail, or fail for another reason than before.
    Failing,
    /// They had failed that many times.
    Recovered(u32),
    /// The feed has moved for good.
    Moved(String),
    /// Where it had moved to there is nothing any more: back to the URL of the config.
    MoveUndone,
    /// Its server has confirmed that it is gone.
    Gone,
}

/// Decides. `offline`: no host can be reached, so a failure says nothing of the feed.
pub(super) fn advance(
    old: &Schedule,
    ended: Ended,
    policy: &Policy,
    feed: &FeedId,
    offline: bool,
    now: Timestamp,
) -> Advance {
    match ended {
        Ended::Good { asked, moved_to } => good(old, asked, moved_to, policy, feed, now),
        Ended::Bad { reason, message, status, retry_after } => {
            let errors = old.errors.saturating_add(1);
            let gone = if status == Some(410) { old.gone.saturating_add(1) } else { 0 };
            let mut notices = Vec::new();
            if old.errors == 0 || old.last_reason != Some(reason) {
                notices.push(Notice::Failing);
            }
            if gone == policy.gone_after {
                notices.push(Notice::Gone);
            }
            if errors == policy.permanent_redirect_after && !offline {
                notices.push(Notice::MoveUndone);
            }
            let ending = if gone >= policy.gone_after {
                Ending::Gone
            } else if offline && is_network(Some(reason)) {
                Ending::Offline
            } else {
                Ending::Failed { errors, asked: retry_after }
            };
            Advance {
                schedule: Schedule {
                    last_poll: Some(now),
                    errors,
                    last_reason: Some(reason),
                    last_message: Some(message),
                    moved: None,
                    gone,
                    ..old.clone()
                },
                wait: wait(&policy.poll, feed, ending, now),
                notices,
            }
        }
    }
}

fn good(
    old: &Schedule,
    asked: Duration,
    moved_to: Option<Url>,
    policy: &Policy,
    feed: &FeedId,
    now: Timestamp,
) -> Advance {
    let mut notices = Vec::new();
    if old.errors > 0 {
        notices.push(Notice::Recovered(old.errors));
    }
    let mut moved = moved_to.map(|to| match &old.moved {
        Some((before, times)) if *before == to.as_str() => (before.clone(), times + 1),
        _ => (to.into(), 1),
    });
    if let Some((to, _)) = moved.take_if(|(_, times)| *times >= policy.permanent_redirect_after) {
        notices.push(Notice::Moved(to));
    }
    Advance {
        schedule: Schedule {
            last_poll: Some(now),
            last_success: Some(now),
            errors: 0,
            last_reason: None,
            last_message: None,
            moved,
            gone: 0,
            ..old.clone()
        },
        wait: wait(&policy.poll, feed, Ending::Good { asked }, now),
        notices,
    }
}

/// Whether `reason` may mean that there is no network, rather than that a server is at fault.
pub(super) fn is_network(reason: Option<Reason>) -> bool {
    matches!(reason, Some(Reason::Dns | Reason::Connect | Reason::Timeout))
}

/// Whether the machine has a network at all, told from how all polls end.
#[derive(Clone, Debug, Default)]
pub(super) struct Connectivity {
    /// Hosts that could not be reached since one last could.
    unreached: HashSet<String>,
    offline: bool,
}

impl Connectivity {
    /// So many hosts, one after the other, must be out of reach, if there are so many.
    const ENOUGH: usize = 8;
    /// With fewer hosts than this nothing can be told: it may as well be their fault.
    const LEAST: usize = 3;

    /// Takes in the end of a poll at `host`, one of `hosts`. A failure counts only if the feed had
    /// not failed before (`fresh`): many dead feeds are no lack of network. `Some` if that turns
    /// the answer.
    pub(super) fn saw(
        &mut self,
        reason: Option<Reason>,
        host: String,
        fresh: bool,
        hosts: usize,
    ) -> Option<bool> {
        if !is_network(reason) {
            // Any other end means that a server has answered.
            self.unreached.clear();
            return std::mem::take(&mut self.offline).then_some(false);
        }
        if self.offline || !fresh {
            return None;
        }
        self.unreached.insert(host);
        self.offline = self.unreached.len() >= hosts.clamp(Self::LEAST, Self::ENOUGH);
        self.offline.then_some(true)
    }

    /// Whether no feed can be reached.
    pub(super) fn is_offline(&self) -> bool {
        self.offline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn policy() -> Policy {
        let poll = PollPolicy { interval: 60 * S, max_interval: 3600 * S, backoff_max: 600 * S };
        Policy { poll, permanent_redirect_after: 3, gone_after: 2 }
    }

    fn good(moved_to: Option<&str>) -> Ended {
        let moved_to = moved_to.map(|to| Url::parse(to).unwrap());
        Ended::Good { asked: Duration::ZERO, moved_to }
    }

    fn bad(reason: Reason, status: Option<u16>) -> Ended {
        Ended::Bad { reason, message: "m".into(), status, retry_after: None }
    }

    /// Plays polls one after the other; the notices of each, and the last wait.
    fn play(polls: Vec<Ended>, offline: bool) -> (Vec<Vec<Notice>>, Duration, Schedule) {
        let mut schedule = Schedule::default();
        let mut told = Vec::new();
        let mut last = Duration::ZERO;
        for ended in polls {
            let now = Timestamp::from_millis(1_000_000);
            let next = advance(&schedule, ended, &policy(), &FeedId::new("f"), offline, now);
            schedule = next.schedule;
            told.push(next.notices);
            last = next.wait;
        }
        (told, last, schedule)
    }

    #[test]
    fn a_failure_is_told_once_and_again_when_its_reason_changes() {
        let (told, wait, schedule) = play(
            vec![
                bad(Reason::Dns, None),
                bad(Reason::Dns, None),
                bad(Reason::ServerError, Some(500)),
                good(None),
                good(None),
            ],
            false,
        );
        assert_eq!(told[0], [Notice::Failing]);
        assert!(told[1].is_empty());
        assert_eq!(told[2], [Notice::Failing, Notice::MoveUndone]);
        assert_eq!(told[3], [Notice::Recovered(3)]);
        assert!(told[4].is_empty());
        assert!(wait >= 60 * S && wait <= 66 * S);
        assert_eq!((schedule.errors, schedule.last_reason), (0, None));
    }

    #[test]
    fn a_feed_moves_after_the_same_redirect_so_many_times_in_a_row() {
        let (a, b) = (Some("http://a.example/"), Some("http://b.example/"));
        let (told, _, schedule) = play(
            vec![good(a), good(a), good(b), good(b), good(None), good(b), good(b), good(b)],
            false,
        );
        assert!(told[..7].iter().all(Vec::is_empty));
        assert_eq!(told[7], [Notice::Moved("http://b.example/".into())]);
        assert_eq!(schedule.moved, None);
    }

    #[test]
    fn gone_takes_confirmation_and_is_then_probed_seldom() {
        let gone = || bad(Reason::Gone, Some(410));
        let (told, wait, _) =
            play(vec![gone(), bad(Reason::ServerError, Some(500)), gone()], false);
        assert!(!told.concat().contains(&Notice::Gone));
        assert!(wait < 700 * S);
        let (told, wait, _) = play(vec![gone(), gone()], false);
        assert!(told[1].contains(&Notice::Gone));
        assert!(wait >= 604_800 * S);
        let (told, wait, schedule) = play(vec![gone(), gone(), good(None)], false);
        assert_eq!(told[2], [Notice::Recovered(2)]);
        assert!(wait < 67 * S && schedule.gone == 0);
    }

    #[test]
    fn without_a_network_the_wait_does_not_grow() {
        let failures = || (0..9).map(|_| bad(Reason::Dns, None)).collect::<Vec<_>>();
        assert!(play(failures(), true).1 <= 66 * S);
        assert!(play(failures(), false).1 >= 600 * S);
    }

    #[test]
    fn offline_is_told_when_all_hosts_fail_and_ends_with_the_first_answer() {
        let mut net = Connectivity::default();
        assert_eq!(net.saw(Some(Reason::Dns), "a".into(), true, 3), None);
        assert_eq!(net.saw(Some(Reason::Connect), "b".into(), true, 3), None);
        assert_eq!(net.saw(Some(Reason::Dns), "a".into(), true, 3), None);
        assert_eq!(net.saw(Some(Reason::Timeout), "c".into(), true, 3), Some(true));
        assert_eq!(net.saw(Some(Reason::Dns), "a".into(), true, 3), None);
        assert!(net.is_offline());
        assert_eq!(net.saw(Some(Reason::NotFound), "b".into(), true, 3), Some(false));
        assert_eq!(net.saw(None, "a".into(), true, 3), None);
        for host in ["a", "b", "c", "d", "e", "f", "g"] {
            assert_eq!(net.saw(Some(Reason::Dns), host.into(), true, 2000), None);
        }
        assert_eq!(net.saw(Some(Reason::Dns), "h".into(), false, 2000), None);
        assert_eq!(net.saw(Some(Reason::Dns), "h".into(), true, 2000), Some(true));
    }

    #[test]
    fn one_or_two_dead_servers_are_no_lack_of_network() {
        let mut net = Connectivity::default();
        for _ in 0..50 {
            assert_eq!(net.saw(Some(Reason::Connect), "a".into(), true, 2), None);
            assert_eq!(net.saw(Some(Reason::Connect), "b".into(), true, 2), None);
        }
    }
}
