//! Servers that misbehave at the level of bytes, and what the daemon makes of them: a case for
//! each situation, all of them met by one daemon at once. `README.md` has the table.

#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]
#![expect(clippy::expect_used, reason = "a failing helper fails its test")]

/// Makes a test of each situation, and a list of all of them.
macro_rules! situations {
    ($($name:ident,)+) => {
        /// The situations of this file.
        pub const ALL: &[(&str, fn() -> crate::situation::Situation)] =
            &[$((stringify!($name), $name),)+];

        mod cases {
            $(#[test]
            fn $name() {
                crate::stage::run().judge(stringify!($name));
            })+
        }
    };
}

mod bodies;
mod conditional;
mod daemon;
mod guarded;
mod limits;
mod memory;
mod packed;
mod polite;
mod redirects;
mod reply;
mod restarts;
mod server;
mod shares;
mod situation;
mod stage;
mod tls;
mod transport;

use std::io::Write as _;

use situation::Situation;

/// All situations, by name.
fn all() -> impl Iterator<Item = (&'static str, fn() -> Situation)> {
    let files = [
        bodies::ALL,
        conditional::ALL,
        guarded::ALL,
        limits::ALL,
        polite::ALL,
        redirects::ALL,
        transport::ALL,
    ];
    files.into_iter().flatten().copied()
}

#[test]
fn g1_nobody_ever_connects_to_where_the_config_does_not_allow_it() {
    assert_eq!(stage::run().trespasses, 0);
}

#[test]
fn t12_memory_stays_within_its_bound() {
    let peak = stage::run().peak;
    println!("peak resident memory: {peak} MiB");
    assert!(peak < 300, "{peak} MiB");
}

/// Says on the terminal, past the test's capture, what could not be tested here.
fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

#[test]
fn g7_secrets_are_told_nowhere() {
    let run = stage::run();
    let told = [&run.log.join("\n"), &run.alerts, &run.rows];
    for secret in [guarded::PASSWORD, "open sesame", "key-of-all-doors", "dear-cookie"] {
        assert!(told.iter().all(|text| !text.contains(secret)), "{secret}");
    }
}

#[test]
fn s10_healthy_feeds_keep_their_time_beside_those_that_hang() {
    let mut gaps = stage::beat();
    gaps.sort();
    assert!(gaps[gaps.len() / 2].as_millis() < 3000, "{gaps:?}");
}

#[test]
fn no_request_is_made_that_no_feed_stands_behind() {
    let strays = &stage::run().strays;
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn every_row_has_a_case_or_says_why_not() {
    let sources = [
        include_str!("bodies.rs"),
        include_str!("conditional.rs"),
        include_str!("guarded.rs"),
        include_str!("limits.rs"),
        include_str!("main.rs"),
        include_str!("memory.rs"),
        include_str!("polite.rs"),
        include_str!("redirects.rs"),
        include_str!("restarts.rs"),
        include_str!("transport.rs"),
        include_str!("shares.rs"),
    ];
    let rows = [('C', 13), ('S', 10), ('R', 9), ('G', 8), ('P', 9), ('T', 12), ('B', 8)];
    let rows = rows.into_iter().flat_map(|(group, last)| (1..=last).map(move |n| (group, n)));
    let readme = include_str!("README.md");
    for (group, n) in rows {
        let line = readme.lines().find(|line| line.starts_with(&format!("| {group}{n} |")));
        let Some(line) = line else { panic!("{group}{n} is not in README.md") };
        let why = line.split('|').nth(3).unwrap().trim();
        let case = format!("{}{n}_", group.to_ascii_lowercase());
        let is_shown = sources.iter().any(|source| {
            source.contains(&format!("fn {case}")) || source.contains(&format!("\"{case}"))
        });
        assert!(is_shown || !why.is_empty(), "{group}{n} has neither a case nor a reason");
    }
}
