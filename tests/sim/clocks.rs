//! A clock that is set back, and a daemon that does not live long.

use std::time::Duration;

use wirewatch::model::Mono;

use super::desk::{Call, Fate};
use super::simulator::{Event, HOUR, MINUTE, Order, SECOND, Script, Simulator};
use super::world::Programme;

/// After a while the clock is set back six hours; from then on the process is killed every two
/// minutes, so many times.
struct Restless {
    kills: usize,
    next: Mono,
}

impl Script for Restless {
    fn order(&mut self, _: u64, _: &Call, _: bool, _: Mono) -> Order {
        Order::Let(Fate::Done)
    }

    fn next_event(&self) -> Option<Mono> {
        (self.kills > 0).then_some(self.next)
    }

    fn event(&mut self, now: Mono) -> Event {
        let first = now <= Mono::from_millis(0).plus(20 * MINUTE);
        self.next = now.plus(2 * MINUTE);
        if first {
            return Event::WallJump(-6 * 3_600_000);
        }
        self.kills -= 1;
        Event::Kill { down: SECOND }
    }

    fn is_over(&self, _: Mono) -> bool {
        self.kills == 0
    }
}

#[tokio::test]
async fn a_clock_set_back_and_starts_that_follow_each_other_fast_starve_no_feed() {
    let config = "rules = [\"rules.toml\"]\n[poll]\nfirst_poll = \"alert\"\n\
                  [[sink]]\nkind = \"file\"\n\
                  [[feed]]\nid = \"f0\"\nurl = \"https://h0.example/\"\n";
    let titles = (0..4).map(|n| format!("flood {n}")).collect();
    let programme = Programme { titles, window: 1, pause: Duration::ZERO, moved: None };
    let script = Restless { kills: 30, next: Mono::from_millis(0).plus(20 * MINUTE) };
    let feeds = [("f0".to_owned(), programme)];
    let mut simulator = Simulator::new("restless", config, feeds, script);
    simulator.run(3 * HOUR).await;
    // The interval with its jitter, counted anew from the first start after the clock was set, which
    // may come as late as six minutes after the last poll.
    simulator.check(24 * MINUTE).await;
}
