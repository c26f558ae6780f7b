//! A network that is not there, and servers that do not answer.

use std::time::Duration;

use super::home::{Home, config, now};
use super::news::{Newsroom, Page};
use super::story;

#[test]
fn without_a_network_it_stays_says_so_once_and_recovers() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    // A port that is ours and refuses, until it listens; under three hosts, since one or two that
    // refuse are no lack of network.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("0.0.0.0:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    let paths = ["/a", "/b", "/c"];
    let nowhere = Newsroom::open();
    let mut text = config(&nowhere, "alert", &paths);
    for (host, path) in ["127.0.0.1", "127.0.0.2", "127.0.0.3"].iter().zip(paths) {
        let from = format!("http://{}{path}\"", nowhere.address());
        text = text.replace(&from, &format!("http://{host}:{port}{path}\""));
    }
    let text = text.replace(&format!("\"{}\"", nowhere.address()), "\"127.0.0.0/8\"");
    let home = Home::new(&text);
    let mut daemon = home.run();
    daemon.expect("offline", &[]);
    let failures = daemon.count("poll_failed", &[]);
    assert!((1..=3).contains(&failures));
    let listener = socket.listen(64).unwrap().into_std().unwrap();
    listener.set_nonblocking(false).unwrap();
    let room = Newsroom::on(listener);
    for path in paths {
        room.put(path, Page::Feed(vec![story("1", "A flood", 1)]));
    }
    daemon.expect("online", &[]);
    for path in paths {
        room.wait_answered(path, 304, 1);
    }
    let daemon = daemon.stop();
    assert_eq!(daemon.count("offline", &[]), 1);
    assert_eq!(daemon.count("online", &[]), 1);
    for path in paths {
        let feed = [("feed", &path[1..])];
        assert_eq!(daemon.count("poll_failed", &feed), 1, "{path}");
        assert_eq!(daemon.count("feed_recovered", &feed), 1, "{path}");
    }
    assert_eq!(home.ids().len(), 3);
}

#[test]
fn a_feed_that_fails_is_told_once_and_holds_up_no_other() {
    let room = Newsroom::open();
    room.put("/bad", Page::Status(500));
    room.put("/mute", Page::Silence);
    room.put("/good", Page::Feed(vec![story("1", "A flood", 1)]));
    let home = Home::new(&config(&room, "alert", &["/bad", "/mute", "/good"]));
    let mut daemon = home.run();
    daemon.expect("poll_failed", &[("feed", "bad"), ("reason", "server_error")]);
    room.wait_answered("/bad", 500, 3);
    room.wait_answered("/good", 304, 2);
    room.put("/bad", Page::Feed(vec![story("1", "Floods", 1)]));
    daemon.expect("feed_recovered", &[("feed", "bad")]);
    daemon.expect("delivered", &[("sink", "file")]);
    room.put("/mute", Page::Feed(Vec::new()));
    let daemon = daemon.stop();
    assert_eq!(daemon.count("poll_failed", &[("feed", "bad")]), 1);
    assert_eq!(home.ids().len(), 2);
}

#[test]
fn a_second_signal_ends_it_at_once_while_a_server_never_answers() {
    let room = Newsroom::open();
    room.put("/mute", Page::Silence);
    let home = Home::new(&config(&room, "alert", &["/mute"]));
    let mut daemon = home.run();
    room.wait("a poll that hangs", |desk| desk.waiting == ["/mute"]);
    daemon.signal("TERM");
    daemon.expect("stopping", &[("signal", "SIGTERM")]);
    let asked = now();
    daemon.signal("INT");
    let code = daemon.end();
    // Long before the grace of five seconds is over.
    assert!(now().since(asked) < Duration::from_secs(4));
    assert_eq!(code, Some(130));
}

#[test]
fn while_a_poll_hangs_at_the_end_what_another_finds_is_delivered() {
    let room = Newsroom::open();
    room.put("/mute", Page::Silence);
    room.put("/late", Page::Silence);
    let home = Home::new(&config(&room, "alert", &["/mute", "/late"]));
    let mut daemon = home.run();
    room.wait("polls that hang", |desk| desk.waiting.len() == 2);
    daemon.signal("TERM");
    daemon.expect("stopping", &[("signal", "SIGTERM")]);
    room.put("/late", Page::Feed(vec![story("1", "A flood", 1)]));
    daemon.expect("delivered", &[("sink", "file")]);
    daemon.signal("INT");
    assert_eq!(daemon.end(), Some(130));
    assert_eq!(home.ids().len(), 1);
}

#[test]
fn a_poll_that_hangs_is_given_up_when_the_grace_is_over() {
    let room = Newsroom::open();
    room.put("/mute", Page::Silence);
    room.put("/a", Page::Feed(vec![story("1", "A flood", 1)]));
    let home = Home::new(&config(&room, "alert", &["/mute", "/a"]));
    let mut daemon = home.run();
    daemon.expect("delivered", &[("sink", "file")]);
    room.wait("a poll that hangs", |desk| desk.waiting.iter().any(|path| path == "/mute"));
    let daemon = daemon.stop();
    assert_eq!(daemon.log.last().unwrap()["unfinished"], 1, "{:#?}", daemon.raw);
    assert_eq!(home.ids().len(), 1);
}
