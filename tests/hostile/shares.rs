//! S5: what one host is asked at a time, and how closely. These need other settings than the rest.

use std::time::Duration;

use super::reply::{Reply, Step, moved, raw};
use super::server::{Asked, Place};
use super::situation::{At, Situation};
use super::stage::{self, Run, SETTINGS};

/// A good answer that takes a moment.
fn slow(asked: &Asked) -> Reply {
    let news = asked.news("1");
    raw("").then(Step::Wait(Duration::from_millis(150))).then(Step::Send(
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{news}", news.len()).into(),
    ))
}

fn run(settings: &[(&str, &str)], situations: impl Iterator<Item = Situation>) -> Run {
    let fast = SETTINGS.replace("interval = \"2s\"", "interval = \"500ms\"");
    let settings = settings.iter().fold(fast, |text, (old, new)| text.replace(old, new));
    let mut situations: Vec<_> =
        situations.enumerate().map(|(n, situation)| (format!("share_{n}"), situation)).collect();
    let (server, home) = stage::set(&settings, &mut situations);
    stage::play(&server, &home, situations)
}

fn all_at(run: &Run, feeds: usize, place: Place) -> Vec<Asked> {
    let saws = (0..feeds).map(|n| run.saw(&format!("share_{n}")));
    let mut asked: Vec<Asked> = saws.flat_map(|saw| saw.at(place).into_iter().cloned()).collect();
    asked.sort_by_key(|asked| asked.at);
    asked
}

#[test]
fn s5_a_host_is_asked_no_more_than_it_may_be() {
    const FEEDS: usize = 8;
    let feeds = (0..FEEDS).map(|_| Situation::new(slow).good(2).reads("1"));
    let run = run(&[("per_host = 64", "per_host = 2")], feeds);
    run.judge_all();
    let most = all_at(&run, FEEDS, Place::Main).iter().map(|asked| asked.busy).max();
    assert_eq!(most, Some(2));
}

#[test]
fn s5_requests_to_a_host_keep_their_distance() {
    const FEEDS: usize = 6;
    let feeds = (0..FEEDS).map(|_| Situation::new(slow).good(1).reads("1"));
    let spacing = ("per_host_spacing = \"0s\"", "per_host_spacing = \"400ms\"");
    let run = run(&[spacing], feeds);
    run.judge_all();
    let asked = all_at(&run, FEEDS, Place::Main);
    let (first, last) = (asked[0].at, asked[FEEDS - 1].at);
    assert!(last.since(first) >= Duration::from_millis(1800), "{:?}", last.since(first));
}

/// Each feed is on a host of its own that sends it on to the same one.
#[test]
fn r4_a_redirect_waits_for_a_place_at_the_host_it_leads_to() {
    const FEEDS: usize = 6;
    let feeds = (0..FEEDS).map(|_| {
        Situation::new(|asked| match asked.place {
            Place::Main => slow(asked),
            _ => moved(302, asked.url(Place::Main, "/there")),
        })
        .at(At::Alone)
        .good(2)
        .reads("1")
    });
    let run = run(&[("per_host = 64", "per_host = 1")], feeds);
    run.judge_all();
    let most = all_at(&run, FEEDS, Place::Main).iter().map(|asked| asked.busy).max();
    assert_eq!(most, Some(1));
}
