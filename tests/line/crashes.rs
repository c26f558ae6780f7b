//! SIGKILL at bad moments: every matching item is in the file once, on a whole line.

use std::collections::BTreeSet;
use std::fs;
use std::thread;

use super::home::{Daemon, Home, after, config, now};
use super::news::{DEADLINE, Newsroom, Page};
use super::story;

const PATHS: [&str; 3] = ["/a", "/b", "/c"];

#[test]
fn killed_at_sixteen_bad_moments_it_loses_nothing_and_repeats_nothing() {
    let room = Newsroom::open();
    for path in PATHS {
        room.put(path, Page::Feed(Vec::new()));
    }
    let home = Home::new(&config(&room, "alert", &PATHS));
    assert_eq!(home.verb("poll").0, Some(0));
    let mut published = BTreeSet::new();
    for round in 0..16 {
        for path in PATHS {
            for n in 0..=round % 3 {
                let title = format!("Flood {round}.{n} at {path}");
                room.publish(path, story(&format!("{round}.{n}"), &title, 0));
                published.insert(title);
            }
        }
        let (length, asked) = (size(&home), room.desk().asked.len());
        let mut daemon = home.run();
        match round % 4 {
            // A line, or a part of one, is in the file; the row may not be settled.
            0 => spin_until_longer(&home, length),
            // A feed was answered; the commit is under way.
            1 => room.wait("an answer", |desk| desk.count_from(asked, PATHS[round % 3], 200) == 1),
            // Two of three.
            2 => {
                room.put("/c", Page::Silence);
                two_are_committed(&mut daemon);
            }
            // The commit has been made, the delivery has begun.
            _ => drop(daemon.expect("poll_ok", &[("status", "200")])),
        }
        daemon.kill();
        if round % 4 == 2 {
            // What it hung on comes back as it was, with all that was ever published.
            let stories = published.iter().filter(|title| title.ends_with("/c")).map(|title| {
                let guid = title.split(' ').nth(1).unwrap();
                story(guid, title, 0)
            });
            room.put("/c", Page::Feed(stories.collect()));
        }
    }
    // `poll` ends well only when nothing waits any more.
    let (code, out, error) = home.verb("poll");
    assert_eq!(code, Some(0), "{out}{error}");
    let alerts = home.file("alerts.jsonl");
    let titles: BTreeSet<String> = alerts.iter().map(|alert| alert.item.title.clone()).collect();
    assert_eq!(titles, published);
    assert_eq!(alerts.len(), published.len(), "some are there twice");
    assert_eq!(home.ids(), home.stored());
}

#[test]
fn a_log_of_the_store_that_is_cut_or_damaged_after_a_crash_is_told() {
    let room = Newsroom::open();
    let home = Home::new(&config(&room, "alert", &["/a"]));
    let log = home.path("wirewatch.db-wal");
    for (round, hurt) in ["not at all", "cut", "zeroed", "flipped"].into_iter().enumerate() {
        room.put("/a", Page::Feed(vec![story(&format!("{round}"), &format!("Flood {round}"), 0)]));
        let mut daemon = home.run();
        daemon.expect("delivered", &[]);
        daemon.kill();
        let mut bytes = fs::read(&log).unwrap();
        match hurt {
            "cut" => bytes.truncate(bytes.len() / 2),
            "zeroed" => bytes.fill(0),
            "flipped" => bytes[32 + 24 + 100] ^= 1,
            _ => {}
        }
        fs::write(&log, bytes).unwrap();
        let mut daemon = home.run();
        daemon.expect("ready", &[]);
        let warned =
            daemon.raw.iter().any(|line| line.contains("its -wal file was cut or damaged"));
        assert_eq!(warned, hurt != "not at all", "{hurt}: {:?}", daemon.raw);
        daemon.expect("poll_ok", &[]);
        daemon.kill();
    }
    // Whatever was forgotten: the file has each alert once.
    assert_eq!(home.verb("poll").0, Some(0));
    let ids = home.ids();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
}

fn two_are_committed(daemon: &mut Daemon) {
    daemon.expect("poll_ok", &[("status", "200")]);
    daemon.expect("poll_ok", &[("status", "200")]);
}

fn size(home: &Home) -> u64 {
    fs::metadata(home.path("alerts.jsonl")).map_or(0, |data| data.len())
}

fn spin_until_longer(home: &Home, length: u64) {
    let until = after(DEADLINE);
    while size(home) <= length {
        assert!(now() < until, "no alert was written");
        thread::yield_now();
    }
}
