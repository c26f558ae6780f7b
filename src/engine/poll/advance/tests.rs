use super::*;

const S: Duration = Duration::from_secs(1);

const HOUR: Duration = Duration::from_secs(3600);

fn policy() -> Policy {
    let poll = PollPolicy {
        interval: 60 * S,
        min_interval: 10 * S,
        max_interval: 3600 * S,
        backoff_max: 600 * S,
        wishes_max: 3600 * S,
    };
    let at_once = |times| Confirmation { times, over: Duration::ZERO };
    Policy { poll, moved: at_once(3), gone: at_once(2), feeds: 9 }
}

fn good(moved_to: Option<&str>) -> Ended {
    let moved_to = moved_to.map(|to| Url::parse(to).unwrap());
    Ended::Good(Sound { moved_to, ..Sound::default() })
}

fn shows(shown: Shown) -> Ended {
    Ended::Good(Sound { shown: Some(shown), ..Sound::default() })
}

fn bad(reason: Reason, status: Option<u16>) -> Ended {
    Ended::Bad { reason, message: "m".into(), status, retry_after: None }
}

/// What came of polls that were played one after the other.
struct Played {
    /// The notices of each, but for changes of state.
    told: Vec<Vec<Notice>>,
    /// The states told of, in order.
    states: Vec<Health>,
    wait: Duration,
    schedule: Schedule,
}

/// Plays polls one after the other, so far apart.
fn play_every(every: Duration, policy: &Policy, polls: Vec<Ended>, offline: bool) -> Played {
    let (mut schedule, mut told, mut states) = (Schedule::default(), Vec::new(), Vec::new());
    let mut wait = Duration::ZERO;
    let mut now = Timestamp::from_millis(1_000_000);
    let feed = FeedId::new("f");
    let mut moved_to: Option<String> = None;
    for ended in polls {
        let at = Standing { feed: &feed, policy, moved_to: moved_to.as_deref(), offline, now };
        let next = advance(&schedule, ended, at);
        schedule = next.schedule;
        let (health, other): (Vec<Notice>, Vec<Notice>) =
            next.notices.into_iter().partition(|notice| matches!(notice, Notice::Health(_)));
        states.extend(health.into_iter().filter_map(|notice| match notice {
            Notice::Health(change) => Some(change.state),
            _ => None,
        }));
        for notice in &other {
            match notice {
                Notice::Moved(to) => moved_to = Some(to.clone()),
                Notice::MoveUndone => moved_to = None,
                _ => {}
            }
        }
        told.push(other);
        wait = next.next.wait;
        now = now.plus(every);
    }
    Played { told, states, wait, schedule }
}

fn play(polls: Vec<Ended>, offline: bool) -> (Vec<Vec<Notice>>, Duration, Schedule) {
    let played = play_every(S, &policy(), polls, offline);
    (played.told, played.wait, played.schedule)
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
    assert_eq!(told[2], [Notice::Failing]);
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
    let (told, wait, _) = play(vec![gone(), bad(Reason::ServerError, Some(500)), gone()], false);
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
fn without_a_count_of_ones_own_a_move_and_an_end_take_a_day_to_be_believed() {
    let day = |times| Confirmation { times, over: 24 * HOUR };
    let policy = Policy { moved: day(3), gone: day(2), ..policy() };
    let to = Some("http://a.example/");
    let moves = |polls| play_every(6 * HOUR, &policy, vec![good(to); polls], false).told.concat();
    assert_eq!(moves(4), []);
    assert_eq!(moves(5), [Notice::Moved("http://a.example/".into())]);
    let ends = |polls| {
        let polls = vec![bad(Reason::Gone, Some(410)); polls];
        play_every(6 * HOUR, &policy, polls, false).told.concat().contains(&Notice::Gone)
    };
    assert!(!ends(4) && ends(5));
}

#[test]
fn each_change_of_state_is_told_once() {
    let hollow = || shows(Shown { hollow: true, items: 3, new: 1, ..Shown::default() });
    let full = || shows(Shown { items: 3, new: 1, ..Shown::default() });
    let challenge = || bad(Reason::Blocked, Some(403));
    let played = play_every(
        S,
        &policy(),
        vec![
            good(None),
            bad(Reason::Timeout, None),
            bad(Reason::Timeout, None),
            bad(Reason::Timeout, None),
            challenge(),
            challenge(),
            good(None),
            good(None),
            hollow(),
            good(None),
            full(),
            full(),
            bad(Reason::Gone, Some(410)),
            bad(Reason::Gone, Some(410)),
            good(None),
        ],
        false,
    );
    use Health::{Blocked, Failing, Gone, Hollow, Ok};
    assert_eq!(played.states, [Failing, Blocked, Ok, Hollow, Ok, Failing, Gone, Ok]);
}

#[test]
fn without_a_network_no_feed_is_said_to_fail() {
    let polls = || vec![bad(Reason::Dns, None); 5];
    assert_eq!(play_every(S, &policy(), polls(), true).states, []);
    assert_eq!(play_every(S, &policy(), polls(), false).states, [Health::Failing]);
}

#[test]
fn a_server_whose_unchanged_was_not_true_is_distrusted_for_a_week() {
    let full = |lied| {
        let shown = Some(Shown { items: 9, new: 2, ..Shown::default() });
        Ended::Good(Sound { full: true, lied, shown, ..Sound::default() })
    };
    let states = |last| {
        let mut polls = vec![full(false), last];
        polls.extend(vec![good(None); 8]);
        play_every(24 * HOUR, &policy(), polls, false).states
    };
    assert_eq!(states(full(true)), [Health::Stuck, Health::Ok]);
    assert_eq!(states(full(false)), [], "all of it came since the last poll");
}

#[test]
fn a_feed_that_fails_every_other_time_is_told_of_once() {
    let polls = (0..20).map(|n| match n % 2 {
        0 => good(None),
        _ => bad(Reason::ServerError, Some(500)),
    });
    let played = play_every(S, &policy(), polls.chain([good(None), good(None)]).collect(), false);
    assert_eq!(played.states, [Health::Failing, Health::Ok]);
}

#[test]
fn what_failed_for_want_of_a_network_is_not_held_against_a_feed() {
    let policy = policy();
    let feed = FeedId::new("f");
    let mut schedule = Schedule::default();
    for n in 0..20 {
        let now = Timestamp::from_millis(n * 60_000);
        let at = Standing { feed: &feed, policy: &policy, moved_to: Some("x"), offline: true, now };
        schedule = advance(&schedule, bad(Reason::Dns, None), at).schedule;
    }
    assert_eq!(schedule.errors, 1);
    let now = Timestamp::from_millis(2_000_000);
    let at = Standing { feed: &feed, policy: &policy, moved_to: Some("x"), offline: false, now };
    let next = advance(&schedule, bad(Reason::ServerError, Some(503)), at);
    assert!(next.next.wait <= 132 * S, "{:?}", next.next.wait);
    let next = advance(&next.schedule, bad(Reason::ServerError, Some(503)), at);
    assert!(next.notices.contains(&Notice::MoveUndone), "where it moved to there is nothing");
}

#[test]
fn missed_items_shorten_the_interval_until_none_are() {
    let shown = |new, gap| shows(Shown { items: 20, new, gap, ..Shown::default() });
    let pace = |polls: Vec<Ended>| play_every(S, &policy(), polls, false).schedule.condition.pace;
    assert_eq!(pace(vec![shown(20, true), shown(20, true)]), 2);
    assert_eq!(pace(vec![shown(20, true); 9]), PACE_MAX);
    assert_eq!(pace(vec![shown(20, true), shown(20, true), shown(9, false)]), 2);
    assert_eq!(pace(vec![shown(20, true), shown(20, true), shown(5, false)]), 1);
    let played = play_every(S, &policy(), vec![shown(20, true)], false);
    assert!(played.wait >= 30 * S && played.wait <= 33 * S, "{:?}", played.wait);
    assert_eq!(pace(vec![shown(20, true), shown(20, true), good(None)]), 1, "nothing passes by");
}

#[test]
fn what_a_document_asks_for_holds_as_long_as_it_stays_the_same() {
    let wishes = Wishes { ttl: Some(1800 * S), ..Wishes::default() };
    let played = play_every(
        S,
        &policy(),
        vec![shows(Shown { wishes, items: 1, ..Shown::default() }), good(None)],
        false,
    );
    assert!(played.wait >= 1800 * S);
}
