//! What a second daemon does with what the first has left.

use super::reply::{moved, not_modified, ok, status};
use super::server::Place;
use super::situation::{Saw, Situation};
use super::stage::{self, SETTINGS};

type Named = (String, Situation);

/// What is served in both lives of the daemon, and when the first may end.
fn first() -> Vec<Named> {
    let conditional = Situation::new(|asked| match asked.text("if-none-match") {
        Some("\"1\"") => not_modified(),
        _ => ok(asked.news("1")).with("ETag", "\"1\""),
    });
    let by_header = || {
        Situation::new(|asked| match asked.text("x-edition") {
            Some("evening") => ok(asked.news("2 1")).with("ETag", "\"e\""),
            _ if asked.conditional() => not_modified(),
            _ => ok(asked.news("1")).with("ETag", "\"e\""),
        })
        .config("headers = { X-Edition = \"morning\" }")
    };
    let fresh = Situation::new(|asked| ok(asked.news("1")).with("Cache-Control", "max-age=900"));
    let told_off = Situation::new(|_| status(429).with("Retry-After", "900"));
    let gone = Situation::new(|_| status(410));
    let moves = Situation::new(|asked| match asked.rest() {
        "" => moved(301, asked.url(Place::Other, "/there")),
        _ => ok(asked.news("1")),
    });
    let beat = Situation::new(|asked| ok(asked.news("1")));
    let situations = [
        ("beat", beat.good(4)),
        ("c13_a_restart_asks_with_validators", conditional.good(2)),
        ("c3_other_headers_make_old_validators_void", by_header().good(1)),
        ("s3_a_restart_keeps_what_is_fresh", fresh.good(1)),
        ("s6_a_restart_keeps_retry_after", told_off.asked(1)),
        ("s8_a_restart_keeps_what_is_gone", gone.event("feed_gone")),
        ("r1_a_restart_keeps_a_move", moves.event("feed_moved")),
    ];
    situations.map(|(name, situation)| (name.to_owned(), situation.judge(|_| {}))).into()
}

/// When the second life may end, and what is right.
fn second() -> Vec<Named> {
    let told = |marks: &'static str| move |saw: &Saw| saw.told(marks);
    let none = || Situation::new(|_| status(500));
    let situations = [
        ("beat", none().good(4).judge(told("1"))),
        (
            "c13_a_restart_asks_with_validators",
            none().good(2).judge(|saw| {
                saw.told("1");
                assert!(saw.asked.iter().all(|asked| asked.conditional()));
            }),
        ),
        (
            "c3_other_headers_make_old_validators_void",
            none().config("headers = { X-Edition = \"evening\" }").good(2).judge(|saw| {
                saw.told("1 2");
                assert!(!saw.asked[0].conditional());
            }),
        ),
        ("s3_a_restart_keeps_what_is_fresh", none().quiet().judge(|saw| saw.left_alone_after(0))),
        ("s6_a_restart_keeps_retry_after", none().quiet().judge(|saw| saw.left_alone_after(0))),
        ("s8_a_restart_keeps_what_is_gone", none().quiet().judge(|saw| saw.left_alone_after(0))),
        (
            "r1_a_restart_keeps_a_move",
            none().asked(2).judge(|saw| {
                saw.told("1");
                assert!(saw.rests().iter().all(|rest| *rest == "/there"), "{:?}", saw.rests());
            }),
        ),
    ];
    situations.map(|(name, situation)| (name.to_owned(), situation)).into()
}

/// Nothing here is about the length of waits, so they are short.
fn settings() -> String {
    SETTINGS.replace("interval = \"2s\"", "interval = \"500ms\"")
}

#[test]
fn a_second_daemon_knows_what_the_first_knew() {
    let mut situations = first();
    let (server, home) = stage::set(&settings(), &mut situations);
    stage::play(&server, &home, situations).judge_all();
    let situations = second();
    let named = situations.iter().map(|(name, situation)| (name.as_str(), situation));
    home.write("wirewatch.toml", &stage::config(&settings(), server.town(), named));
    stage::play(&server, &home, situations).judge_all();
}
