use proptest::prelude::*;

use super::*;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn now(wall: &str, mono: u64) -> Now {
    Now { wall: at(wall), mono: Mono::from_millis(mono * 1000) }
}

fn row(raised_at: &str) -> Row {
    Row { raised_at: at(raised_at), gathered: false, tried: false }
}

fn quiet(from: &str, to: &str, zone: &str) -> Quiet {
    Quiet {
        from: TimeOfDay::parse(from).unwrap(),
        to: TimeOfDay::parse(to).unwrap(),
        zone: jiff::tz::TimeZone::get(zone).unwrap(),
        days: Days::ALL,
        through: vec![Level::Critical],
    }
}

fn rate(most: u32) -> Pacing {
    Pacing { max_per_minute: Some(most), ..Pacing::default() }
}

/// `sent`: the seconds at which messages were answered.
fn traffic(pacing: &Pacing, sent: &[u64], under_way: usize) -> Traffic {
    let mut traffic = Traffic::default();
    for second in sent {
        traffic.begin();
        traffic.end(pacing, Mono::from_millis(second * 1000));
    }
    traffic.under_way = under_way;
    traffic
}

const NOON: &str = "2026-11-27T12:00:00Z";

/// What is done with so many rows that were raised just now, the first seen at second 100.
fn decided(pacing: &Pacing, traffic: &Traffic, rows: usize, second: u64) -> Next {
    let moment = Moment {
        since: Since { at: Mono::from_millis(100_000), before: Duration::ZERO },
        urgent: false,
        closing: false,
        now: now(NOON, second),
    };
    next(pacing, traffic, &vec![row(NOON); rows], moment)
}

fn send(rows: usize, form: Form) -> Next {
    Next::Send { rows, form }
}

fn wait(second: u64, hold: Hold) -> Next {
    Next::Wait { until: Some(Mono::from_millis(second * 1000)), hold }
}

#[test]
fn without_pacing_each_alert_is_a_message() {
    let pacing = Pacing::default();
    assert!(!pacing.gathers());
    for rows in [1, 2, 50] {
        assert_eq!(decided(&pacing, &Traffic::default(), rows, 100), send(1, Form::Single));
    }
    let look = look(&pacing, &Traffic::default(), 50, now(NOON, 100));
    assert_eq!(look, Look::At { rows: 1, levels: vec![] });
}

#[test]
fn the_last_message_of_a_minute_is_a_digest() {
    let pacing = rate(3);
    let cases: &[(&[u64], usize, usize, Next)] = &[
        (&[], 0, 9, send(1, Form::Single)),
        (&[90], 0, 9, send(1, Form::Single)),
        (&[90, 91], 0, 9, send(9, Form::Digest)),
        (&[90, 91], 0, 1, send(1, Form::Single)),
        (&[90], 1, 9, send(9, Form::Digest)),
        (&[90, 91, 92], 0, 9, wait(150, Hold::Rate)),
        (&[41, 42, 92], 0, 9, wait(101, Hold::Rate)),
        (&[40, 91], 0, 9, send(1, Form::Single)),
        (&[90], 2, 9, wait(150, Hold::Rate)),
        (&[], 3, 9, Next::Wait { until: None, hold: Hold::Rate }),
    ];
    for (sent, under_way, rows, expected) in cases {
        let traffic = traffic(&pacing, sent, *under_way);
        let second = if *sent == [40, 91] { 101 } else { 100 };
        assert_eq!(decided(&pacing, &traffic, *rows, second), *expected, "{sent:?} {under_way}");
    }
    // Of one a minute each is a digest.
    assert_eq!(decided(&rate(1), &Traffic::default(), 9, 100), send(9, Form::Digest));
}

#[test]
fn what_the_rate_has_held_up_goes_as_digests_until_nothing_waits() {
    let pacing = rate(3);
    let mut traffic = traffic(&pacing, &[40, 41, 42], 0);
    let held = decided(&pacing, &traffic, 9, 99);
    assert_eq!(held, wait(100, Hold::Rate));
    traffic.fell_behind();
    assert_eq!(decided(&pacing, &traffic, 9, 110), send(9, Form::Digest));
    traffic.caught_up();
    assert_eq!(decided(&pacing, &traffic, 9, 110), send(1, Form::Single));
}

#[test]
fn a_window_gathers_what_comes_together() {
    let pacing = Pacing { group_for: Some(seconds(120)), ..Pacing::default() };
    let none = Traffic::default();
    assert_eq!(decided(&pacing, &none, 1, 100), wait(220, Hold::Group));
    assert_eq!(decided(&pacing, &none, 9, 219), wait(220, Hold::Group));
    assert_eq!(decided(&pacing, &none, 9, 220), send(9, Form::Group));
    assert_eq!(decided(&pacing, &none, 1, 220), send(1, Form::Single));
    let moment = |urgent, closing| Moment {
        since: Since { at: Mono::from_millis(100_000), before: Duration::ZERO },
        urgent,
        closing,
        now: now(NOON, 101),
    };
    let rows = [row(NOON); 2];
    assert_eq!(next(&pacing, &none, &rows, moment(true, false)), send(2, Form::Group));
    assert_eq!(next(&pacing, &none, &rows, moment(false, true)), send(2, Form::Group));
}

#[test]
fn a_window_that_was_open_before_the_start_is_no_longer_for_it() {
    let raised = [at(NOON), at("2026-11-27T11:59:00Z"), at("2026-11-27T12:00:30Z")];
    let began = at("2026-11-27T12:00:10Z");
    for (second, wall, before) in [
        (7, "2026-11-27T12:00:40Z", 100),
        (7, "2026-11-28T12:00:00Z", 24 * 3600 + 60),
        // The wall clock was set back.
        (7, "2026-11-27T09:00:00Z", 0),
    ] {
        let since = Since::seen(raised, began, now(wall, second));
        let expected = Since { at: Mono::from_millis(second * 1000), before: seconds(before) };
        assert_eq!(since, expected, "{wall}");
        let pacing = Pacing { group_for: Some(seconds(120)), ..Pacing::default() };
        let moment = Moment { since, urgent: false, closing: false, now: now(wall, second) };
        let next = next(&pacing, &Traffic::default(), &[row(NOON)], moment);
        let left = 120_u64.saturating_sub(before);
        let expected =
            if left == 0 { send(1, Form::Single) } else { wait(second + left, Hold::Group) };
        assert_eq!(next, expected, "{wall}");
    }
    let new = Since::seen([at("2026-11-27T12:00:30Z")], began, now("2026-11-27T12:05:00Z", 7));
    assert_eq!(new.before, Duration::ZERO, "it is of this process");
}

#[test]
fn what_was_gathered_goes_as_it_was() {
    let mut pacing = rate(2);
    pacing.group_for = Some(seconds(120));
    let rows = [Row { gathered: true, ..row(NOON) }; 3];
    let moment = Moment {
        since: Since { at: Mono::from_millis(100_000), before: Duration::ZERO },
        urgent: false,
        closing: false,
        now: now(NOON, 101),
    };
    assert_eq!(next(&pacing, &Traffic::default(), &rows, moment), send(3, Form::Group));
    let full = traffic(&pacing, &[90, 91], 0);
    assert_eq!(next(&pacing, &full, &rows, moment), wait(150, Hold::Rate));
}

#[test]
fn what_was_sent_by_itself_goes_by_itself_again() {
    let pacing = Pacing { group_for: Some(seconds(120)), ..rate(1) };
    let (new, tried) = (row(NOON), Row { tried: true, ..row(NOON) });
    let moment = Moment {
        since: Since { at: Mono::from_millis(100_000), before: Duration::ZERO },
        urgent: false,
        closing: false,
        now: now(NOON, 220),
    };
    let sent = |rows: &[Row]| next(&pacing, &Traffic::default(), rows, moment);
    assert_eq!(sent(&[tried, tried, new]), send(1, Form::Single));
    assert_eq!(sent(&[new, new, tried, new]), send(2, Form::Group));
}

#[test]
fn quiet_hours_hold_all_but_what_passes_and_end_in_a_catch_up() {
    let pacing = Pacing { quiet: Some(quiet("22:00", "07:00", "UTC")), ..Pacing::default() };
    let looked = |pacing: &Pacing, wall| look(pacing, &Traffic::default(), 50, now(wall, 100));
    let all = Look::At { rows: 50, levels: vec![] };
    assert_eq!(looked(&pacing, "2026-11-26T21:59:59Z"), all);
    let some = Look::At { rows: 50, levels: vec![Level::Critical] };
    assert_eq!(looked(&pacing, "2026-11-26T22:00:00Z"), some);
    assert_eq!(looked(&pacing, "2026-11-27T06:59:59Z"), some);
    assert_eq!(looked(&pacing, "2026-11-27T07:00:00Z"), all);
    let mut silent = pacing.clone();
    silent.quiet.as_mut().unwrap().through.clear();
    let until = Mono::from_millis(160_000);
    assert_eq!(looked(&silent, "2026-11-27T06:59:00Z"), Look::Not { until });

    let moment = |wall| Moment {
        since: Since { at: Mono::from_millis(100_000), before: Duration::ZERO },
        urgent: false,
        closing: false,
        now: now(wall, 100),
    };
    let (held, new) = (row("2026-11-27T03:00:00Z"), row("2026-11-27T07:00:01Z"));
    let sent = |rows: &[Row], wall| next(&pacing, &Traffic::default(), rows, moment(wall));
    let after = "2026-11-27T07:00:02Z";
    assert_eq!(sent(&[held, held, new], after), send(2, Form::CatchUp));
    assert_eq!(sent(&[held, new], after), send(1, Form::Single));
    assert_eq!(sent(&[new, held], after), send(1, Form::Single));
    // What passes goes by itself.
    assert_eq!(sent(&[held, held], "2026-11-27T03:00:01Z"), send(1, Form::Single));
    // An operator sends one alert by itself too.
    let urgent = Moment { urgent: true, ..moment(after) };
    assert_eq!(next(&pacing, &Traffic::default(), &[held, held], urgent), send(1, Form::Single));
}

#[test]
fn quiet_hours_follow_the_clocks_of_their_zone() {
    let cases = [
        // Kyiv is two hours ahead in winter, three in summer.
        ("22:00", "07:00", "2026-01-10T19:59:59Z", None),
        ("22:00", "07:00", "2026-01-10T20:00:00Z", Some("2026-01-11T05:00:00Z")),
        ("22:00", "07:00", "2026-01-11T04:59:59Z", Some("2026-01-11T05:00:00Z")),
        ("22:00", "07:00", "2026-07-10T19:00:00Z", Some("2026-07-11T04:00:00Z")),
        // The night of 29 March is an hour shorter, that of 25 October an hour longer.
        ("22:00", "07:00", "2026-03-28T20:00:00Z", Some("2026-03-29T04:00:00Z")),
        ("22:00", "07:00", "2026-10-24T19:00:00Z", Some("2026-10-25T05:00:00Z")),
        // 03:00 to 04:00 does not exist on the one, and is there twice on the other.
        ("01:00", "03:30", "2026-03-28T23:30:00Z", Some("2026-03-29T01:30:00Z")),
        ("03:10", "03:50", "2026-03-29T01:05:00Z", None),
        ("03:10", "03:50", "2026-03-29T01:10:00Z", Some("2026-03-29T01:50:00Z")),
        ("03:10", "03:50", "2026-10-25T00:20:00Z", Some("2026-10-25T00:50:00Z")),
        ("03:10", "03:50", "2026-10-25T01:20:00Z", None),
        // Within a day, and to its end.
        ("12:00", "13:00", "2026-07-10T09:30:00Z", Some("2026-07-10T10:00:00Z")),
        ("12:00", "13:00", "2026-07-10T10:00:00Z", None),
        ("00:00", "24:00", "2026-07-10T09:30:00Z", Some("2026-07-10T21:00:00Z")),
    ];
    for (from, to, wall, until) in cases {
        let quiet = quiet(from, to, "Europe/Kyiv");
        assert_eq!(quiet.until(at(wall)), until.map(at), "{from}-{to} at {wall}");
    }
}

#[test]
fn quiet_hours_begin_on_their_days() {
    let mut weekend = quiet("22:00", "07:00", "UTC");
    weekend.days = Days::NONE.with("fri").unwrap().with("sat").unwrap();
    // 2026-11-27 is a Friday.
    for (wall, is_quiet) in [
        ("2026-11-27T06:00:00Z", false),
        ("2026-11-27T22:00:00Z", true),
        ("2026-11-28T06:59:00Z", true),
        ("2026-11-28T22:00:00Z", true),
        ("2026-11-29T06:00:00Z", true),
        ("2026-11-29T22:00:00Z", false),
    ] {
        assert_eq!(weekend.until(at(wall)).is_some(), is_quiet, "{wall}");
    }
    assert_eq!(weekend.ended(at("2026-12-04T21:00:00Z")), Some(at("2026-11-29T07:00:00Z")));
    assert_eq!(Days::NONE.with("someday"), None);
}

#[test]
fn times_of_day_are_hours_and_minutes() {
    for text in ["00:00", "07:30", "23:59", "24:00"] {
        assert_eq!(TimeOfDay::parse(text).unwrap().to_string(), text);
    }
    assert!(TimeOfDay::parse("09:59") < TimeOfDay::parse("10:00"));
    for text in
        ["", "7:00", "24:01", "25:00", "12:60", "-1:00", "12", "12:0x", "12:00:00", "１２:00"]
    {
        assert_eq!(TimeOfDay::parse(text), None, "{text}");
    }
}

#[test]
fn an_alert_is_given_up_after_its_time() {
    let pacing = Pacing::default();
    let first = Some(at("2026-11-26T12:00:00Z"));
    let started = at("2026-11-26T11:00:00Z");
    assert!(!pacing.gives_up((None, 9), started, at(NOON)));
    assert!(!pacing.gives_up((first, 3), started, at("2026-11-27T11:59:59Z")));
    assert!(pacing.gives_up((first, 3), started, at(NOON)));
    assert!(!pacing.gives_up((first, 2), started, at(NOON)), "it was hardly tried");
    let never = Pacing { give_up_after: None, ..pacing };
    assert!(!never.gives_up((first, 3), started, at("2036-11-26T12:00:00Z")));
}

#[test]
fn what_failed_before_the_start_is_given_up_a_while_after_it() {
    let (minute, day) = (Duration::from_secs(60), Pacing::GIVE_UP_AFTER);
    let first = "2026-11-26T12:00:00Z";
    for (after, started, now, given_up) in [
        // Off over a weekend.
        (day, "2026-11-29T12:00:00Z", "2026-11-29T12:00:05Z", false),
        (day, "2026-11-29T12:00:00Z", "2026-11-29T12:59:59Z", false),
        (day, "2026-11-29T12:00:00Z", "2026-11-29T13:00:00Z", true),
        // The time itself must have gone by, too.
        (day, "2026-11-26T12:30:00Z", "2026-11-27T11:59:59Z", false),
        (day, "2026-11-26T12:30:00Z", "2026-11-27T12:00:00Z", true),
        // No longer than what was asked for.
        (minute, "2026-11-29T12:00:00Z", "2026-11-29T12:00:59Z", false),
        (minute, "2026-11-29T12:00:00Z", "2026-11-29T12:01:00Z", true),
        // What failed since is known.
        (minute, first, "2026-11-26T12:01:00Z", true),
    ] {
        let pacing = Pacing { give_up_after: Some(after), ..Pacing::default() };
        let decided = pacing.gives_up((Some(at(first)), 3), at(started), at(now));
        assert_eq!(decided, given_up, "{after:?} {started} {now}");
    }
}

/// A sink that is played: rows come, messages take their time.
struct Played {
    pacing: Pacing,
    /// The most rows in a message.
    most: usize,
    /// When each row comes, in milliseconds.
    times: Vec<u64>,
    traffic: Traffic,
    waiting: Vec<usize>,
    since: Option<Mono>,
    /// When the messages under way end.
    under_way: Vec<u64>,
    /// Of each message, when it began and ended, and its rows.
    sent: Vec<(u64, u64, Vec<usize>)>,
}

const START: &str = "2026-10-24T20:00:00Z";

fn played_at(millis: u64) -> Now {
    let wall = at(START).plus(Duration::from_millis(millis));
    Now { wall, mono: Mono::from_millis(millis) }
}

impl Played {
    /// `comes`: milliseconds between one row and the next; `takes`: how long messages take, in turn.
    fn new(pacing: Pacing, comes: &[u64], takes: &[u64], most: usize) -> Self {
        let mut sum = 0;
        let times = comes.iter().map(|gap| {
            sum += gap;
            sum
        });
        let mut played = Self {
            pacing,
            most,
            times: times.collect(),
            traffic: Traffic::default(),
            waiting: vec![],
            since: None,
            under_way: vec![],
            sent: vec![],
        };
        played.play(takes);
        played
    }

    fn play(&mut self, takes: &[u64]) {
        let (mut came, mut clock) = (0, 0);
        for _ in 0..100_000 {
            while came < self.times.len() && self.times[came] <= clock {
                self.waiting.push(came);
                came += 1;
            }
            let ended = self.under_way.iter().filter(|end| **end <= clock).count();
            (0..ended).for_each(|_| self.traffic.end(&self.pacing, played_at(clock).mono));
            self.under_way.retain(|end| *end > clock);
            let acted = self.act(clock, takes);
            let known = [self.times.get(came), self.under_way.iter().min()];
            let wake = known.into_iter().flatten().copied().chain(acted).min();
            match wake {
                Some(at) => clock = at.max(clock),
                None => return,
            }
        }
        panic!("it does not end");
    }

    /// Does what is to be done at `clock`. Answers when to look again, if that is known.
    fn act(&mut self, clock: u64, takes: &[u64]) -> Option<u64> {
        if self.waiting.is_empty() || self.under_way.len() >= self.pacing.concurrency as usize {
            return None;
        }
        let now = played_at(clock);
        let rows = match look(&self.pacing, &self.traffic, self.most, now) {
            Look::Not { until } => return Some(millis(until)),
            // All rows that are played are of a level that does not pass.
            Look::At { levels, .. } if !levels.is_empty() => {
                let end = self.pacing.quiet.as_ref().unwrap().until(now.wall).unwrap();
                return Some(millis(now.mono.plus(end.since(now.wall))));
            }
            Look::At { rows, .. } => rows,
        };
        let at = *self.since.get_or_insert(now.mono);
        let since = Since { at, before: Duration::ZERO };
        let seen = self.waiting.iter().take(rows).map(|row| Row {
            raised_at: played_at(self.times[*row]).wall,
            gathered: false,
            tried: false,
        });
        let moment = Moment { since, urgent: false, closing: false, now };
        let next = next(&self.pacing, &self.traffic, &seen.collect::<Vec<_>>(), moment);
        let (rows, form) = match next {
            Next::Send { rows, form } => (rows, form),
            Next::Wait { until, hold } => {
                if hold == Hold::Rate {
                    self.traffic.fell_behind();
                }
                return until.map(millis);
            }
        };
        self.traffic.note(form);
        assert!((1..=self.most).contains(&rows));
        self.traffic.begin();
        let end = clock + takes[self.sent.len() % takes.len()];
        self.under_way.push(end);
        self.sent.push((clock, end, self.waiting.drain(..rows).collect()));
        if self.waiting.is_empty() {
            self.traffic.caught_up();
            self.since = None;
        }
        Some(clock)
    }
}

fn millis(mono: Mono) -> u64 {
    u64::try_from(mono.since(Mono::from_millis(0)).as_millis()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn never_more_than_the_rate_nothing_lost_and_in_order(
        comes in prop::collection::vec(prop_oneof![Just(0), 0..2_000_u64, 0..900_000_u64], 1..150),
        takes in prop::collection::vec(prop_oneof![Just(0), 0..5_000_u64, 0..70_000_u64], 1..6),
        rate in prop::option::of(1..6_u32),
        group in prop::option::of(1..200_u64),
        night in prop::option::of(("2[0-3]:[0-5]0", "0[0-9]:[0-5]0")),
        concurrency in 1..5_u32,
        most in 1..20_usize,
    ) {
        let pacing = Pacing {
            concurrency,
            max_per_minute: rate,
            group_for: group.map(seconds),
            quiet: night.map(|(from, to)| quiet(&from, &to, "Europe/Kyiv")),
            ..Pacing::default()
        };
        let played = Played::new(pacing.clone(), &comes, &takes, most);
        let rows: Vec<usize> =
            played.sent.iter().flat_map(|(_, _, rows)| rows.iter().copied()).collect();
        prop_assert_eq!(rows, (0..comes.len()).collect::<Vec<_>>());
        if let Some(rate) = rate {
            // The receiver may get a message at any time between begin and end.
            for (index, (begin, ..)) in played.sent.iter().enumerate().skip(rate as usize) {
                let within = |(_, end, _): &&(u64, u64, Vec<usize>)| *end + 60_000 > *begin;
                let near = played.sent[..index].iter().filter(within).count();
                prop_assert!(near < rate as usize, "message {}", index);
            }
        }
        if let Some(quiet) = &pacing.quiet {
            for (begin, ..) in &played.sent {
                prop_assert_eq!(quiet.until(played_at(*begin).wall), None);
            }
        }
    }
}
