//! The process stands still for a while, as on a machine that sleeps.

use super::home::{Home, config};
use super::news::{Newsroom, Page};
use super::story;

#[test]
fn what_came_while_it_stood_still_is_told_when_it_goes_on_and_nothing_twice() {
    let room = Newsroom::open();
    let paths = ["/a", "/b", "/c"];
    for path in paths {
        room.put(path, Page::Feed(vec![story("1", &format!("A flood at {path}"), 1)]));
    }
    let home = Home::new(&config(&room, "alert", &paths));
    let mut daemon = home.run();
    for path in paths {
        daemon.see("alert", &[("feed.id", &path[1..])]);
        room.wait_answered(path, 304, 1);
    }
    daemon.signal("STOP");
    let asked = room.desk().asked.len();
    for path in paths {
        for n in 2..5 {
            room.publish(path, story(&n.to_string(), &format!("Flood {n} at {path}"), 0));
        }
    }
    // Time goes by: that which another one counts.
    room.put("/clock", Page::Feed(Vec::new()));
    let other = Home::new(&config(&room, "alert", &["/clock"]));
    let clock = other.run();
    room.wait_answered("/clock", 304, 5);
    clock.kill();
    let meanwhile = room.desk().asked[asked..].iter().all(|asked| asked.path == "/clock");
    assert!(meanwhile, "it stands still");
    daemon.signal("CONT");
    for path in paths {
        room.wait_answered(path, 304, 2);
    }
    let daemon = daemon.stop();
    assert_eq!(daemon.count("alert", &[]), 12);
    assert_eq!(daemon.count("fault", &[]), 0);
    assert_eq!(home.ids().len(), 12);
    assert_eq!(home.ids(), home.stored());
}
