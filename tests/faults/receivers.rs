//! Receivers that are down, mute, or not there.

use std::io::Read;
use std::net::TcpListener;
use std::thread;

use super::home::{Home, config};
use super::hook::Hook;
use super::news::{Newsroom, Page};
use super::{get, metric, spin, story};

fn webhook(name: &str, url: &str) -> String {
    format!("[[sink]]\nkind = \"webhook\"\nname = \"{name}\"\nurl = \"{url}\"\ntimeout = \"5s\"\n")
}

/// Takes connections, reads what is sent, and never says a word.
fn mute() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || stream.read_to_end(&mut Vec::new()));
        }
    });
    format!("http://{address}/")
}

#[test]
fn receivers_that_are_down_mute_or_unknown_hold_up_no_other_and_get_all_when_they_are_back() {
    let room = Newsroom::open();
    room.put("/a", Page::Feed(vec![story("1", "A flood", 1)]));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    // A port that is ours, and refuses until it listens.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let down = format!("http://{}/", socket.local_addr().unwrap());
    let text = config(&room, "alert", &["/a"])
        + &webhook("down", &down)
        + &webhook("mute", &mute())
        + &webhook("unknown", "http://nowhere.invalid/")
        + "[metrics]\nlisten = \"127.0.0.1:0\"\n";
    let home = Home::new(&text);
    let mut daemon = home.run();
    let address = daemon.expect("metrics_ready", &[])["address"].as_str().unwrap().to_owned();
    daemon.see("delivery_failed", &[("sink", "down"), ("reason", "connect")]);
    daemon.see("delivery_failed", &[("sink", "unknown")]);
    for n in 2..6 {
        room.publish("/a", story(&n.to_string(), &format!("Flood number {n}"), 0));
        // The mute one has a request open all the while.
        spin("the alert in the file", || home.ids().len() == n);
    }
    daemon.see("delivery_failed", &[("sink", "mute"), ("reason", "timeout")]);
    let health = get(&address, "/health");
    for name in ["down", "mute", "unknown"] {
        assert!(health.contains(&format!("\n- sink \"{name}\" fails (")), "{health}");
        assert!(metric(&address, &format!("wirewatch_sink_failing{{sink=\"{name}\"}}")) == 1.0);
        assert!(metric(&address, &format!("wirewatch_outbox_waiting{{sink=\"{name}\"}}")) == 5.0);
    }
    assert!(metric(&address, "wirewatch_delivery_failures_total{sink=\"down\"}") >= 1.0);
    assert!(metric(&address, "wirewatch_outbox_oldest_seconds{sink=\"down\"}") > 0.0);
    assert_eq!(metric(&address, "wirewatch_outbox_waiting{sink=\"file\"}"), 0.0);

    let listener = socket.listen(64).unwrap().into_std().unwrap();
    listener.set_nonblocking(false).unwrap();
    let hook = Hook::on(listener);
    daemon.see("sink_recovered", &[("sink", "down")]);
    let mut got: Vec<String> = hook
        .wait(5)
        .into_iter()
        .map(|message| {
            assert_eq!(message.body["id"], message.key.as_str());
            message.key
        })
        .collect();
    got.sort();
    assert_eq!(got, home.ids(), "each alert once, under its own id");
    let daemon = daemon.stop();
    for name in ["down", "mute", "unknown"] {
        assert_eq!(daemon.count("delivery_failed", &[("sink", name)]), 1, "{name} is told once");
    }
}
